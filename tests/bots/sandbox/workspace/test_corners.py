"""Less travelled ways: attachments, quiet fields, odd answers to dialogs, coming and going, the rest of the door."""

import asyncio
import json

import httpx
import pytest

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
    wish_dialog,
)

HOURS = {
    "type": "static_select",
    "action_id": "hour",
    "options": [{"text": {"type": "plain_text", "text": "Noon"}, "value": "12"}],
}


@pytest.fixture
async def workspace(connected):
    """Everything in this file talks to the workspace with the patient app."""
    return connected


def payloads(inbox):
    forms = [httpx.QueryParams(body.decode()) for _, body in inbox.requests]
    return [json.loads(form["payload"]) for form in forms if "payload" in form]


def answers(inbox, document):
    """Let the app acknowledge the next delivery with a document."""
    inbox.answers = [(200, {"content-type": "application/json"}, json.dumps(document).encode())]


async def opened(workspace, api, view):
    """Open a dialog for Anna through a global shortcut."""
    trigger = workspace.triggers.give(ANNA)
    return (await api("views.open", trigger_id=trigger, view=view))["view"]


async def test_a_button_in_an_attachment(workspace, api, inbox):
    blocks = [{"type": "actions", "elements": [button("Go", "go")]}]
    message = await api("chat.postMessage", channel=LUNCH, text="x", attachments=[{"color": "good", "blocks": blocks}])
    assert (await workspace.click(ANNA, LUNCH, message["ts"], "Go")).ok
    assert payloads(inbox)[-1]["message"]["attachments"][0]["color"] == "good"
    refused = await api("chat.postMessage", channel=LUNCH, attachments=[{"blocks": [{"type": "marquee"}]}])
    assert refused["errors"] == ["unsupported type: marquee [json-pointer:/attachments/0/blocks/0/type]"]
    for wrong in ("nonsense", ["text"]):
        assert (await api("chat.postMessage", channel=LUNCH, attachments=wrong))["error"] == "invalid_attachments"


async def test_entering_tells_nobody_and_the_next_click_carries_it(workspace, api, inbox):
    quiet = {
        "type": "input",
        "block_id": "note",
        "label": {"type": "plain_text", "text": "Note"},
        "element": {"type": "plain_text_input", "action_id": "text"},
    }
    blocks = [section("x"), quiet, {"type": "actions", "block_id": "a", "elements": [button("Go", "go")]}]
    message = await api("chat.postMessage", channel=LUNCH, text="x", blocks=blocks)
    await workspace.settled()
    before = len(inbox.requests)
    await workspace.enter(ANNA, LUNCH, message["ts"], {"Note": "olives"})
    assert (await workspace.press_enter(ANNA, LUNCH, message["ts"], "Note", "more olives")).ok
    assert len(inbox.requests) == before
    await workspace.click(BRUNO, LUNCH, message["ts"], "Go")
    assert payloads(inbox)[-1]["state"]["values"]["note"]["text"]["value"] is None
    await workspace.click(ANNA, LUNCH, message["ts"], "Go")
    assert payloads(inbox)[-1]["state"]["values"]["note"]["text"]["value"] == "more olives"


async def test_a_thread_message_names_its_thread(workspace, api, inbox):
    root = await api("chat.postMessage", channel=LUNCH, text="root")
    blocks = [{"type": "actions", "elements": [button("Go", "go")]}]
    reply = await api("chat.postMessage", channel=LUNCH, text="x", blocks=blocks, thread_ts=root["ts"])
    await workspace.click(ANNA, LUNCH, reply["ts"], "Go")
    assert payloads(inbox)[-1]["container"]["thread_ts"] == root["ts"]
    shared = await api("chat.postMessage", channel=LUNCH, text="both", thread_ts=root["ts"], reply_broadcast=True)
    history = await api("conversations.history", channel=LUNCH)
    assert [one["ts"] for one in history["messages"]] == [shared["ts"], root["ts"]]


async def test_choices_in_a_dialog_and_at_home(workspace, api, inbox):
    quiet = {"type": "input", "block_id": "q", "label": {"type": "plain_text", "text": "Hour"}, "element": HOURS}
    loud = {"type": "actions", "block_id": "l", "elements": [{**HOURS, "action_id": "loud"}, button("Go", "go")]}
    await opened(workspace, api, {**wish_dialog(), "blocks": [quiet, loud]})
    before = len(payloads(inbox))
    await workspace.choose_in_view(ANNA, "Hour", "Noon")
    assert len(payloads(inbox)) == before
    await workspace.choose_in_view(ANNA, "loud", "Noon")
    await workspace.click_in_view(ANNA, "Go", inputs={"Hour": None})
    state = payloads(inbox)[-1]["view"]["state"]["values"]
    assert state["q"]["hour"]["selected_option"] is None
    assert state["l"]["loud"]["selected_option"]["value"] == "12"
    with pytest.raises(CannotDo, match="nobody can type into a static_select"):
        await workspace.type_in_view(ANNA, "Hour", "Noon")
    await api("views.publish", user_id=ANNA, view={"type": "home", "blocks": [loud]})
    await workspace.choose_at_home(ANNA, "loud", "Noon")
    assert payloads(inbox)[-1]["container"]["view_id"] == workspace.home(ANNA)["id"]


async def test_typing_where_nobody_listens(workspace, api, inbox):
    view = wish_dialog()
    del view["blocks"][0]["dispatch_action"], view["blocks"][0]["element"]["dispatch_action_config"]
    await opened(workspace, api, view)
    assert (await workspace.type_in_view(ANNA, "Dish", "soup", enter=True)).ok
    assert payloads(inbox) == []
    await workspace.submit_view(ANNA)
    assert payloads(inbox)[-1]["view"]["state"]["values"]["dish"]["text"]["value"] == "soup"


async def test_odd_answers_to_a_submission(workspace, api, inbox, clock):
    view = await opened(workspace, api, wish_dialog())
    for document, sentence in (
        ({"response_action": "dance"}, "response_action 'dance'"),
        ({"response_action": "errors"}, "no inputs"),
        ({"response_action": "update", "view": {"type": "modal"}}, "missing required field: title"),
        ({"response_action": "push", "view": {"type": "home", "blocks": []}}, "must be of type modal"),
    ):
        answers(inbox, document)
        seen = await workspace.submit_view(ANNA, {"Dish": "soup"})
        assert seen.ok is False
        assert seen.error.startswith("We had some trouble connecting. Try again?")
        assert sentence in seen.error
        assert seen.view["id"] == view["id"]
    inbox.answers = [500]
    assert "500" in (await workspace.submit_view(ANNA)).error
    inbox.answers = ["never"]
    waiting = asyncio.create_task(workspace.submit_view(ANNA))
    await clock.advance(0)
    await clock.advance(3.1)
    assert "did not answer in 3 seconds" in (await waiting).error
    with pytest.raises(CannotDo, match="V404 is not in front"):
        await workspace.submit_view(ANNA, view_id="V404")
    answers(inbox, [])
    assert (await workspace.submit_view(ANNA)).view is None


async def test_a_dialog_without_submit_closes_only(workspace, api, inbox):
    await opened(workspace, api, {**wish_dialog(), "blocks": [section("x")], "submit": None, "notify_on_close": False})
    with pytest.raises(CannotDo, match="no submit button"):
        await workspace.submit_view(ANNA)
    assert (await workspace.close_view(ANNA)).ok
    assert payloads(inbox) == []


async def test_answers_of_a_command(workspace, inbox, clock):
    answers(inbox, {"blocks": [{"type": "marquee"}]})
    assert 'failed with the error "invalid_blocks"' in (await workspace.slash(ANNA, LUNCH, "/lunch")).error
    inbox.answers = [(200, {"content-type": "application/json"}, b"{not json")]
    assert [one["text"] for one in (await workspace.slash(ANNA, LUNCH, "/lunch")).ephemerals] == ["{not json"]
    inbox.answers = ["never"]
    waiting = asyncio.create_task(workspace.slash(ANNA, LUNCH, "/lunch"))
    await clock.advance(0)
    await clock.advance(3.1)
    assert "operation_timeout" in (await waiting).error
    async with Workspace(seed(commands=("/lunch",)), clock=clock) as strict:
        assert (await strict.slash(ANNA, LUNCH, "/dinner")).error == "/dinner is not a valid command."


async def test_suggestions_in_a_dialog_and_an_app_that_has_none(workspace, api, inbox):
    place = {"type": "external_select", "action_id": "place"}
    block = {"type": "input", "block_id": "p", "label": {"type": "plain_text", "text": "Place"}, "element": place}
    await opened(workspace, api, {**wish_dialog(), "blocks": [block]})
    one = {"text": {"type": "plain_text", "text": "Bar"}, "value": "bar"}
    answers(inbox, {"option_groups": [{"label": {"type": "plain_text", "text": "All"}, "options": [one]}]})
    assert await workspace.suggest(ANNA, "Place", "b") == [one]
    assert payloads(inbox)[-1]["view"]["callback_id"] == "wish"
    with pytest.raises(CannotDo, match="offered no choices"):
        await workspace.suggest(ANNA, "Place", "b")


async def test_response_address_of_a_vanished_message(workspace, api, inbox, http):
    blocks = [{"type": "actions", "elements": [button("Go", "go")]}]
    message = await api("chat.postMessage", channel=LUNCH, text="x", blocks=blocks)
    await workspace.click(ANNA, LUNCH, message["ts"], "Go")
    address = payloads(inbox)[-1]["response_url"].replace("http://sandbox.test/sandbox/slack", "")
    assert (await http.post(address, json={})).json()["error"] == "no_text"
    await api("chat.delete", channel=LUNCH, ts=message["ts"])
    for body in ({"delete_original": True}, {"replace_original": True, "text": "x"}):
        assert (await http.post(address, json=body)).json()["error"] == "message_not_found"
    hidden = await api("chat.postEphemeral", channel=LUNCH, user=ANNA, text="x", blocks=blocks)
    await workspace.click(ANNA, LUNCH, hidden["message_ts"], "Go")
    address = payloads(inbox)[-1]["response_url"].replace("http://sandbox.test/sandbox/slack", "")
    with pytest.raises(CannotDo, match="no shortcuts"):
        await workspace.shortcut(ANNA, "x", channel=LUNCH, message_ts=hidden["message_ts"])
    with pytest.raises(CannotDo, match="nobody can react"):
        await workspace.react(ANNA, LUNCH, hidden["message_ts"], "eyes")
    await workspace.dismiss(ANNA, LUNCH, hidden["message_ts"])
    for body in ({"delete_original": True}, {"replace_original": True, "text": "x"}):
        assert (await http.post(address, json=body)).json()["error"] == "message_not_found"


async def test_coming_and_going(workspace, inbox, api):
    await workspace.join(ANNA, SECRET_ROOM, inviter=CARLA)
    await workspace.type(ANNA, SECRET_ROOM, "hush")
    await workspace.join(BOT, SECRET_ROOM, inviter=CARLA)
    await workspace.settled()
    assert [(one["type"], one.get("channel_type")) for one in inbox.events] == [("member_joined_channel", "G")]
    assert inbox.events[0]["inviter"] == CARLA
    listed = await api("conversations.list", types="private_channel,public_channel", exclude_archived=True)
    assert SECRET_ROOM in [one["id"] for one in listed["channels"]]
    await workspace.leave(ANNA, SECRET_ROOM)
    with pytest.raises(CannotDo, match="cannot see"):
        await workspace.leave(ANNA, SECRET_ROOM)
    await workspace.leave(ANNA, LUNCH)
    with pytest.raises(CannotDo, match="U0ANNA is not in C0LUNCH"):
        await workspace.leave(ANNA, LUNCH)
    await workspace.archive(BRUNO, LUNCH)
    with pytest.raises(CannotDo, match="lunch is archived"):
        await workspace.type(BRUNO, LUNCH, "x")
    assert (await api("conversations.join", channel=LUNCH))["error"] == "is_archived"
    await workspace.archive(BRUNO, LUNCH, undo=True)
    assert (await api("conversations.join", channel=LUNCH))["warning"] == "already_in_channel"
    assert (await api("conversations.join", channel=SECRET_ROOM))["error"] == "method_not_supported_for_channel_type"
    assert workspace.change_person(ANNA, locale="de-DE").locale == "de-DE"


async def test_direct_conversations_are_described(api):
    opened_im = await api("conversations.open", users=ANNA, return_im=True)
    assert opened_im["channel"]["user"] == ANNA
    again = await api("conversations.open", channel=opened_im["channel"]["id"])
    assert again["already_open"] is True
    group = (await api("conversations.open", users=[ANNA, BRUNO]))["channel"]["id"]
    assert (await api("conversations.open", users=[BRUNO, ANNA]))["channel"]["id"] == group
    listed = await api("conversations.list", types=["im", "mpim"], limit=1)
    assert len(listed["channels"]) == 1
    rest = await api("conversations.list", types=["im", "mpim"], cursor=listed["response_metadata"]["next_cursor"])
    assert [one["id"] for one in rest["channels"]] == [group]
    assert (await api("conversations.info", channel=LUNCH, include_num_members="true"))["channel"]["num_members"] == 3


async def test_long_threads_have_pages(api):
    root = await api("chat.postMessage", channel=LUNCH, text="root")
    for number in range(3):
        await api("chat.postMessage", channel=LUNCH, text=f"r{number}", thread_ts=root["ts"])
    first = await api("conversations.replies", channel=LUNCH, ts=root["ts"], limit=2)
    cursor = first["response_metadata"]["next_cursor"]
    second = await api("conversations.replies", channel=LUNCH, ts=root["ts"], limit=2, cursor=cursor)
    assert [one["text"] for one in (*first["messages"], *second["messages"])] == ["root", "r0", "r1", "r2"]
    assert second["has_more"] is False


async def test_what_is_wrong_with_arguments(api):
    for method, arguments, word in (
        ("chat.postMessage", {"channel": {"id": LUNCH}, "text": "x"}, "invalid_arguments"),
        ("users.info", {}, "invalid_arguments"),
        ("users.list", {"limit": 0}, "invalid_limit"),
        ("bots.info", {"bot": "B404"}, "bot_not_found"),
        ("files.getUploadURLExternal", {"filename": "x", "length": 0}, "invalid_arguments"),
        ("files.completeUploadExternal", {"files": []}, "invalid_arguments"),
        ("oauth.v2.access", {"client_id": "9"}, "invalid_client_id"),
        ("oauth.v2.access", {"client_id": "1.2", "client_secret": "9"}, "bad_client_secret"),
        ("chat.update", {"channel": LUNCH, "ts": "1.000001"}, "message_not_found"),
        ("api.test", {"error": "my_error"}, "my_error"),
    ):
        assert (await api(method, **arguments))["error"] == word, method


async def test_the_rest_of_the_http_door(workspace, api, http, inbox):
    posted = await api("chat.postEphemeral", channel=LUNCH, user=ANNA, text="only you")
    seen = (await http.get(f"/people/{ANNA}/ephemerals", params={"channel": LUNCH})).json()
    assert [one["ts"] for one in seen] == [posted["message_ts"]]
    await api("chat.postMessage", channel=ANNA, text="psst")
    assert [one["text"] for one in (await http.get(f"/people/{ANNA}/direct")).json()] == ["psst"]
    assert workspace.find_message(ANNA, "psst")["user"] == BOT
    assert (await http.get(f"/people/{ANNA}/home")).json() is None
    assert (await http.get(f"/people/{ANNA}/view", params={"wait": "long"})).status_code == 400
    assert (await http.get(f"/people/{ANNA}/view", params={"wait": "0.01"})).json() is None
    assert (await http.post("/throttle", content=b"[]")).status_code == 400
    assert (await http.get("/throttle")).json() == {"on": False}
    assert (await http.post("/disconnect", json={"reason": "because"})).status_code == 400
    assert (await http.post("/disconnect", json={})).json() == {"sockets": 0}
    line = {"match": "message", "fault": "lost"}
    assert (await http.post("/faults/deliveries", json=line)).json()[0]["fault"] == "lost"
    assert workspace.deliveries.faults.lines[0].match == "message"
    assert (await http.get("/files/F404")).status_code == 404
    assert (await http.post("/upload/F404", content=b"x")).status_code == 404
    given = await api("files.getUploadURLExternal", filename="menu.txt", length=4)
    path = given["upload_url"].replace("http://sandbox.test/sandbox/slack", "")
    assert (await http.post(path, files={"file": ("menu.txt", b"soup")})).text == "OK - 4"
    assert (await http.get(f"/files/{given['file_id']}")).content == b"soup"
    assert (await http.post("/uninstall")).json() == {"ok": True}
    await workspace.settled()
    assert [one["type"] for one in inbox.events][-2:] == ["tokens_revoked", "app_uninstalled"]
    assert (await api("auth.test"))["error"] == "token_revoked"
