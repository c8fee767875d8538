"""A receiving server that remembers every post in the order of arrival: the one honest witness of what was sent.

HTTP/1.1 with keep-alive, in a process of its own. ``POST /posts`` takes a post, ``GET /find/{key}`` looks one up,
``GET /log`` tells everything, ``POST /reset?latency=0.02`` forgets and sets how long an answer takes (s).
"""

import asyncio
import json
import os
import signal
import socket
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx


class Receiver:
    """What was received."""

    def __init__(self) -> None:
        self.log: list[dict[str, Any]] = []
        self.ids: dict[str, str] = {}
        self.latency = 0.0

    def answer(self, method: str, address: str, body: bytes) -> tuple[bytes, float]:
        """Return the JSON answer and how long it takes."""
        path = urlsplit(address)
        if method == "POST" and path.path == "/posts":
            post = json.loads(body)
            self.log.append(post)
            name = f"r{len(self.log)}"
            self.ids.setdefault(post["key"], name)
            return b'{"id":"%s"}' % name.encode(), self.latency
        if path.path.startswith("/find/"):
            return json.dumps({"id": self.ids.get(path.path.removeprefix("/find/"))}).encode(), 0.0
        if path.path == "/log":
            return json.dumps(self.log).encode(), 0.0
        self.log, self.ids = [], {}
        self.latency = float(parse_qs(path.query).get("latency", ["0"])[0])
        return b"{}", 0.0


class _Connection(asyncio.Protocol):
    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].decode("latin-1").split("\r\n")
            length = next((int(line[15:]) for line in head if line.lower().startswith("content-length:")), 0)
            if len(self._buffer) < end + 4 + length:
                return
            body, self._buffer = self._buffer[end + 4 : end + 4 + length], self._buffer[end + 4 + length :]
            method, address, _ = head[0].split(" ", 2)
            answer, latency = self._receiver.answer(method, address, body)
            whole = (
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(answer)
                + answer
            )
            if latency:
                asyncio.get_running_loop().call_later(latency, self._write, whole)
            else:
                self._write(whole)

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)


@dataclass(frozen=True)
class ReceiverProcess:
    """The server and how to ask it."""

    process: int
    url: str

    def reset(self, latency: float = 0.0) -> None:
        httpx.post(f"{self.url}/reset?latency={latency}", trust_env=False)

    def log(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = httpx.get(f"{self.url}/log", trust_env=False, timeout=30).json()
        return found

    def stop(self) -> None:
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)


def start_receiver() -> ReceiverProcess:
    """Fork the server; for a process without threads. (Tests have a process started for ``serve`` instead.)"""
    listening = socket.create_server(("127.0.0.1", 0), backlog=200)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    child = os.fork()
    if child:
        listening.close()
        return ReceiverProcess(child, url)
    try:
        asyncio.run(_serve(listening))
    finally:
        os._exit(0)


async def _serve(listening: socket.socket) -> None:
    receiver = Receiver()
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(receiver), sock=listening)
    await server.serve_forever()


def serve(wire: "Connection[Any, Any]") -> None:
    """Serve on a free port, which the wire is told."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=200)
    wire.send(f"http://127.0.0.1:{listening.getsockname()[1]}")
    asyncio.run(_serve(listening))
