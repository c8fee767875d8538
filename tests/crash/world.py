"""The world outside the product: a network, a workspace and the people in both. It survives every crash of the product.

It lives in a process of its own and speaks HTTP on loopback only. Its time is virtual: it stands still until the
product moves it, so that leases and quarantines pass in no time and a late act happens exactly when it should.
"""

import asyncio
import contextlib
import heapq
import itertools
import json
import os
import signal
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import uvicorn
from starlette.types import Receive, Scope, Send

from bots.sandbox.network import Network, Rules, create_network_app
from bots.sandbox.network.records import Subscription
from bots.sandbox.workspace import Workspace, create_workspace_app
from bots.sandbox.workspace.records import Channel
from tests.crash.people import EDITED, QUESTION, People, workspace_seed

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BRAND, CUSTOMER = "acme", "ada"
TOKEN, SECRET = "acme-token", "webhook-secret"
LIMIT = 40  # characters of one post, so that the answers need two


class WorldClock:
    """Time that moves only by ``advance``; whoever sleeps is woken in the order of their due times."""

    def __init__(self) -> None:
        self.at = MONDAY
        self._numbers = itertools.count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.at + timedelta(seconds=seconds), next(self._numbers), future))
        if seconds <= 0:
            await self.advance(0)
        await future

    async def advance(self, seconds: float) -> datetime:
        """Move on; what was due meanwhile has been done when this returns (except for calls that leave the world)."""
        until = self.at + timedelta(seconds=seconds)
        while self._sleepers and self._sleepers[0][0] <= until:
            due, _, future = heapq.heappop(self._sleepers)
            self.at = max(self.at, due)
            if not future.done():
                future.set_result(None)
            for _ in range(30):
                await asyncio.sleep(0)
        self.at = until
        return until


class World:
    """Everything outside, renewed for every run."""

    def __init__(self, own_url: str, product_url: str, story: str) -> None:
        self.clock = WorldClock()
        self._http = _client()
        self.network = Network(
            clock=self.clock,
            rules=Rules(max_characters=LIMIT, idempotency="ignored"),
            public_url="http://network.test",
            webhook_transport=httpx.AsyncHTTPTransport(verify=False),
        )
        self.network.add_account(BRAND, name="Acme", kind="brand", token=TOKEN)
        self.network.add_account(CUSTOMER, name="Ada")
        self.network.deliveries.subscriptions[BRAND] = Subscription(
            account=BRAND, url=f"{product_url}/hooks/{BRAND}", secret=SECRET
        )
        self.workspace = Workspace(
            workspace_seed(),
            clock=self.clock,
            deliver_to=f"{product_url}/slack/events",
            own_url=f"{own_url}/slack",
            http=self._http,
        )
        self.people = People(self.network, self.workspace, story=story)
        self.apps = {"network": create_network_app(self.network), "slack": create_workspace_app(self.workspace)}

    def state(self) -> dict[str, Any]:
        """Return what really stands outside, and what was acknowledged."""
        return {
            "posts": [
                {"id": post.id, "text": post.text, "in_reply_to": post.in_reply_to, "at": post.at.isoformat()}
                for post in self.network.posts_by(BRAND)
            ],
            "customer": [post.id for post in self.network.posts_by(CUSTOMER)],
            "questions": [QUESTION, EDITED] if self.people.edited else [QUESTION],
            "delivered": [one.id for one in self.network.deliveries.log if one.state == "delivered"],
            "lost": [one.id for one in self.network.deliveries.log if one.state != "delivered"],
            "messages": [
                {**self.workspace.shown(message, with_metadata=True), "channel": self._address(channel)}
                for channel in self.workspace.channels.values()
                for message in channel.messages.values()
                if message.bot_id
            ],
            "acknowledged": self.people.acknowledged,
            "approved": self.people.approved,
            "idle": self.people.idle,
        }

    def _address(self, channel: Channel) -> str:
        """Return what the product calls a channel; a direct conversation is its member."""
        return (
            f"member:{self.workspace.people[channel.members[0]].name}" if channel.is_direct else f"slack:{channel.id}"
        )

    async def close(self) -> None:
        await self.network.close()
        await self.workspace.close()
        await self._http.aclose()


def _client() -> httpx.AsyncClient:
    """Return what carries Slack's deliveries: each on a connection of its own, for the product dies in between."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    return httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(verify=False, limits=limits), timeout=30)


class Server:
    """The HTTP doors of whichever world is the present one."""

    def __init__(self, own_url: str, product_url: str) -> None:
        self._urls = own_url, product_url
        self.world = World(*self._urls, "main")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        for name, app in self.world.apps.items():
            if path.startswith(f"/{name}/"):
                await app({**scope, "root_path": f"/{name}"}, receive, send)
                return

    async def control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the harness: one JSON object a line, both ways."""
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                asked = json.loads(line)
                answer = await getattr(self, "_" + asked.pop("what"))(**asked)
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        writer.close()

    async def _reset(self, story: str, network_faults: list[Any], slack_faults: list[Any]) -> dict[str, Any]:
        await self.world.close()
        self.world = World(*self._urls, story)
        for line in network_faults:
            self.world.network.faults.add_row(line)
        self.world.workspace.faults.script(slack_faults)
        return {}

    async def _state(self) -> dict[str, Any]:
        return self.world.state()

    async def _act(self) -> dict[str, Any]:
        did = await self.world.people.act_next()
        return {"did": did, "idle": self.world.people.idle, "at": self.world.clock.now().isoformat()}

    async def _advance(self, seconds: float) -> dict[str, Any]:
        return {"at": (await self.world.clock.advance(seconds)).isoformat()}


@dataclass(frozen=True)
class WorldProcess:
    """Where the world is reached: its process, its HTTP address, and the port of the harness's own line."""

    process: int
    url: str
    port: int


def start_world(product_url: str) -> WorldProcess:
    """Fork the world's process. Call it before anything starts threads or a loop."""
    doors, control = (socket.create_server(("127.0.0.1", 0), backlog=200) for _ in range(2))
    ports = doors.getsockname()[1], control.getsockname()[1]
    child = os.fork()
    if child:
        doors.close()
        control.close()
        return WorldProcess(child, f"http://127.0.0.1:{ports[0]}", ports[1])
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        asyncio.run(_serve(f"http://127.0.0.1:{ports[0]}", product_url, doors, control))
    finally:
        os._exit(0)


async def _serve(own_url: str, product_url: str, doors: socket.socket, control: socket.socket) -> None:
    server = Server(own_url, product_url)
    line = await asyncio.start_server(server.control, sock=control)
    async with line:
        await uvicorn.Server(uvicorn.Config(server, log_config=None, lifespan="off", access_log=False)).serve(
            sockets=[doors]
        )


class WorldLine:
    """The harness's own line to the world from a process without an event loop."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._file = self._socket.makefile("rwb")

    def tell(self, what: str, **values: Any) -> dict[str, Any]:
        self._file.write(json.dumps({"what": what, **values}).encode() + b"\n")
        self._file.flush()
        answer: dict[str, Any] = json.loads(self._file.readline())
        return answer

    def close(self) -> None:
        self._file.close()
        self._socket.close()


class WorldLink:
    """The same line from a process with an event loop. No boundary lies on it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> "WorldLink":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def tell(self, what: str, **values: Any) -> dict[str, Any]:
        self._writer.write(json.dumps({"what": what, **values}).encode() + b"\n")
        answer: dict[str, Any] = json.loads(await self._reader.readline())
        return answer

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()
