"""What would come of a case that nobody touches: its clocks and their ladders, from the configuration alone. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from escalation.casefile import CaseFile, RouteMatch, Rules
from escalation.explaining import CaseRecord, ClockExplained, explain_clock
from escalation.facets import case_facets
from escalation.ladder import OWES
from escalation.language import Sentence, say
from escalation.on_call import Duty
from escalation.opening import open_case
from escalation.ports import Arrived, AuthorFacts
from escalation.rulebook import Rulebook
from models.case import PolicySnapshot
from models.clocks import StepClock
from models.columns import new_id
from models.mention import Author
from models.vocabulary import Step, Visibility

BEGINNINGS: Final[Mapping[Step, Sentence]] = {
    Step.ANSWER: say("once it is claimed"),
    Step.APPROVE: say("once an answer is submitted"),
    Step.RELAY: say("once it is approved"),
    Step.NEXT_RESPONSE: say("once the customer writes after a reply"),
}
"""The steps that begin with what somebody does; they are shown as if they began at the same moment."""
OWNED: Final = frozenset({Step.ANSWER, Step.NEXT_RESPONSE})
"""The steps that whoever has claimed the case owes."""
_BY_ITSELF: Final = (Step.ACKNOWLEDGE, Step.FIRST_RESPONSE, Step.REPLY_WINDOW, Step.RESOLUTION)


@dataclass(frozen=True)
class Supposed:
    """A case that nobody has written yet: received at ``at`` (UTC) on an account, by the route ``match``."""

    account: str
    match: RouteMatch
    at: datetime
    text: str = ""
    visibility: Visibility = Visibility.PUBLIC


@dataclass(frozen=True)
class Foreseen:
    """One clock of such a case; ``begins`` says what begins it, where that is not the case itself."""

    explained: ClockExplained
    begins: Sentence | None = None


@dataclass(frozen=True)
class Preview:
    """Such a case with its rules and its clocks, in the order of the work."""

    file: CaseFile
    rules: Rules
    policy: PolicySnapshot
    clocks: tuple[Foreseen, ...]


def preview(rulebook: Rulebook, supposed: Supposed, duty: Duty) -> Preview:
    """Return what would come of a case if nobody did anything.

    Raises:
        UnknownAccountError: there is no such account.
        ValueError: a calendar of the configuration never opens, or the moment lies outside of its years.

    """
    match, at, network = supposed.match, supposed.at, rulebook.connector(supposed.account).name
    settings, of = rulebook.settings, {"priority": match.priority, "network": network}
    content, digest = settings.policy_snapshot(match.policy, **of), settings.policy_digest(match.policy, **of)
    policy = PolicySnapshot(digest=digest, name=match.policy, content=content, first_used_at=at)
    arrived = Arrived(
        external_id="preview",
        thread_id="preview",
        author=AuthorFacts("preview", "", ""),
        text=supposed.text,
        visibility=supposed.visibility,
        posted_at=at,
    )
    author = Author(id="preview", network=network, external_id="preview", name="", handle="", first_seen_at=at)
    opening = open_case(
        arrived,
        account=supposed.account,
        network=network,
        author=author,
        match=match,
        policy_digest=digest,
        timing=lambda step: rulebook.timing(step, match.department, digest, content, supposed.account),
        earlier_cases=0,
        thread_id="preview",
        now=at,
    )
    file = CaseFile(opening.case, author, [opening.mention])
    rules = rulebook.rules_for(file, content)
    begun = {clock.step: clock for clock in opening.clocks}
    clocks = [begun.get(step) or _begun(file, step, rules, at) for step in _shown(begun, content)]
    record = CaseRecord(replace(file, clocks=clocks), [opening.journal], policies={digest: policy})
    return Preview(
        record.file,
        rules,
        policy,
        tuple(Foreseen(explain_clock(record, clock, rules, duty, at), BEGINNINGS.get(clock.step)) for clock in clocks),
    )


def _shown(begun: Mapping[Step, StepClock], policy: Mapping[str, Any]) -> Sequence[Step]:
    """Return the steps of people and networks: those that begin by themselves, and those that anything is said of."""
    claims = any(policy.get("claims", {}).values())
    return [
        step
        for step in Step
        if (step in _BY_ITSELF and (step in begun or step is Step.ACKNOWLEDGE))
        or (step in BEGINNINGS and (step.value in policy["targets"] or (step is Step.ANSWER and claims)))
    ]


def _begun(file: CaseFile, step: Step, rules: Rules, at: datetime) -> StepClock:
    timing = rules.timing(step, file.case.department)
    return StepClock(
        id=new_id(at),
        case_id=file.case.id,
        step=step,
        cycle=1,
        department=file.case.department,
        started_at=at,
        **case_facets(file.case, {}),
        calendar=timing.calendar.version,
        target_seconds=timing.target_seconds,
        due_at=timing.due_at(at),
        next_at=timing.next_at(at),
    )


def is_for_the_claimer(step: Step, role: str) -> bool:
    """Tell whether a rung of a step would reach whoever has claimed the case, whom nobody knows yet."""
    return step in OWNED and role == OWES
