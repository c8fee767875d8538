"""When digests are sent, as the configuration writes it: a time of day, or a day of the week and a time, or "off"."""

import re
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from pydantic.json_schema import JsonSchemaValue

from escalation.opening_hours import WEEKDAYS
from escalation.settings.spelling import UnknownWordError
from escalation.written import WrittenValue

OFF: Final = "off"
_TIME: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


@dataclass(frozen=True, slots=True)
class DailyTime(WrittenValue):
    """A time of every day, in minutes after local midnight; ``None``: never."""

    wanted: ClassVar[str] = 'write a time of day such as "08:30", or "off"'
    json_schema: ClassVar[JsonSchemaValue] = {"examples": ["08:30", OFF]}

    minute: int | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `08:30` or `off`; `ValueError` with a sentence otherwise."""
        if text.strip().lower() == OFF:
            return cls(None)
        day, _, _ = text.strip().lower().partition(" ")
        if day in WEEKDAYS:
            raise ValueError(f'"{text}" names a day, but a daily digest comes every day; write only the time, "08:30"')
        return cls(_minute(text, cls.wanted))

    def __str__(self) -> str:
        return OFF if self.minute is None else _clock(self.minute)


@dataclass(frozen=True, slots=True)
class WeeklyTime(WrittenValue):
    """A time of one day of the week: Monday is 0; minutes after local midnight, ``None``: never."""

    wanted: ClassVar[str] = 'write a day of the week and a time such as "monday 08:30", or "off"'
    json_schema: ClassVar[JsonSchemaValue] = {"examples": ["monday 08:30", OFF]}

    weekday: int
    minute: int | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `monday 08:30` or `off`; `ValueError` with a sentence otherwise."""
        day, _, time = text.strip().lower().partition(" ")
        if day == OFF and not time:
            return cls(0, None)
        if not time:
            raise ValueError(f'"{text}" is half of it; {cls.wanted}')
        if day not in WEEKDAYS:
            raise UnknownWordError(f'"{day}" is not a day of the week', day, WEEKDAYS)
        return cls(WEEKDAYS.index(day), _minute(time, cls.wanted))

    def __str__(self) -> str:
        return OFF if self.minute is None else f"{WEEKDAYS[self.weekday]} {_clock(self.minute)}"


def _minute(text: str, wanted: str) -> int:
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(f'"{text}" is not a time of day; {wanted}')
    return int(found[1]) * 60 + int(found[2])


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
