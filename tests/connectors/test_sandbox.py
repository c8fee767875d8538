"""The connector of the imaginary network, against that network's own server in this process."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from bots.sandbox.network import Network, NetworkTransport, Rules, create_network_app
from bots.sandbox.network.deliveries import Delivery, challenge_token, sign
from connectors.sandbox import SandboxConnector, Settings
from escalation import ports
from escalation.ports import Arrived, Deleted, Edited, PushedRequest
from escalation.secret import Secret
from models.vocabulary import Idempotency, NetworkAct, Visibility
from tests.clock import TestClock
from tests.connectors.contract import ConnectorContract
from tests.connectors.fake_network import FakeNetwork, Standing, Wire, answers, fails
from tests.connectors.rules import stored

SECRET = "webhook-secret-51d2"
BASE = "http://127.0.0.1:8000"


class SandboxNetwork(FakeNetwork):
    """The imaginary network's own server, with the brand @acme and its post that customers comment on."""

    sends: ClassVar[tuple[str, str]] = ("POST", "/api/posts")
    polls: ClassVar[tuple[str, str]] = ("GET", "/api/notifications")

    def __init__(self, clock: TestClock) -> None:
        self.network = Network(clock=clock, public_url=BASE)
        super().__init__(clock, create_network_app(self.network))
        self.network.add_account("acme", name="Acme", kind="brand", token=self.token)
        self.network.add_account("ada", name="Ada Neri", followers=312)
        self.news = self.network.write("acme", "Our news").id

    def customer_writes(
        self, text: str, *, visibility: Visibility = Visibility.PUBLIC, parent_id: str | None = None
    ) -> str:
        if visibility is Visibility.PRIVATE:
            return self.network.write("ada", text, visibility="private", to="acme", in_reply_to=parent_id).id
        return self.network.write("ada", text, in_reply_to=parent_id or self.news).id

    def customer_edits(self, external_id: str, text: str) -> None:
        self.network.edit("ada", external_id, text)

    def customer_deletes(self, external_id: str) -> None:
        self.network.delete("ada", external_id)

    def standing(self) -> Sequence[Standing]:
        ours = self.network.posts_by("acme", viewer="acme")
        return [
            Standing(post.id, post.text, Visibility(post.visibility), post.in_reply_to)
            for post in ours
            if post.id != self.news
        ]

    def we_write(self, text: str, *, parent_id: str | None = None) -> str:
        return self.network.write("acme", text, in_reply_to=parent_id).id

    def acts(self) -> Sequence[tuple[NetworkAct, str]]:
        return [
            (act, post.id)
            for post in self.network.posts_by("ada", viewer="acme")
            for act, marks in (
                (NetworkAct.LIKE, post.likes),
                (NetworkAct.REPOST, post.reposts),
                (NetworkAct.HIDE, post.hidden_by),
            )
            for mark in marks
            if mark == "acme"
        ]

    def token_dies(self) -> None:
        self.network.revoke("acme")


def build(network: FakeNetwork, **changes: Any) -> SandboxConnector:
    usual: dict[str, Any] = {
        "base_url": BASE,
        "access_token": Secret(network.token),
        "webhook_secret": Secret(SECRET),
    }
    return SandboxConnector("acme_sandbox", Settings(**usual | changes), clock=network.clock, transport=network.wire)


def call(network: FakeNetwork, body: bytes, *, secret: str = SECRET) -> PushedRequest:
    now = network.clock.now()
    headers = {
        "content-type": "application/json",
        "x-sandbox-signature": sign(secret, body, at=now),
        "x-sandbox-delivery": "d1",
    }
    return PushedRequest(method="POST", headers=headers, query={}, body=body, received_at=now)


class TestSandbox(ConnectorContract):
    connector_class = SandboxConnector
    payloads = Path(__file__).parent / "payloads" / "sandbox"

    def make_network(self, clock: TestClock) -> FakeNetwork:
        return SandboxNetwork(clock)

    def make_connector(self, network: FakeNetwork) -> Any:
        return build(network)

    def variants(self, network: FakeNetwork) -> Sequence[Any]:
        return [
            build(network),
            build(network, webhook_secret=None),
            build(network, idempotency="lookup"),
            build(network, idempotency="none", max_parts=1),
        ]

    async def read_golden(self, network: FakeNetwork, connector: Any, raw: bytes) -> Sequence[ports.Arrival]:
        if b'"events"' in raw:
            pushed: Sequence[ports.Arrival] = connector.parse(call(network, raw))
            return pushed
        return await super().read_golden(network, connector, raw)

    def pushed(self, network: FakeNetwork, *, text: str = "hello") -> PushedRequest:
        assert isinstance(network, SandboxNetwork)
        network.customer_writes(text)
        events = [one.view() for one in network.network.notifications("acme").notifications[-1:]]
        return call(network, Delivery(id="d1", account="acme", events=events).body())


@pytest.fixture
def network(clock: TestClock) -> SandboxNetwork:
    return SandboxNetwork(clock)


async def arrived(network: SandboxNetwork, connector: SandboxConnector, external_id: str) -> Arrived:
    arrivals = (await connector.fetch(None)).arrivals
    return next(one for one in arrivals if isinstance(one, Arrived) and one.external_id == external_id)


# --- what is declared


def test_what_is_declared_follows_the_settings(network: SandboxNetwork) -> None:
    native, polling = build(network).capabilities, build(network, webhook_secret=None).capabilities
    assert (native.ingest, polling.ingest) == ({"push", "poll"}, {"poll"})
    assert (native.idempotency, native.key_lifetime) == (Idempotency.NATIVE, timedelta(hours=1))
    for word in ("lookup", "none"):
        declared = build(network, idempotency=word, max_parts=1).capabilities
        assert (declared.idempotency.value, declared.key_lifetime, declared.max_parts) == (word, None, 1)


async def test_the_servers_limit_counts(network: SandboxNetwork) -> None:
    network.network.rules = Rules(max_characters=20, key_seconds=60)
    connector = build(network)
    assert connector.capabilities.limit == 500
    await connector.prepare()
    assert (connector.capabilities.limit, connector.capabilities.key_lifetime) == (20, timedelta(minutes=1))


# --- what goes out


async def test_the_key_is_sent_only_where_it_is_relied_on(network: SandboxNetwork) -> None:
    for word, posts in (("native", 1), ("lookup", 2), ("none", 2)):
        connector = build(network, idempotency=word)
        post_id = network.customer_writes(f"question for {word}")
        to = stored(await arrived(network, connector, post_id))
        reply = ports.OutgoingReply(key=f"key-{word}", text="answer", visibility=Visibility.PUBLIC, to=to)
        for _ in range(2):
            await connector.post(reply)
        assert len(network.network.replies(post_id)) == posts, word


async def test_a_public_question_is_answered_in_private(network: SandboxNetwork) -> None:
    connector = build(network)
    to = stored(await arrived(network, connector, network.customer_writes("my order 123")))
    reply = ports.OutgoingReply(key="k", text="in private", visibility=Visibility.PRIVATE, to=to)
    posted = await connector.post(reply)
    assert await connector.find(reply) == posted
    assert [post.id for post in network.network.messages("ada")] == [posted.external_id]
    assert network.network.replies(to.external_id) == []
    back = network.network.write("ada", "thanks", in_reply_to=posted.external_id, visibility="private")
    assert (await arrived(network, connector, back.id)).thread_id == to.thread_id
    assert [one.external_id for one in await connector.changes(to)] == [back.id]


async def test_an_earlier_reply_of_the_same_words_is_not_taken_for_this_one(network: SandboxNetwork) -> None:
    connector = build(network, idempotency="lookup")
    to = stored(await arrived(network, connector, network.customer_writes("hello")))
    reply = ports.OutgoingReply(key="k", text="Thanks!", visibility=Visibility.PUBLIC, to=to)
    await connector.post(reply)
    network.clock.forward(seconds=3600)
    assert await connector.find(replace(reply, first_tried_at=network.clock.now())) is None
    assert await connector.find(replace(reply, first_tried_at=to.posted_at)) is not None


async def test_a_network_without_look_ups_says_so(network: SandboxNetwork) -> None:
    network.network.rules = Rules(look_up=False)
    connector = build(network, idempotency="none")
    to = stored(await arrived(network, connector, network.customer_writes("hello")))
    reply = ports.OutgoingReply(key="k", text="Hi", visibility=Visibility.PUBLIC, to=to)
    with pytest.raises(ports.Rejected):
        await connector.find(reply)
    assert await connector.changes(to) == []


async def test_the_networks_own_sentence_reaches_people(network: SandboxNetwork) -> None:
    connector = build(network)
    to = stored(await arrived(network, connector, network.customer_writes("hello")))
    network.network.rules = Rules(max_characters=3)
    with pytest.raises(ports.Rejected) as caught:
        await connector.post(ports.OutgoingReply(key="k", text="long", visibility=Visibility.PUBLIC, to=to))
    assert "at most 3 are allowed" in str(caught.value.for_people)


@pytest.mark.parametrize(
    ("fault", "number", "verdict", "stands"),
    [
        ("reset_before", None, ports.Uncertain, 0),
        ("reset_after", None, ports.Uncertain, 1),
        ("close_mid_body", None, ports.Uncertain, 1),
        ("error_500_before", None, ports.Uncertain, 0),
        ("error_500_after", None, ports.Uncertain, 1),
        ("timeout_after", None, ports.Uncertain, 1),
        ("throttle_429", 7, ports.Throttled, 0),
        ("throttle_429_no_header", None, ports.Throttled, 0),
        ("garbage_200", None, ports.Uncertain, 1),
        ("truncated_gzip", None, ports.Uncertain, 1),
        ("redirect", None, ports.Rejected, 0),
        ("token_revoked", None, ports.Unauthorised, 0),
    ],
)
async def test_every_fault_of_the_network_has_its_verdict(
    network: SandboxNetwork, fault: str, number: float | None, verdict: type[ports.OutsideError], stands: int
) -> None:
    connector = build(network)
    to = stored(await arrived(network, connector, network.customer_writes("hello")))
    network.wire.inner = NetworkTransport(create_network_app(network.network))  # type: ignore[assignment]  # shows faults as httpx does
    network.network.faults.add(fault, number, method="POST", path="/api/posts")
    reply = ports.OutgoingReply(key="k", text="answer", visibility=Visibility.PUBLIC, to=to)
    with pytest.raises(ports.OutsideError) as caught:
        await connector.post(reply)
    assert type(caught.value) is verdict
    assert len(network.standing()) == stands
    found = await connector.find(replace(reply, first_tried_at=network.clock.now()))
    assert (found is not None) == bool(stands)
    await connector.post(reply)
    assert len(network.standing()) == 1


# --- what comes in


async def test_a_days_news_in_order(network: SandboxNetwork) -> None:
    connector = build(network)
    mention = network.network.write("ada", "hello @acme").id
    message = network.network.write("ada", "my address", visibility="private", to="acme").id
    network.clock.forward(seconds=1)
    network.customer_edits(mention, "hello again @acme")
    network.customer_deletes(message)
    network.network.like("ada", network.news)
    page = await connector.fetch(None)
    assert [(type(one), one.external_id) for one in page.arrivals] == [
        (Arrived, mention),
        (Arrived, message),
        (Edited, mention),
        (Deleted, message),
    ]
    assert page.more is False
    assert [one.visibility for one in page.arrivals if isinstance(one, Arrived)] == ["public", "private"]
    assert connector.ignored == {"echo": 1, "like": 1}


async def test_what_the_customer_writes_elsewhere_is_no_change(network: SandboxNetwork) -> None:
    connector = build(network)
    to = stored(await arrived(network, connector, network.customer_writes("hello")))
    network.clock.forward(seconds=60)
    network.network.write("ada", "@acme a second question")
    network.network.write("ada", "good morning")
    assert await connector.changes(to) == []
    again = network.customer_writes("and?", parent_id=to.external_id)
    assert [one.external_id for one in await connector.changes(to)] == [again]


async def test_one_unreadable_item_does_not_hide_the_others(network: SandboxNetwork) -> None:
    connector = build(network)
    body = b'{"notifications": [{"kind": "mention"}, 7, {"kind": "party", "at": "2026-11-02T09:00:00Z", "post": {}}'
    good = b', {"kind": "delete", "at": "2026-11-02T09:00:00+01:00", "post": {"id": "p9"}}], "cursor": "c"}'
    network.on_poll(answers(200, body + good))
    page = await connector.fetch("c0")
    assert [one.external_id for one in page.arrivals] == ["p9"]
    assert connector.ignored == {"unreadable": 2, "party": 1}


def test_one_delivery_keeps_its_name_and_another_cannot_take_it(network: SandboxNetwork) -> None:
    connector = build(network)
    first = call(network, b'{"account": "acme", "events": []}')
    network.clock.forward(seconds=30)
    repeated = call(network, first.body)
    other = call(network, first.body + b" ")
    assert connector.verify(first) == connector.verify(repeated) != connector.verify(other)


def test_another_secret_is_a_forgery(network: SandboxNetwork) -> None:
    with pytest.raises(ports.Forged):
        build(network).verify(call(network, b"{}", secret="other"))
    with pytest.raises(ports.Forged):
        build(network, webhook_secret=None).verify(call(network, b"{}"))


def test_the_challenge_is_given_back_to_who_knows_the_secret(network: SandboxNetwork) -> None:
    def asked(**query: str) -> PushedRequest:
        return PushedRequest(method="GET", headers={}, query=query, body=b"", received_at=network.clock.now())

    connector = build(network)
    answer = connector.challenge(asked(challenge="abc", token=challenge_token(SECRET, "abc")))
    assert (answer.status, answer.body, answer.media_type) == (200, "abc", "text/plain")
    with pytest.raises(ports.Forged):
        connector.challenge(asked(challenge="abc", token=challenge_token("other", "abc")))
    with pytest.raises(ports.Forged):
        connector.challenge(asked(challenge="abc"))
    for challenge in ("", "x" * 201, "è"):
        with pytest.raises(ports.Malformed):
            connector.challenge(asked(challenge=challenge, token=challenge_token(SECRET, challenge)))


async def test_the_networks_own_deliveries_are_understood(clock: TestClock) -> None:
    """A subscription and a delivery from end to end, with nothing between the two but their HTTP messages."""
    world = SandboxNetwork(clock)
    connector = build(world)
    seen: list[tuple[str, list[ports.Arrival]]] = []

    async def hook(request: httpx.Request) -> httpx.Response:
        pushed = PushedRequest(
            method="GET" if request.method == "GET" else "POST",
            headers={name.lower(): value for name, value in request.headers.items()},
            query=dict(request.url.params),
            body=await request.aread(),
            received_at=clock.now(),
        )
        if pushed.method == "GET":
            return httpx.Response(200, text=connector.challenge(pushed).body)
        seen.append((connector.verify(pushed), list(connector.parse(pushed))))
        return httpx.Response(204)

    network = Network(clock=clock, public_url=BASE, webhook_transport=httpx.MockTransport(hook))
    network.add_account("acme", name="Acme", kind="brand", token=world.token)
    network.add_account("ada", name="Ada Neri")
    world.wire = Wire(create_network_app(network), clock)
    doctor = build(world, idempotency="none")
    assert "no webhook is subscribed" in [one.what for one in await doctor.doctor()]
    await network.deliveries.subscribe("acme", "http://bot.test/hooks/acme_sandbox", SECRET)
    assert "webhooks are subscribed" in [one.what for one in await doctor.doctor()]
    first = network.write("ada", "hello @acme")
    network.write("acme", "hello", in_reply_to=first.id)
    await network.deliveries.first_tries()
    network.write("ada", "bye @acme")
    await network.deliveries.first_tries()
    await network.close()
    assert [[one.external_id for one in arrivals] for _, arrivals in seen] == [["p1"], ["p3"]]
    assert len({name for name, _ in seen}) == 2


# --- set-up


async def test_the_doctor_sees_a_wrong_clock_and_a_promise_that_is_not_kept(network: SandboxNetwork) -> None:
    ahead = TestClock(network.clock.now() + timedelta(minutes=5))
    late = SandboxConnector("acme", build(network).settings, clock=ahead, transport=network.wire)
    assert [one.what for one in await late.doctor() if not one.ok] == ["the clocks differ by 300 s"]
    network.network.rules = Rules(idempotency="ignored", look_up=False)
    for word, kept in (("native", False), ("lookup", False), ("none", True)):
        findings = await build(network, idempotency=word).doctor()
        assert all(one.ok for one in findings) is kept, word


@pytest.mark.parametrize(
    "changes",
    [{"poll_seconds": 0}, {"max_parts": 0}, {"idempotency": "perhaps"}, {"base_url": "sandbox"}, {"colour": "red"}],
)
def test_settings_that_make_no_sense_are_refused(network: SandboxNetwork, changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        build(network, **changes)


async def test_an_id_cannot_leave_its_place_in_the_path(network: SandboxNetwork) -> None:
    connector = build(network)
    to = stored(await arrived(network, connector, network.customer_writes("hello")))
    with pytest.raises(ports.Gone):
        await connector.act(NetworkAct.LIKE, replace(to, external_id="../../faults?x=#"), key="k")
    assert network.wire.calls[-1].path.endswith("/like")
    network.wire.script(fails(httpx.ConnectError))
    with pytest.raises(ports.RetryLater):
        await connector.act(NetworkAct.LIKE, to, key="k")
