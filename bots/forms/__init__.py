"""The public contact form: pages for customers, without scripts, on their own or in a frame of the company's site."""

from bots.forms.routes import FormAccount, form_routes

__all__ = ["FormAccount", "form_routes"]
