"""How documents are written into columns; drivers read them with the standard library, which reads any number exactly.

By orjson, as many are written at once; what it refuses (half a surrogate pair, a number of more than 64 bits) is left
to the standard library, so that nothing a network sends is lost by it.
"""

import json
from typing import Any

import orjson


def written(document: Any) -> str:
    """Return a document as JSON text; keys that are no texts become texts.

    Raises:
        TypeError: there is something in it that JSON does not know.

    """
    try:
        return orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:
        return json.dumps(document)
