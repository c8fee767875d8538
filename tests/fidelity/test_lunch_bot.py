"""A getting-started app of another purpose, unmodified, over HTTP and over Socket Mode: a whole lunch by hand."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient

from bots.sandbox.workspace import Workspace
from tests.bots.sandbox.workspace.stage import ANNA, BOT, CARLA, LUNCH
from tests.fidelity.clients import APP_TOKEN, TOKEN
from tests.fidelity.lunch_bot import lunch_app
from tests.fidelity.lunch_story import lunch_story
from tests.fidelity.serving import api_of


class Threads(ThreadingMixIn, WSGIServer):
    """A plain web server that answers several deliveries at once."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Writes no line for each request."""

    def log_message(self, *_: object) -> None:
        return


async def lunch_bot(workspace: Workspace) -> App:
    client = WebClient(token=TOKEN, base_url=api_of(workspace))
    return await asyncio.to_thread(lunch_app, client, workspace.app.signing_secret)


@contextlib.asynccontextmanager
async def over_http(workspace: Workspace) -> AsyncIterator[None]:
    """Connect the bot by its URL, signatures checked."""
    bot = await lunch_bot(workspace)
    server = make_server("127.0.0.1", 0, SlackRequestHandler(bot), server_class=Threads, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    workspace.deliveries.deliver_to = f"http://127.0.0.1:{server.server_port}/slack/events"
    try:
        yield
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()
        thread.join()


@contextlib.asynccontextmanager
async def over_a_socket(workspace: Workspace) -> AsyncIterator[None]:
    """Connect the bot by Socket Mode, with the handler of the getting-started page."""
    handler = SocketModeHandler(await lunch_bot(workspace), APP_TOKEN)
    await asyncio.to_thread(handler.connect)
    await workspace.until(lambda: len(workspace.links) == 1, what="the socket")
    try:
        yield
    finally:
        await asyncio.to_thread(handler.close)


@pytest.mark.parametrize("connected", [over_http, over_a_socket])
async def test_a_whole_lunch(workspace, connected):
    async with connected(workspace):
        await lunch_story(workspace)


async def test_a_bot_that_is_told_nothing_true_does_nothing(workspace):
    async with over_http(workspace):
        workspace.deliveries._secret = "another secret"
        seen = await workspace.slash(ANNA, LUNCH, "/lunch")
        assert "the app answered 401" in seen.error
        assert workspace.open_view(ANNA) is None


async def test_what_the_bot_does_not_know_is_told_to_the_person(workspace):
    async with over_http(workspace):
        unknown = await workspace.slash(ANNA, LUNCH, "/dinner")
        assert unknown.error == '/dinner failed with the error "dispatch_failed": the app answered 404'
        posted = await workspace.type(CARLA, BOT, "hello")
        answer = await workspace.until(lambda: workspace.find_message(CARLA, "Hey there"))
        assert answer["ts"] > posted.ts
