"""Signs of life: what a worker leaves behind, what it costs, and what whoever asks is told."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import pytest

from bots.worker import Worker
from escalation import commands as c
from escalation.auditor import Auditor
from escalation.group_reading import GroupReader
from escalation.inbox import Inbox
from escalation.polling import Poller
from escalation.rolling_up import RollingUp
from escalation.watching import AUDIT, BEAT_EVERY, FIRST_AUDIT_AFTER, SWEEP, Limits, Vitals, Watch, clock_skew, vitals
from models.watching import Pulse
from tests.budget.counting import counted
from tests.clock import TestClock
from tests.house import House
from tests.scenarios.steps import do, quiet
from tests.watch.planting import PLANTS, done

LIMITS = Limits(sweep=timedelta(seconds=60), audit_every=timedelta(minutes=15))


def watch_of(house: House, *, process: str = "host:1:a", heartbeat: Callable[[Vitals], Awaitable[None]] | None = None):
    auditor = Auditor(house.desk)
    return Watch(house.database, house.clock, auditor, limits=LIMITS, process=process, heartbeat=heartbeat)


def worker_of(house: House) -> Worker:
    inbox = Inbox(house.database, house.clock)
    return Worker(
        couriers={},
        sweeper=house.sweeper,
        poller=Poller(house.desk),
        inbox=inbox,
        groups=GroupReader(house.desk, {}),
        handlers={},
        watch=watch_of(house),
        rolling_up=RollingUp(house.database, house.clock),
    )


async def seen(house: House) -> Vitals:
    async with house.database.read() as tx:
        return await vitals(tx, limits=LIMITS, now=house.clock.now())


async def pulses(house: House) -> Sequence[Pulse]:
    async with house.database.read() as tx:
        return await tx.watching.pulses()


async def test_a_minute_of_idle_work_costs_four_commits_for_marks_and_nothing_else(house: House):
    await done(house)
    worker = worker_of(house)
    duties = [worker._guarded(name, work) for name, work in (("sweep", house.sweeper.sweep), ("poll", _nothing))]
    with counted(house.database) as cost:
        for _ in range(60):
            for duty in duties:
                await duty()
            house.clock.forward(seconds=1)
    assert cost.commits == cost.writes == 60 / BEAT_EVERY.total_seconds() == 4
    assert {pulse.duty for pulse in await pulses(house)} == {"sweep", "poll"}


async def _nothing() -> None: ...


async def test_a_sweep_that_fails_leaves_no_mark(house: House):
    async def failing() -> None:
        raise ValueError("a defect")

    worker = worker_of(house)
    await worker._guarded("sweep", failing)()
    assert await pulses(house) == []
    await worker._guarded("sweep", house.sweeper.sweep)()
    assert [(pulse.duty, pulse.process) for pulse in await pulses(house)] == [("sweep", "host:1:a")]


async def test_a_sweep_is_late_after_a_minute_and_says_how_old_it_is(house: House):
    assert (await seen(house)).late == [SWEEP]
    watch = watch_of(house)
    await watch.beat(SWEEP)
    house.clock.forward(seconds=60)
    assert (await seen(house)).late == []
    house.clock.forward(seconds=1)
    found = await seen(house)
    assert found.late == [SWEEP]
    assert (found.mark(SWEEP).age_seconds, found.mark(SWEEP).process) == (61, "host:1:a")
    await watch_of(house, process="host:2:b").beat(SWEEP)
    found = await seen(house)
    assert (found.late, found.mark(SWEEP).process) == ([], "host:2:b")


async def test_a_mark_from_the_future_is_no_sign_of_life(house: House):
    house.clock.forward(hours=5)
    await watch_of(house).beat(SWEEP)
    house.clock.forward(hours=-5)
    assert (await seen(house)).late == [SWEEP]
    await watch_of(house, process="host:2:b").beat(SWEEP)
    assert (await seen(house)).late == []


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(hours=-1)])
async def test_a_clock_that_is_put_forward_or_back_does_not_silence_the_marks(house: House, step: timedelta):
    watch = watch_of(house)
    await watch.beat(SWEEP)
    house.clock.at += step
    await watch.beat(SWEEP)
    [pulse] = await pulses(house)
    assert pulse.at == house.clock.now()


async def test_how_late_the_oldest_timer_is_is_told(house: House):
    case_id = await house.arrive()
    await quiet(house)
    assert (await seen(house)).timer_lag_seconds == 0
    await do(house, case_id, c.Snooze(house.clock.now() + timedelta(minutes=5)), actor="anna")
    house.clock.forward(minutes=4)
    assert (await seen(house)).timer_lag_seconds == 0
    house.clock.forward(minutes=3)
    assert (await seen(house)).timer_lag_seconds == 120
    await house.sweeper.sweep()
    assert (await seen(house)).timer_lag_seconds == 0


async def test_a_round_audits_two_minutes_after_the_start_and_then_every_quarter_of_an_hour(house: House):
    await PLANTS["deliveries_finished"][0](house)
    watch = watch_of(house)
    await watch.beat(SWEEP)
    await watch.round()
    assert (await seen(house)).findings == 0
    house.clock.forward(seconds=FIRST_AUDIT_AFTER)
    await watch.round()
    assert (await seen(house)).findings == 1
    first = (await seen(house)).mark(AUDIT).at
    assert first == house.clock.now()
    house.clock.forward(minutes=14)
    await watch.round()
    house.clock.forward(minutes=1)
    await watch.round()
    await watch.beat(SWEEP)
    assert (await seen(house)).mark(AUDIT).at == first + timedelta(minutes=15)


async def test_an_auditor_that_was_switched_off_is_late(house: House):
    watch = watch_of(house)
    await watch.beat(AUDIT)
    house.clock.forward(minutes=33)
    await watch.beat(SWEEP)
    found = await seen(house)
    assert found.late == [AUDIT]
    assert not found.well


async def test_the_heartbeat_is_told_that_all_is_well_only_while_it_is(house: House):
    told: list[bool] = []

    async def heartbeat(found: Vitals) -> None:
        told.append(found.well)

    watch = watch_of(house, heartbeat=heartbeat)

    async def after(seconds: float, *, sweeping: bool = True) -> list[bool]:
        until = house.clock.now() + timedelta(seconds=seconds)
        while house.clock.now() < until:
            house.clock.forward(seconds=min(15, (until - house.clock.now()).total_seconds()))
            if sweeping:
                await watch.beat(SWEEP)
        told.clear()
        await watch.round()
        return list(told)

    await watch.beat(SWEEP)
    assert await after(0) == [False]  # nothing was audited yet
    assert await after(30) == []  # once a minute
    assert await after(FIRST_AUDIT_AFTER) == [False]  # this round audits, after its heartbeat
    assert await after(60) == [True]
    assert await after(61, sweeping=False) == [False]
    assert await after(60) == [True]
    await PLANTS["deliveries_finished"][0](house)
    await after(15 * 60)
    assert await after(60) == [False]  # the auditor complains
    async with house.database.begin() as tx:
        [finding] = await tx.watching.standing()
        await tx.watching.accept(finding.key, by="marta")
    assert await after(60) == [True]


async def test_the_clock_is_compared_with_the_servers(house: House):
    house.clock.monotonic = None  # nothing here may measure by it
    async with house.database.read() as tx:
        theirs = await tx.watching.server_time()
        if house.database.is_sqlite:
            assert theirs is None
            assert await clock_skew(tx, house.clock) is None
            return
        house.clock.at = theirs + timedelta(seconds=90)
        skew = await clock_skew(tx, house.clock)
    assert timedelta(seconds=80) < skew <= timedelta(seconds=90)


async def test_looking_costs_four_statements_and_no_commit(house: House, clock: TestClock):
    await done(house)
    with counted(house.database) as cost:
        await seen(house)
    assert (cost.commits, cost.count) == (0, 4)
    assert clock is house.clock
