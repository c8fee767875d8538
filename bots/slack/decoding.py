"""What a colleague typed in a Slack message, decoded exactly once to the plain text that a customer would read. Pure.

Facts: docs.slack.dev/messaging/formatting-message-text (escapes and angle brackets) and
/reference/block-kit/blocks/rich-text-block. Dialogs and answer fields are not decoded: the values of a
``plain_text_input`` are plain.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from bots.slack.text import label
from escalation.language import Sentence, say

Name = Callable[[str], str | None]
"""How people call a user, channel or group id, where that is known."""

_TOKEN: Final = re.compile(r"<([^<>]*)>")
_ENTITIES: Final = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
_ENTITY: Final = re.compile("|".join(_ENTITIES))
_REPLY: Final = re.compile(r"\s*reply:\s*", re.IGNORECASE)


class UnsayableError(ValueError):
    """The text names somebody or something that exists inside the house only; ``sentence`` says what."""

    def __init__(self, what: str) -> None:
        """Keep what cannot be sent, as it is read in Slack."""
        super().__init__("an internal mention")
        self.sentence: Sentence = say("{what} cannot be sent to a customer. Write a name instead.", what=what)


def is_reply(text: str) -> bool:
    """Tell whether a message's raw text begins with ``reply:``; cheap, before anything is decoded."""
    return _REPLY.match(text) is not None


def without_prefix(text: str) -> str:
    """Return the text after ``reply:``."""
    return text[match.end() :] if (match := _REPLY.match(text)) else text


def plain_text(message: Mapping[str, Any], name: Name) -> str:
    """Return a message's text. Rich text blocks are preferred, for they say what was typed without any markup.

    Raises ``UnsayableError``.
    """
    blocks = [
        block for block in message.get("blocks") or () if isinstance(block, dict) and block.get("type") == "rich_text"
    ]
    if blocks:
        return "\n".join(_rich_text(block, name) for block in blocks)
    return from_markup(str(message.get("text") or ""), name)


def from_markup(text: str, name: Name) -> str:
    """Decode Slack's markup: what stands in angle brackets, then the three escapes, each once.

    Raises ``UnsayableError``.
    """
    decoded: list[str] = []
    position = 0
    for token in _TOKEN.finditer(text):
        decoded += (_unescaped(text[position : token.start()]), _bracketed(token[1], name))
        position = token.end()
    return "".join([*decoded, _unescaped(text[position:])])


def _unescaped(text: str) -> str:
    return _ENTITY.sub(lambda found: _ENTITIES[found.group()], text)


def _bracketed(inside: str, name: Name) -> str:
    target, _, shown = inside.partition("|")
    shown = _unescaped(shown)
    if target.startswith("@"):
        raise UnsayableError(f"@{label(shown or name(target[1:]) or target[1:], 80)}")
    if target.startswith("#"):
        raise UnsayableError(f"#{label(shown or name(target[1:]) or target[1:], 80)}")
    if target.startswith("!"):
        kind, _, identifier = target[1:].partition("^")
        if kind == "date":
            return shown
        raise UnsayableError(f"@{label((shown or name(identifier) or identifier or kind).lstrip('@'), 80)}")
    return _address(_unescaped(target), shown)


def _address(address: str, shown: str) -> str:
    """Return a link as it was typed: Slack adds ``http://`` and ``mailto:`` to words that only look like a link."""
    for added in ("http://", "https://", "mailto:", "tel:"):
        if shown and address == f"{added}{shown}":
            return shown
    return address.removeprefix("mailto:").removeprefix("tel:")


def _rich_text(block: Mapping[str, Any], name: Name) -> str:
    pieces: list[str] = []
    for element in block.get("elements") or ():
        kind = element.get("type")
        if kind == "rich_text_list":
            pieces.append(_list(element, name))
        else:
            pieces.append(_inline(element.get("elements") or (), name))
    return "\n".join(pieces) if len(pieces) > 1 else "".join(pieces)


def _list(element: Mapping[str, Any], name: Name) -> str:
    ordered = element.get("style") == "ordered"
    offset = int(element.get("offset") or 0)
    indent = "  " * int(element.get("indent") or 0)
    lines = []
    for number, item in enumerate(element.get("elements") or (), start=offset + 1):
        mark = f"{number}." if ordered else "•"
        lines.append(f"{indent}{mark} {_inline(item.get('elements') or (), name)}")
    return "\n".join(lines)


def _inline(elements: Sequence[Mapping[str, Any]], name: Name) -> str:
    return "".join(_element(element, name) for element in elements)


def _element(element: Mapping[str, Any], name: Name) -> str:
    kind = element.get("type")
    match kind:
        case "text":
            return str(element.get("text") or "")
        case "link":
            return _address(str(element.get("url") or ""), str(element.get("text") or ""))
        case "emoji":
            return _emoji(element)
        case "color":
            return str(element.get("value") or "")
        case "date":
            return str(element.get("fallback") or "")
        case "user":
            identifier = str(element.get("user_id") or "")
            raise UnsayableError(f"@{name(identifier) or identifier}")
        case "channel":
            identifier = str(element.get("channel_id") or "")
            raise UnsayableError(f"#{name(identifier) or identifier}")
        case "usergroup":
            identifier = str(element.get("usergroup_id") or "")
            raise UnsayableError(f"@{name(identifier) or identifier}")
        case "broadcast":
            raise UnsayableError(f"@{element.get('range') or 'here'}")
        case _:
            raise UnsayableError(str(kind))


def _emoji(element: Mapping[str, Any]) -> str:
    """Return the character itself, by its code points in hexadecimal, or the shortcode of the workspace's own emoji."""
    points = str(element.get("unicode") or "")
    try:
        return "".join(chr(int(point, 16)) for point in points.split("-")) if points else f":{element.get('name')}:"
    except (ValueError, OverflowError):
        return f":{element.get('name')}:"
