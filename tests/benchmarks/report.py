"""How long a report takes over two million steps: a department's month, a department's year, and everything.

What each figure is held against stands in brackets: the goal of 300 ms, the bare statement in SQL that reads the same
rows without any percentile (``count(*)`` and ``sum`` by step), or the other way of counting. Both ways must agree: all
counts equal, percentiles within 1 %.
"""

import asyncio
import random
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from escalation.figures import Report
from escalation.reports import Method, report
from escalation.rolling_up import RollingUp
from models.columns import UtcTime
from models.database import Database
from models.vocabulary import Step
from tests.benchmarks.databases import KINDS, Databases
from tests.benchmarks.measuring import Figure
from tests.benchmarks.processes import require
from tests.clock import TestClock
from tests.house import settings_of

GOAL_MILLISECONDS = 300
SINCE, UNTIL = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
MONTH = datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC)
DEPARTMENTS = tuple(f"department{number}" for number in range(8))
ACCOUNTS = tuple(f"account{number}" for number in range(4))
_SECOND = 1_000_000
_CASES = (
    "id", "account", "network", "thread_id", "author_id", "state", "visibility", "priority", "department", "also",
    "declined", "route", "policy", "policy_digest", "language", "acts", "earlier_cases", "version", "context_version",
    "round", "posted_at", "received_at", "answered_at", "last_at",
)  # fmt: skip
_STEPS = (
    "id", "case_id", "step", "cycle", "department", "account", "network", "route", "language", "member", "started_at",
    "due_at", "ended_at", "outcome", "wall_seconds", "business_seconds",
)  # fmt: skip
_FLOOR = """SELECT step, count(*), sum(wall_seconds) FROM step_clock
 WHERE outcome = 'done' AND ended_at >= {} AND ended_at < {} {} GROUP BY step"""


def measure(*, quick: bool = False) -> list[Figure]:
    """Return milliseconds of each question on both databases."""
    cases, rounds = (400, 1) if quick else (2_000_000 // len(Step), 5)
    with tempfile.TemporaryDirectory(prefix="portavoce-bench-") as folder, Databases(Path(folder)) as databases:
        figures: list[Figure] = []
        for kind in KINDS[:1] if quick else KINDS:
            url = databases.new(kind)
            figures += asyncio.run(_measured(kind, url, cases=cases, rounds=rounds))
        return figures


async def _measured(kind: str, url: str, *, cases: int, rounds: int) -> list[Figure]:
    started = time.perf_counter()
    load(url, cases)
    loaded = time.perf_counter()
    database, steps = Database(url), cases * len(Step)
    try:
        counted = await RollingUp(database, TestClock()).roll_up(batch=20_000)
        require(counted == steps, "a step was not rolled up")
        load_one, roll_one = (1e6 * spent / steps for spent in (loaded - started, time.perf_counter() - loaded))
        figures = [
            Figure.of(f"{kind}: rolling up (writing)", "us a step", ours=[roll_one], floor=[load_one], at_most=5)
        ]
        slice_ = {"department": DEPARTMENTS[0]}
        for title, (since, until), narrowed in (
            ("department, month", MONTH, slice_),
            ("department, year", (SINCE, UNTIL), slice_),
            ("everything, year", (SINCE, UNTIL), {}),
        ):
            took = await _rounds(database, {"since": since, "until": until, **narrowed}, rounds)
            if title == "department, month":
                for method in ("exact", "rolled up"):
                    name = f"{kind}: {title}, {method} (goal)"
                    figures.append(Figure.of(name, "ms", ours=took[method], floor=[GOAL_MILLISECONDS], at_most=1))
            name = f"{kind}: {title}, exact (bare SQL)"
            figures.append(Figure.of(name, "ms", ours=took["exact"], floor=took["bare"], at_most=5))
            name = f"{kind}: {title}, rolled up (exact)"
            figures.append(Figure.of(name, "ms", ours=took["rolled up"], floor=took["exact"], at_most=1))
        return figures
    finally:
        await database.close()


async def _rounds(database: Database, question: dict[str, Any], rounds: int) -> dict[str, list[float]]:
    settings = settings_of()
    took: dict[str, list[float]] = {"exact": [], "rolled up": [], "bare": []}
    methods: tuple[Method, ...] = ("exact", "rolled up")
    for number in range(-1 if rounds > 1 else 0, rounds):  # round -1 warms up
        answers: dict[str, Report] = {}
        spent: dict[str, float] = {}
        for method in methods if number % 2 else methods[::-1]:
            started = time.perf_counter()
            answers[method] = await report(database, settings, method=method, **question)
            spent[method] = 1e3 * (time.perf_counter() - started)
        _agree(answers["exact"], answers["rolled up"])
        spent["bare"] = await _bare(database, question)
        if number >= 0:
            for name, milliseconds in spent.items():
                took[name].append(milliseconds)
    return took


async def _bare(database: Database, question: dict[str, Any]) -> float:
    since, until = (UtcTime().process_bind_param(question[name], None) for name in ("since", "until"))
    narrowed = f"AND department = '{question['department']}'" if "department" in question else ""
    started = time.perf_counter()
    async with database.read_at_length() as tx:
        await (await tx.session.connection()).exec_driver_sql(_FLOOR.format(since, until, narrowed))
    return 1e3 * (time.perf_counter() - started)


def _agree(exact: Report, rolled: Report) -> None:
    require((exact.method, rolled.method) == ("exact", "rolled up"), "a question was answered another way")
    require(exact.cycles > 0, "nothing was counted")
    for step, figures in exact.total.steps.items():
        other = rolled.total.steps[step]
        for name in ("count", "mean", "targeted", "met", "within"):
            require(getattr(figures, name) == getattr(other, name), f"the two ways differ in {name} of {step}")
        for name in ("p50", "p90", "p99"):
            wanted, got = getattr(figures, name), getattr(other, name)
            require(abs(got - wanted) <= 0.010_001 * wanted, f"{name} of {step} is more than 1 % off")


# --- rows -------------------------------------------------------------------------------------------------------------


def load(url: str, cases: int) -> None:
    """Write cases with one cycle of every step, lognormal, ended all over the year; as fast as the database can."""
    case_rows, step_rows = (rows(cases, of_steps=of_steps) for of_steps in (False, True))
    if url.startswith("sqlite"):
        _load_sqlite(url.removeprefix("sqlite:///"), case_rows, step_rows)
    else:
        _load_postgresql(url, case_rows, step_rows)


def _load_sqlite(path: str, cases: Iterable[Any], steps: Iterable[Any]) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("INSERT INTO author VALUES ('a', 'plain', '1', 'Ada', 'ada', NULL, NULL, NULL, 0)")
        connection.execute("INSERT INTO policy_snapshot VALUES ('d', 'standard', '{}', 0)")
        for table, names, all_rows in (("cases", _CASES, cases), ("step_clock", _STEPS, steps)):
            marks = ", ".join("?" * len(names))
            connection.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", all_rows)  # noqa: S608
        connection.commit()
        connection.execute("ANALYZE")
    connection.close()


def _load_postgresql(url: str, cases: Iterable[Any], steps: Iterable[Any]) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("INSERT INTO author VALUES ('a', 'plain', '1', 'Ada', 'ada', NULL, NULL, NULL, 0)")
        connection.execute("INSERT INTO policy_snapshot VALUES ('d', 'standard', '{}', 0)")
        for table, names, all_rows in (("cases", _CASES, cases), ("step_clock", _STEPS, steps)):
            with connection.cursor().copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:  # type: ignore[arg-type]
                for row in all_rows:
                    copy.write_row(row)
        connection.execute("VACUUM ANALYZE")  # as autovacuum has long done where rows came over a year


def rows(cases: int, *, of_steps: bool) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of one table; the same ones at every call."""
    source = random.Random(2)
    first: int = UtcTime().process_bind_param(SINCE, None)  # type: ignore[assignment]
    year = int((UNTIL - SINCE - timedelta(days=1)).total_seconds())
    for number in range(cases):
        received = first + (year * number // cases) * _SECOND
        case, department = f"c{number:019d}", source.choice(DEPARTMENTS)
        account, member = source.choice(ACCOUNTS), f"member{source.randrange(40)}"
        if not of_steps:
            yield (
                case, account, "plain", case, "a", "closed", "public", "normal", department, "[]", "[]", '{"route": 1}',
                "standard", "d", "en", "[]", 0, 1, 1, 1, received, received, received if number % 7 else None, received,
            )  # fmt: skip
        for place, step in enumerate(Step):
            length = min(round(source.lognormvariate(6, 1.5), 6), 86_400.0)
            due = received + source.randrange(7_200) * _SECOND if number % 3 else None
            if of_steps:
                yield (
                    f"s{number:018d}{place}", case, step.value, 1, department, account, "plain", "1", "en", member,
                    received, due, received + int(length * _SECOND), "done", length, float(int(length / 3)),
                )  # fmt: skip
