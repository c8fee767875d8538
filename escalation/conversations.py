"""Private conversations that a customer holds with a brand on the pages of the built-in contact form."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol


@dataclass(frozen=True)
class Submission:
    """A new message from the contact form, checked.

    ``name`` and ``message`` are filled; no text holds NUL or half characters; ``message`` is exactly what was sent.
    ``language`` is what the customer's browser prefers (``"it"``), where it says so. ``key`` is the same when the same
    submission is sent again, and never the same for two different texts. ``raw`` is the body of the request as it came.
    """

    account: str
    name: str
    email: str | None
    subject: str | None
    message: str
    language: str | None
    key: str
    raw: bytes


@dataclass(frozen=True)
class Opened:
    """A message is stored: the id of its case, and the unguessable token that opens its conversation."""

    case: str
    token: str


@dataclass(frozen=True)
class Line:
    """One message of a conversation, byte for byte as written; ``at`` is aware UTC."""

    sender: Literal["customer", "brand"]
    text: str
    at: datetime


@dataclass(frozen=True)
class Conversation:
    """What the customer and the brand wrote, oldest first."""

    case: str
    account: str
    subject: str | None
    lines: tuple[Line, ...]


class StorageUnavailable(Exception):  # noqa: N818 - a state of the world, not a fault of the caller
    """Nothing was stored and nothing can be read now; the same call may be made again with the same key."""


class Conversations(Protocol):
    """The product, as the contact form sees it. Every method raises ``StorageUnavailable``."""

    async def open(self, submission: Submission) -> Opened:
        """Store a new message; a key that is known returns the first answer and stores nothing."""

    async def read(self, account: str, token: str) -> Conversation | None:
        """Return the conversation, or ``None`` if this account has none of this token."""

    async def add(self, account: str, token: str, message: str, *, key: str, raw: bytes) -> Opened | None:
        """Store a further message once per key; ``None`` if this account has no conversation of this token."""
