"""What happened to each account, in order: the log that polls page through and webhooks deliver."""

import base64
import binascii
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bots.sandbox.network.errors import NetworkRefusal
from bots.sandbox.network.records import Notification, NotificationKind


@dataclass(frozen=True)
class NotificationPage:
    """Some notifications, oldest first; ``cursor`` continues after them, ``more``: there are further ones now."""

    notifications: tuple[Notification, ...]
    cursor: str
    more: bool


class NotificationLog:
    """All notifications of all accounts."""

    def __init__(self) -> None:
        """Start empty."""
        self._number = 0
        self._by_account: dict[str, list[Notification]] = {}

    def add(self, account: str, kind: NotificationKind, *, by: str, at: datetime, post: dict[str, Any]) -> Notification:
        """Append a notification."""
        self._number += 1
        told = Notification(number=self._number, account=account, kind=kind, at=at, by=by, post=post)
        self._by_account.setdefault(account, []).append(told)
        return told

    def page(self, account: str, *, after: str | None, since: datetime, limit: int) -> NotificationPage:
        """Return what came after a cursor, or without one what is not older than ``since``.

        Raises a 422 refusal for a cursor of another origin.
        """
        rows = self._by_account.get(account, [])
        if after is None:
            number = self._number
            start = next((place for place, row in enumerate(rows) if row.at >= since), len(rows))
        else:
            number = _read_cursor(after)
            start = bisect_right(rows, number, key=lambda row: row.number)
        found = tuple(rows[start : start + limit])
        last = found[-1].number if found else number
        return NotificationPage(found, _cursor(last), more=start + limit < len(rows))

    def newest(self, account: str, limit: int) -> list[Notification]:
        """Return an account's last notifications, newest first."""
        return self._by_account.get(account, [])[: -limit - 1 : -1]

    def unread(self, account: str, seen: int) -> int:
        """Return how many notifications an account has after the one numbered ``seen``."""
        rows = self._by_account.get(account, [])
        return len(rows) - bisect_right(rows, seen, key=lambda row: row.number)

    def __iter__(self) -> Iterator[Notification]:
        rows = (row for rows in self._by_account.values() for row in rows)
        return iter(sorted(rows, key=lambda row: row.number))

    def snapshot(self) -> dict[str, Any]:
        """Return the log as JSON."""
        return {"number": self._number, "rows": [row.model_dump(mode="json") for row in self]}

    def restore(self, state: dict[str, Any]) -> None:
        """Replace the log by a snapshot."""
        self._number = state["number"]
        self._by_account = {}
        for row in state["rows"]:
            told = Notification.model_validate(row)
            self._by_account.setdefault(told.account, []).append(told)


def _cursor(number: int) -> str:
    return base64.urlsafe_b64encode(f"after:{number}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> int:
    try:
        word, _, number = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(":")
        if word == "after":
            return int(number)
    except (binascii.Error, ValueError):
        pass
    raise NetworkRefusal(422, "bad_cursor", "This cursor is not from this network.")
