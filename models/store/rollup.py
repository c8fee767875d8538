"""Keeping the roll-up of ended steps, and adding it up."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Select, String, any_, bindparam, cast, column, func, literal, select, update
from sqlalchemy import table as plain_table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel.ext.asyncio.session import AsyncSession

from models.columns import UtcTime
from models.rollup import StepRollup
from models.store.questions import CLOCKS, NOT_ROLLED_UP, Question, within
from models.store.statements import table
from models.vocabulary import Grouping, RollupSpan, Step, TimeKind

_CELLS = table(StepRollup)
_LOCK = 0x726F6C6C  # one process rolls up at a time; any other has nothing to wait for
_OLDEST = (CLOCKS.c.rolled_up_at, CLOCKS.c.ended_at)  # the order of the index, so that no planner reads anything else
ROLLED_GROUPS = frozenset({None, Grouping.STEP, Grouping.DEPARTMENT, Grouping.ACCOUNT, Grouping.NETWORK})
"""What the roll-up can tell apart; finer questions are asked of the rows themselves."""


class CellKey(NamedTuple):
    """Which cell of the roll-up, as ``models.rollup.StepRollup`` has it."""

    kind: TimeKind
    span: RollupSpan
    start: datetime
    department: str
    step: Step
    account: str
    network: str
    bucket: int
    within: int


class CellSums(NamedTuple):
    """What a cell counts: cycles of the step, their microseconds, those with a target, those that met it."""

    cycles: int
    microseconds: int
    targeted: int
    met: int


class EndedStep(NamedTuple):
    """A step that is to be rolled up."""

    id: str
    department: str
    step: Step
    account: str
    network: str
    due_at: datetime | None
    ended_at: datetime
    wall_seconds: float
    business_seconds: float


_COLUMNS = (*CellKey._fields, *CellSums._fields)
_NUMBERS = {"start", "bucket", "within", *CellSums._fields}
_PLAIN = plain_table(_CELLS.name, *(column(name, BigInteger() if name in _NUMBERS else String()) for name in _COLUMNS))
"""The roll-up with the values that the driver takes: converting each of many thousands costs more than storing it."""


class Rollup:
    """Statements about the roll-up."""

    def __init__(self, session: AsyncSession) -> None:
        """Bind to one transaction."""
        self._session = session
        self._sqlite = session.get_bind().dialect.name == "sqlite"

    async def any_waiting(self) -> bool:
        """Tell whether a step has ended that is not in the roll-up; cheap enough to ask often."""
        query = select(literal(1)).select_from(CLOCKS).where(NOT_ROLLED_UP).order_by(*_OLDEST).limit(1)
        return (await self._run(query)).first() is not None

    async def claim(self, *, limit: int) -> list[EndedStep]:
        """Return steps that are not in the roll-up, the oldest first, for this transaction alone.

        None while another process rolls up, or if there are none.
        """
        if not self._sqlite and not (await self._run(select(func.pg_try_advisory_xact_lock(_LOCK)))).scalar():
            return []
        return [EndedStep(*row) for row in await self._run(_waiting(), {"most": limit})]

    async def add(self, cells: Mapping[CellKey, CellSums]) -> None:
        """Add to cells, and make those that are not there."""
        starts = {key.start for key in cells}
        dialect = self._session.get_bind().dialect
        moments = {start: UtcTime().process_bind_param(start, dialect) for start in starts}
        rows = sorted(
            (key.kind.value, key.span.value, moments[key.start], key.department, key.step.value, *key[5:], *sums)
            for key, sums in cells.items()
        )
        if not rows:
            return
        connection = await self._session.connection()
        if self._sqlite:
            await connection.exec_driver_sql(_adding_rows(), rows)
        else:
            await connection.execute(
                _adding_arrays(), dict(zip(_COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
            )

    async def mark(self, ids: Collection[str], now: datetime) -> None:
        """Note that steps are in the roll-up, in the transaction that put them there."""
        connection = await self._session.connection()
        if self._sqlite:
            await connection.execute(_marking_row(), [{"key": key, "at": now} for key in ids])
        else:
            await connection.execute(_marking_array(), {"keys": list(ids), "at": now})

    async def count_waiting(self, question: Question, *, up_to: int) -> int:
        """Return how many cycles of a question are not in the roll-up; counting stops at ``up_to``."""
        rows = select(literal(1)).select_from(CLOCKS).where(*question.fresh).limit(up_to).subquery()
        return int((await self._run(select(func.count()).select_from(rows))).scalar() or 0)

    async def sums(self, question: Question, span: RollupSpan, since: datetime, until: datetime) -> Sequence[Any]:
        """Add cells up: group, step, bucket, within, cycles, microseconds, targeted and met."""
        by = question.by
        group = literal("") if by is None or by is Grouping.STEP else _CELLS.c[by.value]
        keys = (group.label("group"), _CELLS.c.step, _CELLS.c.bucket, _CELLS.c.within)
        query = select(*keys, *(cast(func.sum(_CELLS.c[name]), BigInteger) for name in CellSums._fields)).where(
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


@cache
def _waiting() -> Select[Any]:
    query = select(*(CLOCKS.c[name] for name in EndedStep._fields)).where(NOT_ROLLED_UP).order_by(*_OLDEST)
    return query.limit(bindparam("most")).with_for_update(skip_locked=True)


def _summing(into: Any) -> Any:
    added = {name: _PLAIN.c[name] + into.excluded[name] for name in CellSums._fields}
    return into.on_conflict_do_update(index_elements=list(CellKey._fields), set_=added)


@cache
def _adding_rows() -> str:
    """Return SQLite's statement for rows whose values stand in the order of ``_COLUMNS``."""
    values: dict[str, Any] = {name: bindparam(name) for name in _COLUMNS}
    return str(_summing(sqlite.insert(_PLAIN).values(values)).compile(dialect=sqlite.dialect(paramstyle="qmark")))


@cache
def _adding_arrays() -> Any:
    """Return PostgreSQL's statement, which takes one array a column: one plan for any number of cells."""
    arrays = [func.unnest(bindparam(name, type_=postgresql.ARRAY(_PLAIN.c[name].type))) for name in _COLUMNS]
    return _summing(postgresql.insert(_PLAIN).from_select(list(_COLUMNS), select(*arrays)))


@cache
def _marking_row() -> Any:
    return update(CLOCKS).where(CLOCKS.c.id == bindparam("key")).values(rolled_up_at=bindparam("at"))


@cache
def _marking_array() -> Any:
    keys = bindparam("keys", type_=postgresql.ARRAY(String))
    return update(CLOCKS).where(CLOCKS.c.id == any_(keys)).values(rolled_up_at=bindparam("at"))
