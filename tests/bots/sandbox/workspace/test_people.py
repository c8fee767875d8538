"""People's hands: what they may do, how words are stored, triggers, response addresses, races, the HTTP door."""

import asyncio
import json

import httpx
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bots.sandbox.workspace import CannotDo, Workspace
from tests.bots.sandbox.workspace.stage import (
    ANNA,
    BOT,
    BRUNO,
    CARLA,
    LUNCH,
    SECRET_ROOM,
    button,
    section,
    seed,
    turns,
    wish_dialog,
)

GO = [section("x"), {"type": "actions", "elements": [button("Go", "go"), button("Stop", "stop")]}]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("see https://x.example/a?b=1&c=2.", "see <https://x.example/a?b=1&amp;c=2>."),
        ("(https://x.example/a)", "(<https://x.example/a>)"),
        ("go to acme.com/shop now", "go to <http://acme.com/shop|acme.com/shop> now"),
        ("mail me@acme.example", "mail <mailto:me@acme.example|me@acme.example>"),
        ("<@U0ANNA> is no mention", "&lt;@U0ANNA&gt; is no mention"),
        ("&lt; stays typed", "&amp;lt; stays typed"),
        ("1.5 and v1.2.3 and file.txt", "1.5 and v1.2.3 and file.txt"),
        ("line\nline *bold* :tada:", "line\nline *bold* :tada:"),
    ],
)
async def test_what_is_typed_is_stored_slacks_way(workspace, typed, stored):
    seen = await workspace.type(ANNA, LUNCH, typed)
    assert seen.message["text"] == stored
    assert seen.message["blocks"][0]["type"] == "rich_text"


async def test_picked_mentions(workspace):
    seen = await workspace.type(ANNA, LUNCH, "@Bruno and @cooks in #lunch", mentions=[BRUNO, "S0COOKS", LUNCH])
    assert seen.message["text"] == f"<@{BRUNO}> and <!subteam^S0COOKS> in <#{LUNCH}>"
    first = await workspace.type(ANNA, LUNCH, "look", mentions=[BRUNO])
    assert first.message["text"] == f"<@{BRUNO}> look"
    named = await workspace.type(ANNA, LUNCH, "hey you", mentions={"you": CARLA})
    assert named.message["text"] == f"hey <@{CARLA}>"
    kinds = [one["type"] for one in seen.message["blocks"][0]["elements"][0]["elements"]]
    assert kinds == ["user", "text", "usergroup", "text", "channel"]


async def test_what_people_cannot_do(workspace):
    said = await workspace.type(ANNA, LUNCH, "mine")
    refusals = [
        (workspace.type(CARLA, LUNCH, "x"), "is not in lunch"),
        (workspace.type("U404", LUNCH, "x"), "there is no person 'U404'"),
        (workspace.type(ANNA, "C404", "x"), "there is no channel"),
        (workspace.type(ANNA, LUNCH, "  "), "empty message"),
        (workspace.type(ANNA, LUNCH, "x", thread_ts="1.000001"), "no message 1.000001"),
        (workspace.type(ANNA, SECRET_ROOM, "x"), "cannot see it"),
        (workspace.edit(BRUNO, LUNCH, said.ts, "x"), "not U0BRUNO's own"),
        (workspace.delete(BRUNO, LUNCH, said.ts), "not U0BRUNO's own"),
        (workspace.click(ANNA, LUNCH, "1.000001", "Go"), "not there"),
        (workspace.click(ANNA, LUNCH, said.ts, "Go"), "there are: none"),
        (workspace.submit_view(ANNA), "no dialog is open"),
        (workspace.close_view(ANNA), "no dialog to close"),
        (workspace.react(ANNA, LUNCH, said.ts, "eyes", remove=True), "no reaction"),
        (workspace.join(ANNA, SECRET_ROOM), "private"),
        (workspace.join(ANNA, SECRET_ROOM, inviter=BRUNO), "private"),
    ]
    for act, sentence in refusals:
        with pytest.raises(CannotDo, match=sentence):
            await act
    with pytest.raises(CannotDo, match="cannot see"):
        workspace.visible(ANNA, SECRET_ROOM)
    assert (await workspace.delete(ANNA, LUNCH, said.ts)).ok


async def test_threads_and_edits(workspace):
    root = await workspace.type(ANNA, LUNCH, "root")
    reply = await workspace.type(BRUNO, LUNCH, "reply", thread_ts=root.ts)
    below = await workspace.type(ANNA, LUNCH, "below", thread_ts=reply.ts)
    assert below.message["thread_ts"] == root.ts
    assert [one["text"] for one in workspace.messages(LUNCH)] == ["root"]
    assert [one["text"] for one in workspace.visible(BRUNO, LUNCH, root.ts)] == ["root", "reply", "below"]
    edited = await workspace.edit(BRUNO, LUNCH, reply.ts, "better & shorter")
    assert edited.message["text"] == "better &amp; shorter"
    assert edited.message["edited"]["user"] == BRUNO
    await workspace.delete(BRUNO, LUNCH, reply.ts)
    assert workspace.messages(LUNCH)[0]["reply_count"] == 1
    assert workspace.find_message(LUNCH, "below")["ts"] == below.ts
    assert workspace.find_message(LUNCH, "reply") is None


@pytest.fixture
async def workspace(connected):
    """Everything in this file talks to the workspace with the patient app."""
    return connected


def last_payload(inbox):
    forms = [httpx.QueryParams(body.decode()) for _, body in inbox.requests]
    return json.loads([form for form in forms if "payload" in form][-1]["payload"])


async def clicked(workspace, api, inbox, **posted):
    """Let the bot post buttons, click Go, and answer the message and the payload of the click."""
    message = await api("chat.postMessage", channel=LUNCH, text="x", blocks=GO, **posted)
    await workspace.settled()
    assert (await workspace.click(ANNA, LUNCH, message["ts"], "Go")).ok
    return message["ts"], last_payload(inbox)


async def test_a_trigger_lives_three_seconds_and_once(workspace, api, inbox, clock):
    _, payload = await clicked(workspace, api, inbox)
    trigger = payload["trigger_id"]
    assert (await api("views.open", trigger_id=trigger, view={"type": "modal"}))["error"] == "invalid_arguments"
    await clock.advance(3)
    assert (await api("views.open", trigger_id=trigger, view=wish_dialog()))["view"]["type"] == "modal"
    assert (await api("views.open", trigger_id=trigger, view=wish_dialog()))["error"] == "exchanged_trigger_id"
    _, later = await clicked(workspace, api, inbox)
    await clock.advance(3.001)
    assert (await api("views.open", trigger_id=later["trigger_id"], view=wish_dialog()))[
        "error"
    ] == "expired_trigger_id"
    unknown = await api("views.open", trigger_id="1.2.3", view=wish_dialog())
    assert unknown["response_metadata"]["messages"] == ["[ERROR] invalid `trigger_id` [json-pointer:/trigger_id]"]


async def trigger(workspace, api, inbox):
    return (await clicked(workspace, api, inbox))[1]["trigger_id"]


async def test_views_push_update_race_and_size(workspace, api, inbox):
    async def fresh():
        return await trigger(workspace, api, inbox)

    assert (await api("views.push", trigger_id=await fresh(), view=wish_dialog()))["error"] == "not_found"
    opened = (await api("views.open", trigger_id=await fresh(), view={**wish_dialog(), "external_id": "one"}))["view"]
    for _ in range(2):
        assert (await api("views.push", trigger_id=await fresh(), view=wish_dialog()))["ok"] is True
    assert (await api("views.push", trigger_id=await fresh(), view=wish_dialog()))["error"] == "push_limit_reached"
    same = {**wish_dialog(), "external_id": "one"}
    assert (await api("views.push", trigger_id=await fresh(), view=same))["error"] == "duplicate_external_id"
    updated = await api("views.update", external_id="one", hash=opened["hash"], view=wish_dialog("new"))
    assert updated["view"]["id"] == opened["id"]
    raced = await api("views.update", view_id=opened["id"], hash=opened["hash"], view=wish_dialog())
    assert raced["error"] == "hash_conflict"
    assert (await api("views.update", view_id="V404", view=wish_dialog()))["error"] == "not_found"
    many = [{"type": "section", "text": {"type": "plain_text", "text": "x" * 3000}} for _ in range(100)]
    large = await api("views.update", view_id=opened["id"], view={**wish_dialog(), "blocks": many})
    assert large["error"] == "view_too_large"
    closed = await workspace.close_view(ANNA, everything=True)
    assert closed.view is None
    assert (await api("views.update", view_id=opened["id"], view=wish_dialog()))["error"] == "not_found"


async def test_an_update_keeps_what_was_typed_where_ids_stay(workspace, api, inbox):
    opened = (await api("views.open", trigger_id=await trigger(workspace, api, inbox), view=wish_dialog()))["view"]
    await workspace.type_in_view(ANNA, "Dish", "pasta")
    await api("views.update", view_id=opened["id"], view=wish_dialog("5"))
    assert (await workspace.submit_view(ANNA)).ok
    assert last_payload(inbox)["view"]["state"]["values"]["dish"]["text"]["value"] == "pasta"


async def test_a_response_address_five_times_in_thirty_minutes(workspace, api, inbox, http, clock):
    ts, payload = await clicked(workspace, api, inbox)
    address = payload["response_url"].replace("http://sandbox.test/sandbox/slack", "")
    first = await http.post(address, json={"text": "only you"})
    assert (first.status_code, first.text) == (200, "ok")
    assert [one["text"] for one in workspace.ephemerals(ANNA, LUNCH)] == ["only you"]
    await http.post(address, json={"text": "everybody", "response_type": "in_channel"})
    assert workspace.messages(LUNCH)[-1]["text"] == "everybody"
    wrong = await http.post(address, json={"blocks": [{"type": "marquee"}]})
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_blocks")
    await http.post(address, json={"text": "replaced", "replace_original": True})
    assert workspace.messages(LUNCH)[0]["text"] == "replaced"
    assert "blocks" not in workspace.messages(LUNCH)[0]
    await http.post(address, json={"delete_original": True})
    assert [one["ts"] for one in workspace.messages(LUNCH) if one["ts"] == ts] == []
    sixth = await http.post(address, json={"text": "again"})
    assert (sixth.status_code, sixth.json()["error"]) == (404, "used_url")
    _, payload = await clicked(workspace, api, inbox)
    await clock.advance(1801)
    late = await http.post(
        payload["response_url"].replace("http://sandbox.test/sandbox/slack", ""), json={"text": "late"}
    )
    assert (late.status_code, late.json()["error"]) == (404, "expired_url")
    assert workspace.calls[-1].method == "response_url"


async def test_buttons_of_an_ephemeral(workspace, api, inbox, http):
    shown = await api("chat.postEphemeral", channel=LUNCH, user=ANNA, text="x", blocks=GO)
    ts = shown["message_ts"]
    await workspace.click(ANNA, LUNCH, ts, "Go")
    payload = last_payload(inbox)
    assert payload["container"]["is_ephemeral"] is True
    assert "message" not in payload
    with pytest.raises(CannotDo, match="not there"):
        await workspace.click(BRUNO, LUNCH, ts, "Go")
    address = payload["response_url"].replace("http://sandbox.test/sandbox/slack", "")
    await http.post(address, json={"text": "changed", "replace_original": True})
    assert [(one["ts"], one["text"]) for one in workspace.ephemerals(ANNA, LUNCH)] == [(ts, "changed")]
    await http.post(address, json={"delete_original": True})
    with pytest.raises(CannotDo, match="not there"):
        await workspace.click(ANNA, LUNCH, ts, "Go")
    again = await api("chat.postEphemeral", channel=LUNCH, user=ANNA, text="x")
    await workspace.dismiss(ANNA, LUNCH, again["message_ts"])
    assert workspace.visible(ANNA, LUNCH) == []


async def test_home_and_hash(workspace, api):
    home = {"type": "home", "blocks": [section("x")]}
    first = (await api("views.publish", user_id=ANNA, view=home))["view"]
    second = (await api("views.publish", user_id=ANNA, view=home, hash=first["hash"]))["view"]
    assert second["id"] == first["id"]
    assert (await api("views.publish", user_id=ANNA, view=home, hash=first["hash"]))["error"] == "hash_conflict"
    assert (await api("views.publish", user_id="U404", view=home))["error"] == "invalid_arguments"
    assert workspace.home(BRUNO) is None


async def test_the_same_over_http(workspace, api, http, inbox):
    said = (await http.post(f"/people/{ANNA}/type", json={"channel": LUNCH, "text": "hello"})).json()
    assert said["message"]["user"] == ANNA
    message = await api("chat.postMessage", channel=LUNCH, text="x", blocks=GO)
    seen = await http.post(
        f"/people/{ANNA}/click", json={"channel": LUNCH, "message_ts": message["ts"], "button": "Go"}
    )
    assert seen.json()["ok"] is True
    missing = await http.post(
        f"/people/{ANNA}/click", json={"channel": LUNCH, "message_ts": message["ts"], "button": "Fly"}
    )
    assert missing.status_code == 409
    assert missing.json() == {"error": "there is no button 'Fly' here; there are: Go, Stop"}
    for path, body, status in (
        ("fly", {}, 404),
        ("click", {"channel": LUNCH}, 400),
        ("type", {"channel": LUNCH, "text": "x", "colour": "red"}, 400),
        ("type", {"channel": LUNCH, "text": ["x"]}, 400),
        ("type", {"channel": LUNCH, "text": "@Bruno", "mentions": ["U404"]}, 409),
    ):
        assert (await http.post(f"/people/{ANNA}/{path}", json=body)).status_code == status
    assert (await http.post(f"/people/{ANNA}/type", content=b"[")).status_code == 400
    visible = await http.get(f"/people/{BRUNO}/visible", params={"channel": LUNCH})
    assert [one["text"] for one in visible.json()] == ["hello", "x"]
    assert (await http.get(f"/people/{BRUNO}/visible")).status_code == 400
    assert (await http.get(f"/people/{BRUNO}/visible", params={"channel": SECRET_ROOM})).status_code == 409
    assert (await http.get(f"/people/{ANNA}/view")).json() is None
    assert (await http.get(f"/people/{ANNA}/dreams")).status_code == 404
    opened = await api("views.open", trigger_id=last_payload(inbox)["trigger_id"], view=wish_dialog())
    assert (await http.get(f"/people/{ANNA}/view", params={"wait": 1})).json()["id"] == opened["view"]["id"]
    submitted = await http.post(f"/people/{ANNA}/submit_view", json={"values": {"Dish": "x"}})
    assert submitted.json()["field_errors"] == {"dish": "Must be at least 2 characters long."}
    assert len((await http.get("/channels")).json()) == 3
    assert len((await http.get("/people")).json()) == 3
    assert len((await http.get(f"/channels/{LUNCH}/messages")).json()) == 2
    for path in ("messages", "find"):
        assert (await http.get(f"/channels/C404/{path}")).status_code == 404
    marked = {"event_type": "x", "event_payload": {"case": 7}}
    card = await api("chat.postMessage", channel=LUNCH, text="card", metadata=marked)
    find = f"/channels/{LUNCH}/find"
    assert (await http.get(find, params={"payload": "case:7"})).json()["ts"] == card["ts"]
    assert (await http.get(find, params={"payload": "case:8"})).json() is None
    assert (await http.get(find, params={"text": "hel"})).json()["ts"] == said["ts"]
    assert (await http.get(find, params={"text": "nothing", "wait": "0.01"})).json() is None
    assert (await http.get(find, params={"wait": "long"})).status_code == 400
    waiting = asyncio.create_task(http.get(find, params={"text": "soon", "wait": 5}))
    await turns()
    await workspace.type(BRUNO, LUNCH, "soon")
    assert (await waiting).json()["user"] == BRUNO


async def test_waiting_in_a_click_for_the_dialog_that_follows(real, lunch):
    await real.type(ANNA, LUNCH, "poll")
    message = await real.until(lambda: real.find_message(LUNCH, "Where"))
    async with httpx.AsyncClient(base_url=real.own_url, trust_env=False) as http:
        body = {"channel": LUNCH, "message_ts": message["ts"], "button": "Wish", "wait": 5}
        seen = (await http.post(f"/people/{ANNA}/click", json=body)).json()
    assert seen["view"]["callback_id"] == "wish"


async def test_the_stream_tells_what_changed(real):
    async with (
        httpx.AsyncClient(base_url=real.own_url, trust_env=False) as http,
        http.stream("GET", "/stream") as stream,
    ):
        lines = stream.aiter_lines()
        assert await anext(lines) == ": watching"
        await anext(lines)
        said = await real.type(ANNA, LUNCH, "hello")
        change = json.loads((await anext(lines)).removeprefix("data: "))
    assert (change["kind"], change["channel"], change["ts"]) == ("message", LUNCH, said.ts)


async def test_a_closed_workspace_ends_its_streams(clock):
    async with Workspace(seed(), clock=clock) as closing:
        watch = closing.changes.watch()
        first = asyncio.create_task(anext(watch))
        await turns()
        await closing.type(ANNA, LUNCH, "hello")
        assert (await first)["kind"] == "message"
    with pytest.raises(StopAsyncIteration):
        await anext(watch)


async def test_a_snapshot_survives_a_restart(workspace, api, clock, http):
    await workspace.type(ANNA, LUNCH, "hello")
    root = await api(
        "chat.postMessage", channel=LUNCH, text="card", metadata={"event_type": "x", "event_payload": {"case": 1}}
    )
    await workspace.type(BRUNO, LUNCH, "reply", thread_ts=root["ts"])
    await workspace.react(BRUNO, LUNCH, root["ts"], "eyes")
    await api("chat.postMessage", channel=ANNA, text="psst")
    await api("views.publish", user_id=ANNA, view={"type": "home", "blocks": [section("x")]})
    workspace.change_group("S0COOKS", members=(BRUNO,))
    saved = json.loads(json.dumps(workspace.snapshot()))
    async with Workspace(seed(), clock=clock) as later:
        later.restore(saved)
        assert later.messages(LUNCH) == workspace.messages(LUNCH)
        assert later.messages(LUNCH, root["ts"]) == workspace.messages(LUNCH, root["ts"])
        assert later.direct_messages(ANNA)[0]["text"] == "psst"
        assert later.home(ANNA) == workspace.home(ANNA)
        assert later.groups == workspace.groups
        assert later.find_message(LUNCH, metadata=lambda payload: payload.get("case") == 1)["ts"] == root["ts"]
        assert (await later.type(ANNA, LUNCH, "after")).ts > later.messages(LUNCH)[1]["ts"]
        with pytest.raises(CannotDo, match="no snapshot"):
            later.restore({})
    assert (await http.post("/snapshot", json={})).status_code == 400
    assert (await http.post("/snapshot", json=saved)).json()["version"] == 1


async def test_until_gives_up(workspace):
    with pytest.raises(TimeoutError, match=r"the dialog did not happen within 0\.01 s"):
        await workspace.until(lambda: workspace.open_view(ANNA), within=0.01, what="the dialog")


async def test_choices_that_the_app_provides(real, lunch):
    blocks = [
        section("x"),
        {"type": "actions", "elements": [{"type": "external_select", "action_id": "place", "min_query_length": 1}]},
    ]
    client = AsyncWebClient(token="xoxb-sandbox", base_url=f"{real.own_url}/api/", retry_handlers=[])
    message = await client.chat_postMessage(channel=LUNCH, text="x", blocks=blocks)
    offered = await real.suggest(ANNA, "place", "pizza", channel=LUNCH, message_ts=message["ts"])
    assert offered[0]["text"]["text"] == "pizza bar"
    assert BOT in real.channels[LUNCH].members
