"""What clears a suspect of the auditor whose times have to be told once more, from journal and snapshots. Pure."""

from collections.abc import Mapping
from datetime import datetime

from escalation.business_time import ALWAYS
from escalation.ladder import Timing
from escalation.plans.scene import DEPUTY
from escalation.retelling import Key, TimedBy, ToldClock, UntellableError, retell
from escalation.rulebook import Rulebook
from models.store.histories import History
from models.vocabulary import Step


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
