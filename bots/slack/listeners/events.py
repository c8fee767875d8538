"""The doorstep of events: stored before they are acknowledged, acted upon once however often Slack sends them.

Slack does not send an event again once it was acknowledged, and Bolt acknowledges before a listener has run
(docs.slack.dev/apis/events-api, retries).
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bots.slack.listeners.raw import raw_body
from bots.slack.listeners.thread_replies import ThreadReplies, is_thread_reply, reply_key
from bots.slack.workplace import SOURCE, Workplace, digest
from escalation.desk import Delivery

log = structlog.get_logger(__name__)

_UNINSTALLED = frozenset({"app_uninstalled", "tokens_revoked"})


class Events:
    """Stores events, hands replies on, and acknowledges everything that Slack may send."""

    def __init__(self, workplace: Workplace, replies: ThreadReplies) -> None:
        """Keep the collaborators."""
        self._workplace = workplace
        self._replies = replies

    def register_doorstep(self, app: AsyncApp) -> None:
        """Store events before any listener sees them."""
        app.middleware(self.remember)

    def register_rest(self, app: AsyncApp) -> None:
        """Listen for messages, and acknowledge whatever nobody else listens for; to be registered last."""
        app.event("message")(self.on_message)
        app.event(re.compile(".*"))(self.on_other_event)
        app.action(re.compile(".*"))(self.on_other_act)
        app.view(re.compile(".*"))(self.on_other_act)
        app.view_closed(re.compile(".*"))(self.on_other_act)

    async def remember(
        self, request: AsyncBoltRequest, body: dict[str, Any], next_: Callable[[], Awaitable[BoltResponse]]
    ) -> BoltResponse | None:
        """Store an event, or drop it: the bot's own doings, and what was stored before.

        Raises ``StorageUnavailableError``.
        """
        event = body.get("event")
        if body.get("type") == "app_rate_limited":
            log.error("slack holds events back: more than 30,000 an hour")
            return BoltResponse(status=200, body="")
        if body.get("type") != "event_callback" or not isinstance(event, dict):
            return await next_()
        if is_of_a_bot(event, body):
            return BoltResponse(status=200, body="")
        raw = raw_body(request)
        relevant = is_thread_reply(event)
        delivery = Delivery(reply_key(event), SOURCE, SOURCE, raw) if relevant else _passing(body, raw)
        if not await self._workplace.inbox.store(delivery, finished=not relevant):
            return BoltResponse(status=200, body="")
        return await next_()

    async def keep(self, body: dict[str, Any], raw: bytes) -> bool:
        """Store a message that no listener would act on; ``False``, and nothing is stored, if one might.

        Raises ``StorageUnavailableError``.
        """
        event = body.get("event")
        if not isinstance(event, dict) or event.get("type") != "message" or is_thread_reply(event):
            return False
        if not is_of_a_bot(event, body):
            await self._workplace.inbox.store(_passing(body, raw), finished=True)
        return True

    async def on_message(self, event: dict[str, Any], body: dict[str, Any]) -> None:
        """Take a reply; leave chatter alone."""
        if is_thread_reply(event):
            self._workplace.later(self._replies.take(body))

    async def on_other_event(self, event: dict[str, Any]) -> None:
        """Do nothing, but say it loudly when the bot was thrown out."""
        if event.get("type") in _UNINSTALLED:
            log.error("slack took the bot's token away", event=event["type"])
        elif event.get("type") == "channel_archive":
            log.warning("a slack channel was archived", channel=event.get("channel"))

    async def on_other_act(self, ack: AsyncAck) -> None:
        """Acknowledge what needs no answer: links on buttons, dialogs that were closed."""
        await ack()


def _passing(body: Mapping[str, Any], raw: bytes) -> Delivery:
    """Return the delivery of an event that is not kept: of chatter only that it came is remembered."""
    event = body.get("event_id") or digest(raw.decode("utf-8", "replace"))
    return Delivery(f"slack:event:{event}", SOURCE, SOURCE, b"")


def is_of_a_bot(event: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Tell whether an event tells of what a bot did, ours or another: none of it is ever an answer."""
    ours = {
        str(one.get("user_id"))
        for one in body.get("authorizations") or ()
        if isinstance(one, dict) and one.get("is_bot")
    }
    about = [event, *(part for name in ("message", "previous_message") if isinstance(part := event.get(name), dict))]
    return any(part.get("bot_id") or str(part.get("user")) in ours for part in about)
