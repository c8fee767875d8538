"""Rules about what comes in, by polls and by webhook calls."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from escalation import ports
from escalation.ports import PostFacts
from tests.connectors.corpus import HOSTILE
from tests.connectors.fake_network import FakeNetwork, answers, breaks_off, fails
from tests.connectors.golden import as_json
from tests.connectors.rules import GARBAGE, Scaffold, rule


class Arriving(Scaffold):
    """Prove that news arrive whole, once, in order, and from the network only."""

    # --- what comes in

    @rule("recorded payloads become the arrivals written beside them")
    async def test_golden_payloads(self, network: FakeNetwork, connector: Any) -> None:
        assert self.payloads is not None
        recorded = sorted(path for path in self.payloads.glob("*.json") if not path.name.endswith(".arrivals.json"))
        assert recorded, "no payload recorded"
        for path in recorded:
            arrivals = await self.read_golden(network, connector, path.read_bytes())
            expected = json.loads(path.with_suffix(".arrivals.json").read_text("utf-8"))
            assert as_json(arrivals) == expected, path.name

    @rule("an arrival says who, what, where and when")
    async def test_arrivals_are_complete(self, network: FakeNetwork, connector: Any) -> None:
        arrived = await self.receive(network, connector, network.customer_writes("Where is my parcel?"))
        assert "Where is my parcel?" in arrived.text
        assert arrived.thread_id
        assert arrived.author.external_id
        assert arrived.author.name
        assert arrived.author.handle
        assert arrived.posted_at.utcoffset() == timedelta(0)
        assert arrived.visibility in connector.capabilities.visibilities
        json.dumps(arrived.extra)

    @rule("the customer's text arrives character by character")
    async def test_text_arrives_unchanged(self, network: FakeNetwork, connector: Any) -> None:
        for text in HOSTILE:
            arrived = await self.receive(network, connector, network.customer_writes(text))
            assert arrived.text == text

    @rule("our own posts are not news", needs="polls")
    async def test_own_posts_are_dropped(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        ours = network.we_write("written elsewhere", parent_id=to.external_id)
        await connector.post(self.reply(connector, to))
        page = await connector.fetch(None)
        seen = {one.external_id for one in page.arrivals}
        assert to.external_id in seen
        assert not seen & ({ours} | {one.external_id for one in network.standing()})

    @rule("news come oldest first", needs="polls")
    async def test_oldest_first(self, network: FakeNetwork, connector: Any) -> None:
        wrote = []
        for number in range(5):
            wrote.append(network.customer_writes(f"number {number}"))
            network.clock.forward(seconds=1)
        arrived = [one.external_id for one in (await connector.fetch(None)).arrivals]
        assert [one for one in arrived if one in wrote] == wrote

    @rule("the cursor resumes and never skips", needs="polls")
    async def test_cursor_never_skips(self, network: FakeNetwork, connector: Any) -> None:
        position = (await connector.fetch(None)).position
        wrote = []
        seen: list[str] = []
        for burst in (1, 130, 0, 45, 3):
            for number in range(burst):
                wrote.append(network.customer_writes(f"message {number} of {burst}"))
                network.clock.forward(seconds=1)
            for _ in range(20):
                page = await self.make_connector(network).fetch(position)  # a new process each time
                seen += [one.external_id for one in page.arrivals]
                position = page.position
                if not page.more:
                    break
        assert seen == wrote

    @rule("a poll that failed is made good by the next", needs="polls")
    async def test_failed_poll_loses_nothing(self, network: FakeNetwork, connector: Any) -> None:
        position = (await connector.fetch(None)).position
        wrote = [network.customer_writes(f"message {number}") for number in range(3)]
        for fault in (answers(502), fails(httpx.ReadTimeout), breaks_off(), answers(200, b"<html>")):
            network.on_poll(fault)
            with pytest.raises(ports.RetryLater):
                await connector.fetch(position)
        assert [one.external_id for one in (await connector.fetch(position)).arrivals] == wrote

    @rule("the same news twice are the same arrivals", needs="polls")
    async def test_repeated_poll_repeats(self, network: FakeNetwork, connector: Any) -> None:
        position = (await connector.fetch(None)).position
        for number in range(3):
            network.customer_writes(f"message {number}")
        first, second = await connector.fetch(position), await connector.fetch(position)
        assert as_json(first.arrivals) == as_json(second.arrivals)
        assert len(first.arrivals) == 3

    @rule("a poll's failures get a verdict", needs="polls")
    async def test_poll_statuses(self, network: FakeNetwork, connector: Any) -> None:
        expected = {
            401: ports.Unauthorised, 404: ports.Rejected, 408: ports.RetryLater, 429: ports.Throttled,
            500: ports.RetryLater, 503: ports.RetryLater, 302: ports.Rejected,
        }  # fmt: skip
        for status, verdict in expected.items():
            network.on_poll(answers(status, b'{"error": "no"}'))
            with pytest.raises(ports.OutsideError) as caught:
                await connector.fetch("0")
            assert type(caught.value) is verdict, status

    @rule("an unreadable answer to a poll is tried again", needs="polls")
    @pytest.mark.parametrize("body", [pytest.param(GARBAGE[name], id=name) for name in GARBAGE])
    async def test_unreadable_poll(self, network: FakeNetwork, connector: Any, body: bytes) -> None:
        network.on_poll(answers(200, body))
        with pytest.raises(ports.RetryLater):
            await connector.fetch("0")

    # --- webhooks

    @rule("a rightly signed call is understood", needs="pushes")
    def test_signed_call(self, network: FakeNetwork, connector: Any) -> None:
        request = self.pushed(network, text="hello <b>&amp;")
        assert connector.verify(request) == connector.verify(request) != ""
        arrivals = connector.parse(request)
        assert [one.text for one in arrivals] == ["hello <b>&amp;"]
        assert as_json(connector.parse(request)) == as_json(arrivals)

    @rule("a forged call is refused before it is read", needs="pushes")
    def test_forged_call(self, network: FakeNetwork, connector: Any) -> None:
        request = self.pushed(network)
        for forged in (
            replace(request, body=request.body + b" "),
            replace(request, body=request.body.replace(b"hello", b"hallo")),
            replace(request, headers={}),
            replace(request, headers=dict.fromkeys(request.headers, "ÿ" * 70)),
            replace(request, headers=dict.fromkeys(request.headers, "")),
            replace(
                request,
                headers={
                    name: value[:-1] + ("0" if value[-1] != "0" else "1") for name, value in request.headers.items()
                },
            ),
        ):
            with pytest.raises(ports.Forged):
                connector.verify(forged)

    @rule("a stale call is refused", needs="pushes")
    def test_stale_call(self, network: FakeNetwork, connector: Any) -> None:
        request = self.pushed(network)
        for seconds in (-3600, 3600):
            with pytest.raises(ports.Forged):
                connector.verify(replace(request, received_at=request.received_at + timedelta(seconds=seconds)))

    @rule("a signed call that is not understood is malformed", needs="pushes")
    @pytest.mark.parametrize("body", [pytest.param(GARBAGE[name], id=name) for name in GARBAGE])
    def test_malformed_call(self, network: FakeNetwork, connector: Any, body: bytes) -> None:
        with pytest.raises(ports.Malformed):
            connector.parse(replace(self.pushed(network), body=body))
