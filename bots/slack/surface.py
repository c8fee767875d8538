"""Slack as one surface: posting, editing in place, and finding what an answer was lost for. Never retries by itself."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bots.slack.examination import Examination
from bots.slack.reading import ChatReader, house_reader, member_reader
from bots.slack.rendering import METADATA_EVENT, Rendered, render
from bots.slack.uploading import Pictures
from bots.slack.verdicts import UNREADABLE, error_word, is_unshowable, pointers, verdict
from escalation.language import say
from escalation.ports import ChatMessage, Clock, Finding, Gone, Rejected, RetryLater, Uncertain
from escalation.settings import Settings
from escalation.views import DigestView, NoteView, PingView

CLOCK_DIFFERENCE: Final = timedelta(days=1)
"""How far our clock may have been ahead of Slack's when we posted: as far as a wrong time zone takes it."""
PAGE: Final = 200
MOST_PAGES: Final = 50
PICTURE_PAUSES: Final = (1.0, 2.0, 4.0)
"""Seconds to wait for a picture that Slack has not looked through yet, before the message goes without it."""
PERMALINK_SECONDS: Final = 3
MOST_PERMALINKS: Final = 1_000

log = structlog.get_logger(__name__)


class SlackSurface:
    """Implements ``escalation.ports.Surface``.

    Channels are ``slack:C0BILLING``, or ``member:anna`` for a direct message.
    """

    name = "slack"

    def __init__(self, settings: Settings, client: AsyncWebClient, clock: Clock) -> None:
        """Keep the collaborators; nothing is asked."""
        self._settings = settings
        self._client = client
        self._clock = clock
        self.examination = Examination(settings, client)
        self._direct: dict[str, str] = {}
        self._pictures = Pictures(client)
        self._permalinks: dict[tuple[str, str], str] = {}

    async def post(self, message: ChatMessage) -> str:
        """Post once and return the message's ``ts``.

        A card that Slack cannot show is posted as text, so that it is not lost.
        """
        channel = await self._channel(message.channel)
        rendered = await self._rendered(message, picture=await self._picture(message))
        where = {"channel": channel, "thread_ts": message.thread} if message.thread else {"channel": channel}
        answer = await self._shown(rendered, message, self._client.chat_postMessage, where, may_have_acted=True)
        ts = answer.get("ts")
        if not isinstance(ts, str):
            raise Uncertain("slack: an answer without ts")
        return ts

    async def update(self, message: ChatMessage, message_id: str) -> None:
        """Edit text, blocks and metadata in place."""
        channel = await self._channel(message.channel)
        where = {"channel": channel, "ts": message_id}
        await self._shown(await self._rendered(message), message, self._client.chat_update, where, may_have_acted=False)

    async def find(self, message: ChatMessage, *, since: datetime) -> str | None:
        """Return the ``ts`` of the message with this effect's id in its metadata, from a day before ``since`` on."""
        channel = await self._channel(message.channel)
        wanted: dict[str, Any] = {
            "channel": channel,
            "oldest": f"{(since - CLOCK_DIFFERENCE).timestamp():.6f}",
            "include_all_metadata": True,
            "limit": PAGE,
        }
        method: Callable[..., Awaitable[Any]] = self._client.conversations_history
        if message.thread:
            wanted["ts"] = message.thread
            method = self._client.conversations_replies
        for _ in range(MOST_PAGES):
            try:
                page = await self._called(method(**wanted), may_have_acted=False)
            except Gone:
                return None  # the thread's root is gone, and our answer under it with it
            for found in page.get("messages") or ():
                if _effect_of(found) == message.effect_id:
                    return str(found["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return None
            wanted["cursor"] = cursor
        raise RetryLater("slack: too many messages to look through")

    async def doctor(self) -> Sequence[Finding]:
        """Ask Slack about the token, every configured channel, and every member's id."""
        return await self.examination.findings()

    async def direct_channel(self, member: str) -> str:
        """Return the channel of direct messages with a member (a key)."""
        if member not in self._direct:
            known = self._settings.members.get(member)
            if known is None or known.slack is None:
                advice = say(
                    "{member} has no Slack id in the configuration, so no direct message can be sent.", member=member
                )
                raise Rejected("member without a slack id", for_people=advice)
            answer = await self._called(self._client.conversations_open(users=[known.slack]), may_have_acted=False)
            self._direct[member] = str(answer["channel"]["id"])
        return self._direct[member]

    async def group_members(self, group: str) -> Sequence[str]:
        """Return the keys of the members who are in a Slack user group now. Raises verdicts."""
        answer = await self._called(self._client.usergroups_users_list(usergroup=group), may_have_acted=False)
        members = [self._settings.member_by_slack(str(user)) for user in answer.get("users") or ()]
        return [member.key for member in members if member is not None]

    def slack_id(self, member: str) -> str | None:
        """Return a member's Slack user id."""
        known = self._settings.members.get(member)
        return known.slack if known else None

    async def _channel(self, address: str) -> str:
        kind, _, name = address.partition(":")
        if kind == "member":
            return await self.direct_channel(name)
        if kind != "slack" or not name:
            raise Rejected("not a slack channel")
        return name

    async def _picture(self, message: ChatMessage) -> str | None:
        if not isinstance(message.view, DigestView) or message.view.chart is None:
            return None
        return await self._pictures.uploaded(message.effect_id, message.view.chart, self._reader(message))

    async def permalink(self, channel: str, message_id: str) -> str | None:
        """Return the address of a message in a channel (an address of ours), if Slack says it soon.

        Nothing is raised: a link is a convenience, and what it stands in must not wait or fail for it.
        """
        key = (channel, message_id)
        kind, _, name = channel.partition(":")
        if kind == "slack" and key not in self._permalinks:
            try:
                async with asyncio.timeout(PERMALINK_SECONDS):
                    answer = await self._client.chat_getPermalink(channel=name, message_ts=message_id)
            except SlackApiError as error:
                log.info("no permalink", problem=error_word(error))
                return None
            except UNREADABLE as error:
                log.info("no permalink", problem=type(error).__name__)
                return None
            address = answer.get("permalink")
            if isinstance(address, str):
                while len(self._permalinks) >= MOST_PERMALINKS:
                    del self._permalinks[next(iter(self._permalinks))]
                self._permalinks[key] = address
        return self._permalinks.get(key)

    async def _rendered(self, message: ChatMessage, *, picture: str | None = None) -> Rendered:
        card_url = None
        if isinstance(message.view, PingView) and message.view.over is None and message.view.card is not None:
            card_url = await self.permalink(message.view.card.channel, message.view.card.message_id)
        return render(message, self._reader(message), self.slack_id, picture=picture, card_url=card_url)

    def _reader(self, message: ChatMessage) -> ChatReader:
        now = self._clock.now()
        kind, _, member = message.channel.partition(":")
        lines = isinstance(message.view, NoteView)
        if kind == "member":
            return member_reader(self._settings, self._settings.members.get(member), now, lines=lines)
        return house_reader(self._settings, now, lines=lines)

    async def _shown(
        self, rendered: Rendered, message: ChatMessage, method: Any, where: dict[str, str], *, may_have_acted: bool
    ) -> dict[str, Any]:
        """Call with blocks; if refused, without pictures, which Slack fetches itself; last as text alone.

        A file that was uploaded a moment ago may not be ready: Slack looks it through after it has said yes, and
        refuses a message that shows it until then (github.com/slackapi/java-slack-sdk/issues/1349). It gets some time.
        """
        without_pictures = [block for block in rendered.blocks if block["type"] != "image"]
        tries = [(rendered.text, rendered.blocks), (rendered.text, without_pictures), (rendered.whole, [])]
        if len(without_pictures) == len(rendered.blocks):
            del tries[1]
        pauses = list(PICTURE_PAUSES)
        while tries:
            text, blocks = tries.pop(0)
            arguments: dict[str, Any] = {**where, "text": text, "blocks": blocks, "metadata": rendered.metadata}
            if method == self._client.chat_postMessage:
                arguments |= {"unfurl_links": False, "unfurl_media": False}
            try:
                return await self._called(
                    method(**arguments), may_have_acted=may_have_acted, keep_unshowable=bool(tries)
                )
            except SlackApiError as error:
                where_wrong = pointers(error)
                log.warning(
                    "slack refused the blocks", effect=message.effect_id, kind=message.kind, pointers=where_wrong
                )
                if pauses and any(pointer.endswith("/slack_file") for pointer in where_wrong):
                    await self._clock.sleep(pauses.pop(0))
                    tries.insert(0, (text, blocks))
        raise AssertionError("unreachable")

    async def _called(
        self, call: Awaitable[Any], *, may_have_acted: bool, keep_unshowable: bool = False
    ) -> dict[str, Any]:
        """Wait for an answer.

        Raises verdicts, and ``SlackApiError`` where the blocks are refused and ``keep_unshowable``.
        """
        try:
            answer = await call
        except SlackApiError as error:
            if keep_unshowable and is_unshowable(error):
                raise
            raise verdict(error, now=self._clock.now(), may_have_acted=may_have_acted) from error
        except UNREADABLE as error:
            raise verdict(error, now=self._clock.now(), may_have_acted=may_have_acted) from error
        data: dict[str, Any] = answer.data
        return data


def _effect_of(message: dict[str, Any]) -> str | None:
    metadata = message.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("event_type") != METADATA_EVENT:
        return None
    payload = metadata.get("event_payload")
    effect = payload.get("effect") if isinstance(payload, dict) else None
    return effect if isinstance(effect, str) else None
