"""Bytes from outside become plain JSON values here, or nothing: size, encoding, depth and odd characters settled."""

import json
import zlib
from typing import Any, Final

MAX_BYTES: Final = 2_000_000
"""The longest body that is read, before and after unpacking; a page of 80 posts of 15,000 characters fits."""

MAX_DEPTH: Final = 64
"""How deep lists and objects may be nested; no network documents more than a dozen levels."""

_UNSTORABLE: Final = {0: "\N{REPLACEMENT CHARACTER}"} | dict.fromkeys(
    range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}"
)


class UnreadableError(ValueError):
    """The body is not what it says it is. The text is a short reason for logs and metrics and quotes nothing."""


def unpack(raw: bytes, encoding: str | None) -> bytes:
    """Undo the content encoding (none, ``gzip`` or ``deflate``) without ever holding more than ``MAX_BYTES``.

    Raises ``UnreadableError`` when the stream is cut, broken, too long or in another encoding.
    """
    name = (encoding or "identity").strip().lower()
    if name in {"identity", ""}:
        return raw
    if name not in {"gzip", "x-gzip", "deflate"}:
        raise UnreadableError("unknown_encoding")
    unpacker = zlib.decompressobj(wbits=47)  # 32 + 15: gzip or zlib, whichever the header announces
    try:
        text = unpacker.decompress(raw, MAX_BYTES + 1)
    except zlib.error as error:
        raise UnreadableError("broken_encoding") from error
    if len(text) > MAX_BYTES:
        raise UnreadableError("too_long")
    if not unpacker.eof:
        raise UnreadableError("broken_encoding")
    return text


def parse_json(raw: bytes) -> Any:
    """Return the JSON value in ``raw`` (UTF-8, with or without a byte order mark).

    NUL and lone surrogates, which no database column holds, become U+FFFD so that one hostile post cannot block the
    page it stands on. Raises ``UnreadableError`` for anything that is not JSON of reasonable depth.
    """
    try:
        value = json.loads(raw.decode("utf-8-sig"), parse_constant=_refuse_constant)
        return _storable(value, MAX_DEPTH)
    except UnicodeDecodeError as error:
        raise UnreadableError("not_utf8") from error
    except UnreadableError:
        raise
    except RecursionError as error:
        raise UnreadableError("too_deep") from error
    except ValueError as error:  # not JSON, or a number of thousands of digits
        raise UnreadableError("not_json") from error


def storable(text: str) -> str:
    """Return ``text`` with the characters that no database column holds replaced by U+FFFD."""
    return text.translate(_UNSTORABLE)


def _refuse_constant(_: str) -> Any:
    raise UnreadableError("not_json")  # NaN and Infinity are no JSON


def _storable(value: Any, room: int) -> Any:
    if isinstance(value, str):
        return storable(value)
    if not isinstance(value, dict | list):
        return value
    if room == 0:
        raise UnreadableError("too_deep")
    if isinstance(value, list):
        return [_storable(item, room - 1) for item in value]
    return {storable(key): _storable(item, room - 1) for key, item in value.items()}
