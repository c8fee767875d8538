"""What must agree between sections: names that refer to names, channels, routes, ids.

The checks read the raw file rather than the models, so that one wrong value elsewhere hides none of them.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from escalation.settings.digest_times import OFF
from escalation.settings.explain import Explainer
from escalation.settings.positions import KeyPath
from escalation.settings.problems import Problem
from escalation.settings.rota_checks import rota_checks
from escalation.settings.sections import PING_ROLES, ROUTE_CONDITIONS
from escalation.settings.settings import STANDARD
from escalation.settings.spelling import nearest
from escalation.settings.values import ChannelAddress
from models.vocabulary import SYSTEM

EVERY: Final = "*"
_NAME: Final = re.compile(r"[a-z0-9_-]{1,40}")
_NAMED_SECTIONS: Final = ("members", "departments", "policies", "on_call", "brands", "accounts")
_REQUIRED_SECTIONS: Final = ("members", "departments", "routes")
_CHANNELS: Final[tuple[KeyPath, ...]] = (
    ("departments", EVERY, "channel"),
    ("approval", "channel"),
    ("managers", "channel"),
    ("brands", EVERY, "approval", "channel"),
    ("policies", EVERY, "ladder", EVERY, "ping"),
)


@dataclass(frozen=True, slots=True)
class _Reference:
    """Texts at `path` must be names in one of `sections`, or one of the `also` words."""

    path: KeyPath
    sections: tuple[str, ...]
    what: str
    also: tuple[str, ...] = ()


_REFERENCES: Final = (
    _Reference(("departments", EVERY, "members", EVERY), ("members",), "member"),
    _Reference(("departments", EVERY, "manager"), ("members",), "member"),
    _Reference(("members", EVERY, "manager"), ("members",), "member"),
    _Reference(("departments", EVERY, "on_call"), ("on_call",), "rota"),
    _Reference(("approval", "on_call"), ("on_call",), "rota"),
    _Reference(("on_call", EVERY, "layers", EVERY, "members", EVERY), ("members",), "member"),
    _Reference(("approval", "approvers", EVERY), ("members",), "member"),
    _Reference(("approval", "deputies", EVERY), ("members",), "member"),
    _Reference(("managers", "members", EVERY), ("members",), "member"),
    _Reference(("brands", EVERY, "approval", "approvers", EVERY), ("members",), "member"),
    _Reference(("brands", EVERY, "approval", "deputies", EVERY), ("members",), "member"),
    _Reference(("routes", EVERY, "department"), ("departments",), "department"),
    _Reference(("routes", EVERY, "also", EVERY), ("departments",), "department"),
    _Reference(("routes", EVERY, "policy"), ("policies",), "policy", (STANDARD,)),
    _Reference(("routes", EVERY, "accounts", EVERY), ("accounts",), "account"),
    _Reference(("routes", EVERY, "second_approval"), ("departments", "members"), "department or member"),
    _Reference(("routes", EVERY, "second_approval", EVERY), ("departments", "members"), "department or member"),
    _Reference(("policies", EVERY, "ladder", EVERY, "ping"), ("members",), "member or role", PING_ROLES),
)


def cross_checks(explainer: Explainer, known_sections: Collection[str]) -> list[Problem]:
    """Find everything in which the sections of the file contradict each other."""
    misspelt = {name for key in explainer.raw if key not in known_sections for name in nearest(key, known_sections)}
    return [
        *_empty_sections(explainer, misspelt),
        *_names(explainer),
        *_references(explainer, misspelt),
        *_surfaces(explainer),
        *_routes(explainer),
        *_shared_ids(explainer),
        *_dates(explainer),
        *_digests(explainer),
        *rota_checks(explainer),
    ]


def walk(value: Any, pattern: KeyPath, *, below: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Give every path and value that fits a pattern, in which `EVERY` stands for all names or all elements."""
    if not pattern:
        yield below, value
        return
    part, rest = pattern[0], pattern[1:]
    entries: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, Mapping):
        entries = value.items() if part == EVERY else [(part, value[part])] if part in value else ()
    elif isinstance(value, list) and part == EVERY:
        entries = enumerate(value)
    for key, inner in entries:
        yield from walk(inner, rest, below=(*below, key))


def _empty_sections(explainer: Explainer, misspelt: set[str]) -> Iterator[Problem]:
    for name in _REQUIRED_SECTIONS:
        if name in explainer.raw and not explainer.raw[name] and name not in misspelt:
            yield explainer.problem((name,), "needs at least one entry")


def _names(explainer: Explainer) -> Iterator[Problem]:
    for section in _NAMED_SECTIONS:
        for path, _ in walk(explainer.raw, (section, EVERY)):
            if not _NAME.fullmatch(str(path[-1])):
                yield explainer.problem(path, "a name has 1 to 40 of the characters a-z, 0-9, _ and -, in lower case")
    for path, _ in walk(explainer.raw, ("members", SYSTEM)):
        yield explainer.problem(
            path, f'"{SYSTEM}" is what the journal calls the program itself; give this member another name'
        )


def _references(explainer: Explainer, misspelt: set[str]) -> Iterator[Problem]:
    for reference in _REFERENCES:
        if not misspelt.isdisjoint(reference.sections):
            continue  # the section itself is misspelt; its names would only make noise
        known = set(reference.also)
        for section in reference.sections:
            table = explainer.raw.get(section)
            known.update(table if isinstance(table, Mapping) else ())
        if "members" in reference.sections and "members" not in explainer.raw:
            continue
        for path, name in walk(explainer.raw, reference.path):
            is_channel = path[-1] == "ping" and isinstance(name, str) and ":" in name
            if isinstance(name, str) and name not in known and not is_channel:
                yield explainer.problem(
                    path, f'there is no {reference.what} "{name}"', suggestions=nearest(name, known)
                )


def _surfaces(explainer: Explainer) -> Iterator[Problem]:
    chat = explainer.raw.get("chat", {})
    if not isinstance(chat, Mapping) or not set(chat) <= {"slack", "teams"}:
        return
    for pattern in _CHANNELS:
        for path, channel in walk(explainer.raw, pattern):
            try:
                address = ChannelAddress.parse(str(channel))
            except ValueError:
                continue  # told by the model
            if address.surface not in chat:
                yield explainer.problem(
                    path, f'"{channel}" needs the section [chat.{address.surface}], which is missing'
                )


def _routes(explainer: Explainer) -> Iterator[Problem]:
    routes = explainer.raw.get("routes")
    if not isinstance(routes, list) or not all(isinstance(route, Mapping) for route in routes):
        return
    for index, route in enumerate(routes):
        conditions = [name for name in ROUTE_CONDITIONS if route.get(name) not in (None, [])]
        path: KeyPath = ("routes", index)
        if index == len(routes) - 1:
            if conditions:
                first = min(conditions, key=lambda name: explainer.positions.line(("routes", len(routes) - 1, name)))
                yield explainer.problem(
                    (*path, first),
                    "the last route is the default and takes no condition; add a [[routes]] with only a department",
                )
        elif not conditions and not any(nearest(key, ROUTE_CONDITIONS) for key in route):
            yield explainer.problem(
                path, "has no condition, so no route below it is ever reached; only the last one goes without"
            )


def _shared_ids(explainer: Explainer) -> Iterator[Problem]:
    for chat, label in (("slack", "Slack"), ("teams", "Teams")):
        first: dict[str, KeyPath] = {}
        for path, identity in walk(explainer.raw, ("members", EVERY, chat)):
            if not isinstance(identity, str):
                continue
            if identity in first:
                other = first[identity]
                yield explainer.problem(
                    path,
                    f"members.{other[1]} (line {explainer.positions.line(other)}) has the same {label} id; "
                    "each colleague needs one of their own",
                )
            first.setdefault(identity, path)


def _dates(explainer: Explainer) -> Iterator[Problem]:
    """Refuse a date that one section both closes and gives hours."""
    for section in (("organisation",), ("departments", EVERY)):
        for path, _ in walk(explainer.raw, (*section, "half_days", EVERY)):
            closed = explainer.value((*path[:-2], "closed_days"))
            if isinstance(closed, list | Mapping) and str(path[-1]) in map(str, closed):
                yield explainer.problem(path, "has hours and stands under closed_days too; it can only be one of them")


def _digests(explainer: Explainer) -> Iterator[Problem]:
    managers = explainer.raw.get("managers")
    if not isinstance(managers, Mapping) or "channel" in managers or nearest("channel", managers):
        return
    for key in ("daily_digest", "weekly_digest"):
        if key in managers and str(managers[key]).strip().lower() != OFF:
            yield explainer.problem(
                ("managers", key), 'needs the key channel in [managers], such as channel = "slack:C0MANAGERS"'
            )
