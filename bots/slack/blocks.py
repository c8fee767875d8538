"""The few kinds of Slack blocks that our cards are made of (docs.slack.dev/reference/block-kit/blocks). Pure.

There is no ``mrkdwn`` among them: nothing that is shown here is ever parsed.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from bots.slack.text import chunks, cut, visible

Block = dict[str, Any]
Element = dict[str, Any]

HEADER_CHARACTERS: Final = 150
PLAIN_CHARACTERS: Final = 2_900
BUTTON_CHARACTERS: Final = 75
OPTION_CHARACTERS: Final = 75
PLACEHOLDER_CHARACTERS: Final = 150
MOST_OPTIONS: Final = 100
CHUNK: Final = 2_900
"""How much text one rich_text block holds; Slack's text objects take 3,000."""
MESSAGE_CHARACTERS: Final = 12_000
"""How much text a whole message may hold: failures are known from about 13,200 characters over all blocks."""
INPUT_CHARACTERS: Final = 3_000
_DOT: Final = "\N{NO-BREAK SPACE}· "


def plain(text: str, most: int = PLAIN_CHARACTERS) -> Element:
    """Return a plain text object; shortcodes such as ``:wave:`` stay as they are written."""
    return {"type": "plain_text", "text": cut(visible(text), most) or " ", "emoji": False}


def header(text: str, block_id: str) -> Block:
    """Return a line in large letters."""
    return {"type": "header", "block_id": block_id, "text": plain(text, HEADER_CHARACTERS)}


def context(lines: Iterable[str], block_id: str) -> Block:
    """Return one small line of facts, joined by dots that stay with the fact before them: no line begins with one."""
    return {"type": "context", "block_id": block_id, "elements": [plain(_DOT.join(filter(None, lines)))]}


def words(text: str, *, bold: bool = False, strike: bool = False, italic: bool = False) -> Element:
    """Return an element of rich text that is shown as it is."""
    styles = {name: True for name, wanted in (("bold", bold), ("strike", strike), ("italic", italic)) if wanted}
    return {"type": "text", "text": visible(text) or " "} | ({"style": styles} if styles else {})


def link(address: str, text: str) -> Element:
    """Return a link whose words are ours; an address that is not http(s) is shown as text instead."""
    if not address.startswith(("https://", "http://")) or len(address) > PLAIN_CHARACTERS:
        return words(f"{text}: {cut(address, HEADER_CHARACTERS)}")
    return {"type": "link", "url": visible(address), "text": text}


def person(user_id: str) -> Element:
    """Return a mention that notifies a colleague."""
    return {"type": "user", "user_id": user_id}


def paragraph(elements: Sequence[Element], block_id: str) -> Block:
    """Return a paragraph of rich text."""
    section = {"type": "rich_text_section", "elements": list(elements)}
    return {"type": "rich_text", "block_id": block_id, "elements": [section]}


def quote(text: str, block_id: str) -> list[Block]:
    """Return a text in quotation, every character of it, over as many blocks as it takes."""
    pieces = chunks(visible(text), CHUNK) if text else [" "]
    return [
        {
            "type": "rich_text",
            "block_id": f"{block_id}.{number}" if number else block_id,
            "elements": [{"type": "rich_text_quote", "elements": [{"type": "text", "text": piece}]}],
        }
        for number, piece in enumerate(pieces)
    ]


def image(address: str, description: str, block_id: str) -> Block:
    """Return a picture with the words that stand for it."""
    return {
        "type": "image",
        "block_id": block_id,
        "image_url": address,
        "alt_text": cut(visible(description), 1_900) or " ",
    }


def button(
    text: str, *, action_id: str, value: str, style: str | None = None, confirm: Element | None = None
) -> Element:
    """Return a button; ``style`` is ``primary``, ``danger`` or nothing."""
    element: Element = {
        "type": "button",
        "action_id": action_id,
        "value": value,
        "text": plain(text, BUTTON_CHARACTERS),
    }
    if style:
        element["style"] = style
    if confirm:
        element["confirm"] = confirm
    return element


def option(text: str, value: str, description: str | None = None) -> Element:
    """Return one choice; Slack takes 75 characters of text and of description, and 150 of value."""
    choice: Element = {"text": plain(text, OPTION_CHARACTERS), "value": value}
    if description:
        choice["description"] = plain(description, OPTION_CHARACTERS)
    return choice


def select(action_id: str, options: Mapping[str, str], *, placeholder: str) -> Element:
    """Return a menu of choices, value to text; Slack takes 100."""
    return {
        "type": "static_select",
        "action_id": action_id,
        "placeholder": plain(placeholder, PLACEHOLDER_CHARACTERS),
        "options": [option(text, value) for value, text in options.items()][:MOST_OPTIONS],
    }


def actions(elements: Sequence[Element], block_id: str) -> Block:
    """Return a row of buttons; Slack takes 25."""
    return {"type": "actions", "block_id": block_id, "elements": list(elements)[:25]}


def characters(blocks: Iterable[Block]) -> int:
    """Return how much text the blocks show together."""
    return sum(_characters(block) for block in blocks)


def _characters(value: Any) -> int:
    if isinstance(value, list):
        return sum(_characters(item) for item in value)
    if not isinstance(value, dict):
        return 0
    own = sum(len(value[name]) for name in ("text", "alt_text", "url", "image_url") if isinstance(value.get(name), str))
    return own + sum(_characters(item) for item in value.values() if isinstance(item, list | dict))
