"""What the rules of the connector contract stand on: their marks, their tables, and how a test gets a connector."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from escalation import ports
from escalation.ports import Arrived, OutgoingReply, PostFacts, PushedRequest
from models.vocabulary import Idempotency, Visibility
from tests.clock import TestClock
from tests.connectors.fake_network import START, FakeNetwork, answers

SEND_STATUSES: Mapping[int, type[ports.OutsideError]] = {
    **dict.fromkeys((301, 302, 304, 307, 308), ports.Rejected),
    **dict.fromkeys((400, 402, 403, 405, 406, 409, 411, 413, 415, 418, 422, 423, 425, 428, 431, 451), ports.Rejected),
    **dict.fromkeys((404, 410), ports.Gone),
    **dict.fromkeys((408, 500, 501, 502, 503, 504, 507, 520, 522, 524, 530, 599), ports.Uncertain),
    401: ports.Unauthorised,
    429: ports.Throttled,
}
NOT_ACTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
UNKNOWN = (httpx.ReadTimeout, httpx.WriteTimeout, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)
GARBAGE = {
    "empty": b"",
    "cut": b'{"id": "12',
    "html": b"<!doctype html><title>502</title>",
    "not utf-8": b'{"id": "\xff\xfe"}',
    "utf-16": '{"id": "1"}'.encode("utf-16"),
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "null": b"null",
    "text": b'"OK"',
    "number": b"1",
    "other shape": b'{"unexpected": true}',
    "huge": b'{"id": "' + b"x" * 3_000_000 + b'"}',
}


@dataclass(frozen=True)
class Rule:
    """One thing a connector must prove, and the abilities without which it does not apply."""

    name: str
    needs: tuple[str, ...] = ()


Ability = Callable[[Any], bool]
ABILITIES: Mapping[str, tuple[Ability, str]] = {
    "http": (lambda c: hasattr(c, "credentials"), "speaks to no server"),
    "polls": (lambda c: isinstance(c, ports.Polls), "does not poll"),
    "pushes": (lambda c: isinstance(c, ports.Pushes), "takes no webhook calls"),
    "looks": (lambda c: isinstance(c, ports.Looks), "cannot look up its own replies"),
    "native": (lambda c: c.capabilities.idempotency is Idempotency.NATIVE, "the network takes no key"),
    "acts": (lambda c: isinstance(c, ports.Acts), "has no acts besides replying"),
    "rereads": (lambda c: isinstance(c, ports.Rereads), "cannot read a post again"),
    "checks": (lambda c: isinstance(c, ports.Checks), "has nothing to check"),
    "private": (lambda c: Visibility.PRIVATE in c.capabilities.visibilities, "has no private posts"),
    "parts": (lambda c: c.capabilities.max_parts > 1, "posts in one part only"),
}


def rule(name: str, *, needs: str = "") -> Callable[[Any], Any]:
    """Mark a test with the rule that it proves and the abilities it needs."""

    def mark(test: Any) -> Any:
        test.rule = Rule(name, tuple(needs.split()))
        return test

    return mark


class Scaffold:
    """The ground of all rules: what a test class gives, and the fixtures made of it.

    ``exempt``: rule name to the reason why it cannot hold here.
    """

    connector_class: ClassVar[type[Any]]
    payloads: ClassVar[Path | None] = None
    exempt: ClassVar[Mapping[str, str]] = {}
    other_statuses: ClassVar[Mapping[int, type[ports.OutsideError]]] = {}
    """Statuses that this network uses differently from ``SEND_STATUSES``."""

    def make_network(self, clock: TestClock) -> FakeNetwork:
        raise NotImplementedError

    def make_connector(self, network: FakeNetwork) -> Any:
        """Build the connector over ``network.wire`` with ``network.token`` and ``network.clock``."""
        raise NotImplementedError

    def variants(self, network: FakeNetwork) -> Sequence[Any]:
        """Connectors with every setting that changes what is declared; the usual one unless overridden."""
        return [self.make_connector(network)]

    async def read_golden(self, network: FakeNetwork, connector: Any, raw: bytes) -> Sequence[ports.Arrival]:
        """Feed a recorded payload; by a poll unless overridden."""
        network.on_poll(answers(200, raw))
        return (await connector.fetch("0")).arrivals

    async def receive(self, network: FakeNetwork, connector: Any, external_id: str) -> Arrived:
        """Return the arrival of a post that the customer just wrote; by polling unless overridden."""
        position: str | None = None
        for _ in range(20):
            page = await connector.fetch(position)
            for one in page.arrivals:
                if isinstance(one, Arrived) and one.external_id == external_id:
                    return one
            position = page.position
        raise AssertionError(f"{external_id} never arrived")

    def pushed(self, network: FakeNetwork, *, text: str = "hello") -> PushedRequest:
        """Return a rightly signed webhook call made now, about a new post of the customer."""
        raise NotImplementedError

    # --- scaffolding

    @pytest.fixture
    def network(self, clock: TestClock) -> FakeNetwork:
        return self.make_network(clock)

    @pytest.fixture
    async def connector(self, network: FakeNetwork) -> Any:
        made = self.make_connector(network)
        await made.prepare()
        network.wire.calls.clear()
        return made

    @pytest.fixture
    async def to(self, network: FakeNetwork, connector: Any) -> PostFacts:
        return await self.written(network, connector, "Where is my parcel?")

    async def written(
        self, network: FakeNetwork, connector: Any, text: str, visibility: Visibility | None = None
    ) -> PostFacts:
        usual = min(connector.capabilities.visibilities, key=list(Visibility).index)
        external_id = network.customer_writes(text, visibility=visibility or usual)
        facts = stored(await self.receive(network, connector, external_id))
        network.wire.calls.clear()
        return facts

    def reply(self, connector: Any, to: PostFacts, text: str = "It left today.", **changes: Any) -> OutgoingReply:
        usual = OutgoingReply(
            key="key-1", text=connector.address(to, to.visibility) + text, visibility=to.visibility, to=to
        )
        return replace(usual, **changes)

    def tried(self, network: FakeNetwork, reply: OutgoingReply) -> OutgoingReply:
        return replace(reply, first_tried_at=network.clock.now())


def stored(arrived: Arrived) -> PostFacts:
    """Return what the product keeps of an arrival and hands back with a reply."""
    kept = {one.name for one in fields(PostFacts)} & {one.name for one in fields(Arrived)}
    return PostFacts(**{name: getattr(arrived, name) for name in kept})


def _gzip(content: bytes) -> bytes:
    import gzip  # noqa: PLC0415 - one test needs it

    return gzip.compress(content)


@cache
def _example(suite: type[Scaffold]) -> Any:
    return suite().make_connector(suite().make_network(TestClock(START)))


def excuse(suite: type[Scaffold], each: Rule) -> str | None:
    """Return why a rule does not apply to a test class, ``None`` if it does."""
    if each.name in suite.exempt:
        return suite.exempt[each.name]
    connector = _example(suite)
    return next((ABILITIES[need][1] for need in each.needs if not ABILITIES[need][0](connector)), None)
