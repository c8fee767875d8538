"""The steps of a case as colleagues see them: what each took, what is due when, and when a network is deaf. Pure."""

from collections.abc import Mapping
from datetime import datetime

from escalation.casefile import CaseFile
from escalation.language import Sentence, say
from escalation.views import StepLine
from models.clocks import StepClock
from models.vocabulary import Step

STEP_LABELS: Mapping[Step, Sentence] = {
    Step.DETECT: say("seen"),
    Step.ROUTE: say("routed"),
    Step.ACKNOWLEDGE: say("claimed"),
    Step.ANSWER: say("answered"),
    Step.APPROVE: say("approved"),
    Step.RELAY: say("sent"),
    Step.FIRST_RESPONSE: say("first response"),
    Step.NEXT_RESPONSE: say("next response"),
    Step.REPLY_WINDOW: say("reply window"),
    Step.RESOLUTION: say("closed"),
}

STEP_NAMES: Mapping[Step, Sentence] = {
    Step.DETECT: say("seeing it"),
    Step.ROUTE: say("the card"),
    Step.ACKNOWLEDGE: say("a claim"),
    Step.ANSWER: say("an answer"),
    Step.APPROVE: say("the approval"),
    Step.RELAY: say("sending"),
    Step.FIRST_RESPONSE: say("the first response"),
    Step.NEXT_RESPONSE: say("the next response"),
    Step.REPLY_WINDOW: say("a reply within the window"),
    Step.RESOLUTION: say("closing it"),
}
"""What a running clock waits for, as a thing that is due."""


def steps(file: CaseFile, now: datetime) -> tuple[StepLine, ...]:
    """Return the strip: each step's newest cycle, in the order of the work.

    A reply window is no work of ours: it is shown while it runs. A closing that nobody promised is shown when it is
    done.
    """
    lines = []
    for step in Step:
        clock = file.latest(step)
        if clock is None or not _is_shown(clock):
            if step in {Step.ACKNOWLEDGE, Step.ANSWER, Step.APPROVE, Step.RELAY}:
                lines.append(StepLine(step, STEP_LABELS[step]))
            continue
        until = clock.ended_at or clock.paused_at or now
        lines.append(
            StepLine(
                step,
                STEP_LABELS[step],
                clock.started_at,
                clock.wall_seconds,
                clock.due_at,
                late=clock.due_at is not None and until > clock.due_at,
                stands_still=clock.ended_at is None and clock.paused_at is not None,
            )
        )
    return tuple(lines)


def _is_shown(clock: StepClock) -> bool:
    if clock.step is Step.REPLY_WINDOW:
        return clock.ended_at is None
    return clock.ended_at is not None or clock.step is not Step.RESOLUTION or clock.due_at is not None


def window_notice(file: CaseFile, *, network: str, now: datetime) -> Sentence | None:
    """Return what must be said of the network's reply window: that it is past, or ends before another target.

    Whoever looks at the other due times only would come too late.
    """
    window = file.running(Step.REPLY_WINDOW)
    if window is None or window.due_at is None:
        return None
    if window.due_at <= now:
        return say("{network} takes no reply any more since {due}.", network=network, due=window.due_at)
    others = [
        clock.due_at
        for clock in file.clocks
        if clock.ended_at is None and clock.step not in {Step.REPLY_WINDOW, Step.RESOLUTION} and clock.due_at
    ]
    if file.case.snoozed_until is not None:
        others.append(file.case.snoozed_until)
    if not any(due > window.due_at for due in others):
        return None
    return say("{network} takes a reply until {due} only.", network=network, due=window.due_at)
