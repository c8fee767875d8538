"""Turns due timers into commands, in any number of processes at once.

A timer is claimed, decided and marked in one transaction.
"""

from escalation import commands as c
from escalation.desk import Desk, Order
from models.vocabulary import TimerKind

_COMMANDS: dict[TimerKind, c.Command] = {
    TimerKind.WAKE: c.Wake(),
    TimerKind.CLOSE: c.QuietPeriodPassed(),
}
_BATCH = 200


class Sweeper:
    """Wakes cases whose time has come."""

    def __init__(self, desk: Desk) -> None:
        """Keep the desk."""
        self._desk = desk

    async def sweep(self) -> int:
        """Fire every due timer; return how many. A timer whose case has moved on is marked and changes nothing."""
        fired = 0
        while True:
            now = self._desk.clock.now()
            async with self._desk.storage.read() as tx:
                if not await tx.clocks.due_cases(now, limit=1):
                    break
            async with self._desk.storage.begin() as tx:
                await tx.cases.hold(await tx.clocks.due_cases(now, limit=_BATCH))
                timers = await tx.clocks.due(now, limit=_BATCH)
                if not timers:
                    break
                await self._desk.run(tx, [Order(timer.case_id, _COMMANDS[timer.kind]) for timer in timers])
                await tx.clocks.fired([timer.id for timer in timers], now)
            fired += len(timers)
        if fired:
            self._desk.committed()
        return fired
