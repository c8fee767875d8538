"""The connections of one account: lanes of one each, over network streams that know their socket.

Before every call the HTTP library asks each idle connection whether the far side has closed it. The stock stream then
gathers all that is known about the connection, with several system calls, to find its socket; that took a fifth of the
processor time of a call.
"""

import asyncio
import select
import ssl
from collections.abc import AsyncIterator, Iterable
from typing import Any, cast

import httpcore
import httpx


class Stream(httpcore.AsyncNetworkStream):
    """A stream that answers "is_readable" from its socket; everything else is left to the stock one."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        """Wrap an open stream."""
        self._stream = stream
        self._socket = stream.get_extra_info("socket")

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - the library's own interface
        """Read at most so many bytes."""
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - as above
        """Write all bytes."""
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - as above
    ) -> httpcore.AsyncNetworkStream:
        """Return the same connection, encrypted from here on."""
        return Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        """Return what is known about the connection."""
        if info != "is_readable" or self._socket is None:
            return self._stream.get_extra_info(info)
        handle = self._socket.fileno()
        if handle < 0:
            return True
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        return bool(poll.poll(0))


class Backend(httpcore.AnyIOBackend):
    """Opens such streams."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - as above
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a host."""
        return Stream(await super().connect_tcp(host, port, timeout, local_address, socket_options))


class Lanes(httpx.AsyncBaseTransport):
    """So many connections to one server, each in a pool of its own.

    A pool with several asks each of them about all the others before and after every call, which took a sixth of the
    processor time of a call.
    """

    def __init__(self, *, verify: ssl.SSLContext, connections: int, idle_seconds: float) -> None:
        """Prepare the lanes; nothing is opened."""
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=idle_seconds)
        self._lanes = [_lane(verify, limits) for _ in range(connections)]
        self._free: asyncio.LifoQueue[httpx.AsyncHTTPTransport] = asyncio.LifoQueue()
        for lane in self._lanes:
            self._free.put_nowait(lane)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request on the lane that was used last; it is taken until the response is closed."""
        lane = await self._take(request.extensions.get("timeout", {}).get("pool"))
        try:
            response = await lane.handle_async_request(request)
        except BaseException:
            self._free.put_nowait(lane)
            raise
        response.stream = _Taken(cast("httpx.AsyncByteStream", response.stream), lane, self._free)
        return response

    async def _take(self, seconds: float | None) -> httpx.AsyncHTTPTransport:
        if not self._free.empty():
            return self._free.get_nowait()
        try:
            async with asyncio.timeout(seconds):
                return await self._free.get()
        except TimeoutError as error:
            raise httpx.PoolTimeout("every connection is in use") from error

    async def aclose(self) -> None:
        """Close every connection."""
        for lane in self._lanes:
            await lane.aclose()


class _Taken(httpx.AsyncByteStream):
    """A response's body, whose end gives the lane back."""

    def __init__(
        self,
        stream: httpx.AsyncByteStream,
        lane: httpx.AsyncHTTPTransport,
        free: asyncio.LifoQueue[httpx.AsyncHTTPTransport],
    ) -> None:
        self._stream = stream
        self._lane = lane
        self._free = free
        self._is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield chunk

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            if not self._is_closed:
                self._is_closed = True
                self._free.put_nowait(self._lane)


def _lane(verify: ssl.SSLContext, limits: httpx.Limits) -> httpx.AsyncHTTPTransport:
    made = httpx.AsyncHTTPTransport(verify=verify, limits=limits, trust_env=False)
    made._pool._network_backend = Backend()  # noqa: SLF001 - no argument for it; unknown it is ignored
    return made
