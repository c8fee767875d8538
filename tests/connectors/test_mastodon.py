"""Mastodon: the rules of every connector, and what only this network does."""

import json
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.html_text import plain_text
from connectors.mastodon import MastodonConnector, Settings
from connectors.same_words import same_words
from escalation import ports
from escalation.ports import Arrived, OutgoingReply, PostFacts
from escalation.secret import Secret
from models.vocabulary import NetworkAct, Visibility
from tests.clock import TestClock
from tests.connectors.contract import ConnectorContract
from tests.connectors.fake_mastodon import ADA, BRAND, FakeMastodon
from tests.connectors.fake_network import FakeNetwork, Fault, answers, fails
from tests.connectors.rules import stored


def connected(network: FakeNetwork, **settings: object) -> MastodonConnector:
    given = {"base_url": "https://social.example", "access_token": Secret(network.token), **settings}
    return MastodonConnector(
        "brand_on_mastodon", Settings.model_validate(given), clock=network.clock, transport=network.wire
    )


class TestMastodon(ConnectorContract):
    connector_class = MastodonConnector
    payloads = Path(__file__).parent / "payloads" / "mastodon"

    def make_network(self, clock: TestClock) -> FakeMastodon:
        return FakeMastodon(clock)

    def make_connector(self, network: FakeNetwork) -> MastodonConnector:
        return connected(network)


@pytest.fixture
def network(clock: TestClock) -> FakeMastodon:
    return FakeMastodon(clock)


@pytest.fixture
async def connector(network: FakeMastodon) -> MastodonConnector:
    made = connected(network)
    await made.prepare()
    return made


async def arrived(network: FakeMastodon, connector: MastodonConnector, text: str, **more: Any) -> PostFacts:
    external_id = network.customer_writes(text, **more)
    page = await connector.fetch(None)
    return stored(next(one for one in page.arrivals if isinstance(one, Arrived) and one.external_id == external_id))


def reply(to: PostFacts, text: str = "It left today.", **changes: Any) -> OutgoingReply:
    made = OutgoingReply(key="k", text=f"{to.author.handle} {text}", visibility=to.visibility, to=to)
    return replace(made, **changes)


# --- limits of the server


async def test_the_server_s_own_limits_hold(network, connector):
    network.wire.script(
        answers(200, b'{"configuration": {"statuses": {"max_characters": 11000, "characters_reserved_per_url": 40}}}')
    )
    await connector.prepare()
    to = await arrived(network, connector, "hi")
    assert connector.capabilities.limit == 11_000
    assert connector.count("https://example.org/a", to=to) == 40


@pytest.mark.parametrize(
    ("first", "second", "limit"),
    [
        (answers(404), answers(200, b'{"max_toot_chars": 5000}'), 5000),
        (answers(500, b"<html>"), answers(200, b'{"configuration": {"statuses": {"max_characters": 700}}}'), 700),
        (answers(404), answers(404), 500),
        (answers(500), answers(500), 500),
        (answers(401), answers(403), 500),
        (answers(200, b"<html>"), answers(200, b"[]"), 500),
        (answers(200, b'{"configuration": {"statuses": {"max_characters": "many"}}}'), answers(200), 500),
        (answers(200, b'{"configuration": {"statuses": {"max_characters": -1}}}'), answers(200), 500),
    ],
)
async def test_servers_without_the_newer_address_or_any(network, first, second, limit):
    network.wire.script(first, path="/api/v2/instance")
    network.wire.script(second, path="/api/v1/instance")
    connector = connected(network)
    await connector.prepare()
    assert connector.capabilities.limit == limit


async def test_limits_are_not_guessed_while_the_server_is_out_of_reach(network):
    connector = connected(network)
    network.wire.script(fails(httpx.ConnectTimeout))
    with pytest.raises(ports.RetryLater):
        await connector.prepare()


# --- the first poll


async def test_the_first_poll_brings_what_is_recent_and_unread(network, connector, clock):
    old = network.customer_writes("long ago")
    clock.forward(seconds=25 * 3600)
    seen = network.customer_writes("seen in the app")
    network.habits.read_until = network.news[-1]["id"]
    new = network.customer_writes("new")
    assert [one.external_id for one in (await connector.fetch(None)).arrivals] == [new]
    network.habits.has_markers = False
    page = await connector.fetch(None)
    assert [one.external_id for one in page.arrivals] == [seen, new]
    assert old not in page.arrivals
    assert (await connector.fetch(page.position)).arrivals == []


async def test_the_first_poll_goes_back_several_pages_but_not_for_ever(network, connector):
    wrote = [network.customer_writes(f"message {number}") for number in range(350)]
    page = await connector.fetch(None)
    assert [one.external_id for one in page.arrivals] == wrote[-200:]  # this server gives 40 a page
    assert (await connector.fetch(page.position)).arrivals == []


async def test_an_account_that_never_had_news_starts_at_the_beginning(network, connector, clock):
    page = await connector.fetch(None)
    assert (list(page.arrivals), page.position) == ([], "0")
    network.habits.read_until = "999"  # somebody looks into the app meanwhile
    wrote = [network.customer_writes(f"message {number}") for number in range(290)]
    clock.forward(seconds=48 * 3600)  # and we were down for long
    page = await connector.fetch(page.position)
    assert [one.external_id for one in page.arrivals] == wrote


async def test_filtered_strangers_are_asked_for(network, connector):
    await connector.fetch("5")
    call = network.wire.calls[-1]
    assert (call.query["include_filtered"], call.query["min_id"], call.query["limit"]) == ("true", "5", "80")


async def test_bots_are_left_out_unless_wanted(network, connector):
    network.customer_writes("beep", account={**ADA, "bot": True})
    assert (await connector.fetch(None)).arrivals == []
    assert connector.ignored["bot"] == 1
    assert len((await connected(network, ignore_bots=False).fetch(None)).arrivals) == 1


# --- conversations


async def test_a_conversation_has_the_id_of_its_first_post(network, connector):
    root = network.customer_writes("one", addressed=False)
    middle = network.customer_writes("two", parent_id=root, addressed=False)
    network.customer_writes("three", parent_id=middle)
    network.customer_writes("four", parent_id=middle)
    page = await connector.fetch(None)
    assert {one.thread_id for one in page.arrivals} == {root}
    assert network.wire.count("GET", "*/context") == 1, "a known conversation is not asked for again"


async def test_without_context_the_post_answered_names_the_conversation(network, connector):
    root = network.customer_writes("one", addressed=False)
    middle = network.customer_writes("two", parent_id=root, addressed=False)
    network.customer_writes("three", parent_id=middle)
    for fault in (answers(404), answers(500), answers(200, b"[]"), fails(httpx.ReadTimeout)):
        network.wire.script(fault, path="*/context")
        page = await connected(network).fetch(None)
        assert [one.thread_id for one in page.arrivals] == [middle]
    network.wire.script(answers(429), path="*/context")
    with pytest.raises(ports.Throttled):
        await connected(network).fetch(None)


# --- replies


async def test_what_a_reply_carries(network, connector):
    to = await arrived(network, connector, "hi", spoiler_text="parcel", language="it", visibility=Visibility.UNLISTED)
    await connector.post(reply(to, key="key-17"))
    call = network.wire.calls[-1]
    assert call.headers["idempotency-key"] == "key-17"
    assert call.headers["content-type"] == "application/json"
    assert json.loads(call.body) == {
        "status": "@ada@other.example It left today.", "in_reply_to_id": to.external_id, "visibility": "unlisted",
        "spoiler_text": "parcel", "language": "it",
    }  # fmt: skip


async def test_the_content_warning_counts(network, connector):
    to = await arrived(network, connector, "hi", spoiler_text="w" * 490)
    assert connector.count("12345", to=to) == 495
    with pytest.raises(ports.Rejected) as caught:
        await connector.post(reply(to, text="a" * 20))
    assert str(caught.value.for_people) == "The reply has 515 characters; Mastodon takes 500."


async def test_parts_after_the_first_stay_out_of_public_timelines(network, connector):
    to = await arrived(network, connector, "hi")
    first = await connector.post(reply(to))
    await connector.post(reply(to, part=1, previous_id=first.external_id, key="k2"))
    assert [one.visibility for one in network.standing()] == [Visibility.PUBLIC, Visibility.UNLISTED]
    private = await arrived(network, connector, "hi", visibility=Visibility.PRIVATE)
    await connector.post(reply(private, part=1, previous_id=first.external_id, key="k3"))
    assert network.standing()[-1].visibility is Visibility.PRIVATE


async def test_a_public_post_can_be_answered_privately(network, connector):
    to = await arrived(network, connector, "hi")
    await connector.post(reply(to, visibility=Visibility.PRIVATE))
    assert network.standing()[-1].visibility is Visibility.PRIVATE


async def test_a_reply_that_became_a_post_of_its_own_is_taken_back(network, connector):
    network.habits.publishes_orphans = True
    to = await arrived(network, connector, "hi")
    network.customer_deletes(to.external_id)
    with pytest.raises(ports.Gone):
        await connector.post(reply(to))
    assert not network.standing()


async def test_a_post_of_its_own_that_cannot_be_taken_back_is_shown_to_people(network, connector):
    network.habits.publishes_orphans = True
    to = await arrived(network, connector, "hi")
    network.customer_deletes(to.external_id)
    network.wire.script(answers(500), method="DELETE")
    with pytest.raises(ports.Rejected) as caught:
        await connector.post(reply(to))
    assert f"https://social.example/@x/{network.standing()[0].external_id}" in str(caught.value.for_people)


async def test_a_reply_that_the_server_shows_to_more_people_is_taken_back(network, connector):
    network.habits.widens = True
    to = await arrived(network, connector, "my address is", visibility=Visibility.PRIVATE)
    with pytest.raises(ports.Rejected):
        await connector.post(reply(to))
    assert not network.standing()


@pytest.mark.parametrize(
    ("status", "words", "verdict"),
    [
        (400, "The access token was revoked", ports.Unauthorised),
        (403, "This action is outside the authorized scopes", ports.Unauthorised),
        (403, "Your login is currently disabled", ports.Unauthorised),
        (403, "Invalid credentials.", ports.Unauthorised),
        (422, "This method requires an authenticated user", ports.Unauthorised),
        (403, "This action is not allowed", ports.Rejected),
        (403, "Replies are disabled by the author", ports.Rejected),
        (400, "status too long", ports.Rejected),
        (413, "Payload too large", ports.Rejected),
        (422, "Validation failed: Text character limit of 500 exceeded", ports.Rejected),
    ],
)
async def test_refusals_by_their_words(network, connector, status, words, verdict):
    to = await arrived(network, connector, "hi")
    network.on_send(answers(status, json.dumps({"error": words}).encode()))
    with pytest.raises(verdict) as caught:
        await connector.post(reply(to))
    assert type(caught.value) is verdict
    assert words in str(caught.value.for_people)
    assert words not in str(caught.value)


@pytest.mark.parametrize("value", ["2026-11-02T09:02:00.000000Z", "2026-11-02T10:02:00+01:00", "1793610120"])
async def test_the_rate_limit_s_own_header(network, connector, clock, value):
    network.on_poll(answers(429, x_ratelimit_reset=value))
    with pytest.raises(ports.Throttled) as caught:
        await connector.fetch("1")
    assert caught.value.retry_at == clock.now() + timedelta(minutes=2)


# --- looking up


async def test_an_earlier_equal_reply_is_not_taken_for_this_one(network, connector, clock):
    to = await arrived(network, connector, "hi")
    await connector.post(reply(to, key="earlier"))
    clock.forward(seconds=3600)
    assert await connector.find(reply(to, first_tried_at=clock.now())) is None


async def test_our_own_words_said_by_the_customer_are_not_ours(network, connector, clock):
    to = await arrived(network, connector, "hi")
    tried = reply(to, first_tried_at=clock.now())
    network.customer_writes(tried.text, parent_id=to.external_id, addressed=False)
    assert await connector.find(tried) is None


async def test_the_server_s_clock_decides_how_early_is_too_early(network, connector, clock):
    to = await arrived(network, connector, "hi")
    await connector.post(reply(to, key="earlier"))
    clock.forward(seconds=180)
    tried = reply(to, first_tried_at=clock.now())
    assert await connector.find(tried) is not None, "without the server's time five minutes are allowed for"
    told = {"date": format_datetime(clock.now(), usegmt=True), "content-type": "application/json"}
    notes = [network.status(one) for one in network.notes.values() if one.account is BRAND]
    below = json.dumps({"ancestors": [], "descendants": notes}).encode()
    network.wire.script(Fault(status=200, body=below, headers=told), path="*/context")
    network.wire.script(Fault(status=200, body=json.dumps(notes).encode(), headers=told), path="*/accounts/1/statuses")
    assert await connector.find(tried) is None


async def test_a_reply_below_a_post_deleted_since_is_found(network, connector, clock):
    to = await arrived(network, connector, "hi")
    sent = reply(to, first_tried_at=clock.now())
    posted = await connector.post(sent)
    network.customer_deletes(to.external_id)
    assert await connector.find(sent) == posted


async def test_a_reply_is_found_among_many_later_ones(network, connector, clock):
    to = await arrived(network, connector, "hi")
    sent = reply(to, first_tried_at=clock.now())
    posted = await connector.post(sent)
    network.wire.script(answers(200, b'{"ancestors": [], "descendants": []}'), path="*/context", times=2)
    for number in range(130):
        clock.forward(seconds=1)
        network.we_write(f"later {number}")
    assert await connector.find(sent) == posted
    for number in range(600):
        clock.forward(seconds=1)
        network.we_write(f"much later {number}")
    with pytest.raises(ports.RetryLater, match="lookup_incomplete"):
        await connector.find(sent)


CURLY = "\N{LEFT DOUBLE QUOTATION MARK}no\N{RIGHT DOUBLE QUOTATION MARK}"


@pytest.mark.parametrize(
    ("sent", "standing"),
    [
        ('@ada@other.example He said "no" -- really', f"<p>@ada He said {CURLY} \N{EN DASH} really</p>"),
        ("cafe\N{COMBINING ACUTE ACCENT}", "<p>caf\N{LATIN SMALL LETTER E WITH ACUTE}</p>"),
        ("a\n\n\n\nb  c ", "<p>a</p><p>b c</p>"),
        ("- one\n- two", "<ul><li>one</li><li>two</li></ul>"),
        ("\N{GRINNING FACE}", "<p>\N{GRINNING FACE}</p>"),
    ],
)  # fmt: skip
def test_texts_that_servers_re_write_are_the_same(sent, standing):
    assert same_words(plain_text(standing), sent)


@pytest.mark.parametrize(
    ("sent", "standing"), [("yes", "no"), ("1.5", "1.6"), ("\N{GRINNING FACE}", "\N{FISH}"), ("a", ""), ("!", "?")]
)
def test_other_texts_are_not_the_same(sent, standing):
    assert not same_words(standing, sent)


# --- reading again


async def test_what_the_customer_says_to_others_is_not_ours(network, connector, clock):
    to = await arrived(network, connector, "hi")
    clock.forward(seconds=10)
    bob = network.customer_writes("me too", parent_id=to.external_id, account={**ADA, "id": "3"}, addressed=False)
    network.customer_writes("thanks bob", parent_id=bob, addressed=False)
    more = network.customer_writes("and another thing", parent_id=to.external_id, addressed=False)
    assert [one.external_id for one in await connector.changes(to)] == [more]


async def test_an_edit_before_we_first_read_the_post_is_no_change(network, connector, clock):
    external_id = network.customer_writes("hi")
    clock.forward(seconds=10)
    network.customer_edits(external_id, "hello")
    to = stored((await connector.fetch(None)).arrivals[0])
    assert to.text == "hello"
    assert await connector.changes(to) == []
    clock.forward(seconds=10)
    network.customer_edits(external_id, "hello!")
    assert [one.text for one in await connector.changes(to)] == ["hello!"]


# --- acts


@pytest.mark.parametrize("visibility", [Visibility.FOLLOWERS, Visibility.PRIVATE])
async def test_what_is_not_public_is_not_reposted(network, connector, visibility):
    to = await arrived(network, connector, "hi", visibility=visibility)
    with pytest.raises(ports.Rejected) as caught:
        await connector.act(NetworkAct.REPOST, to, key="k")
    assert str(caught.value.for_people) == "Only public posts can be reposted on Mastodon."
    assert not network.acts()
    await connector.act(NetworkAct.LIKE, to, key="k")
    assert network.acts() == [(NetworkAct.LIKE, to.external_id)]


# --- the doctor


async def test_the_doctor_names_missing_scopes(network, connector):
    network.habits.scopes = ["read", "write:statuses"]
    bad = [one for one in await connector.doctor() if not one.ok]
    assert [one.what for one in bad] == ["the application lacks write:favourites"]


async def test_the_doctor_sees_clocks_apart(network, connector, clock):
    late = format_datetime(clock.now() - timedelta(minutes=10), usegmt=True)
    network.wire.script(answers(200, json.dumps(BRAND).encode(), date=late), path="*/verify_credentials")
    bad = [one for one in await connector.doctor() if not one.ok]
    assert [one.what for one in bad] == ["the clocks are 600 seconds apart"]
