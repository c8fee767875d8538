"""What is frozen."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.outbox import Freeze
from models.store.statements import insert_or_ignore, table


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

    async def set(self, scope: str, *, member: str, at: datetime) -> bool:
        """Freeze a scope; ``False`` if it is frozen already."""
        statement = insert_or_ignore(self._session, Freeze).returning(table(Freeze).c.scope)
        row = {"scope": scope, "member": member, "at": at}
        new = await (await self._session.connection()).execute(statement, [row])
        return new.first() is not None

    async def lift(self, scope: str) -> bool:
        """Release a scope; ``False`` if it was not frozen."""
        statement = delete(Freeze).where(col(Freeze.scope) == scope)
        return bool((await (await self._session.connection()).execute(statement)).rowcount)
