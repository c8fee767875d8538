"""What a sweep of deadlines costs: due rows only, however many clocks run, and one transaction however many are due."""

import contextlib
import sqlite3
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from escalation import commands as c
from models.clocks import StepClock
from models.columns import UtcTime
from models.store.clocks import Clocks
from models.store.statements import table
from models.vocabulary import Step
from tests.budget.counting import Cost, counted
from tests.budget.test_plans import asked, plan_of
from tests.house import CONFIGURATION, MONDAY, House, a_post, build_house
from tests.scenarios.steps import quiet

RUNNING, ENDED, DUE = 3_000, 3_000, 5
MOST_STATEMENTS_OF_A_BATCH = 40
STEPS_OF_A_ROW = 30
"""So many instructions of SQLite's machine a row of these questions takes at most, of three tables together."""


async def clocks(house: House, *, running: int, ended: int, due: int) -> None:
    """Some clocks that are due, among many that run and many that have ended."""
    case_id = await house.arrive()
    async with house.database.begin() as tx:
        await tx.session.exec(text("UPDATE step_clock SET next_at = NULL"))  # type: ignore[call-overload]
    day = timedelta(days=1)
    rows: list[dict[str, Any]] = []
    for number in range(running + ended + due):
        clock = StepClock(
            id=f"clock{number:06}", case_id=case_id, step=Step.ACKNOWLEDGE, cycle=number, department="billing",
            account="acme", network="plain",
            started_at=MONDAY - day, target_seconds=900, due_at=MONDAY,
        )  # fmt: skip
        if number < due:
            clock.next_at = MONDAY - timedelta(seconds=number)
        elif number < due + running:
            clock.next_at = MONDAY + day + timedelta(seconds=number)
        else:
            clock.ended_at = MONDAY
        rows.append({column.name: getattr(clock, column.name) for column in table(StepClock).columns})
    async with house.database.engine.begin() as connection:
        await connection.execute(table(StepClock).insert(), rows)
    async with house.database.engine.begin() as connection:
        await connection.execute(text("ANALYZE"))


QUESTIONS = {
    "is anything due": lambda tx: tx.clocks.any_rung_due(MONDAY),
    "what is due": lambda tx: tx.clocks.cases_with_rungs_due(MONDAY, limit=200),
    "how late is the sweep": lambda tx: tx.clocks.oldest_rung_due(),
}


async def test_a_sweep_reads_due_clocks_only_by_their_partial_index(house: House):
    await clocks(house, running=RUNNING, ended=ENDED, due=DUE)
    for question, ask in QUESTIONS.items():
        statement, values = await asked(house.database, ask)
        plan, scanned = await plan_of(house.database, statement, values)
        told = f"{question}: {plan}"
        assert "step_clock_next" in plan, told
        assert "SCAN step_clock" not in plan.replace("SCAN step_clock USING", ""), told
        assert scanned <= DUE + 10, told
        if house.database.is_sqlite:
            assert _instructions(house, statement, values) <= STEPS_OF_A_ROW * (DUE + 10), told


def _instructions(house: House, statement: str, values: Any) -> int:
    """Count what SQLite's machine does, for its plan does not say how many rows it reads."""
    done = 0

    def step() -> int:
        nonlocal done
        done += 1
        return 0

    with contextlib.closing(sqlite3.connect(house.database.path)) as connection:
        connection.execute(statement, values).fetchall()  # reads the schema, too
        connection.set_progress_handler(step, 1)
        connection.execute(statement, values).fetchall()
    return done


async def test_a_question_that_the_partial_index_does_not_answer_is_found_out(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    """A planted bug: the question does not say what the index leaves out, so the index cannot answer it."""
    await clocks(house, running=2_000, ended=2_000, due=DUE)

    async def anything(self: Clocks, now: Any) -> bool:
        at = UtcTime().process_bind_param(now, None)  # type: ignore[arg-type]
        late = "SELECT 1 FROM step_clock WHERE coalesce(next_at, 9000000000000000) <= :now"
        return (await self._session.exec(text(late), params={"now": at})).first() is not None  # type: ignore[call-overload]

    monkeypatch.setattr(Clocks, "any_rung_due", anything)
    statement, values = await asked(house.database, QUESTIONS["is anything due"])
    plan, scanned = await plan_of(house.database, statement, values)
    steps = _instructions(house, statement, values) if house.database.is_sqlite else 0
    assert "step_clock_next" not in plan or scanned > DUE + 10 or steps > STEPS_OF_A_ROW * (DUE + 10)


async def test_a_sweep_with_nothing_due_commits_nothing_however_many_clocks_run(house: House):
    await clocks(house, running=500, ended=0, due=0)
    with counted(house.database) as cost:
        assert await house.sweeper.sweep() == 0
    assert (cost.commits, cost.writes) == (0, 0)
    assert cost.count <= 2


LADDER = """
[[policies.standard.ladder]]
at = "80%"
ping = "owner"
[[policies.standard.ladder]]
at = "100%"
ping = "manager"
repeat_every = "5m"
repeats = 9
"""


@pytest.mark.parametrize("click", [c.Claim(), c.TakeOver()])
async def test_deadlines_that_begin_and_end_with_a_click_cost_no_statement(database, clock, click: c.Command):
    costs = []
    without = "\n".join(
        line for line in CONFIGURATION.splitlines() if not line.startswith(("acknowledge", "answer", "first_response"))
    )
    for configuration in (CONFIGURATION.replace("[accounts.acme]", f"{LADDER}[accounts.acme]", 1), without):
        house = build_house(database, clock=clock, configuration=configuration)
        for _ in range(2):  # the first time keeps the calendar
            case_id = await house.arrive()
            await quiet(house)
            with counted(database) as cost:
                assert (await house.desk.handle(case_id, click, actor="anna")).done
        costs.append((cost.commits, cost.count))
    assert costs[0] == costs[1]


async def due_at_once(house: House, number: int) -> None:
    """Cases whose customers' clocks have passed eighty percent, all at once."""
    posts = [a_post(f"invoice {n}", clock=house.clock) for n in range(number)]
    await house.desk.intake("acme", posts)
    house.clock.forward(minutes=97)


async def warned(house: House, number: int) -> list[str]:
    """So many cases whose department has been warned that nobody claims them; more than five share a message."""
    taken = await house.desk.intake("acme", [a_post(f"invoice {n}", clock=house.clock) for n in range(number)])
    assert taken is not None
    await quiet(house, seconds=number)
    house.clock.forward(minutes=12)
    await house.sweeper.sweep()
    house.clock.forward(seconds=11)
    await quiet(house)
    return list(taken.opened)


async def claimed(house: House, case_id: str) -> Cost:
    with counted(house.database) as cost:
        assert (await house.desk.handle(case_id, c.Claim(), actor="anna")).done
    return cost


async def test_a_message_about_many_costs_a_click_three_statements_at_most_and_others_none(database, clock):
    house = build_house(
        database, clock=clock, configuration=CONFIGURATION.replace("[accounts.acme]", LADDER + "[accounts.acme]", 1)
    )
    await claimed(house, await house.arrive())  # keeps the calendar
    alone = [await claimed(house, case_id) for case_id in await warned(house, 2)]
    assert {cost.count for cost in alone} == {(await claimed(house, await house.arrive())).count}
    together = await warned(house, 7)
    costs = [await claimed(house, case_id) for case_id in together]
    assert [cost.commits for cost in costs] == [1] * 7
    assert all(cost.count - alone[0].count <= 3 for cost in costs), costs[0].statements
    assert len({cost.writes for cost in costs}) == 1, "what waits already is not written again"


@pytest.mark.parametrize(("number", "batches"), [(5, 1), (100, 1), (350, 2)])
async def test_what_is_due_at_once_is_one_transaction_a_batch(house: House, number: int, batches: int):
    await due_at_once(house, number)
    with counted(house.database) as cost:
        assert await house.sweeper.sweep() == number
    late = 2 * (batches > 1)  # of three that tell at once two may find nothing left
    assert batches <= cost.commits <= batches + late
    assert cost.count <= MOST_STATEMENTS_OF_A_BATCH * batches + 2 * late, cost.statements
