"""The dialog in which two people take each other's shifts. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from bots.slack.blocks import Block, Element, context, paragraph, plain
from bots.slack.blocks import words as said
from bots.slack.modals import View, cancel, modal
from bots.slack.reading import ChatReader
from bots.slack.references import PREFIX
from bots.slack.text import label
from escalation.duty_changes import REASON_CHARACTERS
from escalation.language import Sentence, say

SWAP: Final = f"{PREFIX}swap_shifts"
ROTA_BLOCK, ROTA_ACTION = "rota", f"{PREFIX}rota"
WHOSE_BLOCK, WHOSE_ACTION = "whose", f"{PREFIX}whose"
TAKER_BLOCK, TAKER_ACTION = "taker", f"{PREFIX}taker"
SINCE_BLOCK, SINCE_ACTION = "since", f"{PREFIX}since"
UNTIL_BLOCK, UNTIL_ACTION = "until", f"{PREFIX}until"
WHY_BLOCK, WHY_ACTION = "why", f"{PREFIX}why"


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What the dialog starts with: the rotas (key to label), whose shift it is likely about, and when that is.

    ``whose`` and ``taker`` are Slack user ids.
    """

    rotas: Mapping[str, str]
    rota: str
    whose: str
    taker: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def swap_dialog(proposal: Proposal, reader: ChatReader) -> View:
    """Return the dialog; moments are meant in the reader's time zone."""
    options = {key: _option(label(name, 70), key) for key, name in proposal.rotas.items()}
    start = {"initial_option": options[proposal.rota]}
    rota = {
        "type": "static_select",
        "action_id": ROTA_ACTION,
        "options": [*start.values(), *(option for key, option in options.items() if key != proposal.rota)][:100],
        **start,
    }
    why = {"type": "plain_text_input", "action_id": WHY_ACTION, "max_length": REASON_CHARACTERS}
    words = reader.read(say("Swap shifts"))
    explained = say(
        "Within this time each is on call where the other would be. Times are in {zone}.", zone=reader.timezone
    )
    return modal(
        SWAP,
        title=words,
        blocks=[
            _field(ROTA_BLOCK, say("On call for"), rota, reader),
            _field(WHOSE_BLOCK, say("Whose shifts"), _somebody(WHOSE_ACTION, proposal.whose), reader),
            _field(TAKER_BLOCK, say("Who takes them"), _somebody(TAKER_ACTION, proposal.taker), reader),
            _field(SINCE_BLOCK, say("From"), _moment(SINCE_ACTION, proposal.since), reader),
            _field(UNTIL_BLOCK, say("Until"), _moment(UNTIL_ACTION, proposal.until), reader),
            {**_field(WHY_BLOCK, say("Why"), why, reader), "optional": True},
            context([reader.read(explained)], "explained"),
        ],
        reference=None,
        submit=reader.read(say("Swap")),
        close=cancel(reader),
    )


def swapped_dialog(sentence: Sentence, reader: ChatReader) -> View:
    """Return what the dialog turns into when the swap is made."""
    return modal(
        SWAP,
        title=reader.read(say("Swap shifts")),
        blocks=[paragraph([said(reader.read(sentence))], "swapped")],
        reference=None,
        submit=None,
        close=reader.read(say("Close")),
    )


def _field(block_id: str, ask: Sentence, element: Element, reader: ChatReader) -> Block:
    return {"type": "input", "block_id": block_id, "label": plain(reader.read(ask)), "element": element}


def _somebody(action_id: str, user: str | None) -> Element:
    element: dict[str, Any] = {"type": "users_select", "action_id": action_id}
    return element | ({"initial_user": user} if user else {})


def _moment(action_id: str, at: datetime | None) -> Element:
    element: dict[str, Any] = {"type": "datetimepicker", "action_id": action_id}
    return element | ({"initial_date_time": int(at.timestamp())} if at else {})


def _option(text: str, value: str) -> Element:
    return {"text": plain(text, 75), "value": value}
