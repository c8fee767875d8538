"""All that is written down about the times of some cases: journals, step clocks, pings, and the snapshots they name.

One statement for each table, however many cases there are: a join would send each entry once for each clock.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlmodel import SQLModel

from models.case import JournalEntry, PolicySnapshot
from models.clocks import CalendarSnapshot, StepClock
from models.pings import Ping
from models.store.statements import table

Ask = Callable[[Select[Any]], Awaitable[Sequence[Any]]]
"""Executes a SELECT and returns its rows."""


@dataclass(frozen=True)
class Snapshots:
    """Policies by digest and definitions of calendars by version, as they were when clocks were timed by them."""

    policies: Mapping[str, Mapping[str, Any]]
    calendars: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class History:
    """One case as it was read ``at`` a moment (UTC): its journal, oldest entry first, its step clocks and its pings.

    ``snapshots`` hold at least what the journal names and has been kept.
    """

    at: datetime
    journal: Sequence[Any]
    clocks: Sequence[Any]
    pings: Sequence[Any]
    snapshots: Snapshots


async def read_histories(ask: Ask, case_ids: Collection[str], at: datetime) -> dict[str, History]:
    """Return the histories of some cases, by case."""
    if not case_ids:
        return {}
    entry = table(JournalEntry).c
    journals = await _by_case(ask, JournalEntry, case_ids, entry.case_id, entry.case_version)
    clocks = await _by_case(ask, StepClock, case_ids)
    pings = await _by_case(ask, Ping, case_ids)
    snapshots = await _snapshots(ask, journals.values())
    return {name: History(at, journals[name], clocks[name], pings[name], snapshots) for name in case_ids}


async def _by_case(
    ask: Ask, model: type[SQLModel], case_ids: Collection[str], *order: ColumnElement[Any]
) -> Mapping[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    rows = table(model)
    for row in await ask(select(rows).where(rows.c.case_id.in_(sorted(case_ids))).order_by(*order)):
        found[row.case_id].append(row)
    return found


async def _snapshots(ask: Ask, journals: Iterable[Sequence[Any]]) -> Snapshots:
    digests, versions = set[str](), set[str]()
    for entry in (entry for journal in journals for entry in journal):
        digests.update(_policies_named(entry.details))
        versions.update(entry.details.get("timed", ()))
    policy, calendar = table(PolicySnapshot).c, table(CalendarSnapshot).c
    policies = await ask(select(policy.digest, policy.content).where(policy.digest.in_(sorted(digests))))
    calendars = await ask(select(calendar.version, calendar.definition).where(calendar.version.in_(sorted(versions))))
    return Snapshots({row.digest: row.content for row in policies}, {row.version: row.definition for row in calendars})


def _policies_named(details: Mapping[str, Any]) -> Iterator[str]:
    """Yield the policy that a case was opened under, and those between which its clocks were timed anew."""
    if digest := details.get("policy_digest"):
        yield str(digest)
    if "recomputed" in details:
        yield from map(str, details.get("policy", ()))
