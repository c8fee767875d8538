"""The sections of `portavoce.toml` as frozen models; unknown keys are refused everywhere."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SerializeAsAny,
    ValidationInfo,
    field_serializer,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from escalation.opening_hours import ROUND_THE_CLOCK, WEEKDAYS, WeeklyHours, opening_text
from escalation.quantities import Duration, duration_text
from escalation.secret import Secret, SecretSource
from escalation.settings.company_days import CompanyDaysFile
from escalation.settings.digest_times import DailyTime, WeeklyTime
from escalation.settings.spelling import UnknownWordError
from escalation.settings.values import (
    SQLITE,
    ApiUrl,
    ChannelAddress,
    ClosedDays,
    CustomerLanguage,
    DatedHours,
    DayHours,
    Flag,
    HolidayRegion,
    LadderPoint,
    Language,
    OwnHolidays,
    PublicUrl,
    SecondApproval,
    SecretAddress,
    Signature,
    SlackMember,
    Text,
    TextOrReference,
    TimeZone,
    Whole,
)

PING_ROLES: Final = (
    "owner", "department", "on_call", "approvers", "deputy", "manager", "managers_manager", "managers",
)  # fmt: skip
"""Who a ladder may ping besides a named member or a channel.

`owner` is whoever owes the step: the department's channel until somebody claims, then the claimer, in review the
approvers. `deputy` stands for the deputies of [approval] or of the brand, who may then approve; `manager` is the
department's, `managers` the channel and members of [managers].
"""

ClockName = Literal["acknowledge", "answer", "approve", "relay", "first_response", "next_response", "resolution"]
CLOCK_TARGETS: Final[tuple[ClockName, ...]] = get_args(ClockName)
PriorityName = Literal["low", "normal", "high", "urgent"]


DAY_SECONDS: Final = 86_400


class Section(BaseModel):
    """What all sections share: frozen, no unknown keys, no input in pydantic's own errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class NamedSection(Section):
    """A section that stands under a name of its own, such as `[members.anna]`; `key` is that name."""

    _key: str = PrivateAttr(default="")

    @property
    def key(self) -> str:
        """The name in the section's header."""
        return self._key


class Hours(Section):
    """Opening hours per weekday in local minutes; a missing day is closed."""

    monday: DayHours = ()
    tuesday: DayHours = ()
    wednesday: DayHours = ()
    thursday: DayHours = ()
    friday: DayHours = ()
    saturday: DayHours = ()
    sunday: DayHours = ()

    @model_validator(mode="after")
    def _refuse_overlap_over_midnight(self) -> Self:
        week = self.weekly
        for index, name in enumerate(WEEKDAYS):
            for opening in week[index - 1]:
                for following in week[index]:
                    if opening[1] - 24 * 60 > following[0]:
                        raise ValueError(
                            f'"{opening_text(opening)}" of {WEEKDAYS[index - 1]} runs into '
                            f'"{opening_text(following)}" of {name}; they overlap'
                        )
        if not any(week):
            raise ValueError('no day has hours, so nothing could ever fall due; write monday = ["09:00-18:00"]')
        return self

    @property
    def weekly(self) -> WeeklyHours:
        """Seven days, Monday first, as a calendar takes them."""
        return tuple(getattr(self, name) for name in WEEKDAYS)


class DayKeys(Section):
    """Dates that are not like their weekday. A date written here wins over `company_days` and over the holidays."""

    closed_days: ClosedDays = {}
    half_days: DatedHours = {}
    company_days: CompanyDaysFile | None = None


class Organisation(DayKeys):
    """Who we are, when we work and in which language we speak with each other."""

    name: Text
    timezone: TimeZone
    language: Language = "en"
    public_url: PublicUrl = "http://127.0.0.1:8000"
    holidays: HolidayRegion | None = None
    holiday_half_days: DayHours = ()
    hours: Hours | None = None

    @property
    def weekly(self) -> WeeklyHours:
        """Opening hours, round the clock when the file gives none."""
        return self.hours.weekly if self.hours else ROUND_THE_CLOCK


class Database(Section):
    """Where everything is remembered. `url` may carry a password, so it is never shown; `""` when not resolved."""

    url: TextOrReference = Field(default=f"{SQLITE}portavoce.db", repr=False, validate_default=True)

    @field_validator("url")
    @classmethod
    def _known_database(cls, url: str, info: ValidationInfo) -> str:
        source = info.context
        if url.startswith(SQLITE):
            path = url.removeprefix(SQLITE)
            if not path or path == ":memory:":
                raise ValueError('a database in memory forgets everything; write "sqlite:///portavoce.db"')
            folder = source.folder if isinstance(source, SecretSource) else Path()
            return f"{SQLITE}{(folder.absolute() / Path(path).expanduser())}"
        unresolved = not url and isinstance(source, SecretSource) and not source.resolve
        if unresolved or url.startswith(("postgresql://", "postgres://")):
            return url
        raise ValueError('must begin with "sqlite:///" or "postgresql://"')

    @field_serializer("url")
    def _masked(self, url: str) -> str:
        return url if self.is_sqlite else "**********"

    @property
    def is_sqlite(self) -> bool:
        """Say whether this is a single SQLite file."""
        return self.url.startswith(SQLITE)

    @property
    def sqlite_path(self) -> Path | None:
        """The absolute path of the SQLite file, None for PostgreSQL."""
        return Path(self.url.removeprefix(SQLITE)) if self.is_sqlite else None


class SlackChat(Section):
    """The Slack app. With `app_token` it connects by Socket Mode and needs no signing secret."""

    bot_token: Secret
    signing_secret: Secret | None = None
    api_url: ApiUrl = "https://slack.com/api/"
    app_token: Secret | None = None

    @model_validator(mode="after")
    def _some_way_in(self) -> Self:
        if self.signing_secret is None and self.app_token is None:
            raise PydanticCustomError(
                "required_key",
                'is required; write signing_secret = { env = "SLACK_SIGNING_SECRET" } (or app_token for Socket Mode)',
                {"key": "signing_secret"},
            )
        return self


class TeamsChat(Section):
    """The Azure bot that speaks in Microsoft Teams."""

    app_id: TextOrReference
    app_password: Secret
    tenant_id: TextOrReference


class Chat(Section):
    """The surfaces on which colleagues work."""

    slack: SlackChat | None = None
    teams: TeamsChat | None = None


class Member(NamedSection):
    """A colleague, with the handles by which each chat knows them."""

    name: Text
    email: str | None = None
    slack: SlackMember | None = None
    teams: Text | None = None
    timezone: TimeZone | None = None
    language: Language | None = None
    manager: str | None = None
    quiet_hours: DayHours = ()

    @property
    def initials(self) -> str:
        """Capital first letters of the name's words, at most three."""
        return "".join(word[0] for word in self.name.split())[:3].upper()


class Department(NamedSection, DayKeys):
    """A group that owes answers of one kind, and the channel in which its cards stand.

    Its dates are added to the organisation's and win over them.
    """

    label: Text
    channel: ChannelAddress
    members: tuple[str, ...] = Field(min_length=1)
    manager: str | None = None
    on_call: str | None = None
    timezone: TimeZone | None = None
    holidays: OwnHolidays | None = None
    holiday_half_days: DayHours | None = None
    hours: Hours | None = None


class Approval(Section):
    """Where drafts are decided, by whom, and how the decision becomes a reply."""

    channel: ChannelAddress
    approvers: tuple[str, ...] = Field(min_length=1)
    deputies: tuple[str, ...] = ()
    on_call: str | None = None
    four_eyes: Flag = True
    undo_seconds: Annotated[Whole, Field(ge=0, le=600)] = 5
    unknown_after: Duration = Field(default=120)
    banned_phrases: tuple[Text, ...] = ()


class Managers(Section):
    """Who hears of breaches and digests, and where."""

    channel: ChannelAddress | None = None
    members: tuple[str, ...] = ()
    daily_digest: DailyTime | None = None
    weekly_digest: WeeklyTime | None = None


class Watching(Section):
    """How the product watches itself, and whom it tells from time to time that it is well."""

    heartbeat_url: SecretAddress | None = None
    heartbeat_every: Duration = 60
    sweep_late_after: Duration = 60
    audit_every: Duration = 900

    @field_validator("heartbeat_every", "sweep_late_after", "audit_every")
    @classmethod
    def _bearable(cls, seconds: int, info: ValidationInfo) -> int:
        # A sweep leaves its mark every 15 s, so an earlier complaint would often be a false one.
        least = {"heartbeat_every": 10, "sweep_late_after": 30}.get(info.field_name or "", 60)
        if not least <= seconds <= DAY_SECONDS:
            raise ValueError(f"must be from {duration_text(least)} to {duration_text(DAY_SECONDS)}")
        return seconds


class Route(Section):
    """One line of the routing table; every condition that is given must hold, an empty one holds always."""

    department: str
    also: tuple[str, ...] = ()
    words: tuple[Text, ...] = ()
    accounts: tuple[str, ...] = ()
    networks: tuple[Text, ...] = ()
    languages: tuple[CustomerLanguage, ...] = ()
    min_followers: Annotated[Whole, Field(ge=0)] | None = None
    visibility: Literal["public", "private"] | None = None
    priority: PriorityName = "normal"
    policy: str = "standard"
    second_approval: SecondApproval = False
    four_eyes: Flag | None = None

    @property
    def conditional(self) -> bool:
        """Say whether anything narrows this route."""
        return any(getattr(self, name) not in {(), None} for name in ROUTE_CONDITIONS)


ROUTE_CONDITIONS: Final = ("words", "accounts", "networks", "languages", "min_followers", "visibility")


def _known_ping(who: str) -> str:
    if who not in PING_ROLES and who.startswith(tuple("@#")):
        raise UnknownWordError(f'"{who}" cannot be pinged; write a role or a member\'s name', who, PING_ROLES)
    if ":" in who:
        return str(ChannelAddress.parse(who))
    return who


class LadderStep(Section):
    """Who is pinged when: a role of `PING_ROLES`, a member's key, or a channel.

    `steps`: only for these clocks. `repeat_every` and `repeats`: again while nobody has said "Got it".
    """

    at: LadderPoint
    ping: Annotated[str, AfterValidator(_known_ping)]
    steps: tuple[ClockName, ...] = ()
    repeat_every: Duration | None = None
    repeats: Annotated[Whole, Field(ge=1, le=9)] | None = None
    page_anyway: Flag = False
    hold_until_duty: Flag = False

    @model_validator(mode="after")
    def _repeats_with_a_distance(self) -> Self:
        if self.repeats is not None and not self.repeat_every:
            raise PydanticCustomError(
                "required_key", 'is required with repeats; write repeat_every = "30m"', {"key": "repeat_every"}
            )
        return self


class PolicyCase(Section):
    """Targets that hold instead where a case has one of these priorities and comes from one of these networks."""

    priorities: tuple[PriorityName, ...] = ()
    networks: tuple[Text, ...] = ()
    acknowledge: Duration | None = None
    answer: Duration | None = None
    approve: Duration | None = None
    relay: Duration | None = None
    first_response: Duration | None = None
    next_response: Duration | None = None
    resolution: Duration | None = None

    @property
    def targets(self) -> Mapping[str, int]:
        """The clocks that this entry promises otherwise, and their seconds."""
        return {name: value for name in CLOCK_TARGETS if (value := getattr(self, name)) is not None}

    def fits(self, priority: str, network: str) -> bool:
        """Say whether these targets hold for such a case."""
        return (not self.priorities or priority in self.priorities) and (not self.networks or network in self.networks)

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if not self.priorities and not self.networks:
            raise ValueError("says neither priorities nor networks, so it would hold always; change the policy itself")
        return self


_DEFAULT_LADDER: Final = (
    LadderStep(at=LadderPoint(80), ping="owner"),
    LadderStep(at=LadderPoint(100), ping="manager"),
)


class Policy(NamedSection):
    """Targets in seconds per step clock (None: not promised), the time they count, and the ladder of pings."""

    acknowledge: Duration | None = None
    answer: Duration | None = None
    approve: Duration | None = None
    relay: Duration | None = None
    first_response: Duration | None = None
    next_response: Duration | None = None
    resolution: Duration | None = None
    hours: Literal["business", "always"] = "business"
    close_after: Duration = Field(default=3 * 86_400)
    ladder: tuple[LadderStep, ...] = _DEFAULT_LADDER
    remind_claim: Duration | None = None
    release_claim: Duration | None = None
    last_chance: Duration | None = None
    longest_snooze: Duration = Field(default=30 * 86_400)
    longest_wait: Duration = Field(default=14 * 86_400)
    when: tuple[PolicyCase, ...] = ()

    @field_validator(*CLOCK_TARGETS)
    @classmethod
    def _some_time(cls, seconds: int | None) -> int | None:
        if seconds == 0:
            raise ValueError("a target of no time is always missed; leave the key out to promise nothing")
        return seconds

    @field_validator("ladder")
    @classmethod
    def _each_once(cls, ladder: tuple[LadderStep, ...]) -> tuple[LadderStep, ...]:
        seen: set[tuple[str, str, str]] = set()
        for step in ladder:
            for clock in step.steps or CLOCK_TARGETS:
                if (str(step.at), step.ping, clock) in seen:
                    raise ValueError(f'the step "{step.at}" pings {step.ping} twice')
                seen.add((str(step.at), step.ping, clock))
        return ladder

    @model_validator(mode="after")
    def _reminded_before_released(self) -> Self:
        if self.remind_claim and self.release_claim and self.remind_claim >= self.release_claim:
            raise ValueError("remind_claim must come before release_claim, or nobody is reminded")
        return self

    @property
    def targets(self) -> Mapping[str, int]:
        """The promised clocks and their seconds, whatever the case."""
        return {name: value for name in CLOCK_TARGETS if (value := getattr(self, name)) is not None}

    def entry_for(self, priority: str, network: str) -> PolicyCase | None:
        """Give the first entry of `when` that fits a case."""
        return next((entry for entry in self.when if entry.fits(priority, network)), None)

    def targets_for(self, priority: str, network: str) -> Mapping[str, int]:
        """Give the promised clocks and their seconds for a case; the first entry of `when` that fits changes them."""
        entry = self.entry_for(priority, network)
        return self.targets if entry is None else {**self.targets, **entry.targets}


class BrandApproval(Section):
    """A brand's own approvals channel and approvers; what is missing comes from [approval].

    Where a brand names approvers, its deputies are those that it names, and nobody else's.
    """

    channel: ChannelAddress | None = None
    approvers: tuple[str, ...] = ()
    deputies: tuple[str, ...] = ()


class Brand(NamedSection):
    """The face that the customer sees."""

    label: Text | None = None
    signature: Signature = ""
    language: CustomerLanguage | None = None
    approval: BrandApproval = BrandApproval()


class AccountCommon(Section):
    """The keys that every account has, whatever its connector."""

    connector: str
    brand: str | None = None
    poll_seconds: Annotated[Whole, Field(ge=1, le=86_400)] | None = None
    unknown_after: Duration | None = None
    resend_unknown: Flag = True


class Account(NamedSection):
    """A brand's identity on a network. `settings` is the connector's own, validated model."""

    connector: str
    brand: str
    poll_seconds: float | None = None
    unknown_after: int | None = None
    resend_unknown: bool = True
    settings: SerializeAsAny[BaseModel]

    def setting(self, name: str) -> Any:
        """Give one of the connector's own settings by name, None when it has no such key."""
        return getattr(self.settings, name, None)
