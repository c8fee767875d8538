"""A house whose process dies, in thought, right before or right after any of its commits, and is built anew."""

import contextlib
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlmodel import select

from escalation.sweeper import Sweeper
from models.clocks import StepClock
from models.database import Database
from models.pings import Announcement, Ping
from models.store import Transaction
from models.vocabulary import PingFate
from tests.house import House, PlainChat, TestClock, build_house

_MOST_COMMITS = 60
"""No story needs as many; one that does will never be quiet."""


class Death(BaseException):
    """The process is gone: nothing of it goes on, and nobody catches this."""


class NeverQuietError(Exception):
    """There is always something to do."""


class Mortal:
    """The database of a process that dies at its ``die_at``-th dangerous moment, right before or after a commit.

    What ``bug`` plants may put another store into a transaction, or do something in a second one.
    """

    def __init__(self, database: Database, *, die_at: int | None, bug: "Bug") -> None:
        self._database = database
        self._die_at = die_at
        self._bug = bug
        self.moments = 0
        self._danger = False

    @contextlib.contextmanager
    def dangerous(self) -> Iterator[None]:
        """Count moments while the block runs."""
        self._danger = True
        try:
            yield
        finally:
            self._danger = False

    def _moment(self) -> None:
        if not self._danger:
            return
        self.moments += 1
        if self.moments - 1 == self._die_at:
            raise Death
        if self.moments > 2 * _MOST_COMMITS:
            raise NeverQuietError

    @contextlib.asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        async with self._database.begin() as tx:
            self._bug.change(tx)
            yield tx
            self._moment()
        self._moment()
        if later := self._bug.afterwards():
            async with self._database.begin() as tx:
                await later(tx)
                self._moment()
            self._moment()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


@dataclass
class Bug:
    """Nothing wrong; planted bugs say otherwise."""

    sweeper: type[Sweeper] = Sweeper

    def change(self, tx: Transaction) -> None:
        """Put another store into a transaction."""

    def afterwards(self) -> Callable[[Transaction], Awaitable[None]] | None:
        """Return what is done in a second transaction after a commit."""
        return None


def mortal_house(
    database: Database, clock: TestClock, chat: PlainChat, configuration: str, *, die_at: int | None, bug: Bug
) -> House:
    """Build a house over rows and a chat that outlive it."""
    house = build_house(database, clock=clock, configuration=configuration)
    house.desk.storage = Mortal(database, die_at=die_at, bug=bug)
    house.chat = chat
    house.courier._carrier.surfaces = {"slack": chat}
    house.sweeper = bug.sweeper(house.desk)
    return house


async def untold(
    database: Database, house: House, ladder: Callable[[StepClock], Iterator[tuple[int, int, int]]]
) -> list[str]:
    """Return what is lost or doubled: rung, repetition and seconds of ``ladder`` against rows and messages.

    Every channel must hold each ping that was announced there once, as a message of its own or in one gathering.
    """
    async with database.read() as tx:
        clocks = list(await tx.session.exec(select(StepClock)))
        pings = list(await tx.session.exec(select(Ping)))
        told = list(await tx.session.exec(select(Announcement)))
    problems = []
    for clock in clocks:
        due = [
            (rung, repeat)
            for rung, repeat, seconds in ladder(clock)
            if clock.ended_at is None and (house.clock.now() - clock.started_at).total_seconds() >= seconds
        ]
        found = Counter((ping.rung, ping.repeat) for ping in pings if ping.clock_id == clock.id)
        if found != Counter(due):
            problems.append(
                f"{clock.step}: lost {sorted(Counter(due) - found)}, doubled {sorted(found - Counter(due))}"
            )
        if clock.rungs_passed != len(due):
            problems.append(f"{clock.step} has passed {clock.rungs_passed} of {len(due)}")
    places: dict[str, set[str]] = defaultdict(set)
    for one in told:
        places[one.ping_id].add(one.channel)
    silent = [ping for ping in pings if ping.fate is PingFate.ANNOUNCED and not places[ping.id]]
    problems += [f"{ping.step} rung {ping.rung} is announced nowhere" for ping in silent]
    wanted = Counter((one.ping_id, one.channel) for one in told if one.gathering_id is None)
    standing = Counter(
        (message.view.ping_id, message.channel) for message in house.chat.messages.values() if message.kind == "ping"
    )
    if wanted != standing:
        lost, doubled = sum((wanted - standing).values()), sum((standing - wanted).values())
        problems.append(f"of {sum(wanted.values())} messages {lost} are lost and {doubled} doubled")
    return problems
