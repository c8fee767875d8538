"""The unit of work: a case, the drafts of its answer, what reviewers said, and the journal of all of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel, UniqueConstraint

from models.columns import Json, UtcTime, word_type
from models.vocabulary import (
    CaseState,
    DismissReason,
    DraftSource,
    DraftState,
    PauseReason,
    Priority,
    Verdict,
    Visibility,
)


class Case(SQLModel, table=True):
    """One conversation with one customer on one account.

    ``version`` grows with every decision and orders what cards show. ``context_version`` grows with everything the
    customer
    does, so that an approval can say which conversation it was given for. ``round`` starts at 1 and grows when an
    answered
    case is taken up again. ``last_at`` is the time of the newest decision: step times never go behind it.
    """

    __tablename__ = "cases"
    __table_args__ = (
        Index(
            "case_open_thread",
            "account",
            "thread_id",
            unique=True,
            postgresql_where=text("state NOT IN ('closed', 'dismissed')"),
            sqlite_where=text("state NOT IN ('closed', 'dismissed')"),
        ),
        Index("case_thread", "account", "thread_id", "received_at"),
        Index("case_author", "author_id"),
        Index("case_state", "state", "received_at"),
        Index("case_received", "received_at"),
    )

    id: str = Field(primary_key=True)
    account: str
    network: str
    thread_id: str
    author_id: str = Field(foreign_key="author.id")
    state: CaseState = Field(sa_type=word_type(CaseState))
    visibility: Visibility = Field(sa_type=word_type(Visibility))
    priority: Priority = Field(sa_type=word_type(Priority))
    department: str
    also: list[str] = Field(default_factory=list, sa_type=Json)
    declined: list[str] = Field(default_factory=list, sa_type=Json)
    owner: str | None = None
    route: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    policy: str
    policy_digest: str = Field(foreign_key="policy_snapshot.digest")
    subject: str | None = None
    language: str | None = None
    acts: list[str] = Field(default_factory=list, sa_type=Json)
    earlier_cases: int = 0
    version: int = 1
    context_version: int = 1
    round: int = 1
    snoozed_until: datetime | None = Field(default=None, sa_type=UtcTime)
    pause_reason: PauseReason | None = Field(default=None, sa_type=word_type(PauseReason))
    dismiss_reason: DismissReason | None = Field(default=None, sa_type=word_type(DismissReason))
    notice: dict[str, Any] | None = Field(default=None, sa_type=Json)
    posted_at: datetime = Field(sa_type=UtcTime)
    received_at: datetime = Field(sa_type=UtcTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcTime)
    last_at: datetime = Field(sa_type=UtcTime)


class PolicySnapshot(SQLModel, table=True):
    """A policy as it stood when cases began under it; editing the configuration never changes a running case."""

    __tablename__ = "policy_snapshot"

    digest: str = Field(primary_key=True)
    name: str
    content: dict[str, Any] = Field(sa_type=Json)
    first_used_at: datetime = Field(sa_type=UtcTime)


class Draft(SQLModel, table=True):
    """One immutable version of an answer. ``parts`` are the exact texts that will be published, in order.

    ``hash`` covers parts and visibility; what an approver approves is (version, hash, context_version).
    ``reason``: the reviewer's own words where it was sent back or rejected, a ``VoidReason`` where it is void.
    """

    __tablename__ = "draft"
    __table_args__ = (UniqueConstraint("case_id", "version"),)

    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="cases.id")
    version: int
    mention_id: str = Field(foreign_key="mention.id")
    author: str
    edited_by: str | None = None
    based_on: int | None = None
    source: DraftSource = Field(sa_type=word_type(DraftSource))
    text: str
    parts: list[str] = Field(sa_type=Json)
    visibility: Visibility = Field(sa_type=word_type(Visibility))
    hash: str
    warnings: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    state: DraftState = Field(sa_type=word_type(DraftState))
    context_version: int
    submitted_at: datetime = Field(sa_type=UtcTime)
    first_approver: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UtcTime)
    reason: str | None = None


class Review(SQLModel, table=True):
    """What one reviewer said of one draft; at most one approval per draft, by constraint."""

    __tablename__ = "review"
    __table_args__ = (
        Index(
            "review_approval",
            "draft_id",
            unique=True,
            postgresql_where=text("verdict = 'approved'"),
            sqlite_where=text("verdict = 'approved'"),
        ),
        Index("review_case", "case_id"),
    )

    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="cases.id")
    draft_id: str = Field(foreign_key="draft.id")
    draft_version: int
    draft_hash: str
    context_version: int
    verdict: Verdict = Field(sa_type=word_type(Verdict))
    member: str
    at: datetime = Field(sa_type=UtcTime)
    reason: str | None = None


class JournalEntry(SQLModel, table=True):
    """What happened to a case, who did it and when; append-only, one row per decision, never any message text.

    ``details`` holds what step clocks can be recomputed from: ``started`` and ``stopped`` step names with their cycle.
    """

    __tablename__ = "journal"
    __table_args__ = (UniqueConstraint("case_id", "case_version"),)

    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="cases.id")
    case_version: int
    at: datetime = Field(sa_type=UtcTime)
    actor: str
    act: str
    from_state: CaseState | None = Field(default=None, sa_type=word_type(CaseState))
    to_state: CaseState = Field(sa_type=word_type(CaseState))
    details: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
