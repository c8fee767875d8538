"""What Slack refuses, the sandbox refuses with the same word: seen through the SDK's own SlackApiError.

The words are those of docs.slack.dev/reference/methods, one list a method.
"""

import asyncio

import pytest
from slack_sdk.errors import SlackApiError

from tests.bots.sandbox.workspace.stage import ANNA, BOT, CARLA, EMPTY, LUNCH, SECRET_ROOM, section, seed, wish_dialog
from tests.fidelity.clients import APP_TOKEN, KINDS
from tests.fidelity.serving import api_of, served_workspace

NOWHERE, NEVER = "C0NOWHERE", "1700000000.000100"
LONG_LINES = [section("x" * 3_000) for _ in range(5)]
HERE = {"channel": LUNCH, "text": "x"}


async def refused(client, method: str, **arguments: object) -> dict[str, object]:
    with pytest.raises(SlackApiError) as raised:
        await client(method, **arguments)
    assert raised.value.response.status_code in {200, 429}
    return raised.value.response.data


@pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing:UserWarning")  # which is what is tried
@pytest.mark.parametrize(
    ("method", "arguments", "word"),
    [
        ("chat_postMessage", {"channel": NOWHERE, "text": "x"}, "channel_not_found"),
        ("chat_postMessage", {"channel": SECRET_ROOM, "text": "x"}, "channel_not_found"),
        ("chat_postMessage", {"channel": EMPTY, "text": "x"}, "not_in_channel"),
        ("chat_postMessage", {"channel": LUNCH, "text": ""}, "no_text"),
        ("chat_postMessage", {**HERE, "blocks": "nonsense"}, "invalid_blocks_format"),
        ("chat_postMessage", {**HERE, "blocks": [{"type": "section"}]}, "invalid_blocks"),
        ("chat_postMessage", {**HERE, "blocks": LONG_LINES}, "msg_blocks_too_long"),
        ("chat_postMessage", {**HERE, "attachments": [{"text": "x"}] * 101}, "too_many_attachments"),
        ("chat_postMessage", {**HERE, "metadata": {"event_type": "x"}}, "invalid_metadata_format"),
        ("chat_postMessage", {**HERE, "thread_ts": "yesterday"}, "invalid_thread_ts"),
        ("chat_postMessage", {**HERE, "markdown_text": "x"}, "markdown_text_conflict"),
        ("chat_postMessage", {"channel": LUNCH, "markdown_text": "x" * 12_001}, "msg_too_long"),
        ("chat_postEphemeral", {**HERE, "user": CARLA}, "user_not_in_channel"),
        ("chat_postEphemeral", {"channel": EMPTY, "user": ANNA, "text": "x"}, "not_in_channel"),
        ("chat_postEphemeral", {"channel": LUNCH, "user": ANNA, "text": "x" * 40_001}, "msg_too_long"),
        ("chat_update", {**HERE, "ts": NEVER}, "message_not_found"),
        ("chat_delete", {"channel": LUNCH, "ts": NEVER}, "message_not_found"),
        ("chat_getPermalink", {"channel": LUNCH, "message_ts": NEVER}, "message_not_found"),
        ("chat_scheduleMessage", {**HERE, "post_at": 1}, "time_in_past"),
        ("chat_scheduleMessage", {**HERE, "post_at": 99_999_999_999}, "time_too_far"),
        ("chat_scheduleMessage", {**HERE, "post_at": "noon"}, "invalid_time"),
        ("conversations_history", {"channel": NOWHERE}, "channel_not_found"),
        ("conversations_history", {"channel": EMPTY}, "not_in_channel"),
        ("conversations_history", {"channel": LUNCH, "cursor": "bm9wZQ=="}, "invalid_cursor"),
        ("conversations_history", {"channel": LUNCH, "oldest": "then"}, "invalid_ts_oldest"),
        ("conversations_history", {"channel": LUNCH, "latest": "then"}, "invalid_ts_latest"),
        ("conversations_replies", {"channel": LUNCH, "ts": NEVER}, "thread_not_found"),
        ("conversations_info", {"channel": SECRET_ROOM}, "channel_not_found"),
        ("conversations_members", {"channel": LUNCH, "limit": 0}, "invalid_limit"),
        ("conversations_list", {"types": "public_channel,pub"}, "invalid_types"),
        ("conversations_open", {"users": ""}, "users_list_not_supplied"),
        ("conversations_open", {"users": ["U0NOBODY"]}, "user_not_found"),
        ("conversations_open", {"users": [ANNA] * 9}, "too_many_users"),
        ("users_info", {"user": "U0NOBODY"}, "user_not_found"),
        ("users_list", {"cursor": "bm9wZQ=="}, "invalid_cursor"),
        ("users_lookupByEmail", {"email": "nobody@acme.example"}, "users_not_found"),
        ("usergroups_users_list", {"usergroup": "S0NOBODY"}, "no_such_subteam"),
        ("reactions_add", {"channel": LUNCH, "timestamp": NEVER, "name": "pizza"}, "message_not_found"),
        ("reactions_add", {"channel": LUNCH, "timestamp": "then", "name": "pizza"}, "bad_timestamp"),
        ("reactions_add", {"channel": LUNCH, "timestamp": NEVER, "name": "piz za"}, "invalid_name"),
        ("reactions_get", {"channel": LUNCH}, "no_item_specified"),
        ("views_update", {"view_id": "V0NONE", "view": wish_dialog()}, "not_found"),
        ("files_info", {"file": "F0NONE"}, "file_not_found"),
        ("files_completeUploadExternal", {"files": [{"id": "F0NONE"}]}, "file_not_found"),
        ("bots_info", {"bot": "B0NONE"}, "bot_not_found"),
        ("api_test", {"error": "my_own_word"}, "my_own_word"),
        ("emoji_list", {}, "unknown_method"),
    ],
)
async def test_the_same_word(client, method, arguments, word):
    assert (await refused(client, method, **arguments))["error"] == word


@pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing:UserWarning")  # which is what is tried
async def test_messages_that_are_not_the_bots_or_cannot_be_changed(client, workspace):
    theirs = await workspace.type(ANNA, LUNCH, "Mine")
    assert (await refused(client, "chat_update", **HERE, ts=theirs.ts))["error"] == "cant_update_message"
    assert (await refused(client, "chat_delete", channel=LUNCH, ts=theirs.ts))["error"] == "cant_delete_message"
    own = await client("chat_postMessage", **HERE)
    long = await refused(client, "chat_update", channel=LUNCH, ts=own["ts"], text="x" * 4_001)
    assert long["error"] == "msg_too_long"
    assert (await refused(client, "chat_update", channel=LUNCH, ts=own["ts"], text=""))["error"] == "no_text"
    await client("reactions_add", channel=LUNCH, timestamp=own["ts"], name="pizza")
    twice = await refused(client, "reactions_add", channel=LUNCH, timestamp=own["ts"], name="pizza")
    assert twice["error"] == "already_reacted"
    await client("reactions_remove", channel=LUNCH, timestamp=own["ts"], name="pizza")
    gone = await refused(client, "reactions_remove", channel=LUNCH, timestamp=own["ts"], name="pizza")
    assert gone["error"] == "no_reaction"
    await workspace.archive(ANNA, LUNCH)
    assert (await refused(client, "chat_postMessage", **HERE))["error"] == "is_archived"
    assert (await refused(client, "chat_update", **HERE, ts=own["ts"]))["error"] == "is_inactive"
    assert (await refused(client, "conversations_join", channel=LUNCH))["error"] == "is_archived"


async def test_blocks_are_refused_with_a_pointer_to_each_mistake(client):
    wrong = [
        section("fine"),
        {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
        {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "x" * 76}}]},
        {"type": "fanfare"},
    ]
    answer = await refused(client, "chat_postMessage", channel=LUNCH, text="x", blocks=wrong)
    assert answer["error"] == "invalid_blocks"
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] must be one of: plain_text [json-pointer:/blocks/1/text/type]",
        "[ERROR] must be less than 76 characters [json-pointer:/blocks/2/elements/0/text/text]",
        "[ERROR] unsupported type: fanfare [json-pointer:/blocks/3/type]",
    ]
    assert (await client("conversations_history", channel=LUNCH))["messages"] == [], "nothing was posted"


async def test_views_are_refused_with_a_pointer_and_the_trigger_stays_good(client, workspace):
    trigger = workspace.triggers.give(ANNA)
    wrong = {**wish_dialog(), "title": {"type": "plain_text", "text": "x" * 25}}
    answer = await refused(client, "views_open", trigger_id=trigger, view=wrong)
    assert (answer["error"], answer["response_metadata"]["messages"]) == (
        "invalid_arguments",
        ["[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"],
    )
    assert (await client("views_open", trigger_id=trigger, view=wish_dialog()))["ok"] is True
    used = await refused(client, "views_open", trigger_id=trigger, view=wish_dialog())
    assert used["error"] == "exchanged_trigger_id"
    for _ in range(2):
        await client("views_push", trigger_id=workspace.triggers.give(ANNA), view=wish_dialog())
    high = await refused(client, "views_push", trigger_id=workspace.triggers.give(ANNA), view=wish_dialog())
    assert high["error"] == "push_limit_reached"
    unknown = await refused(client, "views_open", trigger_id="1.2.abc", view=wish_dialog())
    assert unknown["error"] == "invalid_arguments"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_trigger_is_good_for_three_seconds(kind, hand_clock):
    async with served_workspace(clock=hand_clock) as workspace:
        trigger = workspace.triggers.give(ANNA)
        await hand_clock.advance(3.1)
        late = await refused(kind(api_of(workspace)), "views_open", trigger_id=trigger, view=wish_dialog())
        assert late["error"] == "expired_trigger_id"


@pytest.mark.parametrize("kind", KINDS)
async def test_tokens(kind, workspace):
    address = api_of(workspace)
    assert (await refused(kind(address, None), "auth_test"))["error"] == "not_authed"
    assert (await refused(kind(address, "xoxb-another"), "auth_test"))["error"] == "invalid_auth"
    assert (await refused(kind(address, APP_TOKEN), "users_list"))["error"] == "not_allowed_token_type"
    wrong = await refused(kind(address), "apps_connections_open", app_token="xoxb-sandbox")
    assert wrong["error"] == "not_allowed_token_type"
    workspace.uninstall()
    assert (await refused(kind(address), "auth_test"))["error"] == "token_revoked"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_scope_that_the_app_did_not_ask_for(kind):
    async with served_workspace(seed(scopes=("chat:write", "channels:read"))) as workspace:
        client = kind(api_of(workspace))
        answer = await refused(client, "users_list")
        assert (answer["error"], answer["needed"], answer["provided"]) == (
            "missing_scope",
            "users:read",
            "chat:write,channels:read",
        )
        posted = await client("chat_postMessage", **HERE)
        assert posted.headers["x-oauth-scopes"] == "chat:write,channels:read"


async def test_too_fast_is_429_and_the_sdks_own_handler_waits_it_out(client, workspace):
    workspace.faults.script([("chat.postMessage", "http_429", 1, {"retry_after": 7})])
    with pytest.raises(SlackApiError) as raised:
        await client("chat_postMessage", **HERE)
    response = raised.value.response
    assert (response.status_code, response["error"]) == (429, "ratelimited")
    assert next(value for name, value in response.headers.items() if name.lower() == "retry-after") == "7"

    workspace.faults.script([("chat.postMessage", "http_429", 1, {"retry_after": 0})])
    posted = await client.patient()("chat_postMessage", **HERE)
    assert posted["ok"] is True
    assert [call.outcome for call in workspace.calls.of("chat.postMessage")][-2:] == ["ratelimited", "ok"]
    assert len(workspace.messages(LUNCH)) == 1


async def test_the_limit_of_one_message_a_second_and_channel_is_kept(client, workspace):
    workspace.throttle.on = True
    answers = await asyncio.gather(*(client("chat_postMessage", **HERE) for _ in range(8)), return_exceptions=True)
    refusals = [one for one in answers if isinstance(one, SlackApiError)]
    assert refusals, "eight at once are more than a burst"
    assert {one.response["error"] for one in refusals} == {"ratelimited"}
    assert len(workspace.messages(LUNCH)) == len(answers) - len(refusals)
    assert (await client("chat_postMessage", channel=ANNA, text="x"))["ok"], "another channel has its own"
    assert BOT in workspace.direct(ANNA).members
