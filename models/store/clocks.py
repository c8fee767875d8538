"""Durable timers."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import update
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.clocks import Timer
from models.vocabulary import TimerKind, TimerState


class Clocks:
    """Statements about timers."""

    def __init__(self, session: AsyncSession) -> None:
        """Bind to one transaction."""
        self._session = session

    async def due_cases(self, now: datetime, *, limit: int) -> Sequence[str]:
        """Return the cases of due timers; not locked."""
        query = select(Timer.case_id).where(col(Timer.state) == TimerState.RUNNING, col(Timer.due_at) <= now)
        return (await self._session.exec(query.order_by(col(Timer.due_at)).limit(limit))).all()

    async def due(self, now: datetime, *, limit: int = 200) -> Sequence[Timer]:
        """Return timers that are due, locked; those that another process holds are left out."""
        query = select(Timer).where(col(Timer.state) == TimerState.RUNNING, col(Timer.due_at) <= now)
        return (
            await self._session.exec(query.order_by(col(Timer.due_at)).limit(limit).with_for_update(skip_locked=True))
        ).all()

    async def pending(self, case_id: str) -> Sequence[Timer]:
        """Return the timers of a case that are still to come, the next one first."""
        query = select(Timer).where(col(Timer.case_id) == case_id, col(Timer.state) == TimerState.RUNNING)
        return (await self._session.exec(query.order_by(col(Timer.due_at), col(Timer.id)))).all()

    async def fired(self, ids: Collection[str], now: datetime) -> None:
        """Mark timers as done."""
        statement = update(Timer).where(col(Timer.id).in_(list(ids))).values(state=TimerState.FIRED, fired_at=now)
        await (await self._session.connection()).execute(statement)

    async def cancel(self, case_ids: Collection[str], kinds: Collection[TimerKind]) -> None:
        """Cancel the running timers of some kinds that some cases have."""
        statement = update(Timer).where(
            col(Timer.case_id).in_(list(case_ids)),
            col(Timer.kind).in_(list(kinds)),
            col(Timer.state) == TimerState.RUNNING,
        )
        await (await self._session.connection()).execute(statement.values(state=TimerState.CANCELLED))

    async def last_cycles(self, case_ids: Collection[str]) -> dict[tuple[str, TimerKind], int]:
        """Return the highest cycle that some cases' timers have reached, by case and kind, where there are any."""
        query = (
            select(Timer.case_id, Timer.kind, func.max(Timer.cycle))
            .where(col(Timer.case_id).in_(list(case_ids)))
            .group_by(col(Timer.case_id), col(Timer.kind))
        )
        return {(case_id, TimerKind(kind)): int(cycle) for case_id, kind, cycle in await self._session.exec(query)}
