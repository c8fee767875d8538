"""What the Web API refuses and how: tokens, arguments in three forms, error words."""

import json
import time

import httpx
import pytest

from bots.sandbox.workspace import Workspace, create_workspace_app
from tests.bots.sandbox.workspace.stage import ANNA, BOT, LUNCH, mounted, section, seed

AS_BOT = {"Authorization": "Bearer xoxb-sandbox"}


async def test_every_method_takes_query_form_and_json(http):
    query = await http.get("/api/conversations.info", params={"channel": LUNCH, "token": "xoxb-sandbox"})
    form = await http.post("/api/conversations.info", data={"channel": LUNCH}, headers=AS_BOT)
    document = await http.post("/api/conversations.info", json={"channel": LUNCH}, headers=AS_BOT)
    multipart = await http.post("/api/conversations.info", files={"channel": (None, LUNCH)}, headers=AS_BOT)
    answers = [one.json() for one in (query, form, document, multipart)]
    assert answers[0]["ok"] is True
    assert all(one == answers[0] for one in answers)
    blocks = json.dumps([{"type": "divider"}])
    posted = await http.post(
        "/api/chat.postMessage", data={"channel": LUNCH, "text": "x", "blocks": blocks}, headers=AS_BOT
    )
    assert posted.json()["message"]["blocks"][0]["type"] == "divider"


@pytest.mark.parametrize(
    ("headers", "word"),
    [({}, "not_authed"), ({"Authorization": "Bearer xoxb-other"}, "invalid_auth"), (AS_BOT, None)],
)
async def test_tokens(http, headers, word):
    answer = (await http.post("/api/auth.test", headers=headers)).json()
    assert answer.get("error") == word
    assert (await http.post("/api/api.test")).json()["ok"] is True


async def test_unreadable_requests(http, api):
    for body, word in ((b"{", "invalid_json"), (b"[]", "json_not_object")):
        answer = await http.post(
            "/api/chat.postMessage", content=body, headers={**AS_BOT, "Content-Type": "application/json"}
        )
        assert answer.json()["error"] == word
    assert (await api("chat.fly"))["error"] == "unknown_method"


@pytest.mark.parametrize(
    ("method", "arguments", "word"),
    [
        ("chat.postMessage", {"channel": "C404", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": LUNCH}, "no_text"),
        ("chat.postMessage", {"channel": LUNCH, "text": "x", "thread_ts": "0"}, "invalid_thread_ts"),
        ("chat.postMessage", {"channel": LUNCH, "text": "x", "blocks": "nonsense"}, "invalid_blocks_format"),
        ("chat.postMessage", {"channel": LUNCH, "text": "x", "metadata": {"event_type": 1}}, "invalid_metadata_format"),
        ("chat.postMessage", {"channel": LUNCH, "blocks": [section("x" * 2700)] * 5}, "msg_blocks_too_long"),
        ("chat.postMessage", {"channel": LUNCH, "attachments": [{"text": "x"}] * 101}, "too_many_attachments"),
        ("chat.update", {"channel": LUNCH, "ts": "1.000001", "text": "x"}, "message_not_found"),
        ("chat.delete", {"channel": LUNCH, "ts": "1.000001"}, "message_not_found"),
        ("chat.getPermalink", {"channel": LUNCH, "message_ts": "1.000001"}, "message_not_found"),
        ("conversations.history", {"channel": "C0EMPTY"}, "not_in_channel"),
        ("conversations.history", {"channel": LUNCH, "limit": "many"}, "invalid_arguments"),
        ("conversations.history", {"channel": LUNCH, "oldest": "yesterday"}, "invalid_ts_oldest"),
        ("conversations.replies", {"channel": LUNCH, "ts": "1.000001"}, "thread_not_found"),
        ("conversations.open", {}, "users_list_not_supplied"),
        ("conversations.open", {"users": "U404"}, "user_not_found"),
        ("conversations.list", {"types": "secret_channel"}, "invalid_types"),
        ("reactions.add", {"channel": LUNCH, "name": "eyes"}, "no_item_specified"),
        ("reactions.add", {"channel": LUNCH, "timestamp": "1.000001", "name": "eyes"}, "bad_timestamp"),
        ("reactions.add", {"channel": LUNCH, "timestamp": "1.000001", "name": "no such"}, "invalid_name"),
        ("users.info", {"user": "U404"}, "user_not_found"),
        ("usergroups.users.list", {"usergroup": "S404"}, "no_such_subteam"),
        ("views.update", {"view": {}}, "invalid_arguments"),
        ("files.completeUploadExternal", {"files": [{"id": "F404"}]}, "file_not_found"),
    ],
)
async def test_error_words(api, method, arguments, word):
    answer = await api(method, **arguments)
    assert (answer["ok"], answer["error"]) == (False, word)


async def test_a_disabled_group_is_found_only_when_asked_for(api, workspace):
    workspace.change_group("S0COOKS", members=(ANNA,), disabled=True)
    assert (await api("usergroups.list"))["usergroups"] == []
    [disabled] = (await api("usergroups.list", include_disabled=True))["usergroups"]
    assert (disabled["user_count"], disabled["date_delete"] > 0) == (1, True)
    assert (await api("usergroups.users.list", usergroup="S0COOKS"))["error"] == "no_such_subteam"
    assert (await api("usergroups.users.list", usergroup="S0COOKS", include_disabled=True))["users"] == [ANNA]


async def test_only_own_messages_change_and_lengths_hold(api, workspace):
    said = await workspace.type(ANNA, LUNCH, "mine")
    assert (await api("chat.update", channel=LUNCH, ts=said.ts, text="x"))["error"] == "cant_update_message"
    assert (await api("chat.delete", channel=LUNCH, ts=said.ts))["error"] == "cant_delete_message"
    own = await api("chat.postMessage", channel=LUNCH, text="y" * 40_001)
    assert len(own["message"]["text"]) == 40_000
    assert (await api("chat.update", channel=LUNCH, ts=own["ts"], text="z" * 4_001))["error"] == "msg_too_long"
    assert (await api("chat.update", channel=LUNCH, ts=own["ts"], text="z" * 4_000))["ok"] is True


async def test_a_reply_to_a_message_that_never_was_is_taken_and_seen_by_nobody(api, workspace):
    answer = await api("chat.postMessage", channel=LUNCH, text="lost", thread_ts="1602251441.001700")
    assert answer["ok"] is True
    assert workspace.messages(LUNCH) == []
    assert (await api("conversations.history", channel=LUNCH))["messages"] == []


async def test_a_deleted_root_leaves_a_tombstone(api, workspace):
    root = await api("chat.postMessage", channel=LUNCH, text="root")
    await api("chat.postMessage", channel=LUNCH, text="reply", thread_ts=root["ts"])
    await api("chat.delete", channel=LUNCH, ts=root["ts"])
    assert [one.get("subtype") for one in workspace.messages(LUNCH, root["ts"])] == ["tombstone", None]
    assert (await api("chat.update", channel=LUNCH, ts=root["ts"], text="x"))["error"] == "message_not_found"


async def test_scopes_are_asked_for_when_the_app_names_its_own(clock):
    async with Workspace(seed(scopes=("chat:write",)), clock=clock) as workspace:
        transport = httpx.ASGITransport(create_workspace_app(workspace))
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.test", headers=AS_BOT) as http:
            refused = await http.post("/api/users.info", json={"user": ANNA})
            assert refused.json() == {
                "ok": False,
                "error": "missing_scope",
                "needed": "users:read",
                "provided": "chat:write",
            }
            allowed = await http.post("/api/chat.postMessage", json={"channel": LUNCH, "text": "x"})
            assert allowed.headers["x-oauth-scopes"] == "chat:write"
            assert allowed.json()["ok"] is True
        assert workspace.own_url == "http://sandbox.test"


async def test_a_mounted_workspace_learns_where_it_is(clock):
    async with Workspace(seed(), clock=clock) as workspace:
        transport = httpx.ASGITransport(mounted(create_workspace_app(workspace)))
        async with httpx.AsyncClient(transport=transport, base_url="http://here.test:8010") as http:
            headers = {"Authorization": "Bearer xapp-sandbox"}
            opened = (await http.post("/sandbox/slack/api/apps.connections.open", headers=headers)).json()
        assert workspace.own_url == "http://here.test:8010/sandbox/slack"
        assert opened["url"].startswith("ws://here.test:8010/sandbox/slack/link?ticket=")


async def test_calls_are_kept_without_the_token(http, workspace):
    await http.post("/api/chat.postMessage", data={"channel": LUNCH, "text": "x", "token": "xoxb-sandbox"})
    await http.post("/api/chat.postMessage", json={"channel": "C404", "text": "x"}, headers=AS_BOT)
    assert [(one.method, one.outcome, one.acted) for one in workspace.calls] == [
        ("chat.postMessage", "ok", True),
        ("chat.postMessage", "channel_not_found", False),
    ]
    assert workspace.calls[0].arguments == {"channel": LUNCH, "text": "x"}
    assert workspace.calls[0].at == workspace.clock.now()
    assert "xoxb" not in repr(list(workspace.calls))
    listed = (await http.get("/calls", params={"method": "chat.*"})).json()
    assert [one["outcome"] for one in listed] == ["ok", "channel_not_found"]
    assert (await http.delete("/calls")).json() == []


async def test_a_post_costs_well_under_two_milliseconds_of_work(http, workspace):
    body = json.dumps(
        {"channel": LUNCH, "text": "x", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x"}}] * 6}
    )
    headers = {**AS_BOT, "Content-Type": "application/json"}
    await http.post("/api/chat.postMessage", content=body, headers=headers)
    start = time.process_time()
    for _ in range(200):
        await http.post("/api/chat.postMessage", content=body, headers=headers)
    assert (time.process_time() - start) / 200 < 0.002
    assert len(workspace.messages(LUNCH)) == 201
    assert workspace.messages(LUNCH)[0]["user"] == BOT
