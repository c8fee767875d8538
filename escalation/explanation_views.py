"""From an explanation of step clocks to what people read of it: the same sentences in chat and at the command line."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from escalation.cards import Shown, headline, route_reason, timer_line
from escalation.casefile import Rules
from escalation.explaining import CaseRecord, ClockExplained, Pause, Rule
from escalation.hearing_words import to_come_line, told
from escalation.language import Hours, Sentence, Stretch, Value, joined, say
from escalation.steps import STEP_LABELS
from escalation.time_words import skipped, sum_of
from escalation.views import ClockView, ExplanationView, Fact
from models.clocks import StepClock
from models.vocabulary import PauseReason, Step, StepOutcome

MOST_TO_COME: Final = 12

_PRIORITIES: Final = {
    "low": say("low-priority"),
    "normal": say("normal-priority"),
    "high": say("high-priority"),
    "urgent": say("urgent"),
}


def explanation_view(
    record: CaseRecord, clocks: Sequence[ClockExplained], rules: Rules, shown: Shown
) -> ExplanationView:
    """Return the explanation of a case."""
    file = record.file
    return ExplanationView(
        case_id=file.case.id,
        headline=headline(file, shown),
        rules=policy_lines(record, shown),
        clocks=tuple(clock_view(clock, rules, shown.now) for clock in clocks),
        to_come=tuple(
            Fact(say("By itself"), joined([timer.due_at, timer_line(timer)], ": ")) for timer in record.timers
        ),
    )


def policy_lines(record: CaseRecord, shown: Shown) -> tuple[Sentence, ...]:
    """Return which policy a case has, as it was when, and what chose it."""
    case = record.file.case
    route, department = dict(case.route), case.department
    chose = [entry for entry in record.journal if "route" in entry.details]
    if chose:
        route, department = dict(chose[-1].details["route"]), str(chose[-1].details["department"])
    reason = route_reason(route, shown.label(department))
    chosen = reason
    if isinstance(route.get("route"), int):
        chosen = say("Route no. {number} chose it: {reason}", number=int(str(route["route"])), reason=reason)
    anew = [entry for entry in record.journal if entry.act == "Recompute" or entry in chose[1:]]
    if not anew:
        return (say("Policy {policy}, as it was when the case began.", policy=case.policy), chosen)
    who, at = shown.name(anew[-1].actor), anew[-1].at
    if anew[-1].act != "Recompute":
        moved = say(
            "Policy {policy}, as it was {at}, when {who} moved the case to {department}.",
            policy=case.policy,
            at=at,
            who=who,
            department=shown.label(str(anew[-1].details["department"])),
        )
        return moved, chosen
    timed = say(
        "Policy {policy}, as it was {at}, when {who} had the clocks timed anew.", policy=case.policy, at=at, who=who
    )
    return timed, chosen


def clock_view(clock: ClockExplained, rules: Rules, now: datetime) -> ClockView:
    """Return one clock in words."""
    return ClockView(clock_headline(clock, now), tuple(_facts(clock, rules)), clock.is_running)


# --- how it stands ----------------------------------------------------------------------------------------------------


def step_name(clock: StepClock) -> Sentence:
    """Return what a step is called, with its number from the second time on."""
    label = STEP_LABELS[clock.step]
    return label if clock.cycle == 1 else say("{step} (no. {number})", step=label, number=clock.cycle)


def clock_headline(explained: ClockExplained, now: datetime) -> Sentence:
    """Return how a clock stands at ``now``."""
    clock, step = explained.clock, step_name(explained.clock)
    took = Hours(explained.counted_seconds)
    if clock.ended_at is not None:
        return _ended(explained, step, took)
    if explained.goes_on_at is not None and explained.due_at is not None:
        return say(
            "{step}: stands still; due {due} if it goes on {at}",
            step=step,
            due=explained.due_at,
            at=explained.goes_on_at,
        )
    if explained.goes_on_at is not None:
        return say("{step}: stands still until {at}", step=step, at=explained.goes_on_at)
    if explained.due_at is None:
        return say("{step}: running for {took}", step=step, took=took)
    if explained.due_at <= now:
        return say("{step}: LATE, was due {due}", step=step, due=explained.due_at)
    return say("{step}: due {due}", step=step, due=explained.due_at)


def _ended(explained: ClockExplained, step: Sentence, took: Hours) -> Sentence:
    clock = explained.clock
    at = clock.ended_at or clock.started_at
    if clock.outcome is StepOutcome.CANCELLED:
        return say("{step}: not needed any more since {at}, after {took}", step=step, at=at, took=took)
    left = explained.left_seconds
    if left is not None and left < 0:
        return say("{step}: after {took}, {late} late, at {at}", step=step, took=took, late=Hours(-left), at=at)
    return say("{step}: after {took}, at {at}", step=step, took=took, at=at)


# --- its facts --------------------------------------------------------------------------------------------------------


def _facts(explained: ClockExplained, rules: Rules) -> Iterator[Fact]:
    yield Fact(say("Target"), target(explained))
    if explained.clock.calendar is not None:
        yield Fact(say("Hours"), hours(explained, rules))
        yield Fact(say("Counted"), sum_of(explained.counted_seconds, explained.counted))
    if explained.adjusted_seconds:
        yield Fact(
            say("Of it"),
            say(
                "{seconds} by pauses that were measured in the calendar of before it was timed anew",
                seconds=_signed(explained.adjusted_seconds),
            ),
        )
    left = explained.left_seconds
    if explained.until_due and left is not None:
        yield Fact(say("Until due"), sum_of(left, explained.until_due))
    elif explained.is_running and left is not None and left < 0:
        yield Fact(say("Over"), say("{late} more than the target", late=Hours(-left)))
    yield from (Fact(say("Stood still"), _pause(pause, rules)) for pause in explained.pauses)
    yield from (Fact(say("Skipped"), sentence) for sentence in skipped(explained.skipped))
    if explained.due_today is not None:
        yield Fact(say("Today"), say("by the configuration of today it would be due {due}", due=explained.due_today))
    if explained.clock.muted_by is not None:
        yield Fact(say("Muted"), say("by {who}: nothing is told of it", who=rules.name(explained.clock.muted_by)))
    yield from (Fact(say("Told"), told(hearing, rules)) for hearing in explained.told)
    target_seconds = explained.clock.target_seconds
    for event in explained.to_come[:MOST_TO_COME]:
        yield Fact(say("To come"), to_come_line(event, target_seconds, rules))
    if more := explained.to_come[MOST_TO_COME:]:
        yield Fact(say("To come"), say("… and {count} more until {at}", count=len(more), at=more[-1].at))


def target(explained: ClockExplained) -> Sentence:
    """Return what was promised from when on, and what rule says so."""
    clock, rule = explained.clock, rule_sentence(explained.rule, with_route=False)
    if clock.step is Step.REPLY_WINDOW and clock.target_seconds is not None:
        return say(
            "{length} from {start}: for so long the network takes a reply",
            length=_length(explained, clock.target_seconds),
            start=clock.started_at,
        )
    if clock.calendar is None:
        return say("none: the step was done at once")
    if clock.target_seconds is None:
        return say("none: {rule} promises nothing here", rule=rule)
    return say(
        "{length} from {start}: {rule}",
        length=_length(explained, clock.target_seconds),
        start=clock.started_at,
        rule=rule,
    )


def rule_of(explained: ClockExplained) -> Sentence:
    """Return what set the target of a clock, or that there is none."""
    if explained.clock.target_seconds is None:
        return say("no target")
    if explained.clock.step is Step.REPLY_WINDOW:
        return say("the reply window of the network")
    return rule_sentence(explained.rule, with_route=True)


def rule_sentence(rule: Rule, *, with_route: bool) -> Sentence:
    """Return what set a target: the policy, its entry for such cases, the route that chose it."""
    sentence = say("policy {policy}", policy=rule.policy)
    if rule.when is not None:
        sentence = say("{rule}, for {cases}", rule=sentence, cases=policy_cases(rule.when))
    if rule.route is not None and with_route:
        sentence = say("{rule}, chosen by route no. {number}", rule=sentence, number=rule.route)
    if rule.timed_anew_at is not None:
        sentence = say("{rule}, timed anew {at}", rule=sentence, at=rule.timed_anew_at)
    return sentence


def policy_cases(when: Mapping[str, Any]) -> Sentence:
    """Return which cases an entry of a policy is for, by their ``priorities`` and ``networks``."""
    priorities = _or([_PRIORITIES[word] for word in when["priorities"]])
    networks = _or(when["networks"])
    if priorities is None:
        return say("cases on {networks}", networks=networks or "")
    if networks is None:
        return say("{priorities} cases", priorities=priorities)
    return say("{priorities} cases on {networks}", priorities=priorities, networks=networks)


def _or(words: Sequence[Value]) -> Value | None:
    if not words:
        return None
    told = words[0]
    for word in words[1:]:
        told = say("{one} or {other}", one=told, other=word)
    return told


def hours(explained: ClockExplained, rules: Rules) -> Sentence:
    """Return in which calendar a clock counts: whose, in which zone, in which version."""
    if explained.is_around_the_clock:
        return say("around the clock, every day")
    return say(
        "opening hours of {department}, {zone} (calendar {version})",
        department=rules.label(explained.clock.department),
        zone=explained.calendar.timezone,
        version=explained.calendar.version[:8],
    )


def _length(explained: ClockExplained, seconds: int) -> Sentence:
    if explained.is_around_the_clock:
        return joined([Hours(seconds)], "")
    return say("{length} of opening hours", length=Hours(seconds))


def _signed(seconds: int) -> Sentence:
    hours = Hours(abs(seconds))
    return say("{hours} more", hours=hours) if seconds > 0 else say("{hours} less", hours=hours)


def _pause(pause: Pause, rules: Rules) -> Sentence:
    why = say("snoozed by {who}", who=rules.name(pause.by)) if pause.by else say("snoozed")
    if pause.reason is PauseReason.WAITING_CUSTOMER:
        why = say("waiting for the customer")
    if pause.why:
        why = joined([why, pause.why], ": ")
    if pause.end is None:
        if pause.until is None:
            return say("since {start}: {why}", start=pause.start, why=why)
        return say("since {start}, until {until}: {why}", start=pause.start, until=pause.until, why=why)
    return say(
        "{stretch}, {counted} of what counts: {why}",
        stretch=Stretch(pause.start, pause.end),
        counted=Hours(pause.seconds),
        why=why,
    )
