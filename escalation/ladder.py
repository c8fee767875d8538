"""What a step clock has to tell while it runs, and when: the rungs of its ladder in the order of time. Pure.

Times are counted seconds after the clock's start, in the calendar of the clock (business seconds, or wall seconds where
the policy counts always). A clock that stood still is late by what it stood still; the rungs move with it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from escalation.business_time import BusinessCalendar
from escalation.settings.values import LadderPoint
from models.clocks import StepClock
from models.vocabulary import PingKind, Step

BREACH_PERCENT: Final = 100
MOST_REPEATS: Final = 9
OWES: Final = "owner"
"""The role of whoever owes the step: the department, the claimer, the approvers, or the managers for a machine."""

_REMINDER, _RELEASE = 1_000, 1_001
_LAST_CHANCE, _CLOSED = 2_000, 2_001


@dataclass(frozen=True, slots=True)
class Rung:
    """One thing to tell. ``number`` is its place in the policy's ladder, ``offset`` counted seconds after the start.

    ``repeat``: 0 for the first time, then how often it was told before. ``hold_until_duty``: wait until whoever is told
    is on duty; ``page_anyway``: quiet hours do not hold it back.
    """

    number: int
    kind: PingKind
    offset: int
    percent: int
    role: str
    repeat: int = 0
    page_anyway: bool = False
    hold_until_duty: bool = False


@dataclass(frozen=True, slots=True)
class Timing:
    """How the clock of one step is timed: in which calendar, against which target, with which rungs."""

    calendar: BusinessCalendar
    target_seconds: int | None
    rungs: tuple[Rung, ...] = ()

    def due_at(self, start: datetime, paused_seconds: int = 0) -> datetime | None:
        """Return the moment at which the target passes (UTC), ``None`` without a target."""
        if self.target_seconds is None:
            return None
        return self.calendar.due(start, self.target_seconds + paused_seconds)

    def rung_at(self, rung: Rung, start: datetime, paused_seconds: int = 0) -> datetime:
        """Return the moment of a rung (UTC)."""
        return self.calendar.due(start, rung.offset + paused_seconds)

    def next_at(
        self, start: datetime, *, passed: int = 0, paused_seconds: int = 0, acknowledged: int | None = None
    ) -> datetime | None:
        """Return the moment of the next rung after ``passed`` of them; what is acknowledged is not repeated."""
        for rung in self.rungs[passed:]:
            if not (rung.repeat and rung.number == acknowledged):
                return self.rung_at(rung, start, paused_seconds)
        return None

    def to_come(self, clock: StepClock) -> Iterator[tuple[Rung, datetime]]:
        """Yield the rungs of a clock that are still to come, each with its moment (UTC), the next one first."""
        for rung in self.rungs[clock.rungs_passed :]:
            if not (rung.repeat and rung.number == clock.acknowledged_rung):
                yield rung, self.rung_at(rung, clock.started_at, clock.paused_seconds)

    def elapsed(self, start: datetime, end: datetime, paused_seconds: int = 0) -> int:
        """Return the counted seconds between two moments without those that the clock stood still."""
        return max(0, self.calendar.elapsed(start, end) - paused_seconds)


def timed(clocks: Iterable[tuple[Step, int, Timing]]) -> dict[str, list[list[Any]]]:
    """Return for the journal how clocks are timed: by the version of the calendar, step, cycle and target (s)."""
    told: dict[str, list[list[Any]]] = {}
    for step, cycle, timing in clocks:
        told.setdefault(timing.calendar.version, []).append([step.value, cycle, timing.target_seconds])
    return told


def rungs(policy: Mapping[str, Any], step: Step, target: int | None) -> tuple[Rung, ...]:
    """Return everything that a clock of this step tells under a policy snapshot, in the order of time."""
    found: list[Rung] = []
    if step is Step.REPLY_WINDOW:
        found += _window(policy, target)
    elif target is not None:
        for number, entry in enumerate(policy.get("ladder", ())):
            steps = entry.get("steps")
            if not steps or step.value in steps:
                found.append(_rung(number, entry, target))
    if step is Step.ANSWER:
        found += _claim(policy)
    return tuple(sorted(_with_repeats(found, policy.get("ladder", ())), key=_order))


def _order(rung: Rung) -> tuple[int, int, int]:
    return rung.offset, rung.number, rung.repeat


def _rung(number: int, entry: Mapping[str, Any], target: int) -> Rung:
    point = LadderPoint(int(entry["percent"]), int(entry["after_seconds"]))
    kind = PingKind.WARNING
    if point.is_breach:
        kind = PingKind.BREACH if point.seconds(target) == target else PingKind.LATER
    return Rung(
        number,
        kind,
        max(1, point.seconds(target)),
        point.percent,
        str(entry["ping"]),
        page_anyway=bool(entry.get("page_anyway")),
        hold_until_duty=bool(entry.get("hold_until_duty")),
    )


def _claim(policy: Mapping[str, Any]) -> Iterator[Rung]:
    """Yield what becomes of a claim that nothing follows: its owner is reminded, then everybody may claim it again."""
    claims: Mapping[str, int | None] = policy.get("claims", {})
    if remind := claims.get("remind"):
        yield Rung(_REMINDER, PingKind.CLAIM_REMINDER, int(remind), 0, OWES)
    if release := claims.get("release"):
        yield Rung(_RELEASE, PingKind.CLAIM_RELEASED, int(release), 0, OWES)


def _window(policy: Mapping[str, Any], window: int | None) -> Iterator[Rung]:
    """Yield the last chance before the network takes no reply any more, and that it is past."""
    if window is None:
        return
    before = min(int(policy.get("last_chance") or window // 5), window - 1)
    percent = (window - before) * 100 // window
    yield Rung(_LAST_CHANCE, PingKind.LAST_CHANCE, max(1, window - before), percent, OWES, page_anyway=True)
    yield Rung(_CLOSED, PingKind.WINDOW_CLOSED, window, BREACH_PERCENT, "managers")


def _with_repeats(firsts: Sequence[Rung], ladder: Sequence[Mapping[str, Any]]) -> Iterator[Rung]:
    """Yield the rungs with their repetitions; a later rung of the ladder ends those of the rungs before it."""
    for rung in firsts:
        yield rung
        entry = ladder[rung.number] if rung.number < len(ladder) else {}
        every, most = entry.get("repeat_seconds"), min(int(entry.get("repeats", 0)), MOST_REPEATS)
        if not every:
            continue
        later = (other.offset for other in firsts if other.number < _REMINDER and other.offset > rung.offset)
        end = min(later, default=None)
        for repeat in range(1, most + 1):
            offset = rung.offset + repeat * int(every)
            if end is not None and offset >= end:
                break
            yield Rung(
                rung.number,
                rung.kind,
                offset,
                rung.percent,
                rung.role,
                repeat,
                page_anyway=rung.page_anyway,
                hold_until_duty=rung.hold_until_duty,
            )
