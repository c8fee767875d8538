"""What is frozen."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import delete, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.outbox import Freeze
from models.store.statements import insert_or_ignore, table

_SWITCH = 0x66726565
"""PostgreSQL's advisory lock between claiming and freezing; on SQLite one writer waits for the other anyhow."""


@cache
def _all() -> Any:
    return select(Freeze).order_by(col(Freeze.at))


class Freezes:
    """Statements about freezes."""

    def __init__(self, session: AsyncSession) -> None:
        """Bind to one transaction."""
        self._session = session

    async def all(self) -> Sequence[Freeze]:
        """Return every standing freeze."""
        found: Sequence[Freeze] = (await self._session.exec(_all())).all()
        return found

    async def heed(self) -> Sequence[Freeze]:
        """Return every standing freeze, and have whoever sets another one wait until this transaction has ended.

        So what a freeze does not hold is leased by the time it stands, and can be counted.
        """
        await self._lock(func.pg_advisory_xact_lock_shared(_SWITCH))
        return await self.all()

    async def set(self, scope: str, *, member: str, at: datetime) -> bool:
        """Freeze a scope, once all that claim have done so; ``False`` if it is frozen already."""
        await self._lock(func.pg_advisory_xact_lock(_SWITCH))
        statement = insert_or_ignore(self._session, Freeze).returning(table(Freeze).c.scope)
        row = {"scope": scope, "member": member, "at": at}
        new = await (await self._session.connection()).execute(statement, [row])
        return new.first() is not None

    async def lift(self, scope: str) -> bool:
        """Release a scope; ``False`` if it was not frozen."""
        statement = delete(Freeze).where(col(Freeze.scope) == scope)
        return bool((await (await self._session.connection()).execute(statement)).rowcount)

    async def _lock(self, asked: Any) -> None:
        connection = await self._session.connection()
        if connection.dialect.name == "postgresql":
            await connection.execute(select(asked))
