"""The product under test: what ``bots.app.build`` wires, over one database; it plays until all is quiet.

Nothing of the product is wired here. A run replaces names in the modules that wire it, in a process that is forked for
this run alone: the database, whose engine is older than the process, the two ways out, which are watched, and the one
piece in whose place a planted bug stands.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from slack_sdk.web.async_client import AsyncWebClient

import bots.app
import bots.slack.app
import bots.slack.endpoint
from bots.app import App
from bots.slack.client import web_client
from bots.slack.endpoint import Endpoint
from bots.slack.listeners.events import Events
from bots.slack.surface import SlackSurface
from connectors.sandbox import SandboxConnector
from connectors.sandbox import Settings as SandboxSettings
from escalation.courier import Courier
from escalation.desk import Desk
from escalation.secret import SecretSource
from escalation.settings import Settings, parse_settings
from models.database import Database
from models.vocabulary import NETWORK_EFFECTS, CaseState, EffectState
from tests.crash.boundaries import Boundaries
from tests.crash.people import BOT_TOKEN, SIGNING_SECRET
from tests.crash.wires import StallingTransport, WatchedTransport, watch_slack
from tests.crash.world import SECRET, TOKEN, WorldLink, WorldProcess
from tests.house import CONFIGURATION

_JUMPS = (1, 1, 3, 10, 31, 61, 61, 61, 301, 601)
_MOST_ACTS = 8
_ROUNDS = 200  # only the end of a story that goes round in circles; the longest good ones need about forty
_LONGEST = timedelta(hours=1)  # of the story's own time; the longest good ones come to rest within half an hour
_WAITING = (EffectState.READY, EffectState.SENDING, EffectState.UNKNOWN)


def crash_settings(world_url: str, *, idempotency: str = "lookup") -> Settings:
    """Return the configuration of the usual house with one account on the sandbox network."""
    head = CONFIGURATION.split("[accounts.acme]", maxsplit=1)[0]
    text = f"""{head.replace("[members.anna]", f'api_url = "{world_url}/slack/api/"{chr(10)}[members.anna]', 1)}
[accounts.acme]
connector = "sandbox"
base_url = "{world_url}/network"
access_token = {{ env = "TOKEN" }}
webhook_secret = {{ env = "SECRET" }}
idempotency = "{idempotency}"
"""
    environ = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_SIGNING_SECRET": SIGNING_SECRET, "TOKEN": TOKEN, "SECRET": SECRET}
    source = SecretSource(environ=environ, folder=Path())
    return parse_settings(text, file="portavoce.toml", source=source, connector_settings={"sandbox": SandboxSettings})


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


@dataclass(frozen=True)
class Pieces:
    """The classes that the product is put together from; a planted bug replaces one of them.

    ``slack_client`` makes Slack's client from its settings; ``storage`` wraps the database.
    """

    desk: type[Desk] = Desk
    courier: type[Courier] = Courier
    connector: type[SandboxConnector] = SandboxConnector
    transport: type[WatchedTransport] = WatchedTransport
    endpoint: type[Endpoint] = Endpoint
    events: type[Events] = Events
    surface: type[SlackSurface] = SlackSurface
    slack_client: Callable[[Any], AsyncWebClient] = web_client
    storage: Callable[[Database], Any] = lambda database: database

    def put_in(self, database: Database, boundaries: Boundaries, answer_within: float) -> None:
        """Let ``bots.app.build`` find these pieces, from now on, in this process."""
        connector = partial(self.connector, transport=self.transport(boundaries))
        replaced: Mapping[Any, Mapping[str, Any]] = {
            bots.app: {
                "Desk": self.desk,
                "Courier": self.courier,
                "Database": lambda *_, **_more: self.storage(database),
                "registry": lambda: {"sandbox": connector},
            },
            bots.slack.app: {
                "Events": self.events,
                "SlackSurface": self.surface,
                "web_client": lambda chat: watch_slack(
                    self.slack_client(chat), boundaries, answer_within=answer_within
                ),
            },
            bots.slack.endpoint: {"Endpoint": self.endpoint},
        }
        for module, names in replaced.items():
            vars(module).update(names)


@dataclass(frozen=True)
class Product:
    """One process of the product, worked by hand instead of by its timers: the same rounds in the same order."""

    app: App
    clock: WorldTime
    connector: SandboxConnector

    async def work(self) -> int:
        """Do everything that is due now; return how much it was."""
        app, done = self.app, await self.show()
        done += await app.couriers["networks"].drain()
        done += await app.sweeper.sweep()
        done += await app.inbox.take_up({"slack": self._slack.replay})
        return done + await self.show()

    async def show(self) -> int:
        """Bring what is due before people's eyes; return how much it was."""
        await self.finish()
        return await self.app.couriers["chat"].drain()

    async def finish(self) -> None:
        """Finish what follows acknowledgements."""
        while busy := set(self._slack.workplace.busy):
            await asyncio.wait(busy)

    @property
    def _slack(self) -> bots.slack.app.Slack:
        assert self.app.slack is not None
        return self.app.slack

    async def is_quiet(self) -> bool:
        async with self.app.database.read() as tx:
            effects = await tx.outbox.list(states=_WAITING, limit=1)
            return not effects and not await tx.intake.count_unhandled()

    async def stands(self, state: CaseState) -> bool:
        """Tell whether a case is in a state."""
        async with self.app.database.read() as tx:
            return bool(await tx.cases.list(states=[state]))

    async def close(self) -> None:
        if (session := self._slack.workplace.client.session) is not None:
            await session.close()
        await self.app.close()


async def play(
    database: Database,
    settings: Settings,
    *,
    world: WorldProcess,
    listening: socket.socket,
    boundaries: Boundaries,
    pieces: Pieces,
    answer_within: float,
    late: bool = False,
) -> bool:
    """Start the product and go on until the reply stands and all is quiet; ``False`` if that never happens."""
    link = await WorldLink.open(world.port)
    clock = WorldTime(link)
    await clock.forward(0)
    database._writer = asyncio.Lock()  # the engine is older than this process's event loop
    pieces.put_in(database, boundaries, answer_within)
    app = bots.app.build(settings, clock=clock)
    connector = app.connectors["acme"]
    assert isinstance(connector, SandboxConnector)
    connector._client.timeout = httpx.Timeout(answer_within, connect=3)
    product = Product(app, clock, connector)
    try:
        await app.prepare()
        async with _serving(boundaries, app, listening):
            if late:
                await come_back_late(product, link)
            return await until_quiet(product, link)
    finally:
        await product.close()
        await link.close()


@contextlib.asynccontextmanager
async def _serving(boundaries: Boundaries, app: App, listening: socket.socket) -> Any:
    config = uvicorn.Config(boundaries.around(app.web), log_config=None, lifespan="off", access_log=False, ws="none")
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[assignment, method-assign]
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving


async def until_quiet(product: Product, link: WorldLink) -> bool:
    """Let everybody go on, and time with them, until nobody has anything left to do."""
    jump, until = 0, product.clock.now() + _LONGEST
    for _ in range(_ROUNDS):
        if product.clock.now() > until:
            return False
        done = await product.work()
        idle = False
        for _ in range(_MOST_ACTS):
            told = await link.tell("act")
            if told["did"] is None:
                idle = told["idle"]
                break
            done += 1 + await product.show()
        jump = 0 if done else jump + 1
        if idle and not done and await product.is_quiet() and await product.stands(CaseState.ANSWERED):
            return True
        await product.clock.forward(_JUMPS[min(jump, len(_JUMPS) - 1)])
    return False


async def come_back_late(product: Product, link: WorldLink) -> None:
    """Play up to the relay; there one sender stalls past its lease, a second takes over, and then the first comes back.

    The first sender's call never reaches the network and says so only while the second one's call is under way.
    """
    chat, first = product.app.couriers["chat"], product.app.couriers["networks"]
    second = type(first)(desk=product.app.desk, surfaces={}, kinds=NETWORK_EFFECTS)
    transport = product.connector._client._transport
    assert isinstance(transport, StallingTransport)
    while not await product.stands(CaseState.RELAYING):
        await link.tell("act")
        await product.finish()
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
