"""The story of a bad day: customers write, workers die and stand still, the wall clock steps; then it is looked at."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from connectors import registry, settings_models
from escalation import commands as c
from escalation.desk import Desk
from escalation.rulebook import Rulebook
from escalation.settings import load_settings
from models.database import Database
from models.vocabulary import DismissReason, EffectState
from tests.clocks.company import ACCOUNT, SECRETS, messages
from tests.clocks.fleet import Fleet, Workspace, pause
from tests.clocks.ledger import Ledger
from tests.clocks.wall_clock import WallClock

T = TypeVar("T")
STEPS = {"+60 s": 60, "-60 s": -60, "+1 h": 3600, "-1 h": -3600}
BACK = {"+60 s": "-60 s", "-60 s": "+60 s", "+1 h": "-1 h", "-1 h": "+1 h"}
LAST_STEPS = ("-1 h", "+60 s", "+1 h", "+1 h")
"""Workers that nobody kills any more live through these. Then nothing waits for an hour that a fast clock had set."""
_WAITING = (EffectState.READY, EffectState.SENDING, EffectState.UNKNOWN)


class NeverQuietError(Exception):
    """Long after the day there is still something to do; the text says what."""


@dataclass(frozen=True)
class Day:
    """How much goes wrong. ``pairs`` of steps lead away from the right time and back again."""

    workers: int
    kills: int
    cases: int
    standstills: int = 4
    pairs: int = 8
    lost_answers: int = 6
    longest_life: float = 1.3
    """Seconds of real time between two deaths, at most."""

    @property
    def steps(self) -> int:
        return 2 * self.pairs + len(LAST_STEPS)


@dataclass
class Tally:
    """What was done to the workers."""

    kills: int = 0
    steps: list[str] = field(default_factory=list)
    standstills: int = 0
    acts: int = 0


class Story:
    """One day. ``tell`` plays it; ``looked_at`` says what holds afterwards."""

    def __init__(self, day: Day, fleet: Fleet, *, seed: int) -> None:
        self._day = day
        self._fleet = fleet
        self._wall = fleet.wall
        self._chance = random.Random(seed)
        self._settings = load_settings(
            fleet.configuration,
            environ=SECRETS,
            connector_settings=settings_models(),
        )
        self._written = 0
        self.tally = Tally()

    # --- what happens -------------------------------------------------------------------------------------------------

    def tell(self) -> None:
        """Play the day to its end, when nobody has anything left to do."""
        day = self._day
        self._fleet.workspace.strike(
            line
            for _ in range(day.lost_answers)
            for line in (
                {"match": "chat.postMessage", "fault": "drop_after", "times": 1},
                {"match": "chat.postMessage", "fault": "none", "times": 12},
            )
        )
        self._customers_write()
        for _ in range(day.workers):
            self._fleet.start()
        for what in self._programme():
            pause(self._chance.uniform(0.05, day.longest_life))
            what()
        for name in LAST_STEPS:
            self._step(name)
            pause(1.5)
        self._become_quiet()
        self._fleet.stop()

    def _programme(self) -> Iterator[Callable[[], None]]:
        """Yield everything that goes wrong, in the order of the seed; a step back comes some time after its step."""
        day, chance = self._day, self._chance
        names = ([*STEPS] * day.pairs)[: day.pairs]
        chance.shuffle(names)
        steps = [step for name in names for step in (name, BACK[name])]
        events: list[tuple[float, Callable[[], None]]] = []
        for number, name in enumerate(steps):
            events.append(((number + 0.5) / len(steps), lambda name=name: self._step(name)))
        events += [(chance.random(), self._kill) for _ in range(day.kills)]
        events += [(chance.random(), self._stand_still) for _ in range(day.standstills)]
        for _, event in sorted(events, key=lambda event: event[0]):
            yield event

    def _kill(self) -> None:
        """Kill a worker; before it is started again customers write, and now and then a colleague acts."""
        self._fleet.kill(self._chance.choice(self._fleet.workers))
        self.tally.kills += 1
        self._customers_write()
        if self._chance.random() < 0.4:
            self._somebody_acts()
        self._fleet.start()

    def _stand_still(self) -> None:
        worker = self._chance.choice(self._fleet.workers)
        self._fleet.stand(worker)
        pause(self._chance.uniform(0.5, 2))
        self._fleet.go(worker)
        self.tally.standstills += 1

    def _step(self, name: str) -> None:
        self._wall.step(timedelta(seconds=STEPS[name]))
        self.tally.steps.append(name)

    # --- people -------------------------------------------------------------------------------------------------------

    def _customers_write(self) -> None:
        left = self._day.cases - self._written
        wave = min(left, max(1, self._day.cases // self._day.kills + 1))
        if wave:
            arrivals = messages(range(self._written, self._written + wave), self._wall.now())
            self._written += wave
            self._at_the_desk(lambda desk: desk.intake(ACCOUNT, arrivals))

    def _somebody_acts(self) -> None:
        """Claim or dismiss a case while its clocks run, perhaps at the moment at which a worker tells of them."""
        number = self._chance.randrange(max(1, self._written - 15), self._written)
        command = self._chance.choice([c.Claim(), c.Claim(), c.Dismiss(DismissReason.SPAM)])

        async def act(desk: Desk) -> bool:
            async with desk.storage.read() as tx:
                found = await tx.cases.mentions_by_external_id(ACCOUNT, [f"message-{number}"])
            [mention] = found.values()
            file = await desk.file(mention.case_id)
            assert file is not None
            clerk = f"clerk{file.case.department.removeprefix('d')}"
            return (await desk.handle(mention.case_id, command, actor=clerk)).done

        self.tally.acts += self._at_the_desk(act)

    def _at_the_desk(self, work: Callable[[Desk], Awaitable[T]]) -> T:
        """Do something as a web process would, by the same wall clock."""

        async def doing() -> T:
            async with self._desk() as desk:
                return await work(desk)

        return asyncio.run(doing())

    @asynccontextmanager
    async def _desk(self) -> Any:
        database = Database(self._fleet.database_url, monotonic=self._wall.monotonic)
        kinds = registry()
        connectors = {
            name: kinds[account.connector](name, account.settings, clock=self._wall)
            for name, account in self._settings.accounts.items()
        }
        try:
            yield Desk(database, Rulebook(self._settings, connectors), self._wall)
        finally:
            for connector in connectors.values():
                await connector.close()
            await database.close()

    # --- the end ------------------------------------------------------------------------------------------------------

    def _become_quiet(self) -> None:
        """Wait until nothing is due and nothing is under way; time steps on over leases and pauses.

        The last cases must have come to the end of their ladders by themselves.
        """
        for _ in range(40):
            if not self._at_the_desk(_left):
                return
            pause(0.7)
            self._wall.step(timedelta(seconds=11))
        left = self._at_the_desk(_left)
        raise NeverQuietError(f"never quiet: {left}\n{self._fleet.told()}")

    def looked_at(self) -> tuple[Mapping[str, int], list[str]]:
        """Return what was told, counted, and what does not hold, after the day."""

        async def looking(desk: Desk) -> tuple[Mapping[str, int], list[str]]:
            async with desk.storage.read() as tx:
                rows = await Ledger.of(tx, self._fleet.workspace.channels())
            return rows.counted(), list(rows.broken())

        return self._at_the_desk(looking)


async def _left(desk: Desk) -> str:
    """Return what is still to be done, empty if nothing is."""
    async with desk.storage.read() as tx:
        rung = await tx.clocks.oldest_rung_due()
        effects = await tx.outbox.list(states=_WAITING, limit=3)
    return "; ".join([f"a rung at {rung}"] * (rung is not None) + [f"{e.kind} {e.state} {e.reason}" for e in effects])


def play(
    folder: Path, database_url: str, day: Day, *, seed: int, planted: str | None = None
) -> tuple[Tally, list[str]]:
    """Play a day over an empty, migrated database; return what was done, and what does not hold after it."""
    wall = WallClock(folder)
    workspace = Workspace(folder)
    try:
        fleet = Fleet(folder, wall, workspace, database_url, planted)
        try:
            story = Story(day, fleet, seed=seed)
            story.tell()
            return (story.tally, *story.looked_at())
        finally:
            fleet.close()
    finally:
        workspace.close()
        wall.close()
