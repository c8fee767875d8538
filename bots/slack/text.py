"""Text of strangers on its way into Slack: made harmless for its place, never rewritten.

Slack parses ``mrkdwn`` only; customers' words go into ``plain_text`` and ``rich_text`` alone, where nothing is parsed
(docs.slack.dev/reference/block-kit/blocks/rich-text-block). What is left to do is about characters: those that JSON or
a screen cannot show get a visible stand-in, and those that turn the reading direction stay inside their own words.
"""

import re
import unicodedata
from typing import Final

FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"

_ISOLATES: Final = frozenset("\u2066\u2067\u2068")
_TURNING: Final = frozenset({"R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI", "PDF", "PDI"})
_MARKS: Final = frozenset("\u200e\u200f\u061c")
_LINE_BREAKS: Final = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_VISIBLE: Final = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n\r"},
    0x7F: "\u2421",
    **dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}"),
}


def visible(text: str) -> str:
    """Return the text with control characters as their pictures (NUL as ``␀``) and half characters as U+FFFD."""
    return text.translate(_VISIBLE)


def isolated(text: str) -> str:
    """Return the text so that its direction cannot reach what stands beside it (unicode.org/reports/tr9, isolates).

    Text that turns nothing is returned as it is.
    """
    if not any(character in _MARKS or unicodedata.bidirectional(character) in _TURNING for character in text):
        return text
    open_isolates = stray = 0
    for character in text:
        if character in _ISOLATES:
            open_isolates += 1
        elif character == POP_ISOLATE and open_isolates:
            open_isolates -= 1
        elif character == POP_ISOLATE:
            stray += 1
    return FIRST_STRONG_ISOLATE * (stray + 1) + text + POP_ISOLATE * (open_isolates + 1)


def beginning(text: str, most: int) -> str:
    """Return at most ``most`` characters, never ending in half of a letter with marks."""
    if len(text) <= most:
        return text
    end = most
    while end > most // 2 and (unicodedata.combining(text[end]) or text[end] in "\u200d\ufe0f"):
        end -= 1
    return text[:end]


def cut(text: str, most: int) -> str:
    """Return at most ``most`` characters, the last an ellipsis where something was left out."""
    return text if len(text) <= most else f"{beginning(text, most - 1)}…"


def label(text: str, most: int = 200) -> str:
    """Return a short text of a stranger for a line of ours: on one line, cut to ``most`` characters, isolated."""
    return isolated(cut(_LINE_BREAKS.sub(" ", visible(text)), most))


def escaped(text: str) -> str:
    """Return plain text for a ``mrkdwn`` place (docs.slack.dev/messaging/formatting-message-text, escaping)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def chunks(text: str, size: int) -> list[str]:
    """Return the text in pieces of at most ``size`` characters, cut after a line where one ends in the second half."""
    pieces: list[str] = []
    while len(text) > size:
        end = text.rfind("\n", size // 2, size) + 1 or size
        pieces.append(text[:end])
        text = text[end:]
    return [*pieces, text] if text or not pieces else pieces
