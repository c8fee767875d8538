"""Everything that the demo needs, wired and running: the product, a workspace and a network behind one server."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount

from bots.commands.facts import whole_case_facts
from bots.demo.bot import Bot
from bots.demo.clock import DemoClock
from bots.demo.configuration import ACCOUNT, NETWORK, SLACK, network_seed, secret, workspace_seed, written
from bots.demo.doors import DemoDoors
from bots.demo.ledger import Ledger
from bots.demo.life import count_lives
from bots.demo.memory import ForeignMemoryError, Memory, Remembering
from bots.demo.play import Play
from bots.demo.show import Show
from bots.demo.streams import EndingStreams
from bots.demo.switches import Switches
from bots.demo.tour import Tour
from bots.demo.travel import Travel
from bots.sandbox.network import Network, create_network_app, plant
from bots.sandbox.workspace import CannotDo, Workspace, create_workspace_app
from bots.serving import answering
from connectors import settings_models
from escalation.business_time import zone
from escalation.settings import Settings, load_settings
from models.database import SQLITE, Database

MEMORY: Final = "sandbox.json"
_PATIENCE_SECONDS: Final = 30.0
_GRACE_SECONDS: Final = 1


@dataclass(frozen=True)
class Stage:
    """A running demo. ``address`` is where it is reached, ``file`` its configuration."""

    address: str
    file: Path
    clock: DemoClock
    bot: Bot
    network: Network
    workspace: Workspace
    ledger: Ledger
    tour: Tour

    def speaker(self) -> httpx.AsyncClient:
        """Return a client for the demo's doors; the caller closes it."""
        return httpx.AsyncClient(base_url=self.address, timeout=_PATIENCE_SECONDS, trust_env=False)

    async def cases(self, ids: list[str]) -> dict[str, dict[str, Any]]:
        """Return some cases by id, with the fields that ``case show --json`` prints."""
        found = await self.ledger.cases_by_id(ids)
        return {case_id: whole_case_facts(file) for case_id, file in found.items()}


@contextlib.asynccontextmanager
async def open_stage(
    folder: Path, listener: socket.socket, *, address: str, undo_seconds: int, keep: bool
) -> AsyncIterator[Stage]:
    """Run the demo in ``folder`` while the block runs; with ``keep`` what people did there is kept as they do it.

    Raises:
        SecondProcessError: another process works in this folder.
        ForeignMemoryError: the folder holds the memory of another version.

    """
    count_lives(asyncio.get_running_loop())
    await _alone_in(folder)
    file = written(folder, address=address, undo_seconds=undo_seconds)
    settings = load_settings(file, environ=os.environ, connector_settings=settings_models())
    memory = Memory(folder / MEMORY)
    kept = memory.read(shape=("now", "ahead_seconds", "tour_begun_at", "workspace", "network"))
    clock = DemoClock(ahead=_ahead(kept))
    network, workspace = _sandboxes(folder, address, clock, kept)
    if keep:
        memory.follow(lambda: _remembered(stage))
    tour = Tour(settings, datetime.fromisoformat(kept["tour_begun_at"]) if kept else clock.now())
    stage = Stage(
        address=address,
        file=file,
        clock=clock,
        bot=Bot(settings, clock),
        network=network,
        workspace=workspace,
        ledger=Ledger(settings, clock),
        tour=tour,
    )
    front, play = _front(stage, settings, memory)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(stage.ledger.close)
        await stack.enter_async_context(answering(front, listener, clock=clock, grace_seconds=_GRACE_SECONDS))
        stack.push_async_callback(memory.keep)
        stack.push_async_callback(network.close)
        stack.push_async_callback(workspace.close)
        stack.push_async_callback(stage.bot.stop)
        stack.push_async_callback(play.stop)
        stack.callback(front.end)
        await stage.bot.start()
        await _subscribe(stage, folder)
        workspace.deliveries.resume()
        await memory.keep()
        yield stage


def _front(stage: Stage, settings: Settings, memory: Memory) -> tuple[EndingStreams, Play]:
    """Return the one application behind the address, and the performance that plays on it."""
    switches = Switches(bot=stage.bot, network=stage.network, workspace=stage.workspace, ledger=stage.ledger)
    show = Show(
        settings=settings,
        clock=stage.clock,
        bot=stage.bot,
        ledger=stage.ledger,
        network=stage.network,
        switches=switches,
        tour=stage.tour,
    )
    play = show.play = Play(speaker=stage.speaker, clock=stage.clock, cases=stage.cases, changed=show.poke)
    travel = Travel(
        clock=stage.clock,
        bot=stage.bot,
        ledger=stage.ledger,
        zone=zone(settings.organisation.timezone),
        keep=memory.keep,
    )
    doors = DemoDoors(show=show, switches=switches, travel=travel, play=play)
    routes = [
        Mount(SLACK, Remembering(create_workspace_app(stage.workspace), memory)),
        Mount(NETWORK, Remembering(create_network_app(stage.network), memory)),
        *doors.routes(),
        Mount("", stage.bot),
    ]
    return EndingStreams(Starlette(routes=routes)), play


def _sandboxes(folder: Path, address: str, clock: DemoClock, kept: dict[str, Any] | None) -> tuple[Network, Workspace]:
    workspace = Workspace(
        workspace_seed(folder), clock=clock, deliver_to=f"{address}/slack/events", own_url=f"{address}{SLACK}"
    )
    network = Network(clock=clock, public_url=f"{address}{NETWORK}")
    if kept is not None:
        try:
            workspace.restore(kept["workspace"])
            network.restore(kept["network"])
        except (CannotDo, KeyError, TypeError, ValueError) as error:
            raise ForeignMemoryError(folder / MEMORY) from error
    known = {account.handle for account in network.accounts()}
    accounts = network_seed(folder)["accounts"]
    plant(network, {"accounts": [one for one in accounts if one["handle"] not in known]})  # some came with a version
    return network, workspace


def _remembered(stage: Stage) -> dict[str, Any]:
    return {
        "now": stage.clock.now().isoformat(),
        "ahead_seconds": stage.clock.promised.total_seconds(),
        "tour_begun_at": stage.tour.begun_at.isoformat(),
        "workspace": stage.workspace.snapshot(),
        "network": stage.network.snapshot(),
    }


def _ahead(kept: dict[str, Any] | None) -> timedelta:
    """Return how far the clock was ahead, and more if the machine's clock was set back: time never goes backwards."""
    if kept is None:
        return timedelta(0)
    ahead = timedelta(seconds=kept["ahead_seconds"])
    return max(ahead, datetime.fromisoformat(kept["now"]) - DemoClock().now())


async def _alone_in(folder: Path) -> None:
    """Refuse a folder in which another demo runs, before its configuration is written anew."""
    database = Database(f"{SQLITE}{folder / 'portavoce.db'}")
    database.claim_file()
    await database.close()


async def _subscribe(stage: Stage, folder: Path) -> None:
    """Have the network call us, as an administrator would arrange it."""
    wanted = {"url": f"{stage.address}/hooks/{ACCOUNT}", "secret": secret(folder, "network-webhook-secret")}
    token = {"Authorization": f"Bearer {secret(folder, 'network-token')}"}
    async with stage.speaker() as speaker:
        answer = await speaker.post(f"{NETWORK}/api/subscription", json=wanted, headers=token)
        answer.raise_for_status()
