"""Slack's Web API methods, one file a family. Importing this package registers them all."""

from bots.sandbox.workspace.web_api import apps, chat, conversations, files, reactions, scheduling, users, views
from bots.sandbox.workspace.web_api.registry import METHODS, Method

__all__ = ["METHODS", "Method", "apps", "chat", "conversations", "files", "reactions", "scheduling", "users", "views"]
