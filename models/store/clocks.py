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

    async def fired(self, ids: Collection[str], now: datetime) -> None:
        """Mark timers as done."""
        statement = update(Timer).where(col(Timer.id).in_(list(ids))).values(state=TimerState.FIRED, fired_at=now)
        await (await self._session.connection()).execute(statement)

    async def cancel(self, case_id: str, kinds: Collection[TimerKind]) -> None:
        """Cancel a case's running timers of some kinds."""
        statement = update(Timer).where(
            col(Timer.case_id) == case_id, col(Timer.kind).in_(list(kinds)), col(Timer.state) == TimerState.RUNNING
        )
        await (await self._session.connection()).execute(statement.values(state=TimerState.CANCELLED))

    async def next_cycle(self, case_id: str, kind: TimerKind) -> int:
        """Return the cycle of a case's next timer of this kind."""
        query = select(func.coalesce(func.max(Timer.cycle), 0)).where(
            col(Timer.case_id) == case_id, col(Timer.kind) == kind
        )
        return int((await self._session.exec(query)).one()) + 1
