"""The world outside the product: a network, a chat and the people in both. It survives every crash of the product.

It lives in a process of its own and speaks HTTP on loopback only. Its time is virtual: it stands still until the product
moves it, so that leases and quarantines pass in no time and a late act happens exactly when it should.
"""

import asyncio
import contextlib
import heapq
import itertools
import json
import os
import signal
import socket
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bots.sandbox.network import FaultScript, Network, Rules, create_network_app
from bots.sandbox.network.doors import Doors
from bots.sandbox.network.records import Subscription
from tests.crash.people import People

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


class Chat:
    """What stands in the chat's channels. Messages are rows; ``faults`` strike its API like the network's."""

    def __init__(self, clock: WorldClock) -> None:
        self.clock = clock
        self.faults = FaultScript()
        self.calls: deque[Any] = deque(maxlen=10_000)
        self.messages: dict[str, dict[str, Any]] = {}
        self._numbers = itertools.count(1)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/api/post/{kind}", self.post, methods=["POST"]),
                Route("/api/update/{id}", self.update, methods=["POST"]),
                Route("/api/find/{effect}", self.find),
            ],
            middleware=[Middleware(Doors, network=self)],
        )

    async def post(self, request: Request) -> Response:
        row = json.loads(await request.body())
        row["id"] = f"{next(self._numbers)}.0"
        row["at"] = self.clock.now().isoformat()
        self.messages[row["id"]] = row
        return JSONResponse({"id": row["id"]})

    async def update(self, request: Request) -> Response:
        row = self.messages.get(request.path_params["id"])
        if row is None:
            return JSONResponse({}, 404)
        changed = json.loads(await request.body())
        row["view"] = changed["view"]
        return JSONResponse({"id": row["id"]})

    async def find(self, request: Request) -> Response:
        found = [row["id"] for row in self.messages.values() if row["effect"] == request.path_params["effect"]]
        return JSONResponse({"id": found[0] if found else None})


class World:
    """Everything outside, renewed for every run."""

    def __init__(self, product_url: str, story: str) -> None:
        self.clock = WorldClock()
        self.network = Network(
            clock=self.clock, rules=Rules(max_characters=LIMIT, idempotency="ignored"), public_url="http://network.test"
        )
        self.network.add_account(BRAND, name="Acme", kind="brand", token=TOKEN)
        self.network.add_account(CUSTOMER, name="Ada")
        self.network.deliveries.subscriptions[BRAND] = Subscription(
            account=BRAND, url=f"{product_url}/hooks/{BRAND}", secret=SECRET
        )
        self.chat = Chat(self.clock)
        self.people = People(self.network, self.chat, product_url=product_url, story=story)
        self.apps = {"network": create_network_app(self.network), "chat": self.chat.app()}

    def state(self) -> dict[str, Any]:
        """Return what really stands outside, and what was acknowledged."""
        return {
            "posts": [
                {"id": post.id, "text": post.text, "in_reply_to": post.in_reply_to, "at": post.at.isoformat()}
                for post in self.network.posts_by(BRAND)
            ],
            "customer": [post.id for post in self.network.posts_by(CUSTOMER)],
            "delivered": [one.id for one in self.network.deliveries.log if one.state == "delivered"],
            "lost": [one.id for one in self.network.deliveries.log if one.state != "delivered"],
            "messages": list(self.chat.messages.values()),
            "acknowledged": self.people.acknowledged,
            "approved": self.people.approved,
            "edited_at": self.people.edited_at,
            "idle": self.people.idle,
        }

    async def close(self) -> None:
        await self.network.close()
        await self.people.close()


class Server:
    """The HTTP doors of whichever world is the present one."""

    def __init__(self, product_url: str) -> None:
        self._product_url = product_url
        self.world = World(product_url, "main")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        for name, app in self.world.apps.items():
            if path.startswith(f"/{name}/"):
                await app({**scope, "root_path": f"/{name}"}, receive, send)
                return
        await self._control(scope, receive, send)

    @property
    def _control(self) -> Starlette:
        return Starlette(routes=[
            Route("/reset", self._reset, methods=["POST"]),
            Route("/state", self._state),
            Route("/act", self._act, methods=["POST"]),
            Route("/advance", self._advance, methods=["POST"]),
        ])

    async def _reset(self, request: Request) -> Response:
        asked = json.loads(await request.body())
        await self.world.close()
        self.world = World(self._product_url, asked["story"])
        for line in asked["network_faults"]:
            self.world.network.faults.add_row(line)
        for line in asked["chat_faults"]:
            self.world.chat.faults.add_row(line)
        return JSONResponse({"at": self.world.clock.now().isoformat()})

    async def _state(self, _: Request) -> Response:
        return JSONResponse(self.world.state())

    async def _act(self, _: Request) -> Response:
        with contextlib.suppress(httpx.HTTPError):  # the product died at it; people see an error and look again later
            return JSONResponse({"did": await self.world.people.act_next()})
        return JSONResponse({"did": "failed"})

    async def _advance(self, request: Request) -> Response:
        asked = json.loads(await request.body())
        return JSONResponse({"at": (await self.world.clock.advance(asked["seconds"])).isoformat()})


def start_world(product_url: str) -> tuple[int, str]:
    """Fork the world's process; return its id and its address. Call it before anything starts threads or a loop."""
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    child = os.fork()
    if child:
        listening.close()
        return child, url
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        config = uvicorn.Config(Server(product_url), log_config=None, lifespan="off", access_log=False)
        asyncio.run(uvicorn.Server(config).serve(sockets=[listening]))
    finally:
        os._exit(0)
