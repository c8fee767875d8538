"""How events travel: signature, envelope, retries with an own clock, deadline of three seconds, faults on the way."""

import asyncio
import hashlib
import hmac
import json
from urllib.parse import parse_qs

import httpx

from bots.sandbox.workspace import Workspace
from bots.sandbox.workspace.web_api import METHODS
from bots.sandbox.workspace.web_api.arguments import Arguments
from tests.bots.sandbox.workspace.stage import ANNA, BOT, EMPTY, LUNCH, Inbox, button, section, seed, turns


async def test_the_envelope_and_its_signature(connected, inbox, clock):
    said = await connected.type(ANNA, LUNCH, "hello")
    await connected.settled()
    headers, body = inbox.requests[0]
    stamp = headers["x-slack-request-timestamp"]
    assert int(stamp) == int(clock.now().timestamp())
    digest = hmac.new(b"sandbox-signing-secret", b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    assert headers["x-slack-signature"] == f"v0={digest}"
    envelope = json.loads(body)
    assert envelope["type"] == "event_callback"
    assert (envelope["team_id"], envelope["api_app_id"]) == ("T0SANDBOX", "A0SANDBOX")
    assert envelope["authorizations"][0]["user_id"] == BOT
    assert envelope["event_time"] == int(clock.now().timestamp())
    event = envelope["event"]
    assert (event["ts"], event["user"], event["channel_type"]) == (said.ts, ANNA, "channel")
    assert event["client_msg_id"]
    assert "x-slack-retry-num" not in headers


async def test_retries_at_once_after_a_minute_and_after_five(connected, inbox, clock):
    inbox.answers = [500, 404, 500, 500]
    await connected.type(ANNA, LUNCH, "hello")
    await turns()
    assert len(inbox.requests) == 2
    await clock.advance(59)
    assert len(inbox.requests) == 2
    await clock.advance(1)
    assert len(inbox.requests) == 3
    await clock.advance(300)
    assert len(inbox.requests) == 4
    await clock.advance(10_000)
    assert len(inbox.requests) == 4
    numbers = [headers.get("x-slack-retry-num") for headers, _ in inbox.requests]
    reasons = [headers.get("x-slack-retry-reason") for headers, _ in inbox.requests]
    assert numbers == [None, "1", "2", "3"]
    assert reasons == [None, "http_error", "http_error", "http_error"]
    assert len({json.loads(body)["event_id"] for _, body in inbox.requests}) == 1
    assert [one.status for one in connected.deliveries.kept] == ["http_error"] * 4


async def test_an_event_that_nobody_took_is_delivered_after_a_restart(connected, inbox, clock):
    await connected.type(ANNA, LUNCH, "taken")
    await connected.settled()
    inbox.answers = [500, 500]
    await connected.type(ANNA, LUNCH, "not yet")
    await turns()
    kept = json.loads(json.dumps(connected.snapshot()))
    later_inbox = Inbox()
    async with (
        httpx.AsyncClient(transport=httpx.ASGITransport(later_inbox)) as http,
        Workspace(seed(), clock=clock, http=http, deliver_to="http://app.test/events") as later,
    ):
        later.restore(kept)
        await turns()
        assert later_inbox.requests == []  # whoever restores says when the app is there
        assert later.snapshot()["undelivered"] == kept["undelivered"]
        later.deliveries.resume()
        later.deliveries.resume()
        await later.settled()
        assert later.snapshot()["undelivered"] == []
    [first] = later_inbox.requests
    assert json.loads(first[1]) == json.loads(inbox.requests[-1][1])  # the same event, by its id


async def test_what_was_given_up_is_not_kept(connected, inbox, clock):
    inbox.answers = [500] * 4
    await connected.type(ANNA, LUNCH, "in vain")
    await turns()
    assert len(connected.snapshot()["undelivered"]) == 1
    connected.restore(connected.snapshot())
    connected.deliveries.resume()  # what is under way already is not begun again
    await clock.advance(60)
    await clock.advance(300)
    assert len(inbox.requests) == 4
    assert connected.snapshot()["undelivered"] == []


async def test_no_retry_when_the_app_says_so(connected, inbox, clock):
    inbox.answers = [(500, {"x-slack-no-retry": "1"}, b"")]
    await connected.type(ANNA, LUNCH, "hello")
    await connected.settled()
    await clock.advance(1000)
    assert len(inbox.requests) == 1


async def test_three_seconds_and_not_more(connected, inbox, clock):
    inbox.answers = ["never"]
    await connected.type(ANNA, LUNCH, "hello")
    await turns()
    await clock.advance(2.9)
    assert len(inbox.requests) == 1
    await clock.advance(0.2)
    await connected.settled()
    assert [headers.get("x-slack-retry-reason") for headers, _ in inbox.requests] == [None, "http_timeout"]


async def test_a_click_that_is_not_acknowledged(connected, inbox, clock):
    message = await posted(connected)
    inbox.answers = ["never"]
    click = asyncio.create_task(connected.click(ANNA, LUNCH, message, "Go"))
    await turns()
    await clock.advance(3.1)
    seen = await click
    assert (seen.ok, seen.error) == (False, "the app did not answer in 3 seconds")
    inbox.answers = [404]
    assert (await connected.click(ANNA, LUNCH, message, "Go")).error == "the app answered 404"
    assert len(inbox.requests) == 3  # the bot's own message, and the click twice: clicks are not retried


async def posted(workspace):
    blocks = [section("x"), {"type": "actions", "elements": [button("Go", "go")]}]
    answer = METHODS["chat.postMessage"].run(workspace, Arguments({"channel": LUNCH, "blocks": blocks}))
    await workspace.settled()
    return answer["ts"]


async def test_only_where_the_bot_is_and_only_what_it_subscribed_to(clock, inbox):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(inbox)) as http:
        only = seed(events=("app_mention", "message.im"))
        async with Workspace(only, clock=clock, http=http, deliver_to="http://app.test/events") as workspace:
            await workspace.type(ANNA, EMPTY, "nobody hears this")
            await workspace.type(ANNA, LUNCH, "not subscribed")
            await workspace.type(ANNA, LUNCH, "but this @lunchbot", mentions=[BOT])
            await workspace.type(ANNA, BOT, "and this")
            await workspace.settled()
    assert [one["type"] for one in inbox.events] == ["app_mention", "message"]


async def test_a_private_message_of_one_person_is_an_event_of_type_im(connected, inbox):
    await connected.type(ANNA, BOT, "psst")
    await connected.settled()
    assert inbox.events[0]["channel_type"] == "im"


async def test_faults_on_the_way(connected, inbox, clock):
    connected.deliveries.faults.script(
        [
            ("message", "duplicate", 1, {"copies": 2}),
            ("message", "lost", 1),
            ("message", "reorder", 1),
            ("message", "late", 1, {"seconds": 9}),
        ]
    )
    for text in ("twice again", "lost", "overtaken", "late", "plain"):
        await connected.type(ANNA, LUNCH, text)
    await connected.settled()
    await turns()
    texts = [one["text"] for one in inbox.events]
    assert texts == ["twice again"] * 3 + ["overtaken", "plain"]
    assert len({json.loads(body)["event_id"] for _, body in inbox.requests[:3]}) == 1
    await clock.advance(9)
    assert inbox.events[-1]["text"] == "late"


async def test_reordered_behind_the_next(connected, inbox):
    connected.deliveries.faults.add("message", "reorder")
    await connected.type(ANNA, LUNCH, "first")
    await connected.type(ANNA, LUNCH, "second")
    await connected.settled()
    assert [one["text"] for one in inbox.events] == ["second", "first"]


async def test_with_no_app_connected_people_are_told(workspace):
    message = await posted(workspace)
    assert (await workspace.click(ANNA, LUNCH, message, "Go")).error == "the app is not connected"
    assert (await workspace.slash(ANNA, LUNCH, "/lunch")).ok is False


async def test_a_payload_is_a_form_with_json(connected, inbox):
    message = await posted(connected)
    await connected.click(ANNA, LUNCH, message, action_id="go")
    headers, body = inbox.requests[-1]
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    payload = json.loads(parse_qs(body.decode())["payload"][0])
    assert payload["type"] == "block_actions"
    assert payload["user"]["id"] == ANNA
