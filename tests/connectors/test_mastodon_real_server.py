"""The story of a mention against a server that this project did not write."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.answers import http_date
from connectors.mastodon import MastodonConnector, Settings
from escalation import ports
from escalation.ports import Arrived, Deleted, Edited, OutgoingReply
from escalation.secret import Secret
from models.vocabulary import NetworkAct, Visibility
from tests.clock import TestClock
from tests.connectors.rules import stored
from tests.mastodon_server import BRAND_TOKEN, NEEDS_MASTODON, alices_client, emptied, mastodon_server

pytestmark = NEEDS_MASTODON


class Alice:
    """The customer's own client."""

    def __init__(self, address: str) -> None:
        self.client = alices_client(address)

    async def call(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        answer = await self.client.request(method, path, json=body or None)
        answer.raise_for_status()
        told: dict[str, Any] = answer.json() if answer.content else {}
        return told

    async def writes(self, text: str, **more: Any) -> str:
        return str((await self.call("POST", "/api/v1/statuses", status=text, **more))["id"])

    async def fault(self, effect: dict[str, Any], *, path: str = "/api/v1/statuses", method: str = "POST") -> None:
        match = {"methods": [method], "path": path}
        await self.call("POST", "/api/v1/_mock/faults", match=match, effect=effect, count=1)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the server and stop it after the last story."""
    with mastodon_server(tmp_path_factory.mktemp("mastodon")) as address:
        yield address


@pytest.fixture
async def alice(address: str) -> AsyncIterator[Alice]:
    one = Alice(address)
    await emptied(one.client)
    yield one
    await one.client.aclose()


@pytest.fixture
async def real_clock(alice: Alice) -> TestClock:
    """Return a clock set once by the server's, which dates the posts."""
    told = http_date((await alice.client.get("/api/v1/instance")).headers["date"])
    assert told is not None
    return TestClock(told)


@pytest.fixture
async def connector(address: str, alice: Alice, real_clock: TestClock) -> AsyncIterator[MastodonConnector]:
    settings = Settings.model_validate({"base_url": address, "access_token": Secret(BRAND_TOKEN)})
    one = MastodonConnector("brand", settings, clock=real_clock)
    await one.prepare()
    yield one
    await one.close()


async def mention(connector: MastodonConnector, external_id: str) -> Arrived:
    page = await connector.fetch(None)
    return next(one for one in page.arrivals if isinstance(one, Arrived) and one.external_id == external_id)


def reply_to(arrived: Arrived, text: str, **changes: Any) -> OutgoingReply:
    to = stored(arrived)
    return replace(OutgoingReply("key", f"{to.author.handle} {text}", to.visibility, to), **changes)


async def test_a_mention_is_fetched_liked_and_answered(alice, connector, real_clock):
    position = (await connector.fetch(None)).position
    asked = await alice.writes("@brand my parcel is late & it rains <3\n\nsee https://shop.example/orders/17")
    page = await connector.fetch(position)
    arrived = page.arrivals[0]
    assert isinstance(arrived, Arrived)
    assert arrived.external_id == asked
    assert arrived.text == "my parcel is late & it rains <3\n\nsee https://shop.example/orders/17"
    assert (arrived.author.name, arrived.author.handle, arrived.visibility) == ("Alice", "@alice", Visibility.PUBLIC)
    assert list((await connector.fetch(page.position)).arrivals) == []

    to = stored(arrived)
    await connector.act(NetworkAct.LIKE, to, key="like")
    await connector.act(NetworkAct.LIKE, to, key="like")
    assert (await alice.call("GET", f"/api/v1/statuses/{asked}"))["favourites_count"] == 1

    reply = reply_to(
        arrived, "it left today: https://shop.example/t/9 \N{DELIVERY TRUCK}", first_tried_at=real_clock.now()
    )
    assert await connector.find(reply) is None
    posted = await connector.post(reply)
    assert await connector.post(reply) == posted, "this server honours the key"
    assert await connector.find(reply) == posted
    below = (await alice.call("GET", f"/api/v1/statuses/{asked}/context"))["descendants"]
    assert [one["id"] for one in below] == [posted.external_id]
    assert [one["type"] for one in await alice.call("GET", "/api/v1/notifications")][:1] == ["mention"]

    again = await alice.writes("@brand thank you", in_reply_to_id=posted.external_id)
    followed = (await connector.fetch(page.position)).arrivals[0]
    assert isinstance(followed, Arrived)
    assert (followed.external_id, followed.thread_id, followed.parent_id) == (again, asked, posted.external_id)


async def test_edits_and_deletions_are_seen_before_a_reply_leaves(alice, connector):
    arrived = await mention(connector, await alice.writes("@brand where is my parcel?"))
    to = stored(arrived)
    assert await connector.changes(to) == []
    await alice.call("PUT", f"/api/v1/statuses/{to.external_id}", status="@brand where is my red parcel?")
    more = await alice.writes("@brand it is urgent", in_reply_to_id=to.external_id)
    changes = await connector.changes(to)
    assert [(type(one), one.external_id) for one in changes] == [(Edited, to.external_id), (Arrived, more)]
    assert changes[0].text == "where is my red parcel?"
    await alice.call("DELETE", f"/api/v1/statuses/{to.external_id}")
    assert [type(one) for one in await connector.changes(to)] == [Deleted]


async def test_a_private_conversation_stays_private(alice, connector):
    arrived = await mention(connector, await alice.writes("@brand my address is ...", visibility="direct"))
    assert arrived.visibility is Visibility.PRIVATE
    posted = await connector.post(reply_to(arrived, "noted"))
    assert (await alice.call("GET", f"/api/v1/statuses/{posted.external_id}"))["visibility"] == "direct"


async def test_faults_on_the_way(alice, connector, real_clock):
    arrived = await mention(connector, await alice.writes("@brand hello?"))
    reply = reply_to(arrived, "hello!", first_tried_at=real_clock.now())
    for effect, verdict in (
        ({"type": "status", "status": 500}, ports.Uncertain),
        ({"type": "status", "status": 503}, ports.Uncertain),
        ({"type": "malformed"}, ports.Uncertain),
        ({"type": "status", "status": 422, "body": {"error": "Validation failed"}}, ports.Rejected),
        ({"type": "status", "status": 404}, ports.Gone),
        ({"type": "status", "status": 401}, ports.Unauthorised),
    ):
        await alice.fault(effect)
        with pytest.raises(ports.OutsideError) as caught:
            await connector.post(reply)
        assert type(caught.value) is verdict, effect
    await alice.fault({"type": "ratelimit"})
    with pytest.raises(ports.Throttled) as throttled:
        await connector.post(reply)
    assert throttled.value.retry_at == real_clock.now() + timedelta(seconds=300)
    assert await connector.find(reply) is None
    await alice.fault({"type": "malformed"}, path="/api/v1/notifications", method="GET")
    with pytest.raises(ports.RetryLater):
        await connector.fetch("0")
    posted = await connector.post(reply)
    assert await connector.find(reply) == posted


async def test_the_doctor_and_a_wrong_token(address, connector, real_clock):
    assert [one for one in await connector.doctor() if not one.ok] == []
    settings = Settings.model_validate({"base_url": address, "access_token": Secret("no_such_token")})
    stranger = MastodonConnector("brand", settings, clock=real_clock)
    assert [one.advice for one in await stranger.doctor() if not one.ok] == ["make a new access_token"]
    with pytest.raises(ports.Unauthorised):
        await stranger.fetch(None)
    await stranger.close()
