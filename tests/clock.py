"""Time in tests: it stands still until a test moves it."""

import asyncio
from datetime import UTC, datetime, timedelta

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class TestClock:
    """A clock moved by hand. ``sleep`` moves it too, and lets others run."""

    __test__ = False

    def __init__(self, at: datetime = MONDAY) -> None:
        self.at = at
        self._start = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - self._start).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        await asyncio.sleep(0)

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)
