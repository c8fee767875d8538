"""Slack as a surface: ``build_slack`` puts it together."""

from bots.slack.app import NoSlackError, Slack, build_slack

__all__ = ["NoSlackError", "Slack", "build_slack"]
