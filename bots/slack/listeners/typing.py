"""The live count: a dialog is drawn anew when what is written fills another part of the room, at most once a second."""

from dataclasses import replace
from typing import Any, Final

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError

from bots.slack.answer_dialog import ANSWER_ACTION, ANSWER_BLOCK, PREVIEW_ACTION, AnswerDialog, Preview
from bots.slack.listeners.dialog_openers import preview_of
from bots.slack.places import place_of, typed
from bots.slack.references import PREFIX, Reference, UnreadableReferenceError
from bots.slack.verdicts import UNREADABLE, error_word
from bots.slack.workplace import Look, Workplace
from escalation.cards import post
from escalation.settings import Member
from escalation.views import Act
from models.vocabulary import Visibility

INTERVAL: Final = 1.0
MOST_DIALOGS: Final = 1_000

log = structlog.get_logger(__name__)


class Typing:
    """Listens to what is typed, and to the Preview button. What it keeps is forgotten without harm."""

    def __init__(self, workplace: Workplace) -> None:
        """Keep the collaborators."""
        self._workplace = workplace
        self._drawn_at: dict[str, float] = {}
        self._waiting: dict[str, dict[str, Any]] = {}

    def register(self, app: AsyncApp) -> None:
        """Listen to the field and to the button."""
        app.action(ANSWER_ACTION)(self.on_typed)
        app.action(PREVIEW_ACTION)(self.on_preview)

    async def on_typed(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Draw anew if it is worth it; the newest text counts where several come within a second."""
        await ack()
        view_id = str((body.get("view") or {}).get("id") or "")
        if view_id in self._waiting:
            self._waiting[view_id] = body
            return
        since = self._workplace.clock.monotonic() - self._drawn_at.get(view_id, float("-inf"))
        if since >= INTERVAL:
            self._workplace.later(self._draw(body, always=False))
        else:
            self._waiting[view_id] = body
            self._workplace.later(self._draw_after(view_id, INTERVAL - since))

    async def on_preview(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Draw the exact parts of what stands in the field now."""
        await ack()
        self._workplace.later(self._draw(body, always=True))

    async def _draw_after(self, view_id: str, seconds: float) -> None:
        await self._workplace.clock.sleep(seconds)
        if (body := self._waiting.pop(view_id, None)) is not None:
            await self._draw(body, always=False)

    async def _draw(self, body: dict[str, Any], *, always: bool) -> None:
        view = body.get("view") or {}
        member = self._workplace.member(place_of(body).user)
        try:
            reference = Reference.of(str(view.get("private_metadata") or ""))
            act = Act(str(view.get("callback_id") or "").removeprefix(PREFIX))
        except (UnreadableReferenceError, ValueError):
            return
        look = await self._workplace.look(reference.case)
        if look is None or member is None:
            return
        preview = self._preview(look, member, reference, act, typed(body, ANSWER_BLOCK, ANSWER_ACTION))
        if preview.band == reference.band and not always:
            return
        self._note(str(view["id"]))
        drawn = AnswerDialog(act, replace(reference, band=preview.band), post(look.file, look.shown), preview)
        try:
            await self._workplace.client.views_update(
                view_id=view["id"], hash=view.get("hash"), view=drawn.view(self._workplace.reader(member.slack or ""))
            )
        except SlackApiError as error:
            if error_word(error) not in {
                "hash_conflict",
                "not_found",
            }:  # written on meanwhile, or closed: the next one tells
                log.warning("dialog not drawn", problem=error_word(error))
        except UNREADABLE as error:
            log.warning("dialog not drawn", problem=type(error).__name__)

    def _preview(self, look: Look, member: Member, reference: Reference, act: Act, text: str) -> Preview:
        draft = look.file.draft_version(reference.draft) if act is Act.EDIT_AND_SEND else None
        private = draft.visibility is Visibility.PRIVATE if draft else reference.private
        return preview_of(look, author=draft.author if draft else member.key, text=text, private=private)

    def _note(self, view_id: str) -> None:
        self._drawn_at.pop(view_id, None)
        self._drawn_at[view_id] = self._workplace.clock.monotonic()
        while len(self._drawn_at) > MOST_DIALOGS:
            del self._drawn_at[next(iter(self._drawn_at))]
