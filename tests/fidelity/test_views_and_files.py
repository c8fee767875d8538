"""Dialogs, the Home tab and files through Slack's own clients."""

import httpx
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import InputBlock, PlainTextInputElement, SectionBlock
from slack_sdk.models.views import View

from tests.bots.sandbox.workspace.stage import ANNA, LUNCH, section, wish_dialog
from tests.fidelity.clients import TOKEN


async def test_a_dialog_is_opened_updated_and_pushed_upon(client, workspace):
    opened = await client("views_open", trigger_id=workspace.triggers.give(ANNA), view=wish_dialog())
    view = opened["view"]
    assert (view["callback_id"], view["private_metadata"], view["previous_view_id"]) == ("wish", "kept", None)
    assert view["state"] == {"values": {}}
    assert workspace.open_view(ANNA)["id"] == view["id"]

    changed = await client("views_update", view_id=view["id"], hash=view["hash"], view=wish_dialog("5 characters"))
    assert changed["view"]["id"] == view["id"]
    assert changed["view"]["hash"] != view["hash"]
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await client("views_update", view_id=view["id"], hash=view["hash"], view=wish_dialog("6 characters"))

    pushed = await client("views_push", trigger_id=workspace.triggers.give(ANNA), view=wish_dialog("on top"))
    assert (pushed["view"]["root_view_id"], pushed["view"]["previous_view_id"]) == (view["id"], view["id"])
    assert workspace.open_view(ANNA)["id"] == pushed["view"]["id"]


async def test_a_dialog_is_found_by_its_external_id(client, workspace):
    view = {**wish_dialog(), "external_id": "anna-wish"}
    await client("views_open", trigger_id=workspace.triggers.give(ANNA), view=view)
    await client("views_update", external_id="anna-wish", view={**view, "title": {"type": "plain_text", "text": "New"}})
    assert workspace.open_view(ANNA)["title"]["text"] == "New"


async def test_a_view_may_be_given_as_the_sdks_own_objects(client, workspace):
    view = View(
        type="modal",
        callback_id="order",
        title="Order",
        submit="Send",
        close="Leave",
        blocks=[
            SectionBlock(text="What would you like?"),
            InputBlock(block_id="dish", label="Dish", element=PlainTextInputElement(action_id="text")),
        ],
    )
    opened = await client("views_open", trigger_id=workspace.triggers.give(ANNA), view=view)
    assert opened["view"]["blocks"][1]["element"]["action_id"] == "text"


async def test_the_home_tab_is_published(client, workspace):
    published = await client("views_publish", user_id=ANNA, view={"type": "home", "blocks": [section("Menu")]})
    again = await client("views_publish", user_id=ANNA, view={"type": "home", "blocks": [section("Soup")]})
    assert again["view"]["id"] == published["view"]["id"]
    assert workspace.home(ANNA)["blocks"][0]["text"]["text"] == "Soup"
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await client(
            "views_publish",
            user_id=ANNA,
            hash=published["view"]["hash"],
            view={"type": "home", "blocks": [section("Stew")]},
        )


BYTES = bytes(range(256)) * 40


async def fetched(address: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.get(address, headers={"Authorization": f"Bearer {TOKEN}"})


async def test_a_file_is_uploaded_and_its_bytes_come_back(client, workspace):
    done = await client(
        "files_upload_v2", channel=LUNCH, filename="menu.png", content=BYTES, title="Menu", initial_comment="Today"
    )
    file = done["file"]
    assert (file["name"], file["title"], file["size"], file["mimetype"]) == (
        "menu.png",
        "Menu",
        len(BYTES),
        "image/png",
    )
    came = await fetched(file["url_private"])
    assert came.content == BYTES
    shared = (await client("conversations_history", channel=LUNCH))["messages"][0]
    assert (shared["text"], shared["files"][0]["id"]) == ("Today", file["id"])
    assert (await client("files_info", file=file["id"]))["file"]["url_private"] == file["url_private"]


async def test_files_are_uploaded_together_into_a_thread(client, tmp_path):
    root = await client("chat_postMessage", channel=LUNCH, text="Menus")
    (tmp_path / "wine.txt").write_text("red\nwhite\n")
    done = await client(
        "files_upload_v2",
        channel=LUNCH,
        thread_ts=root["ts"],
        file_uploads=[
            {"file": str(tmp_path / "wine.txt"), "title": "Wine"},
            {"content": "soup", "filename": "food.txt", "title": "Food"},
        ],
    )
    assert [one["title"] for one in done["files"]] == ["Wine", "Food"]
    thread = (await client("conversations_replies", channel=LUNCH, ts=root["ts"]))["messages"]
    assert [one["name"] for one in thread[1]["files"]] == ["wine.txt", "food.txt"]
    assert (await fetched(done["files"][0]["url_private"])).content == b"red\nwhite\n"


async def test_a_file_may_be_kept_without_being_shared(client, workspace):
    done = await client("files_upload_v2", filename="draft.txt", content="not yet")
    assert workspace.messages(LUNCH) == []
    assert (await fetched(done["file"]["url_private"])).text == "not yet"
