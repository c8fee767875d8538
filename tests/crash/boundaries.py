"""Every place at which a process may die between two facts: commits, wires, web answers. Counted first, then armed."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COMMIT, WIRE, WEB = "commit", "wire", "web"
BEFORE, STATEMENT = "before", "statement"
FACTS = frozenset({COMMIT, WIRE, WEB})
"""Boundaries behind which something outside this process has become different: a commit, bytes on a wire, an answer."""
COARSE = FACTS | {BEFORE}
"""And those in front: a death there leaves what the boundary before left, which runs under one fault show enough."""
FINE = COARSE | {STATEMENT}
"""And every changing statement inside a transaction."""


class Boundaries:
    """Counts boundaries of the wanted kinds and kills this process, without any farewell, at number ``kill_at``.

    Every name is told to ``note`` first, so that whoever survives knows where it happened.
    """

    def __init__(
        self, *, kill_at: int = 0, kinds: frozenset[str] = COARSE, note: Callable[[str], None] = lambda _: None
    ) -> None:
        self.kill_at = kill_at
        self.kinds = kinds
        self.count = 0
        self._note = note

    def reach(self, kind: str, name: str) -> None:
        if kind not in self.kinds:
            return
        self.count += 1
        if self.count == self.kill_at or not self.kill_at:
            self._note(f"{kind}: {name}")
        if self.count == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    # --- the database

    def watch_engine(self, engine: AsyncEngine) -> None:
        """Hook into every commit, and into every changing statement before it; a transaction is named by its tables."""
        dialect = engine.sync_engine.dialect
        commit = dialect.do_commit

        @event.listens_for(engine.sync_engine, "begin")
        def _began(connection: Any) -> None:
            connection.info["changed"] = []

        @event.listens_for(engine.sync_engine, "after_cursor_execute")
        def _executed(connection: Any, _u: Any, statement: str, *_: Any) -> None:
            words = statement.replace('"', "").split(None, 3)
            if words[0] in {"INSERT", "UPDATE", "DELETE"}:
                table = words[1] if words[0] == "UPDATE" else words[2]
                connection.info["changed"].append(table)
                self.reach(STATEMENT, f"{words[0]} {table}")

        def do_commit(connection: Any) -> None:
            name = " ".join(dict.fromkeys(connection.info.get("changed", [])))
            if not name:
                commit(connection)
                return
            self.reach(BEFORE, f"commit of [{name}]")
            commit(connection)
            self.reach(COMMIT, f"of [{name}]")

        dialect.do_commit = do_commit  # type: ignore[method-assign]

    # --- the web answers

    def around(self, app: ASGIApp) -> ASGIApp:
        """Return an ASGI app with a boundary before and after each of its answers."""

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            async def answering(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self.reach(BEFORE, f"answer of {scope['path']}")
                await send(message)
                if message["type"] == "http.response.body" and not message.get("more_body", False):
                    self.reach(WEB, f"answer of {scope['path']}")

            await app(scope, receive, answering)

        return watched


class WatchedTransport(httpx.AsyncBaseTransport):
    """A real HTTP transport with boundaries: before a call is written, when it is, and when its answer is here."""

    def __init__(self, boundaries: Boundaries) -> None:
        self._boundaries = boundaries
        self._inner = httpx.AsyncHTTPTransport(
            verify=False
        )  # nothing here speaks TLS, and its tables take long to load

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return await self._inner.handle_async_request(request)  # only reading: there is nothing to lose or double
        name = f"{request.method} {request.url.path}"

        async def trace(place: str, _: Any) -> None:
            if place.endswith("send_request_body.complete"):
                self._boundaries.reach(WIRE, f"{name} written")

        self._boundaries.reach(BEFORE, f"writing of {name}")
        request.extensions = {**request.extensions, "trace": trace}
        response = await self._inner.handle_async_request(request)
        stream = response.stream
        assert isinstance(stream, httpx.AsyncByteStream)
        body = [part async for part in stream]
        await stream.aclose()
        self._boundaries.reach(WIRE, f"{name} answered")
        response.stream = _Whole(body)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class Stall:
    """A place where a call waits until it is told to go on."""

    def __init__(self) -> None:
        self.arrived = asyncio.Event()
        self.go_on = asyncio.Event()

    async def wait(self) -> None:
        self.arrived.set()
        await self.go_on.wait()


class StallingTransport(WatchedTransport):
    """The first post to the network stalls and fails before a byte of it left; the second stalls after its answer."""

    def __init__(self, boundaries: Boundaries) -> None:
        super().__init__(boundaries)
        self.first, self.second = Stall(), Stall()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        posts = request.method == "POST" and request.url.path == "/network/api/posts"
        if posts and not self.first.arrived.is_set():
            await self.first.wait()
            raise httpx.ConnectError("stalled")
        response = await super().handle_async_request(request)
        if posts and not self.second.arrived.is_set():
            await self.second.wait()
        return response


class _Whole(httpx.AsyncByteStream):
    def __init__(self, parts: list[bytes]) -> None:
        self._parts = parts

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            yield part
