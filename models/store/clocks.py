"""Durable timers, the deadlines of step clocks, and the calendars they count in."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Integer, Select, bindparam, literal, update
from sqlalchemy import select as select_rows
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.case import Case
from models.clocks import CalendarSnapshot, StepClock, Timer
from models.columns import UtcTime
from models.store.statements import insert_or_ignore, one_of, table
from models.vocabulary import OPEN_STATES, TimerKind, TimerState


@cache
def _rungs_due() -> Select[Any]:
    """Return the SELECT of cases with a clock whose next rung is due at ``:now``, locked unless others hold them.

    The clock is locked too, so that one which was moved while this waited is looked at again and left out.
    """
    clocks, cases = table(StepClock).c, table(Case).c
    due = select_rows(cases.id, cases.account).join_from(table(StepClock), table(Case), cases.id == clocks.case_id)
    due = due.where(clocks.next_at.is_not(None), clocks.next_at <= bindparam("now", type_=UtcTime()))
    due = due.order_by(clocks.next_at).limit(bindparam("room", type_=Integer()))
    return due.with_for_update(of=(table(Case), table(StepClock)), skip_locked=True, key_share=True)


@cache
def _any_rung_due() -> Select[Any]:
    clocks = table(StepClock).c
    due = select_rows(literal(1)).where(
        clocks.next_at.is_not(None), clocks.next_at <= bindparam("now", type_=UtcTime())
    )
    return due.limit(1)


@cache
def _postpone() -> Any:
    clocks = table(StepClock)
    due = (clocks.c.next_at.is_not(None), clocks.c.next_at <= bindparam("_now", type_=UtcTime()))
    return update(clocks).where(one_of(clocks.c.case_id, "ids"), *due).values(next_at=bindparam("_until"))


class Clocks:
    """Statements about timers and the deadlines of step clocks."""

    def __init__(self, session: AsyncSession) -> None:
        """Bind to one transaction."""
        self._session = session
        self._fresh_calendars: set[str] = set()

    # --- deadlines ----------------------------------------------------------------------------------------------------

    async def any_rung_due(self, now: datetime) -> bool:
        """Tell whether any running clock has something to tell; for reading transactions."""
        return (await self._session.exec(_any_rung_due(), params={"now": now})).first() is not None  # type: ignore[call-overload]

    async def cases_with_rungs_due(self, now: datetime, *, limit: int) -> dict[str, str]:
        """Lock the cases whose clocks have something to tell, at most ``limit`` clocks' worth; return their accounts.

        Cases that another process holds are left out: it tells what they have to tell, or is about to end the clock.
        """
        rows = await self._session.exec(_rungs_due(), params={"now": now, "room": limit})  # type: ignore[call-overload]
        return {str(row.id): str(row.account) for row in rows.all()}

    async def postpone(self, case_ids: Collection[str], *, now: datetime, until: datetime) -> int:
        """Let clocks wait that have something to tell and cannot, as their account left the configuration; count them.

        It may be none: who waits for a lock is given clocks that others have let wait meanwhile.
        """
        values = {"ids": sorted(case_ids), "_now": now, "_until": until}
        return int((await (await self._session.connection()).execute(_postpone(), values)).rowcount)

    async def oldest_rung_due(self) -> datetime | None:
        """Return the moment of the next rung of all clocks; the sweep is late by as much as it is past."""
        query = select(func.min(StepClock.next_at)).where(col(StepClock.next_at).is_not(None))
        return (await self._session.exec(query)).one()

    async def cases_to_recompute(self, *, department: str | None = None) -> Sequence[str]:
        """Return the open cases with running clocks, oldest first."""
        query = (
            select(Case.id)
            .where(col(Case.state).in_(list(OPEN_STATES)), col(StepClock.ended_at).is_(None))
            .join(StepClock, col(StepClock.case_id) == col(Case.id))
        )
        if department is not None:
            query = query.where(col(Case.department) == department)
        return (await self._session.exec(query.distinct().order_by(col(Case.id)))).all()

    # --- calendars ----------------------------------------------------------------------------------------------------

    async def calendars(self, versions: Collection[str]) -> Sequence[CalendarSnapshot]:
        """Return calendars as they were."""
        query = select(CalendarSnapshot).where(col(CalendarSnapshot.version).in_(sorted(versions)))
        return (await self._session.exec(query)).all()

    async def keep_calendars(
        self, definitions: Mapping[str, Mapping[str, Any]], *, known: set[str], now: datetime
    ) -> None:
        """Keep calendars by version; ``known`` remembers over transactions what is surely kept, and is added to."""
        wanted = definitions.keys() - known - self._fresh_calendars
        if not wanted:
            return
        known.update(snapshot.version for snapshot in await self.calendars(wanted))
        rows = [
            {"version": version, "definition": dict(definitions[version]), "first_used_at": now}
            for version in sorted(wanted - known)
        ]
        if rows:
            await (await self._session.connection()).execute(insert_or_ignore(self._session, CalendarSnapshot), rows)
            self._fresh_calendars |= wanted - known  # known only when they are committed

    # --- timers -------------------------------------------------------------------------------------------------------

    async def due_cases(self, now: datetime, *, limit: int) -> Sequence[str]:
        """Return the cases of due timers; not locked."""
        query = select(Timer.case_id).where(col(Timer.state) == TimerState.RUNNING, col(Timer.due_at) <= now)
        return (await self._session.exec(query.order_by(col(Timer.due_at)).limit(limit))).all()

    async def oldest_timer_due(self) -> datetime | None:
        """Return the moment of the next running timer of all cases."""
        query = select(func.min(Timer.due_at)).where(col(Timer.state) == TimerState.RUNNING)
        return (await self._session.exec(query)).one()

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
