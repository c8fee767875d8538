"""What one person's queue asks: open cases only, however much history there is, in the order of what is due first."""

from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import SQLModel

from models.case import Case
from models.clocks import StepClock
from models.database import Database
from models.store.cases import DueFirst
from models.store.statements import table
from models.vocabulary import OPEN_STATES, CaseState, Step
from tests.budget.test_plans import asked, plan_of
from tests.house import MONDAY, House

CLOSED = 5_000
OPEN = 40
FREE = frozenset({CaseState.WAITING_ANSWER, CaseState.SNOOZED})


async def fill(house: House) -> None:
    """A department's open cases, each with clocks that are due in the opposite order of their arrival, and history."""
    file = await house.desk.file(await house.arrive())
    assert file is not None
    case, clock = _values(Case, file.case), _values(StepClock, file.clocks[0])
    cases: list[dict[str, Any]] = []
    clocks: list[dict[str, Any]] = []
    for number in range(OPEN + CLOSED):
        closed = number >= OPEN
        at = MONDAY + timedelta(minutes=number)
        state = CaseState.CLOSED if closed else CaseState.WAITING_ANSWER
        owner = "anna" if number % 4 == 0 else None
        cases.append(
            case | {"id": f"c{number:05}", "thread_id": f"t{number}", "state": state, "owner": owner, "received_at": at}
        )
        for step, minutes in ((Step.ACKNOWLEDGE, 100), (Step.ANSWER, 900), (Step.FIRST_RESPONSE, 500)):
            due = None if number % 10 == 9 else MONDAY + timedelta(minutes=minutes - number % OPEN)
            over = {"ended_at": at} if closed or step is Step.ANSWER else {}
            clocks.append(
                clock | {"id": f"{step}{number}", "case_id": f"c{number:05}", "step": step, "cycle": 1, "due_at": due}
                | {"ended_at": None} | over
            )  # fmt: skip
    async with house.database.engine.begin() as connection:
        await connection.execute(table(Case).insert(), cases)
        await connection.execute(table(StepClock).insert(), clocks)
    async with house.database.engine.begin() as connection:
        await connection.execute(text("ANALYZE"))


def _values(model: type[SQLModel], row: Any) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in table(model).columns}


async def due_first(database: Database, **asked_for: Any) -> DueFirst:
    async with database.read() as tx:
        found: DueFirst = await tx.cases.due_first(**asked_for)
    return found


def numbers(found: DueFirst) -> list[int]:
    return [int(one[1:]) for one in found.ids if one.startswith("c0")]


async def test_what_is_due_first_comes_first_and_what_is_not_due_last(house: House):
    await fill(house)
    mine = await due_first(house.database, states=OPEN_STATES, owner="anna", limit=50)
    assert numbers(mine) == sorted(range(0, OPEN, 4), reverse=True)
    free = await due_first(house.database, states=FREE, unowned=True, departments={"billing"}, limit=100)
    wanted = [n for n in range(OPEN) if n % 4]
    assert numbers(free) == [n for n in reversed(wanted) if n % 10 != 9] + [n for n in wanted if n % 10 == 9]
    assert free.total == len(wanted) + 1, "the case that only just arrived counts too"
    few = await due_first(house.database, states=FREE, unowned=True, departments={"billing"}, limit=3)
    assert (list(few.ids), few.total) == (list(free.ids[:3]), free.total)
    none = await due_first(house.database, states=FREE, unowned=True, departments={"legal"}, limit=3)
    assert none == DueFirst([], 0)


async def test_what_is_late_and_nothing_else(house: House):
    await fill(house)
    at = MONDAY + timedelta(minutes=65)
    late = await due_first(house.database, states=OPEN_STATES, late_at=at, limit=50)
    assert numbers(late) == [n for n in range(OPEN - 1, 34, -1) if n % 10 != 9]
    assert late.total == len(late.ids)
    other = await due_first(house.database, states=OPEN_STATES, accounts={"other"}, late_at=at, limit=50)
    assert other.total == 0


async def test_a_clock_that_stands_still_is_not_due(house: House):
    await fill(house)
    async with house.database.engine.begin() as connection:
        stop = table(StepClock).update().where(table(StepClock).c.case_id == "c00036").values(paused_at=MONDAY)
        await connection.execute(stop)
    mine = await due_first(house.database, states=OPEN_STATES, owner="anna", limit=50)
    assert numbers(mine)[-1] == 36


QUESTIONS: dict[str, dict[str, Any]] = {
    "own": {"states": OPEN_STATES, "owner": "anna"},
    "free": {"states": FREE, "unowned": True, "departments": {"billing", "legal"}},
    "to decide": {"states": {CaseState.IN_REVIEW, CaseState.NEEDS_CHECK}, "accounts": {"acme"}},
    "late": {"states": OPEN_STATES, "departments": {"billing"}, "late_at": MONDAY},
}


async def test_history_is_not_read(house: House):
    await fill(house)
    for question, wanted in QUESTIONS.items():
        asking = await asked(house.database, lambda tx, wanted=wanted: tx.cases.due_first(**wanted, limit=27))
        plan, scanned = await plan_of(house.database, *asking)
        told = f"{question}: {plan}"
        assert "case_open_thread" in plan or "case_state" in plan, told
        assert "step_clock_running" in plan, told
        assert not {"SCAN cases", "SCAN step_clock"} & set(plan.splitlines()), told
        assert scanned <= 5 * (OPEN + 1), told
