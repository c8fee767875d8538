"""What a visitor may break, and mend again: the network's answers, the bot, and everything that leaves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bots.demo.bot import Bot
from bots.demo.configuration import CARLA, COMMAND, MANAGERS
from bots.demo.ledger import Ledger
from bots.sandbox.network import Network
from bots.sandbox.workspace import CannotDo, Workspace

WAIT_SECONDS: Final = 20


class CannotSwitchError(Exception):
    """A switch that cannot be moved now; the sentence says why."""


@dataclass(frozen=True)
class Switch:
    """A switch on the page. ``line``: what it adds to the network's script of faults, for those that do."""

    name: str
    label: str
    expect: str
    line: Mapping[str, Any] | None = None


SWITCHES: Final = (
    Switch(
        "down",
        "Network down",
        "Nothing gets through: approved replies wait, are tried again, and leave once when it is back.",
        {"fault": "reset_before", "method": "*", "path": "/api/*", "times": None},
    ),
    Switch(
        "lost",
        "Lose the next answer",
        "The network publishes the next reply but cuts the line at once: the bot looks it up, and sends nothing twice.",
        {"fault": "reset_after", "method": "POST", "path": "/api/posts", "times": 1},
    ),
    Switch(
        "throttled",
        "Too many requests",
        f"The network refuses the next reply for {WAIT_SECONDS} seconds (429): the bot waits that long, then sends it.",
        {
            "fault": "throttle_429",
            "number": float(WAIT_SECONDS),
            "method": "POST",
            "path": "/api/posts",
            "times": 1,
        },
    ),
    Switch(
        "killed",
        "Kill the bot",
        "Work is cut and memory is gone; started again, it takes up what was cut after two minutes (or press +15 min).",
    ),
    Switch(
        "frozen",
        "Freeze replies",
        "Carla types /portavoce freeze: nothing leaves, whoever approves it, until it is released.",
    ),
)
BY_NAME: Final = {switch.name: switch for switch in SWITCHES}


class Switches:
    """The switches, each read from what it switches: nothing is remembered here."""

    def __init__(self, *, bot: Bot, network: Network, workspace: Workspace, ledger: Ledger) -> None:
        """Keep what is switched."""
        self._bot = bot
        self._network = network
        self._workspace = workspace
        self._ledger = ledger

    async def state(self) -> list[dict[str, Any]]:
        """Return every switch with its label, what to expect, and whether it is on."""
        return [
            {"name": one.name, "label": one.label, "expect": one.expect, "on": await self.is_on(one.name)}
            for one in SWITCHES
        ]

    async def is_on(self, name: str) -> bool:
        """Tell whether a switch is on; a fault that happens once is off again after it has happened."""
        if name == "killed":
            return not self._bot.alive
        if name == "frozen":
            return await self._ledger.frozen()
        return any(self._is_line(line, name) for line in self._lines())

    async def switch(self, name: str, *, on: bool) -> None:
        """Move a switch; where it stands already nothing happens. Raises ``CannotSwitchError``."""
        if name not in BY_NAME:
            raise CannotSwitchError(f"There is no switch “{name}”.")
        if name == "killed":
            await (self._bot.kill() if on else self._bot.start())
        elif await self.is_on(name) != on:
            await (self._freeze(on=on) if name == "frozen" else self._script(name, on=on))

    async def mend(self) -> None:
        """Switch everything off. Raises ``CannotSwitchError``."""
        for name in ("killed", *(name for name in BY_NAME if name != "killed")):
            await self.switch(name, on=False)

    async def _script(self, name: str, *, on: bool) -> None:
        """Rewrite the network's script of faults; a dead network goes before what would happen to single replies."""
        wanted = [line for line in self._lines() if not self._is_line(line, name)]
        if on:
            line = dict(BY_NAME[name].line or {})
            wanted = [line, *wanted] if name == "down" else [*wanted, line]
        self._network.faults.clear()
        for row in wanted:
            self._network.faults.add_row(row)

    async def _freeze(self, *, on: bool) -> None:
        if not self._bot.alive:
            raise CannotSwitchError("The bot is not running, so nobody hears the command. Start it first.")
        try:
            seen = await self._workspace.slash(CARLA, MANAGERS, COMMAND, "freeze" if on else "release")
        except CannotDo as error:
            raise CannotSwitchError(str(error)) from error
        if not seen.ok:
            raise CannotSwitchError(str(seen.error))

    def _lines(self) -> list[dict[str, Any]]:
        return [line.model_dump(mode="json") for line in self._network.faults.lines()]

    def _is_line(self, line: Mapping[str, Any], name: str) -> bool:
        wanted = BY_NAME[name].line
        return wanted is not None and all(line.get(key) == value for key, value in wanted.items())
