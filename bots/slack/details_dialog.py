"""The Details dialog: the whole texts, the timeline, and why things are due when they are. Pure."""

from collections.abc import Sequence
from typing import Final

from bots.slack.blocks import Block, context, header, paragraph, quote, words
from bots.slack.modals import View, modal
from bots.slack.post_blocks import strip
from bots.slack.reading import ChatReader
from bots.slack.references import PREFIX
from bots.slack.text import chunks, label
from escalation.language import say
from escalation.views import Act, DetailsView, Event, Post

LATEST_EVENTS: Final = 150
LONGEST_TEXT: Final = 40_000
"""How much of a customer's text one dialog shows; Slack takes 250 kB of JSON in all."""


def details_dialog(view: DetailsView, post: Post, parts: Sequence[str], reader: ChatReader) -> View:
    """Return the dialog. ``parts``: the exact texts of the newest answer."""
    blocks: list[Block] = [
        header(reader.headline(view.headline), "headline"),
        context([reader.read(say("case {id}", id=view.case_id))], "case"),
        context(strip(view.steps, reader), "steps"),
        *_lines([reader.read(reason) for reason in view.reasons], "reasons"),
        *_titled(reader.read(say("What happened")), "events"),
        *_lines([_event(event, reader) for event in list(view.events)[-LATEST_EVENTS:]], "events"),
    ]
    if parts:
        blocks += _titled(reader.read(say("The newest answer, as it is published")), "answer")
        for number, part in enumerate(parts):
            blocks += quote(part, f"answer{number}")
    if post.text:
        blocks += _titled(reader.read(say("What the customer wrote")), "post")
        blocks += quote(post.text[:LONGEST_TEXT], "post")
    return modal(
        f"{PREFIX}{Act.DETAILS.value}",
        title=reader.read(say("Details")),
        blocks=blocks,
        reference=None,
        submit=None,
        close=reader.read(say("Close")),
    )


def _event(event: Event, reader: ChatReader) -> str:
    return f"{reader.time(event.at)}  {label(event.actor, 80)}: {reader.read(event.what)}"


def _titled(title: str, block_id: str) -> list[Block]:
    return [paragraph([words(title, bold=True)], f"{block_id}:title")]


def _lines(lines: Sequence[str], block_id: str) -> list[Block]:
    text = "\n".join(lines)
    return (
        [paragraph([words(piece)], f"{block_id}:{number}") for number, piece in enumerate(chunks(text, 2_900))]
        if text
        else []
    )
