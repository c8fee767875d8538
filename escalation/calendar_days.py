"""What one local date of a calendar is: its hours, and why they are not the usual ones of its weekday.

What is written for a date wins over the holiday library, which wins over the weekday:

1. the hours written for this date (a half day), also where the weekday has none and where a company event lies;
2. a closed day;
3. a public holiday;
4. a half holiday: of the weekday's hours, those inside the hours kept on half holidays;
5. the hours of the weekday.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from escalation.opening_hours import (
    DAY_MINUTES,
    Opening,
    WeeklyHours,
    merged_openings,
    opening_text,
    shared_openings,
    split_at_midnight,
)
from escalation.public_holidays import HolidayBook


class Cause(StrEnum):
    """Why hours that one might expect on a date did not count."""

    NO_HOURS = "no_hours"
    """The weekday has no hours: the weekend, usually."""
    HOLIDAY = "holiday"
    """A public holiday."""
    CLOSED = "closed"
    """A closed day of the organisation or the department."""
    HALF_DAY = "half_day"
    """Other hours than the weekday's, written for this date or kept on half holidays."""
    CLOSED_HOURS = "closed_hours"
    """A company event that closes some hours of the day."""


@dataclass(frozen=True, slots=True, order=True)
class Closure:
    """Hours in which nobody works, such as a company meeting: two aware instants, and what it is called."""

    start: dt.datetime
    end: dt.datetime
    name: str


@dataclass(frozen=True, slots=True)
class DayRule:
    """Hours of a date (local minutes, disjoint, ascending), with the cause and name when they are not the usual."""

    hours: Sequence[Opening]
    cause: Cause | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarParts:
    """Everything that people say about a calendar, as `BusinessCalendar` takes it."""

    weekly: WeeklyHours
    timezone: str
    holidays: str | None
    language: str
    holiday_half_days: Sequence[Opening]
    closed_days: Mapping[dt.date, str]
    half_days: Mapping[dt.date, Sequence[Opening]]
    closures: Sequence[Closure]


class DayRules:
    """The rule of every local date of one calendar.

    `ValueError` for a date that is closed and has hours, and for hours of a date that are none or reach over midnight.
    """

    def __init__(self, parts: CalendarParts, holidays: HolidayBook) -> None:
        self._week = split_at_midnight(parts.weekly)
        self._closed_days = parts.closed_days
        self._half_days = {day: dated_hours(hours) for day, hours in parts.half_days.items()}
        self._half_holiday_hours = merged_openings(parts.holiday_half_days)
        self._holidays = holidays
        both = sorted(self._closed_days.keys() & self._half_days.keys())
        if both:
            raise ValueError(f"{both[0]} is a closed day and has hours; it can only be one of them")

    @property
    def last_dated(self) -> dt.date | None:
        """The last date that has hours of its own."""
        return max(self._half_days, default=None)

    @property
    def open_on_weekdays(self) -> bool:
        """Say whether any weekday has hours."""
        return any(self._week)

    @property
    def always_open(self) -> bool:
        """Say whether every day of the week is open round the clock."""
        return all(day == [(0, DAY_MINUTES)] for day in self._week)

    def has_own_hours(self, day: dt.date) -> bool:
        """Say whether hours were written for this date."""
        return day in self._half_days

    def usual(self, day: dt.date) -> Sequence[Opening]:
        """Give the hours of the date's weekday, as if it were an ordinary one."""
        return self._week[day.weekday()]

    def on(self, day: dt.date) -> DayRule:
        """Give the rule of a date."""
        holiday = self._holidays.whole(day)
        if day in self._half_days:
            return DayRule(self._half_days[day], Cause.HALF_DAY, holiday or self._holidays.half(day))
        if day in self._closed_days:
            return DayRule((), Cause.CLOSED, self._closed_days[day] or holiday)
        if holiday is not None:
            return DayRule((), Cause.HOLIDAY, holiday)
        usual = self.usual(day)
        half = self._holidays.half(day)
        if half is not None:
            return DayRule(shared_openings(usual, self._half_holiday_hours), Cause.HALF_DAY, half)
        return DayRule(usual)


def dated_hours(hours: Sequence[Opening]) -> list[Opening]:
    """Check and sort the hours of one date; `ValueError` when there are none, or when they reach over midnight."""
    if not hours:
        raise ValueError("a date without hours is a closed day; write it under closed_days")
    for opening in hours:
        if opening[1] > DAY_MINUTES:
            raise ValueError(
                f'"{opening_text(opening)}" runs into the next day; the hours of a date end at 24:00, '
                "so write the rest under the next date"
            )
    return merged_openings(hours)
