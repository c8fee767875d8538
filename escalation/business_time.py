"""Business time: how many working seconds lie between two instants, and when a target falls due.

A calendar is compiled from weekly opening hours in local wall time, an IANA zone and closed days into sorted UTC
intervals with prefix sums, 400 days at a time, growing on demand. Every question is then one or two binary searches
over whole seconds. No arithmetic is done on local times: subtracting two aware datetimes of the same zone ignores
daylight saving.

Local to UTC: a wall time that does not exist moves to the end of its gap; an ambiguous opening takes the first
occurrence, an ambiguous closing the second, so that no service time is lost. A shift over midnight is split there,
and what is said of a date (`calendar_days`) is said of exactly its own local calendar day: 24:00 is the instant at
which the next date begins, also where midnight comes twice.
"""

import datetime as dt
import functools
import importlib.metadata
import importlib.resources
import io
import threading
import zoneinfo
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import accumulate, pairwise
from typing import Any, Final, Self

from escalation.calendar_days import CalendarParts, Cause, Closure, DayRules
from escalation.calendar_definition import (
    Definition,
    Frozen,
    fingerprint,
    read_definition,
    write_definition,
)
from escalation.opening_hours import DAY_MINUTES, ROUND_THE_CLOCK, Opening, WeeklyHours
from escalation.public_holidays import HolidayBook, check_holidays

_CHUNK_DAYS: Final = 400
_PATIENCE_DAYS: Final = 10 * 366
_FIRST_DAY: Final = dt.date(1900, 1, 1)
_LAST_DAY: Final = dt.date(2200, 1, 1)
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_EPOCH_DAY: Final = _EPOCH.toordinal()
_SECOND: Final = dt.timedelta(seconds=1)
_DAY: Final = dt.timedelta(days=1)


@functools.cache
def zone(name: str) -> zoneinfo.ZoneInfo:
    """Give the zone with the rules of the pinned `tzdata` package, whatever the machine has.

    `ValueError` with a sentence when there is no such zone. https://docs.python.org/3.11/library/zoneinfo.html
    """
    return _zone_of(zone_rules(name), name)


@functools.cache
def zone_rules(name: str) -> bytes:
    """Give the rules of a zone as the pinned `tzdata` package has them, a TZif file; `ValueError` like `zone`."""
    if name not in zone_names():
        raise ValueError(f'"{name}" is not a time zone; write an IANA name such as "Europe/Rome"')
    return importlib.resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()


@functools.cache
def _zone_of(rules: bytes, name: str) -> zoneinfo.ZoneInfo:
    """Build a zone from its rules, the same object for the same rules."""
    return zoneinfo.ZoneInfo.from_file(io.BytesIO(rules), key=name)


@functools.cache
def zone_names() -> frozenset[str]:
    """List every zone name of the pinned `tzdata` package."""
    return frozenset(importlib.resources.files("tzdata").joinpath("zones").read_text("utf-8").split())


def moment_of(local_zone: zoneinfo.ZoneInfo, day: dt.date, minute: int) -> dt.datetime:
    """Give the instant (UTC) of a local wall time, `minute` counted from midnight.

    One that does not exist moves to the end of its gap; of one that comes twice the first is taken.
    """
    return _instant(_to_utc(local_zone, day, minute, closing=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedInterval:
    """A stretch of counted time: aware local start and end, and its true length in seconds."""

    start: dt.datetime
    end: dt.datetime
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Local dates (`first` to `last`, usually one) on which no hours counted, or fewer than usual, and why.

    `name` is the holiday's, the closed day's or the event's, None when it has none. `lost` are the usual hours of
    the weekday that did not count, in local time; none for a weekday without hours.
    """

    first: dt.date
    last: dt.date
    cause: Cause
    name: str | None
    lost: tuple[CountedInterval, ...]


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

    def uncounted(self, stretches: Iterable[tuple[int, int]], lower: int, upper: int) -> list[tuple[int, int]]:
        """Give the parts of some stretches, between two UTC seconds, that lie in no interval."""
        found = []
        for begin, end in stretches:
            at, until = max(begin, lower), min(end, upper)
            for index in range(bisect_right(self.ends, at), bisect_left(self.starts, until)):
                if at < self.starts[index]:
                    found.append((at, self.starts[index]))
                at = self.ends[index]
            if at < until:
                found.append((at, until))
        return found


class BusinessCalendar:
    """Opening hours of one team; immutable to its users, safe to share between threads.

    `weekly` are seven days of openings, Monday first. `holidays` is a country or country-subdivision code of the
    `holidays` library, `language` the one in which their names are wanted. `closed_days` are further local dates on
    which nobody works, with their names ("" for none). `half_days` are the hours of single local dates instead of
    their weekday's. `holiday_half_days` are the hours that count on half holidays, within the weekday's; without them
    half holidays are ordinary days. `closures` are hours in which nobody works on dates without hours of their own.
    `calendar_days` says what wins. `ValueError` for what cannot be. Answers reach from 1900 to 2200; `ValueError`
    outside.
    """

    def __init__(
        self,
        *,
        weekly: WeeklyHours,
        timezone: str,
        holidays: str | None = None,
        language: str = "en",
        holiday_half_days: Sequence[Opening] = (),
        closed_days: Mapping[dt.date, str] | Iterable[dt.date] = (),
        half_days: Mapping[dt.date, Sequence[Opening]] | None = None,
        closures: Iterable[Closure] = (),
        frozen: Frozen | None = None,
    ) -> None:
        if frozen is None and holidays is not None:
            check_holidays(holidays)
        self.timezone = timezone
        self._frozen = frozen
        self._zone_rules = frozen.zone_rules if frozen else zone_rules(timezone)
        self.zone = _zone_of(self._zone_rules, timezone)
        self._parts = CalendarParts(
            weekly=weekly,
            timezone=timezone,
            holidays=holidays,
            language=language,
            holiday_half_days=tuple(holiday_half_days),
            closed_days=dict(closed_days) if isinstance(closed_days, Mapping) else dict.fromkeys(closed_days, ""),
            half_days=dict(half_days or {}),
            closures=sorted(closures),
        )
        self._book = HolidayBook(
            holidays,
            language=language,
            half_days=bool(holiday_half_days),
            frozen=frozen.holidays if frozen else None,
        )
        self._rules = DayRules(self._parts, self._book)
        self._closures = [(_seconds(one.start), _seconds(one.end), one.name) for one in self._parts.closures]
        self._closed_until = list(accumulate((end for _, end, _ in self._closures), max))
        self.never_closes = self._rules.always_open and not (
            holidays or self._parts.closed_days or self._parts.half_days or self._closures
        )
        self._growing = threading.Lock()
        self._span: _Span | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BusinessCalendar) and self.version == other.version

    def __hash__(self) -> int:
        return hash(self.version)

    def __repr__(self) -> str:
        return f"BusinessCalendar({self.timezone}, {self._parts.holidays or 'no holidays'}, {self.version})"

    @classmethod
    def from_definition(cls, definition: Mapping[str, Any]) -> Self:
        """Give the calendar that a `definition` was taken of, with its answers and its version.

        Its holidays of the frozen years and its zone rules are those that were written down, whatever the libraries
        say today; holidays of years outside are asked of today's library. `ValueError` for another format.
        """
        parts, frozen = read_definition(definition)
        return cls(**{field.name: getattr(parts, field.name) for field in fields(parts)}, frozen=frozen)

    @functools.cached_property
    def definition(self) -> Definition:
        """Everything that the answers depend on, JSON-able, to be kept; `from_definition` gives the calendar back."""
        frozen = self._frozen or Frozen(
            holidays=self._book.freeze(),
            zone_rules=self._zone_rules,
            tzdata=importlib.metadata.version("tzdata"),
        )
        return write_definition(self._parts, frozen)

    @functools.cached_property
    def version(self) -> str:
        """A fingerprint of the definition: another one exactly when some answer could be another one."""
        return fingerprint(self.definition)

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
            counted += [self._local(one, two) for one, two in pairwise(cuts)]
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
        """Name what closes a whole local date: the holiday or the closed day ("closed" without a name), else None."""
        rule = self._rules.on(day)
        return rule.name or "closed" if rule.cause in {Cause.CLOSED, Cause.HOLIDAY} else None

    def skipped(self, start: dt.datetime, end: dt.datetime) -> list[Skipped]:
        """List the local dates between two instants that counted for nothing, or for less than their weekday does.

        Days that follow each other and have the same cause and name are one entry, so a weekend is one, and a works
        holiday of two weeks too. A closed date on a weekday without hours is told as such, unless it goes on with
        the closed days before it.
        """
        begin, finish = _seconds(start), _seconds(end)
        found: list[Skipped] = []
        if finish <= begin:
            return found
        span = self._covering(begin, finish)
        joins = False
        for ordinal in range(self._local_day(begin).toordinal(), self._local_day(finish - 1).toordinal() + 1):
            day = dt.date.fromordinal(ordinal)
            lower = _to_utc(self.zone, day, 0, closing=False)
            upper = _to_utc(self.zone, day + _DAY, 0, closing=False)
            if lower >= upper:
                continue  # a date that its zone left out
            told = self._skipped_day(span, day, max(lower, begin), min(upper, finish), found[-1] if joins else None)
            if told is not None and joins and (told.cause, told.name) == (found[-1].cause, found[-1].name):
                found[-1] = replace(found[-1], last=day, lost=found[-1].lost + told.lost)
            elif told is not None:
                found.append(told)
            joins = told is not None
        return found

    def _skipped_day(
        self, span: "_Span", day: dt.date, lower: int, upper: int, before: Skipped | None
    ) -> Skipped | None:
        """Say what the part of a date between two UTC seconds lost; `before` is what the date before it told."""
        rule = self._rules.on(day)
        lost = span.uncounted(self._stretches(day, self._rules.usual(day)), lower, upper)
        cause, name = rule.cause or Cause.CLOSED_HOURS, rule.name
        if not rule.hours and not self._rules.usual(day):
            if rule.cause is None or before is None or (before.cause, before.name) != (rule.cause, name):
                cause, name = Cause.NO_HOURS, None
        elif rule.hours and not lost:
            return None
        elif rule.cause is None:
            name = "; ".join(dict.fromkeys(self._closure_names(lost))) or None
        return Skipped(
            first=day, last=day, cause=cause, name=name, lost=tuple(self._local(one, two) for one, two in lost)
        )

    def _local(self, lower: int, upper: int) -> CountedInterval:
        return CountedInterval(
            start=_instant(lower).astimezone(self.zone),
            end=_instant(upper).astimezone(self.zone),
            seconds=upper - lower,
        )

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
        last_dated = self._rules.last_dated
        if not self._rules.open_on_weekdays and last_dated is None:
            raise ValueError("this calendar never opens: no day of the week has hours, so nothing can fall due")
        while span.position(begin) + seconds > span.sums[-1]:
            last_open = self._local_day(span.ends[-1]) if span.ends else span.first
            if (span.last - max(last_open, last_dated or last_open)).days > _PATIENCE_DAYS:
                raise ValueError("this calendar never opens again: every day with hours is closed or a holiday")
            ahead = min(span.covered_to + (span.covered_to - span.covered_from), span.covered_to + 20 * 366 * 86_400)
            span = self._grow(begin, ahead)
        return span

    def _raw(self, first: dt.date, last: dt.date) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        for ordinal in range(first.toordinal(), last.toordinal()):
            day = dt.date.fromordinal(ordinal)
            stretches = self._stretches(day, self._rules.on(day).hours)
            found += stretches if self._rules.has_own_hours(day) else self._without_closures(stretches)
        return found

    def _stretches(self, day: dt.date, openings: Sequence[Opening]) -> list[tuple[int, int]]:
        """Give the UTC seconds of a date's openings."""
        stretches = (
            (_to_utc(self.zone, day, start, closing=False), _to_utc(self.zone, day, end, closing=end < DAY_MINUTES))
            for start, end in openings
        )
        return [(lower, upper) for lower, upper in stretches if lower < upper]

    def _without_closures(self, stretches: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        for begin, end in stretches:
            at = begin
            for lower, upper, _ in self._closures_between(begin, end):
                if at < lower:
                    yield at, lower
                at = max(at, upper)
            if at < end:
                yield at, end

    def _closures_between(self, lower: int, upper: int) -> Iterator[tuple[int, int, str]]:
        for index in range(bisect_right(self._closed_until, lower), len(self._closures)):
            if self._closures[index][0] >= upper:
                return
            if self._closures[index][1] > lower:
                yield self._closures[index]

    def _closure_names(self, stretches: Iterable[tuple[int, int]]) -> list[str]:
        return [name for lower, upper in stretches for *_, name in self._closures_between(lower, upper) if name]

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


def _to_utc(local_zone: zoneinfo.ZoneInfo, day: dt.date, minute: int, *, closing: bool) -> int:
    """UTC second of a local wall time; the docstring of the module says what happens around clock changes."""
    whole_days, rest = divmod(minute, DAY_MINUTES)
    date = day + whole_days * _DAY
    wall = dt.datetime(date.year, date.month, date.day, rest // 60, rest % 60, tzinfo=local_zone)
    naive = (date.toordinal() - _EPOCH_DAY) * 86_400 + rest * 60
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
    return 0 if offset is None else offset.days * 86_400 + offset.seconds


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
