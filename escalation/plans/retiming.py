"""Timing running clocks anew: under another policy, in another calendar, for another department. Pure.

A clock keeps its start, and what it stood still, though counted in its calendar of before. What is past by then is not
told again.
"""

from collections.abc import Callable, Iterable
from typing import Any

from escalation.casefile import PolicyChosen, RouteMatch
from escalation.decision import ClockMoved
from escalation.facets import route_name
from escalation.ladder import Timing
from escalation.lifecycle import CUSTOMERS_STEPS
from escalation.plans.scene import Plan, Scene
from models.clocks import StepClock
from models.vocabulary import Priority


def paused_until(scene: Scene, clock: StepClock) -> int:
    """Return the counted seconds that a clock has stood still until now."""
    if clock.paused_at is None:
        return clock.paused_seconds
    return clock.paused_seconds + scene.rules.timing_of(clock).elapsed(clock.paused_at, scene.at)


def time_anew(scene: Scene, plan: Plan, policy: PolicyChosen, timing: Callable[[StepClock], Timing]) -> None:
    """Have every running clock go on under a policy; what stands still stays so."""
    _go_on_under(scene, plan, policy)
    for clock in scene.file.clocks:
        if clock.ended_at is None:
            anew = timing(clock)
            changes = _deadline(scene, clock, anew, clock.paused_seconds, stands_still=clock.paused_at is not None)
            _retime(plan, clock, anew, changes)


def pass_on(scene: Scene, plan: Plan, department: str, match: RouteMatch | None) -> None:
    """Have the customer's clocks go on in another department, by the policy and the priority of a route.

    Those that stood still go on. Without a route policy and priority stay, and the new department's hours count.
    """
    rules, case = scene.rules, scene.case
    policy = rules.policy_of(match) if match is not None else None
    same = policy is None or policy.digest == case.policy_digest
    if match is not None and policy is not None:
        plan.changes |= {"policy": policy.name, "priority": Priority(match.priority)}
        plan.details["route"] = dict(match.reason)
        _go_on_under(scene, plan, policy)
    whereabouts = {"department": department, "route": route_name(plan.changes["route"])}
    passed_on: list[list[Any]] = []
    for clock in _of_the_customer(scene):
        timing = rules.timing_under(policy, clock.step, department) if policy else rules.timing(clock.step, department)
        plan.moved.append(ClockMoved(clock.id, whereabouts))
        if not same or (timing.calendar.version, timing.target_seconds) != (clock.calendar, clock.target_seconds):
            changes = _deadline(scene, clock, timing, paused_until(scene, clock), stands_still=False)
            _retime(plan, clock, timing, changes | ({"paused_at": None} if clock.paused_at is not None else {}))
        passed_on.append([clock.step.value, clock.cycle])
    plan.details["passed_on"] = passed_on


def _of_the_customer(scene: Scene) -> Iterable[StepClock]:
    return (clock for clock in scene.file.clocks if clock.ended_at is None and clock.step in CUSTOMERS_STEPS)


def _go_on_under(scene: Scene, plan: Plan, policy: PolicyChosen) -> None:
    """Note the policy that the case goes on under, in the journal too if it is another snapshot."""
    plan.policy = policy
    plan.changes |= {"policy": policy.name, "policy_digest": policy.digest}
    if policy.digest != scene.case.policy_digest:
        plan.details |= {"policy": [scene.case.policy_digest, policy.digest], "recomputed": []}


def _deadline(
    scene: Scene, clock: StepClock, timing: Timing, paused_seconds: int, *, stands_still: bool
) -> dict[str, Any]:
    """Return the deadline of a clock as ``timing`` has it; ``paused_seconds``: counted in its calendar of before."""
    until = (clock.paused_at if stands_still else None) or scene.at
    paused = paused_seconds
    if clock.calendar is not None and timing.calendar.version != clock.calendar and paused:
        paused = min(paused, timing.calendar.elapsed(clock.started_at, until))
    passed = sum(timing.rung_at(rung, clock.started_at, paused) <= until for rung in timing.rungs)
    following = timing.next_at(
        clock.started_at, passed=passed, paused_seconds=paused, acknowledged=clock.acknowledged_rung
    )
    return {
        "calendar": timing.calendar.version,
        "target_seconds": timing.target_seconds,
        "due_at": timing.due_at(clock.started_at, paused),
        "next_at": None if stands_still else following,
        "rungs_passed": passed,
        "paused_seconds": paused,
    }


def _retime(plan: Plan, clock: StepClock, timing: Timing, changes: dict[str, Any]) -> None:
    """Write a deadline down, in the journal too, where it is another one."""
    if all(getattr(clock, name) == value for name, value in changes.items()):
        return
    plan.moved.append(ClockMoved(clock.id, changes, timing.calendar))
    plan.retimed.append((clock.step, clock.cycle, timing))
    before, after = (moment.isoformat() if moment else None for moment in (clock.due_at, changes["due_at"]))
    plan.details.setdefault("recomputed", []).append([clock.step.value, clock.cycle, before, after])
