"""What a report asks, and the expressions by which its statements group and filter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, String, case, cast, func, literal, or_, text, type_coerce

from models.case import Case
from models.clocks import StepClock
from models.columns import UtcTime
from models.store.statements import table
from models.vocabulary import Grouping, Step, TimeKind

HOURS_A_WEEK: Final = 168
_MONDAY: Final = 72  # 1 January 1970 was a Thursday: so many hours after a Monday
_DONE: Final = text("step_clock.outcome = 'done'")  # as in the partial indexes
_LATE: Final = text("step_clock.ended_at > step_clock.due_at")
NOT_ROLLED_UP: Final = text("step_clock.outcome = 'done' AND step_clock.rolled_up_at IS NULL")
CLOCKS, CASES = table(StepClock), table(Case)


@dataclass(frozen=True)
class Question:
    """Which steps a report is about: those that ended as done from ``since`` (included) to ``until`` (excluded).

    ``limits``: seconds whose share of steps is counted. ``offsets``: how many seconds local time is ahead of UTC, from
    which moment on, oldest first; needed by hours of the week. ``only``: of
    the rows behind the figures those of these groups; a group of ``None`` is where nothing is known.
    """

    since: datetime
    until: datetime
    by: Grouping | None = None
    department: str | None = None
    step: Step | None = None
    kind: TimeKind = TimeKind.WALL
    limits: tuple[int, ...] = ()
    offsets: tuple[tuple[datetime, int], ...] = ()
    only: tuple[str | int | None, ...] = ()

    @property
    def microseconds(self) -> ColumnElement[int]:
        """Return how long a step took, as a whole number, so that both databases add and sort alike."""
        seconds = CLOCKS.c.wall_seconds if self.kind is TimeKind.WALL else CLOCKS.c.business_seconds
        return cast(func.round(seconds * 1_000_000), BigInteger)

    @property
    def step_group(self) -> ColumnElement[Any]:
        """Return what the lines have in common, of a step."""
        if self.by is None or self.by is Grouping.STEP:
            return literal("")
        if self.by is Grouping.HOUR:
            return _hour_of_week(CLOCKS.c.started_at, self.offsets)
        return CLOCKS.c[self.by.value]

    @property
    def case_group(self) -> ColumnElement[Any]:
        """Return what the lines have in common, of a case."""
        match self.by:
            case None | Grouping.STEP:
                return literal("")
            case Grouping.HOUR:
                return _hour_of_week(CASES.c.received_at, self.offsets)
            case Grouping.MEMBER:
                return CASES.c.owner
            case Grouping.ROUTE:
                return func.coalesce(*(cast(CASES.c.route[key].as_string(), String) for key in ("route", "by")))
            case _:
                return CASES.c[self.by.value]

    @property
    def about(self) -> list[ColumnElement[bool]]:
        """Return the conditions on a step that do not speak of time."""
        found = [CLOCKS.c.department == self.department] if self.department is not None else []
        return found + ([CLOCKS.c.step == self.step] if self.step is not None else [])

    @property
    def ended(self) -> list[Any]:
        """Return the conditions on a step that was done in the period."""
        return [_DONE, *within(CLOCKS.c.ended_at, self.since, self.until), *self.about]

    @property
    def fresh(self) -> list[Any]:
        """Return the conditions on a step that was done in the period and is not in the roll-up yet.

        The department is put so that no index finds it: SQLite would rather take that one, and read years of steps.
        """
        found: list[Any] = [NOT_ROLLED_UP, *within(CLOCKS.c.ended_at, self.since, self.until)]
        if self.department is not None:
            found.append(CLOCKS.c.department.concat("") == self.department)
        return found + ([CLOCKS.c.step == self.step] if self.step is not None else [])

    @property
    def overdue(self) -> tuple[list[Any], list[Any]]:
        """Return the conditions on a step that ran past its due time at the end of the period.

        One that still does, or one that ended later, whatever came of it: each by an index that holds no other.
        """
        at = self.until
        due = [CLOCKS.c.due_at < at, CLOCKS.c.started_at < at, *self.about]
        return [CLOCKS.c.ended_at.is_(None), *due], [_LATE, CLOCKS.c.ended_at >= at, *due]

    @property
    def received(self) -> list[Any]:
        """Return the conditions on a case that was received in the period."""
        found = list(within(CASES.c.received_at, self.since, self.until))
        return found + ([CASES.c.department == self.department] if self.department is not None else [])


def one_of_groups(group: ColumnElement[Any], wanted: Sequence[str | int | None]) -> list[ColumnElement[bool]]:
    """Return the condition that a row is in one of some groups; none where all are wanted."""
    named = [name for name in wanted if name is not None]
    conditions = ([group.in_(named)] if named else []) + ([group.is_(None)] if None in wanted else [])
    return [or_(*conditions)] if conditions else []


def within(column: ColumnElement[Any], since: datetime, until: datetime) -> Sequence[ColumnElement[bool]]:
    """Return the conditions that a moment is in a period, its end excluded."""
    return column >= since, column < until


def _hour_of_week(moment: ColumnElement[Any], offsets: Sequence[tuple[datetime, int]]) -> ColumnElement[int]:
    """Return 0 for the hour after Monday's midnight to 167 for the one before it, in local time."""
    if not offsets:
        raise ValueError("an hour of the week needs the time zone's offsets")
    first, *later = offsets
    ahead: Any = literal(first[1])
    if later:
        changes = [(moment >= type_coerce(literal(at, UtcTime), UtcTime), seconds) for at, seconds in reversed(later)]
        ahead = case(*changes, else_=first[1])
    local = type_coerce(moment, BigInteger) // 1_000_000 + ahead
    hour: ColumnElement[int] = (local // 3_600 + _MONDAY) % HOURS_A_WEEK
    return hour
