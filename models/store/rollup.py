"""Keeping the roll-up of ended steps, and adding it up."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, bindparam, cast, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel.ext.asyncio.session import AsyncSession

from models.rollup import StepRollup
from models.store.questions import CLOCKS, Question, not_rolled_up, within
from models.store.statements import table
from models.vocabulary import Grouping, RollupSpan

_CELLS = table(StepRollup)
_KEY = tuple(column.name for column in _CELLS.primary_key.columns)
_SUMS = ("count", "microseconds", "targeted", "met")
_LOCK = 0x726F6C6C  # one process rolls up at a time; any other has nothing to wait for
ROLLED_GROUPS = frozenset({None, Grouping.STEP, Grouping.DEPARTMENT, Grouping.ACCOUNT, Grouping.NETWORK})
"""What the roll-up can tell apart; finer questions are asked of the rows themselves."""


class Rollup:
    """Statements about the roll-up."""

    def __init__(self, session: AsyncSession) -> None:
        """Bind to one transaction."""
        self._session = session
        self._sqlite = session.get_bind().dialect.name == "sqlite"

    async def any_waiting(self) -> bool:
        """Tell whether a step has ended that is not in the roll-up; cheap enough to ask often."""
        query = not_rolled_up(select(literal(1)).select_from(CLOCKS)).limit(1)
        return (await self._run(query)).first() is not None

    async def claim(self, *, limit: int) -> Sequence[Any]:
        """Return steps that are not in the roll-up, the oldest first, for this transaction alone.

        None while another process rolls up, or if there are none.
        """
        if not self._sqlite and not (await self._run(select(func.pg_try_advisory_xact_lock(_LOCK)))).scalar():
            return ()
        query = not_rolled_up(select(CLOCKS)).order_by(CLOCKS.c.ended_at).limit(limit)
        rows: Sequence[Any] = (await self._run(query.with_for_update(skip_locked=True))).all()
        return rows

    async def add(self, cells: Sequence[Mapping[str, Any]]) -> None:
        """Add to cells, and make those that are not there; no two may have the same key."""
        ordered = sorted(cells, key=lambda cell: tuple(cell[name] for name in _KEY))
        if self._sqlite:
            await self._run(_add_rows(), ordered)
        elif ordered:
            await self._run(_add_arrays(), {name: [cell[name] for cell in ordered] for name in (*_KEY, *_SUMS)})

    async def mark(self, ids: Collection[str], now: datetime) -> None:
        """Note that steps are in the roll-up, in the transaction that put them there."""
        await self._run(update(CLOCKS).where(CLOCKS.c.id.in_(list(ids))).values(rolled_up_at=now))

    async def count_waiting(self, question: Question, *, up_to: int) -> int:
        """Return how many cycles of a question are not in the roll-up; counting stops at ``up_to``."""
        rows = not_rolled_up(select(literal(1)).select_from(CLOCKS)).where(*question.ended).limit(up_to).subquery()
        return int((await self._run(select(func.count()).select_from(rows))).scalar() or 0)

    async def sums(self, question: Question, span: RollupSpan, since: datetime, until: datetime) -> Sequence[Any]:
        """Add cells up: group, step, bucket, within, count, microseconds, targeted and met."""
        by = question.by
        group = literal("") if by is None or by is Grouping.STEP else _CELLS.c[by.value]
        keys = (group.label("group"), _CELLS.c.step, _CELLS.c.bucket, _CELLS.c.within)
        query = select(*keys, *(cast(func.sum(_CELLS.c[name]), BigInteger) for name in _SUMS)).where(
            _CELLS.c.kind == question.kind, _CELLS.c.span == span, *within(_CELLS.c.start, since, until)
        )
        if question.department is not None:
            query = query.where(_CELLS.c.department == question.department)
        if question.step is not None:
            query = query.where(_CELLS.c.step == question.step)
        grouped = query.group_by(*(() if by is None or by is Grouping.STEP else (group,)), *keys[1:])
        rows: Sequence[Any] = (await self._run(grouped)).all()
        return rows

    async def _run(self, statement: Any, values: Any = None) -> Any:
        return await (await self._session.connection()).execute(statement, values)


def _summing(into: Any) -> Any:
    added = {name: _CELLS.c[name] + into.excluded[name] for name in _SUMS}
    return into.on_conflict_do_update(index_elements=list(_KEY), set_=added)


@cache
def _add_rows() -> Any:
    return _summing(sqlite.insert(_CELLS))


@cache
def _add_arrays() -> Any:
    """Return the statement that takes one array a column: the same for any number of cells, planned once."""
    names = (*_KEY, *_SUMS)
    arrays = [func.unnest(bindparam(name, type_=postgresql.ARRAY(_CELLS.c[name].type))) for name in names]
    return _summing(postgresql.insert(_CELLS).from_select(list(names), select(*arrays)))
