"""Intended acts outside, the tries made at them, and what paces them."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field, SQLModel, UniqueConstraint

from models.columns import Json, UtcTime, word_type
from models.vocabulary import AttemptVerdict, CardKind, EffectKind, EffectState

# The statements in models.store.outbox repeat this condition word for word; SQLite would not use the index otherwise.
_DUE = "state IN ('ready', 'sending', 'unknown')"


class Effect(SQLModel, table=True):
    """One intended act outside; ``id`` is also the idempotency key that the outside world is given.

    ``lane`` orders effects: one leaves only when every one of its lane with a smaller ``sequence`` is settled
    (``None``: no order); a parked message to chat holds up nobody, a parked part of a reply holds up the next one.
    ``pace`` names the channel or account whose rate limits it shares. ``priority``: smaller goes first.
    ``token`` fences: a result is recorded only by the holder of the lease that sent it.
    """

    __tablename__ = "effect"
    __table_args__ = (
        UniqueConstraint("review_id", "part"),
        Index("effect_due", "not_before", postgresql_where=text(_DUE), sqlite_where=text(_DUE)),
        Index(
            "effect_lane",
            "lane",
            "sequence",
            postgresql_where=text("lane IS NOT NULL"),
            sqlite_where=text("lane IS NOT NULL"),
        ),
        Index(
            "effect_waiting_card",
            "card_id",
            unique=True,
            postgresql_where=text("state = 'ready' AND card_id IS NOT NULL AND kind IN ('card', 'approval', 'ping')"),
            sqlite_where=text("state = 'ready' AND card_id IS NOT NULL AND kind IN ('card', 'approval', 'ping')"),
        ),
        Index("effect_case", "case_id"),
        Index(
            "effect_external",
            "target",
            "external_id",
            postgresql_where=text("external_id IS NOT NULL"),
            sqlite_where=text("external_id IS NOT NULL"),
        ),
    )

    id: str = Field(primary_key=True)
    case_id: str | None = Field(default=None, foreign_key="cases.id")
    kind: EffectKind = Field(sa_type=word_type(EffectKind))
    target: str
    pace: str
    lane: str | None = None
    sequence: int = Field(default=0, sa_type=BigInteger)
    priority: int = 5
    payload: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    card_id: str | None = Field(default=None, foreign_key="card.id")
    review_id: str | None = Field(default=None, foreign_key="review.id")
    draft_id: str | None = Field(default=None, foreign_key="draft.id")
    part: int = 0
    state: EffectState = Field(default=EffectState.READY, sa_type=word_type(EffectState))
    not_before: datetime = Field(sa_type=UtcTime)
    token: str | None = None
    lease_until: datetime | None = Field(default=None, sa_type=UtcTime)
    attempts: int = 0
    unknown_since: datetime | None = Field(default=None, sa_type=UtcTime)
    absences: int = 0
    external_id: str | None = None
    url: str | None = None
    reason: str | None = None
    created_at: datetime = Field(sa_type=UtcTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcTime)


class Attempt(SQLModel, table=True):
    """One try at an effect; the row is committed before the bytes leave.

    Append-only and not fenced: a late answer is evidence.
    """

    __tablename__ = "attempt"
    __table_args__ = (UniqueConstraint("effect_id", "number"),)

    id: str = Field(primary_key=True)
    effect_id: str = Field(foreign_key="effect.id")
    number: int
    token: str
    started_at: datetime = Field(sa_type=UtcTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)
    verdict: AttemptVerdict | None = Field(default=None, sa_type=word_type(AttemptVerdict))
    reason: str | None = None
    external_id: str | None = None


class Card(SQLModel, table=True):
    """Which chat message shows which case (and, for an approval, which draft).

    One live message each, edited in place. A line shares its message with others, and the message is the gathering's:
    ``message_id`` stays empty.
    """

    __tablename__ = "card"
    __table_args__ = (
        UniqueConstraint("case_id", "channel", "kind", "subject"),
        Index("card_message", "channel", "message_id"),
    )

    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="cases.id")
    kind: CardKind = Field(sa_type=word_type(CardKind))
    channel: str
    department: str | None = None
    subject: str = ""
    message_id: str | None = None
    shown_version: int = 0
    created_at: datetime = Field(sa_type=UtcTime)


class Pace(SQLModel, table=True):
    """The brake that all processes share for one chat channel or one network account.

    ``next_at`` is the theoretical arrival time of the generic cell rate algorithm; ``blocked_until`` is what the
    other side
    asked for; ``problem`` holds everything back until a person has mended the account.
    """

    __tablename__ = "pace"

    key: str = Field(primary_key=True)
    next_at: datetime | None = Field(default=None, sa_type=UtcTime)
    blocked_until: datetime | None = Field(default=None, sa_type=UtcTime)
    problem: str | None = None
    problem_since: datetime | None = Field(default=None, sa_type=UtcTime)


class Cursor(SQLModel, table=True):
    """How far an account has been read; one process polls it at a time, by lease."""

    __tablename__ = "cursor"

    account: str = Field(primary_key=True)
    position: str | None = None
    next_at: datetime = Field(sa_type=UtcTime)
    lease_until: datetime | None = Field(default=None, sa_type=UtcTime)
    token: str | None = None
    polled_at: datetime | None = Field(default=None, sa_type=UtcTime)
    problem: str | None = None


class Freeze(SQLModel, table=True):
    """While a row stands, no reply or act of its scope leaves. Scope: ``*``, ``brand:NAME`` or ``account:NAME``."""

    __tablename__ = "freeze"

    scope: str = Field(primary_key=True)
    member: str
    at: datetime = Field(sa_type=UtcTime)
