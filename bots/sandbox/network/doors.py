"""What stands before every request: the body limit, the request log and the fault script."""

import asyncio
import contextlib
import gzip
import json
from dataclasses import dataclass, field
from datetime import datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bots.sandbox.network import cutting
from bots.sandbox.network.calls import Call
from bots.sandbox.network.faults import NO_FAULT, Fault, FaultKind
from bots.sandbox.network.network import Network

BODY_LIMIT = 64 * 1024  # bytes of a request
WAIT_FOR_WEBHOOKS = 10.0  # seconds, for ``webhook_before_response``
UNTOUCHED = (  # neither logged nor disturbed
    *("/faults", "/rules", "/calls", "/deliveries", "/stream"),
    *("/static/", "/foundation/", "/vendor/"),
)


@dataclass
class Answer:
    """A whole answer, kept back."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)

    async def take(self, message: Message) -> None:
        """Take a message instead of sending it."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", []))
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    async def send(self, send: Send) -> None:
        """Send it now, whole."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": bytes(self.body)})


def _answer(status: int, body: bytes, **headers: str) -> Answer:
    named = {"content-type": "application/json", **headers, "content-length": str(len(body))}
    rows = [(name.replace("_", "-").encode(), value.encode()) for name, value in named.items()]
    return Answer(status, rows, bytearray(body))


def _refusal(status: int, code: str, message: str, **headers: str) -> Answer:
    return _answer(status, json.dumps({"error": {"code": code, "message": message}}).encode(), **headers)


class Doors:
    """ASGI middleware around the network's routes."""

    def __init__(self, app: ASGIApp, network: Network) -> None:
        self._app = app
        self._network = network
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or do to it what the fault script says."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if path == "/" or path.startswith(UNTOUCHED):
            await self._app(scope, receive, send)
            return
        body = await _whole_body(receive)
        if body is None:
            refusal = _refusal(413, "too_large", f"A request has at most {BODY_LIMIT} bytes.", connection="close")
            await refusal.send(send)
            return
        fault = self._network.faults.take(scope["method"], path) if self._network.faults else NO_FAULT
        scope.setdefault("state", {})
        request = _Request(self._app, scope, receive, body)
        at = self._network.clock.now()
        outcome = _Outcome(send)
        try:
            await self._answer(fault, request, outcome)
        finally:
            self._network.calls.append(_call(at, request, path, fault, outcome))

    async def _answer(self, fault: Fault, request: "_Request", outcome: "_Outcome") -> None:
        kind, seconds = fault.fault, fault.number or 0.0
        if kind is FaultKind.NONE:
            await request.act(outcome.pass_on)
            outcome.acted = outcome.sent
            return
        refused = self._refused(fault, request)
        if refused is not None:
            await refused.send(outcome.pass_on)
        elif kind is FaultKind.RESET_BEFORE:
            await cutting.reset(request.receive)
        elif kind is FaultKind.ACT_LATE:
            self._act_late(seconds, request)
            await cutting.reset(request.receive)
        else:
            await self._after(kind, seconds, request, outcome)

    def _refused(self, fault: Fault, request: "_Request") -> Answer | None:
        match fault.fault:
            case FaultKind.ERROR_500_BEFORE:
                return _refusal(500, "internal", "Something went wrong here.")
            case FaultKind.THROTTLE_429:
                wait = str(int(fault.number or 0))
                return _refusal(429, "too_many_requests", "Wait a while.", retry_after=wait)
            case FaultKind.THROTTLE_429_NO_HEADER:
                return _refusal(429, "too_many_requests", "Wait a while.")
            case FaultKind.TOKEN_REVOKED:
                return _refusal(401, "token_revoked", "This token was revoked.")
            case FaultKind.REDIRECT:
                return _answer(302, b"", location=request.scope.get("root_path", "") + "/moved")
            case _:
                return None

    async def _after(self, kind: FaultKind, seconds: float, request: "_Request", outcome: "_Outcome") -> None:
        """Act upon the request, then answer as the fault says."""
        answer = Answer()
        await request.act(answer.take)
        outcome.acted = answer.status
        match kind:
            case FaultKind.RESET_AFTER:
                await cutting.reset(request.receive)
            case FaultKind.TIMEOUT_AFTER:
                await cutting.fall_silent(request.receive)
            case FaultKind.CLOSE_MID_BODY:
                half = bytes(answer.body[: len(answer.body) // 2])
                await outcome.pass_on(
                    {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
                )
                await outcome.pass_on({"type": "http.response.body", "body": half, "more_body": True})
                await cutting.close(request.receive)
            case FaultKind.ERROR_500_AFTER:
                await _refusal(500, "internal", "Something went wrong here.").send(outcome.pass_on)
            case FaultKind.GARBAGE_200:
                page = b"<!doctype html><title>Maintenance</title><p>We will be back soon."
                await _answer(200, page, content_type="text/html; charset=utf-8").send(outcome.pass_on)
            case FaultKind.TRUNCATED_GZIP:
                packed = gzip.compress(bytes(answer.body), mtime=0)
                await _answer(answer.status, packed[: len(packed) // 2], content_encoding="gzip").send(outcome.pass_on)
            case FaultKind.SLOW:
                await self._network.clock.sleep(seconds)
                await answer.send(outcome.pass_on)
            case _:  # webhook_before_response
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(WAIT_FOR_WEBHOOKS):
                        await self._network.deliveries.first_tries()
                await answer.send(outcome.pass_on)

    def _act_late(self, seconds: float, request: "_Request") -> None:
        async def late() -> None:
            await self._network.clock.sleep(seconds)
            await request.act(Answer().take)

        task = asyncio.get_running_loop().create_task(late())
        self._late.add(task)
        task.add_done_callback(self._late.discard)


@dataclass
class _Request:
    """A request whose body was read, and the app that acts upon it."""

    app: ASGIApp
    scope: Scope
    receive: Receive
    body: bytes
    read: bool = False

    async def act(self, send: Send) -> None:
        """Let the app answer through ``send``."""
        await self.app(self.scope, self._replay, send)

    async def _replay(self) -> Message:
        if self.read:
            return await self.receive()
        self.read = True
        return {"type": "http.request", "body": self.body, "more_body": False}


@dataclass
class _Outcome:
    """What left through the real ``send``."""

    send: Send
    sent: int | None = None
    acted: int | None = None

    async def pass_on(self, message: Message) -> None:
        """Send, and remember what was sent."""
        if message["type"] == "http.response.start":
            self.sent = message["status"]
        await self.send(message)


async def _whole_body(receive: Receive) -> bytes | None:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > BODY_LIMIT:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _call(at: datetime, request: _Request, path: str, fault: Fault, outcome: _Outcome) -> Call:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]}
    return Call(
        at=at,
        method=request.scope["method"],
        path=path,
        query=request.scope["query_string"].decode("latin-1"),
        account=request.scope["state"].get("account"),
        key=headers.get("idempotency-key"),
        body=request.body.decode(errors="replace"),
        fault=fault.fault.value,
        acted_status=outcome.acted,
        status=outcome.sent,
    )
