"""How Slack stores what a person types: escaped, with links and picked mentions in angle brackets.

Facts: docs.slack.dev/messaging/formatting-message-text (escaping, links, mentions) and
/reference/block-kit/blocks/rich-text-block.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LINK = re.compile(
    r"(?P<url>https?://[^\s<>]+[^\s<>.,;:!?)\]'\"])"
    r"|(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?<![\w@./-])(?P<bare>(?:[\w-]+\.)+(?:com|org|net|io|eu|it|de|fr|example)(?:/[^\s<>]*[^\s<>.,;:!?)\]'\"])?)(?![\w-])",
)
TOKEN = re.compile(r"<(?:@[UWB]\w+|#[CGD]\w+|![^<>]+|https?://[^<>]+|mailto:[^<>]+)(?:\|[^<>]*)?>|&(?:amp|lt|gt);")


def escaped(text: str) -> str:
    """Escape the three characters that Slack reserves."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@dataclass(frozen=True)
class Typed:
    """What a person typed, as Slack keeps it: `text` in its markup and `blocks` as rich text."""

    text: str
    blocks: list[dict[str, Any]]


def typed(text: str, *, picked: Mapping[str, str]) -> Typed:
    """Encode what was typed.

    `picked` maps what stands in the text (`@Anna`) to the person, group or channel chosen from the list.
    """
    names = sorted(picked, key=len, reverse=True)
    pattern = re.compile("|".join(re.escape(name) for name in names)) if names else None
    written: list[str] = []
    elements: list[dict[str, Any]] = []
    position = 0
    while pattern and (found := pattern.search(text, position)):
        _plain(text[position : found.start()], written, elements)
        target = picked[found.group()]
        written.append(mention(target))
        elements.append(_mention_element(target))
        position = found.end()
    _plain(text[position:], written, elements)
    section = {"type": "rich_text_section", "elements": elements}
    return Typed("".join(written), [{"type": "rich_text", "elements": [section]}])


def mention(target: str) -> str:
    """Write a mention of a user, user group or channel id in Slack's markup."""
    if target.startswith("S"):
        return f"<!subteam^{target}>"
    return f"<#{target}>" if target[0] in "CGD" else f"<@{target}>"


def _mention_element(target: str) -> dict[str, Any]:
    if target.startswith("S"):
        return {"type": "usergroup", "usergroup_id": target}
    if target[0] in "CGD":
        return {"type": "channel", "channel_id": target}
    return {"type": "user", "user_id": target}


def _plain(text: str, written: list[str], elements: list[dict[str, Any]]) -> None:
    position = 0
    for found in LINK.finditer(text):
        _words(text[position : found.start()], written, elements)
        shown = found.group()
        if found["mail"]:
            written.append(f"<mailto:{shown}|{shown}>")
            elements.append({"type": "link", "url": f"mailto:{shown}", "text": shown})
        elif found["bare"]:
            written.append(f"<http://{escaped(shown)}|{escaped(shown)}>")
            elements.append({"type": "link", "url": f"http://{shown}", "text": shown})
        else:
            written.append(f"<{escaped(shown)}>")
            elements.append({"type": "link", "url": shown})
        position = found.end()
    _words(text[position:], written, elements)


def _words(text: str, written: list[str], elements: list[dict[str, Any]]) -> None:
    if text:
        written.append(escaped(text))
        elements.append({"type": "text", "text": text})


def sent_by_app(text: str) -> str:
    """Keep Slack's own markup in an app's text and escape what is none, as Slack does on arrival."""
    if not any(character in text for character in "&<>"):
        return text
    kept: list[str] = []
    position = 0
    for found in TOKEN.finditer(text):
        kept += (escaped(text[position : found.start()]), found.group())
        position = found.end()
    kept.append(escaped(text[position:]))
    return "".join(kept)


def words_of(blocks: list[dict[str, Any]]) -> str:
    """Build the notification text of a message that came with blocks and no text."""
    found: list[str] = []
    for block in blocks:
        _collect(block, found)
    return " ".join(found)


def _collect(value: Any, found: list[str]) -> None:
    if isinstance(value, list):
        for item in value:
            _collect(item, found)
    elif isinstance(value, dict):
        if isinstance(value.get("text"), str) and value.get("type") in {"plain_text", "mrkdwn", "text", "markdown"}:
            found.append(value["text"])
            return
        for name in ("text", "fields", "elements"):
            _collect(value.get(name), found)
