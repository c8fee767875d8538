"""Bolt's unmodified Socket Mode handlers receive, acknowledge with payload and reconnect; HTTP delivery is off."""

import contextlib
import json

import pytest
import websockets
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.websockets import AsyncSocketModeHandler as WebsocketsHandler

from bots.sandbox.workspace import Workspace, create_workspace_app
from tests.bots.sandbox.workspace.stage import ANNA, LUNCH, LunchBot, mounted, seed, served


@contextlib.asynccontextmanager
async def connected(workspace, bot, handler=AsyncSocketModeHandler):
    made = handler(bot.app, app_token="xapp-sandbox", web_client=bot.client)
    await made.connect_async()
    try:
        yield made
    finally:
        await made.close_async()


@pytest.fixture
def bot(real):
    made = LunchBot(f"{real.own_url}/api/")
    real.deliveries.deliver_to = "http://127.0.0.1:9/never-used"
    return made


@pytest.mark.parametrize("handler", [AsyncSocketModeHandler, WebsocketsHandler])
async def test_events_commands_and_dialogs_over_a_socket(real, bot, handler):
    async with connected(real, bot, handler):
        await real.type(ANNA, LUNCH, "poll")
        message = await real.until(lambda: real.find_message(LUNCH, "Where do we eat?"))
        answer = await real.slash(ANNA, LUNCH, "/lunch", "soup")
        assert [one["text"] for one in answer.ephemerals] == ["you said soup"]
        await real.click(ANNA, LUNCH, message["ts"], "Wish")
        assert await real.until(lambda: real.open_view(ANNA))
        refused = await real.submit_view(ANNA, {"Dish": "soap"})
        assert refused.field_errors == {"dish": "That is no food"}
        done = await real.submit_view(ANNA, {"Dish": "pasta"})
        assert done.ok
        assert done.view is None
    await real.until(lambda: len(real.links) == 0, what="the closed socket")


async def test_a_disconnect_is_followed_by_a_new_connection(real, bot):
    async with connected(real, bot):
        opened = len(real.calls.of("apps.connections.open"))
        assert len(real.links) == 1
        await real.links.disconnect("refresh_requested")
        await real.until(lambda: len(real.calls.of("apps.connections.open")) > opened)
        await real.until(lambda: len(real.links) == 1, what="the new connection")
        answer = await real.slash(ANNA, LUNCH, "/lunch", "again")
        assert answer.ok
    with pytest.raises(ValueError, match="reasons warning"):
        await real.links.disconnect("because")


async def test_two_connections_take_turns(real, bot):
    other = LunchBot(f"{real.own_url}/api/")
    async with connected(real, bot), connected(real, other):
        assert len(real.links) == 2
        for word in ("one", "two"):
            assert (await real.slash(ANNA, LUNCH, "/lunch", word)).ok
    assert {body["text"] for body in (bot.bodies[-1], other.bodies[-1])} == {"one", "two"}


async def test_without_a_socket_http_delivery_is_on_again(real, bot):
    async with connected(real, bot):
        assert len(real.links) == 1
    await real.until(lambda: len(real.links) == 0, what="the closed socket")
    answer = await real.slash(ANNA, LUNCH, "/lunch", "soup")
    assert "could not be reached" in answer.error


async def test_an_event_that_is_not_acknowledged_comes_again(clock):
    async with Workspace(seed(), clock=clock) as workspace, served(mounted(create_workspace_app(workspace))) as url:
        workspace.own_url = f"{url}/sandbox/slack"
        async with websockets.connect(f"ws{url[4:]}/sandbox/slack/link?ticket={workspace.links.ticket()}") as socket:
            hello = json.loads(await socket.recv())
            assert (hello["type"], hello["num_connections"]) == ("hello", 1)
            await workspace.type(ANNA, LUNCH, "hello")
            first = json.loads(await socket.recv())
            assert (first["type"], first["retry_attempt"]) == ("events_api", 0)
            assert first["accepts_response_payload"] is False
            await clock.advance(3.1)
            second = json.loads(await socket.recv())
            assert (second["retry_attempt"], second["retry_reason"]) == (1, "timeout")
            assert second["payload"] == first["payload"]
            assert second["envelope_id"] != first["envelope_id"]
            await socket.send(json.dumps({"envelope_id": second["envelope_id"]}))
            await workspace.settled()
        assert [one.status for one in workspace.deliveries.kept] == ["timeout", "ok"]


async def test_a_ticket_opens_one_socket(real):
    ticket = real.links.ticket()
    address = f"ws{real.own_url[4:]}/link?ticket="
    async with websockets.connect(address + ticket) as socket:
        assert json.loads(await socket.recv())["type"] == "hello"
        for wrong in (ticket, "guessed"):
            with pytest.raises(websockets.InvalidStatus):
                await websockets.connect(address + wrong)


async def test_only_the_app_token_opens_a_socket(real, client):
    answer = await client.api_call("auth.test")
    assert answer["ok"]
    for token, word in (("xoxb-sandbox", "not_allowed_token_type"), ("xapp-other", "invalid_auth")):
        with pytest.raises(Exception, match=word):
            await client.apps_connections_open(app_token=token)
