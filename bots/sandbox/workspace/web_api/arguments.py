"""The arguments of one request, wherever they came from: query, form or JSON.

Facts: docs.slack.dev/apis/web-api, formatting requests.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from bots.sandbox.workspace.block_check import Problem
from bots.sandbox.workspace.errors import ApiError

TRUE = frozenset({"1", "true", "True", True})


class Arguments:
    """Read access with Slack's answers to what cannot be read.

    Structured arguments may be JSON text, as forms send them.
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = dict(given)

    def has(self, name: str) -> bool:
        """Whether it was sent, and not as null."""
        return self.given.get(name) is not None

    def text(self, name: str, default: str = "") -> str:
        """Answer a string; numbers are read as their text."""
        value = self.given.get(name)
        if value is None:
            return default
        if isinstance(value, bool | dict | list):
            raise ApiError("invalid_arguments", Problem("must provide a string", f"/{name}"))
        return str(value)

    def needed(self, name: str) -> str:
        """Answer a string that must be there and not empty."""
        value = self.text(name)
        if not value:
            raise ApiError("invalid_arguments", Problem(f"missing required field: {name}", ""))
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Answer a boolean; forms send `1` and `true`."""
        value = self.given.get(name)
        return default if value is None else isinstance(value, bool | int | str) and value in TRUE

    def number(self, name: str, default: int, *, least: int = 1, most: int = 1000) -> int:
        """Answer a whole number between two bounds."""
        value = self.given.get(name)
        if value in (None, ""):
            return default
        try:
            number = int(str(value))
        except ValueError:
            raise ApiError("invalid_arguments", Problem("must provide a number", f"/{name}")) from None
        if number < least:
            raise ApiError("invalid_limit" if name == "limit" else "invalid_arguments")
        return min(number, most)

    def document(self, name: str, *, word: str = "invalid_arguments") -> Any:
        """Answer a structured argument, None when absent; `word` is the error for text that is no JSON."""
        value = self.given.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise ApiError(word) from None

    def names(self, name: str) -> list[str]:
        """Answer a list that may come as JSON list or as text with commas."""
        value = self.given.get(name)
        if value is None:
            return []
        if isinstance(value, list):
            return [str(one) for one in value]
        return [part.strip() for part in str(value).split(",") if part.strip()]


def page(items: list[Any], arguments: Arguments, *, default: int, most: int = 1000) -> tuple[list[Any], str]:
    """Cut one page out of a list and answer it with the next cursor, empty at the end."""
    limit = arguments.number("limit", default, most=most)
    start = 0
    if cursor := arguments.text("cursor"):
        try:
            kind, _, position = base64.b64decode(cursor, validate=True).decode().partition(":")
            start = int(position) if kind == "offset" else -1
        except (binascii.Error, ValueError):
            start = -1
        if start < 0:
            raise ApiError("invalid_cursor")
    following = start + limit
    cursor = base64.b64encode(f"offset:{following}".encode()).decode() if following < len(items) else ""
    return items[start:following], cursor
