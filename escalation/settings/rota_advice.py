"""Warnings about rotas: times at which nobody would be on call, people who cannot be reached, rotas for nothing."""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from escalation.business_time import BusinessCalendar, CountedInterval
from escalation.on_call import Layer, Roster, Rota
from escalation.settings.explain import Explainer
from escalation.settings.positions import KeyPath
from escalation.settings.problems import Problem
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


def _uncovered(settings: Settings, explainer: Explainer, now: dt.datetime) -> Iterator[Problem]:
    for key, department in settings.departments.items():
        if department.on_call is not None:
            path: KeyPath = ("departments", key, "on_call")
            whose = f"{department.label}'s opening hours"
            yield from _gaps(settings, explainer, path, department.on_call, settings.calendar_for(key), whose, now)
    if settings.approval.on_call is not None:
        organisation = settings.organisation
        calendar = BusinessCalendar(
            weekly=organisation.weekly,
            timezone=organisation.timezone,
            holidays=organisation.holidays,
            closed_days=organisation.closed_days,
        )
        path = ("approval", "on_call")
        yield from _gaps(settings, explainer, path, settings.approval.on_call, calendar, "the opening hours", now)


def _gaps(
    settings: Settings,
    explainer: Explainer,
    path: KeyPath,
    rota: str,
    calendar: BusinessCalendar,
    whose: str,
    now: dt.datetime,
) -> Iterator[Problem]:
    """Tell the first opening hours in which nobody would be on call; a Slack user group counts as somebody."""
    compiled = settings.rotas[rota]
    roster = Roster(compiled, groups={group: (group,) for group in compiled.slack_groups})
    until = now + dt.timedelta(weeks=WEEKS_AHEAD)
    open_gaps = [counted for since, end in roster.gaps(now, until) if (counted := calendar.intervals(since, end))]
    if not open_gaps:
        return
    more = sum(map(len, open_gaps)) - 1
    further = f", nor {more} more times in the coming {WEEKS_AHEAD} weeks" if more else ""
    yield explainer.problem(
        path,
        f'by the rota "{rota}" nobody is on call {_span(open_gaps[0][0], calendar.timezone)}, within {whose}{further}',
    )


def _span(first: CountedInterval, timezone: str) -> str:
    ends = f"{first.end:%H:%M}" if first.end.date() == first.start.date() else f"{first.end:%A %Y-%m-%d %H:%M}"
    return f"from {first.start:%A %Y-%m-%d %H:%M} to {ends} ({timezone})"
