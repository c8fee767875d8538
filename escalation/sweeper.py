"""Turns due timers and due rungs of ladders into commands, in any number of processes at once.

What is due is claimed, decided and marked in one transaction: a process that dies in it has done nothing.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import structlog

from escalation import commands as c
from escalation.called import duty_at
from escalation.desk import Desk, Order
from escalation.freezing import frozen_accounts
from escalation.language import say
from models.store import Transaction
from models.vocabulary import TimerKind

_COMMANDS: dict[TimerKind, c.Command] = {
    TimerKind.WAKE: c.Wake(),
    TimerKind.CLOSE: c.QuietPeriodPassed(),
}
_BATCH: Final = 200
_TOGETHER: Final = 3
"""So many bites of what is due at once are told at a time."""
UNTELLABLE: Final = timedelta(hours=1)
"""How long a clock waits whose account left the configuration."""

log = structlog.get_logger(__name__)


class Sweeper:
    """Wakes cases whose time has come, and tells what became due."""

    def __init__(self, desk: Desk) -> None:
        """Keep the desk."""
        self._desk = desk

    async def sweep(self) -> int:
        """Do everything that is due; return how many timers fired and how many cases had something to tell."""
        fired = await self._timers() + await self._rungs()
        if fired:
            self._desk.committed()
        return fired

    async def _timers(self) -> int:
        """Fire every due timer. One whose case has moved on is marked and changes nothing."""
        fired = 0
        while True:
            now = self._desk.clock.now()
            async with self._desk.storage.read() as tx:
                if not await tx.clocks.due_cases(now, limit=1):
                    return fired
            async with self._desk.storage.begin() as tx:
                await tx.cases.hold(await tx.clocks.due_cases(now, limit=_BATCH))
                timers = await tx.clocks.due(now, limit=_BATCH)
                if not timers:
                    return fired
                await self._desk.run(tx, [Order(timer.case_id, _COMMANDS[timer.kind]) for timer in timers])
                await tx.clocks.fired([timer.id for timer in timers], now)
            fired += len(timers)

    async def _rungs(self) -> int:
        """Tell every due rung, as the cases stand in the transaction that tells it.

        What is more than one bite is told by several at once: one decides while the database writes for the others.
        """
        first = await self._bite()
        if first < _BATCH:
            return first + (await self._bites() if first else 0)
        told = await asyncio.gather(*[self._bites() for _ in range(_TOGETHER)], return_exceptions=True)
        for failure in told:
            if isinstance(failure, BaseException):
                raise failure
        return first + sum(done for done in told if isinstance(done, int))

    async def _bites(self) -> int:
        told = 0
        while done := await self._bite():
            told += done
        return told

    async def _bite(self) -> int:
        """Tell what at most one transaction tells; return for how many cases."""
        async with self._desk.storage.read() as tx:
            if not await tx.clocks.any_rung_due(self._desk.clock.now()):
                return 0
        told: int = await self._desk.storage.retrying(self._tell)
        return told

    async def _tell(self) -> int:
        now = self._desk.clock.now()
        async with self._desk.storage.begin() as tx:
            accounts = await tx.clocks.cases_with_rungs_due(now, limit=_BATCH)
            if not accounts:
                return 0
            standstills, duty = await self._standstills(tx), await duty_at(tx, self._desk.rulebook.settings, now)
            orders = [
                Order(case_id, c.TargetsDue(standstills.get(account), duty))
                for case_id, account in sorted(accounts.items())
            ]
            outcomes = await self._desk.run(tx, orders)
            refused = [outcome.case_id for outcome in outcomes if outcome.refusal is not None]
            waiting = await tx.clocks.postpone(refused, now=now, until=now + UNTELLABLE) if refused else 0
        if waiting:
            log.warning("targets not told", clocks=waiting)
        return sum(outcome.decision is not None for outcome in outcomes) + waiting

    async def _standstills(self, tx: Transaction) -> Mapping[str, c.Standstill]:
        """Return the accounts for which nothing leaves, and why."""
        rulebook = self._desk.rulebook
        found: dict[str, c.Standstill] = {}
        for pace in await tx.outbox.held_accounts():
            account = pace.key.removeprefix("account:")
            if pace.problem is not None and pace.problem_since is not None and account != pace.key:
                why = say("{account} refuses our token", account=account)
                found[account] = c.Standstill(why, pace.problem_since)
        freezes = await tx.freezes.all()
        for account, member in frozen_accounts(freezes, rulebook.settings).items():
            since = min(freeze.at for freeze in freezes if freeze.member == member)
            found[account] = c.Standstill(
                say("{account} is frozen by {who}", account=account, who=rulebook.name(member)), since
            )
        return found
