"""How a customer's first message becomes a case. Pure: rows are returned, nothing is written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from escalation.business_time import BusinessCalendar
from escalation.casefile import RouteMatch
from escalation.decide import SYSTEM
from escalation.facets import case_facets
from escalation.ladder import Timing, timed
from escalation.lifecycle import FIRST_STEPS, INITIAL
from escalation.ports import Arrived
from models.case import Case, JournalEntry
from models.clocks import StepClock
from models.columns import new_id
from models.mention import Author, Mention
from models.vocabulary import Priority, Step, StepOutcome, Visibility


@dataclass(frozen=True)
class Opening:
    """The rows of a new case."""

    case: Case
    mention: Mention
    clocks: tuple[StepClock, ...]
    journal: JournalEntry
    calendars: Mapping[str, BusinessCalendar]


def open_case(
    arrived: Arrived,
    *,
    account: str,
    network: str,
    author: Author,
    match: RouteMatch,
    policy_digest: str,
    timing: Callable[[Step], Timing],
    earlier_cases: int,
    thread_id: str,
    now: datetime,
) -> Opening:
    """Return the rows of a case that begins with ``arrived``, received at ``now`` (UTC)."""
    case = Case(
        id=new_id(now),
        account=account,
        network=network,
        thread_id=thread_id,
        author_id=author.id,
        state=INITIAL,
        visibility=arrived.visibility,
        priority=Priority(match.priority),
        department=match.department,
        also=list(match.also),
        route=dict(match.reason),
        policy=match.policy,
        policy_digest=policy_digest,
        subject=arrived.subject,
        language=arrived.language,
        earlier_cases=earlier_cases,
        posted_at=min(arrived.posted_at, now),
        received_at=now,
        last_at=now,
    )
    timings = {step: timing(step) for step in FIRST_STEPS}
    steps = [step for step in FIRST_STEPS if step is not Step.REPLY_WINDOW or timings[step].target_seconds is not None]
    journal = JournalEntry(
        id=new_id(now),
        case_id=case.id,
        case_version=1,
        at=now,
        actor=SYSTEM,
        act="OpenCase",
        to_state=INITIAL,
        details={
            "route": dict(match.reason),
            "department": match.department,
            "started": [[step.value, 1] for step in steps],
            "timed": timed((step, 1, timings[step]) for step in steps),
            "policy_digest": policy_digest,
            "stopped": [[Step.DETECT.value, 1, StepOutcome.DONE.value]],
            "posted_at": case.posted_at.isoformat(),
        },
    )
    return Opening(
        case,
        mention_row(arrived, case_id=case.id, account=account, author_id=author.id, now=now),
        tuple(_clock(case, step, timings[step]) for step in steps),
        journal,
        {one.calendar.version: one.calendar for one in timings.values()},
    )


def mention_row(arrived: Arrived, *, case_id: str, account: str, author_id: str, now: datetime) -> Mention:
    """Return the row of one customer's message."""
    return Mention(
        id=new_id(now),
        case_id=case_id,
        account=account,
        external_id=arrived.external_id,
        parent_id=arrived.parent_id,
        author_id=author_id,
        visibility=Visibility(arrived.visibility),
        text=arrived.text,
        language=arrived.language,
        url=arrived.url,
        media=[{"kind": item.kind, "address": item.address, "description": item.description} for item in arrived.media],
        extra=dict(arrived.extra),
        posted_at=arrived.posted_at,
        received_at=now,
    )


def _clock(case: Case, step: Step, timing: Timing) -> StepClock:
    start = case.received_at if step is Step.ROUTE else case.posted_at
    clock = StepClock(
        id=new_id(case.received_at),
        case_id=case.id,
        step=step,
        cycle=1,
        department=case.department,
        started_at=start,
        calendar=timing.calendar.version,
        target_seconds=timing.target_seconds,
        due_at=timing.due_at(start),
        next_at=timing.next_at(start),
        **case_facets(case, {}),
    )
    if step is Step.DETECT:
        clock.ended_at, clock.outcome, clock.next_at = case.received_at, StepOutcome.DONE, None
        clock.wall_seconds = (case.received_at - case.posted_at).total_seconds()
        clock.business_seconds = float(timing.elapsed(case.posted_at, case.received_at))
    return clock
