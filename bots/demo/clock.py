"""The one clock of the demo, which can be moved forward: bot, workspace and network all live by it."""

import asyncio
import contextlib
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bots.clock import SystemClock

PATIENCE_SECONDS: Final = 10.0
"""A wait up to this long is somebody's patience with a machine (an answer within 3 s) and passes in real time."""
SATURDAY: Final = 5
MORNING: Final = time(9)
LATE_MORNING: Final = time(10)


class BackwardsError(ValueError):
    """A moment that lies in the past: time in the demo only goes forward."""


class DemoClock:
    """The machine's time and as much more as people have jumped.

    Longer waits end when a jump passes their end, so that what waits for the night to pass wakes in the morning.
    """

    def __init__(self, *, ahead: timedelta = timedelta(0)) -> None:
        """Start this much ahead of the machine."""
        self._machine = SystemClock()
        self._ahead = self._promised = ahead
        self._jumped = asyncio.Event()

    @property
    def ahead(self) -> timedelta:
        """Return how far this clock is ahead of the machine's."""
        return self._ahead

    @property
    def promised(self) -> timedelta:
        """Return how far ahead this clock is, or will be after a jump that was promised."""
        return max(self._ahead, self._promised)

    def now(self) -> datetime:
        """Return the demo's present as an aware UTC datetime."""
        return self._machine.now() + self._ahead

    def monotonic(self) -> float:
        """Return seconds of the machine: jumps do not count as time that something took."""
        return self._machine.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait until ``seconds`` have passed on this clock."""
        if seconds <= PATIENCE_SECONDS:
            await self._machine.sleep(seconds)
            return
        due = self.now() + timedelta(seconds=seconds)
        while (left := (due - self.now()).total_seconds()) > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._jumped.wait(), left)

    def promise(self, by: timedelta) -> None:
        """Announce a jump, so that it can be written down before anybody lives by it."""
        self._promised = self._ahead + by

    def move(self, by: timedelta) -> None:
        """Jump forward. Raises ``BackwardsError``."""
        if by < timedelta(0):
            raise BackwardsError("time in the demo only goes forward")
        self._ahead += by
        passed, self._jumped = self._jumped, asyncio.Event()
        passed.set()

    def move_to(self, moment: datetime) -> None:
        """Jump to a moment. Raises ``BackwardsError``."""
        self.move(moment - self.now())


def next_morning(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the next nine o'clock in a zone, as UTC; at nine sharp that of tomorrow."""
    return _next(now, zone, MORNING)


def next_saturday(now: datetime, zone: ZoneInfo) -> datetime:
    """Return ten o'clock of the next Saturday in a zone, as UTC; on a Saturday after ten that of next week."""
    return _next(now, zone, LATE_MORNING, weekday=SATURDAY)


def _next(now: datetime, zone: ZoneInfo, at: time, *, weekday: int | None = None) -> datetime:
    day = now.astimezone(zone).date()
    while True:
        moment = datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
        if moment > now and weekday in {None, day.weekday()}:
            return moment
        day += timedelta(days=1)
