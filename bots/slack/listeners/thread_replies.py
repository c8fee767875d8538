"""Messages in a card's thread that begin with ``reply:`` become answers. Everything else there stays internal.

The message's event is stored before it is acknowledged, and finished with the decision it leads to, in one transaction.
"""

import json
from collections.abc import Mapping
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError

from bots.slack.decoding import UnsayableError, is_reply, plain_text, without_prefix
from bots.slack.places import Place
from bots.slack.verdicts import UNREADABLE
from bots.slack.workplace import SOURCE, Workplace
from escalation import commands as c
from escalation.desk import Delivery
from escalation.language import Sentence, say
from models.mention import Inbound
from models.vocabulary import DraftSource

log = structlog.get_logger(__name__)

_PLAIN_SUBTYPES = frozenset({None, "thread_broadcast", "file_share"})
NO_FILES = say("Pictures and files cannot be sent along. Send the text alone, with a link if need be.")


def is_thread_reply(event: Mapping[str, Any]) -> bool:
    """Tell whether an event is a person's new message in a thread that begins with ``reply:``; edits are not."""
    return (
        event.get("type") == "message"
        and event.get("subtype") in _PLAIN_SUBTYPES
        and bool(event.get("thread_ts"))
        and event.get("thread_ts") != event.get("ts")
        and not event.get("bot_id")
        and is_reply(str(event.get("text") or ""))
    )


def reply_key(event: Mapping[str, Any]) -> str:
    """Return what is the same when Slack tells of one message twice, be it under another ``event_id`` or ``ts``."""
    message = event.get("client_msg_id") or f"{event.get('channel')}:{event.get('ts')}"
    return f"slack:message:{message}"


class ThreadReplies:
    """Takes replies from threads."""

    def __init__(self, workplace: Workplace) -> None:
        """Keep the collaborators."""
        self._workplace = workplace

    async def take(self, body: Mapping[str, Any]) -> None:
        """Act on a stored event. Raises what the storage raises; the event is then taken up again later.

        So is one in a thread whose root may be a card that was posted and not noted yet, be it that its poster died.
        """
        workplace, event = self._workplace, body["event"]
        place = Place(
            user=str(event.get("user") or ""),
            channel=str(event.get("channel") or ""),
            message=str(event.get("ts") or ""),
            thread=str(event.get("thread_ts") or ""),
        )
        delivery = Delivery(reply_key(event), SOURCE, SOURCE, b"", stored=True)
        channel = f"slack:{place.channel}"
        async with workplace.desk.storage.read() as tx:
            card = await tx.cases.by_card(channel, place.thread)
            if card is None and await tx.outbox.may_have_posted(channel):
                log.info("a reply waits until it is known which card it is below", key=delivery.key)
                return
            card = card or await tx.cases.by_card(channel, place.thread)  # noted between the two questions
        if card is None:
            await workplace.inbox.finish(delivery.key)
            return
        member = workplace.member(place.user)
        text = await self.text(event) if member else workplace.stranger(place.user)
        if member is None or isinstance(text, Sentence):
            await workplace.inbox.finish(delivery.key)
            await workplace.tell(place, text if isinstance(text, Sentence) else workplace.stranger(place.user))
            return
        outcome = await workplace.act(
            card.case_id, c.SubmitDraft(without_prefix(text), DraftSource.THREAD), member, delivery
        )
        sentence = outcome.refusal or outcome.said
        if sentence is not None:
            await workplace.tell(place, sentence)

    async def text(self, message: Mapping[str, Any]) -> str | Sentence:
        """Return what a message says to a customer, or why it cannot be sent."""
        if message.get("files"):
            return NO_FILES
        try:
            return plain_text(message, self._known_name)
        except UnsayableError as error:
            named = await self._named(error, message)
            return named.sentence

    def _known_name(self, identifier: str) -> str | None:
        member = self._workplace.member(identifier)
        return member.name if member else None

    async def _named(self, error: UnsayableError, message: Mapping[str, Any]) -> UnsayableError:
        """Look up how people call somebody who is not in the configuration, so that the sentence can name them."""
        identifier = str(error.sentence.values.get("what", "")).lstrip("@#")
        if identifier[:1] not in {"U", "W"} or not identifier.isalnum() or not identifier.isupper():
            return error
        try:
            answer = await self._workplace.client.users_info(user=identifier)
        except (SlackApiError, *UNREADABLE):
            return error
        user = answer.get("user") or {}
        name = user.get("real_name") or user.get("name")
        if not name:
            return error
        try:
            plain_text(message, lambda wanted: str(name) if wanted == identifier else self._known_name(wanted))
        except UnsayableError as better:
            return better
        return error

    async def replay(self, row: Inbound) -> None:
        """Act on a stored event that was acknowledged but never finished."""
        body = json.loads(row.body)
        if isinstance(body, dict) and isinstance(body.get("event"), dict) and is_thread_reply(body["event"]):
            await self.take(body)
        else:
            log.warning("stored event is of no use", key=row.key)
            await self._workplace.inbox.finish(row.key)
