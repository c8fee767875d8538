"""Pings, and where they are told."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, tuple_, update
from sqlalchemy import select as select_rows
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.columns import UtcTime
from models.pings import Announcement, Ping
from models.store.many_rows import insert_all, insert_new
from models.store.statements import one_of, table


@cache
def _recent() -> Select[Any]:
    told = table(Announcement).c
    since = told.at > bindparam("since", type_=UtcTime())
    count = select_rows(told.channel, told.policy, func.count()).where(one_of(told.channel, "channels"), since)
    return count.group_by(told.channel, told.policy)


class Pings:
    """Statements about pings."""

    def __init__(self, session: AsyncSession) -> None:
        """Bind to one transaction."""
        self._session = session

    async def put(self, rows: Sequence[Mapping[str, Any]]) -> set[str]:
        """Write pings down; return the ids of those that had not been written before, by clock, rung and repetition."""
        new: set[str] = await insert_new(self._session, Ping, rows)
        return new

    async def tell(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write down where pings are told."""
        await insert_all(self._session, Announcement, rows)

    async def recent(self, channels: Collection[str], since: datetime) -> dict[tuple[str, str], int]:
        """Return how many pings were told since a moment, by channel and policy."""
        values = {"channels": sorted(channels), "since": since}
        rows = await self._session.exec(_recent(), params=values)  # type: ignore[call-overload]
        return {(channel, policy): int(count) for channel, policy, count in rows.all()}

    async def by_rung(self, keys: Collection[tuple[str, int, int]]) -> dict[tuple[str, int, int], Ping]:
        """Return pings by clock, rung and repetition."""
        if not keys:
            return {}
        key = tuple_(col(Ping.clock_id), col(Ping.rung), col(Ping.repeat))
        found = (await self._session.exec(select(Ping).where(key.in_(sorted(keys))))).all()
        return {(ping.clock_id, ping.rung, ping.repeat): ping for ping in found}

    async def of_case(self, case_id: str) -> Sequence[Ping]:
        """Return the pings of a case, oldest first."""
        query = select(Ping).where(col(Ping.case_id) == case_id).order_by(col(Ping.at), col(Ping.due_at), col(Ping.id))
        return (await self._session.exec(query)).all()

    async def channels_of(self, ping_ids: Collection[str]) -> dict[str, list[str]]:
        """Return where pings were told, by ping."""
        query = select(Announcement.ping_id, Announcement.channel).where(
            col(Announcement.ping_id).in_(sorted(ping_ids))
        )
        found: dict[str, list[str]] = {}
        for ping_id, channel in (await self._session.exec(query)).all():
            found.setdefault(ping_id, []).append(channel)
        return found

    async def told(self, case_id: str, channel: str) -> bool:
        """Tell whether anything of a case was ever told in a channel."""
        query = select(Announcement.id).join(Ping, col(Ping.id) == col(Announcement.ping_id))
        query = query.where(col(Ping.case_id) == case_id, col(Announcement.channel) == channel)
        return (await self._session.exec(query.limit(1))).first() is not None

    async def acknowledge(self, ping_id: str, *, by: str, at: datetime) -> None:
        """Note who has seen a ping first."""
        statement = update(Ping).where(col(Ping.id) == ping_id, col(Ping.acknowledged_by).is_(None))
        await (await self._session.connection()).execute(statement.values(acknowledged_by=by, acknowledged_at=at))
