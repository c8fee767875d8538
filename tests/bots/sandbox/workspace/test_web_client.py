"""The unmodified web client of slack_sdk: posting, threads, paging with cursors, people, files, views, permalinks."""

import contextlib

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.bots.sandbox.workspace.stage import ANNA, BOT, BRUNO, EMPTY, LUNCH, SECRET_ROOM, section


async def test_post_update_delete(client, real):
    posted = await client.chat_postMessage(channel=LUNCH, text="a < b & c <@U0ANNA>", blocks=[section("one")])
    assert posted["message"]["text"] == "a &lt; b &amp; c <@U0ANNA>"
    assert posted["message"]["blocks"][0]["block_id"]
    metadata = {"event_type": "lunch", "event_payload": {"id": 7}}
    updated = await client.chat_update(
        channel=LUNCH, ts=posted["ts"], text="new", blocks=[section("two")], metadata=metadata
    )
    assert updated["message"]["blocks"][0]["text"]["text"] == "two"
    assert "edited" not in updated["message"]
    plain = await client.chat_update(channel=LUNCH, ts=posted["ts"], text="only text")
    assert "blocks" not in plain["message"]
    assert plain["message"]["edited"]["user"] == BOT
    assert plain["message"]["metadata"] == metadata
    await client.chat_delete(channel=LUNCH, ts=posted["ts"])
    assert real.messages(LUNCH) == []


async def test_a_thread_and_its_metadata(client):
    root = await client.chat_postMessage(channel=LUNCH, text="root")
    metadata = {"event_type": "lunch", "event_payload": {"id": 1}}
    first = await client.chat_postMessage(channel=LUNCH, text="first", thread_ts=root["ts"], metadata=metadata)
    await client.chat_postMessage(channel=LUNCH, text="second", thread_ts=first["ts"])
    without = await client.conversations_replies(channel=LUNCH, ts=root["ts"])
    assert [one["text"] for one in without["messages"]] == ["root", "first", "second"]
    assert without["messages"][0]["reply_count"] == 2
    assert without["messages"][1]["parent_user_id"] == BOT
    assert "metadata" not in without["messages"][1]
    with_it = await client.conversations_replies(
        channel=LUNCH, ts=root["ts"], include_all_metadata=True, oldest=root["ts"]
    )
    assert with_it["messages"][1]["metadata"] == metadata
    history = await client.conversations_history(channel=LUNCH)
    assert [one["text"] for one in history["messages"]] == ["root"]
    link = await client.chat_getPermalink(channel=LUNCH, message_ts=first["ts"])
    assert link["permalink"].endswith(f"?thread_ts={root['ts']}&cid={LUNCH}")


async def test_history_pages_with_cursors_and_bounds(client):
    stamps = [(await client.chat_postMessage(channel=LUNCH, text=f"m{number}"))["ts"] for number in range(5)]
    texts, pages = [], 0
    async for page in await client.conversations_history(channel=LUNCH, limit=2):
        texts += [one["text"] for one in page["messages"]]
        pages += 1
    assert texts == ["m4", "m3", "m2", "m1", "m0"]
    assert pages == 3
    inner = await client.conversations_history(channel=LUNCH, oldest=stamps[1], latest=stamps[3])
    assert [one["text"] for one in inner["messages"]] == ["m2"]
    closed = await client.conversations_history(channel=LUNCH, oldest=stamps[1], latest=stamps[3], inclusive=True)
    assert [one["text"] for one in closed["messages"]] == ["m3", "m2", "m1"]
    with pytest.raises(SlackApiError, match="invalid_cursor"):
        await client.conversations_history(channel=LUNCH, cursor="nonsense")


async def test_channels_and_members(client, real):
    listed = await client.conversations_list()
    assert [one["id"] for one in listed["channels"]] == [LUNCH, EMPTY]
    private = await client.conversations_list(types="private_channel,im")
    assert private["channels"] == []
    for method in (client.conversations_info, client.conversations_members):
        with pytest.raises(SlackApiError, match="channel_not_found"):
            await method(channel=SECRET_ROOM)
    with pytest.raises(SlackApiError, match="not_in_channel"):
        await client.chat_postMessage(channel=EMPTY, text="hello")
    joined = await client.conversations_join(channel=EMPTY)
    assert joined["channel"]["is_member"] is True
    assert (await client.chat_postMessage(channel="#empty", text="hello"))["channel"] == EMPTY
    members = await client.conversations_members(channel=LUNCH)
    assert members["members"] == [ANNA, BRUNO, BOT]
    await real.archive(ANNA, LUNCH)
    with pytest.raises(SlackApiError, match="is_archived"):
        await client.chat_postMessage(channel=LUNCH, text="hello")


async def test_direct_messages_open_by_themselves(client, real):
    posted = await client.chat_postMessage(channel=ANNA, text="psst")
    assert posted["channel"].startswith("D")
    opened = await client.conversations_open(users=[ANNA])
    assert opened["channel"]["id"] == posted["channel"]
    assert opened["already_open"] is True
    assert [one["text"] for one in real.direct_messages(ANNA)] == ["psst"]
    several = await client.conversations_open(users=[ANNA, BRUNO])
    assert several["channel"]["id"] != posted["channel"]


async def test_people_and_groups(client):
    anna = await client.users_lookupByEmail(email="Anna@acme.example")
    assert anna["user"]["id"] == ANNA
    info = await client.users_info(user=ANNA, include_locale=True)
    assert (info["user"]["locale"], info["user"]["tz"]) == ("it-IT", "Europe/Rome")
    assert len((await client.users_list())["members"]) == 4
    with pytest.raises(SlackApiError, match="users_not_found"):
        await client.users_lookupByEmail(email="nobody@acme.example")
    groups = await client.usergroups_list(include_users=True)
    assert groups["usergroups"][0]["users"] == [ANNA, "U0CARLA"]
    assert (await client.usergroups_users_list(usergroup="S0COOKS"))["users"] == [ANNA, "U0CARLA"]
    assert (await client.team_info())["team"]["id"] == "T0SANDBOX"
    assert (await client.bots_info(bot="B0BOT"))["bot"]["user_id"] == BOT
    assert (await client.auth_test())["bot_id"] == "B0BOT"


async def test_reactions(client, real):
    said = await real.type(ANNA, LUNCH, "hello")
    await client.reactions_add(channel=LUNCH, timestamp=said.ts, name="eyes")
    with pytest.raises(SlackApiError, match="already_reacted"):
        await client.reactions_add(channel=LUNCH, timestamp=said.ts, name="eyes")
    got = await client.reactions_get(channel=LUNCH, timestamp=said.ts)
    assert got["message"]["reactions"] == [{"name": "eyes", "users": [BOT], "count": 1}]
    await client.reactions_remove(channel=LUNCH, timestamp=said.ts, name="eyes")
    with pytest.raises(SlackApiError, match="no_reaction"):
        await client.reactions_remove(channel=LUNCH, timestamp=said.ts, name="eyes")


async def test_a_file_in_three_steps(client, real):
    done = await client.files_upload_v2(
        channel=LUNCH, filename="menu.txt", content="soup\npasta", initial_comment="the menu"
    )
    shared = real.messages(LUNCH)[0]
    assert shared["text"] == "the menu"
    assert shared["files"][0]["id"] == done["file"]["id"]
    assert real.uploads[done["file"]["id"]].content == "soup\npasta"


async def test_ephemerals_are_seen_by_one_and_cannot_be_updated(client, real):
    shown = await client.chat_postEphemeral(channel=LUNCH, user=ANNA, text="only you")
    assert [one["text"] for one in real.visible(ANNA, LUNCH)] == ["only you"]
    assert real.visible(BRUNO, LUNCH) == []
    with pytest.raises(SlackApiError, match="message_not_found"):
        await client.chat_update(channel=LUNCH, ts=shown["message_ts"], text="new")
    with pytest.raises(SlackApiError, match="user_not_in_channel"):
        await client.chat_postEphemeral(channel=LUNCH, user="U0CARLA", text="only you")


async def test_the_default_retries_of_the_sdk_post_twice_when_an_answer_is_lost(client, real):
    hasty = AsyncWebClient(token="xoxb-sandbox", base_url=f"{real.own_url}/api/")
    for sender, stored in ((hasty, 2), (client, 1)):
        real.faults.script([("chat.postMessage", "drop_after", 1)])
        before = len(real.messages(LUNCH))
        with contextlib.suppress(aiohttp.ServerDisconnectedError):
            await sender.chat_postMessage(channel=LUNCH, text="x")
        assert len(real.messages(LUNCH)) - before == stored


@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")
async def test_installation_and_removal(client, real):
    real.codes.add("a-code")
    answer = await client.oauth_v2_access(client_id="1.2", client_secret="sandbox-client-secret", code="a-code")
    assert answer["access_token"] == "xoxb-sandbox"
    with pytest.raises(SlackApiError, match="invalid_code"):
        await client.oauth_v2_access(client_id="1.2", client_secret="sandbox-client-secret", code="a-code")
    assert "sandbox-client-secret" not in repr(list(real.calls))
    real.uninstall()
    with pytest.raises(SlackApiError, match="token_revoked"):
        await client.auth_test()
