"""Rules about what goes out, and what each failure means."""

import gzip
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from escalation import ports
from escalation.ports import PostFacts
from models.vocabulary import Visibility
from tests.connectors.corpus import HOSTILE, UNITS
from tests.connectors.fake_network import FakeNetwork, answers, breaks_off, fails
from tests.connectors.rules import GARBAGE, NOT_ACTED, SEND_STATUSES, UNKNOWN, Scaffold, rule


class Sending(Scaffold):
    """Prove that replies leave as approved and that every failure gets its verdict."""

    # --- what goes out

    @rule("what is published is what was approved, byte for byte")
    async def test_text_leaves_unchanged(self, network: FakeNetwork, connector: Any) -> None:
        to = await self.written(network, connector, "Where is my parcel?")
        for number, text in enumerate(HOSTILE):
            reply = self.reply(connector, to, text, key=f"key-{number}")
            posted = await connector.post(reply)
            standing = network.standing()[-1]
            assert (standing.external_id, standing.text) == (posted.external_id, reply.text)

    @rule("a reply hangs under the post that it answers")
    async def test_reply_is_threaded(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        posted = await connector.post(self.reply(connector, to))
        assert [(one.external_id, one.parent_id) for one in network.standing()] == [
            (posted.external_id, to.external_id)
        ]

    @rule("a reply is never seen by more people than was approved")
    async def test_visibility_is_kept(self, network: FakeNetwork, connector: Any) -> None:
        for number, visibility in enumerate(sorted(connector.capabilities.visibilities)):
            to = await self.written(network, connector, f"as {visibility}", visibility)
            await connector.post(self.reply(connector, to, key=f"key-{number}"))
            assert network.standing()[-1].visibility is visibility

    @rule("the length is counted as the network counts it")
    @pytest.mark.parametrize("unit", UNITS)
    async def test_limit(self, network: FakeNetwork, connector: Any, to: PostFacts, unit: str) -> None:
        limit = connector.capabilities.limit
        start = connector.address(to, to.visibility)
        room = limit - connector.count(start, to=to)
        many = (
            room // (connector.count(start + unit * 4, to=to) - connector.count(start + unit * 3, to=to)) if room else 0
        )
        full = start + unit * many
        full += "." * (limit - connector.count(full, to=to))
        assert connector.count(full, to=to) == limit
        await connector.post(
            self.reply(connector, to, text="", key="under")
            if many == 0
            else replace(
                self.reply(connector, to, key="under"),
                text=full[:-1] if full.endswith(".") else start + unit * (many - 1),
            )
        )
        await connector.post(replace(self.reply(connector, to, key="full"), text=full))
        assert network.standing()[-1].text == full
        before = len(network.standing())
        with pytest.raises(ports.Rejected) as caught:
            await connector.post(replace(self.reply(connector, to, key="over"), text=full + "."))
        assert caught.value.for_people is not None
        assert len(network.standing()) == before

    @rule("parts are posted in order and resume in the middle", needs="parts")
    async def test_parts(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        first = await connector.post(self.reply(connector, to, "one (1/3)", key="k-0"))
        second = await connector.post(
            self.reply(connector, to, "two (2/3)", key="k-1", part=1, previous_id=first.external_id)
        )
        again = self.make_connector(network)  # another process goes on
        await again.prepare()
        third = await again.post(
            self.reply(connector, to, "three (3/3)", key="k-2", part=2, previous_id=second.external_id)
        )
        chain = [(one.external_id, one.parent_id) for one in network.standing()]
        assert chain == [
            (first.external_id, to.external_id),
            (second.external_id, first.external_id),
            (third.external_id, second.external_id),
        ]

    @rule("every status gets its verdict", needs="http")
    async def test_send_statuses(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        for status, verdict in {**SEND_STATUSES, **self.other_statuses}.items():
            network.on_send(answers(status, b'{"error": "no"}', location="http://elsewhere.example/"))
            with pytest.raises(ports.OutsideError) as caught:
                await connector.post(self.reply(connector, to))
            assert type(caught.value) is verdict, status
            assert caught.value.reason
        assert not network.standing()

    @rule("an HTML error page is a verdict like any other", needs="http")
    async def test_html_errors(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        for status, verdict in (
            (404, ports.Gone),
            (422, ports.Rejected),
            (500, ports.Uncertain),
            (429, ports.Throttled),
        ):
            network.on_send(answers(status, b"<html><h1>Error</h1></html>", content_type="text/html"))
            with pytest.raises(verdict):
                await connector.post(self.reply(connector, to))

    @rule("a redirect is not followed", needs="http")
    async def test_redirect(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        network.on_send(answers(307, location="/elsewhere"))
        with pytest.raises(ports.Rejected):
            await connector.post(self.reply(connector, to))
        assert network.wire.count("*", "/elsewhere") == 0

    @rule("a throttled account waits as long as the network says", needs="http")
    async def test_retry_after(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        now = network.clock.now()
        forms = {
            "120": timedelta(seconds=120),
            "0": timedelta(0),
            format_datetime(now + timedelta(seconds=90), usegmt=True): timedelta(seconds=90),
            format_datetime(now - timedelta(hours=1), usegmt=True): timedelta(0),
            "999999999": timedelta(days=1),
        }
        for value, wait in forms.items():
            network.on_send(answers(429, retry_after=value))
            with pytest.raises(ports.Throttled) as caught:
                await connector.post(self.reply(connector, to))
            assert caught.value.retry_at == now + wait, value
        for value in ("", "soon", "-5", "1e9", "12:00"):
            network.on_send(answers(429, retry_after=value))
            with pytest.raises(ports.Throttled) as caught:
                await connector.post(self.reply(connector, to))
            assert caught.value.retry_at is not None
            assert now < caught.value.retry_at <= now + timedelta(days=1)

    @rule("what surely never left may be tried again at once", needs="http")
    async def test_not_acted(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        for failure in NOT_ACTED:
            network.on_send(fails(failure))
            with pytest.raises(ports.RetryLater):
                await connector.post(self.reply(connector, to))
        assert not network.standing()

    @rule("what may have been acted upon is uncertain", needs="http")
    async def test_unknown(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        faults = [fails(failure) for failure in UNKNOWN]
        for fault in [*faults, breaks_off(acts=False)]:
            network.on_send(fault)
            with pytest.raises(ports.Uncertain):
                await connector.post(self.reply(connector, to))
        assert not network.standing()

    @rule("an unreadable success is uncertain", needs="http")
    @pytest.mark.parametrize("body", [pytest.param(GARBAGE[name], id=name) for name in GARBAGE])
    async def test_unreadable_success(self, network: FakeNetwork, connector: Any, to: PostFacts, body: bytes) -> None:
        network.on_send(answers(200, body, acts=True))
        with pytest.raises(ports.Uncertain):
            await connector.post(self.reply(connector, to))
        assert len(network.standing()) == 1

    @rule("a cut or exploding packed answer is uncertain", needs="http")
    async def test_packed_answers(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        whole = gzip.compress(b'{"id": "1"}' + b" " * 5_000_000)
        for number, body in enumerate((whole, whole[:40], b"not gzip")):
            network.on_send(answers(200, body, acts=True, content_encoding="gzip"))
            with pytest.raises(ports.Uncertain):
                await connector.post(self.reply(connector, to, key=f"key-{number}"))

    @rule("a reply to a post that is gone is Gone")
    async def test_gone(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        network.customer_deletes(to.external_id)
        with pytest.raises(ports.Gone):
            await connector.post(self.reply(connector, to))
        assert not network.standing()

    @rule("a dead token stops the account", needs="http")
    async def test_dead_token(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        network.token_dies()
        with pytest.raises(ports.Unauthorised):
            await connector.post(self.reply(connector, to))

    @rule("a visibility that the network has not is refused with a sentence, not tried")
    async def test_undeclared_visibility(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        for visibility in set(Visibility) - connector.capabilities.visibilities:
            with pytest.raises(ports.Rejected) as caught:
                await connector.post(self.reply(connector, to, visibility=visibility))
            assert caught.value.for_people is not None
        assert network.sent_calls == 0

    @rule("a private conversation is never answered in public", needs="private")
    async def test_private_stays_private(self, network: FakeNetwork, connector: Any) -> None:
        to = await self.written(network, connector, "my address is ...", Visibility.PRIVATE)
        wider = connector.capabilities.visibilities - {Visibility.PRIVATE}
        for visibility in wider:
            with pytest.raises(ports.Rejected) as caught:
                await connector.post(self.reply(connector, to, visibility=visibility))
            assert caught.value.for_people is not None
        assert not network.standing()
