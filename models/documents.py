"""How documents are written into columns and read from them."""

from typing import Any

import orjson


def written(document: Any) -> str:
    """Return a document as JSON text; keys that are no texts become texts.

    Raises:
        TypeError: there is something in it that JSON does not know, or half a surrogate pair, which is no character.

    """
    return orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS).decode()


def read(stored: str | bytes | float) -> Any:
    """Return the document that a column holds: JSON text, or a number, which SQLite keeps as one.

    Raises:
        ValueError: the text is no JSON.

    """
    return stored if isinstance(stored, int | float) else orjson.loads(stored)
