"""What time it is in the workspace.

Everything here that waits or stamps asks a Clock, so that a test can hold time still.
"""

import asyncio
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The time of one workspace.

    `now` answers an aware datetime in UTC. `sleep` returns when `now` has moved on by that many seconds and not before:
    acknowledgement deadlines are raced against it.
    """

    def now(self) -> datetime:
        """Answer the present as an aware datetime in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return once `seconds` have passed on this clock."""
        ...


class WallClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Answer the machine's time in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the one place where the sandbox reads the machine's clock

    async def sleep(self, seconds: float) -> None:
        """Sleep on the event loop."""
        await asyncio.sleep(seconds)
