"""Step times told once more, from the journal alone: what the clocks must say if nothing was lost or altered. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from escalation.business_time import BusinessCalendar
from escalation.lifecycle import CUSTOMERS_STEPS
from models.vocabulary import Step, StepOutcome


class Entry(Protocol):
    """What a journal entry tells; rows of the table ``journal`` do."""

    @property
    def at(self) -> datetime:
        """Return when it happened (UTC)."""

    @property
    def act(self) -> str:
        """Return the name of the command."""

    @property
    def details(self) -> Mapping[str, Any]:
        """Return ``started`` and ``stopped`` steps, ``since``, ``posted_at`` and ``department``, where they apply."""


@dataclass(frozen=True)
class ToldClock:
    """One cycle of a step as the journal tells it; times are UTC, business seconds are those of ``department``."""

    started_at: datetime
    department: str
    ended_at: datetime | None = None
    outcome: StepOutcome | None = None
    wall_seconds: float | None = None
    business_seconds: float | None = None


class UntellableError(ValueError):
    """A journal that contradicts itself or lacks its beginning; the text says where."""


def retell(journal: Sequence[Entry], calendar: Callable[[str], BusinessCalendar]) -> dict[tuple[Step, int], ToldClock]:
    """Return every step clock of a case, by step and cycle, from its journal (oldest entry first).

    ``calendar`` gives the calendar of a department (a key) under the case's policy. A customer's clock begins with the
    post (``posted_at``), or when they began to wait again (``since``; ``window_since`` for the network's reply window),
    every other one with the entry that started it.
    A step that is stopped without having been started was done in no time.

    Raises:
        UntellableError: the journal cannot be told.

    """
    if not journal or "posted_at" not in journal[0].details:
        raise UntellableError("the journal does not begin with the customer's post")
    posted_at = datetime.fromisoformat(journal[0].details["posted_at"])
    department = str(journal[0].details.get("department", ""))
    told: dict[tuple[Step, int], ToldClock] = {}
    for entry in journal:
        before, department = department, str(entry.details.get("department", department))
        # What opens a case stops a clock that it has started; a later act stops one cycle and starts the next.
        for name, cycle in entry.details.get("started", []):
            step = Step(name)
            if (step, cycle) in told:
                raise UntellableError(f"{name} {cycle} was started twice")
            told[step, cycle] = ToldClock(_began(entry, step, posted_at), department)
        for name, cycle, outcome in entry.details.get("stopped", []):
            key = (Step(name), cycle)
            clock = told.get(key, ToldClock(entry.at, before))
            if clock.ended_at is not None:
                raise UntellableError(f"{name} {cycle} was stopped twice")
            told[key] = _ended(clock, entry.at, StepOutcome(outcome), calendar(before))
    return told


def _began(entry: Entry, step: Step, posted_at: datetime) -> datetime:
    if entry.act == "OpenCase" and step is not Step.ROUTE:
        return posted_at
    word = "window_since" if step is Step.REPLY_WINDOW else "since"
    since = entry.details.get(word) if step in CUSTOMERS_STEPS else None
    return datetime.fromisoformat(since) if since else entry.at


def _ended(clock: ToldClock, at: datetime, outcome: StepOutcome, calendar: BusinessCalendar) -> ToldClock:
    return replace(
        clock,
        ended_at=at,
        outcome=outcome,
        wall_seconds=(at - clock.started_at).total_seconds(),
        business_seconds=float(calendar.elapsed(clock.started_at, at)),
    )
