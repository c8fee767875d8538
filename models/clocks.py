"""Step clocks and durable timers, and the calendars that clocks were begun under."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel, UniqueConstraint

from models.columns import Json, UtcTime, word_type
from models.vocabulary import Step, StepOutcome, TimerKind, TimerState


class StepClock(SQLModel, table=True):
    """The time one step took, in wall seconds and in business seconds.

    Written once when it starts and once when it ends; in between only its deadline moves.

    ``cycle`` counts repetitions of the step in the case (a draft sent back starts ``answer`` again). ``account``,
    ``network``, ``route`` and ``language`` are those of the case when the clock started; when the case is passed on,
    what runs for the customer goes along, with ``department`` and ``route``. ``member`` is who owes the step, and once
    it has ended who did it. ``calendar`` is the version of the calendar that it counts in, ``target_seconds`` what was
    promised in that calendar. The deadline is part of the row, so that beginning and ending it costs nothing:
    ``next_at`` is when the next rung of its ladder is due (``None``: nothing more to come, or the clock stands still),
    ``rungs_passed`` how many have been. ``acknowledged_rung``: somebody has seen the ping of that rung, so it is not
    repeated. ``paused_seconds`` are business seconds, those of the pause that runs not included.
    ``rolled_up_at``: when it was counted into the roll-up, see ``models.rollup``.
    """

    __tablename__ = "step_clock"
    __table_args__ = (
        UniqueConstraint("case_id", "step", "cycle"),
        Index(
            "step_clock_running",
            "case_id",
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
        Index(
            "step_clock_next",
            "next_at",
            postgresql_where=text("next_at IS NOT NULL"),
            sqlite_where=text("next_at IS NOT NULL"),
        ),
        Index(
            "step_clock_overdue",
            "due_at",
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
        # What a report reads of a department's rows stands in the index itself, so that no row is fetched for it.
        Index(
            "step_clock_done",
            "department",
            "ended_at",
            "step",
            "wall_seconds",
            "business_seconds",
            "due_at",
            postgresql_where=text("outcome = 'done'"),
            sqlite_where=text("outcome = 'done'"),
        ),
        Index(
            "step_clock_ended",
            "ended_at",
            postgresql_where=text("ended_at IS NOT NULL"),
            sqlite_where=text("ended_at IS NOT NULL"),
        ),
        Index(
            "step_clock_late",
            "ended_at",
            "due_at",
            "started_at",
            "department",
            "step",
            postgresql_where=text("ended_at > due_at"),
            sqlite_where=text("ended_at > due_at"),
        ),
        Index(
            "step_clock_not_rolled_up",
            "rolled_up_at",  # always the same, and for SQLite's planner one reason more to take this index
            "ended_at",
            postgresql_where=text("outcome = 'done' AND rolled_up_at IS NULL"),
            sqlite_where=text("outcome = 'done' AND rolled_up_at IS NULL"),
        ),
    )

    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="cases.id")
    step: Step = Field(sa_type=word_type(Step))
    cycle: int
    department: str
    account: str
    network: str
    route: str | None = None
    language: str | None = None
    member: str | None = None
    started_at: datetime = Field(sa_type=UtcTime)
    calendar: str | None = None
    target_seconds: int | None = None
    due_at: datetime | None = Field(default=None, sa_type=UtcTime)
    next_at: datetime | None = Field(default=None, sa_type=UtcTime)
    rungs_passed: int = 0
    acknowledged_rung: int | None = None
    muted_by: str | None = None
    paused_at: datetime | None = Field(default=None, sa_type=UtcTime)
    paused_seconds: int = 0
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)
    outcome: StepOutcome | None = Field(default=None, sa_type=word_type(StepOutcome))
    wall_seconds: float | None = None
    business_seconds: float | None = None
    rolled_up_at: datetime | None = Field(default=None, sa_type=UtcTime)


class CalendarSnapshot(SQLModel, table=True):
    """A calendar as it stood when clocks began under it; a new holiday law never changes a clock that runs."""

    __tablename__ = "calendar_snapshot"

    version: str = Field(primary_key=True)
    definition: dict[str, Any] = Field(sa_type=Json)
    first_used_at: datetime = Field(sa_type=UtcTime)


class Timer(SQLModel, table=True):
    """A command that time itself will give; ``cycle`` tells repeated timers of one kind apart."""

    __tablename__ = "timer"
    __table_args__ = (
        UniqueConstraint("case_id", "kind", "cycle"),
        Index(
            "timer_due", "due_at", postgresql_where=text("state = 'running'"), sqlite_where=text("state = 'running'")
        ),
    )

    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="cases.id")
    kind: TimerKind = Field(sa_type=word_type(TimerKind))
    cycle: int
    due_at: datetime = Field(sa_type=UtcTime)
    state: TimerState = Field(default=TimerState.RUNNING, sa_type=word_type(TimerState))
    fired_at: datetime | None = Field(default=None, sa_type=UtcTime)
