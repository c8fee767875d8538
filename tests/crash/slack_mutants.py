"""Planted bugs on the way through Slack: what is easily got wrong with Bolt, with its client, and with cards."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, ClassVar

from slack_bolt.async_app import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.http_retry.builtin_async_handlers import AsyncConnectionErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import Response

from bots.slack.client import web_client
from bots.slack.endpoint import Endpoint
from bots.slack.listeners.events import Events
from bots.slack.listeners.thread_replies import is_thread_reply
from bots.slack.surface import SlackSurface
from escalation.ports import ChatMessage
from models.outbox import Effect
from models.store import Transaction
from models.store.outbox import Outbox
from models.vocabulary import CHAT_EFFECTS
from tests.crash.mutants import Mutant, Storage
from tests.crash.product import Pieces


class AnswersFirst(Endpoint):
    """Answers Slack's clicks and dialogs at once, and gives them to Bolt afterwards."""

    under_way: ClassVar[set[asyncio.Task[Response]]] = set()

    async def _answered(self, request: Request, body: bytes) -> Response:
        self.under_way.add(asyncio.create_task(super()._answered(request, body)))
        return Response()


class EventAnsweredFirst(Events):
    """Takes a ``reply:`` from Slack, and stores it afterwards: Slack does not tell of it again."""

    async def remember(
        self, request: AsyncBoltRequest, body: dict[str, Any], next_: Callable[[], Awaitable[BoltResponse]]
    ) -> BoltResponse | None:
        if not is_thread_reply(body.get("event", {})):
            return await super().remember(request, body, next_)
        self._workplace.later(self._afterwards(request, body, next_))
        return BoltResponse(status=200, body="")

    async def _afterwards(
        self, request: AsyncBoltRequest, body: dict[str, Any], next_: Callable[[], Awaitable[BoltResponse]]
    ) -> None:
        for _ in range(100):  # let the answer leave first, as it does where storing takes its time
            await asyncio.sleep(0)
        await super().remember(request, body, next_)


class NeverFinds(SlackSurface):
    """Does not look for a message whose answer was lost."""

    async def find(self, message: ChatMessage, *, since: datetime) -> str | None:
        return None


def retrying_client(chat: Any) -> AsyncWebClient:
    """Make Slack's client as it comes: it repeats a call whose connection broke."""
    client = web_client(chat)
    client.retry_handlers = [AsyncConnectionErrorRetryHandler()]
    return client


class PostedAgain(Outbox):
    """Takes a dead sender's message to colleagues for one that was never posted."""

    async def doubt(self, effect_id: str, *, token: str | None, now: datetime, not_before: datetime) -> bool:
        kind = (await self._session.exec(select(Effect.kind).where(col(Effect.id) == effect_id))).one()
        if kind not in CHAT_EFFECTS:
            return await super().doubt(effect_id, token=token, now=now, not_before=not_before)
        await self.again(effect_id, token=token, now=now)
        return False


class CardPostedAgain(Storage):
    def replace(self, tx: Transaction) -> None:
        tx.outbox = PostedAgain(tx.session)


SLACK_MUTANTS: tuple[Mutant, ...] = (
    Mutant("a click is answered before it is stored", Pieces(endpoint=AnswersFirst), near="answer to slack click"),
    Mutant(
        "a reply in the thread is answered before it is stored",
        Pieces(events=EventAnsweredFirst),
        story="crossed",
        near="answer to slack event message of a person",
    ),
    Mutant("a message of unknown outcome is not looked for", Pieces(surface=NeverFinds), ("reset after",)),
    Mutant("Slack's client repeats by itself", Pieces(slack_client=retrying_client), ("reset after",)),
    Mutant("a dead sender's card is posted again", Pieces(storage=CardPostedAgain), near="chat.postMessage card"),
)
