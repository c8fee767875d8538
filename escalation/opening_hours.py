"""Opening hours as people write them, and the same split into days."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

DAY_MINUTES: Final = 24 * 60
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Opening: TypeAlias = tuple[int, int]
"""Local minutes since midnight, end exclusive; an end above 1440 runs into the next day."""

WeeklyHours: TypeAlias = tuple[tuple[Opening, ...], ...]
"""Seven days, Monday first; a day without openings is closed."""

ROUND_THE_CLOCK: Final[WeeklyHours] = (((0, DAY_MINUTES),),) * 7

_OPENING_TEXT: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*-\s*([0-9]{1,2}):([0-9]{2})")


def parse_opening(text: str) -> Opening:
    """Read `"09:00-13:00"`, `"22:00-06:00"` (over midnight) or `"24h"`; `ValueError` with a sentence otherwise."""
    if text.strip().lower() == "24h":
        return 0, DAY_MINUTES
    found = _OPENING_TEXT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f'"{text}" is not a span of hours; write "09:00-13:00", "22:00-06:00" or "24h"')
    hour, minute, end_hour, end_minute = (int(part) for part in found.groups())
    start, end = hour * 60 + minute, end_hour * 60 + end_minute
    if minute > 59 or end_minute > 59 or start >= DAY_MINUTES or end > DAY_MINUTES:  # noqa: PLR2004
        raise ValueError(f'"{text}" names a time of day that does not exist; the day goes from 00:00 to 24:00')
    if start == end:
        raise ValueError(f'"{text}" is empty; a whole day is "24h"')
    return start, end if end > start else end + DAY_MINUTES


def opening_text(opening: Opening) -> str:
    """Write an opening the way the configuration file spells it."""
    start, end = opening
    if (start, end) == (0, DAY_MINUTES):
        return "24h"
    end = end - DAY_MINUTES if end > DAY_MINUTES else end
    return f"{start // 60:02d}:{start % 60:02d}-{end // 60:02d}:{end % 60:02d}"


def split_at_midnight(weekly: WeeklyHours) -> list[list[Opening]]:
    """Turn shifts over midnight into two parts, each on its own day, sorted and merged."""
    if len(weekly) != len(WEEKDAYS):
        raise ValueError(f"weekly hours need seven days, Monday first, not {len(weekly)}")
    parts: list[list[Opening]] = [[] for _ in WEEKDAYS]
    for weekday, day in enumerate(weekly):
        for start, end in day:
            if not 0 <= start < DAY_MINUTES or not start < end <= start + DAY_MINUTES:
                raise ValueError(f"the opening {start} to {end} is not a span of minutes within a day's length")
            parts[weekday].append((start, min(end, DAY_MINUTES)))
            if end > DAY_MINUTES:
                parts[(weekday + 1) % 7].append((0, end - DAY_MINUTES))
    return [merged_openings(day) for day in parts]


def merged_openings(openings: Iterable[Opening]) -> list[Opening]:
    """Sort the openings of one day and join those that meet or overlap."""
    kept: list[Opening] = []
    for start, end in sorted(openings):
        if kept and start <= kept[-1][1]:
            kept[-1] = (kept[-1][0], max(kept[-1][1], end))
        else:
            kept.append((start, end))
    return kept


def shared_openings(one: Iterable[Opening], two: Sequence[Opening]) -> list[Opening]:
    """Give what two lists of openings of one day have in common."""
    shared = ((max(a[0], b[0]), min(a[1], b[1])) for a in one for b in two)
    return [(start, end) for start, end in shared if start < end]
