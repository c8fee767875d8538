"""What customers wrote, and what has arrived but is not yet handled."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, text
from sqlmodel import Field, SQLModel, UniqueConstraint

from models.columns import Json, UtcTime, word_type
from models.vocabulary import Visibility


class Inbound(SQLModel, table=True):
    """One delivery from outside, kept raw before anything is answered; ``key`` makes a repeated delivery harmless."""

    __tablename__ = "inbound"
    __table_args__ = (
        Index(
            "inbound_unhandled",
            "received_at",
            postgresql_where=text("handled_at IS NULL"),
            sqlite_where=text("handled_at IS NULL"),
        ),
    )

    key: str = Field(primary_key=True)
    source: str
    account: str
    body: bytes = Field(sa_type=LargeBinary)
    received_at: datetime = Field(sa_type=UtcTime)
    handled_at: datetime | None = Field(default=None, sa_type=UtcTime)
    attempts: int = 0
    next_at: datetime | None = Field(default=None, sa_type=UtcTime)
    problem: str | None = None


class Author(SQLModel, table=True):
    """A customer as one network knows them; id is ours, ``external_id`` the network's."""

    __tablename__ = "author"
    __table_args__ = (UniqueConstraint("network", "external_id"),)

    id: str = Field(primary_key=True)
    network: str
    external_id: str
    name: str
    handle: str
    url: str | None = None
    avatar_url: str | None = None
    followers: int | None = None
    first_seen_at: datetime = Field(sa_type=UtcTime)


class Mention(SQLModel, table=True):
    """One post, comment, review, message or form entry by a customer.

    ``version`` counts what the customer did to it (1 as posted, +1 for each edit or deletion); ``extra`` is the
    connector's own.
    """

    __tablename__ = "mention"
    __table_args__ = (
        UniqueConstraint("account", "external_id"),
        Index("mention_case", "case_id", "posted_at"),
        Index("mention_posted", "posted_at"),
    )

    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="cases.id")
    account: str
    external_id: str
    parent_id: str | None = None
    author_id: str = Field(foreign_key="author.id")
    visibility: Visibility = Field(sa_type=word_type(Visibility))
    text: str
    language: str | None = None
    url: str | None = None
    media: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    extra: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    posted_at: datetime = Field(sa_type=UtcTime)
    received_at: datetime = Field(sa_type=UtcTime)
    edited_at: datetime | None = Field(default=None, sa_type=UtcTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcTime)
    version: int = 1


class EarlyChange(SQLModel, table=True):
    """The newest edit, or the deletion, that arrived before the post it changes; applied when the post comes.

    ``text`` is ``None`` for a deletion.
    """

    __tablename__ = "early_change"

    account: str = Field(primary_key=True)
    external_id: str = Field(primary_key=True)
    is_deletion: bool = Field(primary_key=True)
    text: str | None = None
    at: datetime = Field(sa_type=UtcTime)
