"""A case and an effect as the fields that ``--json`` always has, and more that may change."""

from collections.abc import Mapping, Sequence
from typing import Any

from escalation.casefile import CaseFile
from models.outbox import Attempt, Effect
from models.vocabulary import Step


def case_facts(file: CaseFile) -> dict[str, Any]:
    """Return what every listing says of a case; ``steps`` has each clock's newest cycle, ``due`` the running ones."""
    case = file.case
    newest = {step: clock for step in Step if (clock := file.latest(step)) is not None}
    return {
        "id": case.id,
        "state": case.state.value,
        "network": case.network,
        "account": case.account,
        "department": case.department,
        "owner": case.owner,
        "received_at": case.received_at,
        "due": {
            step.value: clock.due_at
            for step, clock in newest.items()
            if clock.ended_at is None and clock.due_at is not None
        },
        "steps": {
            step.value: {
                "started_at": clock.started_at,
                "ended_at": clock.ended_at,
                "wall_seconds": clock.wall_seconds,
                "business_seconds": clock.business_seconds,
                "due_at": clock.due_at,
                "outcome": clock.outcome.value if clock.outcome else None,
                "cycle": clock.cycle,
            }
            for step, clock in newest.items()
        },
        "posted_at": case.posted_at,
        "priority": case.priority.value,
        "visibility": case.visibility.value,
        "author": file.author.name,
        "policy": case.policy,
        "snoozed_until": case.snoozed_until,
        "answered_at": case.answered_at,
        "closed_at": case.closed_at,
        "version": case.version,
    }


def whole_case_facts(file: CaseFile) -> dict[str, Any]:
    """Return a case with its messages, every version of the answer, and the replies."""
    return {
        **case_facts(file),
        "subject": file.case.subject,
        "messages": [
            {
                "external_id": mention.external_id,
                "text": mention.text,
                "posted_at": mention.posted_at,
                "edited_at": mention.edited_at,
                "deleted_at": mention.deleted_at,
                "url": mention.url,
            }
            for mention in file.mentions
        ],
        "drafts": [
            {
                "version": draft.version,
                "state": draft.state.value,
                "author": draft.author,
                "edited_by": draft.edited_by,
                "source": draft.source.value,
                "parts": draft.parts,
                "submitted_at": draft.submitted_at,
                "decided_by": draft.decided_by,
                "decided_at": draft.decided_at,
                "reason": draft.reason,
            }
            for draft in file.drafts
        ],
        "replies": [
            {**effect_facts(effect), "url": effect.url, "sent_at": effect.settled_at} for effect in file.replies
        ],
    }


def effect_facts(effect: Effect, attempts: Sequence[Attempt] | None = None) -> dict[str, Any]:
    """Return what listings say of an effect, with its tries where they are given."""
    facts: dict[str, Any] = {
        "id": effect.id,
        "case": effect.case_id,
        "kind": effect.kind.value,
        "state": effect.state.value,
        "target": effect.target,
        "attempts": effect.attempts,
        "reason": effect.reason,
        "not_before": effect.not_before,
        "created_at": effect.created_at,
        "settled_at": effect.settled_at,
        "external_id": effect.external_id,
        "part": effect.part,
    }
    if attempts is not None:
        facts["tries"] = [_attempt_facts(attempt) for attempt in attempts]
    return facts


def _attempt_facts(attempt: Attempt) -> Mapping[str, Any]:
    return {
        "number": attempt.number,
        "started_at": attempt.started_at,
        "ended_at": attempt.ended_at,
        "verdict": attempt.verdict.value if attempt.verdict else None,
        "reason": attempt.reason,
    }
