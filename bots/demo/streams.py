"""Ends open streams of server-sent events when the demo stops, so that pages left open do not hold it up."""

import asyncio
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STREAM: Final = "/stream"
"""How the path of a stream ends, here and in both sandboxes."""


class EndingStreams:
    """ASGI middleware in front of everything. ``end()`` ends open streams, and every later one as soon as it opens."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before ``app``."""
        self._app = app
        self._ended = asyncio.Event()

    def end(self) -> None:
        """End all streams."""
        self._ended.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; one for a stream only until the end."""
        if scope["type"] != "http" or not scope["path"].endswith(STREAM):
            await self._app(scope, receive, send)
            return
        if self._ended.is_set():
            await Response(media_type="text/event-stream")(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        streaming = asyncio.create_task(self._stream(scope, receive, watched))
        ending = asyncio.create_task(self._ended.wait())
        try:
            await asyncio.wait({streaming, ending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ending.cancel()
            cut = streaming.cancel()
        if cut:
            await asyncio.wait({streaming})
            if not begun:
                await Response(media_type="text/event-stream")(scope, receive, send)
                return
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            streaming.result()

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
