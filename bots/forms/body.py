"""Reading what a visitor sent: bounded before it is buffered, JSON or form-encoded, strictly UTF-8."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import parse_qsl

from starlette.requests import Request

BODY_LIMIT: Final = 64 * 1024
"""The most bytes of a body; what only escapes a character does not count (three quarters of it may be such)."""

WIRE_LIMIT: Final = 3 * BODY_LIMIT
"""The most bytes read in any case: form encoding and JSON's ``\\u`` write each byte of UTF-8 in at most three."""

_FIELDS_LIMIT: Final = 100

Kind = Literal["json", "form"]

_KINDS: Final[Mapping[str, Kind]] = {"application/json": "json", "application/x-www-form-urlencoded": "form"}

# ``%C3`` is three bytes for one, ``\u20ac`` six for at most three.
_ESCAPES: Final[Mapping[Kind, tuple[bytes, int]]] = {"form": (b"%", 2), "json": (b"\\", 3)}


class TooLargeError(Exception):
    """The body is larger than is read."""


@dataclass(frozen=True)
class Parsed:
    """The fields of a body. ``problem`` names the sentence in ``Words`` where it is not what it should be."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    problem: Literal["not_utf8", "not_json", "not_form"] | None = None


def body_kind(request: Request) -> Kind | None:
    """Return which of the two kinds ``Content-Type`` announces, or ``None`` for any other."""
    return _KINDS.get(request.headers.get("content-type", "").partition(";")[0].strip().lower())


async def read_body(request: Request, kind: Kind) -> bytes:
    """Return the whole body.

    A ``Content-Length`` over the limit is refused unread; without one, or with a false one, reading stops at the limit.

    Raises:
        TooLargeError: the body is, or says it is, over ``BODY_LIMIT``.
        starlette.requests.ClientDisconnect: the visitor went away.

    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > len(str(WIRE_LIMIT)) or int(announced) > WIRE_LIMIT):
        raise TooLargeError
    escape, saved = _ESCAPES[kind]
    body = bytearray()
    size = 0
    async for chunk in request.stream():
        size += len(chunk) - saved * chunk.count(escape)
        if size > BODY_LIMIT or len(body) + len(chunk) > WIRE_LIMIT:
            raise TooLargeError
        body += chunk
    return bytes(body)


def parse_body(body: bytes, kind: Kind) -> Parsed:
    """Return the fields of a body; of a form that is not UTF-8, as much as can be shown to the visitor again."""
    return _parse_json(body) if kind == "json" else _parse_form(body)


def _parse_json(body: bytes) -> Parsed:
    try:
        found = json.loads(body.decode())
    except UnicodeDecodeError:
        return Parsed(problem="not_utf8")
    except (ValueError, RecursionError):
        return Parsed(problem="not_json")
    return Parsed(found) if isinstance(found, dict) else Parsed(problem="not_json")


def _parse_form(body: bytes) -> Parsed:
    try:
        return Parsed(_pairs(body.decode(), errors="strict"))
    except UnicodeDecodeError:
        problem: Literal["not_utf8", "not_form"] = "not_utf8"
    except ValueError:
        return Parsed(problem="not_form")
    try:
        return Parsed(_pairs(body.decode(errors="replace"), errors="replace"), problem)
    except ValueError:
        return Parsed(problem=problem)


def _pairs(text: str, *, errors: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True, errors=errors, max_num_fields=_FIELDS_LIMIT))
