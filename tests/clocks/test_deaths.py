"""A sweeper that dies before or after any of its commits loses and doubles nothing; planted bugs are found out."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import structlog
from sqlalchemy import text, update

from escalation import commands as c
from escalation.desk import Order
from escalation.plans import targets
from escalation.sweeper import Sweeper
from models.clocks import StepClock
from models.columns import UtcTime
from models.database import Database
from models.pings import Ping
from models.store import Transaction
from models.store.cases import CaseRows, Cases
from models.store.clocks import Clocks
from models.store.pings import Pings
from models.store.statements import table
from models.vocabulary import Step
from tests.clock import TestClock
from tests.clocks.mortality import Bug, Death, NeverQuietError, mortal_house, untold
from tests.house import CONFIGURATION, House, PlainChat
from tests.scenarios.steps import quiet

CASES = 2
LADDER = """
[[policies.standard.ladder]]
at = "80%"
ping = "owner"
[[policies.standard.ladder]]
at = "100%"
ping = "manager"
steps = ["acknowledge"]
repeat_every = "5m"
repeats = 2
"""
WITH_LADDER = CONFIGURATION.replace("[accounts.acme]", f"{LADDER}\n[accounts.acme]", 1)


@pytest.fixture(autouse=True)
def _no_reports_of_what_is_planted() -> Iterator[None]:
    """Planted bugs make the product report its own defects, at length."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)


def promised(clock: StepClock) -> Iterator[tuple[int, int, int]]:
    """Tell the ladder by hand: rung, repetition, seconds after the start."""
    if clock.step is Step.ACKNOWLEDGE:
        yield from ((0, 0, 720), (1, 0, 900), (1, 1, 1200), (1, 2, 1500))
    if clock.step is Step.FIRST_RESPONSE:
        yield (0, 0, 5760)


async def lived(database: Database, *, die_at: int | None, bug: Bug) -> tuple[bool, list[str]]:
    """Let half an hour pass, with a death on the way; return whether it came, and what is wrong at the end."""
    clock, chat = TestClock(), PlainChat()
    house = mortal_house(database, clock, chat, WITH_LADDER, die_at=None, bug=Bug())
    for number in range(CASES):
        await house.arrive(f"Invoice {number}?")
    await quiet(house, seconds=4)
    house = mortal_house(database, clock, chat, WITH_LADDER, die_at=die_at, bug=bug)
    died = False
    try:
        for minutes in (13, 3, 5, 5, 1, 1, 1):  # at the end what a dead courier had under way is looked for and told
            clock.forward(minutes=minutes)
            try:
                await _work(house)
            except Death:
                died = True
                house = mortal_house(database, clock, chat, WITH_LADDER, die_at=None, bug=bug)
                await _work(house)
    except NeverQuietError:
        return died, ["never quiet"]
    return died, await untold(database, house, promised)


async def _work(house: House) -> None:
    """Sweep and carry; it is the sweeper that dies (the courier does in ``tests/crash``)."""
    for _ in range(3):
        with house.desk.storage.dangerous():
            await house.sweeper.sweep()
        await house.courier.drain()
        house.clock.forward(seconds=2)


async def emptied(database: Database) -> None:
    """Take everything out of the tables."""
    names = [table.name for table in reversed(StepClock.metadata.sorted_tables)]
    async with database.begin() as tx:
        for name in names:
            await tx.session.exec(text(f'DELETE FROM "{name}"'))  # type: ignore[call-overload]  # noqa: S608 - ours


async def everywhere(database: Database, bug: Bug) -> list[str]:
    """Die at every moment, one after the other; return the first problems, or none."""
    die_at = 0
    while True:
        died, problems = await lived(database, die_at=die_at, bug=bug)
        if problems or not died:
            assert problems or die_at >= 8, "there were no moments to die at"
            return problems
        die_at += 1
        await emptied(database)


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_death_before_or_after_any_commit_loses_and_doubles_nothing(database: Database):
    assert await everywhere(database, Bug()) == []


# --- planted bugs -----------------------------------------------------------------------------------------------------


class LatePings(Pings):
    """Keeps what was to be written, for a transaction of its own."""

    def __init__(self, session: Any, kept: list[tuple[str, Any]]) -> None:
        super().__init__(session)
        self._kept = kept

    async def put(self, rows: Any) -> set[str]:
        self._kept.append(("put", rows))
        return {row["id"] for row in rows}

    async def tell(self, rows: Any) -> None:
        self._kept.append(("tell", rows))


@dataclass
class PingsOutside(Bug):
    """Writes pings in a second transaction, after the one that moves the clocks."""

    kept: list[tuple[str, Any]] = field(default_factory=list)

    def change(self, tx: Transaction) -> None:
        self.kept.clear()
        tx.pings = LatePings(tx.session, self.kept)

    def afterwards(self) -> Callable[[Transaction], Awaitable[None]] | None:
        kept = [one for one in self.kept if one[1]]

        async def writing(tx: Transaction) -> None:
            for method, rows in kept:
                await getattr(Pings(tx.session), method)(rows)

        return writing if kept else None


class MarksFirst(Sweeper):
    """Marks clocks as swept in one transaction and decides in the next."""

    async def _tell(self) -> int:
        now = self._desk.clock.now()
        clocks = table(StepClock)
        async with self._desk.storage.begin() as tx:
            accounts = await tx.clocks.cases_with_rungs_due(now, limit=200)
            mark = update(clocks).where(clocks.c.case_id.in_(list(accounts)), clocks.c.next_at <= now)
            await (await tx.session.connection()).execute(mark.values(next_at=None))
        if not accounts:
            return 0
        async with self._desk.storage.begin() as tx:
            mine = update(clocks).where(clocks.c.case_id.in_(list(accounts)), clocks.c.ended_at.is_(None))
            with_rungs = (clocks.c.next_at.is_(None), clocks.c.target_seconds.is_not(None))
            await (await tx.session.connection()).execute(mine.where(*with_rungs).values(next_at=now))
            await self._desk.run(tx, [Order(case_id, c.TargetsDue()) for case_id in sorted(accounts)])
        return len(accounts)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("bug", [PingsOutside(), Bug(sweeper=MarksFirst)], ids=["pings outside", "marks first"])
async def test_a_planted_bug_that_a_death_shows_is_found_out(database: Database, bug: Bug):
    assert (await lived(database, die_at=None, bug=bug))[1] == [], "it must be right as long as nobody dies"
    await emptied(database)
    problems = await everywhere(database, bug)
    assert any("lost" in problem or "doubled" in problem for problem in problems), problems


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("forgotten", ["next_at", "rungs_passed"])
async def test_a_clock_that_is_not_moved_is_found_out(
    database: Database, monkeypatch: pytest.MonkeyPatch, forgotten: str
):
    after = targets._after

    def forgetful(*arguments: Any) -> dict[str, Any]:
        return {name: value for name, value in after(*arguments).items() if name != forgotten}

    monkeypatch.setattr(targets, "_after", forgetful)
    assert await everywhere(database, Bug())


# --- two at once ------------------------------------------------------------------------------------------------------


class Meeting:
    """Two who wait until both have read before either of them writes."""

    def __init__(self) -> None:
        self._read = 0
        self._both = asyncio.Event()

    async def wait(self) -> None:
        self._read += 1
        if self._read == 2:
            self._both.set()
        async with asyncio.timeout(30):
            await self._both.wait()


class NoLockCases(Cases):
    """Reads cases without locking them, as they stand before anybody who meets us writes."""

    meeting: Meeting

    async def lock(self, ids: Any) -> dict[str, CaseRows]:
        found = await self._load(ids, lock=False)
        await self.meeting.wait()
        return found


class NoLockClocks(Clocks):
    """Finds the cases of due clocks and locks nothing."""

    async def cases_with_rungs_due(self, now: Any, *, limit: int) -> dict[str, str]:
        due = text("SELECT c.id, c.account FROM step_clock s JOIN cases c ON c.id = s.case_id WHERE s.next_at <= :now")
        at = UtcTime().process_bind_param(now, None)  # type: ignore[arg-type]
        rows = await self._session.exec(due, params={"now": at})  # type: ignore[call-overload]
        return {row.id: row.account for row in rows.all()}


class NoKeyPings(Pings):
    """Takes every ping for a new one."""

    async def put(self, rows: Any) -> set[str]:
        await (await self._session.connection()).execute(table(Ping).insert(), list(rows))
        return {row["id"] for row in rows}


@dataclass
class WithoutDefences(Bug):
    """Two sweepers of which some defences are taken away."""

    gone: frozenset[str] = frozenset()
    meeting: Meeting = field(default_factory=Meeting)

    def change(self, tx: Transaction) -> None:
        if "locks" in self.gone:
            tx.cases, tx.clocks = NoLockCases(tx.session), NoLockClocks(tx.session)
            tx.cases.meeting = self.meeting
        if "ping" in self.gone:
            tx.pings = NoKeyPings(tx.session)


_KEYS = {
    "ping": "ping_clock_id_rung_repeat_key",
    "journal": "journal_case_id_case_version_key",
    "card": "card_case_id_channel_kind_subject_key",
}


async def _without_keys(database: Database, gone: frozenset[str]) -> None:
    async with database.begin() as tx:
        for name in sorted(gone & _KEYS.keys()):
            drop = text(f"ALTER TABLE {name} DROP CONSTRAINT {_KEYS[name]}")
            await tx.session.exec(drop)  # type: ignore[call-overload]


@pytest.mark.postgresql
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    "stands",
    [{"ping", "journal", "card"}, {"journal"}, {"ping"}, {"card"}, set()],
    ids=lambda one: "+".join(sorted(one)),
)
async def test_two_sweepers_at_once_tell_once_as_long_as_one_key_stands(database: Database, stands: set[str]):
    gone = frozenset({"locks", *_KEYS}) - stands
    await _without_keys(database, gone)
    clock, chat = TestClock(), PlainChat()
    house = mortal_house(database, clock, chat, WITH_LADDER, die_at=None, bug=Bug())
    await house.arrive()
    await quiet(house, seconds=6)
    clock.forward(minutes=12, seconds=30)
    bug = WithoutDefences(gone=gone)
    both = [mortal_house(database, clock, chat, WITH_LADDER, die_at=None, bug=bug) for _ in range(2)]
    await asyncio.gather(*(one.sweeper.sweep() for one in both), return_exceptions=True)
    await quiet(house, seconds=20)
    problems = await untold(database, house, promised)
    assert any("doubled" in one for one in problems) == (not stands), problems


@pytest.mark.postgresql
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("gone", [set(), {"ping"}], ids=["key", "no key"])
async def test_a_clock_that_forgets_what_it_told_tells_once_as_long_as_the_key_is_looked_at(
    database: Database, monkeypatch: pytest.MonkeyPatch, gone: set[str]
):
    after = targets._after
    monkeypatch.setattr(targets, "_after", lambda *arguments: {**after(*arguments), "rungs_passed": 0})
    await _without_keys(database, frozenset(gone))
    _, problems = await lived(database, die_at=None, bug=WithoutDefences(gone=frozenset(gone)))
    assert any("has passed 0" in one for one in problems)
    assert any("doubled [(" in one for one in problems) == bool(gone), problems
