"""What people changed about who is on call, and the members of Slack user groups."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, insert, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.columns import UtcTime
from models.on_call import DutyGroup, DutyOverride
from models.store.statements import insert_or_ignore, table


@cache
def _standing() -> Any:
    now = bindparam("now", type_=UtcTime)
    in_force = or_(col(DutyOverride.cancelled_at).is_(None), col(DutyOverride.cancelled_at) > now)
    query = select(DutyOverride).where(col(DutyOverride.until) > now, in_force)
    return query.order_by(col(DutyOverride.made_at), col(DutyOverride.id))


@cache
def _groups() -> Any:
    return select(DutyGroup).order_by(col(DutyGroup.slack_group))


class OnCall:
    """Statements about who is on call."""

    def __init__(self, session: AsyncSession) -> None:
        """Bind to one transaction."""
        self._session = session

    async def standing(self, now: datetime) -> Sequence[DutyOverride]:
        """Return the changes that hold at ``now`` or later, in the order in which they were made.

        Asked about the past, it leaves out what was cancelled before that moment only.
        """
        found: Sequence[DutyOverride] = (await self._session.exec(_standing(), params={"now": now})).all()
        return found

    async def groups(self) -> Sequence[DutyGroup]:
        """Return every Slack user group that was ever read."""
        found: Sequence[DutyGroup] = (await self._session.exec(_groups())).all()
        return found

    async def ending_with(self, id_: str, *, limit: int = 2) -> Sequence[DutyOverride]:
        """Return changes by their id, or by the end of it."""
        query = select(DutyOverride).where(col(DutyOverride.id).endswith(id_, autoescape=True))
        return (await self._session.exec(query.order_by(col(DutyOverride.id)).limit(limit))).all()

    async def add(self, change: DutyOverride) -> None:
        """Keep a new change."""
        target = table(DutyOverride)
        row = {column.name: getattr(change, column.name) for column in target.columns}
        await (await self._session.connection()).execute(insert(target), [row])

    async def cancel(self, id_: str, *, by: str, at: datetime) -> bool:
        """End a change now; ``False`` if it was cancelled before."""
        statement = (
            update(DutyOverride)
            .where(col(DutyOverride.id) == id_, col(DutyOverride.cancelled_at).is_(None))
            .values(cancelled_by=by, cancelled_at=at)
        )
        return bool((await (await self._session.connection()).execute(statement)).rowcount)

    async def remember_group(self, slack_group: str, members: Sequence[str], at: datetime) -> None:
        """Keep who is in a Slack user group; a reading older than the one that is kept changes nothing."""
        row = {"slack_group": slack_group, "members": list(members), "read_at": at}
        connection = await self._session.connection()
        await connection.execute(insert_or_ignore(self._session, DutyGroup), [row])
        newer = (
            update(DutyGroup)
            .where(col(DutyGroup.slack_group) == slack_group, col(DutyGroup.read_at) < at)
            .values(members=list(members), read_at=at)
        )
        await connection.execute(newer)
