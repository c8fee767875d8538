"""What the network reads in a text: its length, whom it mentions, whether it can be stored at all."""

import regex

from bots.sandbox.network.errors import NetworkRefusal

_GRAPHEME = regex.compile(r"\X")
_MENTION = regex.compile(r"(?<![\w@/])@([A-Za-z0-9_]{1,30})\b")
HANDLE = regex.compile(r"[A-Za-z0-9_]{1,30}")


def graphemes(text: str) -> int:
    """Return how many characters a person sees: a family emoji or an accented letter counts once."""
    return sum(1 for _ in _GRAPHEME.finditer(text))


def mentioned(text: str) -> list[str]:
    """Return the lower-case handles that a text mentions, in order, each once."""
    return list(dict.fromkeys(found.lower() for found in _MENTION.findall(text)))


def check(text: str, *, limit: int) -> None:
    """Raise a refusal for a text that is empty, longer than ``limit`` graphemes, or not expressible in UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NetworkRefusal(
            422, "text_invalid", "The text holds half a surrogate pair, which is no character."
        ) from None
    if not text.strip():
        raise NetworkRefusal(422, "text_empty", "The text is empty.")
    length = graphemes(text)
    if length > limit:
        sentence = f"The text has {length} characters; at most {limit} are allowed."
        raise NetworkRefusal(422, "text_too_long", sentence, length=length, limit=limit)
