"""Counts steps that have ended into the roll-up, in any number of processes at once.

A step is counted and marked in one transaction: whoever dies in between has done neither, and a step that is written
late is found whenever it comes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from escalation.figures import WITHIN_SECONDS
from escalation.percentiles import bucket, expectation
from escalation.ports import Clock
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
                rows = await tx.rollup.claim(limit=batch)
                if not rows:
                    return counted  # another process is at it
                await tx.rollup.add(cells(rows))
                await tx.rollup.mark([row.id for row in rows], self._clock.now())
            counted += len(rows)


@dataclass(frozen=True)
class Stretch:
    """A part of a period that whole cells of one span cover."""

    span: RollupSpan
    since: datetime
    until: datetime


def cells(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Return what steps that have ended (rows of ``step_clock``) add to the roll-up, one entry a cell."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        starts = {RollupSpan.HOUR: _hour(row.ended_at), RollupSpan.MONTH: _month(row.ended_at)}
        met = row.due_at is not None and row.ended_at <= row.due_at
        for kind, seconds in ((TimeKind.WALL, row.wall_seconds), (TimeKind.BUSINESS, row.business_seconds)):
            length = round(seconds * 1_000_000)
            place = bucket(length), expectation(length, WITHIN_SECONDS)
            for span, start in starts.items():
                key = (kind, span, start, row.department, row.step, row.account, row.network, *place)
                cell = found.get(key)
                if cell is None:
                    cell = found[key] = {
                        "kind": kind, "span": span, "start": start, "department": row.department, "step": row.step,
                        "account": row.account, "network": row.network, "bucket": place[0], "within": place[1],
                        "count": 0, "microseconds": 0, "targeted": 0, "met": 0,
                    }  # fmt: skip
                cell["count"] += 1
                cell["microseconds"] += length
                cell["targeted"] += row.due_at is not None
                cell["met"] += met
    return list(found.values())


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
