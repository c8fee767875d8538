"""A workspace of its own for each test, on loopback, up and down within milliseconds."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from bots.sandbox.workspace import Seed, Workspace, create_workspace_app
from tests.bots.sandbox.workspace.stage import seed

PREFIX = "/sandbox/slack"


@contextlib.asynccontextmanager
async def on_loopback(app: Starlette) -> AsyncIterator[str]:
    """Serve an app without uvicorn's main loop and way down, which look only ten times a second."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="off")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        for listening in server.servers:
            listening.close()
        for connection in list(server.server_state.connections):
            connection.transport.abort()
        await asyncio.gather(*server.server_state.tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def served_workspace(team: Seed | None = None, **settings: object) -> AsyncIterator[Workspace]:
    """Serve the lunch team's workspace, or another, where a product would mount it."""
    async with Workspace(team or seed(), **settings) as workspace:
        mounted = Starlette(routes=[Mount(PREFIX, create_workspace_app(workspace))])
        async with on_loopback(mounted) as url:
            workspace.own_url = f"{url}{PREFIX}"
            yield workspace
            workspace.changes.close()
            workspace.links.close()


def api_of(workspace: Workspace) -> str:
    """The address that takes the place of Slack's."""
    return f"{workspace.own_url}/api/"
