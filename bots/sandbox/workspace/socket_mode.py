"""Socket Mode: the app opens web sockets to us and gets its deliveries there.

Facts: docs.slack.dev/apis/events-api/using-socket-mode.
"""

import asyncio
import json
import secrets
import uuid
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from bots.sandbox.workspace.changes import Changes

CONNECTIONS = 10
REASONS = ("warning", "refresh_requested", "link_disabled")


class Link:
    """One open socket of the app."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._closing = asyncio.Event()

    async def send(self, envelope: dict[str, Any]) -> Any:
        """Send an envelope and answer the payload of its acknowledgement.

        Raises ConnectionError when the socket goes first.
        """
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[envelope["envelope_id"]] = answer
        try:
            await self._socket.send_text(json.dumps(envelope))
            return await answer
        except (WebSocketDisconnect, RuntimeError) as error:
            raise ConnectionError("the socket closed") from error
        finally:
            self._waiting.pop(envelope["envelope_id"], None)

    async def say(self, message: dict[str, Any]) -> None:
        """Send something that asks for no acknowledgement."""
        await self._socket.send_text(json.dumps(message))

    def close(self) -> None:
        """Ask the socket to be closed from our side."""
        self._closing.set()

    async def listen(self) -> None:
        """Read acknowledgements until either side closes."""
        reading = asyncio.create_task(self._read())
        closing = asyncio.create_task(self._closing.wait())
        try:
            await asyncio.wait({reading, closing}, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                await self._socket.close()
        finally:
            for task in (reading, closing):
                task.cancel()
            await asyncio.gather(reading, closing, return_exceptions=True)
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(ConnectionError("the socket closed"))

    async def _read(self) -> None:
        with suppress(WebSocketDisconnect):
            while True:
                self._acknowledge(await self._socket.receive_text())

    def _acknowledge(self, text: str) -> None:
        try:
            message = json.loads(text)
        except ValueError:
            return
        if isinstance(message, dict):
            answer = self._waiting.get(str(message.get("envelope_id")))
            if answer is not None and not answer.done():
                answer.set_result(message.get("payload"))


class SocketLinks:
    """All sockets of the app; deliveries take turns between them."""

    def __init__(self, app_id: str, changes: Changes) -> None:
        self._app_id = app_id
        self._changes = changes
        self._links: list[Link] = []
        self._tickets: set[str] = set()
        self._turn = 0

    def __len__(self) -> int:
        """Count the open sockets."""
        return len(self._links)

    def ticket(self) -> str:
        """Answer a ticket for one connection."""
        ticket = secrets.token_urlsafe(12)
        self._tickets.add(ticket)
        return ticket

    async def serve(self, socket: WebSocket) -> None:
        """Serve one connection from handshake to close; a used or unknown ticket and an eleventh socket are refused."""
        ticket = socket.query_params.get("ticket", "")
        if ticket not in self._tickets or len(self._links) >= CONNECTIONS:
            await socket.close(code=1008)
            return
        self._tickets.discard(ticket)
        await socket.accept()
        link = Link(socket)
        self._links.append(link)
        self._changes.tell("sockets", open=len(self._links))
        try:
            await link.say(
                {
                    "type": "hello",
                    "num_connections": len(self._links),
                    "debug_info": {"host": "sandbox", "approximate_connection_time": 18_060},
                    "connection_info": {"app_id": self._app_id},
                }
            )
            await link.listen()
        finally:
            self._links.remove(link)
            self._changes.tell("sockets", open=len(self._links))

    async def deliver(
        self, kind: str, payload: dict[str, Any], *, accepts_response: bool, retry: tuple[int, str] | None = None
    ) -> Any:
        """Send one envelope over the next socket and answer what the app acknowledged with. Raises ConnectionError."""
        if not self._links:
            raise ConnectionError("no socket is open")
        self._turn += 1
        link = self._links[self._turn % len(self._links)]
        envelope: dict[str, Any] = {
            "envelope_id": str(uuid.uuid4()),
            "payload": payload,
            "type": kind,
            "accepts_response_payload": accepts_response,
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": retry[0] if retry else 0, "retry_reason": retry[1] if retry else ""}
        return await link.send(envelope)

    async def disconnect(self, reason: str = "refresh_requested", *, count: int | None = None) -> None:
        """Tell sockets to go, and close them unless it is only a `warning`. `count` of None means all."""
        if reason not in REASONS:
            raise ValueError(f"a disconnect has one of the reasons {', '.join(REASONS)}")
        for link in self._links[:count]:
            await link.say({"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}})
            if reason != "warning":
                link.close()

    def close(self) -> None:
        """Close every socket without a word."""
        for link in self._links:
            link.close()
