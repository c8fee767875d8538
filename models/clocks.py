"""Step clocks and durable timers."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel, UniqueConstraint

from models.columns import UtcTime, word_type
from models.vocabulary import Step, StepOutcome, TimerKind, TimerState


class StepClock(SQLModel, table=True):
    """The time one step took, in wall seconds and in business seconds.

    Written once when it starts and once when it ends.

    ``cycle`` counts repetitions of the step in the case (a draft sent back starts ``answer`` again).
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
    )

    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="cases.id")
    step: Step = Field(sa_type=word_type(Step))
    cycle: int
    department: str
    started_at: datetime = Field(sa_type=UtcTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)
    outcome: StepOutcome | None = Field(default=None, sa_type=word_type(StepOutcome))
    wall_seconds: float | None = None
    business_seconds: float | None = None


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
