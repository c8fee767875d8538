"""A calendar written down: plain JSON that gives the same answers wherever and whenever it is read again.

Besides what the configuration says, it holds what the answers depend on and what may change under us: the holidays
of `FROZEN_YEARS` with their names, and the rules of the time zone as the TZif file of RFC 9636. `made_with` says
which libraries gave them; it is for people, and no part of the fingerprint.
"""

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from escalation.calendar_days import CalendarParts, Closure
from escalation.opening_hours import (
    WEEKDAYS,
    Opening,
    merged_openings,
    opening_text,
    parse_opening,
    split_at_midnight,
)
from escalation.public_holidays import FrozenHolidays

Definition: TypeAlias = dict[str, Any]
"""JSON-able; made by `write_definition` only."""

_FORMAT: Final = 1
_PROVENANCE: Final = "made_with"
_DIGITS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """What a calendar knew when it was written down and what may be other today; `zone_rules` is a TZif file."""

    holidays: FrozenHolidays
    zone_rules: bytes
    tzdata: str
    """The version of the `tzdata` package that gave the rules."""


def write_definition(parts: CalendarParts, frozen: Frozen) -> Definition:
    """Write a calendar down as JSON-able data, the same for all ways of saying the same.

    Hours are those of each local date, so a shift over midnight stands under two weekdays; every list is in order.
    """
    holidays = frozen.holidays
    return {
        "format": _FORMAT,
        "timezone": parts.timezone,
        "zone_rules": base64.b64encode(frozen.zone_rules).decode("ascii"),
        "hours": {name: _texts(day) for name, day in zip(WEEKDAYS, split_at_midnight(parts.weekly), strict=True)},
        "holidays": parts.holidays,
        "language": parts.language,
        "holiday_half_days": _texts(merged_openings(parts.holiday_half_days)),
        "closed_days": _dated(parts.closed_days),
        "half_days": {
            day.isoformat(): _texts(merged_openings(hours)) for day, hours in sorted(parts.half_days.items())
        },
        "closures": [
            {"start": _utc(closure.start), "end": _utc(closure.end), "name": closure.name} for closure in parts.closures
        ],
        "frozen": {
            "first_year": holidays.first_year,
            "last_year": holidays.last_year,
            "holidays": _dated(holidays.whole),
            "half_holidays": _dated(holidays.half),
        },
        _PROVENANCE: {"holidays": holidays.library, "tzdata": frozen.tzdata},
    }


def read_definition(definition: Mapping[str, Any]) -> tuple[CalendarParts, Frozen]:
    """Read what `write_definition` wrote; `ValueError` with a sentence when it is of another format."""
    if (written := definition.get("format")) != _FORMAT:
        raise ValueError(
            f"a calendar of format {written!r} cannot be read here; this version of Portavoce has {_FORMAT}"
        )
    years, made_with = definition["frozen"], definition[_PROVENANCE]
    parts = CalendarParts(
        weekly=tuple(_openings(definition["hours"][name]) for name in WEEKDAYS),
        timezone=definition["timezone"],
        holidays=definition["holidays"],
        language=definition["language"],
        holiday_half_days=_openings(definition["holiday_half_days"]),
        closed_days=_dates(definition["closed_days"]),
        half_days={dt.date.fromisoformat(day): _openings(hours) for day, hours in definition["half_days"].items()},
        closures=[
            Closure(
                dt.datetime.fromisoformat(closure["start"]), dt.datetime.fromisoformat(closure["end"]), closure["name"]
            )
            for closure in definition["closures"]
        ],
    )
    frozen = Frozen(
        holidays=FrozenHolidays(
            first_year=years["first_year"],
            last_year=years["last_year"],
            whole=_dates(years["holidays"]),
            half=_dates(years["half_holidays"]),
            library=made_with["holidays"],
        ),
        zone_rules=base64.b64decode(definition["zone_rules"], validate=True),
        tzdata=made_with["tzdata"],
    )
    return parts, frozen


def fingerprint(definition: Mapping[str, Any]) -> str:
    """Hash what the answers depend on: two calendars that answer differently never have the same.

    Another release of a library changes nothing as long as it gives the same holidays and zone rules.
    """
    essence = {key: value for key, value in definition.items() if key != _PROVENANCE}
    text = json.dumps(essence, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _texts(openings: Iterable[Opening]) -> list[str]:
    return [opening_text(opening) for opening in openings]


def _openings(texts: Iterable[str]) -> tuple[Opening, ...]:
    return tuple(parse_opening(text) for text in texts)


def _dated(names: Mapping[dt.date, str]) -> dict[str, str]:
    return {day.isoformat(): name for day, name in sorted(names.items())}


def _dates(names: Mapping[str, str]) -> dict[dt.date, str]:
    return {dt.date.fromisoformat(day): name for day, name in names.items()}


def _utc(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat()
