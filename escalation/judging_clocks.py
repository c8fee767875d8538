"""What clears a suspect of the auditor whose times have to be told once more, from journal and snapshots. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from escalation.business_time import ALWAYS
from escalation.ladder import Timing
from escalation.plans.scene import DEPUTY
from escalation.retelling import Key, TimedBy, ToldClock, UntellableError, retell
from escalation.rulebook import Rulebook
from escalation.sweeper import UNTELLABLE
from models.store.auditing import Suspect
from models.store.histories import History
from models.vocabulary import Step

_TIMES: Final = ("started_at", "department", "ended_at", "outcome", "wall_seconds")
"""What of a clock a journal tells without any calendar."""
_TIMED: Final = (
    "business_seconds",
    "calendar",
    "target_seconds",
    "due_at",
    "rungs_passed",
    "acknowledged_rung",
    "muted_by",
    "paused_at",
    "paused_seconds",
)
"""What of it follows from the journal with the calendar and the policy that timed it."""


def called_a_deputy(history: History, approved_at: datetime, rulebook: Rulebook) -> bool:
    """Tell whether the ladder had called for a deputy when an approval was given, or nobody can tell any more."""
    try:
        told = retold(history, rulebook)
    except UntellableError:
        return True  # another rule speaks of it
    return any(
        step is Step.APPROVE
        and clock.ended_at == approved_at
        and (not clock.calendar or any(rung.role == DEPUTY for rung in clock.passed))
        for (step, _), clock in told.items()
    )


def as_the_journal_tells(suspect: Suspect, rulebook: Rulebook) -> bool:
    """Tell whether the step clocks of a case say what its journal tells, each by the snapshots that timed it."""
    history = _of(suspect)
    try:
        told = retold(history, rulebook)
    except UntellableError:
        return False
    if told.keys() != {(clock.step, clock.cycle) for clock in history.clocks}:
        return False
    return all(_agrees(clock, told[clock.step, clock.cycle], history.at) for clock in history.clocks)


def has_nothing_left(suspect: Suspect, rulebook: Rulebook) -> bool:
    """Tell whether a clock that waits for no rung has passed all of its ladder that somebody has not seen."""
    clock, policy = suspect.evidence
    if policy is None:
        return True  # nobody can tell any more
    ladder = rulebook.ladder(clock.policy_digest, policy, clock.step, clock.target_seconds)
    left = Timing(ALWAYS, clock.target_seconds, ladder).next_at(
        clock.started_at, passed=clock.rungs_passed, acknowledged=clock.acknowledged_rung
    )
    return left is None


def as_the_rungs_passed(suspect: Suspect, rulebook: Rulebook) -> bool:
    """Tell whether the pings of a clock are the rungs that were noticed while it ran, each with its repetitions."""
    clock, history = suspect.evidence, _of(suspect)
    try:
        told = retold(history, rulebook).get((clock.step, clock.cycle))
    except UntellableError:
        return True  # another rule speaks of it
    if told is None or not told.calendar:
        return True
    written = {(ping.rung, ping.repeat) for ping in history.pings if ping.clock_id == clock.id}
    return written == {(rung, repeat) for rung, repeat, _ in told.told}


def retold(history: History, rulebook: Rulebook) -> Mapping[Key, ToldClock]:
    """Return what the clocks of a case must say by its journal and the snapshots that were kept.

    A clock whose journal does not name a calendar, for it was begun before journals did, is told without its deadline.

    Raises:
        UntellableError: the journal contradicts itself, or a snapshot that it names is gone.

    """

    def timing(by: TimedBy) -> Timing:
        if not by.calendar:
            return Timing(ALWAYS, None)
        try:
            calendar = rulebook.calendar_as_kept(by.calendar, history.snapshots.calendars)
            policy = history.snapshots.policies[by.policy]
        except KeyError as error:
            raise UntellableError(f"the snapshot {error} is gone") from error
        return Timing(calendar, by.target_seconds, rulebook.ladder(by.policy, policy, by.step, by.target_seconds))

    return retell(history.journal, timing)


def _of(suspect: Suspect) -> History:
    if suspect.history is None:
        raise LookupError(f"{suspect.subject} came without the history of its case")
    return suspect.history


def _agrees(clock: Any, told: ToldClock, at: datetime) -> bool:
    names = _TIMES if told.calendar == "" else (*_TIMES, *_TIMED)
    same = all(getattr(clock, name) == getattr(told, name) for name in names)
    return same and (told.calendar == "" or _waits_as_told(clock, told, at))


def _waits_as_told(clock: Any, told: ToldClock, at: datetime) -> bool:
    """Tell whether a clock waits for its next rung; one that could not be told may have been put off.

    That it waits for nothing is what another rule asks.
    """
    if clock.next_at is None or clock.next_at == told.next_at:
        return True
    return told.next_at is not None and told.next_at <= at and told.next_at < clock.next_at <= at + UNTELLABLE
