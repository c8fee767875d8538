"""From a message to colleagues to the arguments of ``chat.postMessage`` and ``chat.update``. Pure."""

from dataclasses import dataclass
from typing import Any, Final

from bots.slack.approval_blocks import approval_blocks, approval_text
from bots.slack.blocks import MESSAGE_CHARACTERS, Block, characters
from bots.slack.card_blocks import card_blocks, card_text
from bots.slack.digest_blocks import digest_blocks, digest_text, digest_whole
from bots.slack.note_blocks import SlackId, note_blocks, note_text
from bots.slack.ping_blocks import gathering_blocks, gathering_text, ping_blocks, ping_text
from bots.slack.reading import ChatReader
from bots.slack.text import escaped, visible
from escalation.ports import ChatMessage
from escalation.views import ApprovalView, CardView, DigestView, GatheringView, PingView

METADATA_EVENT: Final = "portavoce"
UPDATE_CHARACTERS: Final = 4_000
"""``chat.update`` refuses a longer text (docs.slack.dev/reference/methods/chat.update)."""


@dataclass(frozen=True)
class Rendered:
    """A message as Slack takes it.

    ``text`` is Slack's markup, escaped; ``whole`` says everything, for when no blocks are taken.
    """

    text: str
    blocks: list[Block]
    whole: str
    metadata: dict[str, Any]


def render(message: ChatMessage, reader: ChatReader, slack_id: SlackId, *, picture: str | None = None) -> Rendered:
    """Return the message in the words of its reader; ``picture``: the id of the file that shows a digest's chart."""
    view = message.view
    if isinstance(view, CardView):
        blocks, text = card_blocks(view, reader), escaped(card_text(view, reader))
        whole = f"{text}\n{escaped(visible(view.post.text))}"
    elif isinstance(view, ApprovalView):
        blocks, text = approval_blocks(view, reader), escaped(approval_text(view, reader))
        whole = text
    elif isinstance(view, PingView):
        blocks, text = ping_blocks(view, reader, slack_id), ping_text(view, reader, slack_id)
        whole = text
    elif isinstance(view, GatheringView):
        blocks = gathering_blocks(view, reader, slack_id, message.effect_id)
        whole = text = gathering_text(view, reader, slack_id)
    elif isinstance(view, DigestView):
        blocks, text = digest_blocks(view, reader, picture), escaped(digest_text(view, reader))
        whole = escaped(digest_whole(view, reader))
    else:
        blocks, text = note_blocks(view, reader, slack_id, message.effect_id), note_text(view, reader, slack_id)
        whole = text
    return Rendered(_cut_markup(text), _trimmed(blocks), _cut_markup(whole), metadata(message))


def metadata(message: ChatMessage) -> dict[str, Any]:
    """Return what finds the message again: ids only, for every app of the workspace can read it."""
    return {
        "event_type": METADATA_EVENT,
        "event_payload": {"case": message.case_id or "", "kind": message.kind, "effect": message.effect_id},
    }


def _trimmed(blocks: list[Block]) -> list[Block]:
    """Leave out what came before and the pictures, in this order, until Slack takes the message."""
    for dropped in (":earlier", ":picture", ":media", ":quote"):
        if characters(blocks) <= MESSAGE_CHARACTERS and len(blocks) <= 50:  # noqa: PLR2004
            break
        blocks = [block for block in blocks if dropped not in block["block_id"]]
    return blocks


def _cut_markup(text: str) -> str:
    """Cut escaped text to what ``chat.update`` takes, never inside an escape."""
    if len(text) <= UPDATE_CHARACTERS:
        return text
    short = text[: UPDATE_CHARACTERS - 10]
    head, ampersand, tail = short.rpartition("&")
    return f"{head if ampersand and ';' not in tail else short}…"
