"""Figures over the rows themselves and over the roll-up, on both databases."""

import random
import statistics
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import event, func, select, text, update

from escalation.figures import UNKNOWN, WITHIN_SECONDS, Report, StepFigures
from escalation.periods import parse_moment
from escalation.reports import cases_behind, report
from escalation.rolling_up import RollingUp
from models.clocks import StepClock
from models.database import LONG_READ_SECONDS, Database
from models.rollup import StepRollup
from models.store.statements import table
from models.vocabulary import Grouping, Step, StepOutcome
from tests.budget.counting import counted
from tests.clock import MONDAY, TestClock
from tests.house import CONFIGURATION, settings_of
from tests.store.step_rows import a_case, a_running_step, a_step, store

SETTINGS = settings_of()
ROME = settings_of(CONFIGURATION.replace('timezone = "UTC"', 'timezone = "Europe/Rome"'))
KOLKATA = settings_of(CONFIGURATION.replace('timezone = "UTC"', 'timezone = "Asia/Kolkata"'))
DAY = timedelta(days=1)
WEEK = {"since": MONDAY - timedelta(hours=9), "until": MONDAY - timedelta(hours=9) + 7 * DAY}


async def ask(database: Database, *, settings=SETTINGS, **question: object) -> Report:
    return await report(database, settings, **(WEEK | question))


def of(found: Report, group: str | None = None, step: Step = Step.ANSWER) -> StepFigures:
    line = found.total if group is None else next(line for line in found.lines if line.group == group)
    return line.steps[step]


async def test_an_empty_house_has_no_figures(database: Database):
    found = await ask(database, by=Grouping.DEPARTMENT)
    assert (found.lines, found.total.steps, found.method) == ((), {}, "exact")
    assert (found.total.received, found.total.response_rate, found.cycles, found.open_breaches) == (0, None, 0, 0)


async def test_every_figure_of_a_step_by_hand(database: Database):
    case = a_case()
    due = MONDAY + timedelta(minutes=10)
    lengths = (60.0, 600.0, 601.0, 3_600.0, 90_000.0)
    steps = [a_step(case, seconds=seconds, due_at=due) for seconds in lengths]
    await store(database, [case], [*steps, a_step(case, seconds=30.0)])
    found = of(await ask(database))
    assert (found.count, found.targeted, found.met) == (6, 5, 2)
    assert found.share_met == 0.4
    assert found.mean == pytest.approx(sum((*lengths, 30)) / 6)
    assert (found.p50, found.p99) == (600.5, 3_600 + 0.95 * (90_000 - 3_600))
    assert found.within == (3, 5, 5, 5)
    assert found.shares_within[0] == 0.5


async def test_a_cycle_counts_where_it_ended_and_only_if_it_was_done(database: Database):
    case, since, until = a_case(), WEEK["since"], WEEK["until"]
    moment = timedelta(microseconds=1)
    rows = [
        a_step(case, seconds=1.0, ended_at=since - moment),
        a_step(case, seconds=2.0, ended_at=since),
        a_step(case, seconds=3.0, ended_at=until - moment),
        a_step(case, seconds=4.0, ended_at=until),
        a_step(case, seconds=5.0, ended_at=since + DAY, outcome=StepOutcome.CANCELLED),
    ]
    await store(database, [case], rows)
    found = of(await ask(database))
    assert (found.count, found.mean) == (2, 2.5)


async def test_the_response_rate_is_of_cases_received_in_the_period(database: Database):
    late = MONDAY + 30 * DAY
    cases = [
        a_case(answered_at=MONDAY + timedelta(hours=1)),
        a_case(answered_at=late),
        a_case(department="product"),
        a_case(received_at=MONDAY - 8 * DAY, answered_at=MONDAY),
    ]
    await store(database, cases, [])
    found = await ask(database, by=Grouping.DEPARTMENT)
    assert [(line.group, line.received, line.answered) for line in found.lines] == [
        ("billing", 2, 2),
        ("product", 1, 0),
    ]
    assert found.total.response_rate == pytest.approx(2 / 3)
    narrowed = await ask(database, department="product")
    assert (narrowed.total.received, narrowed.total.response_rate) == (1, 0.0)


async def test_open_breaches_are_counted_beside_the_figures(database: Database):
    case = a_case()
    until = WEEK["until"]
    hour = timedelta(hours=1)
    rows = [
        a_running_step(case, Step.ANSWER, started_at=MONDAY, due_at=until - hour),
        a_running_step(case, Step.ANSWER, started_at=MONDAY, due_at=until + hour),
        a_running_step(case, Step.APPROVE, started_at=MONDAY, due_at=None),
        a_step(case, seconds=7 * 86_400.0, ended_at=until + 2 * hour, due_at=until - hour),
        a_step(case, seconds=7_200.0, ended_at=until - hour, due_at=until - 2 * hour),
        a_step(case, Step.RELAY, 7_200.0, ended_at=until + hour, due_at=until - hour, outcome=StepOutcome.CANCELLED),
    ]
    await store(database, [case], rows)
    found = await ask(database)
    assert {step: (figures.open_breaches, figures.count) for step, figures in found.total.steps.items()} == {
        Step.ANSWER: (2, 1),
        Step.RELAY: (1, 0),
    }
    assert of(found, step=Step.RELAY).mean is None
    assert found.open_breaches == 3


async def test_business_seconds_are_there_for_the_asking(database: Database):
    case = a_case()
    await store(database, [case], [a_step(case, seconds=90_000.0, business_seconds=600.0)])
    wall, business = await ask(database), await ask(database, business=True)
    assert (of(wall).p50, of(wall).within[0], wall.business) == (90_000.0, 0, False)
    assert (of(business).p50, of(business).within[0], business.business) == (600.0, 1, True)


GROUPS = {
    Grouping.NETWORK: {"plain", "mastodon"},
    Grouping.ACCOUNT: {"acme", "other"},
    Grouping.DEPARTMENT: {"billing", "product"},
    Grouping.MEMBER: {"anna", UNKNOWN},
    Grouping.ROUTE: {"1", "hand"},
    Grouping.LANGUAGE: {"it", UNKNOWN},
    Grouping.HOUR: {"1-09", "2-09"},
}


@pytest.mark.parametrize("by", GROUPS)
async def test_lines_are_by_what_was_asked_for(database: Database, by: Grouping):
    one = a_case(owner="anna", language="it")
    two = a_case(
        account="other", network="mastodon", department="product", language=None, route={"by": "hand"},
        received_at=MONDAY + DAY, answered_at=MONDAY + DAY,
    )  # fmt: skip
    await store(
        database, [one, two], [a_step(one, seconds=10.0, member="anna"), a_step(two, seconds=20.0, route="hand")]
    )
    found = await ask(database, by=by)
    assert {line.group for line in found.lines} == GROUPS[by]
    assert sorted((line.received, line.answered, of(found, line.group).count) for line in found.lines) == [
        (1, 0, 1),
        (1, 1, 1),
    ]
    assert of(found).count == 2


async def test_by_step_there_is_a_line_a_step(database: Database):
    case = a_case()
    await store(database, [case], [a_step(case, Step.APPROVE), a_step(case), a_step(case)])
    found = await ask(database, by=Grouping.STEP)
    assert [(line.group, line.steps[Step(line.group)].count) for line in found.lines] == [("answer", 2), ("approve", 1)]
    narrowed = await ask(database, step=Step.APPROVE)
    assert set(narrowed.total.steps) == {Step.APPROVE}


async def test_hours_of_the_week_are_local_and_know_of_daylight_saving(database: Database):
    """29 March 2026, 01:00 UTC: Rome's clocks go from 02:00 to 03:00."""
    change = datetime(2026, 3, 29, 1, tzinfo=UTC)
    before, after = (a_case(received_at=change + timedelta(minutes=minutes)) for minutes in (-1, 1))
    period = {"since": change - DAY, "until": change + DAY}
    await store(database, [before, after], [a_step(before), a_step(after)])
    rome = await ask(database, by=Grouping.HOUR, settings=ROME, **period)
    assert [line.group for line in rome.lines] == ["7-01", "7-03"]
    assert all(line.received == of(rome, line.group).count == 1 for line in rome.lines)
    kolkata = await ask(database, by=Grouping.HOUR, settings=KOLKATA, **period)
    assert [(line.group, line.received) for line in kolkata.lines] == [("7-06", 2)]


# --- the roll-up ------------------------------------------------------------------------------------------------------


def many(number: int, seed: int, *, since: datetime, until: datetime) -> tuple[list[dict], list[dict]]:
    """Rows as a busy house makes them: lognormal lengths, targets for some, ends all over the period and beyond."""
    source = random.Random(seed)
    cases = [
        a_case(department=department, account=account, network=f"{account}-net")
        for department in ("billing", "product")
        for account in ("acme", "other")
    ]
    steps = []
    for _ in range(number):
        ended = since - DAY + (until - since + 2 * DAY) * source.random()
        seconds = round(source.lognormvariate(6, 2), 6) if source.random() > 0.02 else 0.0
        due = ended + timedelta(seconds=source.uniform(-900, 900)) if source.random() > 0.3 else None
        done = StepOutcome.DONE if source.random() > 0.1 else StepOutcome.CANCELLED
        steps.append(
            a_step(
                source.choice(cases), source.choice([Step.ANSWER, Step.APPROVE]), seconds, ended_at=ended, due_at=due,
                outcome=done, business_seconds=float(int(seconds / 3)),
            )
        )  # fmt: skip
    return cases, steps


PERIODS = {
    "months and edges": (datetime(2026, 1, 20, 10, 17, 3, tzinfo=UTC), datetime(2026, 4, 11, 8, 59, 59, tzinfo=UTC)),
    "whole months": (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)),
    "days in Rome": (datetime(2026, 3, 1, 23, tzinfo=UTC), datetime(2026, 3, 8, 23, tzinfo=UTC)),
    "no whole hour": (datetime(2026, 3, 2, 9, 10, tzinfo=UTC), datetime(2026, 3, 2, 10, 50, tzinfo=UTC)),
}


@pytest.mark.parametrize("period", PERIODS)
async def test_the_roll_up_counts_as_the_rows_do(database: Database, period: str):
    since, until = PERIODS[period]
    cases, steps = many(3_000, 7, since=since, until=until)
    await store(database, cases, steps[:2_500])
    assert await RollingUp(database, TestClock()).roll_up(batch=300) == sum(
        row["outcome"] is StepOutcome.DONE for row in steps[:2_500]
    )
    await store(database, [], steps[2_500:])  # late ones, not rolled up yet
    groupings = (None, Grouping.DEPARTMENT, Grouping.ACCOUNT, Grouping.NETWORK, Grouping.STEP)
    narrower = ({}, {"department": "product"}, {"step": Step.ANSWER, "business": True})
    for by, more in product(groupings, narrower):
        question = {"since": since, "until": until, "by": by, **more}
        exact = await report(database, SETTINGS, method="exact", **question)
        rolled = await report(database, SETTINGS, method="rolled up", **question)
        assert rolled.method == "rolled up"
        assert exact.cycles > (0 if period == "no whole hour" else 20), question
        _agree(exact, rolled)


def _agree(exact: Report, rolled: Report) -> None:
    assert [line.group for line in exact.lines] == [line.group for line in rolled.lines]
    for wanted, got in zip((exact.total, *exact.lines), (rolled.total, *rolled.lines), strict=True):
        assert set(wanted.steps) == set(got.steps)
        for step, figures in wanted.steps.items():
            other = got.steps[step]
            for name in ("count", "mean", "targeted", "met", "within", "open_breaches"):
                assert getattr(figures, name) == getattr(other, name), name
            for name in ("p50", "p90", "p99"):
                assert getattr(other, name) == pytest.approx(getattr(figures, name), rel=0.010_001), name


async def test_rolling_up_again_changes_nothing_and_commits_nothing(database: Database):
    since, until = PERIODS["whole months"]
    await store(database, *many(700, 1, since=since, until=until))
    rolling = RollingUp(database, TestClock())
    assert await rolling.roll_up() > 500
    before = await _cells(database)
    with counted(database) as cost:
        assert await rolling.roll_up() == 0
    assert (cost.commits, cost.writes, cost.count) == (0, 0, 1)
    assert await _cells(database) == before


async def test_a_process_that_dies_while_rolling_up_leaves_nothing_half_done(database: Database):
    since, until = PERIODS["whole months"]
    cases, steps = many(400, 2, since=since, until=until)
    await store(database, cases, steps)
    done = sum(row["outcome"] is StepOutcome.DONE for row in steps)
    writes = 0

    fatal = 0

    def dies(_: object, __: object, statement: str, *___: object) -> None:
        nonlocal writes
        writes += statement.startswith(("INSERT INTO step_rollup", "UPDATE step_clock"))
        if writes == fatal:
            raise ZeroDivisionError

    for number in (1, 2, 3, 4):
        fatal, writes = number, 0
        event.listen(database.engine.sync_engine, "before_cursor_execute", dies)
        with pytest.raises(ZeroDivisionError):
            await RollingUp(database, TestClock()).roll_up(batch=50)
        event.remove(database.engine.sync_engine, "before_cursor_execute", dies)
        assert await _counted_in_cells(database) == 4 * await _marked(database)
    await RollingUp(database, TestClock()).roll_up(batch=50)
    assert await _marked(database) == done
    assert await _counted_in_cells(database) == 4 * done  # hour and month, wall and business


async def test_processes_that_roll_up_at_once_count_each_step_once(database: Database):
    since, until = PERIODS["whole months"]
    cases, steps = many(600, 3, since=since, until=until)
    await store(database, cases, steps)
    first, second = RollingUp(database, TestClock()), RollingUp(database, TestClock())
    async with database.read() as tx:
        assert await tx.rollup.any_waiting()
    if not database.is_sqlite:  # while one is at it the other has nothing to do, and does not wait
        async with database.begin() as tx:
            assert await tx.rollup.claim(limit=10)
            assert await second.roll_up() == 0
    done = sum(row["outcome"] is StepOutcome.DONE for row in steps)
    assert await first.roll_up(batch=40) + await second.roll_up(batch=40) == done
    assert await _counted_in_cells(database) == 4 * done


async def test_a_million_cycles_are_the_border(database: Database, monkeypatch: pytest.MonkeyPatch):
    since, until = PERIODS["whole months"]
    await store(database, *many(300, 4, since=since, until=until))
    question = {"since": since, "until": until}
    monkeypatch.setattr("escalation.reports.MOST_EXACT", 10)
    assert (await report(database, SETTINGS, **question)).method == "rolled up"
    assert (await report(database, SETTINGS, by=Grouping.MEMBER, **question)).method == "exact"
    monkeypatch.setattr("escalation.reports._MOST_WAITING", 10)
    assert (await report(database, SETTINGS, **question)).method == "exact"
    await RollingUp(database, TestClock()).roll_up()
    assert (await report(database, SETTINGS, **question)).method == "rolled up"


async def _cells(database: Database) -> list:
    async with database.read() as tx:
        rows = await (await tx.session.connection()).execute(select(table(StepRollup)))
        return sorted(map(tuple, rows))


async def _counted_in_cells(database: Database) -> int:
    async with database.read() as tx:
        rows = await (await tx.session.connection()).execute(select(func.sum(table(StepRollup).c.cycles)))
        return int(rows.scalar() or 0)


async def _marked(database: Database) -> int:
    clocks = table(StepClock)
    async with database.read() as tx:
        rows = await (await tx.session.connection()).execute(select(func.count(clocks.c.rolled_up_at)))
        return int(rows.scalar() or 0)


# --- what stands behind -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [None, *GROUPS, Grouping.STEP])
async def test_every_figure_leads_to_its_cases(database: Database, by: Grouping | None):
    cases, steps = many(200, 5, since=WEEK["since"], until=WEEK["until"])
    steps += [a_running_step(cases[0], Step.APPROVE, started_at=MONDAY, due_at=MONDAY + DAY)]
    await store(database, cases, steps)
    found = await ask(database, by=by)
    behind = await cases_behind(database, SETTINGS, by=by, **WEEK)
    for line in found.lines or (found.total,):
        own = [row for row in behind if by is None or row.group == line.group]
        if by is not Grouping.STEP:
            assert sum(row.step is None for row in own) == line.received
        for step, figures in line.steps.items():
            lengths = [row.seconds for row in own if row.step is step and row.ended_at is not None]
            assert len(lengths) == figures.count
            assert sum(row.step is step and row.ended_at is None for row in own) == figures.open_breaches
            if len(lengths) > 1:
                hundredths = statistics.quantiles(lengths, n=100, method="inclusive")
                assert (figures.p50, figures.p90, figures.p99) == pytest.approx(
                    (hundredths[49], hundredths[89], hundredths[98]), rel=1e-12
                )
    assert len(await cases_behind(database, SETTINGS, by=by, limit=7, **WEEK)) == 7


# --- how it is asked --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_a_report_may_take_longer_and_all_of_it_sees_the_same_rows(database: Database):
    case = a_case()
    await store(database, [case], [a_step(case)])
    async with database.read_at_length() as tx:
        connection = await tx.session.connection()
        assert (await connection.execute(text("SHOW statement_timeout"))).scalar() == f"{LONG_READ_SECONDS // 60}min"
        count = select(func.count()).select_from(table(StepClock))
        assert (await connection.execute(count)).scalar() == 1
        await store(database, [], [a_step(case)])
        assert (await connection.execute(count)).scalar() == 1
    async with database.read() as tx:
        connection = await tx.session.connection()
        assert (await connection.execute(text("SHOW statement_timeout"))).scalar() == "10s"
        assert (await connection.execute(text("SHOW transaction_isolation"))).scalar() == "read committed"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_writers_do_not_wait_for_a_report(database: Database):
    case = a_case()
    await store(database, [case], [a_step(case)])
    async with database.read_at_length() as tx:
        connection = await tx.session.connection()
        count = select(func.count()).select_from(table(StepClock))
        assert (await connection.execute(count)).scalar() == 1
        async with database.begin() as other:
            await (await other.session.connection()).execute(update(table(StepClock)).values(member="anna"))
        assert (await connection.execute(select(table(StepClock).c.member))).scalar() is None


async def test_a_backward_period_and_an_impossible_roll_up_are_refused(database: Database):
    with pytest.raises(ValueError, match="must begin before it ends"):
        await ask(database, since=MONDAY, until=MONDAY)
    with pytest.raises(ValueError, match="does not tell apart by member"):
        await ask(database, by=Grouping.MEMBER, method="rolled up")


def test_limits_are_those_that_people_know():
    assert WITHIN_SECONDS == (600, 3_600, 14_400, 86_400)


def test_the_usual_period_begins_at_a_local_midnight():
    assert parse_moment("7d", now=MONDAY, timezone="Europe/Rome") == datetime(2026, 2, 22, 23, tzinfo=UTC)
