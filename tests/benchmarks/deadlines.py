"""What deadlines cost: beside one APScheduler job each, at a million of them, and five thousand due at once.

A deadline here is part of the row of its step clock, so beginning and ending it is part of writing that row.
APScheduler keeps one job a deadline in its SQLAlchemy job store, on the same kind of database, as its documentation
shows.
"""

import asyncio
import logging
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import text

from bots.serving import settle_in
from models.case import Case, JournalEntry
from models.clocks import StepClock, Timer
from models.columns import new_id
from models.database import Database
from models.mention import Mention
from models.outbox import Card, Effect
from models.pings import Announcement, Gathering, Ping
from models.schema import sync_engine
from models.store.statements import table
from models.store.writes import Writes
from models.vocabulary import PingKind, Step, StepOutcome
from tests.benchmarks.databases import KINDS, Databases
from tests.benchmarks.measuring import Figure
from tests.benchmarks.processes import require
from tests.clock import MONDAY, TestClock
from tests.house import a_post, build_house

TOGETHER = 50
"""So many mentions are taken in, and so many claims come back, in one transaction when the house is busy."""
SIZES = (10_000, 100_000, 1_000_000)
DUE_AT_ONCE = 5_000
DUE_SECONDS = 5.0
_FAR = MONDAY + timedelta(days=300)


def measure(*, quick: bool = False) -> list[Figure]:
    """Return all figures, on both databases."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    kinds = KINDS[:1] if quick else KINDS
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="portavoce-bench-") as folder, Databases(Path(folder)) as databases:
        for kind in kinds:
            figures += _beside_jobs(databases, kind, deadlines=50 if quick else 400, rounds=1 if quick else 5)
        for kind in kinds:
            sizes = (500, 1_000) if quick else SIZES
            figures += asyncio.run(_growth(kind, databases, sizes, rounds=5 if quick else 60))
        for kind in kinds:
            due = 60 if quick else DUE_AT_ONCE
            figures.append(asyncio.run(_due_at_once(kind, databases.new(kind), due, rounds=1 if quick else 3)))
    return figures


# --- one deadline, begun and ended ------------------------------------------------------------------------------------


def _beside_jobs(databases: Databases, kind: str, *, deadlines: int, rounds: int) -> list[Figure]:
    """Compare beginning and ending a deadline: together with others, as the house does it, and alone in a commit."""
    url = databases.new(kind)
    case_ids = asyncio.run(_some_cases(url, 1))
    ours: dict[str, list[float]] = {"together": [], "alone": []}
    floor: list[float] = []
    for number in range(-1 if rounds > 1 else 0, rounds):  # round -1 warms up
        together = asyncio.run(_deadlines(url, case_ids[0], deadlines, together=TOGETHER))
        alone = asyncio.run(_deadlines(url, case_ids[0], deadlines, together=1))
        jobs = _jobs(databases.new(kind), deadlines)
        if number >= 0:
            ours["together"].append(together)
            ours["alone"].append(alone)
            floor.append(jobs)
    unit = "ms/deadline"
    return [
        Figure.of(f"deadline, {kind}, {TOGETHER} in a commit", unit, ours=ours["together"], floor=floor, at_most=0.1),
        Figure.of(f"deadline, {kind}, a commit each", unit, ours=ours["alone"], floor=floor, at_most=1.0),
    ]


async def _deadlines(url: str, case_id: str, count: int, *, together: int) -> float:
    """Begin and end deadlines; return the milliseconds that one took."""
    database = Database(url)
    async with database.begin() as tx:
        await tx.session.exec(text("DELETE FROM step_clock WHERE cycle >= 1000"))  # type: ignore[call-overload]
    rows = [_clock(case_id, number) for number in range(count)]
    started = time.perf_counter()
    for at in range(0, count, together):
        async with database.begin() as tx:
            writes = Writes()
            for row in rows[at : at + together]:
                writes.add(row)
            await writes.flush(tx.session)
    ended = {"ended_at": MONDAY, "outcome": StepOutcome.DONE, "wall_seconds": 1.0, "next_at": None}
    for at in range(0, count, together):
        async with database.begin() as tx:
            writes = Writes()
            for row in rows[at : at + together]:
                writes.change(StepClock, row.id, ended)
            await writes.flush(tx.session)
    seconds = time.perf_counter() - started
    async with database.read() as tx:
        ours = text("SELECT count(*) FROM step_clock WHERE cycle >= 1000 AND next_at IS NULL")
        ended_ones = (await tx.session.exec(ours)).scalar_one()  # type: ignore[call-overload]
        require(ended_ones == count, f"{ended_ones} of {count} deadlines have ended")
    await database.close()
    return 1000 * seconds / count


def _clock(case_id: str, number: int) -> StepClock:
    return StepClock(
        id=new_id(MONDAY),
        case_id=case_id,
        step=Step.ACKNOWLEDGE,
        cycle=1000 + number,
        department="billing",
        account="acme",
        network="plain",
        started_at=MONDAY,
        target_seconds=900,
        due_at=_FAR,
        next_at=_FAR,
    )


def _jobs(url: str, count: int) -> float:
    """Add and remove one job a deadline; return the milliseconds that one took."""
    scheduler = BackgroundScheduler(jobstores={"default": SQLAlchemyJobStore(engine=sync_engine(url))}, timezone=UTC)
    scheduler.start(paused=True)
    started = time.perf_counter()
    for number in range(count):
        scheduler.add_job("tests.benchmarks.deadlines:breach", "date", run_date=_FAR, args=[number], id=str(number))
    for number in range(count):
        scheduler.remove_job(str(number))
    seconds = time.perf_counter() - started
    require(not scheduler.get_jobs(), "a job that was removed is still there")
    scheduler.shutdown()
    return 1000 * seconds / count


def breach(number: int) -> None:
    """Be what a job would call."""
    raise AssertionError(f"job {number} ran in a scheduler that is paused")


# --- a million of them ------------------------------------------------------------------------------------------------


async def _growth(kind: str, databases: Databases, sizes: tuple[int, ...], *, rounds: int) -> list[Figure]:
    """Compare a sweep's look and a sweep's claim between few and many running clocks, in turn."""
    sized: dict[int, Database] = {}
    for size in sizes:
        url = databases.new(kind)
        [case_id] = await _some_cases(url, 1)
        sized[size] = Database(url)
        async with sized[size].begin() as tx:
            await tx.session.exec(text("UPDATE step_clock SET next_at = NULL"))  # type: ignore[call-overload]
        await _fill(sized[size], case_id, size)
    looks: dict[int, list[float]] = {size: [] for size in sizes}
    claims: dict[int, list[float]] = {size: [] for size in sizes}
    for number in range(-1, rounds):  # round -1 warms up
        for size, database in sized.items():
            look = await _timed(lambda: _look(database))  # noqa: B023 - awaited at once
            claim = await _timed(lambda: _claim(database))  # noqa: B023 - awaited at once
            if number >= 0:
                looks[size].append(look)
                claims[size].append(claim)
    for database in sized.values():
        await database.close()
    few = sizes[0]
    named = (("look", looks), ("claim of 100", claims))
    return [
        Figure.of(f"sweep's {name}, {kind}, {size:,} clocks", "ms", ours=values[size], floor=values[few], at_most=1.5)
        for name, values in named
        for size in sizes[1:]
    ]


async def _timed(work: Callable[[], Awaitable[None]]) -> float:
    started = time.perf_counter()
    await work()
    return 1000 * (time.perf_counter() - started)


async def _look(database: Database) -> None:
    async with database.read() as tx:
        require(not await tx.clocks.any_rung_due(MONDAY - timedelta(days=1)), "something is due too early")


async def _claim(database: Database) -> None:
    async with database.begin() as tx:
        found = await tx.clocks.cases_with_rungs_due(MONDAY + timedelta(hours=2), limit=200)
        require(len(found) == 100, f"{len(found)} of 100 due cases were found")


async def _fill(database: Database, case_id: str, size: int) -> None:
    """Copy a case until there are ``size``, each with one running clock; a hundred are due within two hours.

    Four times as many clocks have ended: history that must not be read.
    """
    sqlite = database.is_sqlite
    series = (
        "WITH RECURSIVE n(v) AS (SELECT :low UNION ALL SELECT v + 1 FROM n WHERE v < :high) SELECT v FROM n"
        if sqlite
        else "SELECT v FROM generate_series(CAST(:low AS bigint), CAST(:high AS bigint)) AS v"
    )
    async with database.engine.begin() as connection:
        if not sqlite:
            await connection.execute(text("SET LOCAL statement_timeout = 0"))  # filling takes longer than any act may
        names = [column.name for column in table(Case).columns]
        other = {"id": "'b' || v", "thread_id": "'b' || v"}
        columns = ", ".join(other.get(name, f"c.{name}") for name in names)
        values = {"low": 0, "high": size - 1, "case": case_id}
        await connection.execute(
            text(
                f"INSERT INTO cases ({', '.join(names)}) SELECT {columns} FROM ({series}) s, cases c WHERE c.id = :case"
            ),
            values,
        )
        base = _microseconds(MONDAY + timedelta(days=30))
        due = _microseconds(MONDAY + timedelta(hours=1))
        ended = "ended_at, outcome, wall_seconds"
        for copy in range(5):
            at = "NULL" if copy else f"CASE WHEN v < 100 THEN {due} + v ELSE {base} + v * 1000 END"
            end = f"{due}, 'done', 1.0" if copy else "NULL, NULL, NULL"
            await connection.execute(
                text(
                    "INSERT INTO step_clock (id, case_id, step, cycle, department, account, network, started_at,"
                    f" due_at, next_at, rungs_passed, paused_seconds, {ended}) SELECT 'b' || v || '-{copy}', 'b' || v,"
                    f" 'acknowledge', {copy + 1}, 'billing', 'acme', 'plain', {due}, {due}, {at}, 0, 0, {end}"
                    f" FROM ({series}) s"
                ),
                {"low": 0, "high": size - 1},
            )
    async with database.engine.connect() as connection:
        plain = await connection.execution_options(isolation_level="AUTOCOMMIT") if not sqlite else connection
        await plain.execute(text("ANALYZE" if sqlite else "VACUUM ANALYZE"))  # nobody cleans up while it is measured


def _microseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000


# --- all at once ------------------------------------------------------------------------------------------------------


async def _due_at_once(kind: str, url: str, count: int, *, rounds: int) -> Figure:
    """Time how long it takes to record that many targets which pass in the same second; each exactly once."""
    seconds = [await _one_second(url, count) for _ in range(rounds)]
    return Figure.of(
        f"{count:,} due in one second, {kind}", "s", ours=seconds, floor=[DUE_SECONDS] * rounds, at_most=1.0
    )


async def _one_second(url: str, count: int) -> float:
    case_ids, clock = await _open(url, count)
    database = Database(url)
    house = build_house(database, clock=clock)
    clock.forward(days=1)
    settle_in()
    started = time.perf_counter()
    told = await house.sweeper.sweep()
    seconds = time.perf_counter() - started
    require(told == count, f"{told} cases of {count} had something to tell")
    async with database.read() as tx:
        result = await tx.session.exec(  # type: ignore[call-overload]
            text("SELECT clock_id, rung, repeat, count(*) FROM ping WHERE kind = :kind GROUP BY 1, 2, 3"),
            params={"kind": PingKind.BREACH.value},
        )
        rows = result.all()
    require(len(rows) == len(case_ids), f"{len(rows)} breaches are recorded for {count} targets")
    require(all(row[3] == 1 for row in rows), "a breach is recorded twice")
    await database.close()
    return seconds


async def _open(url: str, count: int) -> tuple[list[str], TestClock]:
    database = Database(url)
    async with database.engine.begin() as connection:
        for model in (Announcement, Gathering, Ping, Timer, StepClock, JournalEntry, Effect, Card, Mention, Case):
            await connection.execute(table(model).delete())
    clock = TestClock()
    house = build_house(database, clock=clock)
    opened: list[str] = []
    for at in range(0, count, 500):
        posts = [a_post(f"Invoice {number}?", clock=clock) for number in range(at, min(at + 500, count))]
        taken = await house.desk.intake("acme", posts)
        assert taken is not None
        opened += taken.opened
    await database.close()
    return opened, clock


async def _some_cases(url: str, count: int) -> list[str]:
    return (await _open(url, count))[0]
