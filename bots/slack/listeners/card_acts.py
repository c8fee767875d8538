"""Buttons that act at once, on cards, pings and the Home tab; committed before Slack gets its acknowledgement."""

import re
from collections.abc import Callable
from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltRequest

from bots.slack.card_blocks import FIELD_ACTION, case_of_field
from bots.slack.listeners.home import Home
from bots.slack.listeners.raw import raw_body
from bots.slack.places import Place, place_of, typed
from bots.slack.redrawing import redraw
from bots.slack.references import PREFIX, Reference, UnreadableReferenceError, action_id
from bots.slack.workplace import Workplace, digest
from escalation import commands as c
from escalation.desk import Outcome
from escalation.language import Sentence, say
from escalation.settings import Member
from escalation.views import Act
from models.vocabulary import DismissReason, DraftSource, EffectState, NetworkAct

_COMMANDS: Final[dict[Act, Callable[[Reference], c.Command]]] = {
    Act.CLAIM: lambda _: c.Claim(),
    Act.TAKE_OVER: lambda reference: c.TakeOver(reference.clock),
    Act.GOT_IT: lambda reference: c.AcknowledgePing(reference.ping, reference.clock, reference.rung),
    Act.NOT_OURS: lambda _: c.NotOurs(),
    Act.NO_REPLY: lambda _: c.Dismiss(DismissReason.NO_REPLY_NEEDED),
    Act.SPAM: lambda _: c.Dismiss(DismissReason.SPAM),
    Act.LIKE: lambda _: c.Perform(NetworkAct.LIKE),
    Act.REPOST: lambda _: c.Perform(NetworkAct.REPOST),
    Act.HIDE: lambda _: c.Perform(NetworkAct.HIDE),
    Act.APPROVE: lambda reference: c.Approve(reference.seen),
    Act.MAKE_PRIVATE: lambda reference: c.MakePrivate(reference.seen),
    Act.LIKE_ONLY: lambda reference: c.LikeOnly(reference.seen),
    Act.UNDO: lambda _: c.Undo(),
    Act.POSTED: lambda _: c.ConfirmPosted(),
    Act.NOT_POSTED: lambda _: c.ConfirmNotPosted(),
}
_OF_ONE_DRAFT: Final = frozenset({Act.UNDO, Act.POSTED, Act.NOT_POSTED})
"""Acts whose command does not say which draft was seen; the card's draft is compared here."""

OLD_CARD: Final = say("This card is too old to be used. Please use the newest one of this case.")
OLD_ANSWER: Final = say("There is a newer version of this answer. Please decide on that one.")


class CardActs:
    """Claim, Take over, Got it, Approve and send, Undo and the others, and the answer field of the card."""

    def __init__(self, workplace: Workplace, home: Home) -> None:
        """Keep the collaborators."""
        self._workplace = workplace
        self._home = home

    def register(self, app: AsyncApp) -> None:
        """Listen for the buttons and the field."""
        acts = "|".join(act.value for act in _COMMANDS)
        app.action(re.compile(f"^{PREFIX}({acts})$"))(self.on_act)
        app.action(action_id(Act.SUBMIT))(self.on_submit)
        app.action(FIELD_ACTION)(self.on_enter)

    async def on_act(self, ack: AsyncAck, body: dict[str, Any], request: AsyncBoltRequest) -> None:
        """Do what the button says."""
        place, action = place_of(body), body["actions"][0]
        act = Act(str(action["action_id"]).removeprefix(PREFIX))
        member = await self._member(ack, place)
        if member is None:
            return
        try:
            reference = Reference.of(str(action.get("value") or ""))
        except UnreadableReferenceError:
            await ack()
            self._workplace.later(self._answer(place, OLD_CARD))
            return
        command: c.Command = _COMMANDS[act](reference)
        if act in _OF_ONE_DRAFT:
            found = await self._of_draft(act, reference)
            if isinstance(found, Sentence):
                await ack()
                outdated = Outcome(reference.case, refusal=found)
                self._workplace.later(self._after(place, outdated, seen=reference.version))
                return
            command = found or command
        key = (
            place.channel or str((body.get("view") or {}).get("id", "")),
            place.message,
            str(action.get("action_ts") or ""),
            place.user,
        )
        delivery = self._workplace.delivery("act", key, raw_body(request))
        outcome = await self._workplace.act(reference.case, command, member, delivery)
        await ack()
        self._workplace.later(self._after(place, outcome, seen=reference.version))

    async def _of_draft(self, act: Act, reference: Reference) -> c.Command | Sentence | None:
        """Return the sentence for a card of another draft, or the command for one part of a reply of several."""
        look = await self._workplace.look(reference.case)
        if look is None:
            return None
        draft = look.file.draft
        if draft is not None and reference.draft and draft.version != reference.draft:
            return OLD_ANSWER
        if act is Act.POSTED and draft is not None:
            checked = [effect.part for effect in look.file.current_replies if effect.state is EffectState.NEEDS_CHECK]
            if checked and checked[0] < len(draft.parts) - 1:
                return c.ConfirmPartPosted()
        return None

    async def on_submit(self, ack: AsyncAck, body: dict[str, Any], request: AsyncBoltRequest) -> None:
        """Submit what stands in the card's answer field, by the button beside it."""
        block_id = str(body["actions"][0].get("block_id") or "").removesuffix(":submit")
        await self._submit(ack, body, request, block_id=block_id, text=typed(body, block_id, FIELD_ACTION))

    async def on_enter(self, ack: AsyncAck, body: dict[str, Any], request: AsyncBoltRequest) -> None:
        """Submit what stands in the card's answer field, by Enter."""
        action = body["actions"][0]
        block_id = str(action.get("block_id") or "")
        text = action.get("value")
        await self._submit(ack, body, request, block_id=block_id, text=text if isinstance(text, str) else "")

    async def _submit(
        self, ack: AsyncAck, body: dict[str, Any], request: AsyncBoltRequest, *, block_id: str, text: str
    ) -> None:
        place = place_of(body)
        member = await self._member(ack, place)
        if member is None:
            return
        case = case_of_field(block_id)
        if case is None:
            await ack()
            self._workplace.later(self._answer(place, OLD_CARD))
            return
        key = (place.channel, place.message, block_id, place.user, digest(text))
        delivery = self._workplace.delivery("field", key, raw_body(request))
        command = c.SubmitDraft(text, DraftSource.FIELD)
        outcome = await self._workplace.submit(case, command, member, delivery)
        await ack()
        self._workplace.later(self._after(place, outcome))

    async def _member(self, ack: AsyncAck, place: Place) -> Member | None:
        member = self._workplace.member(place.user)
        if member is None:
            await ack()
            self._workplace.later(self._answer(place, self._workplace.stranger(place.user)))
        return member

    async def _after(self, place: Place, outcome: Outcome, *, seen: int | None = None) -> None:
        sentence = outcome.refusal or outcome.said
        if place.at_home or sentence is not None:
            await self._answer(place, sentence)
        if outcome.refusal is not None and not place.at_home:
            await redraw(self._workplace, place, seen=seen)

    async def _answer(self, place: Place, sentence: Sentence | None) -> None:
        if place.at_home:
            await self._home.publish(place.user, notice=sentence)
        elif sentence is not None:
            await self._workplace.tell(place, sentence)
