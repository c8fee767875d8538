"""What runs every second asks an index that knows due rows only, however much history there is."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation import commands as c
from escalation.ports import Deleted, Edited, RetryLater, Uncertain
from models.clocks import Timer
from models.columns import UtcTime
from models.database import Database
from models.outbox import Effect
from models.store import Transaction
from models.store.outbox import BLANK_EFFECT
from models.vocabulary import EffectKind, EffectState, TimerKind, TimerState
from tests.house import MONDAY, House, a_post
from tests.scenarios.steps import approve, do, in_review, leave, quiet

HISTORY = 8_000
DUE = 5


async def fill(house: House) -> None:
    """Some rows that are due, among many that were and many that will be."""
    case_id = await house.arrive()
    then = UtcTime().process_bind_param(MONDAY, None)
    day = 86_400_000_000
    timers, effects = [], []
    # fmt: off
    for number in range(HISTORY):
        done = number % 4 != 0
        due = number < 4 * DUE and not done
        at = then - day if done or due else then + day * (1 + number)
        timers.append(
            {
                "id": f"t{number}",
                "case_id": case_id,
                "kind": TimerKind.WAKE.value,
                "cycle": number,
                "due_at": at,
                "state": (TimerState.FIRED if done else TimerState.RUNNING).value,
            }
        )
        effects.append(
            {
                "id": f"e{number}",
                "kind": EffectKind.PING.value,
                "target": "slack:C",
                "pace": "slack:C",
                "not_before": at,
                "state": (EffectState.SENT if done else EffectState.READY).value,
                "sequence": number,
                "priority": 5,
                "payload": "{}",
                "part": 0,
                "attempts": 0,
                "absences": 0,
                "created_at": then,
            }
        )
    # fmt: on
    async with house.database.engine.begin() as connection:
        await _insert(connection, Timer, timers)
        await _insert(connection, Effect, effects)
    async with house.database.engine.begin() as connection:
        await connection.execute(text("ANALYZE"))


async def _insert(connection: AsyncConnection, model: type, rows: list[dict[str, Any]]) -> None:
    names = ", ".join(rows[0])
    values = ", ".join(f":{name}" for name in rows[0])
    await connection.execute(text(f"INSERT INTO {model.__tablename__} ({names}) VALUES ({values})"), rows)  # noqa: S608


async def plan_of(database: Database, statement: str, values: Any) -> tuple[str, float]:
    """The plan in words, and how many rows its scans read where the database tells."""
    async with database.engine.connect() as connection:
        if database.is_sqlite:
            rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            return "\n".join(str(row[3]) for row in rows), 0
        found = (await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values)).scalar()
    plan = found if isinstance(found, list) else json.loads(found)
    return json.dumps(plan), _scanned(plan[0]["Plan"])


def _scanned(node: dict[str, Any]) -> float:
    own = 0.0
    if "Scan" in node["Node Type"] and node.get("Relation Name") in {"timer", "effect", "cases", "step_clock"}:
        own = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    return own + sum(_scanned(child) for child in node.get("Plans", []))


QUESTIONS = {
    "sweep": ("timer_due", lambda tx: tx.clocks.due_cases(MONDAY, limit=200)),
    "claim timers": ("timer_due", lambda tx: tx.clocks.due(MONDAY, limit=200)),
    "tick": ("effect_due", lambda tx: tx.outbox.any_due(MONDAY)),
    "claim effects": ("effect_due", lambda tx: tx.outbox.due(MONDAY, limit=50)),
    "dead senders": ("effect_due", lambda tx: tx.outbox.abandoned(MONDAY)),
    "next": ("effect_due", lambda tx: tx.outbox.next_due()),
}


async def test_what_runs_every_second_reads_due_rows_only(house: House):
    await fill(house)
    for question, (index, ask) in QUESTIONS.items():
        plan, scanned = await plan_of(house.database, *await asked(house.database, ask))
        assert index in plan, f"{question}: {plan}"
        assert scanned <= DUE + 10, f"{question}: {plan}"


async def asked(database: Database, ask: Callable[[Transaction], Awaitable[Any]]) -> tuple[str, Any]:
    """The statement and its values exactly as the driver gets them."""
    [only] = await all_asked(database, ask)
    return only


async def all_asked(database: Database, ask: Callable[[Transaction], Awaitable[Any]]) -> list[tuple[str, Any]]:
    """Every SELECT of a question, in order."""
    caught: list[tuple[str, Any]] = []

    def on_execute(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        if statement.startswith("SELECT"):
            caught.append((statement, values))

    event.listen(database.engine.sync_engine, "before_cursor_execute", on_execute)
    try:
        async with database.read() as tx:
            await ask(tx)
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", on_execute)
    return caught


def test_the_blank_effect_names_real_columns():
    assert set(BLANK_EFFECT) <= {column.name for column in Effect.__table__.columns}


GROWING = {
    "effect",
    "timer",
    "cases",
    "mention",
    "draft",
    "review",
    "journal",
    "step_clock",
    "card",
    "author",
    "attempt",
}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_no_everyday_statement_reads_a_growing_table_from_end_to_end(house: House):
    seen: dict[str, Any] = {}

    def on_execute(_: Any, __: Any, statement: str, values: Any, ___: Any, many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            seen.setdefault(statement, values[0] if many else values)

    event.listen(house.database.engine.sync_engine, "before_cursor_execute", on_execute)
    await everyday(house)
    event.remove(house.database.engine.sync_engine, "before_cursor_execute", on_execute)
    assert len(seen) > 50
    slow = []
    for statement, values in seen.items():
        plan, _ = await plan_of(house.database, statement, values)
        slow += [(line, statement) for line in plan.splitlines() if line.removeprefix("SCAN ") in GROWING]
    assert not slow, "\n".join(f"{line}: {statement}" for line, statement in slow)


async def everyday(house: House) -> None:
    """A post, its answer in trouble, an undone approval, a lost card, a follow-up and the quiet after it."""
    network = house.networks["acme"]
    case_id = await in_review(house)
    await quiet(house)
    await approve(house, case_id)
    await do(house, case_id, c.Undo(), actor="carla")
    await approve(house, case_id)
    network.faults = [("before", Uncertain("timeout")), ("before", RetryLater("busy"))]
    house.chat.messages.clear()
    await leave(house)
    for _ in range(5):
        house.clock.forward(minutes=5)
        await quiet(house)
    file = await house.desk.file(case_id)
    more = a_post("Thanks", clock=house.clock, thread_id=file.case.thread_id, parent_id="out-1")
    await house.desk.intake(
        "acme", [more, Edited(more.external_id, "Thank you", house.clock.now()), Deleted("x", MONDAY)]
    )
    await do(house, case_id, c.Snooze(house.clock.now().replace(hour=23)), actor="anna")
    house.clock.forward(days=2)
    await house.sweeper.sweep()
    await quiet(house)
    house.chat.faults = [("before", RetryLater("busy"))]
    await do(house, case_id, c.NotOurs(), actor="anna")
    await quiet(house)
