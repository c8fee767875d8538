"""Dialogs that are submitted: committed before Slack gets its acknowledgement.

A refusal keeps the dialog open with what was typed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltRequest

from bots.slack.answer_dialog import ANSWER_ACTION, ANSWER_BLOCK
from bots.slack.listeners.card_acts import OLD_CARD
from bots.slack.listeners.home import Home
from bots.slack.listeners.raw import raw_body
from bots.slack.modals import (
    DEPARTMENT_ACTION,
    DEPARTMENT_BLOCK,
    MOMENT_ACTION,
    MOMENT_BLOCK,
    REASON_ACTION,
    REASON_BLOCK,
    SNOOZE_ACTION,
    SNOOZE_BLOCK,
    WHY_ACTION,
    WHY_BLOCK,
    WORDS_ACTION,
    WORDS_BLOCK,
    WORDS_CHARACTERS,
    snoozed_until,
)
from bots.slack.places import entered, place_of, place_of_dialog, typed
from bots.slack.references import PREFIX, Reference, UnreadableReferenceError
from bots.slack.text import cut
from bots.slack.workplace import Workplace, digest
from escalation import commands as c
from escalation.desk import Outcome
from escalation.language import Sentence, say
from escalation.settings import Member
from escalation.views import Act
from models.vocabulary import DraftSource, PauseReason

_ERROR_CHARACTERS = 1_500


@dataclass(frozen=True)
class _Submitted:
    body: dict[str, Any]
    reference: Reference
    member: Member
    now: datetime
    timezone: str


_Read = Callable[[_Submitted], c.Command | Sentence]


class Submissions:
    """Answer, Edit and send, Send back, Reject, Reassign, Snooze and Mute."""

    def __init__(self, workplace: Workplace, home: Home) -> None:
        """Keep the collaborators."""
        self._workplace = workplace
        self._home = home

    def register(self, app: AsyncApp) -> None:
        """Listen for each dialog by its ``callback_id``."""
        readings: dict[Act, tuple[str, _Read]] = {
            Act.ANSWER: (ANSWER_BLOCK, _answer),
            Act.EDIT_AND_SEND: (
                ANSWER_BLOCK,
                lambda of: c.EditAndSend(of.reference.seen, typed(of.body, ANSWER_BLOCK, ANSWER_ACTION)),
            ),
            Act.SEND_BACK: (
                REASON_BLOCK,
                lambda of: c.SendBack(of.reference.seen, typed(of.body, REASON_BLOCK, REASON_ACTION)),
            ),
            Act.REJECT: (
                REASON_BLOCK,
                lambda of: c.Reject(of.reference.seen, typed(of.body, REASON_BLOCK, REASON_ACTION)),
            ),
            Act.REASSIGN: (
                DEPARTMENT_BLOCK,
                lambda of: c.Reassign(_option(of.body, DEPARTMENT_BLOCK, DEPARTMENT_ACTION)),
            ),
            Act.SNOOZE: (SNOOZE_BLOCK, _snooze),
            Act.MUTE: (
                REASON_BLOCK,
                lambda of: c.MutePings(of.reference.clock, typed(of.body, REASON_BLOCK, REASON_ACTION)),
            ),
        }
        for act, (block_id, read) in readings.items():
            app.view(f"{PREFIX}{act.value}")(self._listener(block_id, read))

    def _listener(self, block_id: str, read: _Read) -> Callable[..., Any]:
        async def on_submitted(ack: AsyncAck, body: dict[str, Any], request: AsyncBoltRequest) -> None:
            await self._submitted(ack, body, request, block_id=block_id, read=read)

        return on_submitted

    async def _submitted(
        self, ack: AsyncAck, body: dict[str, Any], request: AsyncBoltRequest, *, block_id: str, read: _Read
    ) -> None:
        workplace, view = self._workplace, body["view"]
        user = place_of(body).user
        reader = workplace.reader(user)
        member = workplace.member(user)

        async def refuse(sentence: Sentence) -> None:
            await ack(response_action="errors", errors={block_id: cut(reader.read(sentence), _ERROR_CHARACTERS)})

        if member is None:
            await refuse(workplace.stranger(user))
            return
        try:
            reference = Reference.of(str(view.get("private_metadata") or ""))
        except UnreadableReferenceError:
            await refuse(OLD_CARD)
            return
        command = read(_Submitted(body, reference, member, workplace.clock.now(), reader.timezone))
        if isinstance(command, Sentence):
            await refuse(command)
            return
        outcome = await self._given(command, reference, member, view_id=str(view["id"]), body=body, request=request)
        if outcome.refusal is not None:
            await refuse(outcome.refusal)
            return
        await ack()
        if not reference.channel:
            workplace.later(self._home.publish(user, notice=outcome.said))
        elif outcome.said is not None:
            workplace.later(workplace.tell(place_of_dialog(body, reference), outcome.said))

    async def _given(
        self,
        command: c.Command,
        reference: Reference,
        member: Member,
        *,
        view_id: str,
        body: dict[str, Any],
        request: AsyncBoltRequest,
    ) -> Outcome:
        """Give the command once per dialog and content; each further try after a refusal counts as its own."""
        raw = raw_body(request)
        if isinstance(command, c.SubmitDraft):
            delivery = self._workplace.delivery("view", (view_id, digest(command.text)), raw)
            return await self._workplace.submit(reference.case, command, member, delivery)
        delivery = self._workplace.delivery(
            "view", (view_id, digest(str(body.get("trigger_id") or "") + raw.decode("utf-8", "replace"))), raw
        )
        return await self._workplace.act(reference.case, command, member, delivery)


def _answer(of: _Submitted) -> c.Command | Sentence:
    try:
        source = DraftSource(of.reference.source or DraftSource.DIALOG.value)
    except ValueError:
        return OLD_CARD
    return c.SubmitDraft(typed(of.body, ANSWER_BLOCK, ANSWER_ACTION), source, privately=of.reference.private)


def _snooze(of: _Submitted) -> c.Command | Sentence:
    given = entered(of.body, MOMENT_BLOCK, MOMENT_ACTION).get("selected_date_time")
    try:
        moment = datetime.fromtimestamp(given, UTC) if isinstance(given, int) else None
    except (ValueError, OverflowError, OSError):
        moment = None
    until = snoozed_until(_option(of.body, SNOOZE_BLOCK, SNOOZE_ACTION), moment, timezone=of.timezone, now=of.now)
    if until is None:
        return say("Give the date and the time below, or choose one of the others.")
    try:
        reason = PauseReason(_option(of.body, WHY_BLOCK, WHY_ACTION))
        return c.Snooze(until, reason, typed(of.body, WORDS_BLOCK, WORDS_ACTION)[:WORDS_CHARACTERS])
    except ValueError:
        return OLD_CARD


def _option(body: dict[str, Any], block_id: str, action_id: str) -> str:
    chosen = entered(body, block_id, action_id).get("selected_option")
    return str(chosen.get("value") or "") if isinstance(chosen, dict) else ""
