"""A wall clock that is set back must not put the worker to sleep."""

import asyncio
from datetime import datetime, timedelta

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bots.clock import SystemClock
from bots.stepping import wake_after_steps


class SteppedClock(SystemClock):
    """The machine's clock, which somebody sets by ``by`` while we sleep for the first time."""

    def __init__(self, by: timedelta) -> None:
        self._by = by
        self._slept = 0

    def now(self) -> datetime:
        return super().now() + (self._by if self._slept else timedelta(0))

    async def sleep(self, seconds: float) -> None:
        self._slept += 1
        await super().sleep(0)


@pytest.mark.parametrize("hours", [-1, -24])
async def test_a_job_that_a_clock_set_back_has_put_off_runs_at_once(hours: int):
    ran = asyncio.Event()

    async def work() -> None:
        ran.set()

    scheduler = AsyncIOScheduler(timezone="UTC", job_defaults={"misfire_grace_time": None})
    scheduler.add_job(work, "interval", hours=5)
    scheduler.start()
    stepping = asyncio.create_task(wake_after_steps(scheduler, SteppedClock(timedelta(hours=hours))))
    async with asyncio.timeout(30):
        await ran.wait()
    stepping.cancel()
    scheduler.shutdown()


async def test_a_clock_that_nobody_sets_wakes_nobody():
    scheduler = AsyncIOScheduler(timezone="UTC")
    job = scheduler.add_job(lambda: None, "interval", hours=5)
    scheduler.start()
    planned = job.next_run_time
    clock = SteppedClock(timedelta(seconds=0.1))
    stepping = asyncio.create_task(wake_after_steps(scheduler, clock))
    while clock._slept < 50:  # noqa: ASYNC110 - the clock counts, and tells nobody
        await asyncio.sleep(0)
    assert job.next_run_time == planned
    stepping.cancel()
    scheduler.shutdown()
