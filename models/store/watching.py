"""Signs of life of the standing duties, what the auditor remembers, and the database's own clock."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, delete, text, update
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.clocks import Timer
from models.store.many_rows import insert_new
from models.store.statements import insert_or_update
from models.vocabulary import TimerState
from models.watching import KnownFinding, Pulse


class Watching:
    """Statements about pulses and known findings."""

    def __init__(self, session: AsyncSession) -> None:
        """Bind to one transaction."""
        self._session = session

    # --- signs of life ------------------------------------------------------------------------------------------------

    async def beat(self, duties: Mapping[str, datetime], *, process: str) -> None:
        """Note when duties were last done, in one statement; whoever writes last is believed."""
        rows = [{"duty": duty, "at": at, "process": process} for duty, at in sorted(duties.items())]
        await self._execute(insert_or_update(self._session, Pulse), rows)

    async def pulses(self) -> Sequence[Pulse]:
        """Return the newest mark of each duty."""
        return (await self._session.exec(select(Pulse).order_by(col(Pulse.duty)))).all()

    async def next_timer(self) -> datetime | None:
        """Return when the first running timer is or was due; the head of a partial index, however many there are."""
        running: Any = bindparam("running", TimerState.RUNNING, type_=Timer.state.type, literal_execute=True)  # type: ignore[attr-defined]
        query = select(func.min(Timer.due_at)).where(col(Timer.state) == running)
        return (await self._session.exec(query)).one()

    async def server_time(self) -> datetime | None:
        """Return the database server's clock in UTC; ``None`` on SQLite, which has none of its own."""
        connection = await self._session.connection()
        if connection.dialect.name == "sqlite":
            return None
        at: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
        return at.astimezone(UTC)

    # --- what the auditor remembers -----------------------------------------------------------------------------------

    async def standing(self) -> Sequence[KnownFinding]:
        """Return the findings that still stand, accepted ones included, the oldest first."""
        query = select(KnownFinding).where(col(KnownFinding.gone_at).is_(None))
        return (await self._session.exec(query.order_by(col(KnownFinding.found_at), col(KnownFinding.key)))).all()

    async def count_standing(self) -> dict[str, int]:
        """Return how many findings stand that nobody has accepted, by rule."""
        query = (
            select(KnownFinding.rule, func.count())
            .where(col(KnownFinding.gone_at).is_(None), col(KnownFinding.accepted_by).is_(None))
            .group_by(col(KnownFinding.rule))
        )
        return dict((await self._session.exec(query)).all())

    async def find(self, rows: Sequence[Mapping[str, Any]], at: datetime) -> set[str]:
        """Remember what an audit found; return the keys that were not remembered yet."""
        if not rows:
            return set()
        new = await insert_new(self._session, KnownFinding, [{**row, "found_at": at, "seen_at": at} for row in rows])
        seen = update(KnownFinding).where(col(KnownFinding.key).in_([row["key"] for row in rows]))
        await self._execute(seen.values(seen_at=at, gone_at=None))
        return new

    async def gone(self, keys: Collection[str], at: datetime) -> None:
        """Note that an audit did not find these any more."""
        if keys:
            await self._execute(update(KnownFinding).where(col(KnownFinding.key).in_(list(keys))).values(gone_at=at))

    async def forget(self, before: datetime) -> None:
        """Delete findings that were last seen before a moment and stand no more."""
        await self._execute(delete(KnownFinding).where(col(KnownFinding.gone_at) < before))

    async def accept(self, key: str, *, by: str) -> bool:
        """Have a standing finding count no more; ``False`` if there is none of this key."""
        statement = update(KnownFinding).where(col(KnownFinding.key) == key, col(KnownFinding.gone_at).is_(None))
        return bool(await self._execute(statement.values(accepted_by=by)))

    async def _execute(self, statement: Any, rows: Sequence[Mapping[str, Any]] | None = None) -> int:
        return int((await (await self._session.connection()).execute(statement, rows)).rowcount)
