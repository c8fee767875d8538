"""Random calendars, and a slow counter that says what is true of them."""

import datetime as dt
import functools
import random
from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

import holidays as holiday_library
from hypothesis import strategies as st

from escalation.business_time import BusinessCalendar, zone
from escalation.calendar_days import Closure

UTC = dt.UTC
DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)

ZONES = (
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "America/Sao_Paulo",
    "Asia/Kolkata", "Pacific/Apia", "Europe/London", "Europe/Dublin", "America/St_Johns", "America/Havana",
    "Asia/Beirut", "Asia/Tehran", "Asia/Kathmandu", "Pacific/Chatham", "Pacific/Auckland", "America/Santiago",
    "Atlantic/Azores", "Pacific/Kiritimati", "UTC",
)  # fmt: skip
REGIONS = (None, "IT", "GR", "US", "TR")


@functools.cache
def changes(name: str) -> list[dt.datetime]:
    """Find the UTC days of 2009 to 2027 on which a zone's offset changed, or one plain day."""
    first = dt.datetime(2009, 1, 1, tzinfo=UTC)
    offsets = [(first + dt.timedelta(days=days)).astimezone(zone(name)).utcoffset() for days in range(19 * 365)]
    found = [first + dt.timedelta(days=days) for days, (one, two) in enumerate(pairwise(offsets)) if one != two]
    return found or [dt.datetime(2026, 3, 29, tzinfo=UTC)]


@dataclass
class Recipe:
    """What a calendar is made of, in plain values."""

    weekly: tuple
    timezone: str
    region: str | None = None
    half_holiday_hours: tuple = ()
    closed: dict = field(default_factory=dict)
    half: dict = field(default_factory=dict)
    closures: tuple = ()

    def calendar(self) -> BusinessCalendar:
        return BusinessCalendar(
            weekly=self.weekly,
            timezone=self.timezone,
            holidays=self.region,
            holiday_half_days=self.half_holiday_hours,
            closed_days=self.closed,
            half_days=self.half,
            closures=self.closures,
        )


def random_recipe(chance: random.Random, name: str, start: dt.datetime) -> Recipe:
    """Make up any week and a few odd days in the six days after `start`, a little before and after them."""

    def openings(least: int) -> tuple:
        cuts = sorted(chance.sample(range(49), chance.choice([n for n in (0, 2, 2, 4) if n >= least])))
        return tuple((one * 30, two * 30) for one, two in zip(cuts[::2], cuts[1::2], strict=True))

    week = [openings(0) for _ in range(7)]
    week[chance.randrange(7)] = (chance.choice([(0, 1440), (1320, 1800), (1410, 2850), (540, 1020)]),)
    dates = [start.date() + dt.timedelta(days=days) for days in chance.sample(range(-3, 10), 4)]
    closed = {day: chance.choice(["", "Outing"]) for day in dates[: chance.randrange(3)]}
    half = {day: openings(2) for day in dates[2 : 2 + chance.randrange(3)]}
    closures = tuple(
        Closure(begin, begin + chance.randrange(1, 900) * MINUTE, "Meeting")
        for begin in (start + chance.randrange(-1440, 7 * 1440) * MINUTE for _ in range(chance.randrange(3)))
    )
    region = chance.choice(REGIONS)
    return Recipe(tuple(week), name, region, openings(0) if region else (), closed, half, closures)


@st.composite
def calendars(draw):
    """Any calendar in any of twenty zones, and an instant near one of the zone's clock changes."""
    name = draw(st.sampled_from(ZONES))
    start = draw(st.sampled_from(changes(name))) + draw(st.integers(-4 * 1440, 2 * 1440)) * MINUTE
    return random_recipe(draw(st.randoms(use_true_random=False)), name, start).calendar(), start


class MinuteCounter:
    """The slow truth: looks at every UTC minute's wall clock, knows nothing of offsets, gaps or folds."""

    def __init__(self, name: str, start: dt.datetime, days: int) -> None:
        self.first = start - 3 * DAY
        local = zone(name)
        minutes = (days + 7) * 1440
        self.walls = [
            (self.first + minute * MINUTE).astimezone(local).replace(tzinfo=None) for minute in range(minutes)
        ]
        self.highest = list(accumulate(self.walls, max))
        self.last_at = {wall: minute for minute, wall in enumerate(self.walls)}

    def count(self, recipe: Recipe) -> None:
        """Mark the minutes that count, and those that would if every date were like its weekday."""
        self.open = bytearray(len(self.walls))
        self.usual = bytearray(len(self.walls))
        day = self.walls[0].date() + DAY
        while day < self.walls[-1].date() - DAY:
            usual = self._week(recipe, day)
            self._mark(self.usual, day, usual)
            counted = bytearray(len(self.walls))
            self._mark(counted, day, self._hours(recipe, day, usual))
            if day not in recipe.half:
                for closure in recipe.closures:
                    lower, upper = (max(0, (at - self.first) // MINUTE) for at in (closure.start, closure.end))
                    counted[lower:upper] = bytes(len(counted[lower:upper]))
            self.open = bytearray((int.from_bytes(self.open) | int.from_bytes(counted)).to_bytes(len(self.walls)))
            day += DAY
        self.sums = [0, *accumulate(self.open)]

    def elapsed(self, start: dt.datetime, end: dt.datetime) -> int:
        lower, upper = ((at - self.first) // MINUTE for at in (start, end))
        return 60 * (self.sums[upper] - self.sums[lower])

    def due(self, start: dt.datetime, seconds: int) -> dt.datetime | None:
        """Give the end of the minute that completes the target; None beyond what was counted."""
        wanted = self.sums[(start - self.first) // MINUTE] + seconds // 60
        if wanted > self.sums[-1]:
            return None
        return self.first + bisect_left(self.sums, wanted) * MINUTE

    def lost(self, start: dt.datetime, end: dt.datetime) -> int:
        """Count the seconds that are open on an ordinary weekday and were not."""
        lower, upper = ((at - self.first) // MINUTE for at in (start, end))
        usual, counted = int.from_bytes(self.usual[lower:upper]), int.from_bytes(self.open[lower:upper])
        return 60 * (usual & ~counted).bit_count()

    def _mark(self, minutes: bytearray, day: dt.date, hours: list) -> None:
        midnight = dt.datetime(day.year, day.month, day.day)  # noqa: DTZ001 - wall time on purpose
        for start, end in hours:
            begin = bisect_left(self.highest, midnight + start * MINUTE)
            closing = midnight + end * MINUTE
            until = bisect_left(self.highest, closing)
            if end < 1440:  # 24:00 is where the next date begins, other times are over when they come for the last time
                until = max(begin, self.last_at.get(closing, until))
            minutes[begin:until] = b"\1" * (until - begin)

    def _week(self, recipe: Recipe, day: dt.date) -> list:
        today = [(start, min(end, 1440)) for start, end in recipe.weekly[day.weekday()]]
        return today + [(0, end - 1440) for _, end in recipe.weekly[day.weekday() - 1] if end > 1440]

    def _hours(self, recipe: Recipe, day: dt.date, usual: list) -> list:
        if day in recipe.half:
            return list(recipe.half[day])
        if day in recipe.closed or day in holidays_of(recipe.region, day.year):
            return []
        if recipe.half_holiday_hours and day in holidays_of(recipe.region, day.year, half=True):
            kept = {minute for start, end in recipe.half_holiday_hours for minute in range(start, end)}
            return [(minute, minute + 1) for start, end in usual for minute in range(start, end) if minute in kept]
        return usual


@functools.cache
def holidays_of(region: str | None, year: int, *, half: bool = False) -> frozenset:
    if region is None:
        return frozenset()
    known = holiday_library.country_holidays(region, expand=False).supported_categories
    if half and "half_day" not in known:
        return frozenset()
    categories = ("half_day",) if half else None
    return frozenset(holiday_library.country_holidays(region, years=year, expand=False, categories=categories))
