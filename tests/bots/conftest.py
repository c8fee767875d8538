"""Fixtures that the surfaces' tests share."""
