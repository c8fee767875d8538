"""When a digest is due and which time it tells of, by the organisation's local calendar. Pure.

A digest is named by the local day on which it is sent. It tells of whole local days before that one, so that a day of
23 or 25 hours is one day, and what is sent late tells the same as what is sent in time.

Local to UTC: a wall time that does not exist moves to the end of its gap, one that comes twice is the first of the two.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from models.vocabulary import DigestKind

_DAY: Final = dt.timedelta(days=1)
_SECOND: Final = dt.timedelta(seconds=1)
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DAYS: Final = {DigestKind.DAILY: 1, DigestKind.WEEKLY: 7}


@dataclass(frozen=True)
class Period:
    """Whole local days, ``first`` to ``last``, and the UTC instants between which they lie (``until`` excluded)."""

    first: dt.date
    last: dt.date
    since: dt.datetime
    until: dt.datetime


@dataclass(frozen=True)
class Schedule:
    """When the digests of one kind are sent: local ``minute`` of every day, or of one ``weekday`` (Monday is 0)."""

    kind: DigestKind
    minute: int
    weekday: int | None = None

    def newest(self, now: dt.datetime, zone: ZoneInfo) -> dt.date:
        """Return the local day of the newest digest whose time has come at ``now``."""
        day = now.astimezone(zone).date() + _DAY
        while not self._fits(day, zone) or local_instant(day, self.minute, zone) > now:
            day -= _DAY
        return day

    def following(self, now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
        """Return the UTC instant of the first digest after ``now``."""
        day = self.newest(now, zone) + _DAY
        while not self._fits(day, zone):
            day += _DAY
        return local_instant(day, self.minute, zone)

    def _fits(self, day: dt.date, zone: ZoneInfo) -> bool:
        """Tell whether a digest belongs to this day."""
        return (self.weekday is None or day.weekday() == self.weekday) and _exists(day, zone)


def period_before(kind: DigestKind, day: dt.date, zone: ZoneInfo) -> Period:
    """Return the time that the digest of a local day tells of: the day before it, or the seven days before it."""
    first, last = day - _DAYS[kind] * _DAY, day - _DAY
    if not _exists(first, zone) and kind is DigestKind.DAILY:
        return period_before(kind, first, zone)
    return Period(first, last, local_instant(first, 0, zone), local_instant(day, 0, zone))


def days_of(period: Period, zone: ZoneInfo) -> list[Period]:
    """Return the local days of a period, one by one."""
    days = [period.first + number * _DAY for number in range((period.last - period.first).days + 1)]
    return [period_before(DigestKind.DAILY, day + _DAY, zone) for day in days if _exists(day, zone)]


def local_instant(day: dt.date, minute: int, zone: ZoneInfo) -> dt.datetime:
    """Return the UTC instant of a local wall time (minutes after midnight)."""
    wall = dt.datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone)
    first, second = _offset(wall), _offset(wall.replace(fold=1))
    naive = (wall.replace(tzinfo=dt.UTC) - _EPOCH) // _SECOND
    if first >= second:  # usual, or one that comes twice: the first occurrence has the larger offset
        return _EPOCH + (naive - first) * _SECOND
    before, after = naive - second, naive - first  # the gap's end lies between these two
    while after - before > 1:
        middle = (before + after) // 2
        if _offset((_EPOCH + middle * _SECOND).astimezone(zone)) == first:
            before = middle
        else:
            after = middle
    return _EPOCH + after * _SECOND


def _exists(day: dt.date, zone: ZoneInfo) -> bool:
    """Tell whether a zone has this day at all: one that moved over the date line has left one out."""
    return local_instant(day, 0, zone) < local_instant(day + _DAY, 0, zone)


def _offset(at: dt.datetime) -> int:
    offset = at.utcoffset()
    return 0 if offset is None else offset // _SECOND
