"""A wall clock that is set while we run. APScheduler plans by it: set back by an hour it wakes nobody for as long."""

from typing import Final

import structlog
from apscheduler.schedulers.base import BaseScheduler

from escalation.ports import Clock

LOOK_SECONDS: Final = 1.0
_STEP_SECONDS: Final = 0.5
"""What a clock that is only slewed never makes up between two looks."""

log = structlog.get_logger(__name__)


async def wake_after_steps(scheduler: BaseScheduler, clock: Clock) -> None:
    """Have every job run at once when the wall clock has been set, either way; until cancelled.

    ``clock`` must be the machine's: it is by that that the scheduler plans.
    """
    before = _difference(clock)
    while True:
        await clock.sleep(LOOK_SECONDS)
        now = _difference(clock)
        if abs(now - before) > _STEP_SECONDS:
            log.warning("the wall clock was set", by_seconds=round(now - before))
            for job in scheduler.get_jobs():
                job.modify(next_run_time=clock.now())
        before = now


def _difference(clock: Clock) -> float:
    """Return how far the wall clock is ahead of the clock that nobody sets (s)."""
    return clock.now().timestamp() - clock.monotonic()
