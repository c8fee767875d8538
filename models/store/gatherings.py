"""Messages that tell several pings at once: what stands in them, and the effects that draw them.

Every drawing of such a message, the first one and each edit, is an effect of its own in the lane of the gathering.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, literal, or_, update
from sqlalchemy import select as select_rows
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.case import Case
from models.clocks import StepClock
from models.mention import Author
from models.outbox import Effect
from models.pings import Announcement, Gathering, Ping
from models.store.statements import table
from models.vocabulary import EffectState, GatheringKind

_LANE = "gathering:"


def lane_of(gathering_id: str) -> str:
    """Return the lane in which the drawings of a gathering follow each other."""
    return f"{_LANE}{gathering_id}"


def _drawn() -> ColumnElement[bool]:
    """Return the condition that an effect draws a gathering."""
    return col(Effect.lane) == literal(_LANE).concat(col(Gathering.id))


@dataclass(frozen=True)
class Gathered:
    """One ping of a gathering with what is said of its case, and the customer whose case it is."""

    ping: Ping
    case: Case
    clock: StepClock
    author: Author

    @property
    def is_over(self) -> bool:
        """Tell whether the clock that the ping is about has ended, or stands still."""
        return self.has_ended or self.clock.paused_at is not None

    @property
    def has_ended(self) -> bool:
        """Tell whether the step is done, or not needed any more."""
        return self.clock.ended_at is not None


@dataclass(frozen=True)
class GatheringRows:
    """A gathering with its pings, the longest due first.

    ``to``: members (keys) who shall notice it; ``message_id``: the chat's id of the message, where it stands already.
    """

    gathering: Gathering
    lines: Sequence[Gathered]
    to: tuple[str, ...] = ()
    message_id: str | None = None

    @property
    def is_over(self) -> bool:
        """Tell whether nothing that it tells is due any more."""
        return bool(self.lines) and all(line.is_over for line in self.lines)


@dataclass(frozen=True)
class OpenGathering:
    """A gathering that has not begun to leave.

    ``to``: members (keys) who shall notice it; ``leaves``: when it does, at the earliest (UTC).
    """

    id: str
    effect_id: str
    to: tuple[str, ...]
    leaves: datetime


class Gatherings:
    """Statements about gatherings."""

    def __init__(self, session: AsyncSession) -> None:
        """Bind to one transaction."""
        self._session = session

    async def begin(self, row: Mapping[str, Any]) -> None:
        """Begin a message that tells several pings."""
        await (await self._session.connection()).execute(table(Gathering).insert(), [dict(row)])

    async def open_one(self, channel: str, kind: GatheringKind, subject: str) -> OpenGathering | None:
        """Return the gathering that has not begun to leave and can take more, locked against leaving."""
        query = (
            select(Gathering.id, Effect.id, Effect.payload, Effect.not_before)
            .join(Effect, col(Effect.id) == col(Gathering.effect_id))
            .where(col(Gathering.channel) == channel, col(Gathering.kind) == kind, col(Gathering.subject) == subject)
            .where(col(Effect.state) == EffectState.READY)
            .order_by(col(Gathering.began_at).desc())
            .limit(1)
            .with_for_update(of=Effect, skip_locked=True)
        )
        found = (await self._session.exec(query)).first()
        return OpenGathering(found[0], found[1], tuple(found[2].get("to", ())), found[3]) if found else None

    async def widen(self, gathering: OpenGathering, *, to: Sequence[str], leaves: datetime) -> None:
        """Have a gathering that is open noticed by these members, and leave at another moment."""
        statement = update(Effect).where(col(Effect.id) == gathering.effect_id)
        payload = {"gathering": gathering.id, "to": list(to)}
        await (await self._session.connection()).execute(statement.values(payload=payload, not_before=leaves))

    async def any_told(self, channel: str, kind: GatheringKind, subject: str) -> bool:
        """Tell whether a gathering of this kind about this subject stands in a channel or is on its way there."""
        still = col(Effect.state) != EffectState.SUPERSEDED
        first = exists().where(col(Effect.id) == col(Gathering.effect_id), still)
        query = select(Gathering.id).where(
            col(Gathering.channel) == channel, col(Gathering.kind) == kind, col(Gathering.subject) == subject
        )
        query = query.where(or_(first, exists().where(_drawn(), still)))
        return (await self._session.exec(query.limit(1))).first() is not None

    async def read(self, ids: Collection[str]) -> dict[str, GatheringRows]:
        """Return gatherings by id, as they stand now."""
        if not ids:
            return {}
        drawing = select(Effect.external_id).where(_drawn(), col(Effect.external_id).is_not(None))
        message = drawing.order_by(col(Effect.sequence).desc()).limit(1).correlate(Gathering).scalar_subquery()
        heads = select(Gathering, Effect.payload, message).join(Effect, col(Effect.id) == col(Gathering.effect_id))
        found = (await self._session.exec(heads.where(col(Gathering.id).in_(sorted(ids))))).all()
        told = (
            select_rows(Announcement.gathering_id, Ping, Case, StepClock, Author)  # type: ignore[call-overload]
            .join(Ping, col(Ping.id) == col(Announcement.ping_id))
            .join(Case, col(Case.id) == col(Ping.case_id))
            .join(StepClock, col(StepClock.id) == col(Ping.clock_id))
            .join(Author, col(Author.id) == col(Case.author_id))
            .where(col(Announcement.gathering_id).in_(sorted(ids)))
            .order_by(col(Ping.due_at), col(Ping.id))
        )
        lines: dict[str, list[Gathered]] = {gathering.id: [] for gathering, _, _ in found}
        for gathering_id, *row in (await self._session.exec(told)).all():
            lines[gathering_id].append(Gathered(*row))
        return {
            gathering.id: GatheringRows(gathering, lines[gathering.id], tuple(payload.get("to", ())), message_id)
            for gathering, payload, message_id in found
        }

    # --- drawing anew -------------------------------------------------------------------------------------------------

    async def hold(self, ids: Collection[str]) -> None:
        """Lock gatherings, always in the order of their ids: whoever has one drawn anew is the only one who does."""
        if self._session.get_bind().dialect.name != "sqlite":  # where one transaction at a time writes anyway
            held = select(Gathering.id).where(col(Gathering.id).in_(sorted(ids))).order_by(col(Gathering.id))
            await self._session.exec(held.with_for_update(key_share=True))

    async def waiting(self, ids: Collection[str]) -> set[str | None]:
        """Return the lanes of gatherings of which a drawing waits, locked against leaving.

        One that is being claimed is left out: whoever claims it may have read already what it shows.
        """
        lanes = [lane_of(gathering_id) for gathering_id in sorted(ids)]
        query = select(Effect.lane).where(col(Effect.lane).in_(lanes), col(Effect.state) == EffectState.READY)
        return set(await self._session.exec(query.with_for_update(skip_locked=True)))

    async def last_drawings(self, ids: Collection[str]) -> dict[str, int]:
        """Return the sequence of the last drawing of each gathering, by its lane."""
        lanes = [lane_of(gathering_id) for gathering_id in sorted(ids)]
        last = select(Effect.lane, func.max(Effect.sequence)).where(col(Effect.lane).in_(lanes))
        return {lane: int(number) for lane, number in await self._session.exec(last.group_by(col(Effect.lane))) if lane}

    async def drawings(self, ids: Collection[str]) -> Sequence[Effect]:
        """Return all drawings of some gatherings, oldest first."""
        if not ids:
            return []
        lanes = [lane_of(gathering_id) for gathering_id in sorted(ids)]
        query = select(Effect).where(col(Effect.lane).in_(lanes)).order_by(col(Effect.lane), col(Effect.sequence))
        return (await self._session.exec(query)).all()

    async def message_lost(self, gathering_id: str) -> None:
        """Forget a message that was deleted in chat, so that it is made again."""
        forgotten = update(Effect).where(col(Effect.lane) == lane_of(gathering_id))
        await (await self._session.connection()).execute(forgotten.values(external_id=None))
