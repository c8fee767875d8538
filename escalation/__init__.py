"""How we think: the lifecycle, decisions and the services that carry them out."""
