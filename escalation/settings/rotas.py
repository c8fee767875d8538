"""The sections `[on_call.NAME]`: rotas as layers of people who take turns."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Self

from pydantic import AfterValidator, BeforeValidator, field_validator, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError

from escalation.business_time import BusinessCalendar
from escalation.on_call import FIRST_MONDAY, Layer, Rota
from escalation.opening_hours import WEEKDAYS
from escalation.settings.sections import Hours, NamedSection, Section
from escalation.settings.spelling import UnknownWordError
from escalation.settings.values import Text, TimeZone, read_openings
from escalation.written import WrittenValue

_TURN: Final = re.compile(r"([1-9][0-9]{0,2})\s*([dw])")
_HAND_OVER: Final = re.compile(r"(?:(\S+)\s+)?([0-9]{1,2}):([0-9]{2})")
_SLACK_GROUP: Final = re.compile(r"S[A-Z0-9]{1,40}")
_WEEK: Final = 7
_LONGEST_TURN: Final = 366
_TURN_KEYS: Final = ("every", "handover", "starts")


@dataclass(frozen=True, slots=True)
class TurnLength(WrittenValue):
    """How many local days one turn lasts."""

    wanted: ClassVar[str] = 'the length of a turn is a text such as "1d" or "1w"'
    json_schema: ClassVar[JsonSchemaValue] = {"pattern": r"^[1-9][0-9]{0,2}\s*[dw]$", "examples": ["1d", "1w", "2w"]}

    days: int

    @classmethod
    def parse(cls, text: str) -> "TurnLength":
        """Read `1d` or `2w`; `ValueError` with a sentence otherwise."""
        found = _TURN.fullmatch(text.strip())
        if found is None:
            raise ValueError(f'"{text}" is not the length of a turn; write whole days or weeks such as "1d" or "1w"')
        days = int(found[1]) * (_WEEK if found[2] == "w" else 1)
        if days > _LONGEST_TURN:
            raise ValueError(f'"{text}" is longer than a year')
        return cls(days)

    def __str__(self) -> str:
        weeks, rest = divmod(self.days, _WEEK)
        return f"{self.days}d" if rest else f"{weeks}w"


@dataclass(frozen=True, slots=True)
class HandOver(WrittenValue):
    """When a turn begins: `minute` after local midnight, on `weekday` (0 is Monday) where one is named."""

    wanted: ClassVar[str] = 'a hand-over is a text such as "09:00" or "monday 09:00"'
    json_schema: ClassVar[JsonSchemaValue] = {
        "pattern": r"^(\S+\s+)?[0-9]{1,2}:[0-9]{2}$",
        "examples": ["09:00", "monday 09:00"],
    }

    minute: int
    weekday: int | None = None

    @classmethod
    def parse(cls, text: str) -> "HandOver":
        """Read `09:00` or `monday 09:00`; `ValueError` with a sentence otherwise."""
        found = _HAND_OVER.fullmatch(text.strip().lower())
        if found is None:
            raise ValueError(f'"{text}" is not a hand-over; write "09:00" or "monday 09:00"')
        day, hour, minute = found[1], int(found[2]), int(found[3])
        if hour > 23 or minute > 59:  # noqa: PLR2004
            raise ValueError(f'"{text}" names a time of day that does not exist')
        if day is not None and day not in WEEKDAYS:
            raise UnknownWordError(f'"{day}" is not a day of the week', day, WEEKDAYS)
        return cls(hour * 60 + minute, None if day is None else WEEKDAYS.index(day))

    def __str__(self) -> str:
        day = "" if self.weekday is None else f"{WEEKDAYS[self.weekday]} "
        return f"{day}{self.minute // 60:02d}:{self.minute % 60:02d}"


def _slack_group(text: str) -> str:
    if not _SLACK_GROUP.fullmatch(text):
        raise ValueError(f'"{text}" is not the id of a Slack user group; it begins with S, such as "S0ONCALL"')
    return text


def _every_day(value: object) -> object:
    """Spread hours that are written once over all days of the week."""
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list):
        return value
    read_openings(value)
    return dict.fromkeys(WEEKDAYS, value)


LayerHours = Annotated[Hours, BeforeValidator(_every_day, json_schema_input_type=str | list[str] | Hours)]
"""Hours per weekday, or one span or list of spans that holds every day."""


class OnCallLayer(Section):
    """People who take turns, or a Slack user group; both only at `hours`, where they are given."""

    members: tuple[str, ...] = ()
    slack_group: Annotated[str, AfterValidator(_slack_group)] | None = None
    every: TurnLength = TurnLength(_WEEK)
    handover: HandOver | None = None
    timezone: TimeZone | None = None
    starts: dt.date | None = None
    hours: LayerHours | None = None

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if self.slack_group is None and not self.members:
            raise ValueError('has nobody in it; write members = ["anna", "bruno"] or slack_group = "S0ONCALL"')
        if self.slack_group is not None and self.members:
            raise PydanticCustomError(
                "required_key", "cannot stand beside members; make it a layer of its own", {"key": "slack_group"}
            )
        for key in _TURN_KEYS:
            if self.slack_group is not None and key in self.model_fields_set:
                raise PydanticCustomError(
                    "required_key",
                    "means nothing here: in a Slack user group nobody takes turns, all are on duty at once",
                    {"key": key},
                )
        if self.handover is not None and self.handover.weekday is not None and self.every.days % _WEEK:
            raise PydanticCustomError(
                "required_key",
                f'names a weekday, but with every = "{self.every}" turns begin on other days too; leave the day out',
                {"key": "handover"},
            )
        return self

    def compiled(self, timezone: str) -> Layer:
        """Make the layer that answers; `timezone` is the organisation's."""
        own = self.timezone or timezone
        hours = BusinessCalendar(weekly=self.hours.weekly, timezone=own) if self.hours else None
        if self.slack_group is not None:
            return Layer(timezone=own, slack_group=self.slack_group, hours=hours)
        handover, first = self.handover or self._usual_hand_over(), self.starts or FIRST_MONDAY
        if handover.weekday is not None:
            first += dt.timedelta(days=(handover.weekday - first.weekday()) % _WEEK)
        return Layer(
            timezone=own,
            members=self.members,
            days=self.every.days,
            first=first,
            minute=handover.minute,
            hours=hours,
        )

    def _usual_hand_over(self) -> HandOver:
        """When the hours begin, so that a turn is not cut in its middle; else at nine."""
        begins = [start for day in self.hours.weekly for start, _ in day] if self.hours else []
        return HandOver(min(begins, default=9 * 60))


class OnCallRota(NamedSection):
    """Who is on call; the first layer that is on duty counts."""

    label: Text | None = None
    layers: tuple[OnCallLayer, ...]

    @field_validator("layers")
    @classmethod
    def _some_layer(cls, layers: tuple[OnCallLayer, ...]) -> tuple[OnCallLayer, ...]:
        if not layers:
            raise ValueError("must not be empty")
        return layers

    @property
    def members(self) -> frozenset[str]:
        """Everybody who takes turns (keys); whoever comes by a Slack user group is not known here."""
        return frozenset(member for layer in self.layers for member in layer.members)

    def compiled(self, timezone: str) -> Rota:
        """Make the rota that answers; `timezone` is the organisation's."""
        layers = tuple(layer.compiled(timezone) for layer in self.layers)
        return Rota(name=self.key, label=self.label or self.key, layers=layers)
