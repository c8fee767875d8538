"""Fixtures: the workspace alone, its web client, and the workspace with the lunch bot connected over HTTP."""

import httpx
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bots.sandbox.workspace import Workspace, create_workspace_app
from tests.bots.sandbox.workspace.stage import HandClock, Inbox, LunchBot, mounted, seed, served


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
async def workspace(clock):
    """A workspace without an app, its clock set by hand."""
    async with Workspace(seed(), clock=clock, own_url="http://sandbox.test/sandbox/slack") as made:
        yield made


@pytest.fixture
def inbox():
    """An app that remembers what is delivered to it, and acknowledges everything unless told otherwise."""
    return Inbox()


@pytest.fixture
async def connected(clock, inbox):
    """A workspace whose app is the inbox, in process."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(inbox)) as http:
        options = {"http": http, "deliver_to": "http://app.test/events", "own_url": "http://sandbox.test/sandbox/slack"}
        async with Workspace(seed(), clock=clock, **options) as made:
            yield made


@pytest.fixture
async def http(workspace):
    """An in-process HTTP client on the workspace."""
    transport = httpx.ASGITransport(mounted(create_workspace_app(workspace)))
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.test/sandbox/slack") as client:
        yield client


@pytest.fixture
def api(http):
    """Call one Web API method by form POST, as the bot."""

    async def call(method, **arguments):
        answer = await http.post(f"/api/{method}", json=arguments, headers={"Authorization": "Bearer xoxb-sandbox"})
        assert answer.status_code == 200, answer.text
        return answer.json()

    return call


@pytest.fixture
async def real():
    """A workspace with the machine's clock, served by uvicorn on loopback; yields it with the URL of its mount."""
    async with Workspace(seed()) as made, served(mounted(create_workspace_app(made))) as url:
        made.own_url = f"{url}/sandbox/slack"
        yield made


@pytest.fixture
def client(real):
    """The unmodified web client of slack_sdk."""
    return AsyncWebClient(token="xoxb-sandbox", base_url=f"{real.own_url}/api/", retry_handlers=[])


@pytest.fixture
async def lunch(real):
    """The lunch bot, served over HTTP and connected with signature verification on; yields the bot."""
    bot = LunchBot(f"{real.own_url}/api/")
    async with served(bot.web()) as url:
        real.deliveries.deliver_to = f"{url}/slack/events"
        yield bot
