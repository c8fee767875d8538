"""Lengths of time and rates as people write them: `15m`, `1h30m`, `10/min`."""

import re
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from pydantic import BeforeValidator, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue

from escalation.written import WrittenValue

_UNIT_SECONDS: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION: Final = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?", re.ASCII)
_LONGEST_SECONDS: Final = 5 * 366 * 86_400
_RATE: Final = re.compile(r"(\d{1,9})\s*/\s*(s|sec|second|m|min|minute|h|hour|d|day)", re.ASCII)


def parse_duration(text: str) -> int:
    """Read `90s`, `15m`, `2h`, `3d` or `1h30m` as seconds; `ValueError` with a sentence otherwise."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or not text.strip():
        raise ValueError(f'"{text}" is not a length of time; write it like "90s", "15m", "2h", "3d" or "1h30m"')
    seconds = sum(int(number or 0) * unit for number, unit in zip(found.groups(), _UNIT_SECONDS.values(), strict=True))
    if seconds > _LONGEST_SECONDS:
        raise ValueError(f'"{text}" is longer than five years')
    return seconds


def duration_text(seconds: int) -> str:
    """Write seconds the way `parse_duration` reads them, in the largest units that fit."""
    parts = []
    for letter, unit in _UNIT_SECONDS.items():
        number, seconds = divmod(seconds, unit)
        if number:
            parts.append(f"{number}{letter}")
    return "".join(parts) or "0s"


def _duration(value: object) -> object:
    if isinstance(value, str):
        return parse_duration(value)
    if isinstance(value, int) and not isinstance(value, bool):
        raise ValueError(f'{value} has no unit; write "{value}s", "{value}m" or "{value}h"')  # noqa: TRY004 - pydantic collects ValueError only
    raise ValueError('a length of time is a text such as "15m"')


Duration = Annotated[
    int,
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "pattern": r"^(\d+d)?(\d+h)?(\d+m)?(\d+s)?$", "examples": ["15m", "1h30m"]}),
]
"""A pydantic field written as text in the configuration and held as whole seconds."""


@dataclass(frozen=True, slots=True)
class Rate(WrittenValue):
    """At most `count` acts per `seconds`; `Rate.off()` sets no limit. A pydantic field type, written `10/min`."""

    wanted: ClassVar[str] = 'a rate is a text such as "10/min", or "off"'
    json_schema: ClassVar[JsonSchemaValue] = {"examples": ["10/min", "100/h", "off"]}

    count: int
    seconds: int

    @classmethod
    def off(cls) -> "Rate":
        """Give the rate that never limits."""
        return cls(0, 0)

    @classmethod
    def parse(cls, text: str) -> "Rate":
        """Read `10/min`, `100/h`, `5/s`, `1000/d` or `off`; `ValueError` with a sentence otherwise."""
        if text.strip().lower() == "off":
            return cls.off()
        found = _RATE.fullmatch(text.strip().lower())
        if found is None or int(found[1]) == 0:
            raise ValueError(f'"{text}" is not a rate; write it like "10/min" or "100/h", or "off" for no limit')
        return cls(int(found[1]), _UNIT_SECONDS[found[2][0]])

    @property
    def limited(self) -> bool:
        """Say whether there is a limit at all."""
        return self.count > 0

    def __str__(self) -> str:
        names = {1: "s", 60: "min", 3_600: "h", 86_400: "d"}
        return f"{self.count}/{names[self.seconds]}" if self.limited else "off"
