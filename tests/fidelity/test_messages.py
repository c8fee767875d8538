"""Messages through Slack's own clients: posting, changing, deleting, threads, metadata, answers by response_url."""

import pytest
from slack_sdk.errors import SlackApiError

from tests.bots.sandbox.workspace.stage import ANNA, BOT, BRUNO, LUNCH, POLL, button, section
from tests.fidelity.clients import Asynchronous
from tests.fidelity.serving import api_of, served_workspace


async def test_a_message_is_posted_changed_and_deleted(client, workspace):
    posted = await client("chat_postMessage", channel=LUNCH, text="Soup & <bread>", blocks=[section("Soup")])
    assert posted["ok"] is True
    assert (posted["channel"], posted["message"]["user"], posted["message"]["type"]) == (LUNCH, BOT, "message")
    assert posted["message"]["text"] == "Soup &amp; &lt;bread&gt;"
    assert posted["message"]["blocks"][0]["block_id"]
    assert posted["message"]["bot_profile"]["app_id"] == posted["message"]["app_id"]

    changed = await client("chat_update", channel=LUNCH, ts=posted["ts"], text="Stew", blocks=[section("Stew")])
    assert (changed["ts"], changed["text"]) == (posted["ts"], "Stew")
    assert "edited" not in changed["message"], "with blocks Slack shows no mark"
    bare = await client("chat_update", channel=LUNCH, ts=posted["ts"], text="Only words")
    assert "blocks" not in bare["message"]
    assert bare["message"]["edited"]["user"] == BOT

    gone = await client("chat_delete", channel=LUNCH, ts=posted["ts"])
    assert (gone["channel"], gone["ts"]) == (LUNCH, posted["ts"])
    assert workspace.messages(LUNCH) == []
    with pytest.raises(SlackApiError, match="message_not_found"):
        await client("chat_delete", channel=LUNCH, ts=posted["ts"])


async def test_a_thread_counts_its_replies_and_shows_one_in_the_channel(client):
    root = await client("chat_postMessage", channel=LUNCH, text="Where?")
    await client("chat_postMessage", channel=LUNCH, text="There", thread_ts=root["ts"])
    loud = await client("chat_postMessage", channel=LUNCH, text="Here", thread_ts=root["ts"], reply_broadcast=True)
    assert loud["message"]["subtype"] == "thread_broadcast"
    assert loud["message"]["root"]["ts"] == root["ts"]

    [shown, parent] = (await client("conversations_history", channel=LUNCH))["messages"]
    assert (shown["ts"], shown["thread_ts"]) == (loud["ts"], root["ts"])
    assert (parent["reply_count"], parent["reply_users"], parent["latest_reply"]) == (2, [BOT], loud["ts"])

    thread = (await client("conversations_replies", channel=LUNCH, ts=root["ts"]))["messages"]
    assert [one["text"] for one in thread] == ["Where?", "There", "Here"]
    assert {one.get("parent_user_id") for one in thread} == {None, BOT}

    await client("chat_delete", channel=LUNCH, ts=root["ts"])
    thread = (await client("conversations_replies", channel=LUNCH, ts=root["ts"]))["messages"]
    assert thread[0]["subtype"] == "tombstone"


async def test_a_broadcast_without_a_thread_is_an_ordinary_message(client):
    posted = await client("chat_postMessage", channel=LUNCH, text="Hello", reply_broadcast=True)
    assert "subtype" not in posted["message"]


async def test_metadata_comes_back_only_when_asked_for(client):
    metadata = {"event_type": "lunch_poll", "event_payload": {"round": 3, "open": True, "places": ["bar", "home"]}}
    posted = await client("chat_postMessage", channel=LUNCH, text="Poll", metadata=metadata)
    plain = (await client("conversations_history", channel=LUNCH))["messages"][0]
    assert "metadata" not in plain
    asked = (await client("conversations_history", channel=LUNCH, include_all_metadata=True))["messages"][0]
    assert asked["metadata"] == metadata
    await client("chat_update", channel=LUNCH, ts=posted["ts"], text="Poll, still")
    kept = await client("conversations_replies", channel=LUNCH, ts=posted["ts"], include_all_metadata=True)
    assert kept["messages"][0]["metadata"] == metadata, "an update without metadata keeps it"


async def test_an_ephemeral_is_for_one_person(client, workspace):
    shown = await client("chat_postEphemeral", channel=LUNCH, user=ANNA, text="Psst", blocks=[section("Psst")])
    assert [one["ts"] for one in workspace.visible(ANNA, LUNCH)] == [shown["message_ts"]]
    assert workspace.visible(BRUNO, LUNCH) == []
    assert (await client("conversations_history", channel=LUNCH))["messages"] == []
    with pytest.raises(SlackApiError, match="message_not_found"):
        await client("chat_update", channel=LUNCH, ts=shown["message_ts"], text="Pssst")


async def test_a_person_is_written_to_directly(client, workspace):
    posted = await client("chat_postMessage", channel=ANNA, text="Your turn to cook")
    opened = await client("conversations_open", users=ANNA)
    assert posted["channel"] == opened["channel"]["id"]
    assert [one["text"] for one in workspace.direct_messages(ANNA)] == ["Your turn to cook"]


async def test_markdown_is_posted_alone(client):
    posted = await client("chat_postMessage", channel=LUNCH, markdown_text="**Soup**")
    assert posted["message"]["text"] == "**Soup**"


async def test_permalinks_name_channel_message_and_thread(client):
    root = await client("chat_postMessage", channel=LUNCH, text="Where?")
    reply = await client("chat_postMessage", channel=LUNCH, text="There", thread_ts=root["ts"])
    link = await client("chat_getPermalink", channel=LUNCH, message_ts=root["ts"])
    assert link["permalink"] == f"https://sandbox.slack.com/archives/{LUNCH}/p{root['ts'].replace('.', '')}"
    link = await client("chat_getPermalink", channel=LUNCH, message_ts=reply["ts"])
    assert link["permalink"].endswith(f"?thread_ts={root['ts']}&cid={LUNCH}")


async def test_reactions_are_added_read_and_taken_back(client, workspace):
    said = await workspace.type(ANNA, LUNCH, "Pizza?")
    await workspace.react(BRUNO, LUNCH, said.ts, "pizza")
    await client("reactions_add", channel=LUNCH, timestamp=said.ts, name="pizza")
    got = await client("reactions_get", channel=LUNCH, timestamp=said.ts)
    assert got["message"]["reactions"] == [{"name": "pizza", "users": [BRUNO, BOT], "count": 2}]
    await client("reactions_remove", channel=LUNCH, timestamp=said.ts, name="pizza")
    got = await client("reactions_get", channel=LUNCH, timestamp=said.ts)
    assert got["message"]["reactions"][0]["users"] == [BRUNO]


async def clicked(workspace, client):
    """The response_url of a click on a message of the bot, as the app would get it."""
    posted = await client("chat_postMessage", channel=LUNCH, text="Poll", blocks=POLL)
    await workspace.click(ANNA, LUNCH, posted["ts"], "Pizza")
    return posted["ts"], workspace.deliveries.kept[-1].payload["response_url"]


async def test_a_response_url_answers_replaces_and_deletes(client, workspace):
    ts, address = await clicked(workspace, client)
    said = await client.answer_at(address, text="Noted", response_type="ephemeral", replace_original=False)
    assert (said.status_code, said.body) == (200, "ok")
    assert [one["text"] for one in workspace.ephemerals(ANNA, LUNCH)] == ["Noted"]

    await client.answer_at(address, text="Anna voted", response_type="in_channel", replace_original=False)
    assert workspace.messages(LUNCH)[-1]["text"] == "Anna voted"

    await client.answer_at(address, text="Closed", blocks=[section("Closed")], replace_original=True)
    assert workspace.find_message(LUNCH, "Closed")["ts"] == ts

    await client.answer_at(address, delete_original=True)
    assert ts not in workspace.channels[LUNCH].messages


async def test_a_response_url_is_good_for_five_answers_and_says_what_is_wrong(client, workspace):
    _, address = await clicked(workspace, client)
    wrong = await client.answer_at(address, blocks=[{"type": "section"}], replace_original=False)
    assert wrong.status_code == 400
    assert "invalid_blocks" in wrong.body
    for number in range(4):
        said = await client.answer_at(address, text=f"{number}", replace_original=False)
        assert said.status_code == 200
    late = await client.answer_at(address, text="once more", replace_original=False)
    assert late.status_code == 404
    assert "used_url" in late.body


async def test_attachments_keep_their_blocks(client):
    attachment = {"color": "#36a64f", "blocks": [{"type": "actions", "elements": [button("Yes", "yes")]}]}
    posted = await client("chat_postMessage", channel=LUNCH, text="Agreed?", attachments=[attachment])
    stored = posted["message"]["attachments"][0]
    assert (stored["color"], stored["blocks"][0]["elements"][0]["action_id"]) == ("#36a64f", "yes")


async def test_a_message_is_posted_later_listed_and_called_off(client, workspace):
    at = int(workspace.clock.now().timestamp()) + 3_600
    due = await client("chat_scheduleMessage", channel=LUNCH, text="Lunch time", post_at=at)
    assert (due["channel"], due["post_at"], due["message"]["text"]) == (LUNCH, at, "Lunch time")
    listed = await client("chat_scheduledMessages_list", channel=LUNCH)
    assert [(one["id"], one["post_at"]) for one in listed["scheduled_messages"]] == [(due["scheduled_message_id"], at)]
    await client("chat_deleteScheduledMessage", channel=LUNCH, scheduled_message_id=due["scheduled_message_id"])
    assert (await client("chat_scheduledMessages_list"))["scheduled_messages"] == []
    with pytest.raises(SlackApiError, match="invalid_scheduled_message_id"):
        await client("chat_deleteScheduledMessage", channel=LUNCH, scheduled_message_id=due["scheduled_message_id"])


async def test_a_scheduled_message_comes_when_it_is_time(hand_clock):
    async with served_workspace(clock=hand_clock) as workspace:
        call = Asynchronous(api_of(workspace))
        at = int(hand_clock.now().timestamp())
        await call("chat_scheduleMessage", channel=LUNCH, text="Lunch time", post_at=at + 60)
        metadata = {"event_type": "x", "event_payload": {}}
        await call("chat_scheduleMessage", channel=LUNCH, text="Never seen", post_at=at + 60, metadata=metadata)
        await hand_clock.advance(59)
        assert workspace.messages(LUNCH) == []
        await hand_clock.advance(2)
        assert [one["text"] for one in workspace.messages(LUNCH)] == ["Lunch time"]
