"""How far each account has been read."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.outbox import Cursor
from models.store.statements import insert_or_ignore


class Polling:
    """Statements about cursors."""

    def __init__(self, session: AsyncSession) -> None:
        """Bind to one transaction."""
        self._session = session

    async def claim_due(
        self, accounts: Collection[str], *, now: datetime, lease_until: datetime, token: str
    ) -> Sequence[Cursor]:
        """Take the accounts whose next poll is due and that no other process is polling."""
        connection = await self._session.connection()
        if accounts:
            rows = [{"account": account, "next_at": now} for account in accounts]
            await connection.execute(insert_or_ignore(self._session, Cursor), rows)
        query = (
            select(Cursor)
            .where(
                col(Cursor.account).in_(list(accounts)),
                col(Cursor.next_at) <= now,
                or_(col(Cursor.lease_until).is_(None), col(Cursor.lease_until) < now),
            )
            .with_for_update(skip_locked=True)
        )
        due = (await self._session.exec(query)).all()
        if due:
            names = [cursor.account for cursor in due]
            await connection.execute(
                update(Cursor).where(col(Cursor.account).in_(names)).values(lease_until=lease_until, token=token)
            )
        return due

    async def any_due(self, accounts: Collection[str], *, now: datetime) -> bool:
        """Tell whether a poll is due; cheap enough to ask every second."""
        known = (await self._session.exec(select(Cursor).where(col(Cursor.account).in_(list(accounts))))).all()
        waiting = {c.account for c in known if c.next_at > now or (c.lease_until is not None and c.lease_until >= now)}
        return not set(accounts) <= waiting

    async def advance(
        self,
        account: str,
        *,
        token: str,
        position: str | None,
        next_at: datetime,
        polled_at: datetime,
        problem: str | None,
        keep_lease: bool = False,
    ) -> bool:
        """Record how far a poll came; ``False`` if the lease was lost meanwhile.

        ``keep_lease``: the same poll goes on.
        """
        statement = update(Cursor).where(col(Cursor.account) == account, col(Cursor.token) == token)
        values: dict[str, Any] = {"next_at": next_at, "polled_at": polled_at, "problem": problem}
        if not keep_lease:
            values |= {"lease_until": None, "token": None}
        if position is not None:
            values["position"] = position
        return bool((await (await self._session.connection()).execute(statement.values(**values))).rowcount)

    async def all(self) -> Sequence[Cursor]:
        """Return every cursor."""
        return (await self._session.exec(select(Cursor))).all()
