"""Signs of life, and what the auditor has found: rows, because whoever asks may be another process."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from models.columns import UtcTime


class Pulse(SQLModel, table=True):
    """When a standing duty (sweep, poll, audit ...) was last done, and by which process; the last writer wins.

    ``at`` is that process's own clock. No larger time is kept against a smaller one: the mark of a process whose clock
    ran ahead would make a product that stands still look alive.
    """

    __tablename__ = "pulse"

    duty: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcTime)
    process: str


class KnownFinding(SQLModel, table=True):
    """Something that the auditor found wrong; ``key`` is the rule's name and what it is about.

    It stands until an audit no longer finds it (``gone_at``) or a person accepts it (``accepted_by``). The row is kept
    for some time after that, so that what comes and goes is told once.
    """

    __tablename__ = "finding"
    __table_args__ = (
        Index(
            "finding_standing",
            "rule",
            postgresql_where=text("gone_at IS NULL"),
            sqlite_where=text("gone_at IS NULL"),
        ),
    )

    key: str = Field(primary_key=True)
    rule: str
    case_id: str | None = None
    found_at: datetime = Field(sa_type=UtcTime)
    seen_at: datetime = Field(sa_type=UtcTime)
    gone_at: datetime | None = Field(default=None, sa_type=UtcTime)
    accepted_by: str | None = None
