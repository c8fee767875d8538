"""Business time: how many working seconds lie between two instants, and when a target falls due.

A calendar is compiled from weekly opening hours in local wall time, an IANA zone and closed days into sorted UTC
intervals with prefix sums, 400 days at a time, growing on demand. Every question is then one or two binary searches
over whole seconds. No arithmetic is done on local times: subtracting two aware datetimes of the same zone ignores
daylight saving.

Local to UTC: a wall time that does not exist moves to the end of its gap; an ambiguous opening takes the first
occurrence, an ambiguous closing the second, so that no service time is lost. A shift over midnight is split there,
and a closed day closes exactly its own local calendar day.
"""

import datetime as dt
import functools
import hashlib
import importlib.metadata
import importlib.resources
import json
import threading
import zoneinfo
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

import holidays as holiday_library

from escalation.opening_hours import (
    DAY_MINUTES,
    ROUND_THE_CLOCK,
    WEEKDAYS,
    WeeklyHours,
    opening_text,
    split_at_midnight,
)

_CHUNK_DAYS: Final = 400
_PATIENCE_DAYS: Final = 10 * 366
_FIRST_DAY: Final = dt.date(1900, 1, 1)
_LAST_DAY: Final = dt.date(2200, 1, 1)
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SECOND: Final = dt.timedelta(seconds=1)
_DAY: Final = dt.timedelta(days=1)


@functools.cache
def zone(name: str) -> zoneinfo.ZoneInfo:
    """Give the zone with the rules of the pinned `tzdata` package, whatever the machine has.

    `ValueError` with a sentence when there is no such zone. https://docs.python.org/3.11/library/zoneinfo.html
    """
    if name not in zone_names():
        raise ValueError(f'"{name}" is not a time zone; write an IANA name such as "Europe/Rome"')
    resource = importlib.resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    with resource.open("rb") as file:
        return zoneinfo.ZoneInfo.from_file(file, key=name)


@functools.cache
def zone_names() -> frozenset[str]:
    """List every zone name of the pinned `tzdata` package."""
    return frozenset(importlib.resources.files("tzdata").joinpath("zones").read_text("utf-8").split())


def moment_of(local_zone: zoneinfo.ZoneInfo, day: dt.date, minute: int) -> dt.datetime:
    """Give the instant (UTC) of a local wall time, `minute` counted from midnight.

    One that does not exist moves to the end of its gap; of one that comes twice the first is taken.
    """
    return _instant(_to_utc(local_zone, day, minute, closing=False))


def check_holidays(region: str) -> None:
    """Refuse a holiday region that the library does not know (`IT`, `IT-BZ`, `DE-BY`), as a `ValueError` sentence."""
    country, _, part = region.partition("-")
    known = holiday_library.list_supported_countries(include_aliases=True)
    if country not in known:
        raise ValueError(f'"{region}" is not a country with known holidays; write a code such as "IT" or "DE-BY"')
    if part and part not in known[country]:
        some = ", ".join(f"{country}-{name}" for name in known[country]) or "none"
        raise ValueError(f'"{region}" is not a part of {country} with holidays of its own; known: {some}')


def holiday_regions() -> list[str]:
    """List every region that `check_holidays` accepts."""
    known = holiday_library.list_supported_countries(include_aliases=True)
    return sorted([*known, *(f"{country}-{part}" for country, parts in known.items() for part in parts)])


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedInterval:
    """A stretch of counted time: aware local start and end, and its true length in seconds."""

    start: dt.datetime
    end: dt.datetime
    seconds: int


@dataclass(frozen=True, slots=True)
class _Span:
    """The compiled part of a calendar: disjoint ascending UTC seconds, `sums[i]` counted before interval `i`."""

    first: dt.date
    last: dt.date
    covered_from: int
    covered_to: int
    starts: list[int]
    ends: list[int]
    sums: list[int]

    def position(self, at: int) -> int:
        """Count the open seconds between the span's beginning and `at`."""
        index = bisect_right(self.starts, at) - 1
        if index < 0:
            return 0
        return self.sums[index] + min(at, self.ends[index]) - self.starts[index]


class BusinessCalendar:
    """Opening hours of one team; immutable to its users, safe to share between threads.

    `weekly` are seven days of openings, Monday first. `holidays` is a country or country-subdivision code of the
    `holidays` library. `closed_days` are further local dates on which nobody works.
    Answers reach from 1900 to 2200; `ValueError` outside.
    """

    def __init__(
        self,
        *,
        weekly: WeeklyHours,
        timezone: str,
        holidays: str | None = None,
        closed_days: Iterable[dt.date] = (),
    ) -> None:
        self.timezone = timezone
        self.zone = zone(timezone)
        self.weekly = weekly
        self.holidays = holidays
        self.closed_days = frozenset(closed_days)
        if holidays is not None:
            check_holidays(holidays)
        self._days = split_at_midnight(weekly)
        self.never_closes = all(day == [(0, DAY_MINUTES)] for day in self._days) and not (holidays or self.closed_days)
        self.version = self._fingerprint()
        self._names: dict[int, dict[dt.date, str]] = {}
        self._growing = threading.Lock()
        self._span: _Span | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BusinessCalendar) and self.version == other.version

    def __hash__(self) -> int:
        return hash(self.version)

    def __repr__(self) -> str:
        return f"BusinessCalendar({self.timezone}, {self.holidays or 'no holidays'}, {self.version})"

    @property
    def definition(self) -> dict[str, object]:
        """Everything the calendar was made of, JSON-able, to be kept beside the figures it produced."""
        return {
            "timezone": self.timezone,
            "hours": {
                name: [opening_text(opening) for opening in day]
                for name, day in zip(WEEKDAYS, self.weekly, strict=True)
            },
            "holidays": self.holidays,
            "closed_days": sorted(day.isoformat() for day in self.closed_days),
            "holidays_version": importlib.metadata.version("holidays"),
            "tzdata_version": importlib.metadata.version("tzdata"),
        }

    def elapsed(self, start: dt.datetime, end: dt.datetime) -> int:
        """Whole business seconds from `start` to `end`, both aware; 0 when `end` is not after `start`.

        Both instants are cut to whole seconds first, so lengths of adjoining stretches add up exactly.
        """
        begin, finish = _seconds(start), _seconds(end)
        if finish <= begin:
            return 0
        if self.never_closes:
            return finish - begin
        span = self._covering(begin, finish)
        return span.position(finish) - span.position(begin)

    def due(self, start: dt.datetime, seconds: int) -> dt.datetime:
        """Earliest instant (UTC) with `seconds` business seconds elapsed since `start`; `start` itself for 0.

        `ValueError` for negative seconds, for a calendar that never opens and past the year 2200.
        """
        if seconds <= 0:
            if seconds < 0:
                raise ValueError(f"{seconds} seconds lie in the past; a due time needs zero or more")
            return start.astimezone(dt.UTC) if start.tzinfo is not None else _refuse_naive(start)
        begin = _seconds(start)
        if self.never_closes:
            return _instant(begin + seconds)
        span = self._covering(begin, begin)
        target = span.position(begin) + seconds
        if target > span.sums[-1]:
            span = self._grown_until_open(begin, seconds)
            target = span.position(begin) + seconds
        index = bisect_left(span.sums, target) - 1
        return _instant(span.starts[index] + target - span.sums[index])

    def intervals(self, start: dt.datetime, end: dt.datetime) -> list[CountedInterval]:
        """List the counted stretches between two instants in local time, cut at local midnights, for explanations."""
        begin, finish = _seconds(start), _seconds(end)
        if finish <= begin:
            return []
        span = self._covering(begin, finish)
        counted = []
        for index in range(max(0, bisect_right(span.ends, begin)), bisect_left(span.starts, finish)):
            lower, upper = max(span.starts[index], begin), min(span.ends[index], finish)
            cuts = [lower, *self._midnights(lower, upper), upper]
            counted += [
                CountedInterval(
                    start=_instant(one).astimezone(self.zone),
                    end=_instant(two).astimezone(self.zone),
                    seconds=two - one,
                )
                for one, two in pairwise(cuts)
            ]
        return counted

    def is_open(self, at: dt.datetime) -> bool:
        """Say whether business time runs at this instant."""
        second = _seconds(at)
        if self.never_closes:
            return True
        span = self._covering(second, second)
        index = bisect_right(span.starts, second) - 1
        return index >= 0 and second < span.ends[index]

    def next_opening(self, at: dt.datetime) -> dt.datetime:
        """First instant (UTC) at or after `at` when the calendar is open; `at` itself when it is open already."""
        if self.is_open(at):
            return at.astimezone(dt.UTC)
        return self.due(at, 1) - _SECOND

    def closed_because(self, day: dt.date) -> str | None:
        """Name the holiday of a local date, `"closed"` for a closed day of the organisation, else None."""
        if day in self.closed_days:
            return "closed"
        return self._holiday_names(day.year).get(day)

    def _holiday_names(self, year: int) -> dict[dt.date, str]:
        if self.holidays is None:
            return {}
        if year not in self._names:
            country, _, part = self.holidays.partition("-")
            found = holiday_library.country_holidays(country, subdiv=part or None, years=year, expand=False)
            self._names[year] = {day: str(name) for day, name in found.items()}
        return self._names[year]

    def _covering(self, begin: int, finish: int) -> _Span:
        span = self._span
        if span is not None and span.covered_from <= begin and finish <= span.covered_to:
            return span
        return self._grow(begin, finish)

    def _grow(self, begin: int, finish: int) -> _Span:
        """Compile so that both instants are covered, with a reserve after the later one."""
        with self._growing:
            first = self._local_day(begin) - 2 * _DAY
            last = self._local_day(finish) + _CHUNK_DAYS * _DAY
            if first < _FIRST_DAY or last > _LAST_DAY:
                raise ValueError("business time is known from 1900 to 2198 only")
            old = self._span
            if old is None:
                self._span = self._compiled(first, last, self._raw(first, last))
                return self._span
            raw = list(zip(old.starts, old.ends, strict=True))
            if first < old.first:
                raw = self._raw(first, old.first) + raw
            if last > old.last:
                raw += self._raw(old.last, last)
            self._span = self._compiled(min(first, old.first), max(last, old.last), raw)
            return self._span

    def _grown_until_open(self, begin: int, seconds: int) -> _Span:
        """Compile on until enough open time follows `begin`; refuse a calendar that stays closed for ten years."""
        span = self._covering(begin, begin)
        if not any(self._days):
            raise ValueError("this calendar never opens: no day of the week has hours, so nothing can fall due")
        while span.position(begin) + seconds > span.sums[-1]:
            last_open = self._local_day(span.ends[-1]) if span.ends else span.first
            if (span.last - last_open).days > _PATIENCE_DAYS:
                raise ValueError("this calendar never opens again: every day with hours is closed or a holiday")
            ahead = min(span.covered_to + (span.covered_to - span.covered_from), span.covered_to + 20 * 366 * 86_400)
            span = self._grow(begin, ahead)
        return span

    def _raw(self, first: dt.date, last: dt.date) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        for ordinal in range(first.toordinal(), last.toordinal()):
            day = dt.date.fromordinal(ordinal)
            openings = self._days[day.weekday()]
            if not openings or self.closed_because(day) is not None:
                continue
            for start, end in openings:
                lower = _to_utc(self.zone, day, start, closing=False)
                upper = _to_utc(self.zone, day, end, closing=True)
                if lower < upper:
                    found.append((lower, upper))
        return found

    def _compiled(self, first: dt.date, last: dt.date, raw: Sequence[tuple[int, int]]) -> _Span:
        starts: list[int] = []
        ends: list[int] = []
        for lower, upper in raw:
            if ends and lower <= ends[-1]:
                ends[-1] = max(ends[-1], upper)
            else:
                starts.append(lower)
                ends.append(upper)
        return _Span(
            first=first,
            last=last,
            covered_from=_to_utc(self.zone, first, 0, closing=True),
            covered_to=_to_utc(self.zone, last, 0, closing=False),
            starts=starts,
            ends=ends,
            sums=[0, *accumulate(upper - lower for lower, upper in zip(starts, ends, strict=True))],
        )

    def _midnights(self, lower: int, upper: int) -> list[int]:
        """UTC seconds of the local midnights strictly between two instants."""
        day, last = self._local_day(lower) + _DAY, self._local_day(upper)
        found: list[int] = []
        while day <= last:
            at = _to_utc(self.zone, day, 0, closing=False)
            if lower < at < upper and (not found or found[-1] < at):
                found.append(at)
            day += _DAY
        return found

    def _local_day(self, second: int) -> dt.date:
        try:
            return _instant(second).astimezone(self.zone).date()
        except OverflowError:
            raise ValueError("business time is known from 1900 to 2198 only") from None

    def _fingerprint(self) -> str:
        text = json.dumps(self.definition, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        return (
            f"holidays-{importlib.metadata.version('holidays')}/tzdata-{importlib.metadata.version('tzdata')}/{digest}"
        )


def _to_utc(local_zone: zoneinfo.ZoneInfo, day: dt.date, minute: int, *, closing: bool) -> int:
    """UTC second of a local wall time; the docstring of the module says what happens around clock changes."""
    whole_days, rest = divmod(minute, DAY_MINUTES)
    date = day + whole_days * _DAY
    wall = dt.datetime(date.year, date.month, date.day, rest // 60, rest % 60, tzinfo=local_zone)
    naive = (wall.replace(tzinfo=dt.UTC) - _EPOCH) // _SECOND
    earlier = _offset(wall)
    later = _offset(wall.replace(fold=1))
    if earlier >= later:  # usual, or ambiguous: the first occurrence has the larger offset
        return naive - (later if closing else earlier)
    before, after = naive - later, naive - earlier  # the gap's end lies between these two
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(_instant(middle).astimezone(local_zone)) == earlier:
            before = middle
        else:
            after = middle
    return after


def _offset(at: dt.datetime) -> int:
    offset = at.utcoffset()
    return 0 if offset is None else offset // _SECOND


def _seconds(at: dt.datetime) -> int:
    if at.tzinfo is None:
        _refuse_naive(at)
    return (at - _EPOCH) // _SECOND


def _instant(second: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(seconds=second)


def _refuse_naive(at: dt.datetime) -> dt.datetime:
    raise ValueError(f"{at} has no time zone; business time takes aware datetimes only")


ALWAYS: Final = BusinessCalendar(weekly=ROUND_THE_CLOCK, timezone="UTC")
"""Around the clock, every day."""
