"""Sentences for colleagues: written once in English, read in their own language and time zone.

Code marks a sentence with ``say("... {name} ...", name=value)``; it is translated and filled only where it is shown.
Values may be text, numbers, datetimes (shown in the reader's zone), timedeltas (shown as a duration), stretches of
time, dates, counted hours and other sentences.
The customer's and the expert's text passes through as a value and is never altered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_timedelta
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

LANGUAGES = ("en", "it")
_SHORT_STRETCH = timedelta(minutes=2)
_DAYS_OF_WEEK = 7


@dataclass(frozen=True)
class Sentence:
    """A sentence that is not yet in anybody's language."""

    text: str
    values: Mapping[str, "Value"] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the English text; for logs and the command line."""
        return Reader().read(self)


@dataclass(frozen=True)
class Ago:
    """A moment, shown as the time that has passed since ("2 minutes ago")."""

    at: datetime


@dataclass(frozen=True)
class Day:
    """A day of the calendar, shown as "Monday 2 March", or short as "Mon 2"."""

    on: date
    short: bool = False


@dataclass(frozen=True)
class Stretch:
    """From one moment to a later one, shown in the reader's zone ("Fri 16:20-17:00")."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Days:
    """Dates of some calendar, both included, whatever the reader's zone ("Sat 7 Mar - Sun 8 Mar")."""

    first: date
    last: date


@dataclass(frozen=True)
class Hours:
    """Counted seconds, shown without days ("26 h 10 min"): a working day is not 24 hours long."""

    seconds: int


Value = str | int | float | datetime | timedelta | Sentence | Ago | Day | Stretch | Days | Hours


def say(text: str, /, **values: Value) -> Sentence:
    """Mark ``text`` for translation; ``{name}`` stands for a value."""
    return Sentence(text, values)


def joined(values: Sequence[Value], between: str) -> Sentence:
    """Return values one after the other; the signs ``between`` them are the same in every language."""
    names = [f"v{number}" for number in range(len(values))]
    return Sentence(between.join(f"{{{name}}}" for name in names), dict(zip(names, values, strict=True)))


@cache
def _catalogue(language: str) -> Mapping[str, str]:
    path = files("escalation").joinpath("locale", language, "LC_MESSAGES", "portavoce.po")
    if language == "en" or not path.is_file():
        return {}
    with path.open("rb") as stream:
        return {
            str(message.id): str(message.string)
            for message in read_po(stream, locale=language)
            if message.id and message.string
        }


@lru_cache(maxsize=4096)
def _date(day: date, pattern: str, language: str) -> str:
    """Return a day in a language; cards and explanations name the same few over and over, and spelling one is slow."""
    return str(format_date(day, pattern, locale=language))


@dataclass(frozen=True)
class Reader:
    """Somebody who reads: their language, their time zone, and the moment of reading (for "2 minutes ago")."""

    language: str = "en"
    timezone: str = "UTC"
    now: datetime | None = None

    def read(self, sentence: Sentence) -> str:
        """Return the sentence in this reader's language."""
        text = _catalogue(self.language).get(sentence.text, sentence.text)
        return text.format_map({name: self._value(value) for name, value in sentence.values.items()})

    def time(self, at: datetime) -> str:
        """Return a moment in the reader's zone: the hour if it is today, else day and hour."""
        local = at.astimezone(ZoneInfo(self.timezone))
        today = (self.now or at).astimezone(ZoneInfo(self.timezone)).date()
        if local.date() == today:
            return f"{local:%H:%M}"
        return f"{_date(local.date(), 'EEE d MMM', self.language)} {local:%H:%M}"

    def duration(self, span: timedelta) -> str:
        """Return a duration in at most two units ("2 h 10 min")."""
        seconds = max(0, int(span.total_seconds()))
        days, rest = divmod(seconds, 86_400)
        hours, rest = divmod(rest, 3_600)
        minutes, seconds = divmod(rest, 60)
        day = {"it": "g"}.get(self.language, "d")
        parts = [
            f"{number} {unit}"
            for number, unit in ((days, day), (hours, "h"), (minutes, "min"), (seconds, "s"))
            if number
        ]
        return " ".join(parts[:2]) or "0 s"

    def stretch(self, stretch: Stretch) -> str:
        """Return a stretch of time in the reader's zone: with the weekday, with the date too unless it is near."""
        start, end = (at.astimezone(ZoneInfo(self.timezone)) for at in (stretch.start, stretch.end))
        clock = "%H:%M:%S" if stretch.end - stretch.start < _SHORT_STRETCH else "%H:%M"
        if end.date() == start.date():
            ends = f"{end:{clock}}"
        elif end.date() - start.date() == timedelta(days=1) and end.time() == time():
            ends = "24:00"
        else:
            ends = f"{self._day(end)} {end:{clock}}"
        return f"{self._day(start)} {start:{clock}}-{ends}"

    def days(self, days: Days) -> str:
        """Return dates with their weekdays."""
        first, last = (_date(day, "EEE d MMM", self.language) for day in (days.first, days.last))
        return first if days.first == days.last else f"{first} - {last}"

    def hours(self, hours: Hours) -> str:
        """Return counted time in at most two units, none of them days."""
        rest = max(0, hours.seconds)
        whole, rest = divmod(rest, 3_600)
        minutes, seconds = divmod(rest, 60)
        parts = [f"{number} {unit}" for number, unit in ((whole, "h"), (minutes, "min"), (seconds, "s")) if number]
        return " ".join(parts[:2]) or "0 s"

    def _day(self, local: datetime) -> str:
        today = (self.now or local).astimezone(local.tzinfo).date()
        near = abs((local.date() - today).days) < _DAYS_OF_WEEK
        return _date(local.date(), "EEE" if near else "EEE d MMM", self.language)

    def _value(self, value: Value) -> str:
        if isinstance(value, Sentence):
            return self.read(value)
        if isinstance(value, Ago):
            passed = (self.now or value.at) - value.at
            return format_timedelta(-max(passed, timedelta(seconds=1)), add_direction=True, locale=self.language)
        if isinstance(value, Day):
            return _date(value.on, "EEE d" if value.short else "EEEE d MMMM", self.language)
        if isinstance(value, datetime):
            return self.time(value.astimezone(UTC))
        if isinstance(value, timedelta):
            return self.duration(value)
        if isinstance(value, float):
            return format_decimal(value, locale=self.language)
        if isinstance(value, Stretch):
            return self.stretch(value)
        if isinstance(value, Days):
            return self.days(value)
        return self.hours(value) if isinstance(value, Hours) else str(value)
