"""The network without a socket: an httpx transport that shows the faults as a real wire would."""

from collections.abc import AsyncIterator

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bots.sandbox.network.cutting import ConnectionCut, Cut


class _HalfBody(httpx.AsyncByteStream):
    """A body whose connection closes before its end."""

    def __init__(self, begun: bytes) -> None:
        self._begun = begun

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._begun
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")


class NetworkTransport(httpx.AsyncBaseTransport):
    """Leads to ``app`` (the network, alone or mounted) in this process; a cut connection becomes httpx's own exception.

    A reset is ``ReadError``, silence ``ReadTimeout`` at once, a close in the middle of the body ``RemoteProtocolError``
    while reading.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Lead to ``app``."""
        self._app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request. Raises what httpx raises for the fault."""
        half = False

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            nonlocal half
            try:
                await self._app(scope, receive, send)
            except ConnectionCut as cut:
                if cut.cut is not Cut.MID_BODY:
                    raise
                half = True
                end: Message = {"type": "http.response.body", "body": b""}
                await send(end)

        try:
            response = await httpx.ASGITransport(app=watched).handle_async_request(request)
        except ConnectionCut as cut:
            if cut.cut is Cut.SILENCE:
                raise httpx.ReadTimeout("no answer", request=request) from None
            raise httpx.ReadError("connection reset by peer", request=request) from None
        if half:
            response.stream = _HalfBody(await _bytes(response))
        return response


async def _bytes(response: httpx.Response) -> bytes:
    assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - what ASGITransport always gives
    return b"".join([part async for part in response.stream])
