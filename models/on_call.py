"""What people changed about who is on call, and who is in the Slack user groups that rotas name."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from models.columns import Json, UtcTime


class DutyOverride(SQLModel, table=True):
    """One change of a rota from ``since`` until before ``until``; never edited, only cancelled.

    ``member`` is on duty ``instead_of`` somebody where that one would be (``None``: whatever the rota says).
    ``mutual``: a swap, each where the other would be. ``made_by`` and ``cancelled_by`` are members' keys, or the
    command line. A change that is cancelled while it holds has held until then.
    """

    __tablename__ = "duty_override"
    __table_args__ = (Index("duty_override_until", "until"),)

    id: str = Field(primary_key=True)
    rota: str
    member: str
    instead_of: str | None = None
    mutual: bool = False
    since: datetime = Field(sa_type=UtcTime)
    until: datetime = Field(sa_type=UtcTime)
    reason: str | None = None
    made_by: str
    made_at: datetime = Field(sa_type=UtcTime)
    cancelled_by: str | None = None
    cancelled_at: datetime | None = Field(default=None, sa_type=UtcTime)


class DutyGroup(SQLModel, table=True):
    """The members (keys) of a Slack user group when it was last read; what a group that cannot be read keeps."""

    __tablename__ = "duty_group"

    slack_group: str = Field(primary_key=True)
    members: list[str] = Field(default_factory=list, sa_type=Json)
    read_at: datetime = Field(sa_type=UtcTime)
