"""Business calendars of the organisation and of its departments: the dates of both levels on top of each other."""

import datetime as dt
from collections.abc import Mapping, Sequence

from escalation.business_time import BusinessCalendar, zone
from escalation.opening_hours import Opening, WeeklyHours, shared_openings, split_at_midnight
from escalation.settings.sections import Department, Organisation


def calendar_of(house: Organisation, own: Department | None = None) -> BusinessCalendar:
    """Make the calendar of the organisation, or of a department of it, whose own dates win.

    Where a department has hours of its own, a half day of the organisation leaves of them what both have in common.
    """
    levels = [house] if own is None else [house, own]
    timezone = own.timezone if own is not None and own.timezone else house.timezone
    closed: dict[dt.date, str] = {}
    half: dict[dt.date, Sequence[Opening]] = {}
    files = [level.company_days for level in levels if level.company_days]
    for file in files:
        closed.update(file.days)
    for level in levels:
        closed = {day: name for day, name in closed.items() if day not in level.half_days}
        half = {day: hours for day, hours in half.items() if day not in level.closed_days}
        closed.update(level.closed_days)
        if level is house and own is not None and own.hours:
            _leave_in_common(own.hours.weekly, level.half_days, half, closed)
        else:
            half.update(level.half_days)
    remaining = own.holiday_half_days if own is not None else None
    return BusinessCalendar(
        weekly=own.hours.weekly if own is not None and own.hours else house.weekly,
        timezone=timezone,
        holidays=holidays_of(house, own),
        language=house.language,
        holiday_half_days=house.holiday_half_days if remaining is None else remaining,
        closed_days=closed,
        half_days=half,
        closures=(closure for file in files for closure in file.closures(zone(timezone))),
    )


def holidays_of(house: Organisation, own: Department | None = None) -> str | None:
    """Give the region whose holidays the organisation, or a department of it, has; None without any."""
    if own is None or own.holidays is None:
        return house.holidays
    return own.holidays or None


def _leave_in_common(
    weekly: WeeklyHours,
    half_days: Mapping[dt.date, Sequence[Opening]],
    half: dict[dt.date, Sequence[Opening]],
    closed: dict[dt.date, str],
) -> None:
    """Note what half days leave of weekly hours, in `half`, and in `closed` where that is nothing."""
    week = split_at_midnight(weekly)
    for day, openings in half_days.items():
        usual = week[day.weekday()]
        if common := shared_openings(usual, openings):
            half[day] = common
        elif usual:
            closed[day] = ""
