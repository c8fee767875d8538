"""What time it is in a sandbox: given by whoever builds it, the machine's otherwise.

Everything there that waits or stamps asks a Clock, so that a test can hold time still and a demo can move it.
"""

import asyncio
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The time of one sandbox."""

    def now(self) -> datetime:
        """Return the present as an aware datetime in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Return when ``now`` has moved on by that much and not before: deadlines are raced against it."""


class WallClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Return the machine's time in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the one place where the sandboxes read the machine's clock

    async def sleep(self, seconds: float) -> None:
        """Wait on the event loop."""
        await asyncio.sleep(seconds)
