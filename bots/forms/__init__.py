"""The public contact form: pages for customers, complete without scripts, alone or in a frame of the company's site."""

from bots.forms.routes import FormAccount, form_routes

__all__ = ["FormAccount", "form_routes"]
