"""How a customer's first message becomes a case. Pure: rows are returned, nothing is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from escalation.business_time import BusinessCalendar
from escalation.casefile import RouteMatch
from escalation.decide import SYSTEM
from escalation.facets import case_facets
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


def open_case(
    arrived: Arrived,
    *,
    account: str,
    network: str,
    author: Author,
    match: RouteMatch,
    policy_digest: str,
    policy: Mapping[str, Any],
    calendar: BusinessCalendar,
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
            "started": [[step.value, 1] for step in FIRST_STEPS],
            "stopped": [[Step.DETECT.value, 1, StepOutcome.DONE.value]],
            "posted_at": case.posted_at.isoformat(),
        },
    )
    return Opening(
        case,
        mention_row(arrived, case_id=case.id, account=account, author_id=author.id, now=now),
        _clocks(case, policy, calendar),
        journal,
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


def _clocks(case: Case, policy: Mapping[str, Any], calendar: BusinessCalendar) -> tuple[StepClock, ...]:
    targets = policy.get("targets", {})

    def clock(step: Step, started_at: datetime) -> StepClock:
        target = targets.get(step.value)
        return StepClock(
            id=new_id(case.received_at),
            case_id=case.id,
            step=step,
            cycle=1,
            department=case.department,
            started_at=started_at,
            due_at=calendar.due(started_at, int(target)) if target is not None else None,
            **case_facets(case, {}),
        )

    detect = clock(Step.DETECT, case.posted_at)
    detect.ended_at, detect.outcome = case.received_at, StepOutcome.DONE
    detect.wall_seconds = (case.received_at - case.posted_at).total_seconds()
    detect.business_seconds = float(calendar.elapsed(case.posted_at, case.received_at))
    return (
        detect,
        clock(Step.ROUTE, case.received_at),
        clock(Step.FIRST_RESPONSE, case.posted_at),
        clock(Step.RESOLUTION, case.posted_at),
    )
