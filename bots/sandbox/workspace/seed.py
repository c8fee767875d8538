"""Who and what the workspace starts with: team, app, people, channels and user groups, as plain data."""

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class SeedProblem(ValueError):  # noqa: N818 - it reads as what it says
    """The seed cannot be used; the sentence says where and why."""


@dataclass(frozen=True)
class Person:
    """A member of the team. `timezone` is an IANA name, `locale` like `it-IT`."""

    id: str
    name: str
    real_name: str = ""
    display_name: str = ""
    email: str = ""
    timezone: str = "Europe/Rome"
    locale: str = "en-GB"
    title: str = ""
    is_admin: bool = False
    deleted: bool = False


@dataclass(frozen=True)
class ChannelSeed:
    """A channel. `members` are user ids; name the app's bot user among them to have it in."""

    id: str
    name: str
    members: tuple[str, ...] = ()
    private: bool = False
    archived: bool = False
    topic: str = ""
    purpose: str = ""


@dataclass(frozen=True)
class UserGroup:
    """A user group such as `@on-call`."""

    id: str
    handle: str
    name: str = ""
    members: tuple[str, ...] = ()
    disabled: bool = False


@dataclass(frozen=True)
class App:
    """The installed app under test. `events` and `commands` left empty mean: all of them.

    Shortcuts are what people find in their menus, by callback_id; `command_hints` what a command takes, by command.
    """

    id: str = "A0SANDBOX"
    name: str = "bot"
    bot_user: str = "U0BOT"
    bot_id: str = "B0BOT"
    bot_token: str = "xoxb-sandbox"  # noqa: S105 - the token of an imaginary workspace
    app_token: str = "xapp-sandbox"  # noqa: S105 - the token of an imaginary workspace
    signing_secret: str = "sandbox-signing-secret"  # noqa: S105 - the secret of an imaginary workspace
    client_id: str = "1.2"
    client_secret: str = "sandbox-client-secret"  # noqa: S105 - the secret of an imaginary workspace
    scopes: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    command_hints: dict[str, str] = field(default_factory=dict)
    message_shortcuts: dict[str, str] = field(default_factory=dict)
    global_shortcuts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Seed:
    """Everything a new workspace knows."""

    people: tuple[Person, ...] = ()
    channels: tuple[ChannelSeed, ...] = ()
    usergroups: tuple[UserGroup, ...] = ()
    app: App = field(default_factory=App)
    team_id: str = "T0SANDBOX"
    team_name: str = "Sandbox"
    team_domain: str = "sandbox"
    team_url: str = ""

    @property
    def url(self) -> str:
        """The team's address with a slash at the end, Slack's unless the seed names another.

        Permalinks start with it.
        """
        return f"{(self.team_url or f'https://{self.team_domain}.slack.com').rstrip('/')}/"

    def __post_init__(self) -> None:
        """Refuse ids that are used twice, unknown time zones, and members who do not exist."""
        everybody = [self.app.bot_user, *(person.id for person in self.people)]
        identifiers = [*everybody, *(channel.id for channel in self.channels), *(group.id for group in self.usergroups)]
        twice = sorted({one for one in identifiers if identifiers.count(one) > 1})
        if twice:
            raise SeedProblem(f"used for more than one thing: {', '.join(twice)}")
        for person in self.people:
            try:
                ZoneInfo(person.timezone)
            except (ZoneInfoNotFoundError, ValueError):
                raise SeedProblem(f"{person.id} has an unknown time zone: {person.timezone!r}") from None
        memberships = {
            **{channel.id: channel.members for channel in self.channels},
            **{group.id: group.members for group in self.usergroups},
        }
        for identifier, members in memberships.items():
            unknown = [member for member in members if member not in everybody]
            if unknown:
                raise SeedProblem(f"{identifier} has members nobody knows: {', '.join(unknown)}")

    @classmethod
    def from_dict(cls, given: dict[str, Any]) -> Self:
        """Read a seed from plain data of the same shape, for example JSON. Raises SeedProblem with a sentence."""
        plain = dict(given)
        parts: dict[str, Any] = {
            "people": _all(Person, plain.pop("people", ()), "people"),
            "channels": _all(ChannelSeed, plain.pop("channels", ()), "channels"),
            "usergroups": _all(UserGroup, plain.pop("usergroups", ()), "usergroups"),
            "app": _one(App, plain.pop("app", {}), "app"),
        }
        known = {one.name for one in fields(cls)}
        unknown = sorted(set(plain) - known)
        if unknown:
            raise SeedProblem(f"seed: unknown keys {', '.join(unknown)}; known are {', '.join(sorted(known))}")
        return cls(**parts, **plain)

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a seed from a JSON file. Raises SeedProblem with a sentence."""
        try:
            given = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise SeedProblem(f"{path}: cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise SeedProblem(f"{path}: is not JSON: {error}") from error
        if not isinstance(given, dict):
            raise SeedProblem(f"{path}: must hold one JSON object")
        return cls.from_dict(given)

    def as_dict(self) -> dict[str, Any]:
        """Write as plain data that `from_dict` reads back."""
        return asdict(self)


T = TypeVar("T", Person, ChannelSeed, UserGroup, App)


def _one(of: type[T], given: Any, where: str) -> T:
    if not isinstance(given, dict):
        raise SeedProblem(f"{where}: must be an object")
    known = {one.name for one in fields(of)}
    unknown = sorted(set(given) - known)
    if unknown:
        raise SeedProblem(f"{where}: unknown keys {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    plain: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    try:
        return of(**plain)
    except TypeError as error:
        raise SeedProblem(f"{where}: {error}") from error


def _all(of: type[T], given: Any, where: str) -> tuple[T, ...]:
    if not isinstance(given, list | tuple):
        raise SeedProblem(f"{where}: must be a list")
    return tuple(_one(of, item, f"{where}[{index}]") for index, item in enumerate(given))
