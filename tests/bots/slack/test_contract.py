"""Slack keeps the contract of surfaces, over HTTP both ways."""

from tests.bots.contract import SurfaceContract


class TestSlack(SurfaceContract):
    """The rules, in the sandbox workspace."""
