"""The days on which the company does not work, read from an iCal file (RFC 5545) beside the configuration.

An all-day event closes its days. A timed event closes its hours, unless its owner is marked as free (`TRANSP`); a time
without a zone is one of the calendar that reads it. Cancelled events close nothing. Recurring events close each of
their days in `FROZEN_YEARS`; what lies outside of those years is not read.
"""

import datetime as dt
import re
import unicodedata
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import PlainSerializer, PlainValidator, ValidationInfo, WithJsonSchema

from escalation.business_time import zone, zone_names
from escalation.calendar_days import Closure
from escalation.public_holidays import FROZEN_YEARS
from escalation.secret import SecretSource

_MOST_BYTES: Final = 1_000_000
_MOST_OCCURRENCES: Final = 5_000
_LONGEST_NAME: Final = 100
_LONGEST_EVENT: Final = dt.timedelta(days=366)
_DAY: Final = dt.timedelta(days=1)
_KINDS: Final = {"DTSTART": dt.date, "DTEND": dt.date, "DURATION": dt.timedelta}
_OFTEN: Final = {"SECONDLY", "MINUTELY", "HOURLY"}
_PROPERTY: Final = re.compile(r"([A-Za-z0-9-]+)[;:]")
# what icalendar, recurring-ical-events and dateutil raise for files that they did not expect
_LIBRARY_ERRORS: Final = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, OSError)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyDays:
    """What an iCal file closes: whole local dates, and hours, each with its name ("" for none).

    Hours are pairs of aware datetimes, or of naive ones that are local wherever they are used.
    """

    file: str
    days: tuple[tuple[dt.date, str], ...]
    hours: tuple[tuple[dt.datetime, dt.datetime, str], ...]

    def closures(self, local: ZoneInfo) -> Iterator[Closure]:
        """Give the closed hours as instants, those without a zone of their own in `local`."""
        for start, end, name in self.hours:
            pair = [(at if at.tzinfo else at.replace(tzinfo=local)).astimezone(dt.UTC) for at in (start, end)]
            if pair[0] < pair[1]:
                yield Closure(pair[0], pair[1], name)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an event stands in the file: its first line, and the line of each of its properties."""

    line: int
    properties: Mapping[str, int]

    def of(self, name: str | None) -> int:
        return self.properties.get((name or "").upper(), self.line)


def read_company_days(path: Path) -> CompanyDays:
    """Read an iCal file; `ValueError` with a sentence that names the file, and the line where one can be named."""
    text = _text(path)
    calendars = _parsed(text)
    if not calendars or any(calendar.name != "VCALENDAR" for calendar in calendars):
        raise ValueError(_no_calendar(text, path))
    places = _places(text)
    for calendar in calendars:
        for event in calendar.walk("VEVENT"):
            _check(event, path, next(places))
    days: dict[dt.date, list[str]] = {}
    hours: set[tuple[dt.datetime, dt.datetime, str]] = set()
    for calendar in calendars:
        for event in _occurrences(calendar, path):
            _add(event, days, hours)
    return CompanyDays(
        file=str(path),
        days=tuple((day, "; ".join(dict.fromkeys(filter(None, days[day])))) for day in sorted(days)),
        hours=tuple(sorted(hours, key=lambda entry: (entry[0].isoformat(), entry[1].isoformat(), entry[2]))),
    )


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({(error.strerror or 'unreadable').lower()})") from None
    except ValueError:  # a path with a null character
        raise ValueError(f"{str(path)!r} is not a path") from None
    if len(content) > _MOST_BYTES:
        raise ValueError(
            f"{path} has more than {_MOST_BYTES} bytes; export a calendar that holds the company's closed days only"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ValueError(f"{path}, line {line}: is not UTF-8 text; save the file as UTF-8") from None


def _parsed(text: str) -> list[Any]:
    from icalendar import Calendar  # noqa: PLC0415 - slow to import, rarely needed
    from icalendar.timezone import tzp  # noqa: PLC0415

    from escalation.settings.pinned_zones import PinnedZones  # noqa: PLC0415

    tzp.use(PinnedZones())  # a new one: it forgets the zones that an earlier file described
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is unsure of the zones in files of Evolution, and right about them
        try:
            return Calendar.from_ical(text, multiple=True)
        except _LIBRARY_ERRORS:
            return []


def _no_calendar(text: str, path: Path) -> str:
    """Say why a text is no calendar, with the first line that breaks the format if there is one."""
    for number, content in enumerate(text.split("\n"), start=1):
        if content.strip() and not content[0].isspace() and not _PROPERTY.match(content):
            return f"{path}, line {number}: is no line of the iCal format, such as SUMMARY:Works outing"
    return f"{path} is not a whole iCal file; it begins with BEGIN:VCALENDAR and ends with END:VCALENDAR"


def _places(text: str) -> Iterator[_Place]:
    line, properties = 0, None
    for number, content in enumerate(text.split("\n"), start=1):
        if content.strip().upper() == "BEGIN:VEVENT":
            line, properties = number, dict[str, int]()
        elif content.strip().upper() == "END:VEVENT" and properties is not None:
            yield _Place(line, properties)
            properties = None
        elif properties is not None and (found := _PROPERTY.match(content)):
            properties.setdefault(found[1].upper(), number)
    while True:  # the library found an event that this simple reading did not
        yield _Place(max(line, 1), {})


def _check(event: Any, path: Path, place: _Place) -> None:
    """Refuse an event of which the libraries would make something that nobody meant."""
    for name, sentence in chain(_unreadable(event), _contradictions(event)):  # one after the other
        title = _name(event) or "without a name"
        raise ValueError(f"{path}, line {place.of(name)}: the event “{title}” {sentence}")


def _unreadable(event: Any) -> Iterator[tuple[str | None, str]]:
    """Say what cannot be read, after the name of its property."""
    for name, _ in event.errors:
        yield name, f"has no readable {name}" if name else "has a line that is no property of an event"
    for name, kind in _KINDS.items():
        if isinstance(event.get(name), list):
            yield name, f"has {name} twice"
        elif name in event and not isinstance(event[name].dt, kind):
            yield name, f"has no readable {name}"
    if "DTSTART" not in event:
        yield None, "has no DTSTART"
    for rule in _rules(event):
        often = set(map(str, rule.get("FREQ", [])))
        if not often:
            yield "RRULE", "has an RRULE without FREQ"
        elif not often.isdisjoint(_OFTEN):
            yield "RRULE", "recurs more often than daily"
        elif any(int(step) < 1 for step in rule.get("INTERVAL", [])):  # dateutil would never come to an end
            yield "RRULE", "recurs with an INTERVAL below 1"


def _contradictions(event: Any) -> Iterator[tuple[str, str]]:
    """Say what does not fit together in an event that can be read, after the name of its property."""
    start = event["DTSTART"].dt
    timed = isinstance(start, dt.datetime)
    if "DTEND" in event:
        end = event["DTEND"].dt
        if isinstance(end, dt.datetime) != timed:
            yield "DTEND", "has a day at one end and a time of day at the other"
        elif timed and (end.tzinfo is None) != (start.tzinfo is None):
            yield "DTEND", "has a time zone at one end only"
        elif end < start:
            yield "DTEND", "ends before it begins"
        elif end - start > _LONGEST_EVENT:
            yield "DTEND", "lasts longer than a year"
    if "DURATION" in event:
        length = event["DURATION"].dt
        if length > _LONGEST_EVENT:
            yield "DURATION", "lasts longer than a year"
        if length < dt.timedelta() or (length % _DAY and not timed):
            yield "DURATION", "has a DURATION that does not fit its beginning"
    for name in ("DTSTART", "DTEND"):
        known = event[name].params.get("TZID") if name in event else None
        if known and isinstance(event[name].dt, dt.datetime) and event[name].dt.tzinfo is None:
            yield name, f'names the time zone "{known}", which nobody knows'


def _rules(event: Any) -> list[Any]:
    rules = event.get("RRULE", [])
    return rules if isinstance(rules, list) else [rules]


def _occurrences(calendar: Any, path: Path) -> Iterator[Any]:
    """Give each occurrence in `FROZEN_YEARS`, some of them twice."""
    import recurring_ical_events  # noqa: PLC0415 - slow to import, rarely needed

    count = 0
    try:
        query = recurring_ical_events.of(calendar)
        for year in FROZEN_YEARS:
            found = query.between((year, 1, 1), (year + 1, 1, 1))
            count += len(found)
            if count > _MOST_OCCURRENCES:
                break
            yield from found
    except _LIBRARY_ERRORS:
        raise ValueError(f"{path} has an event whose recurrence cannot be worked out") from None
    if count > _MOST_OCCURRENCES:
        raise ValueError(
            f"{path} closes more than {_MOST_OCCURRENCES} days and hours; export a calendar that holds the company's "
            "closed days only"
        )


def _add(event: Any, days: dict[dt.date, list[str]], hours: set[tuple[dt.datetime, dt.datetime, str]]) -> None:
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return
    start, end = event.start, event.end
    if isinstance(start, dt.datetime):
        if str(event.get("TRANSP", "")).upper() != "TRANSPARENT" and _pinned(start) < _pinned(end):
            hours.add((_pinned(start), _pinned(end), _name(event)))
        return
    for ordinal in range(start.toordinal(), max(end.toordinal(), start.toordinal() + 1)):
        day = dt.date.fromordinal(ordinal)
        if day.year in FROZEN_YEARS:
            days.setdefault(day, []).append(_name(event))


def _pinned(at: dt.datetime) -> dt.datetime:
    """Read a wall time by the rules of our own zones; the one that `X-WR-TIMEZONE` names comes from the machine."""
    key = getattr(at.tzinfo, "key", None)
    return at.replace(tzinfo=zone(key)) if key in zone_names() else at


def _name(event: Any) -> str:
    """Give an event's summary on one line of printable characters."""
    summary = event.get("SUMMARY", "")
    text = str(summary[0] if isinstance(summary, list) else summary)
    printable = "".join(letter for letter in text if letter.isspace() or unicodedata.category(letter)[0] != "C")
    return " ".join(printable.split())[:_LONGEST_NAME].strip()


def _validated(value: object, info: ValidationInfo) -> CompanyDays:
    if isinstance(value, CompanyDays):
        return value
    if not isinstance(value, str) or not value.strip():
        raise ValueError('is the path of an iCal file, such as "company.ics"')
    source = info.context
    folder = source.folder if isinstance(source, SecretSource) else Path()
    return read_company_days(folder / Path(value).expanduser())


CompanyDaysFile = Annotated[
    CompanyDays,
    PlainValidator(_validated),
    PlainSerializer(lambda days: days.file, return_type=str),
    WithJsonSchema({"type": "string", "description": "path of an iCal file, relative to this file's folder"}),
]
