"""Pings, where they are told, and the messages that tell several at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, tuple_, update
from sqlalchemy import select as select_rows
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.case import Case
from models.clocks import StepClock
from models.columns import UtcTime
from models.mention import Author
from models.outbox import Effect
from models.pings import Announcement, Gathering, Ping
from models.store.statements import insert_new, one_of, table
from models.vocabulary import EffectState, GatheringKind


@dataclass(frozen=True)
class Gathered:
    """One ping of a gathering with what is said of its case, and the customer whose case it is."""

    ping: Ping
    case: Case
    clock: StepClock
    author: Author


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
        if rows:
            await (await self._session.connection()).execute(table(Announcement).insert(), list(rows))

    async def gather(self, row: Mapping[str, Any]) -> None:
        """Begin a message that tells several pings."""
        await (await self._session.connection()).execute(table(Gathering).insert(), [dict(row)])

    async def recent(self, channels: Collection[str], since: datetime) -> dict[tuple[str, str], int]:
        """Return how many pings were told since a moment, by channel and policy."""
        values = {"channels": sorted(channels), "since": since}
        rows = await self._session.exec(_recent(), params=values)  # type: ignore[call-overload]
        return {(channel, policy): int(count) for channel, policy, count in rows.all()}

    async def open_gathering(self, channel: str, kind: GatheringKind, subject: str) -> Gathering | None:
        """Return the gathering that has not begun to leave and can take more, locked against leaving."""
        query = (
            select(Gathering)
            .join(Effect, col(Effect.id) == col(Gathering.effect_id))
            .where(col(Gathering.channel) == channel, col(Gathering.kind) == kind, col(Gathering.subject) == subject)
            .where(col(Effect.state) == EffectState.READY)
            .order_by(col(Gathering.began_at).desc())
            .limit(1)
            .with_for_update(of=Effect, skip_locked=True)
        )
        return (await self._session.exec(query)).first()

    async def has_gathering(self, channel: str, kind: GatheringKind, subject: str) -> bool:
        """Tell whether there ever was a gathering of this kind about this subject in a channel."""
        query = select(Gathering.id).where(
            col(Gathering.channel) == channel, col(Gathering.kind) == kind, col(Gathering.subject) == subject
        )
        return (await self._session.exec(query.limit(1))).first() is not None

    async def gathering(self, gathering_id: str) -> tuple[Gathering, Sequence[Gathered]] | None:
        """Return a gathering with its pings, the longest due first."""
        found = await self._session.get(Gathering, gathering_id)
        if found is None:
            return None
        query = (
            select(Ping, Case, StepClock, Author)
            .join(Announcement, col(Announcement.ping_id) == col(Ping.id))
            .join(Case, col(Case.id) == col(Ping.case_id))
            .join(StepClock, col(StepClock.id) == col(Ping.clock_id))
            .join(Author, col(Author.id) == col(Case.author_id))
            .where(col(Announcement.gathering_id) == gathering_id)
            .order_by(col(Ping.due_at), col(Ping.id))
        )
        return found, [Gathered(*row) for row in (await self._session.exec(query)).all()]

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

    async def acknowledge(self, ping_id: str, *, by: str, at: datetime) -> None:
        """Note who has seen a ping first."""
        statement = update(Ping).where(col(Ping.id) == ping_id, col(Ping.acknowledged_by).is_(None))
        await (await self._session.connection()).execute(statement.values(acknowledged_by=by, acknowledged_at=at))
