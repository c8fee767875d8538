"""A window that has not heard of a change acts on what it still shows; the app hears of it, as with Slack."""

import json

import httpx
import pytest

from bots.sandbox.workspace import CannotDo
from tests.bots.sandbox.workspace.stage import ANNA, LUNCH, button


@pytest.fixture
async def workspace(connected):
    """The workspace that the app knows."""
    return connected


def actions(inbox):
    forms = [httpx.QueryParams(body.decode()) for _, body in inbox.requests]
    return [json.loads(form["payload"])["actions"][0] for form in forms if "payload" in form]


def row(block, *elements):
    return {"type": "actions", "block_id": block, "elements": list(elements)}


@pytest.fixture
async def changed(connected, api):
    """A message whose button "Go" has been replaced by another one."""
    message = await api("chat.postMessage", channel=LUNCH, text="x", blocks=[row("first", button("Go", "go"))])
    await api("chat.update", channel=LUNCH, ts=message["ts"], text="x", blocks=[row("second", button("Undo", "undo"))])
    return message["ts"]


async def test_what_a_window_still_shows_can_be_pressed(connected, inbox, changed):
    assert (await connected.click(ANNA, LUNCH, changed, action_id="go", block_id="first")).ok
    assert (actions(inbox)[-1]["action_id"], actions(inbox)[-1]["block_id"]) == ("go", "first")


async def test_what_stands_there_now_is_pressed_as_before(connected, inbox, changed):
    assert (await connected.click(ANNA, LUNCH, changed, "Undo")).ok
    assert actions(inbox)[-1]["block_id"] == "second"


async def test_who_reads_the_message_finds_only_what_stands_there(connected, changed):
    with pytest.raises(CannotDo, match="there is no button 'Go' here; there are: Undo"):
        await connected.click(ANNA, LUNCH, changed, "Go")
    with pytest.raises(CannotDo, match="no button action_id 'never'"):
        await connected.click(ANNA, LUNCH, changed, action_id="never", block_id="first")


async def test_what_stood_there_is_in_no_answer_to_the_app_and_survives_a_restart(connected, inbox, api, changed):
    [shown] = (await api("conversations.history", channel=LUNCH))["messages"]
    assert "earlier" not in shown
    connected.restore(connected.snapshot())
    assert (await connected.click(ANNA, LUNCH, changed, action_id="go", block_id="first")).ok


async def test_a_deleted_message_shows_nothing_any_more(connected, api, changed):
    await api("chat.postMessage", channel=LUNCH, text="so it leaves a gravestone", thread_ts=changed)
    await api("chat.delete", channel=LUNCH, ts=changed)
    with pytest.raises(CannotDo):
        await connected.click(ANNA, LUNCH, changed, action_id="go", block_id="first")
