"""An unmodified Bolt app of another purpose works in the workspace over HTTP, signatures checked."""

import httpx
import pytest

from bots.sandbox.workspace import CannotDo
from tests.bots.sandbox.workspace.stage import ANNA, BOT, BRUNO, LUNCH


async def poll(workspace):
    await workspace.type(ANNA, LUNCH, "poll")
    message = await workspace.until(lambda: workspace.find_message(LUNCH, "Where do we eat?"))
    return message["ts"]


async def test_a_typed_word_makes_the_bot_post(real, lunch):
    ts = await poll(real)
    shown = real.messages(LUNCH)
    assert [one["user"] for one in shown] == [ANNA, BOT]
    assert shown[1]["ts"] == ts
    assert shown[1]["bot_profile"]["name"] == "lunchbot"


async def test_a_click_reaches_the_bot_with_everything_slack_sends(real, lunch):
    ts = await poll(real)
    seen = await real.click(BRUNO, LUNCH, ts, "Pizza", inputs={"A note": "with olives"})
    assert seen.ok
    body = lunch.bodies[-1]
    assert body["user"]["id"] == BRUNO
    assert body["state"]["values"]["note"]["note_text"] == {"type": "plain_text_input", "value": "with olives"}
    assert body["state"]["values"]["vote"]["hour"] == {"type": "static_select", "selected_option": None}
    assert body["actions"][0]["action_id"] == "pizza"
    assert body["actions"][0]["value"] == "p"
    assert body["container"]["message_ts"] == body["message"]["ts"] == ts
    shown = await real.until(lambda: real.ephemerals(BRUNO, LUNCH))
    assert shown[0]["text"] == "Pizza it is"
    assert real.ephemerals(ANNA, LUNCH) == []


async def test_enter_and_choices_reach_the_bot(real, lunch):
    ts = await poll(real)
    await real.press_enter(ANNA, LUNCH, ts, "note_text", "no onions")
    assert lunch.bodies[-1]["actions"][0]["value"] == "no onions"
    await real.choose(ANNA, LUNCH, ts, "hour", "One")
    assert lunch.bodies[-1]["actions"][0]["selected_option"]["value"] == "13"
    assert lunch.bodies[-1]["state"]["values"]["note"]["note_text"]["value"] == "no onions"
    await real.choose(ANNA, LUNCH, ts, "more", "Cancel the poll")
    assert lunch.bodies[-1]["actions"][0]["selected_option"]["value"] == "cancel"


async def test_a_dialog_opens_counts_refuses_and_closes(real, lunch):
    ts = await poll(real)
    await real.click(ANNA, LUNCH, ts, "Wish")
    view = await real.until(lambda: real.open_view(ANNA))
    assert view["private_metadata"] == "kept"
    await real.type_in_view(ANNA, "Dish", "pasta")
    counted = await real.until(lambda: real.open_view(ANNA)["blocks"][1]["elements"][0]["text"] == "5 characters")
    assert counted
    assert real.open_view(ANNA)["hash"] != view["hash"]

    short = await real.submit_view(ANNA, {"Dish": "p"})
    assert short.field_errors == {"dish": "Must be at least 2 characters long."}
    refused = await real.submit_view(ANNA, {"Dish": "soap"})
    assert refused.field_errors == {"dish": "That is no food"}
    assert refused.view is not None
    wrong = await real.submit_view(ANNA, {"Dish": "wrong"})
    assert wrong.error.startswith("We had some trouble connecting")

    pushed = await real.submit_view(ANNA, {"Dish": "more"})
    assert pushed.ok
    assert pushed.view["previous_view_id"] == view["id"]
    again = await real.submit_view(ANNA, {"Dish": "again"})
    assert again.view["blocks"][1]["elements"][0]["text"] == "again"
    done = await real.submit_view(ANNA, {"Dish": "enough"})
    assert done.ok
    assert done.view is None
    assert real.open_view(ANNA) is None


async def test_a_submitted_dialog_returns_to_the_one_below(real, lunch):
    ts = await poll(real)
    await real.click(ANNA, LUNCH, ts, "Wish")
    first = await real.until(lambda: real.open_view(ANNA))
    await real.submit_view(ANNA, {"Dish": "more"})
    seen = await real.submit_view(ANNA, {"Dish": "pasta"})
    assert seen.view["id"] == first["id"]
    closed = await real.close_view(ANNA)
    assert closed.view is None
    assert lunch.bodies[-1]["type"] == "view_closed"
    assert lunch.bodies[-1]["is_cleared"] is False


async def test_shortcuts_on_a_message_and_anywhere(real, lunch):
    said = await real.type(BRUNO, LUNCH, "pasta & wine")
    await real.shortcut(ANNA, "use_as_wish", channel=LUNCH, message_ts=said.ts)
    assert lunch.bodies[-1]["message"]["text"] == "pasta &amp; wine"
    assert await real.until(lambda: real.open_view(ANNA))
    await real.close_view(ANNA)
    await real.shortcut(ANNA, "anywhere")
    assert lunch.bodies[-1]["type"] == "shortcut"
    assert "channel" not in [name for name in lunch.bodies[-1] if name == "channel"]


async def test_a_command_answers_quietly_or_aloud(real, lunch):
    quiet = await real.slash(ANNA, LUNCH, "/lunch", "soup")
    assert [one["text"] for one in quiet.ephemerals] == ["you said soup"]
    loud = await real.slash(ANNA, LUNCH, "/lunch", "loud")
    assert loud.ephemerals == ()
    assert real.find_message(LUNCH, "Lunch!")
    unknown = await real.slash(ANNA, LUNCH, "/dinner")
    assert unknown.ok is False
    assert "dispatch_failed" in unknown.error


async def test_the_home_tab_is_published_and_its_button_works(real, lunch):
    first = await real.open_home(ANNA)
    assert first.view is None
    home = await real.until(lambda: real.home(ANNA))
    assert home["blocks"][0]["text"]["text"] == "Home of lunch"
    await real.click_at_home(ANNA, "Refresh")
    assert lunch.bodies[-1]["container"]["type"] == "view"
    with pytest.raises(CannotDo, match="no Home tab"):
        await real.click_at_home(BRUNO, "Refresh")


async def test_events_of_every_kind_arrive(real, lunch):
    said = await real.type(ANNA, LUNCH, "hello @lunchbot", mentions=[BOT])
    await real.react(BRUNO, LUNCH, said.ts, "pizza")
    await real.react(BRUNO, LUNCH, said.ts, "pizza", remove=True)
    await real.edit(ANNA, LUNCH, said.ts, "hello there")
    answer = await real.type(BRUNO, LUNCH, "hi", thread_ts=said.ts)
    await real.delete(BRUNO, LUNCH, answer.ts)
    await real.join("U0CARLA", LUNCH)
    await real.type(ANNA, BOT, "just between us")
    await real.archive(ANNA, LUNCH)
    await real.settled()
    await real.until(lambda: len(lunch.heard) >= 10)
    kinds = {(one["type"], one.get("subtype")) for one in lunch.heard}
    assert kinds == {
        ("message", None),
        ("app_mention", None),
        ("reaction_added", None),
        ("reaction_removed", None),
        ("message", "message_changed"),
        ("message", "message_deleted"),
        ("member_joined_channel", None),
        ("channel_archive", None),
    }
    direct = [one for one in lunch.heard if one.get("channel_type") == "im"]
    assert direct[0]["text"] == "just between us"
    mention = next(one for one in lunch.heard if one["type"] == "app_mention")
    assert mention["ts"] == said.ts
    assert mention["text"] == f"hello <@{BOT}>"


async def test_an_unsigned_or_wrongly_signed_delivery_is_refused_by_bolt(real, lunch):
    real.deliveries._secret = "another secret"
    said = await real.slash(ANNA, LUNCH, "/lunch", "soup")
    assert said.ok is False
    assert "401" in said.error


async def test_the_url_is_verified(real, lunch):
    async with httpx.AsyncClient(base_url=real.own_url, trust_env=False) as http:
        assert (await http.post("/verify")).json() == {"ok": True}
    assert await real.deliveries.verify_address("abc", "token") is True
    real.deliveries.deliver_to = real.deliveries.deliver_to.replace("events", "nowhere")
    assert await real.deliveries.verify_address("abc", "token") is False
