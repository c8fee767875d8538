"""What every fake network of the contract tests has: a clock, a wire that fails on demand, people at both ends."""

import fnmatch
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx

from models.vocabulary import NetworkAct, Visibility
from tests.clock import TestClock

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Fault:
    """What happens to one call instead of the usual: whether the server acts, and what then comes back (or fails)."""

    acts: bool = False
    failure: type[httpx.TransportError] | None = None
    status: int | None = None
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    breaks_off: bool = False
    late: float | None = None


def answers(status: int, body: bytes = b"{}", *, acts: bool = False, **headers: str) -> Fault:
    """Answer `status` with `body`; header names are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(acts=acts, status=status, body=body, headers={"content-type": "application/json", **named})


def fails(failure: type[httpx.TransportError], *, acts: bool = False) -> Fault:
    """Raise what httpx raises for that event on a real wire."""
    return Fault(acts=acts, failure=failure)


def breaks_off(status: int = 200, body: bytes = b'{"id": "1', *, acts: bool = True) -> Fault:
    """Close the connection in the middle of the body."""
    return Fault(acts=acts, status=status, body=body, breaks_off=True)


def acts_late(seconds: float) -> Fault:
    """Time out now; the server acts `seconds` later."""
    return Fault(failure=httpx.ReadTimeout, late=seconds)


@dataclass(frozen=True)
class Call:
    """One request as it left the connector."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass
class _Rule:
    method: str
    path: str
    fault: Fault
    times: int


class _Body(httpx.AsyncByteStream):
    def __init__(self, content: bytes, *, breaks_off: bool) -> None:
        self.content = content
        self.breaks_off = breaks_off

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.content), 65_536):
            yield self.content[start : start + 65_536]
        if self.breaks_off:
            raise httpx.ReadError("connection closed in the middle of the body")


class Wire(httpx.AsyncBaseTransport):
    """A transport to an ASGI application, with a script of faults and a memory of every call."""

    def __init__(self, app: Any, clock: TestClock) -> None:
        self.inner = httpx.ASGITransport(app=app)
        self.clock = clock
        self.rules: list[_Rule] = []
        self.calls: list[Call] = []
        self.closed = False
        self._late: list[tuple[datetime, httpx.Request]] = []

    def script(self, fault: Fault, *, method: str = "*", path: str = "*", times: int = 1) -> None:
        """Let the next `times` calls that match meet the fault; rules are used up in order."""
        self.rules.append(_Rule(method, path, fault, times))

    def count(self, method: str, path: str = "*") -> int:
        return sum(fnmatch.fnmatch(call.method, method) and fnmatch.fnmatch(call.path, path) for call in self.calls)

    async def deliver_late(self) -> None:
        """Let the server act on what is due by now."""
        due = [request for at, request in self._late if at <= self.clock.now()]
        self._late = [(at, request) for at, request in self._late if at > self.clock.now()]
        for request in due:
            await self._act(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self.deliver_late()
        body = await request.aread()
        self.calls.append(Call(request.method, request.url.path, dict(request.url.params), dict(request.headers), body))
        fault = self._take(request)
        if fault is None:
            return await self._act(request)
        if fault.late is not None:
            self._late.append((self.clock.now() + timedelta(seconds=fault.late), request))
        if fault.acts:
            await (await self._act(request)).aread()
        if fault.failure is not None:
            raise fault.failure(f"scripted, with {request.headers.get('authorization')}", request=request)
        return httpx.Response(
            fault.status or 200, headers=fault.headers, stream=_Body(fault.body, breaks_off=fault.breaks_off)
        )

    async def aclose(self) -> None:
        self.closed = True
        await self.inner.aclose()

    async def _act(self, request: httpx.Request) -> httpx.Response:
        return await self.inner.handle_async_request(request)

    def _take(self, request: httpx.Request) -> Fault | None:
        for rule in self.rules:
            if fnmatch.fnmatch(request.method, rule.method) and fnmatch.fnmatch(request.url.path, rule.path):
                rule.times -= 1
                if rule.times <= 0:
                    self.rules.remove(rule)
                return rule.fault
        return None


@dataclass(frozen=True)
class Standing:
    """A post of our own account, as everybody there sees it."""

    external_id: str
    text: str
    visibility: Visibility
    parent_id: str | None


class FakeNetwork(ABC):
    """A small server that behaves like the network, with one account of ours and one customer.

    `sends` and `polls` are method and path pattern of the requests that publish and that fetch.
    """

    token: ClassVar[str] = "planted-token-7f3a9c"
    sends: ClassVar[tuple[str, str]] = ("POST", "*")
    polls: ClassVar[tuple[str, str]] = ("GET", "*")

    def __init__(self, clock: TestClock, app: Any) -> None:
        self.clock = clock
        self.wire = Wire(app, clock)

    def on_send(self, fault: Fault, *, times: int = 1) -> None:
        self.wire.script(fault, method=self.sends[0], path=self.sends[1], times=times)

    def on_poll(self, fault: Fault, *, times: int = 1) -> None:
        self.wire.script(fault, method=self.polls[0], path=self.polls[1], times=times)

    @property
    def sent_calls(self) -> int:
        return self.wire.count(*self.sends)

    @abstractmethod
    def customer_writes(
        self, text: str, *, visibility: Visibility = Visibility.PUBLIC, parent_id: str | None = None
    ) -> str:
        """Let the customer write to us (mentioning us if the network needs that); return the post's id."""

    @abstractmethod
    def customer_edits(self, external_id: str, text: str) -> None: ...

    @abstractmethod
    def customer_deletes(self, external_id: str) -> None: ...

    @abstractmethod
    def standing(self) -> Sequence[Standing]:
        """Return our account's replies in the order they were made."""

    @abstractmethod
    def we_write(self, text: str, *, parent_id: str | None = None) -> str:
        """Let our own account write by another program; return the post's id."""

    @abstractmethod
    def acts(self) -> Sequence[tuple[NetworkAct, str]]:
        """Return the acts that stand (each once), with the post's id."""

    @abstractmethod
    def token_dies(self) -> None:
        """From now on our token is no longer good."""
