"""Warnings about rotas: times at which nobody would be on call, people who cannot be reached, rotas for nothing."""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Final

from escalation.business_time import BusinessCalendar, CountedInterval
from escalation.on_call import Layer, Roster, Rota
from escalation.opening_hours import ROUND_THE_CLOCK
from escalation.settings.explain import Explainer
from escalation.settings.positions import KeyPath
from escalation.settings.problems import Problem
from escalation.settings.sections import LadderStep, Policy
from escalation.settings.settings import Settings

WEEKS_AHEAD: Final = 8
"""So far the rotas are tried out when the configuration is checked."""


def rota_advice(settings: Settings, explainer: Explainer, now: dt.datetime | None) -> Iterator[Problem]:
    """Find what is allowed but suspicious about rotas; the coming weeks are looked at where `now` is known."""
    yield from _unused(settings, explainer)
    yield from _unreachable(settings, explainer)
    if now is not None:
        yield from _idle_layers(settings, explainer, now)
        yield from _uncovered(settings, explainer, now)


def _unused(settings: Settings, explainer: Explainer) -> Iterator[Problem]:
    used = {department.on_call for department in settings.departments.values()} | {settings.approval.on_call}
    for key in settings.on_call:
        if key not in used:
            yield explainer.problem(("on_call", key), f'no department and not [approval] says on_call = "{key}"')


def _unreachable(settings: Settings, explainer: Explainer) -> Iterator[Problem]:
    chats = [name for name in ("slack", "teams") if getattr(settings.chat, name) is not None]
    for key, rota in settings.on_call.items():
        told: set[str] = set()
        for number, layer in enumerate(rota.layers):
            for name in layer.members:
                ids = [chat for chat in chats if getattr(settings.members[name], chat) is not None]
                if chats and not ids and name not in told:
                    told.add(name)
                    yield explainer.problem(
                        ("on_call", key, "layers", number, "members"),
                        f"{name} takes turns here but members.{name} has no {' and no '.join(chats)} id, so nobody "
                        "can ping them",
                    )


def _idle_layers(settings: Settings, explainer: Explainer, now: dt.datetime) -> Iterator[Problem]:
    """Find layers whose hours are covered by those above; a Slack user group may be empty and covers nothing."""
    until = now + dt.timedelta(weeks=WEEKS_AHEAD)
    for key, rota in settings.rotas.items():
        above: list[Layer] = []
        for number, layer in enumerate(rota.layers):
            if above and layer.hours is not None and not _complements(layer, above, now, until):
                yield explainer.problem(
                    ("on_call", key, "layers", number),
                    f"is never on duty in the coming {WEEKS_AHEAD} weeks, because the layers above it cover all its "
                    "hours",
                )
            if layer.slack_group is None:
                above.append(layer)


def _complements(layer: Layer, above: list[Layer], now: dt.datetime, until: dt.datetime) -> bool:
    gaps = Roster(Rota(name="above", label="", layers=tuple(above))).gaps(now, until)
    return layer.hours is None or any(layer.hours.elapsed(since, end) for since, end in gaps)


def on_call_clocks(settings: Settings, policy: Policy, rung: LadderStep, *, rota_of: str) -> frozenset[str]:
    """Give the promised clocks of which a rung tells whoever is on call by the rota of a place, for a policy.

    `rota_of`: "approval" or "departments". [approval] has the step of the approvers to itself where it has a rota.
    """
    if rung.ping != "on_call":
        return frozenset()
    promised = set(policy.targets).union(*(other.targets for other in policy.when))
    clocks = frozenset(promised & set(rung.steps or promised))
    approvals = frozenset({"approve"} if settings.approval.on_call else ())
    return clocks & approvals if rota_of == "approval" else clocks - approvals


def _uncovered(settings: Settings, explainer: Explainer, now: dt.datetime) -> Iterator[Problem]:
    """Find times at which a rota has nobody: in the opening hours, or at any hour where a policy counts always."""
    for key, department in settings.departments.items():
        if department.on_call is not None:
            path: KeyPath = ("departments", key, "on_call")
            always = _counting_always(settings, "departments", key)
            calendar = settings.calendar_for(key)
            whose = f"{department.label}'s opening hours"
            yield from _gaps(settings, explainer, path, department.on_call, calendar, whose, always, now)
    if settings.approval.on_call is not None:
        path, always = ("approval", "on_call"), _counting_always(settings, "approval", None)
        calendar, whose = settings.calendar_of_the_house, "the opening hours"
        yield from _gaps(settings, explainer, path, settings.approval.on_call, calendar, whose, always, now)


def _counting_always(settings: Settings, rota_of: str, department: str | None) -> str | None:
    """Give the first policy of a route that pings a rota and counts always; None where all keep to opening hours."""
    for route in settings.routes:
        policy = settings.policy(route.policy)
        asked = any(on_call_clocks(settings, policy, rung, rota_of=rota_of) for rung in policy.ladder)
        if asked and policy.hours == "always" and department in {None, route.department}:
            return policy.key
    return None


def _gaps(
    settings: Settings,
    explainer: Explainer,
    path: KeyPath,
    rota: str,
    calendar: BusinessCalendar,
    whose: str,
    always: str | None,
    now: dt.datetime,
) -> Iterator[Problem]:
    """Tell the first time in which nobody would be on call; a Slack user group counts as somebody.

    Looked at are the hours of `calendar`, called `whose`; all of them where the policy `always` is given.
    """
    if always is not None:
        calendar = BusinessCalendar(weekly=ROUND_THE_CLOCK, timezone=calendar.timezone)
        whose = f"the hours of policies.{always}, which counts always"
    compiled = settings.rotas[rota]
    roster = Roster(compiled, groups={group: (group,) for group in compiled.slack_groups})
    until = now + dt.timedelta(weeks=WEEKS_AHEAD)
    counted = (calendar.intervals(since, end) for since, end in roster.gaps(now, until))
    open_gaps = [stretch for intervals in counted for stretch in _stretches(intervals)]
    if not open_gaps:
        return
    more = len(open_gaps) - 1
    further = f", nor {more} more times in the coming {WEEKS_AHEAD} weeks" if more else ""
    yield explainer.problem(
        path,
        f'by the rota "{rota}" nobody is on call {_span(*open_gaps[0], calendar.timezone)}, within {whose}{further}',
    )


def _stretches(intervals: Iterable[CountedInterval]) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """Join intervals that are cut at midnight only."""
    start: dt.datetime | None = None
    end: dt.datetime | None = None
    for one in intervals:
        if start is not None and end is not None and one.start != end:
            yield start, end
            start = None
        start, end = start or one.start, one.end
    if start is not None and end is not None:
        yield start, end


def _span(start: dt.datetime, end: dt.datetime, timezone: str) -> str:
    ends = f"{end:%H:%M}" if end.date() == start.date() else f"{end:%A %Y-%m-%d %H:%M}"
    return f"from {start:%A %Y-%m-%d %H:%M} to {ends} ({timezone})"
