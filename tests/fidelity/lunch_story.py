"""A whole lunch by people's hands. It is the same story whatever the bot is written in and however it is connected."""

from collections.abc import Callable
from typing import Any

import httpx

from bots.sandbox.workspace import Workspace
from tests.bots.sandbox.workspace.stage import ANNA, BOT, BRUNO, CARLA, LUNCH


async def lunch_story(workspace: Workspace) -> None:
    """Play everything that the lunch bot does, once."""
    await greeted(workspace)
    await asked_in_a_thread(workspace)
    order = await ordered(workspace)
    await summed_up(workspace)
    await copied(workspace, order["ts"])
    await planned_and_left(workspace)
    await forgotten_at_home(workspace)
    await mentioned(workspace)
    await given_a_file(workspace)
    assert [call.outcome for call in workspace.calls if call.outcome != "ok"] == []


async def shown(workspace: Workspace, text: str, channel: str = LUNCH) -> dict[str, Any]:
    found: dict[str, Any] = await workspace.until(lambda: workspace.find_message(channel, text), what=text)
    return found


async def until(workspace: Workspace, condition: Callable[[], Any], what: str) -> Any:
    return await workspace.until(condition, what=what)


async def greeted(workspace: Workspace) -> None:
    await workspace.type(ANNA, LUNCH, "hello")
    hello = await shown(workspace, f"Hey there <@{ANNA}>!")
    assert hello["user"] == BOT
    seen = await workspace.click(BRUNO, LUNCH, hello["ts"], "I am hungry")
    assert seen.ok, seen.error
    await shown(workspace, f"<@{BRUNO}> is hungry")
    [reaction] = workspace.channels[LUNCH].messages[hello["ts"]].reactions.items()
    assert reaction == ("fork_and_knife", [BOT])


async def asked_in_a_thread(workspace: Workspace) -> None:
    asked = await workspace.type(BRUNO, LUNCH, "where to?")
    answer = await shown(workspace, "Here is what others chose")
    assert answer["thread_ts"] == asked.ts


async def ordered(workspace: Workspace) -> dict[str, Any]:
    seen = await workspace.slash(ANNA, LUNCH, "/lunch")
    assert seen.ok, seen.error
    view = await until(workspace, lambda: workspace.open_view(ANNA), "the dialog")
    assert (view["callback_id"], view["private_metadata"]) == ("order", LUNCH)
    [option] = await workspace.suggest(ANNA, "Where", "gi")
    assert option["value"] == "Da Gino"
    assert (await workspace.choose_in_view(ANNA, "Where", option)).ok
    await until(workspace, lambda: len(workspace.open_view(ANNA)["blocks"]) == 3, "the updated dialog")

    refused = await workspace.submit_view(ANNA, {"How many": "40"})
    assert refused.field_errors == {"people": "Between 1 and 12"}
    done = await workspace.submit_view(ANNA, {"How many": "3"})
    assert (done.ok, done.view) == (True, None)
    order = await shown(workspace, "Da Gino for 3")
    assert order["metadata"]["event_payload"] == {"place": "Da Gino", "people": 3}
    assert (await shown(workspace, "Who comes along?"))["thread_ts"] == order["ts"]
    return order


async def summed_up(workspace: Workspace) -> None:
    assert (await workspace.slash(BRUNO, LUNCH, "/lunch", "today")).ok
    await until(workspace, lambda: workspace.ephemerals(BRUNO, LUNCH), "the answer to the command")
    assert [one["text"] for one in workspace.ephemerals(BRUNO, LUNCH)] == ["Today: Da Gino"]


async def copied(workspace: Workspace, ts: str) -> None:
    assert (await workspace.shortcut(BRUNO, "copy_order", channel=LUNCH, message_ts=ts)).ok
    await until(workspace, lambda: len(workspace.ephemerals(BRUNO, LUNCH)) == 2, "the answer to the shortcut")
    assert workspace.ephemerals(BRUNO, LUNCH)[-1]["text"] == "I wrote down: Da Gino for 3"


async def planned_and_left(workspace: Workspace) -> None:
    assert (await workspace.shortcut(CARLA, "plan_lunch")).ok
    await until(workspace, lambda: workspace.open_view(CARLA), "the dialog of the global shortcut")
    await workspace.close_view(CARLA)
    await shown(workspace, "Another time, then.", CARLA)


async def forgotten_at_home(workspace: Workspace) -> None:
    await workspace.open_home(ANNA)
    home = await until(workspace, lambda: workspace.home(ANNA), "the Home tab")
    assert home["blocks"][1]["text"]["text"] == f"<@{ANNA}>: Da Gino"
    assert (await workspace.click_at_home(ANNA, "Forget it")).ok
    await until(workspace, lambda: "no order yet" in repr(workspace.home(ANNA)), "the Home tab without an order")


async def mentioned(workspace: Workspace) -> None:
    await workspace.join(CARLA, LUNCH)
    said = await workspace.type(CARLA, LUNCH, "@lunchbot are you there?", mentions=[BOT])
    answer = await shown(workspace, "At your service, Carla")
    assert answer["thread_ts"] == said.ts


async def given_a_file(workspace: Workspace) -> None:
    said = await workspace.type(ANNA, LUNCH, "The menu, please")
    await workspace.react(ANNA, LUNCH, said.ts, "clipboard")
    message = await until(
        workspace, lambda: workspace.find_message(LUNCH, where=lambda one: bool(one.get("files"))), "the file"
    )
    [file] = message["files"]
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(file["url_private"])).text == "soup\npasta\n"
