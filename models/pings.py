"""What step clocks had to tell, to whom it was told, and the messages that tell several at once."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel, UniqueConstraint

from models.columns import Json, UtcTime, word_type
from models.vocabulary import GatheringKind, PingFate, PingKind, Step


class Ping(SQLModel, table=True):
    """One rung of one clock's ladder whose time had come; the key makes it exactly one, whichever process dies.

    ``due_at`` is when its time had come, ``at`` when that was noticed. ``rung`` counts the policy's ladder from 0,
    ``repeat`` the repetitions of that rung from 0. ``why``: who or what silenced it, as a sentence.
    """

    __tablename__ = "ping"
    __table_args__ = (UniqueConstraint("clock_id", "rung", "repeat"), Index("ping_case", "case_id"))

    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="cases.id")
    clock_id: str = Field(foreign_key="step_clock.id")
    step: Step = Field(sa_type=word_type(Step))
    rung: int
    repeat: int = 0
    kind: PingKind = Field(sa_type=word_type(PingKind))
    percent: int
    policy: str
    due_at: datetime = Field(sa_type=UtcTime)
    at: datetime = Field(sa_type=UtcTime)
    fate: PingFate = Field(sa_type=word_type(PingFate))
    why: dict[str, Any] | None = Field(default=None, sa_type=Json)
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcTime)


class Announcement(SQLModel, table=True):
    """That one ping is told in one channel: by a card of its own, or in a gathering."""

    __tablename__ = "announcement"
    __table_args__ = (
        UniqueConstraint("ping_id", "channel"),
        Index("announcement_recent", "channel", "policy", "at"),
        Index("announcement_gathering", "gathering_id"),
    )

    id: str = Field(primary_key=True)
    ping_id: str = Field(foreign_key="ping.id")
    channel: str
    policy: str
    at: datetime = Field(sa_type=UtcTime)
    gathering_id: str | None = Field(default=None, foreign_key="gathering.id")


class Gathering(SQLModel, table=True):
    """One message in one channel about many pings. ``subject``: the policy, the account, or nothing for an outage."""

    __tablename__ = "gathering"
    __table_args__ = (Index("gathering_channel", "channel", "kind", "subject"),)

    id: str = Field(primary_key=True)
    channel: str
    kind: GatheringKind = Field(sa_type=word_type(GatheringKind))
    subject: str
    began_at: datetime = Field(sa_type=UtcTime)
    effect_id: str = Field(foreign_key="effect.id")
    why: dict[str, Any] | None = Field(default=None, sa_type=Json)
