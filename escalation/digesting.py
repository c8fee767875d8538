"""Sends the daily and the weekly digest once, whichever of many processes notices that one is due.

That a digest is done with and the effect that carries it are written in one transaction; the row's key lets the first
through. After an outage only the newest of each kind is sent. An installation that sends digests for the first time
begins with the day after: what it would have to tell of lies before it.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Protocol

import structlog

from escalation.business_time import zone
from escalation.desk import Desk
from escalation.digest import Counted, Digest, digest_of
from escalation.digest_times import Schedule, days_of, period_before
from escalation.figures import Report
from escalation.settings import Settings
from models.columns import new_id
from models.store.outbox import BLANK_EFFECT
from models.vocabulary import DigestKind, EffectKind

BY_DEPARTMENT = "department"

log = structlog.get_logger(__name__)


class Counting(Protocol):
    """Counts the figures of a time, from ``since`` (included) to ``until`` (excluded), both aware UTC."""

    async def __call__(self, *, since: datetime, until: datetime, by: str | None) -> Report:
        """Return the report. Raises ``StorageUnavailableError``."""


class NoManagersChannelError(LookupError):
    """The configuration has no ``[managers] channel``, so a digest cannot be sent."""


class Digests:
    """Notices what is due, has it counted, and puts it into the outbox."""

    def __init__(self, desk: Desk, counting: Counting) -> None:
        """Keep the collaborators."""
        self._desk = desk
        self._counting = counting
        self._schedules = schedules(desk.rulebook.settings)
        self._zone = zone(desk.rulebook.settings.organisation.timezone)
        self._done: dict[DigestKind, date] = {}

    async def send_due(self) -> int:
        """Put every digest that is due into the outbox; return how many. Nothing due: no commit, mostly no statement.

        Raises ``StorageUnavailableError``; what was not written is due again the next time.
        """
        due = self._due()
        if not due:
            return 0
        async with self._desk.storage.read() as tx:
            self._done |= await tx.digests.newest()
        sent = 0
        for schedule in self._due():
            sent += await self._settle(schedule)
        if sent:
            self._desk.committed()
        return sent

    def next_due(self, now: datetime) -> datetime | None:
        """Return the UTC instant of the first digest after ``now``, ``None`` where none is wanted."""
        return min((schedule.following(now, self._zone) for schedule in self._schedules), default=None)

    async def counted(self, kind: DigestKind, day: date | None = None) -> Digest:
        """Return what the digest of a local day tells, of today unless given. Raises ``StorageUnavailableError``."""
        now = self._desk.clock.now()
        period = period_before(kind, day or self._today(now), self._zone)
        before = period_before(kind, period.first, self._zone)
        days = days_of(period, self._zone) if kind is DigestKind.WEEKLY else []
        this = await self._counting(since=period.since, until=period.until, by=BY_DEPARTMENT)
        counted = Counted(
            this,
            await self._counting(since=before.since, until=before.until, by=None),
            await self._counting(since=period.until, until=now, by=BY_DEPARTMENT) if period.until < now else this,
            tuple([(one.first, await self._counting(since=one.since, until=one.until, by=None)) for one in days]),
        )
        async with self._desk.storage.read() as tx:
            waiting = await tx.digests.longest_waiting()
        return digest_of(kind, period, counted, waiting=waiting, counted_at=now)

    async def send(self, digest: Digest) -> str:
        """Put a digest into the outbox now, whether or not it was sent before; return the effect's id.

        Raises ``NoManagersChannelError``.
        """
        row = self._row(digest)
        async with self._desk.storage.begin() as tx:
            await tx.outbox.put([row])
        self._desk.committed()
        return str(row["id"])

    def _due(self) -> list[Schedule]:
        now = self._desk.clock.now()
        return [one for one in self._schedules if not self._is_done(one.kind, one.newest(now, self._zone))]

    def _is_done(self, kind: DigestKind, day: date) -> bool:
        done = self._done.get(kind)
        return done is not None and done >= day

    async def _settle(self, schedule: Schedule) -> bool:
        kind, now = schedule.kind, self._desk.clock.now()
        if kind not in self._done:
            async with self._desk.storage.begin() as tx:
                await tx.digests.record(kind, self._today(now), effect_id=None, at=now)
            return False
        day = schedule.newest(now, self._zone)
        row = self._row(await self.counted(kind, day))
        async with self._desk.storage.begin() as tx:
            first: bool = await tx.digests.record(kind, day, effect_id=row["id"], at=now)
            if first:
                await tx.outbox.put([row])
        if first:
            log.info("digest due", kind=kind.value, day=day.isoformat(), effect=row["id"])
        return first

    def _row(self, digest: Digest) -> dict[str, Any]:
        now, channel = self._desk.clock.now(), self._desk.rulebook.settings.managers.channel
        if channel is None:
            raise NoManagersChannelError("[managers] has no channel, so there is no place for a digest")
        return BLANK_EFFECT | {
            "id": new_id(now),
            "case_id": None,
            "kind": EffectKind.DIGEST,
            "target": str(channel),
            "pace": str(channel),
            "payload": digest.payload(),
            "not_before": now,
            "created_at": now,
        }

    def _today(self, now: datetime) -> date:
        return now.astimezone(self._zone).date()


def schedules(settings: Settings) -> Sequence[Schedule]:
    """Return when the configuration wants digests."""
    daily, weekly = settings.managers.daily_digest, settings.managers.weekly_digest
    wanted: list[Schedule] = []
    if daily is not None and daily.minute is not None:
        wanted.append(Schedule(DigestKind.DAILY, daily.minute))
    if weekly is not None and weekly.minute is not None:
        wanted.append(Schedule(DigestKind.WEEKLY, weekly.minute, weekly.weekday))
    return wanted
