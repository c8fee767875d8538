"""The product's two ways out, watched: ``httpx`` to the network and Slack's own client, which is built on ``aiohttp``.

Only calls that change something count. Where one only reads, there is nothing to lose or to double.
"""

import asyncio
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

import aiohttp
import httpx
from slack_sdk.web.async_client import AsyncWebClient

from tests.crash.boundaries import BEFORE, WIRE, Boundaries

# --- the network


class WatchedTransport(httpx.AsyncBaseTransport):
    """A real HTTP transport with boundaries: before a call is written, when it is, and when its answer is here."""

    def __init__(self, boundaries: Boundaries) -> None:
        self._boundaries = boundaries
        self._inner = httpx.AsyncHTTPTransport(verify=False)  # nothing here speaks TLS; its tables take long to load

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return await self._inner.handle_async_request(request)
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


# --- Slack

_calling: ContextVar[str] = ContextVar("calling")


def watch_slack(client: AsyncWebClient, boundaries: Boundaries, *, answer_within: float) -> AsyncWebClient:
    """Put the boundaries around the calls of Slack's own client, and give it ``answer_within`` seconds for each."""

    class Request(aiohttp.ClientRequest):
        async def send(self, conn: Any) -> aiohttp.ClientResponse:
            response = await super().send(conn)
            if self._writer is not None:  # the bytes leave in a task of their own
                await asyncio.wait([self._writer])
            if name := _calling.get(""):
                boundaries.reach(WIRE, f"{name} written")
            return response

    send = client._request

    async def request(*, http_verb: str, api_url: str, req_args: dict[str, Any]) -> dict[str, Any]:
        if client.session is None:  # a connection of its own for each call, as the product's client has
            client.session = aiohttp.ClientSession(
                request_class=Request,
                connector=aiohttp.TCPConnector(force_close=True),
                timeout=aiohttp.ClientTimeout(total=answer_within),
            )
        if http_verb == "GET":
            return await send(http_verb=http_verb, api_url=api_url, req_args=req_args)
        name = _name(api_url, req_args)
        told = _calling.set(name)
        try:
            boundaries.reach(BEFORE, f"writing of {name}")
            answer = await send(http_verb=http_verb, api_url=api_url, req_args=req_args)
            boundaries.reach(WIRE, f"{name} answered")
            return answer
        finally:
            _calling.reset(told)

    client._request = request  # type: ignore[method-assign]
    return client


def _name(api_url: str, req_args: dict[str, Any]) -> str:
    method = api_url.rpartition("/")[2]
    metadata = (req_args.get("json") or {}).get("metadata") or {}
    return f"{method} {metadata.get('event_payload', {}).get('kind', '')}".rstrip()
