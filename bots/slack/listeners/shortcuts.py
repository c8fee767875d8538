"""The message shortcut "Use as reply": a message in a card's thread becomes the text of the Answer dialog."""

import re
from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncApp

from bots.slack.blocks import INPUT_CHARACTERS
from bots.slack.decoding import without_prefix
from bots.slack.listeners.dialog_openers import GONE, TOO_LATE, answer_view
from bots.slack.listeners.thread_replies import ThreadReplies
from bots.slack.modals import View
from bots.slack.places import Place, place_of
from bots.slack.references import Reference
from bots.slack.workplace import Workplace
from escalation.language import Sentence, say
from escalation.settings import Member
from models.vocabulary import DraftSource

USE_AS_REPLY: Final = "use_as_reply"
NOT_HERE: Final = say(
    "Use this on a message in the thread under a card, so that it is clear which customer it answers."
)


class Shortcuts:
    """Opens the Answer dialog with a message's text."""

    def __init__(self, workplace: Workplace, replies: ThreadReplies) -> None:
        """Keep the collaborators."""
        self._workplace = workplace
        self._replies = replies

    def register(self, app: AsyncApp) -> None:
        """Listen for the shortcut; any other is acknowledged, for it may be of an older manifest."""
        app.shortcut(USE_AS_REPLY)(self.on_use_as_reply)
        app.shortcut(re.compile(".*"))(self.on_other)

    async def on_other(self, ack: AsyncAck) -> None:
        """Do nothing."""
        await ack()

    async def on_use_as_reply(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Open the dialog, or say why not. Whose message it is does not matter; whoever submits it is the author."""
        place = place_of(body)
        member = self._workplace.member(place.user)
        prepared = await self._prepared(body, place, member) if member else self._workplace.stranger(place.user)
        await ack()
        if isinstance(prepared, Sentence):
            self._workplace.later(self._workplace.tell(place, prepared))
        else:
            self._workplace.later(self._open(place, str(body.get("trigger_id") or ""), prepared))

    async def _open(self, place: Place, trigger: str, view: View) -> None:
        if not await self._workplace.open(trigger, view):
            await self._workplace.tell(place, TOO_LATE)

    async def _prepared(self, body: dict[str, Any], place: Place, member: Member) -> View | Sentence:
        message = body.get("message") or {}
        if not place.thread or place.thread == place.message or message.get("bot_id"):
            return NOT_HERE
        async with self._workplace.desk.storage.read() as tx:
            card = await tx.cases.by_card(self._workplace.addresses(place), place.thread)
        if card is None:
            return NOT_HERE
        text = await self._replies.text(message)
        if isinstance(text, Sentence):
            return text
        text = without_prefix(text)
        if len(text) > INPUT_CHARACTERS:
            return say(
                "This message has {length} characters; the dialog takes {most}. "
                "Write reply: before it in the thread instead.",
                length=len(text),
                most=INPUT_CHARACTERS,
            )
        look = await self._workplace.look(card.case_id, member)
        if look is None:
            return GONE
        reference = Reference(
            card.case_id,
            look.file.case.version,
            channel=place.channel,
            message=place.message,
            thread=place.thread,
            source=DraftSource.SHORTCUT.value,
        )
        return answer_view(self._workplace, look, member, reference, initial=text)
