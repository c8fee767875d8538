"""Is the text that stands on the network the one we sent? For networks that re-write what they publish."""

import re
import unicodedata
from typing import Final

_FULL_HANDLE: Final = re.compile(r"@([\w.-]+)@[\w.:-]*\w")


def same_words(standing: str, sent: str) -> bool:
    """Say whether two plain texts are the same reply.

    Composed letters, white space and the domains of mentions do not count. Where that is not enough, letters and digits
    must be the same, for servers that also change quotation marks, dashes or list signs.
    """
    letters = _letters(sent)
    return _even(standing) == _even(sent) or (bool(letters) and _letters(standing) == letters)


def _even(text: str) -> str:
    return " ".join(_FULL_HANDLE.sub(r"@\1", unicodedata.normalize("NFC", text)).split())


def _letters(text: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKC", _even(text)) if one.isalnum())
