"""Column types and ids that every table shares."""

import os
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Dialect, String
from sqlalchemy.types import JSON, TypeDecorator

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = tuple(high + low for high in _ALPHABET for low in _ALPHABET)
_SHIFTS = tuple(range(40, -1, -10))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC datetime, stored as whole microseconds since 1970 so that both databases compare and index it alike.

    Raises:
        ValueError: a naive datetime was given; its time zone would be a guess.

    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Turn an aware datetime into microseconds."""
        del dialect
        return _microseconds(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], int | None]:
        """Return what turns an aware datetime into microseconds; it is called for every value that is written."""
        del dialect
        return _microseconds

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[int | None], datetime | None]:
        """Return what turns microseconds into an aware UTC datetime; it is called for every value that is read."""
        del dialect, coltype
        return _moment


def _microseconds(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError("a datetime without a time zone cannot be stored")
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)


def word_type(words: type[StrEnum]) -> type[TypeDecorator[StrEnum]]:
    """Return a column type that stores the value of a ``StrEnum`` as text, so that a new word needs no migration."""
    by_value: dict[str | None, StrEnum | None] = {None: None, **{word.value: word for word in words}}

    texts: dict[str | None, str | None] = {None: None, **{word.value: word.value for word in words}}

    def text(word: StrEnum | None) -> str | None:
        if word is None or word in texts:
            return texts[word]
        return words(word).value  # which says what is wrong with it

    class Word(TypeDecorator[StrEnum]):
        impl = String
        cache_ok = True

        def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
            del dialect
            return text(value)

        def bind_processor(self, dialect: Dialect) -> Callable[[StrEnum | None], str | None]:
            del dialect
            return text

        def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], StrEnum | None]:
            del dialect, coltype
            return by_value.__getitem__

    Word.__name__ = f"{words.__name__}Word"
    return Word


Json = JSON
"""A JSON document; text on SQLite, ``json`` on PostgreSQL."""


def new_id(now: datetime) -> str:
    """Return a fresh 20-character id that sorts by creation time (milliseconds), then at random (50 bits)."""
    return _of_moment(now) + _spelled(int.from_bytes(os.urandom(7)) >> 6)


def first_id(at: datetime) -> str:
    """Return the smallest id that a row made at a moment can have: newer rows are those whose id is not smaller."""
    return _of_moment(at) + _spelled(0)


@lru_cache(maxsize=64)
def _of_moment(at: datetime) -> str:
    """Return what all ids of a moment begin with; many rows are made at the same one."""
    return _spelled(int((at - _EPOCH).total_seconds() * 1000))


def _spelled(number: int) -> str:
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in _SHIFTS])


def new_token() -> str:
    """Return an unguessable 128-bit token, safe in an address."""
    return secrets.token_urlsafe(16)


def process_name() -> str:
    """Return a name for this process that no other process on any host shares while it lives."""
    return f"{os.uname().nodename}:{os.getpid()}:{secrets.token_hex(3)}"


def json_safe(value: Any) -> Any:
    """Return ``value`` with datetimes as ISO 8601 UTC text, ready for a JSON column."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, dict):
        return {key: json_safe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_safe(item) for item in value]
    return value
