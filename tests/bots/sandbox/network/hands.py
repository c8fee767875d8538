"""What the tests of the imaginary network share: time by hand, a receiver of webhooks, a real server on loopback."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
PREFIX = "/sandbox/network"


class HandClock:
    """Time that stands still until it is moved; sleepers wake in the order of their time."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at
        self._sleepers: list[tuple[datetime, asyncio.Event]] = []

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.Event()
        self._sleepers.append((self.at + timedelta(seconds=seconds), woken))
        await woken.wait()

    async def advance(self, seconds: float) -> None:
        """Move on; everything due on the way happens, and what follows from it."""
        await settle()
        end = self.at + timedelta(seconds=seconds)
        while due := sorted((row for row in self._sleepers if row[0] <= end), key=lambda row: row[0]):
            self.at = due[0][0]
            self._sleepers.remove(due[0])
            due[0][1].set()
            await settle()
        self.at = end
        await settle()


async def settle() -> None:
    """Let everything that can go on go on."""
    for _ in range(60):
        await asyncio.sleep(0)


class Receiver:
    """Takes webhooks; answers the statuses it was told to, then 200."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.echoes = True
        self.app = Starlette(routes=[Route("/hooks/acme", self.hook, methods=["GET", "POST"])])

    async def hook(self, request: Request) -> Response:
        if request.method == "GET":
            return PlainTextResponse(request.query_params["challenge"] if self.echoes else "hello")
        self.got.append((dict(request.headers), await request.body()))
        return Response(status_code=self.statuses.pop(0) if self.statuses else 200)

    def kinds(self) -> list[list[str]]:
        """The kinds of the notifications in each delivery, in the order they came."""
        bodies = [httpx.Response(200, content=body).json() for _, body in self.got]
        return [[event["kind"] for event in body["events"]] for body in bodies]


@contextlib.asynccontextmanager
async def served(app: ASGIApp, *, http: str = "auto") -> AsyncIterator[str]:
    """Serve ``app`` under the prefix by a plain uvicorn; give its address."""
    mounted = Starlette(routes=[Mount(PREFIX, app)])
    config = uvicorn.Config(
        mounted, port=0, http=http, lifespan="off", log_config=None, timeout_graceful_shutdown=1, access_log=False
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event for it
        await asyncio.sleep(0)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}{PREFIX}"
    finally:
        server.should_exit = True
        await running
