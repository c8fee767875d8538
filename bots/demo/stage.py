"""Everything that the demo needs, wired and running: the product, a workspace and a network behind one server."""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from starlette.routing import Mount

from bots.app import App, build
from bots.demo.configuration import ACCOUNT, NETWORK, SLACK, network_seed, secret, workspace_seed, written
from bots.demo.start_page import start_routes
from bots.sandbox.network import Network, create_network_app, plant
from bots.sandbox.workspace import Workspace, create_workspace_app
from bots.serving import serving
from connectors import settings_models
from escalation.settings import load_settings
from models.database import SQLITE, Database
from models.schema import migrate

MEMORY: Final = "sandbox.json"
_PATIENCE_SECONDS: Final = 10.0


@dataclass(frozen=True)
class Stage:
    """A running demo. ``address`` is where it is reached, ``file`` its configuration."""

    address: str
    file: Path
    app: App
    network: Network
    workspace: Workspace

    def speaker(self) -> httpx.AsyncClient:
        """Return a client for the demo's doors; the caller closes it."""
        return httpx.AsyncClient(base_url=self.address, timeout=_PATIENCE_SECONDS, trust_env=False)


@contextlib.asynccontextmanager
async def open_stage(folder: Path, listener: socket.socket, *, address: str, undo_seconds: int) -> AsyncIterator[Stage]:
    """Run the demo in ``folder`` while the block runs; what people did there is kept in the folder.

    Raises:
        SecondProcessError: another process works in this folder.
        ValueError: the folder holds the memory of another version.

    """
    await _alone_in(folder)
    file = written(folder, address=address, undo_seconds=undo_seconds)
    settings = load_settings(file, environ=os.environ, connector_settings=settings_models())
    workspace = Workspace(workspace_seed(folder), deliver_to=f"{address}/slack/events", own_url=f"{address}{SLACK}")
    network = Network(public_url=f"{address}{NETWORK}")
    _remember(folder, workspace, network)
    app = build(
        settings,
        more_routes=[
            Mount(SLACK, create_workspace_app(workspace)),
            Mount(NETWORK, create_network_app(network)),
            *start_routes(),
        ],
    )
    app.database.claim_file()
    await asyncio.to_thread(migrate, settings.database.url)
    stage = Stage(address, file, app, network, workspace)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(app.close)
        await stack.enter_async_context(serving(app, listener))
        stack.callback(_keep, folder, workspace, network)
        stack.push_async_callback(network.close)
        stack.push_async_callback(workspace.close)
        await app.prepare()
        await _subscribe(stage, folder)
        working = asyncio.create_task(app.worker.run())
        stack.push_async_callback(_stopped, app, working)
        yield stage


async def _alone_in(folder: Path) -> None:
    """Refuse a folder in which another demo runs, before its configuration is written anew."""
    database = Database(f"{SQLITE}{folder / 'portavoce.db'}")
    database.claim_file()
    await database.close()


async def _stopped(app: App, working: "asyncio.Task[None]") -> None:
    app.worker.stop()
    await working


async def _subscribe(stage: Stage, folder: Path) -> None:
    """Have the network call us, as an administrator would arrange it."""
    wanted = {"url": f"{stage.address}/hooks/{ACCOUNT}", "secret": secret(folder, "network-webhook-secret")}
    token = {"Authorization": f"Bearer {secret(folder, 'network-token')}"}
    async with stage.speaker() as speaker:
        answer = await speaker.post(f"{NETWORK}/api/subscription", json=wanted, headers=token)
        answer.raise_for_status()


def _remember(folder: Path, workspace: Workspace, network: Network) -> None:
    memory = folder / MEMORY
    if not memory.exists():
        plant(network, network_seed(folder))
        return
    kept: dict[str, Any] = json.loads(memory.read_text(encoding="utf-8"))
    workspace.restore(kept["workspace"])
    network.restore(kept["network"])


def _keep(folder: Path, workspace: Workspace, network: Network) -> None:
    memory = {"workspace": workspace.snapshot(), "network": network.snapshot()}
    (folder / MEMORY).write_text(json.dumps(memory), encoding="utf-8")
