"""Step times told once more, from the journal alone: what the clocks must say if nothing was lost or altered. Pure.

A clock's deadline is told from the journal, the policy snapshots and the calendars that it names; the configuration of
today has no part in it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from escalation.ladder import Rung, Timing
from escalation.lifecycle import CUSTOMERS_STEPS, STANDING_STILL
from models.vocabulary import CaseState, Step, StepOutcome

Key = tuple[Step, int]
"""A step and its cycle."""


class Entry(Protocol):
    """What a journal entry tells; rows of the table ``journal`` do."""

    @property
    def at(self) -> datetime:
        """Return when it happened (UTC)."""

    @property
    def actor(self) -> str:
        """Return who did it."""

    @property
    def act(self) -> str:
        """Return the name of the command."""

    @property
    def to_state(self) -> CaseState:
        """Return the state that it led to."""

    @property
    def details(self) -> Mapping[str, Any]:
        """Return what it changed: ``started`` and ``stopped`` steps, how they are ``timed``, and more by the act."""


@dataclass(frozen=True)
class TimedBy:
    """What times a clock, as the journal names it.

    ``policy`` is the digest of a policy snapshot, ``calendar`` the version of a calendar, ``""`` where it is not told.
    """

    step: Step
    policy: str
    calendar: str
    target_seconds: int | None
    department: str


@dataclass
class ToldClock:
    """One cycle of a step as the journal tells it; times are UTC. The fields are those of ``models.clocks.StepClock``.

    ``passed`` are the rungs of its ladder that are behind it, ``told`` those that were noticed while it ran: number,
    repetition and when they were due.
    """

    started_at: datetime
    department: str
    ended_at: datetime | None = None
    outcome: StepOutcome | None = None
    wall_seconds: float | None = None
    business_seconds: float | None = None
    calendar: str | None = None
    target_seconds: int | None = None
    due_at: datetime | None = None
    next_at: datetime | None = None
    passed: tuple[Rung, ...] = ()
    acknowledged_rung: int | None = None
    muted_by: str | None = None
    paused_at: datetime | None = None
    paused_seconds: int = 0
    told: list[tuple[int, int, datetime]] = field(default_factory=list)

    @property
    def rungs_passed(self) -> int:
        """Return how many rungs of its ladder are behind it."""
        return len(self.passed)


class UntellableError(ValueError):
    """A journal that contradicts itself or lacks its beginning; the text says where."""


def retell(journal: Sequence[Entry], timing: Callable[[TimedBy], Timing]) -> dict[Key, ToldClock]:
    """Return every step clock of a case, by step and cycle, from its journal (oldest entry first).

    A customer's clock begins with the post (``posted_at``), or when they began to wait again (``since``, by step),
    every other one with the entry that started it.
    A step that is stopped without having been started was done in no time.

    Raises:
        UntellableError: the journal cannot be told.

    """
    if not journal or "posted_at" not in journal[0].details:
        raise UntellableError("the journal does not begin with the customer's post")
    story = _Story(journal[0], timing)
    for entry in journal:
        story.tell(entry)
    return story.clocks


class _Story:
    """The clocks as they stand after the entries told so far."""

    def __init__(self, opening: Entry, timing: Callable[[TimedBy], Timing]) -> None:
        self.clocks: dict[Key, ToldClock] = {}
        self._timing = timing
        self._posted_at = datetime.fromisoformat(opening.details["posted_at"])
        self._department = str(opening.details.get("department", ""))
        self._policy = str(opening.details.get("policy_digest", ""))

    def tell(self, entry: Entry) -> None:
        before, details = self._department, entry.details
        self._department = str(details.get("department", before))
        if entry.act == "TargetsDue":
            self._targets_due(entry)
        elif entry.act == "AcknowledgePing":
            self._acknowledged(entry)
        elif entry.act == "MutePings":
            self._running(details["step"])[1].muted_by = entry.actor
        for key in _keys(details.get("resumed", ())):
            self._goes_on(key, entry.at)
        for key in _keys(details.get("passed_on", ())):
            self.clocks[key].department = self._department
        if "recomputed" in details:
            self._timed_anew(entry)
        # What opens a case stops a clock that it has started; a later act stops one cycle and starts the next.
        for key in _keys(details.get("started", ())):
            self._started(key, entry)
        for key in _keys(details.get("paused", ())):
            self.clocks[key].paused_at, self.clocks[key].next_at = entry.at, None
        for name, cycle, outcome in details.get("stopped", ()):
            self._stopped((Step(name), cycle), entry, StepOutcome(outcome), before)

    def _started(self, key: Key, entry: Entry) -> None:
        if key in self.clocks:
            raise UntellableError(f"{key[0]} {key[1]} was started twice")
        clock = ToldClock(_began(entry, key[0], self._posted_at), self._department)
        clock.calendar, clock.target_seconds = _timed(entry).get(key, ("", None))
        self.clocks[key] = clock
        clock.due_at = self._timing_of(key).due_at(clock.started_at)
        if key[0] in STANDING_STILL.get(entry.to_state, ()):
            clock.paused_at = entry.at
        self._waits(key)

    def _stopped(self, key: Key, entry: Entry, outcome: StepOutcome, department: str) -> None:
        clock = self.clocks.setdefault(key, ToldClock(entry.at, department))
        if clock.ended_at is not None:
            raise UntellableError(f"{key[0]} {key[1]} was stopped twice")
        clock.ended_at, clock.outcome, clock.next_at = entry.at, outcome, None
        clock.wall_seconds = (entry.at - clock.started_at).total_seconds()
        clock.business_seconds = 0.0
        if clock.calendar is not None:
            timing = self._timing_of(key)
            self._counts_again(key, entry.at)
            clock.business_seconds = float(timing.elapsed(clock.started_at, entry.at, clock.paused_seconds))

    def _counts_again(self, key: Key, at: datetime) -> None:
        """End a pause, if there is one: the deadline is as much later as the clock stood still."""
        clock, timing = self.clocks[key], self._timing_of(key)
        if clock.paused_at is not None:
            clock.paused_seconds += timing.elapsed(clock.paused_at, at)
            clock.paused_at, clock.due_at = None, timing.due_at(clock.started_at, clock.paused_seconds)

    def _goes_on(self, key: Key, at: datetime) -> None:
        self._counts_again(key, at)
        self._waits(key)

    def _targets_due(self, entry: Entry) -> None:
        """Pass every rung that was due, of every clock that had one."""
        for key, clock in self.clocks.items():
            if clock.ended_at is not None or clock.next_at is None or clock.next_at > entry.at:
                continue
            timing = self._timing_of(key)
            for rung in timing.rungs[clock.rungs_passed :]:
                due_at = timing.rung_at(rung, clock.started_at, clock.paused_seconds)
                if due_at > entry.at:
                    break
                clock.passed += (rung,)
                if not (rung.repeat and rung.number == clock.acknowledged_rung):
                    clock.told.append((rung.number, rung.repeat, due_at))
            self._waits(key)

    def _acknowledged(self, entry: Entry) -> None:
        key, clock = self._running(entry.details["step"])
        clock.acknowledged_rung = entry.details["rung"]
        self._waits(key)

    def _timed_anew(self, entry: Entry) -> None:
        self._policy = entry.details.get("policy", (None, self._policy))[1]
        timed = _timed(entry)
        for key in _keys(entry.details["recomputed"]):
            (calendar, target), clock = timed[key], self.clocks[key]
            until = clock.paused_at or entry.at
            moved = calendar != clock.calendar
            clock.calendar, clock.target_seconds = calendar, target
            timing = self._timing_of(key)
            if moved:
                clock.paused_seconds = min(clock.paused_seconds, timing.calendar.elapsed(clock.started_at, until))
            clock.passed = tuple(
                rung for rung in timing.rungs if timing.rung_at(rung, clock.started_at, clock.paused_seconds) <= until
            )
            clock.due_at = timing.due_at(clock.started_at, clock.paused_seconds)
            self._waits(key)

    def _running(self, step: str) -> tuple[Key, ToldClock]:
        for key, clock in self.clocks.items():
            if key[0] == step and clock.ended_at is None:
                return key, clock
        raise UntellableError(f"{step} does not run")

    def _waits(self, key: Key) -> None:
        """Let a clock wait for its next rung, unless it stands still."""
        clock, timing = self.clocks[key], self._timing_of(key)
        following = timing.next_at(
            clock.started_at,
            passed=clock.rungs_passed,
            paused_seconds=clock.paused_seconds,
            acknowledged=clock.acknowledged_rung,
        )
        clock.next_at = following if clock.paused_at is None else None

    def _timing_of(self, key: Key) -> Timing:
        clock = self.clocks[key]
        by = TimedBy(key[0], self._policy, clock.calendar or "", clock.target_seconds, clock.department)
        return self._timing(by)


def _began(entry: Entry, step: Step, posted_at: datetime) -> datetime:
    if entry.act == "OpenCase" and step is not Step.ROUTE:
        return posted_at
    since = entry.details.get("since", {})
    if isinstance(since, str):  # entries of before each clock had a beginning of its own
        since = dict.fromkeys(CUSTOMERS_STEPS, since) | {Step.REPLY_WINDOW: entry.details.get("window_since")}
    began = since.get(step)
    return datetime.fromisoformat(began) if began else entry.at


def _keys(told: Iterable[Sequence[Any]]) -> Iterator[Key]:
    return ((Step(one[0]), int(one[1])) for one in told)


def _timed(entry: Entry) -> dict[Key, tuple[str, int | None]]:
    """Return the calendar and the target of each clock that an entry times."""
    by_calendar: Mapping[str, Sequence[Sequence[Any]]] = entry.details.get("timed", {})
    return {
        (Step(name), int(cycle)): (version, target)
        for version, clocks in by_calendar.items()
        for name, cycle, target in clocks
    }
