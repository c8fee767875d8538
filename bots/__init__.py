"""How we speak to colleagues, and how the program runs."""
