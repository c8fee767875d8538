"""Answers that are no answers: the connection is cut, or nothing ever comes.

ASGI has no word for "close the connection without a response": raising makes uvicorn answer 500, and closing after
`http.response.start` leaves half an answer on the wire. uvicorn hands `receive` to the application as a method of the
object that owns the transport, and Starlette passes `receive` on untouched, so the transport is reachable as
`receive.__self__.transport` with both of uvicorn's protocols (h11 and httptools) and without any setting. Aborting it
there makes the client see a connection closed without an answer, after whatever was done before. Then `receive` says
`http.disconnect`, uvicorn knows that nobody listens any more, and logs nothing.

Where there is no such transport, as with httpx.ASGITransport, the same thing is raised as the httpx error that a client
would see on the wire: in-process clients then behave as over a socket. A middleware above the mount that wraps
`receive` (Starlette's BaseHTTPMiddleware does) hides the transport, and uvicorn then answers 500 instead of cutting:
keep such a middleware off the path of the workspace.
"""

import asyncio
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send


def transport_of(receive: Receive) -> asyncio.Transport | None:
    """Answer the connection's transport under uvicorn, None elsewhere."""
    transport: Any = getattr(getattr(receive, "__self__", None), "transport", None)
    return transport if callable(getattr(transport, "abort", None)) else None


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class Dropped(Response):
    """Cut the connection without an answer."""

    async def __call__(self, scope: Scope, receive: Receive, _send: Send) -> None:
        """Abort the transport and wait until the server knows."""
        transport = transport_of(receive)
        if transport is None:
            raise httpx.RemoteProtocolError(
                "Server disconnected without sending a response.", request=_request_of(scope)
            )
        transport.abort()
        await _disconnected(receive)


class Silent(Response):
    """Never answer; the client must give up."""

    async def __call__(self, scope: Scope, receive: Receive, _send: Send) -> None:
        """Wait until the client has gone."""
        if transport_of(receive) is None:
            raise httpx.ReadTimeout("", request=_request_of(scope))
        await _disconnected(receive)


def _request_of(scope: Scope) -> httpx.Request:
    return httpx.Request(scope["method"], str(Request(scope).url))
