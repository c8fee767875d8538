"""The roll-up of ended steps, which answers reports over more rows than can be sorted while somebody waits."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from models.columns import UtcTime, word_type
from models.vocabulary import RollupSpan, Step, TimeKind


class StepRollup(SQLModel, table=True):
    """How many cycles of a step, ended as done within one hour or one month (UTC), took about equally long.

    ``bucket`` and its bounds are ``escalation.percentiles``'; ``within`` is the place of the shortest expectation that
    these cycles met (one past the last: none). Every cycle is counted in four cells: hour and month, wall and business
    seconds. ``cycles``, ``microseconds`` (their sum), ``targeted`` and ``met`` are exact.
    """

    __tablename__ = "step_rollup"
    __table_args__ = ({"sqlite_with_rowid": False},)

    kind: TimeKind = Field(primary_key=True, sa_type=word_type(TimeKind))
    span: RollupSpan = Field(primary_key=True, sa_type=word_type(RollupSpan))
    start: datetime = Field(primary_key=True, sa_type=UtcTime)
    department: str = Field(primary_key=True)
    step: Step = Field(primary_key=True, sa_type=word_type(Step))
    account: str = Field(primary_key=True)
    network: str = Field(primary_key=True)
    bucket: int = Field(primary_key=True)
    within: int = Field(primary_key=True)
    cycles: int = Field(sa_type=BigInteger)
    microseconds: int = Field(sa_type=BigInteger)
    targeted: int = Field(sa_type=BigInteger)
    met: int = Field(sa_type=BigInteger)
