"""Why a step clock is due when it is: its rule, the time counted, the pauses, what was skipped, what is to come. Pure.

Nothing here is computed a second way: the intervals are those of the clock's own calendar, the pauses those of the
journal, the rungs those of the clock's own ladder. What the intervals add up to is what the clock says.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from escalation.business_time import ALWAYS, BusinessCalendar, CountedInterval, Skipped
from escalation.casefile import CaseFile, Rules
from escalation.foretelling import Hearing, ToCome, hearings, to_come
from escalation.ladder import Timing
from escalation.lifecycle import STANDING_STILL
from escalation.on_call import Duty
from models.case import JournalEntry, PolicySnapshot
from models.clocks import StepClock, Timer
from models.outbox import Effect
from models.pings import Ping
from models.vocabulary import PauseReason, Step

_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True)
class CaseRecord:
    """All that is written down about one case.

    ``journal`` and ``pings`` are oldest first, ``channels`` where each ping was told, by its id, ``policies`` the
    snapshots by their digest, ``timers`` those that run. ``told_together``: the drawings of messages about many pings
    in which the case stands.
    """

    file: CaseFile
    journal: Sequence[JournalEntry] = ()
    pings: Sequence[Ping] = ()
    channels: Mapping[str, Sequence[str]] | None = None
    policies: Mapping[str, PolicySnapshot] | None = None
    effects: Sequence[Effect] = ()
    timers: Sequence[Timer] = ()
    told_together: Sequence[Effect] = ()


@dataclass(frozen=True)
class Rule:
    """What set a clock's target.

    ``policy`` is the name of the snapshot, ``when`` its entry that changed this target (``priorities``, ``networks``),
    ``route`` the number of the route that chose the policy. ``timed_anew_at``: the clock was recomputed then (UTC), or
    its case passed on, by that policy.
    """

    policy: str
    when: Mapping[str, Any] | None = None
    route: int | None = None
    timed_anew_at: datetime | None = None


@dataclass(frozen=True)
class Pause:
    """A stretch in which a clock stood still; ``seconds`` are those that would have counted.

    ``end`` is ``None`` while it lasts; ``until`` is when it was to end by itself, ``by`` who asked for it, ``why`` in
    their words.
    """

    start: datetime
    end: datetime | None
    seconds: int
    reason: PauseReason | None = None
    by: str | None = None
    until: datetime | None = None
    why: str | None = None


@dataclass(frozen=True)
class ClockExplained:
    """One cycle of one step.

    ``counted`` are the stretches that counted until now or until the end; with ``adjusted_seconds`` (of pauses that
    were measured in another calendar, before the clock was timed anew) they are ``counted_seconds``, the clock's own
    figure. ``until_due`` is what still has to count, nothing when it is late. ``due_at`` is that of the row, or, where
    it stands still, when it will be due if it goes on at ``goes_on_at``. ``due_today``: when it would be due by today's
    configuration, where that is another moment.
    """

    clock: StepClock
    rule: Rule
    calendar: BusinessCalendar
    counted: tuple[CountedInterval, ...]
    counted_seconds: int
    adjusted_seconds: int = 0
    until_due: tuple[CountedInterval, ...] = ()
    due_at: datetime | None = None
    goes_on_at: datetime | None = None
    due_today: datetime | None = None
    pauses: tuple[Pause, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    to_come: tuple[ToCome, ...] = ()
    told: tuple[Hearing, ...] = ()

    @property
    def is_running(self) -> bool:
        """Tell whether it has not ended."""
        return self.clock.ended_at is None

    @property
    def is_around_the_clock(self) -> bool:
        """Tell whether every hour counts."""
        return self.calendar == ALWAYS

    @property
    def left_seconds(self) -> int | None:
        """Return what is left of the target in counted seconds, negative where it is late; ``None`` without one."""
        target = self.clock.target_seconds
        return None if target is None else target - self.counted_seconds


def explain(record: CaseRecord, rules: Rules, duty: Duty, now: datetime) -> tuple[ClockExplained, ...]:
    """Return every clock of a case as it stands at ``now`` (UTC): what runs in the order of the work, then what ended.

    Of those that ended the newest is the first.
    """
    order = list(Step)
    running = [clock for clock in record.file.clocks if clock.ended_at is None]
    running.sort(key=lambda clock: (order.index(clock.step), clock.cycle))
    ended = [(clock.ended_at, order.index(clock.step), clock.cycle, clock) for clock in record.file.clocks]
    newest = sorted((one for one in ended if one[0] is not None), key=lambda one: one[:3], reverse=True)
    return tuple(explain_clock(record, clock, rules, duty, now) for clock in (*running, *(one[3] for one in newest)))


def explain_clock(record: CaseRecord, clock: StepClock, rules: Rules, duty: Duty, now: datetime) -> ClockExplained:
    """Return one clock of a case as it stands at ``now`` (UTC)."""
    timing = rules.timing_of(clock)
    until = max(clock.ended_at or now, clock.started_at)
    pauses = tuple(_pauses(record, clock, timing, until))
    stood_still = clock.paused_seconds
    if clock.paused_at is not None:
        stood_still += timing.elapsed(clock.paused_at, until)
    counted = tuple(without(stretches(timing.calendar, clock.started_at, until), pauses, until))
    counted_seconds = timing.elapsed(clock.started_at, until, stood_still)
    running = clock.ended_at is None
    goes_on_at = max(record.file.case.snoozed_until or until, until) if running and clock.paused_at else None
    due_at = clock.due_at
    if running and goes_on_at is not None and clock.paused_at is not None:
        stood_still = clock.paused_seconds + timing.elapsed(clock.paused_at, goes_on_at)
        due_at = timing.due_at(clock.started_at, stood_still)
    from_ = goes_on_at or until
    until_due = stretches(timing.calendar, from_, due_at) if running and due_at is not None else []
    return ClockExplained(
        clock=clock,
        rule=_rule(record, clock),
        calendar=timing.calendar,
        counted=counted,
        counted_seconds=counted_seconds,
        adjusted_seconds=counted_seconds - sum(interval.seconds for interval in counted),
        until_due=tuple(until_due),
        due_at=due_at,
        goes_on_at=goes_on_at,
        due_today=_due_today(clock, rules, stood_still, from_, due_at) if running else None,
        pauses=pauses,
        skipped=_skipped(timing.calendar, clock.started_at, max(until, due_at or until) if running else until),
        to_come=to_come(record.file, clock, timing, rules, duty, stood_still) if running else (),
        told=hearings(
            record.file, clock, record.pings, record.channels or {}, [*record.effects, *record.told_together], now
        ),
    )


def _due_today(
    clock: StepClock, rules: Rules, stood_still: int, until: datetime, due_at: datetime | None
) -> datetime | None:
    """Return when a clock would be due by today's configuration, where that is another moment than ``due_at``."""
    today = rules.timing_today(clock.step, clock.department)
    if (today.target_seconds, today.calendar.version) == (clock.target_seconds, clock.calendar):
        return None
    stood_still = min(stood_still, today.calendar.elapsed(clock.started_at, until))
    due_today = today.due_at(clock.started_at, stood_still)
    return due_today if due_today != due_at else None


# --- the rule ---------------------------------------------------------------------------------------------------------


def _rule(record: CaseRecord, clock: StepClock) -> Rule:
    case, key = record.file.case, [clock.step.value, clock.cycle]
    opened = next((entry for entry in record.journal if entry.act == "OpenCase"), None)
    number = (opened.details.get("route", {}) if opened else case.route).get("route")
    digest, timed_anew_at, over = case.policy_digest, None, False
    for entry in record.journal:
        details = entry.details
        over = over or any(stopped[:2] == key for stopped in details.get("stopped", ()))
        if over and "policy" in details:
            digest = details["policy"][0]
            break
        if not over and "route" in details:
            number = details["route"].get("route")
        if not over and any(moved[:2] == key for moved in details.get("recomputed", ())):
            timed_anew_at = entry.at
    snapshot = (record.policies or {}).get(digest)
    when = snapshot.content.get("when") if snapshot else None
    return Rule(
        policy=snapshot.name if snapshot else case.policy,
        when=when if when and clock.step.value in when["targets"] else None,
        route=number if isinstance(number, int) else None,
        timed_anew_at=timed_anew_at,
    )


# --- the time ---------------------------------------------------------------------------------------------------------


def stretches(calendar: BusinessCalendar, start: datetime, end: datetime) -> list[CountedInterval]:
    """Return what counts between two moments, in the calendar's own zone; what adjoins is one stretch."""
    if calendar.never_closes:
        first, last = _whole(start), _whole(end)
        return [_interval(first, last, calendar)] if first < last else []
    joined: list[CountedInterval] = []
    for interval in calendar.intervals(start, end):
        if joined and joined[-1].end.astimezone(UTC) == interval.start.astimezone(UTC):
            joined[-1] = CountedInterval(
                start=joined[-1].start, end=interval.end, seconds=joined[-1].seconds + interval.seconds
            )
        else:
            joined.append(interval)
    return joined


def without(
    intervals: Iterable[CountedInterval], pauses: Sequence[Pause], until: datetime
) -> Iterator[CountedInterval]:
    """Yield the parts of some stretches in which a clock did not stand still; a pause that lasts ends at ``until``."""
    still = sorted((_whole(pause.start), _whole(pause.end or until)) for pause in pauses)
    for interval in intervals:
        at, end = interval.start.astimezone(UTC), interval.end.astimezone(UTC)
        for start, stop in still:
            if at < min(start, end):
                yield _cut(interval, at, min(start, end))
            at = max(at, stop)
        if at < end:
            yield _cut(interval, at, end)


def _cut(interval: CountedInterval, start: datetime, end: datetime) -> CountedInterval:
    zone = interval.start.tzinfo
    return CountedInterval(start=start.astimezone(zone), end=end.astimezone(zone), seconds=(end - start) // _SECOND)


def _interval(start: datetime, end: datetime, calendar: BusinessCalendar) -> CountedInterval:
    return CountedInterval(
        start=start.astimezone(calendar.zone), end=end.astimezone(calendar.zone), seconds=(end - start) // _SECOND
    )


def _whole(at: datetime) -> datetime:
    """Return a moment cut to its second, as calendars do."""
    return at.astimezone(UTC).replace(microsecond=0)


def _skipped(calendar: BusinessCalendar, start: datetime, end: datetime) -> tuple[Skipped, ...]:
    return () if calendar.never_closes else tuple(calendar.skipped(start, end))


def _pauses(record: CaseRecord, clock: StepClock, timing: Timing, until: datetime) -> Iterator[Pause]:
    """Yield the pauses of a clock as the journal tells them; a further snooze during one is a pause of its own."""
    key = [clock.step.value, clock.cycle]
    began: datetime | None = None
    snooze: JournalEntry | None = None
    for entry in record.journal:
        stands = began is not None
        further = stands and entry.act == "Snooze"
        ends = stands and (
            key in entry.details.get("resumed", ())
            or any(stopped[:2] == key for stopped in entry.details.get("stopped", ()))
        )
        if began is not None and (further or ends):
            yield _pause(timing, began, entry.at, snooze)
            began = entry.at if further and not ends else None
        if entry.act == "Snooze":
            snooze = entry
        begins_still = key in entry.details.get("started", ()) and clock.step in STANDING_STILL.get(entry.to_state, ())
        if key in entry.details.get("paused", ()) or begins_still:
            began = entry.at
    if began is not None:
        yield _pause(timing, began, None, snooze, until)


def _pause(
    timing: Timing, start: datetime, end: datetime | None, snooze: JournalEntry | None, now: datetime | None = None
) -> Pause:
    details = snooze.details if snooze is not None else {}
    return Pause(
        start=start,
        end=end,
        seconds=timing.elapsed(start, end or now or start),
        reason=PauseReason(details["reason"]) if "reason" in details else None,
        by=snooze.actor if snooze is not None else None,
        until=datetime.fromisoformat(details["until"]) if "until" in details else None,
        why=details.get("why"),
    )
