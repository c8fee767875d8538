"""Network streams that know their socket.

Before every call the HTTP library asks each idle connection whether the far side has closed it. The stock stream then
gathers all that is known about the connection, with several system calls, to find its socket; that took a fifth of the
processor time of a call.
"""

import select
import ssl
from collections.abc import Iterable
from typing import Any

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


def transport(*, verify: ssl.SSLContext, limits: httpx.Limits) -> httpx.AsyncHTTPTransport:
    """Return the HTTP library's transport over such streams."""
    made = httpx.AsyncHTTPTransport(verify=verify, limits=limits, trust_env=False)
    made._pool._network_backend = Backend()  # noqa: SLF001 - no argument for it; unknown it is ignored
    return made
