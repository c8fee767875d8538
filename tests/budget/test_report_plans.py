"""Rolling up touches steps that are not rolled up yet, and a report its own period, whatever lies around."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from escalation.figures import WITHIN_SECONDS
from models.database import Database
from models.store import Transaction
from models.store.questions import Question
from models.vocabulary import Step
from tests.budget.test_plans import all_asked, asked, plan_of
from tests.clock import MONDAY
from tests.store.step_rows import a_case, a_running_step, a_step, store

HISTORY = 8_000
DUE = 5
DAY = timedelta(days=1)
QUESTION = Question(since=MONDAY, until=MONDAY + DAY, department="billing", limits=WITHIN_SECONDS)


async def fill(database: Database, *, analysed: bool) -> None:
    """Years of steps that are rolled up, some of the day that is asked about, and some that run."""
    case, other = a_case(), a_case(department="product")
    long_ago, later = MONDAY - 400 * DAY, MONDAY + 10 * DAY
    rows = [
        a_step(case if number % 2 else other, ended_at=long_ago + timedelta(minutes=number), rolled_up_at=MONDAY)
        for number in range(HISTORY)
    ]
    rows += [a_step(case, ended_at=MONDAY + timedelta(hours=number)) for number in range(DUE)]
    rows += [a_running_step(case, Step.ANSWER, started_at=MONDAY, due_at=later + DAY) for _ in range(HISTORY // 10)]
    rows += [a_running_step(case, Step.ANSWER, started_at=MONDAY, due_at=MONDAY + DAY / 2) for _ in range(DUE)]
    await store(database, [case, other], rows)
    if analysed:
        async with database.engine.begin() as connection:
            # indexes as these rows alone make them: rows that another test deleted left pages, and a plan counts them
            await connection.execute(text("REINDEX" if database.is_sqlite else "REINDEX TABLE step_clock"))
            await connection.execute(text("ANALYZE"))


QUESTIONS: dict[str, tuple[str, Callable[[Transaction], Awaitable[Any]]]] = {
    "anything to roll up": ("step_clock_not_rolled_up", lambda tx: tx.rollup.any_waiting()),
    "how much to roll up": ("step_clock_not_rolled_up", lambda tx: tx.rollup.count_waiting(QUESTION, up_to=1_000)),
    "a department's slice": ("step_clock_done", lambda tx: tx.reports.steps(QUESTION, (50,))),
    "how many rows": ("step_clock_done", lambda tx: tx.reports.count(QUESTION, up_to=1_000)),
}


@pytest.mark.parametrize("analysed", [True, False])
async def test_a_question_reads_its_own_rows_only(database: Database, analysed: bool):
    """SQLite is never asked to analyse its tables; PostgreSQL does it by itself."""
    await fill(database, analysed=analysed or not database.is_sqlite)
    for question, (index, ask) in QUESTIONS.items():
        plan, scanned = await plan_of(database, *await asked(database, ask))
        told = f"{question}: {plan}"
        assert index in plan, told
        assert scanned <= 2 * DUE + 10, told
        by_index = (f"SCAN step_clock USING INDEX {index}", f"SCAN step_clock USING COVERING INDEX {index}")
        assert "SCAN step_clock" not in plan.replace(by_index[0], "").replace(by_index[1], ""), told


async def test_what_is_late_is_asked_of_late_steps_only(database: Database):
    await fill(database, analysed=True)
    async with database.read() as tx:
        assert sum((await tx.reports.overdue(QUESTION)).values()) == DUE
    questions = await all_asked(database, lambda tx: tx.reports.overdue(QUESTION))
    running, ended = [await plan_of(database, *question) for question in questions]
    for (plan, scanned), index in ((running, "step_clock_overdue"), (ended, "step_clock_late")):
        assert index in plan, plan
        assert scanned <= DUE + 10, plan
