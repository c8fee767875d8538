"""Buttons that open a dialog. Opening only reads; rights and state are asked first, so that nobody writes in vain."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncApp

from bots.slack.answer_dialog import AnswerDialog, Preview
from bots.slack.blocks import INPUT_CHARACTERS
from bots.slack.details_dialog import details_dialog
from bots.slack.explain_dialog import explain_dialog
from bots.slack.listeners.card_acts import OLD_CARD
from bots.slack.listeners.home import Home
from bots.slack.modals import View, reason_dialog, reassign_dialog, snooze_dialog
from bots.slack.places import Place, place_of
from bots.slack.redrawing import redraw
from bots.slack.references import PREFIX, Reference, UnreadableReferenceError
from bots.slack.workplace import Look, Workplace
from escalation import commands as c
from escalation.called import duty_at
from escalation.cards import details_view, post
from escalation.case_records import read_record
from escalation.explaining import explain
from escalation.explanation_views import explanation_view
from escalation.language import Sentence, say
from escalation.settings import Member
from escalation.views import Act
from models.vocabulary import DraftSource, Visibility

_OPENING: Final = (
    Act.ANSWER,
    Act.REPLY_PRIVATELY,
    Act.EDIT_AND_SEND,
    Act.SEND_BACK,
    Act.REJECT,
    Act.REASSIGN,
    Act.SNOOZE,
    Act.MUTE,
    Act.DETAILS,
    Act.EXPLAIN,
    Act.OPEN,
)
GONE: Final = say("This case does not exist any more.")
TOO_LATE: Final = say("Slack did not open the dialog in time. Please click again.")
PROBE: Final = "…"
"""A text that any network takes, to ask whether an answer would be taken at all."""


class DialogOpeners:
    """Answer, Reply privately, Edit and send, Send back, Reject, Reassign, Snooze, Mute, Details, Explain and Open.

    Open is Details on a ping, on the Home tab, and in the menu of a message about many pings.
    """

    def __init__(self, workplace: Workplace, home: Home) -> None:
        """Keep the collaborators."""
        self._workplace = workplace
        self._home = home

    def register(self, app: AsyncApp) -> None:
        """Listen for the buttons."""
        acts = "|".join(act.value for act in _OPENING)
        app.action(re.compile(f"^{PREFIX}({acts})$"))(self.on_open)

    async def on_open(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Open the button's dialog at once, or say why not."""
        place, action = place_of(body), body["actions"][0]
        act = Act(str(action["action_id"]).removeprefix(PREFIX))
        member = self._workplace.member(place.user)
        try:
            reference = Reference.of(_value(action))
        except UnreadableReferenceError:
            reference = None
        prepared: View | Sentence
        if member is None:
            prepared = self._workplace.stranger(place.user)
        elif reference is None:
            prepared = OLD_CARD
        else:
            here = replace(reference, channel=place.channel, message=place.message, thread=place.thread)
            prepared = await self._prepared(act, here, member)
        await ack()
        if isinstance(prepared, Sentence):
            self._workplace.later(self._refused(place, prepared, seen=reference.version if reference else None))
        else:
            self._workplace.later(self._open(place, str(body.get("trigger_id") or ""), prepared))

    async def _open(self, place: Place, trigger: str, view: View) -> None:
        if not await self._workplace.open(trigger, view):
            await self._answer(place, TOO_LATE)

    async def _refused(self, place: Place, sentence: Sentence, *, seen: int | None) -> None:
        await self._answer(place, sentence)
        if not place.at_home:
            await redraw(self._workplace, place, seen=seen)

    async def _answer(self, place: Place, sentence: Sentence) -> None:
        if place.at_home:
            await self._home.publish(place.user, notice=sentence)
        else:
            await self._workplace.tell(place, sentence)

    async def _prepared(self, act: Act, reference: Reference, member: Member) -> View | Sentence:
        if act in {Act.DETAILS, Act.EXPLAIN, Act.OPEN}:
            return await self._shown(act, reference, member)
        look = await self._workplace.look(reference.case, member)
        if look is None:
            return GONE
        now = self._workplace.clock.now()
        reader = self._workplace.reader(member.slack or "")
        match act:
            case Act.ANSWER | Act.REPLY_PRIVATELY:
                return answer_view(self._workplace, look, member, reference, private=act is Act.REPLY_PRIVATELY)
            case Act.EDIT_AND_SEND:
                return self._edit(look, member, reference)
            case Act.MUTE:
                mute = c.MutePings(reference.clock, PROBE)
                return look.refusal(mute, member, now) or reason_dialog(act, reference, reader)
            case Act.SEND_BACK | Act.REJECT:
                probe = c.Reject(reference.seen, PROBE)
                return look.refusal(probe, member, now) or reason_dialog(act, reference, reader)
            case Act.REASSIGN:
                others = {key: name for key, name in look.rules.departments.items() if key != look.file.case.department}
                if not others:
                    return say("There is no other department in the configuration.")
                return look.refusal(c.Reassign(next(iter(others))), member, now) or reassign_dialog(
                    others, reference, reader
                )
            case _:
                soon = c.Snooze(max(now, look.file.case.last_at) + timedelta(seconds=1))
                return look.refusal(soon, member, now) or snooze_dialog(
                    reference, reader, longest=look.rules.longest_pause, now=now
                )

    def _edit(self, look: Look, member: Member, reference: Reference) -> View | Sentence:
        draft = look.file.draft_version(reference.draft)
        refusal = look.refusal(c.Approve(reference.seen), member, self._workplace.clock.now())
        if refusal is not None or draft is None:
            return refusal or OLD_CARD
        if len(draft.text) > INPUT_CHARACTERS:
            return say(
                "This answer is longer than the {most} characters that a dialog takes. "
                "Send it back with what should change.",
                most=INPUT_CHARACTERS,
            )
        preview = preview_of(look, author=draft.author, text=draft.text, private=draft.visibility is Visibility.PRIVATE)
        dialog = AnswerDialog(Act.EDIT_AND_SEND, reference, post(look.file, look.shown), preview, draft.text)
        return dialog.view(self._workplace.reader(member.slack or ""))

    async def _shown(self, act: Act, reference: Reference, member: Member) -> View | Sentence:
        """Return what a colleague of the case may look at: what happened, or why things are due when they are."""
        async with self._workplace.desk.storage.read() as tx:
            look = next(iter(await self._workplace.look_at(tx, [reference.case], member)), None)
            record = await read_record(tx, self._workplace.desk, look.file) if look is not None else None
            duty = await duty_at(tx, self._workplace.settings, self._workplace.clock.now())
        if look is None or record is None:
            return GONE
        if not look.rules.is_colleague(member.key) and not look.rules.is_second_approver(member.key):
            return say(
                "This case belongs to {department}; only its members can see its details.",
                department=look.rules.label(look.file.case.department),
            )
        reader = self._workplace.reader(member.slack or "")
        if act is Act.EXPLAIN:
            clocks = explain(record, look.rules, duty, look.shown.now)
            return explain_dialog(explanation_view(record, clocks, look.rules, look.shown), reader)
        view = details_view(look.file, record.journal, record.effects, look.shown)
        parts = look.file.draft.parts if look.file.draft else ()
        return details_dialog(view, post(look.file, look.shown), parts, reader)


def _value(action: Mapping[str, Any]) -> str:
    """Return what a button carries, or the choice in a menu."""
    chosen = action.get("selected_option")
    carried = chosen.get("value") if isinstance(chosen, Mapping) else action.get("value")
    return str(carried or "")


def answer_view(
    workplace: Workplace,
    look: Look,
    member: Member,
    reference: Reference,
    *,
    private: bool = False,
    initial: str | None = None,
) -> View | Sentence:
    """Return the Answer dialog for somebody who may answer, else why not."""
    probe = c.SubmitDraft(PROBE, DraftSource.DIALOG, privately=private)
    if (refusal := look.refusal(probe, member, workplace.clock.now())) is not None:
        return refusal
    is_private = private or look.file.mention.visibility is Visibility.PRIVATE
    preview = preview_of(look, author=member.key, text=initial or "", private=is_private)
    source = reference.source or DraftSource.DIALOG.value
    carried = replace(reference, source=source, private=private)
    dialog = AnswerDialog(Act.ANSWER, carried, post(look.file, look.shown), preview, initial)
    return dialog.view(workplace.reader(member.slack or ""))


def preview_of(look: Look, *, author: str, text: str, private: bool) -> Preview:
    """Return a text as the network would get it from this author."""
    visibility = Visibility.PRIVATE if private else look.file.mention.visibility
    is_empty = not text.strip()
    fitted = look.rules.fit(PROBE if is_empty else text, author, visibility)
    capabilities = look.rules.capabilities
    unit = unit_words(capabilities.unit)
    return Preview(fitted, capabilities.limit, unit, private=visibility is Visibility.PRIVATE, is_empty=is_empty)


def unit_words(unit: str) -> Sentence:
    """Return the network's own unit of counting as a sentence; the catalogue has it with the connector's words."""
    return Sentence(unit)
