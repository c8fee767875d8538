"""Deliveries from outside, stored once however often they arrive."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, update
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.mention import EarlyChange, Inbound
from models.store.many_rows import insert_new
from models.store.statements import insert_or_ignore


class Intake:
    """Statements about inbound deliveries."""

    def __init__(self, session: AsyncSession) -> None:
        """Bind to one transaction."""
        self._session = session

    async def store(self, rows: Sequence[dict[str, Any]]) -> set[str]:
        """Store deliveries in one statement; return the keys that were new."""
        return await insert_new(self._session, Inbound, rows)

    async def handled(self, keys: Collection[str], at: datetime) -> int:
        """Mark deliveries as done; return how many were not done before."""
        statement = (
            update(Inbound)
            .where(col(Inbound.key).in_(list(keys)), col(Inbound.handled_at).is_(None))
            .values(handled_at=at, problem=None)
        )
        return int((await (await self._session.connection()).execute(statement)).rowcount)

    async def unhandled(
        self, *, received_before: datetime, now: datetime, sources: Collection[str], most_attempts: int, limit: int = 50
    ) -> Sequence[Inbound]:
        """Return deliveries of some sources that were stored but not finished nor given up, locked, oldest first."""
        query = (
            select(Inbound)
            .where(
                col(Inbound.handled_at).is_(None),
                col(Inbound.source).in_(list(sources)),
                col(Inbound.attempts) < most_attempts,
                col(Inbound.received_at) <= received_before,
                or_(col(Inbound.next_at).is_(None), col(Inbound.next_at) <= now),
            )
            .order_by(col(Inbound.received_at))
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return (await self._session.exec(query)).all()

    async def failed(self, key: str, *, attempts: int, next_at: datetime, problem: str) -> None:
        """Note that handling a delivery failed, and when to try again."""
        statement = (
            update(Inbound).where(col(Inbound.key) == key).values(attempts=attempts, next_at=next_at, problem=problem)
        )
        await (await self._session.connection()).execute(statement)

    async def count_unhandled(self) -> int:
        """Return how many deliveries wait."""
        return int(
            (
                await self._session.exec(
                    select(func.count()).select_from(Inbound).where(col(Inbound.handled_at).is_(None))
                )
            ).one()
        )

    async def keep_early(self, rows: Sequence[dict[str, Any]]) -> None:
        """Keep changes of posts that have not arrived yet; a later edit replaces an earlier one."""
        connection = await self._session.connection()
        for row in rows:
            known = update(EarlyChange).where(
                col(EarlyChange.account) == row["account"],
                col(EarlyChange.external_id) == row["external_id"],
                col(EarlyChange.is_deletion) == row["is_deletion"],
                col(EarlyChange.at) <= row["at"],
            )
            await connection.execute(known.values(text=row["text"], at=row["at"]))
            await connection.execute(insert_or_ignore(self._session, EarlyChange), [row])

    async def take_early(self, account: str, external_ids: Collection[str]) -> Sequence[EarlyChange]:
        """Return and forget changes that arrived before these posts."""
        where = (col(EarlyChange.account) == account, col(EarlyChange.external_id).in_(list(external_ids)))
        found = (await self._session.exec(select(EarlyChange).where(*where))).all()
        if found:
            await (await self._session.connection()).execute(delete(EarlyChange).where(*where))
        return found
