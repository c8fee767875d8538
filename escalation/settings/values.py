"""Single values of the configuration: how each is written, what it becomes, and the sentence when it is wrong."""

import datetime as dt
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Final, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    TypeAdapter,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)
from pydantic.json_schema import JsonSchemaValue

from escalation.business_time import zone, zone_names
from escalation.calendar_days import dated_hours
from escalation.opening_hours import Opening, opening_text, parse_opening
from escalation.public_holidays import check_holidays, holiday_regions
from escalation.quantities import duration_text, parse_duration
from escalation.secret import REFERENCE_SCHEMA, Secret, is_reference, read_reference
from escalation.settings.spelling import UnknownWordError
from escalation.written import WrittenValue

LANGUAGES: Final = ("en", "it")
SIGNATURE_WORDS: Final = ("initials", "name", "first_name", "brand")
SQLITE: Final = "sqlite:///"

_SLACK_CHANNEL: Final = re.compile(r"[CG][A-Z0-9]{1,40}")
_SLACK_MEMBER: Final = re.compile(r"[UW][A-Z0-9]{1,40}")
_LADDER_PERCENT: Final = re.compile(r"(\d{1,4})\s*%", re.ASCII)
_ISO_DATE: Final = re.compile(r"^\d{4}-\d{2}-\d{2}$", re.ASCII)
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_LANGUAGE_CODE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class ChannelAddress(WrittenValue):
    """A place where the bot posts: `slack:C0BILLING`, or `teams:<team id>/<channel id>`.

    Slack's channel ids begin with C or G: https://docs.slack.dev/reference/objects/conversation-object
    """

    wanted: ClassVar[str] = 'a channel is a text such as "slack:C0BILLING"'
    json_schema: ClassVar[JsonSchemaValue] = {"pattern": r"^(slack:[CG][A-Z0-9]+|teams:[^/\s]+/\S+)$"}

    surface: Literal["slack", "teams"]
    channel: str
    team: str | None = None

    @classmethod
    def parse(cls, text: str) -> "ChannelAddress":
        """Read the written form; `ValueError` with a sentence otherwise."""
        surface, colon, rest = text.partition(":")
        if surface == "teams" and colon:
            team, slash, channel = rest.partition("/")
            if not team or not slash or not channel or re.search(r"\s", rest):
                raise ValueError(f'"{text}" is not a Teams channel; write "teams:<team id>/<channel id>"')
            return cls("teams", channel, team)
        if surface == "slack" and colon:
            if not _SLACK_CHANNEL.fullmatch(rest):
                raise ValueError(
                    f'"{text}" is not a Slack channel; write "slack:" and the channel id that stands at the end of '
                    'the channel\'s "About" tab, such as "slack:C0BILLING"'
                )
            return cls("slack", rest)
        raise ValueError(f'"{text}" names no chat; write "slack:C0BILLING" or "teams:<team id>/<channel id>"')

    def __str__(self) -> str:
        return f"{self.surface}:{self.team}/{self.channel}" if self.team else f"{self.surface}:{self.channel}"


@dataclass(frozen=True, slots=True)
class LadderPoint(WrittenValue):
    """When a ping is due: at `percent` of the target, or `after_seconds` past the breach (`percent` is then 100)."""

    wanted: ClassVar[str] = 'write "80%" of the target, or "+30m" after the breach'
    json_schema: ClassVar[JsonSchemaValue] = {
        "pattern": r"^(\d{1,4}%|\+.+)$",
        "examples": ["80%", "100%", "+30m"],
    }

    percent: int
    after_seconds: int = 0

    @classmethod
    def parse(cls, text: str) -> "LadderPoint":
        """Read `80%` or `+30m`; `ValueError` with a sentence otherwise."""
        text = text.strip()
        found = _LADDER_PERCENT.fullmatch(text)
        if found is not None and 1 <= int(found[1]) <= 1_000:  # noqa: PLR2004
            return cls(int(found[1]))
        if text.startswith("+"):
            return cls(100, parse_duration(text[1:]))
        raise ValueError(f'"{text}" is no step of a ladder; write "80%" of the target, or "+30m" after the breach')

    @property
    def is_breach(self) -> bool:
        """Say whether the target has passed at this point."""
        return self.percent >= 100  # noqa: PLR2004

    def seconds(self, target_seconds: int) -> int:
        """Seconds after the clock's start for a target of this length, in the time that the policy counts."""
        return target_seconds * self.percent // 100 + self.after_seconds

    def __str__(self) -> str:
        return f"+{duration_text(self.after_seconds)}" if self.after_seconds else f"{self.percent}%"


def _time_zone(name: str) -> str:
    if name not in zone_names():
        raise UnknownWordError(f'"{name}" is not a time zone', name, zone_names())
    zone(name)
    return name


def _holiday_region(region: str) -> str:
    try:
        check_holidays(region)
    except ValueError as error:
        # every two letters are near some country, so a bare code is only put into upper case
        known = (
            holiday_regions()
            if len(region) > len("IT")
            else [name for name in holiday_regions() if name == region.upper()]
        )
        raise UnknownWordError(str(error), region, known) from None
    return region


def _own_holidays(value: object) -> object:
    """Accept a region, or false (or "none") for no holidays at all."""
    if value is False or value == "none":
        return False
    if not isinstance(value, str) or not value:
        raise ValueError('must be a country such as "DE" or "DE-BE", or false where a department works on holidays')
    return _holiday_region(value)


def _our_language(language: str) -> str:
    if language not in LANGUAGES:
        raise UnknownWordError(f'"{language}" is not a language of Portavoce', language, LANGUAGES)
    return language


def _customer_language(language: str) -> str:
    if not _LANGUAGE_CODE.fullmatch(language):
        raise ValueError(f'"{language}" is not a language code; write it like "en", "it" or "pt-BR"')
    return language


def _public_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or re.search(r"\s", url):
        raise ValueError('must be a whole address that begins with "https://" or "http://"')
    return url.rstrip("/")


def _api_url(url: str) -> str:
    return _public_url(url) + "/"


def _secret_address(value: object, info: ValidationInfo) -> object:
    """Take an address as it is, or from where a secret stands; what is wrong is told without it."""
    if not isinstance(value, str) and not is_reference(value):
        raise ValueError('write an address such as "https://…", or where it stands: { env = "NAME" }')
    text = value if isinstance(value, str) else read_reference(value, info)
    if text is None:
        return Secret.unloaded()
    try:
        parts = urlsplit(text)
        inside = parts.hostname in _LOOPBACK
        usable = bool(parts.hostname) and parts.scheme in ({"https", "http"} if inside else {"https"})
        usable = usable and (parts.port is None or parts.port > 0) and not re.search(r"\s", text) and text.isascii()
    except ValueError:
        usable = False
    if not usable:
        raise ValueError('must be a whole address that begins with "https://" ("http://" only for this machine itself)')
    return Secret(text)


def _slack_member(text: str) -> str:
    if not _SLACK_MEMBER.fullmatch(text):
        raise ValueError(f'"{text}" is not a Slack member id; it begins with U or W, such as "U0ANNA" (not a name)')
    return text


def _signature(text: str) -> str:
    try:
        words = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError:
        raise ValueError("has a brace that is not closed; a literal brace is written twice") from None
    for word in words:
        if word not in SIGNATURE_WORDS:
            known = tuple(f"{{{name}}}" for name in SIGNATURE_WORDS)
            raise UnknownWordError(f'"{{{word}}}" is not filled in by Portavoce', f"{{{word}}}", known)
    return text


def read_openings(value: object) -> object:
    """Read a list of openings; `ValueError` with a sentence where one is wrong or two overlap."""
    if isinstance(value, str):
        parse_opening(value)
        raise ValueError(f'hours are always a list; write ["{value}"]')  # noqa: TRY004 - pydantic collects ValueError only
    if not isinstance(value, list | tuple):
        raise ValueError('hours are a list of texts such as ["09:00-13:00", "14:00-18:00"]')  # noqa: TRY004 - pydantic collects ValueError only
    found = []
    for text in value:
        if not isinstance(text, str):
            raise ValueError('hours are a list of texts such as ["09:00-13:00", "14:00-18:00"]')  # noqa: TRY004 - pydantic collects ValueError only
        found.append((parse_opening(text), text))
    found.sort()
    for (one, one_text), (two, two_text) in pairwise(found):
        if two[0] < one[1]:
            raise ValueError(f'"{one_text}" and "{two_text}" overlap')
    return tuple(opening for opening, _ in found)


def _calendar_date(value: object) -> dt.date:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    try:
        # a bare number would be read as seconds since 1970, hence the pattern
        if isinstance(value, str) and _ISO_DATE.fullmatch(value):
            return dt.date.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError("must be a date such as 2026-12-24")


def _closed_days(value: object, handler: ValidatorFunctionWrapHandler) -> object:
    """Read a list of dates like a table of dates without names; pydantic keeps the index of a wrong one."""
    return dict.fromkeys(_DATES.validate_python(value), "") if isinstance(value, list | tuple) else handler(value)


def _dated_hours(openings: tuple[Opening, ...]) -> tuple[Opening, ...]:
    return tuple(dated_hours(openings))


def _text_or_reference(value: object, info: ValidationInfo) -> object:
    """Accept a plain text, or a reference looked up like a secret; empty when secrets are not resolved."""
    return read_reference(value, info) or "" if is_reference(value) else value


def _second_approval(value: object) -> object:
    if isinstance(value, bool):
        return value
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names or not all(isinstance(name, str) for name in names):
        raise ValueError('write true, a department such as "legal", or members such as ["carla", "dino"]')
    return tuple(names)


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


_REFERENCE_OR_TEXT: Final[dict[str, Any]] = {"anyOf": [{"type": "string"}, *REFERENCE_SCHEMA["oneOf"]]}

Whole = Annotated[int, Field(strict=True)]
Flag = Annotated[bool, Field(strict=True)]
SecondApproval = Annotated[bool | tuple[str, ...], BeforeValidator(_second_approval)]
"""False, True (another of the approvers), or the departments and members of whom one must approve as well."""

Text = Annotated[str, AfterValidator(_filled)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
HolidayRegion = Annotated[str, AfterValidator(_holiday_region)]
OwnHolidays = Annotated[
    str | Literal[False],
    BeforeValidator(_own_holidays),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"const": False}], "examples": ["DE-BE", False]}),
]
"""The holidays of a region, or False: none, though the organisation has some."""
Language = Annotated[str, AfterValidator(_our_language), WithJsonSchema({"type": "string", "enum": list(LANGUAGES)})]
CustomerLanguage = Annotated[str, AfterValidator(_customer_language)]
PublicUrl = Annotated[str, AfterValidator(_public_url), WithJsonSchema({"type": "string", "format": "uri"})]
ApiUrl = Annotated[str, AfterValidator(_api_url), WithJsonSchema({"type": "string", "format": "uri"})]
SecretAddress = Annotated[Secret, BeforeValidator(_secret_address), WithJsonSchema(_REFERENCE_OR_TEXT)]
"""An address to be called that may hold a secret: written out, or named as secrets are; shown by nobody."""
SlackMember = Annotated[str, AfterValidator(_slack_member)]
Signature = Annotated[str, AfterValidator(_signature)]
DayHours = Annotated[
    tuple[Opening, ...],
    BeforeValidator(read_openings),
    PlainSerializer(lambda openings: [opening_text(opening) for opening in openings], return_type=list[str]),
    WithJsonSchema({"type": "array", "items": {"type": "string"}, "examples": [["09:00-13:00"], ["24h"]]}),
]
CalendarDate = Annotated[dt.date, BeforeValidator(_calendar_date), WithJsonSchema({"type": "string", "format": "date"})]
_DATES: Final = TypeAdapter(tuple[CalendarDate, ...])
_DATE_KEYS: Final[dict[str, Any]] = {"type": "object", "propertyNames": {"pattern": _ISO_DATE.pattern}}

ClosedDays = Annotated[
    Mapping[CalendarDate, Text],
    WrapValidator(_closed_days),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": {"type": "string", "format": "date"}},
                {**_DATE_KEYS, "additionalProperties": {"type": "string"}},
            ]
        }
    ),
]
"""Dates on which nobody works, with their names; a list of dates gives them none ("")."""

DatedHours = Annotated[
    Mapping[CalendarDate, Annotated[DayHours, AfterValidator(_dated_hours)]],
    WithJsonSchema({**_DATE_KEYS, "additionalProperties": {"type": "array", "items": {"type": "string"}}}),
]
"""The hours of single dates."""

TextOrReference = Annotated[str, BeforeValidator(_text_or_reference), WithJsonSchema(_REFERENCE_OR_TEXT)]
