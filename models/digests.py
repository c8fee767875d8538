"""Which digests were sent, so that each is sent once whichever process notices that it is due."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from models.columns import UtcTime, word_type
from models.vocabulary import DigestKind


class DigestRun(SQLModel, table=True):
    """The digest of one kind and one local day of the organisation, written together with the effect that carries it.

    ``effect_id`` ``None``: nothing was sent that day; from the day after on digests are, for that is when the
    installation first knew that it shall send some.
    """

    __tablename__ = "digest_run"

    kind: DigestKind = Field(primary_key=True, sa_type=word_type(DigestKind))
    local_date: date = Field(primary_key=True)
    effect_id: str | None = None
    at: datetime = Field(sa_type=UtcTime)
