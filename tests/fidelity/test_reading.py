"""Reading through Slack's own clients, page by page: history, threads, channels, members, people, groups."""

import pytest

from tests.bots.sandbox.workspace.stage import ANNA, BOT, BRUNO, CARLA, EMPTY, LUNCH, SECRET_ROOM


async def said(client, count: int, **more: str) -> list[str]:
    return [(await client("chat_postMessage", channel=LUNCH, text=f"{n}", **more))["ts"] for n in range(count)]


def texts(pages, name: str = "messages") -> list[list[str]]:
    return [[one["text"] for one in page[name]] for page in pages]


async def test_history_comes_newest_first_in_pages(client):
    await said(client, 7)
    first = await client("conversations_history", channel=LUNCH, limit=3)
    assert first["has_more"] is True
    pages = await client.pages(first)
    assert texts(pages) == [["6", "5", "4"], ["3", "2", "1"], ["0"]]
    assert pages[-1]["has_more"] is False
    assert not (pages[-1].get("response_metadata") or {}).get("next_cursor")


@pytest.mark.parametrize(
    ("bounds", "found"),
    [
        ({"oldest": 1}, ["4", "3", "2"]),
        ({"latest": 3}, ["2", "1", "0"]),
        ({"oldest": 1, "latest": 3}, ["2"]),
        ({"oldest": 1, "latest": 3, "inclusive": True}, ["3", "2", "1"]),
        ({"latest": 2, "inclusive": True, "limit": 1}, ["2"]),
        ({"oldest": 1, "latest": 1, "inclusive": True}, ["1"]),
    ],
)
async def test_history_between_two_moments(client, bounds, found):
    stamps = await said(client, 5)
    given = {name: stamps[value] if name in {"oldest", "latest"} else value for name, value in bounds.items()}
    answer = await client("conversations_history", channel=LUNCH, **given)
    assert [one["text"] for one in answer["messages"]] == found


async def test_a_thread_comes_oldest_first_in_pages(client):
    [root] = await said(client, 1)
    replies = await said(client, 4, thread_ts=root)
    pages = await client.pages(await client("conversations_replies", channel=LUNCH, ts=root, limit=2))
    assert texts(pages) == [["0", "0"], ["1", "2"], ["3"]]
    after = await client("conversations_replies", channel=LUNCH, ts=root, oldest=replies[1])
    assert [one["text"] for one in after["messages"]] == ["0", "2", "3"], "the root and what is newer"
    one = await client("conversations_replies", channel=LUNCH, ts=replies[0])
    assert [message["ts"] for message in one["messages"]] == [replies[0]]


async def test_channels_and_their_members(client, workspace):
    pages = await client.pages(await client("conversations_list", limit=1))
    assert [[one["name"] for one in page["channels"]] for page in pages] == [["lunch"], ["empty"]]
    assert pages[0]["channels"][0]["num_members"] == 3
    everything = await client("conversations_list", types="public_channel,private_channel,im,mpim")
    assert SECRET_ROOM not in [one["id"] for one in everything["channels"]]
    mine = await client("users_conversations")
    assert [one["id"] for one in mine["channels"]] == [LUNCH]

    info = (await client("conversations_info", channel=LUNCH, include_num_members=True))["channel"]
    assert (info["id"], info["is_channel"], info["is_private"], info["num_members"]) == (LUNCH, True, False, 3)
    pages = await client.pages(await client("conversations_members", channel=LUNCH, limit=2))
    assert [page["members"] for page in pages] == [[ANNA, BRUNO], [BOT]]

    joined = await client("conversations_join", channel=EMPTY)
    assert joined["channel"]["is_member"] is True
    again = await client("conversations_join", channel=EMPTY)
    assert again["warning"] == "already_in_channel"
    await workspace.archive(ANNA, EMPTY)
    there = await client("conversations_list", exclude_archived=True)
    assert [one["id"] for one in there["channels"]] == [LUNCH]


async def test_conversations_open_with_one_and_with_several(client):
    one = await client("conversations_open", users=[ANNA], return_im=True)
    assert (one["channel"]["user"], one["already_open"]) == (ANNA, False)
    assert (await client("conversations_open", users=ANNA))["already_open"] is True
    several = await client("conversations_open", users=[ANNA, BRUNO])
    same = await client("conversations_open", users=f"{BRUNO},{ANNA}")
    assert several["channel"]["id"] == same["channel"]["id"] != one["channel"]["id"]


async def test_people(client):
    pages = await client.pages(await client("users_list", limit=2))
    assert [[one["id"] for one in page["members"]] for page in pages] == [[ANNA, BRUNO], [CARLA, BOT]]
    anna = (await client("users_info", user=ANNA, include_locale=True))["user"]
    assert (anna["profile"]["real_name"], anna["tz"], anna["locale"]) == ("Anna Verdi", "Europe/Rome", "it-IT")
    assert (await client("users_lookupByEmail", email="ANNA@acme.example"))["user"]["id"] == ANNA
    assert (await client("users_info", user=BOT))["user"]["is_bot"] is True


async def test_groups_of_people(client):
    [group] = (await client("usergroups_list", include_users=True))["usergroups"]
    assert (group["handle"], group["users"]) == ("cooks", [ANNA, CARLA])
    assert (await client("usergroups_users_list", usergroup=group["id"]))["users"] == [ANNA, CARLA]


async def test_who_the_bot_and_the_team_are(client):
    me = await client("auth_test")
    assert (me["user_id"], me["team_id"], me["url"]) == (BOT, "T0SANDBOX", "https://sandbox.slack.com/")
    assert (await client("bots_info", bot=me["bot_id"]))["bot"]["user_id"] == BOT
    assert (await client("team_info"))["team"]["domain"] == "sandbox"
    assert (await client("api_test", greeting="ciao"))["args"]["greeting"] == "ciao"
