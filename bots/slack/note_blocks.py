"""Messages in a card's thread, pings and digests. Pure."""

from collections.abc import Callable

from bots.slack.blocks import Block, Element, link, paragraph, person, quote, words
from bots.slack.diff_elements import diff_elements
from bots.slack.post_blocks import shortened
from bots.slack.reading import ChatReader
from bots.slack.text import escaped
from escalation.language import say
from escalation.views import NoteView

SlackId = Callable[[str], str | None]
"""The Slack user id of a member (a key), where the configuration has one."""


def note_blocks(view: NoteView, reader: ChatReader, slack_id: SlackId, prefix: str) -> list[Block]:
    """Return the blocks of a note; members in ``to`` are mentioned so that Slack notifies them."""
    elements: list[Element] = []
    for member in view.to:
        if user := slack_id(member):
            elements += [person(user), words(" ")]
    elements.append(words(reader.read(view.sentence)[:2_900]))
    blocks = [paragraph(elements, f"{prefix}:note")]
    if view.quote is not None:
        short, rest = shortened(view.quote, reader)
        blocks += quote(short, f"{prefix}:quote")
        if rest:
            blocks.append(paragraph([words(rest, italic=True)], f"{prefix}:rest"))
    if view.diff:
        blocks.append(paragraph(diff_elements(view.diff), f"{prefix}:diff"))
    if view.url:
        blocks.append(paragraph([link(view.url, reader.read(say("Open the reply")))], f"{prefix}:open"))
    return blocks


def note_text(view: NoteView, reader: ChatReader, slack_id: SlackId) -> str:
    """Return the notification of a note in Slack's markup: our mentions, and the sentence escaped."""
    mentions = [f"<@{user}>" for member in view.to if (user := slack_id(member))]
    return " ".join([*mentions, escaped(reader.read(view.sentence)[:1_000])])
