"""What a person's window needs: the list at its side, how far they have read, single messages, files, exact buttons."""

import base64
import json
from urllib.parse import parse_qs

import pytest

from bots.sandbox.workspace import CannotDo
from bots.sandbox.workspace.records import Message
from tests.bots.sandbox.workspace.stage import ANNA, BOT, BRUNO, CARLA, LUNCH, SECRET_ROOM, button


def row(overview, channel):
    return next(one for one in overview["channels"] if one["id"] == channel)


def said(workspace, text, channel=LUNCH, **more):
    """Post as the app."""
    return workspace.add_message(Message(channel, workspace.ids.ts(), BOT, text, bot_id=workspace.app.bot_id, **more))


async def test_the_overview_counts_what_is_new_and_what_calls_one(workspace):
    first = said(workspace, "hello")
    said(workspace, f"<@{ANNA}> look")
    said(workspace, "in a thread", thread_ts=first.ts)
    said(workspace, "in a thread, for all", thread_ts=first.ts, broadcast=True)
    await workspace.type(ANNA, LUNCH, "my own words are not new to me")
    said(workspace, "for you", channel=workspace.direct(ANNA).id)
    seen = workspace.overview(ANNA)
    assert (row(seen, LUNCH)["unread"], row(seen, LUNCH)["mentions"]) == (3, 1)
    direct = row(seen, workspace.direct(ANNA).id)
    assert (direct["kind"], direct["unread"], direct["mentions"]) == ("im", 1, 1)
    assert {one["id"]: one["unread"] for one in seen["people"]}[ANNA] == 4
    assert seen["now"] == workspace.clock.now().timestamp()


async def test_reading_is_remembered_for_each_person_and_over_a_restart(workspace):
    first, second = said(workspace, "one"), said(workspace, "two")
    await workspace.mark(ANNA, LUNCH, first.ts)
    assert row(workspace.overview(ANNA), LUNCH)["unread"] == 1
    assert row(workspace.overview(ANNA), LUNCH)["read"] == first.ts
    assert row(workspace.overview(BRUNO), LUNCH)["unread"] == 2
    await workspace.mark(ANNA, LUNCH, second.ts)
    kept = workspace.snapshot()
    workspace.marks.clear()
    workspace.restore(kept)
    assert row(workspace.overview(ANNA), LUNCH)["unread"] == 0
    workspace.restore({name: value for name, value in kept.items() if name != "marks"})
    assert row(workspace.overview(ANNA), LUNCH)["unread"] == 2


async def test_private_channels_are_seen_by_their_members_only(workspace):
    insiders = [user for user in workspace.people if user in workspace.channels[SECRET_ROOM].members]
    for user in workspace.people:
        seen = {one["id"] for one in workspace.overview(user)["channels"]}
        assert (SECRET_ROOM in seen) == (user in insiders)
    with pytest.raises(CannotDo, match="there is no person 'U0NOBODY'"):
        workspace.overview("U0NOBODY")


async def test_one_message_is_read_as_one_person_sees_it(workspace, http):
    root = said(workspace, "root")
    reply = said(workspace, "reply", thread_ts=root.ts)
    loud = said(workspace, "loud reply", thread_ts=root.ts, broadcast=True)
    secret = workspace.add_ephemeral(Message(LUNCH, workspace.ids.ts(), BOT, "psst", only_for=ANNA))
    assert [workspace.one_message(ANNA, LUNCH, one.ts)["at_top"] for one in (root, reply, loud)] == [True, False, True]
    assert workspace.one_message(ANNA, LUNCH, secret.ts)["text"] == "psst"
    assert workspace.one_message(BRUNO, LUNCH, secret.ts) is None
    path = f"/people/{ANNA}/message"
    assert (await http.get(path, params={"channel": LUNCH, "ts": "1.000001"})).json() is None
    assert (await http.get(path, params={"channel": LUNCH, "ts": root.ts})).json()["text"] == "root"
    assert (await http.get(f"/people/{ANNA}/overview")).json()["team"]["name"] == workspace.seed.team_name


async def test_a_dismissed_message_is_gone_in_every_window(workspace):
    secret = workspace.add_ephemeral(Message(LUNCH, workspace.ids.ts(), BOT, "psst", only_for=ANNA))
    told = []
    workspace.changes.tell = lambda kind, **facts: told.append((kind, facts))
    await workspace.dismiss(ANNA, LUNCH, secret.ts)
    assert told == [("ephemeral_deleted", {"channel": LUNCH, "ts": secret.ts, "user": ANNA})]


async def test_files_are_attached_whole_or_refused(workspace, http):
    content = base64.b64encode(b"a\x00\xff").decode()
    file = (await http.post(f"/people/{CARLA}/attach", json={"name": "a.bin", "content": content})).json()
    assert (file["name"], file["size"], file["user"]) == ("a.bin", 3, CARLA)
    assert (await http.get(f"/files/{file['id']}")).content == b"a\x00\xff"
    refused = await http.post(f"/people/{CARLA}/attach", json={"name": "b.bin", "content": "no base64!"})
    assert (refused.status_code, refused.json()) == (409, {"error": "the bytes of b.bin did not arrive whole"})


async def test_equal_buttons_are_told_apart_by_their_block(connected, inbox):
    blocks = [{"type": "actions", "block_id": name, "elements": [button("Open", "open")]} for name in ("one", "two")]
    card = said(connected, "card", blocks=blocks)
    await connected.click(ANNA, LUNCH, card.ts, action_id="open", block_id="two")
    connected.views.publish(ANNA, {"type": "home", "blocks": blocks})
    await connected.click_at_home(ANNA, action_id="open", block_id="two")
    payloads = [parse_qs(body.decode()).get("payload") for _, body in inbox.requests]
    clicks = [json.loads(one[0])["actions"][0]["block_id"] for one in payloads if one]
    assert clicks == ["two", "two"]
