"""Which digests were sent, and which customer has waited longest."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import or_, select
from sqlmodel import func
from sqlmodel.ext.asyncio.session import AsyncSession

from models.case import Case
from models.digests import DigestRun
from models.mention import Mention
from models.store.statements import insert_or_ignore, table
from models.vocabulary import CaseState, DigestKind

_UNANSWERED = (
    CaseState.WAITING_ANSWER,
    CaseState.SNOOZED,
    CaseState.IN_REVIEW,
    CaseState.RELAYING,
    CaseState.NEEDS_CHECK,
)


@dataclass(frozen=True)
class Waiting:
    """A case whose customer waits, and the time (UTC) of the oldest message that has had no reply."""

    case_id: str
    department: str
    snoozed: bool
    since: datetime


@cache
def _newest() -> Any:
    run = table(DigestRun).c
    return select(run.kind, func.max(run.local_date)).group_by(run.kind)


@cache
def _longest_waiting() -> Any:
    case, mention = table(Case).c, table(Mention).c
    unanswered = or_(case.answered_at.is_(None), mention.posted_at > case.answered_at)
    since = func.min(mention.posted_at)
    query = select(case.id, case.department, case.state, since).join_from(
        table(Case), table(Mention), mention.case_id == case.id
    )
    query = query.where(case.state.in_(_UNANSWERED), mention.deleted_at.is_(None), unanswered)
    return query.group_by(case.id, case.department, case.state).order_by(since, case.id).limit(1)


class Digests:
    """Statements about digests."""

    def __init__(self, session: AsyncSession) -> None:
        """Bind to one transaction."""
        self._session = session

    async def newest(self) -> dict[DigestKind, date]:
        """Return the newest local day of each kind that is done with; kinds that were never seen are left out."""
        rows = await (await self._session.connection()).execute(_newest())
        return {kind: day for kind, day in rows}  # noqa: C416 - a row is no pair to the type checker

    async def record(self, kind: DigestKind, local_date: date, *, effect_id: str | None, at: datetime) -> bool:
        """Say that a digest is done with; ``False`` if another process said so first, or of a newer one."""
        newest = (await self.newest()).get(kind)
        if newest is not None and newest >= local_date:
            return False
        statement = insert_or_ignore(self._session, DigestRun).returning(table(DigestRun).c.kind)
        row = {"kind": kind, "local_date": local_date, "effect_id": effect_id, "at": at}
        new = await (await self._session.connection()).execute(statement, [row])
        return new.first() is not None

    async def longest_waiting(self) -> Waiting | None:
        """Return the open case whose customer has waited longest for a reply, ``None`` where nobody waits."""
        found = (await (await self._session.connection()).execute(_longest_waiting())).first()
        if found is None:
            return None
        case_id, department, state, since = tuple[Any, ...](found)
        return Waiting(case_id, department, state is CaseState.SNOOZED, since)
