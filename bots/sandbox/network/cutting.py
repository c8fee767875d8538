"""Cutting a connection from inside an ASGI app, which ASGI itself has no word for.

Under uvicorn a request runs in its own task whose outermost coroutine is a method of the object that holds the
connection (``RequestResponseCycle`` of both its h11 and its httptools protocol), so ``inspect.getcoroutinelocals`` on
the current task leads to the transport, however many apps this one is mounted in. A reset is ``SO_LINGER`` with zero
seconds and ``abort()``: the peer gets RST, without a byte. No option of uvicorn is needed. Middleware that starts a
task of its own (``BaseHTTPMiddleware``) around the network would hide the connection.

Where there is no such connection (``httpx.ASGITransport``) ``ConnectionCut`` is raised instead, and
``bots.sandbox.network.in_process.NetworkTransport`` turns it into what httpx raises on a real wire.
"""

import asyncio
import inspect
import socket
import struct
from enum import StrEnum
from types import CoroutineType
from typing import Any

from starlette.types import Receive


class Cut(StrEnum):
    """How a connection ends without a whole answer."""

    RESET = "reset"
    MID_BODY = "mid_body"
    SILENCE = "silence"


class ConnectionCut(Exception):  # noqa: N818 - not an error of the program but what the script asked for
    """Raised where the server offers no connection to cut."""

    def __init__(self, cut: Cut) -> None:
        """Keep how the connection was meant to end."""
        super().__init__(cut.value)
        self.cut = cut


def _transport() -> asyncio.Transport | None:
    task = asyncio.current_task()
    coroutine = task.get_coro() if task is not None else None
    if not isinstance(coroutine, CoroutineType) or coroutine.cr_frame is None:
        return None
    holder: Any = inspect.getcoroutinelocals(coroutine).get("self")
    if not isinstance(getattr(holder, "scope", None), dict):
        return None
    transport = getattr(holder, "transport", None)
    return transport if callable(getattr(transport, "abort", None)) else None


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def reset(receive: Receive) -> None:
    """Reset the connection; returns once it is gone. Raises ``ConnectionCut`` where there is none."""
    transport = _transport()
    if transport is None:
        raise ConnectionCut(Cut.RESET)
    opened: socket.socket | None = transport.get_extra_info("socket")
    if opened is not None and opened.family != socket.AF_UNIX:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await _gone(receive)


async def close(receive: Receive) -> None:
    """Close the connection after what was written so far. Raises ``ConnectionCut`` where there is none."""
    transport = _transport()
    if transport is None:
        raise ConnectionCut(Cut.MID_BODY)
    transport.close()
    await _gone(receive)


async def fall_silent(receive: Receive) -> None:
    """Answer nothing until the caller hangs up. Raises ``ConnectionCut`` where there is no connection."""
    if _transport() is None:
        raise ConnectionCut(Cut.SILENCE)
    await _gone(receive)
