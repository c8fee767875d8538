"""Counts steps that have ended into the roll-up, in any number of processes at once.

A step is counted and marked in one transaction: whoever dies in between has done neither, and a step that is written
late is found whenever it comes.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from escalation.figures import WITHIN_SECONDS
from escalation.percentiles import bucket, expectation
from escalation.ports import Clock
from models.store.rollup import CellKey, CellSums, EndedStep
from models.vocabulary import RollupSpan, TimeKind

BATCH = 500
"""So few that a SQLite file's other writers wait some hundredths of a second."""
_HOUR = timedelta(hours=1)


class RollupStorage(Protocol):
    """What rolling up needs of the database."""

    def begin(self) -> Any:
        """Open a writing transaction."""

    def read(self) -> Any:
        """Open a reading transaction."""


class RollingUp:
    """Keeps the roll-up."""

    def __init__(self, storage: RollupStorage, clock: Clock) -> None:
        """Keep storage and clock."""
        self._storage = storage
        self._clock = clock

    async def roll_up(self, *, batch: int = BATCH) -> int:
        """Count every step that has ended and is not counted yet; return how many. Commits nothing if there is none."""
        counted = 0
        while True:
            async with self._storage.read() as tx:
                if not await tx.rollup.any_waiting():
                    return counted
            async with self._storage.begin() as tx:
                steps = await tx.rollup.claim(limit=batch)
                if not steps:
                    return counted  # another process is at it
                await tx.rollup.add(cells(steps))
                await tx.rollup.mark([step.id for step in steps], self._clock.now())
            counted += len(steps)


@dataclass(frozen=True)
class Stretch:
    """A part of a period that whole cells of one span cover."""

    span: RollupSpan
    since: datetime
    until: datetime


def cells(steps: Iterable[EndedStep]) -> dict[CellKey, CellSums]:
    """Return what steps that have ended add to the roll-up."""
    found: defaultdict[CellKey, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    months: dict[datetime, datetime] = {}
    for step in steps:
        hour = _hour(step.ended_at)
        if (month := months.get(hour)) is None:
            month = months[hour] = _month(hour)
        targeted = step.due_at is not None
        met = step.due_at is not None and step.ended_at <= step.due_at
        for kind, seconds in ((TimeKind.WALL, step.wall_seconds), (TimeKind.BUSINESS, step.business_seconds)):
            length = round(seconds * 1_000_000)
            number, place = bucket(length), expectation(length, WITHIN_SECONDS)
            for span, start in ((RollupSpan.HOUR, hour), (RollupSpan.MONTH, month)):
                sums = found[
                    CellKey(kind, span, start, step.department, step.step, step.account, step.network, number, place)
                ]
                sums[0] += 1
                sums[1] += length
                sums[2] += targeted
                sums[3] += met
    return {key: CellSums(*sums) for key, sums in found.items()}


def stretches(since: datetime, until: datetime) -> tuple[Stretch, ...]:
    """Return what whole cells cover of a period, without a gap, in order; nothing if it has no whole hour."""
    first = _hour(since + _HOUR - timedelta(microseconds=1))
    last = _hour(until)
    if first >= last:
        return ()
    month, end = _next_month(first - timedelta(microseconds=1)), _month(last)
    if month >= end:
        return (Stretch(RollupSpan.HOUR, first, last),)
    return tuple(_not_empty(first, month, end, last))


def _not_empty(first: datetime, month: datetime, end: datetime, last: datetime) -> Iterator[Stretch]:
    if first < month:
        yield Stretch(RollupSpan.HOUR, first, month)
    yield Stretch(RollupSpan.MONTH, month, end)
    if end < last:
        yield Stretch(RollupSpan.HOUR, end, last)


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _month(at: datetime) -> datetime:
    return _hour(at).replace(day=1, hour=0)


def _next_month(at: datetime) -> datetime:
    return _month(_month(at) + timedelta(days=31))
