"""The whole product in one process, with a workspace and a network of our own: no account anywhere."""
