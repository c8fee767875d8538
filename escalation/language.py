"""Sentences for colleagues: written once in English, read in their own language and time zone.

Code marks a sentence with ``say("... {name} ...", name=value)``; it is translated and filled only where it is shown.
Values may be text, numbers, datetimes (shown in the reader's zone), timedeltas (shown as a duration) and other
sentences.
The customer's and the expert's text passes through as a value and is never altered.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

LANGUAGES = ("en", "it")


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


Value = str | int | float | datetime | timedelta | Sentence | Ago | Day


def say(text: str, /, **values: Value) -> Sentence:
    """Mark ``text`` for translation; ``{name}`` stands for a value."""
    return Sentence(text, values)


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
            return format_time(local, "HH:mm", locale=self.language)
        return format_datetime(local, "EEE d MMM HH:mm", locale=self.language)

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

    def _value(self, value: Value) -> str:
        if isinstance(value, Sentence):
            return self.read(value)
        if isinstance(value, Ago):
            passed = (self.now or value.at) - value.at
            return format_timedelta(-max(passed, timedelta(seconds=1)), add_direction=True, locale=self.language)
        if isinstance(value, Day):
            return format_date(value.on, "EEE d" if value.short else "EEEE d MMMM", locale=self.language)
        if isinstance(value, datetime):
            return self.time(value.astimezone(UTC))
        if isinstance(value, timedelta):
            return self.duration(value)
        if isinstance(value, float):
            return format_decimal(value, locale=self.language)
        return str(value)
