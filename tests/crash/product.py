"""The product under test: the real core, connector and web hook over one database; it plays until all is quiet."""

import asyncio
import json
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import httpx
import uvicorn
from pydantic import TypeAdapter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bots.hooks import hook_routes
from connectors.base import BaseUrl, ConnectorSettings, HttpConnector
from connectors.sandbox import SandboxConnector
from connectors.sandbox import Settings as SandboxSettings
from escalation import commands as c
from escalation.courier import Courier
from escalation.desk import Delivery, Desk
from escalation.inbox import Inbox
from escalation.ports import ChatMessage, Finding
from escalation.rulebook import Rulebook
from escalation.secret import SecretSource
from escalation.settings import Settings, parse_settings
from escalation.sweeper import Sweeper
from escalation.views import ApprovalView, CardView, View
from models.database import Database
from models.mention import Inbound
from models.vocabulary import CHAT_EFFECTS, NETWORK_EFFECTS, CaseState, DraftSource, EffectState
from tests.crash.boundaries import Boundaries, StallingTransport, WatchedTransport
from tests.crash.world import WorldLink, WorldProcess
from tests.house import CONFIGURATION

_JUMPS = (1, 1, 3, 10, 31, 61, 61, 61, 301, 601)
_MOST_ACTS = 8
_ROUNDS = 60
_WAITING = (EffectState.READY, EffectState.SENDING, EffectState.UNKNOWN)


def crash_settings(world_url: str, *, idempotency: str = "lookup") -> Settings:
    """Return the configuration of the usual house with one account on the sandbox network."""
    head = CONFIGURATION.split("[accounts.acme]", maxsplit=1)[0]
    account = f"""
[accounts.acme]
connector = "sandbox"
base_url = "{world_url}/network"
access_token = {{ env = "TOKEN" }}
webhook_secret = {{ env = "SECRET" }}
idempotency = "{idempotency}"
"""
    environ = {"SLACK_BOT_TOKEN": "x", "SLACK_SIGNING_SECRET": "x", "TOKEN": "acme-token", "SECRET": "webhook-secret"}
    source = SecretSource(environ=environ, folder=Path())
    return parse_settings(
        head + account, file="portavoce.toml", source=source, connector_settings={"sandbox": SandboxSettings}
    )


class WorldTime:
    """The world's time as this process last heard of it."""

    def __init__(self, world: WorldLink) -> None:
        self._world = world
        self.at = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        await self.forward(seconds)

    async def forward(self, seconds: float) -> None:
        self.at = datetime.fromisoformat((await self._world.tell("advance", seconds=seconds))["at"])


class ChatSettings(ConnectorSettings):
    base_url: BaseUrl


_ID = TypeAdapter(dict[str, str | None])


class HttpChat(HttpConnector[ChatSettings]):
    """A surface that speaks to the world's chat over HTTP; what failed on the way is judged like a network's answer."""

    name: ClassVar[str] = "slack"
    label: ClassVar[str] = "Chat"
    settings_model: ClassVar[type[ConnectorSettings]] = ChatSettings

    async def post(self, message: ChatMessage) -> str:
        row = {
            "effect": message.effect_id,
            "kind": message.kind,
            "channel": message.channel,
            "case": message.case_id,
            "thread": message.thread,
            "view": _shown(message.view),
        }
        return str((await self.send("POST", f"/api/post/{message.kind}", _ID, json=row)).body["id"])

    async def update(self, message: ChatMessage, message_id: str) -> None:
        await self.send("POST", f"/api/update/{message_id}", _ID, json={"view": _shown(message.view)})

    async def find(self, message: ChatMessage, *, since: datetime) -> str | None:
        return (await self.read(f"/api/find/{message.effect_id}", _ID)).body["id"]

    async def doctor(self) -> Sequence[Finding]:
        return ()


def _shown(view: View) -> dict[str, Any]:
    if isinstance(view, CardView):
        return {
            "case": view.case_id,
            "case_version": view.case_version,
            "actions": [action.act.value for action in view.actions],
            "answer_field": view.answer_field,
            "field_key": view.field_key,
            "status": view.status.text,
        }
    if isinstance(view, ApprovalView):
        return {
            "case": view.case_id,
            "case_version": view.case_version,
            "actions": [action.act.value for action in view.actions],
            "draft_version": view.draft_version,
            "draft_hash": view.draft_hash,
            "context_version": view.context_version,
            "parts": list(view.parts),
            "status": view.status.text,
        }
    return {"sentence": view.sentence.text}


class Acts:
    """``POST /acts``: what people do in the chat. A submitted answer goes through the inbox, as typed messages do."""

    def __init__(self, desk: Desk, inbox: Inbox) -> None:
        self.desk = desk
        self.inbox = inbox
        self.background: set[asyncio.Task[None]] = set()

    async def act(self, request: Request) -> Response:
        body = await request.body()
        asked = json.loads(body)
        delivery = Delivery(f"chat:{asked['id']}", "chat", "", body)
        if asked["act"] == "submit":
            if await self.inbox.store(delivery):
                self._later(Inbound(key=delivery.key, body=body))
            return JSONResponse({"done": True})
        outcome = await self.desk.handle(
            asked["card"]["case"], self.command(asked), actor=asked["member"], delivery=delivery
        )
        return JSONResponse({"done": outcome.done, "refusal": str(outcome.refusal)})

    async def replay(self, row: Inbound) -> None:
        asked = json.loads(row.body)
        delivery = Delivery(row.key, "chat", "", row.body, stored=True)
        await self.desk.handle(asked["card"]["case"], self.command(asked), actor=asked["member"], delivery=delivery)

    def command(self, asked: Mapping[str, Any]) -> c.Command:
        card = asked["card"]
        match asked["act"]:
            case "claim":
                return c.Claim()
            case "submit":
                return c.SubmitDraft(asked["text"], DraftSource.FIELD)
            case _:
                return c.Approve(c.DraftSeen(card["draft_version"], card["draft_hash"], card["context_version"]))

    def _later(self, row: Inbound) -> None:
        task = asyncio.create_task(self.replay(row))
        self.background.add(task)

    async def finish(self) -> None:
        while self.background:
            await self.background.pop()


@dataclass(frozen=True)
class Pieces:
    """The classes the product is put together from; a planted bug replaces one of them."""

    desk: type[Desk] = Desk
    courier: type[Courier] = Courier
    connector: type[SandboxConnector] = SandboxConnector
    chat: type[HttpChat] = HttpChat
    transport: type[WatchedTransport] = WatchedTransport
    acts: type[Acts] = Acts
    storage: Callable[[Database], Any] = lambda database: database


@dataclass
class Product:
    """One process of the product."""

    database: Database
    clock: WorldTime
    desk: Desk
    couriers: list[Courier]
    sweeper: Sweeper
    inbox: Inbox
    acts: Acts
    connectors: list[HttpConnector[Any]]
    web: Starlette
    _served: list[Any] = field(default_factory=list)

    async def work(self) -> int:
        """Do everything that is due now; return how much it was."""
        done = 0
        await self.acts.finish()
        for courier in self.couriers:
            done += await courier.drain()
        done += await self.sweeper.sweep()
        return done + await self.inbox.take_up({"chat": self.acts.replay})

    async def is_quiet(self) -> bool:
        async with self.database.read() as tx:
            effects = await tx.outbox.list(states=_WAITING, limit=1)
            return not effects and not await tx.intake.count_unhandled()

    async def is_answered(self) -> bool:
        async with self.database.read() as tx:
            return bool(await tx.cases.list(states=[CaseState.ANSWERED]))

    async def is_relaying(self) -> bool:
        async with self.database.read() as tx:
            return bool(await tx.cases.list(states=[CaseState.RELAYING]))

    async def close(self) -> None:
        for connector in self.connectors:
            await connector.close()
        await self.database.close()


def build_product(
    database: Database,
    settings: Settings,
    *,
    world_url: str,
    clock: WorldTime,
    boundaries: Boundaries,
    pieces: Pieces,
    answer_within: float,
) -> Product:
    """Wire the product as its composition root does, with boundaries on every way out."""
    storage = pieces.storage(database)
    connector = pieces.connector(
        "acme", settings.accounts["acme"].settings, clock=clock, transport=pieces.transport(boundaries)
    )
    chat = pieces.chat(
        "chat", ChatSettings(base_url=f"{world_url}/chat"), clock=clock, transport=pieces.transport(boundaries)
    )
    for one in (connector, chat):
        one._client.timeout = httpx.Timeout(answer_within, connect=3)
    desk = pieces.desk(storage, Rulebook(settings, {"acme": connector}), clock)
    couriers = [
        pieces.courier(desk=desk, surfaces={"slack": chat}, kinds=kinds) for kinds in (CHAT_EFFECTS, NETWORK_EFFECTS)
    ]
    inbox = Inbox(storage, clock)
    acts = pieces.acts(desk, inbox)
    web = Starlette(routes=[*hook_routes(desk, inbox), Route("/acts", acts.act, methods=["POST"])])
    return Product(database, clock, desk, couriers, Sweeper(desk), inbox, acts, [connector, chat], web)


async def play(
    database: Database,
    settings: Settings,
    *,
    world: WorldProcess,
    listening: socket.socket,
    boundaries: Boundaries,
    pieces: Pieces,
    answer_within: float = 2.0,
    late: bool = False,
) -> bool:
    """Start the product and go on until the reply stands and all is quiet; ``False`` if that never happens."""
    link = await WorldLink.open(world.port)
    clock = WorldTime(link)
    await clock.forward(0)
    database._writer = asyncio.Lock()  # the engine is older than this process's event loop
    product = build_product(
        database,
        settings,
        world_url=world.url,
        clock=clock,
        boundaries=boundaries,
        pieces=pieces,
        answer_within=answer_within,
    )
    config = uvicorn.Config(
        boundaries.around(product.web), log_config=None, lifespan="off", access_log=False, ws="none"
    )
    server = uvicorn.Server(config)
    server.capture_signals = _no_signals  # type: ignore[method-assign]
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        for connector in product.connectors:
            if isinstance(connector, SandboxConnector):
                await connector.prepare()
        if late:
            await come_back_late(product, link)
        return await until_quiet(product, link)
    finally:
        server.should_exit = True
        await serving
        await product.close()
        await link.close()


async def until_quiet(product: Product, link: WorldLink) -> bool:
    """Let everybody go on, and time with them, until nobody has anything left to do."""
    jump = 0
    for _ in range(_ROUNDS):
        done = await product.work()
        idle = False
        for _ in range(_MOST_ACTS):
            if idle := (await link.tell("act"))["did"] is None:
                break
            done += 1 + await product.work()
        jump = 0 if done else jump + 1
        if idle and not done and await product.is_quiet() and await product.is_answered():
            return True
        await product.clock.forward(_JUMPS[min(jump, len(_JUMPS) - 1)])
    return False


async def come_back_late(product: Product, link: WorldLink) -> None:
    """Play up to the relay; there one sender stalls past its lease, a second takes over, and then the first comes back.

    The first sender's call never reaches the network and says so only while the second one's call is under way.
    """
    chat, first = product.couriers
    second = type(first)(desk=product.desk, surfaces={}, kinds=NETWORK_EFFECTS)
    transport = next(one for one in product.connectors if isinstance(one, SandboxConnector))._client._transport
    assert isinstance(transport, StallingTransport)
    while not await product.is_relaying():
        await link.tell("act")
        await product.acts.finish()
        await chat.drain()
        await product.clock.forward(1)
    await product.clock.forward(5)
    stalled = asyncio.create_task(first.drain())
    await transport.first.arrived.wait()
    for seconds in (121, 121, 31):
        await product.clock.forward(seconds)
        taking_over = asyncio.create_task(second.drain())
        waiting = asyncio.create_task(transport.second.arrived.wait())
        await asyncio.wait({taking_over, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
    transport.first.go_on.set()
    await stalled
    transport.second.go_on.set()
    await taking_over


class _no_signals:  # noqa: N801 - stands in for a method of uvicorn that returns a context manager
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...
