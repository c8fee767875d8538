"""Puts the doors of a workspace into one Starlette application that can be mounted under any prefix.

/api/{method}                       Slack's Web API, by GET or POST, as query, form or JSON
/link                               Socket Mode; the address comes from apps.connections.open
/response/{ticket}                  response_url
/upload/{file}, /files/{file}       the bytes of files, in and out
/people                             who is there
/people/{user}/{act}                POST acts as a person (`people_door.ACTS`), GET reads as one
/channels, /channels/{channel}/messages, /channels/{channel}/find
/calls                              what the app asked; DELETE forgets it
/faults, /faults/deliveries         fault scripts: GET, POST adds, DELETE clears
/throttle, /disconnect, /verify, /uninstall, /snapshot
/stream                             every change as a server-sent event
/, /static, /foundation, /vendor        the page of the workspace
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from bots.sandbox.workspace.api_door import ApiDoor
from bots.sandbox.workspace.pages import page_routes
from bots.sandbox.workspace.people_door import PeopleDoor
from bots.sandbox.workspace.workspace import Workspace

BOTH = ["GET", "POST"]


class LearnOwnUrl:
    """Notes from the first request where the workspace is reached, unless it was told."""

    def __init__(self, app: ASGIApp, workspace: Workspace) -> None:
        self._app = app
        self._workspace = workspace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on."""
        if not self._workspace.own_url and scope["type"] == "http":
            host = dict(scope["headers"]).get(b"host", b"localhost").decode("latin-1")
            self._workspace.own_url = f"{scope['scheme']}://{host}{scope.get('root_path', '')}"
        await self._app(scope, receive, send)


def create_workspace_app(workspace: Workspace) -> Starlette:
    """Answer the application that serves `workspace`; mount it anywhere, for example under `/sandbox/slack`.

    Run by itself it closes the workspace when it stops; mounted, whoever made the workspace closes it.
    """
    api, people = ApiDoor(workspace), PeopleDoor(workspace)

    async def link(socket: WebSocket) -> None:
        await workspace.links.serve(socket)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        workspace.deliveries.resume()
        yield
        await workspace.close()

    routes = [
        Route("/api/{method}", api.api, methods=BOTH),
        Route("/response/{ticket}", api.respond, methods=["POST"]),
        Route("/upload/{file}", api.upload, methods=["POST", "PUT"]),
        Route("/files/{file}", people.file),
        WebSocketRoute("/link", link),
        Route("/people", people.people),
        Route("/people/{user}/{act}", people.act, methods=["POST"]),
        Route("/people/{user}/{act}", people.read_person, methods=["GET"]),
        Route("/channels", people.channels),
        Route("/channels/{channel}/messages", people.messages),
        Route("/channels/{channel}/find", people.find),
        Route("/calls", people.calls, methods=["GET", "DELETE"]),
        Route("/faults", people.faults, methods=["GET", "POST", "DELETE"]),
        Route("/faults/deliveries", people.delivery_faults, methods=["GET", "POST", "DELETE"]),
        Route("/throttle", people.throttle, methods=BOTH),
        Route("/disconnect", people.disconnect, methods=["POST"]),
        Route("/verify", people.verify, methods=["POST"]),
        Route("/uninstall", people.uninstall, methods=["POST"]),
        Route("/snapshot", people.snapshot, methods=BOTH),
        Route("/stream", people.stream),
        *page_routes(),
    ]
    return Starlette(routes=routes, lifespan=lifespan, middleware=[Middleware(LearnOwnUrl, workspace=workspace)])
