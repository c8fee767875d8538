"""The SDK's three Socket Mode clients without Bolt: hello, events, answers in the acknowledgement, a new connection."""

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.socket_mode import SocketModeClient as BuiltinClient
from slack_sdk.socket_mode.aiohttp import SocketModeClient as AiohttpClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.socket_mode.websockets import SocketModeClient as WebsocketsClient
from slack_sdk.web.async_client import AsyncWebClient

from bots.sandbox.workspace import Workspace
from tests.bots.sandbox.workspace.stage import ANNA, LUNCH
from tests.fidelity.clients import APP_TOKEN
from tests.fidelity.serving import api_of


@dataclass
class Listener:
    """Acknowledges everything, commands with a text, and keeps what came."""

    heard: list[SocketModeRequest] = field(default_factory=list)

    def answer(self, request: SocketModeRequest) -> SocketModeResponse:
        self.heard.append(request)
        payload = {"text": "Soup today"} if request.type == "slash_commands" else None
        return SocketModeResponse(envelope_id=request.envelope_id, payload=payload)

    def at_once(self, client: BuiltinClient, request: SocketModeRequest) -> None:
        client.send_socket_mode_response(self.answer(request))

    async def in_the_loop(self, client: Any, request: SocketModeRequest) -> None:
        await client.send_socket_mode_response(self.answer(request))


@contextlib.asynccontextmanager
async def connected(kind: type, workspace: Workspace) -> AsyncIterator[Listener]:
    listener = Listener()
    address = api_of(workspace)
    if kind is BuiltinClient:
        client = BuiltinClient(app_token=APP_TOKEN, web_client=WebClient(base_url=address), concurrency=2)
        client.socket_mode_request_listeners.append(listener.at_once)
        await asyncio.to_thread(client.connect)
    else:
        client = kind(app_token=APP_TOKEN, web_client=AsyncWebClient(base_url=address))
        client.socket_mode_request_listeners.append(listener.in_the_loop)
        await client.connect()
    await workspace.until(lambda: len(workspace.links) == 1, what="the socket")
    try:
        yield listener
    finally:
        closing = client.close if inspect.iscoroutinefunction(client.close) else None
        await (closing() if closing else asyncio.to_thread(client.close))


@pytest.mark.parametrize(
    "kind", [AiohttpClient, WebsocketsClient, BuiltinClient], ids=["aiohttp", "websockets", "builtin"]
)
async def test_events_commands_and_a_new_connection(kind, workspace):
    async with connected(kind, workspace) as listener:
        await workspace.type(ANNA, LUNCH, "hello")
        await workspace.settled()
        [event] = listener.heard
        assert (event.type, event.payload["event"]["text"]) == ("events_api", "hello")
        assert (event.accepts_response_payload, event.retry_attempt) == (False, 0)
        assert workspace.deliveries.kept[-1].status == "ok"

        answered = await workspace.slash(ANNA, LUNCH, "/lunch", "today")
        assert [one["text"] for one in answered.ephemerals] == ["Soup today"]

        opened = len(workspace.calls.of("apps.connections.open"))
        await workspace.links.disconnect("refresh_requested")
        await workspace.until(lambda: len(workspace.calls.of("apps.connections.open")) > opened, what="another address")
        await workspace.until(lambda: len(workspace.links) == 1, what="another socket")
        assert (await workspace.slash(ANNA, LUNCH, "/lunch", "again")).ok
    await workspace.until(lambda: len(workspace.links) == 0, what="the closed socket")
