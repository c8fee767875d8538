"""Keys that make sending the same message twice harmless."""

import hashlib
import json
import secrets
from datetime import UTC, datetime
from typing import Final

_LONGEST_TOKEN: Final = 200
_LONGEST_KEY: Final = 255


def new_page_token(now: datetime) -> str:
    """Return a token for one showing of a page: when that was (whole seconds, not secret), and 128 random bits."""
    return f"{int(now.timestamp()):x}-{secrets.token_urlsafe(16)}"


def shown_at(token: str) -> datetime | None:
    """Return when the page of this token was shown, or ``None`` if the token is not one of ours."""
    seconds, dash, rest = token.partition("-")
    try:
        return datetime.fromtimestamp(int(seconds, 16), UTC) if dash and rest and len(token) <= _LONGEST_TOKEN else None
    except (ValueError, OverflowError, OSError):
        return None


def is_idempotency_key(text: str) -> bool:
    """Say whether a client's ``Idempotency-Key`` can be used: 1 to 255 printable ASCII characters."""
    return 0 < len(text) <= _LONGEST_KEY and text.isascii() and text.isprintable()


def submission_key(source: str, *content: str | None) -> str:
    """Return one key for the same content sent again under the same token or ``Idempotency-Key``.

    The content is part of it because the answer holds the secret address of a conversation: a page that some cache
    shows to two people, or a guessed ``Idempotency-Key``, must not give one customer the other's. Without a source
    every sending is new.
    """
    source = source or secrets.token_urlsafe(16)
    return hashlib.sha256(json.dumps([source, *content]).encode()).hexdigest()
