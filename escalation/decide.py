"""decide(case, command, rules, now): the pure heart. It finds the row of the lifecycle table and says what to write.

It changes nothing, asks nobody and knows no clock; the same arguments give the same decision. What each command adds to
its row of the table stands in ``escalation.plans``.
"""

from collections.abc import Sequence
from datetime import datetime

from escalation import commands as c
from escalation.casefile import CaseFile, Rules
from escalation.decision import ClockMoved, ClockStarted, ClockStopped, Decision, Refusal
from escalation.ladder import timed
from escalation.lifecycle import CUSTOMERS_STEPS, STANDING_STILL, Right, Transition, transition
from escalation.plans import PLANS
from escalation.plans.drafts import text_hash
from escalation.plans.refusals import no_right, why_not
from escalation.plans.retiming import paused_until
from escalation.plans.scene import Plan, Scene
from models.vocabulary import OPEN_STATES, OPERATOR, SYSTEM, CaseState, EffectState, Step, StepOutcome

__all__ = ["SYSTEM", "decide", "text_hash"]


def decide(file: CaseFile, command: c.Command, rules: Rules, *, actor: str, now: datetime) -> Decision | Refusal | None:
    """Return what ``command`` by ``actor`` (a member's key, or ``SYSTEM``) does to the case at ``now`` (UTC).

    ``None``: nothing changes and nobody is told (a card that was shown twice). Time never goes behind the case's last
    decision.
    """
    at = max(now, file.case.last_at)
    scene = Scene(file, rules, actor, at)
    command = _of_the_right_part(file, command)
    row = transition(file.case.state, type(command))
    if row is None:
        return Refusal(why_not(scene, command))
    if not _may(row.who, scene):
        return Refusal(no_right(row.who, scene))
    plan = PLANS[type(command)](scene, command)
    if plan is None or isinstance(plan, Refusal):
        return plan
    return _decision(scene, type(command), row, plan)


def _of_the_right_part(file: CaseFile, command: c.Command) -> c.Command:
    """Return what "it is there" means for the part that was looked for: the end, or go on with the next one."""
    if file.case.state is CaseState.NEEDS_CHECK and isinstance(command, c.ConfirmPosted | c.ConfirmPartPosted):
        checked = [effect.state for effect in file.current_replies]
        more = checked and checked[-1] is not EffectState.NEEDS_CHECK
        return c.ConfirmPartPosted() if more else c.ConfirmPosted()
    return command


def _may(who: Right, scene: Scene) -> bool:
    rules, actor = scene.rules, scene.actor
    if who is Right.SYSTEM:
        return actor == SYSTEM
    if who is Right.MANAGER:
        return actor == OPERATOR or rules.is_manager(actor) or rules.is_approver(actor)
    if who is Right.APPROVER:
        return scene.approves(actor) or (bool(rules.second_approval) and rules.is_second_approver(actor))
    return rules.is_colleague(actor)


# --- the row of the table, applied ------------------------------------------------------------------------------------


def _decision(scene: Scene, command: type[c.Command], row: Transition, plan: Plan) -> Decision:
    case, at = scene.case, scene.at
    stay = plan.stay and row.or_stay
    to = case.state if stay else row.target(case.state)
    stopped, started = ([], []) if stay else _clocks(scene, row, command, plan, to)
    moved = [*plan.moved, *_pauses(scene, plan, to, {(clock.step, clock.cycle) for clock in stopped})]
    details = dict(plan.details)
    if stopped:
        details["stopped"] = [[clock.step.value, clock.cycle, clock.outcome.value] for clock in stopped]
    if started:
        details["started"] = [[clock.step.value, clock.cycle] for clock in started]
    if started or plan.retimed:
        details["timed"] = timed([*plan.retimed, *((clock.step, clock.cycle, clock.timing) for clock in started)])
    details.update(_stood_still(scene, moved))
    if since := {clock.step.value: clock.started_at.isoformat() for clock in started if clock.step in CUSTOMERS_STEPS}:
        details["since"] = since
    if plan.new_draft is not None:
        details["draft"] = plan.new_draft.version
    return Decision(
        act=command.__name__,
        actor=scene.actor,
        at=at,
        from_state=case.state,
        to_state=to,
        changes=plan.changes | {"state": to, "version": case.version + 1, "last_at": at},
        details=details,
        stopped=tuple(stopped),
        started=tuple(started),
        new_draft=plan.new_draft,
        decided=tuple(plan.decided),
        intents=tuple(plan.intents),
        cards=tuple(plan.cards),
        moved=tuple(moved),
        pings=tuple(plan.pings),
        acknowledged=plan.acknowledged,
        policy=plan.policy,
        timers=tuple(plan.timers),
        cancel_timers=tuple(plan.cancel_timers),
        recall=plan.recall,
        recall_all=plan.recall_all,
        check=plan.check,
        check_state=plan.check_state,
        said=plan.said,
        then=plan.then,
    )


def _clocks(
    scene: Scene, row: Transition, command: type[c.Command], plan: Plan, to: CaseState
) -> tuple[list[ClockStopped], list[ClockStarted]]:
    file, rules, at, here = scene.file, scene.rules, scene.at, scene.case.department
    stopped: list[ClockStopped] = []
    skipped = _steps_taken_at_once(file, command)
    for step in (*row.stops, *row.drops):
        outcome = StepOutcome.DONE if step in row.stops else StepOutcome.CANCELLED
        if (clock := file.running(step)) is not None:
            if step is Step.RESOLUTION and not _answered_since(file, clock.started_at):
                outcome = StepOutcome.CANCELLED
            wall = (at - clock.started_at).total_seconds()
            paused, timing = paused_until(scene, clock), scene.rules.timing_of(clock)
            business = float(timing.elapsed(clock.started_at, at, paused))
            stopped.append(
                ClockStopped(
                    step,
                    clock.cycle,
                    clock.started_at,
                    at,
                    outcome,
                    wall,
                    business,
                    paused_seconds=paused,
                    due_at=timing.due_at(clock.started_at, paused) if clock.paused_at is not None else None,
                )
            )
        elif step in skipped and step in row.stops:
            cycle = _next_cycle(file, step)
            at_once = ClockStopped(step, cycle, at, at, StepOutcome.AT_ONCE, 0.0, 0.0, is_new=True, department=here)
            stopped.append(at_once)
    ending = {clock.step for clock in stopped}
    department = plan.changes.get("department", here)
    starting = [step for step in row.starts if file.running(step) is None or step in ending]
    not_now = Step.FIRST_RESPONSE if file.case.answered_at is not None else Step.NEXT_RESPONSE
    started = []
    for step in starting:
        timing = rules.timing_under(plan.policy, step, department) if plan.policy else rules.timing(step, department)
        if step is not_now or (step is Step.REPLY_WINDOW and timing.target_seconds is None):
            continue
        start = at
        if step is Step.REPLY_WINDOW:
            start = min(plan.window_since or at, at)
        elif step in CUSTOMERS_STEPS:
            start = _customer_waits_since(scene, plan, step)
        still_from = at if step in STANDING_STILL.get(to, ()) else None
        started.append(ClockStarted(step, _next_cycle(file, step), start, timing, department, still_from))
    return stopped, started


def _answered_since(file: CaseFile, moment: datetime) -> bool:
    """Tell whether the customer has had a reply since a moment: without one nothing was resolved."""
    return file.case.answered_at is not None and file.case.answered_at >= moment


def _pauses(scene: Scene, plan: Plan, to: CaseState, ending: set[tuple[Step, int]]) -> list[ClockMoved]:
    """Let the clocks stand still that do so in the state that the case comes to, and all others go on.

    The plan has done so with those that it times anew.
    """
    still = STANDING_STILL.get(to, frozenset())
    done = {change.clock_id for change in plan.moved if "paused_at" in change.changes}
    moved: list[ClockMoved] = []
    for clock in scene.file.clocks:
        if clock.ended_at is not None or (clock.step, clock.cycle) in ending or clock.id in done:
            continue
        if clock.paused_at is None and clock.step in still:
            moved.append(ClockMoved(clock.id, {"paused_at": scene.at, "next_at": None}))
        elif clock.paused_at is not None and clock.step not in still:
            paused, timing = paused_until(scene, clock), scene.rules.timing_of(clock)
            deadline = {
                "paused_at": None,
                "paused_seconds": paused,
                "due_at": timing.due_at(clock.started_at, paused),
                "next_at": timing.next_at(
                    clock.started_at,
                    passed=clock.rungs_passed,
                    paused_seconds=paused,
                    acknowledged=clock.acknowledged_rung,
                ),
            }
            moved.append(ClockMoved(clock.id, deadline))
    return moved


def _stood_still(scene: Scene, moved: Sequence[ClockMoved]) -> dict[str, list[list[object]]]:
    """Return for the journal which clocks stand still from now on and which go on."""
    told: dict[str, list[list[object]]] = {}
    for change in moved:
        if "paused_at" in change.changes and (clock := scene.file.clock(change.clock_id)) is not None:
            word = "resumed" if change.changes["paused_at"] is None else "paused"
            told.setdefault(word, []).append([clock.step.value, clock.cycle])
    return told


def _customer_waits_since(scene: Scene, plan: Plan, step: Step) -> datetime:
    """Return when a customer's clock begins again: with their post, but never inside its own cycle before."""
    before = scene.file.latest(step)
    ended_at = before.ended_at if before is not None else None
    since = plan.customer_since or scene.at
    return min(max(since, ended_at or since), scene.at)


def _steps_taken_at_once(file: CaseFile, command: type[c.Command]) -> frozenset[Step]:
    """Return the steps done in no time: a case is taken before its card is confirmed, or answered without a claim."""
    unseen = file.running(Step.ROUTE) is not None
    if command in {c.Claim, c.TakeOver}:
        return frozenset({Step.ACKNOWLEDGE}) if unseen else frozenset()
    if command is c.SubmitDraft and file.case.state in OPEN_STATES and file.running(Step.ANSWER) is None:
        return frozenset({Step.ACKNOWLEDGE, Step.ANSWER}) if unseen else frozenset({Step.ANSWER})
    return frozenset()


def _next_cycle(file: CaseFile, step: Step) -> int:
    latest = file.latest(step)
    return (latest.cycle if latest else 0) + 1
