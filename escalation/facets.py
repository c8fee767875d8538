"""What a step clock is reported under: account, network, route, language, and the member who owes or did the step.

Pure.
"""

from collections.abc import Mapping
from typing import Final, TypedDict

from escalation.casefile import CaseFile
from escalation.decision import Decision
from models.case import Case
from models.vocabulary import SYSTEM, Step

_BY_ITSELF: Final = frozenset({Step.DETECT, Step.ROUTE, Step.RELAY})
_BY_HAND: Final = frozenset({Step.ACKNOWLEDGE, Step.ANSWER, Step.APPROVE})


class CaseFacets(TypedDict):
    """The columns of a clock that come from its case."""

    account: str
    network: str
    route: str | None
    language: str | None


def case_facets(case: Case, changes: Mapping[str, object]) -> CaseFacets:
    """Return what a clock takes over from its case, as a decision is about to leave it."""
    reason = changes.get("route", case.route)
    return {
        "account": case.account,
        "network": case.network,
        "route": route_name(reason) if isinstance(reason, Mapping) else None,
        "language": case.language,
    }


def route_name(reason: Mapping[str, object]) -> str | None:
    """Return the number of the route that matched, as in the configuration of the time, or ``hand``."""
    name = reason.get("route", reason.get("by"))
    return None if name is None else str(name)


def owed_by(file: CaseFile, decision: Decision, step: Step) -> str | None:
    """Return the member who owes a step that starts: an answer is owed by who claimed the case, or has written one."""
    if step is not Step.ANSWER:
        return None
    owner = decision.changes.get("owner", file.case.owner)
    if owner is not None:
        return str(owner)
    return file.draft.author if file.draft is not None else None


def done_by(file: CaseFile, decision: Decision, step: Step) -> str | None:
    """Return the member who did a step: claimer, author, approver; of a customer's clock the author of the answer.

    ``None`` where the program did it by itself.
    """
    if step in _BY_ITSELF:
        return None
    actor = None if decision.actor == SYSTEM else decision.actor
    draft = decision.new_draft or file.draft
    return actor if step in _BY_HAND or draft is None else draft.author
