"""Plans for targets: which rungs are due and who hears of them, seen and silenced pings, and timing clocks anew."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from escalation import commands as c
from escalation.casefile import Addressee, CaseFile, Rules
from escalation.decision import ClockMoved, PingDue, Refusal, Told
from escalation.ladder import Rung, Timing
from escalation.language import say
from escalation.notes import Note
from escalation.on_call import Duty
from escalation.plans.retiming import time_anew
from escalation.plans.scene import Plan, Scene
from models.clocks import StepClock
from models.vocabulary import BREACHES, CaseState, PingFate, PingKind, Step

_WAITS_OUTSIDE = frozenset({CaseState.RELAYING, CaseState.NEEDS_CHECK})
_BEATS_OTHERS = frozenset({PingKind.LAST_CHANCE, PingKind.WINDOW_CLOSED})


def due(scene: Scene, command: c.TargetsDue) -> Plan | None:
    """Tell what is due of every running clock: the highest rung of each speaks for those below it."""
    plan = Plan()
    for clock in scene.file.clocks:
        if clock.ended_at is not None or clock.next_at is None or clock.next_at > scene.at:
            continue
        timing = scene.rules.timing_of(clock)
        passed = [(rung, at) for rung, at in timing.to_come(clock) if at <= scene.at]
        plan.moved.append(ClockMoved(clock.id, _after(clock, timing, scene.at)))
        plan.pings += _pings(scene, command, clock, passed)
        if any(rung.kind is PingKind.CLAIM_RELEASED for rung, _ in passed):
            plan.then = c.ReleaseClaim()
    if not plan.moved:
        return None
    plan.pings = _last_chance_first(plan.pings)
    plan.details["pings"] = [
        [ping.step.value, ping.rung.number, ping.rung.repeat, ping.rung.kind.value, ping.due_at.isoformat(), ping.fate]
        for ping in plan.pings
    ]
    return plan


def _after(clock: StepClock, timing: Timing, at: datetime) -> dict[str, Any]:
    """Return the deadline of a clock whose rungs until ``at`` have been told."""
    passed = clock.rungs_passed + sum(
        timing.rung_at(rung, clock.started_at, clock.paused_seconds) <= at
        for rung in timing.rungs[clock.rungs_passed :]
    )
    following = timing.next_at(
        clock.started_at,
        passed=passed,
        paused_seconds=clock.paused_seconds,
        acknowledged=clock.acknowledged_rung,
    )
    return {"rungs_passed": passed, "next_at": following}


def _pings(
    scene: Scene, command: c.TargetsDue, clock: StepClock, passed: Sequence[tuple[Rung, datetime]]
) -> list[PingDue]:
    pings = [
        PingDue(clock.id, clock.step, rung, scene.case.policy, due_at, scene.at, PingFate.FOLDED)
        for rung, due_at in passed
    ]
    if not pings:
        return []
    loudest = pings[-1]
    told = _told(scene, command, clock, [rung for rung, _ in passed])
    if clock.muted_by is not None:
        loudest = replace(loudest, fate=PingFate.MUTED, why=say("muted by {who}", who=scene.rules.name(clock.muted_by)))
    elif command.standstill is not None and _waits_for_outside(scene, clock):
        standing = command.standstill
        loudest = replace(loudest, fate=PingFate.MUTED, told=told, why=standing.why, since=standing.since)
    elif told:
        loudest = replace(loudest, fate=PingFate.ANNOUNCED, told=told)
    else:
        loudest = replace(loudest, fate=PingFate.UNADDRESSED)
    return [*pings[:-1], loudest]


def _waits_for_outside(scene: Scene, clock: StepClock) -> bool:
    """Tell whether a clock runs only because nothing leaves: the fault is that of the standstill, and known."""
    return clock.step is Step.RELAY or scene.case.state in _WAITS_OUTSIDE


def _told(scene: Scene, command: c.TargetsDue, clock: StepClock, rungs: Sequence[Rung]) -> tuple[Told, ...]:
    """Return where the loudest of some rungs is told: to everybody whom any of them would have told."""
    found: dict[str, Told] = {}
    for rung in rungs:
        for addressee in addressees_of(scene.rules, scene.file, clock, rung, command.duty, scene.at):
            moment = scene.rules.reachable(addressee, rung, command.duty, scene.at)
            not_before = moment if moment > scene.at else None
            known = found.get(addressee.channel)
            if known is not None:
                to = (*known.to, *(member for member in addressee.to if member not in known.to))
                sooner = None if None in {known.not_before, not_before} else min(known.not_before, not_before)  # type: ignore[type-var]
                found[addressee.channel] = Told(addressee.channel, to, sooner)
            else:
                found[addressee.channel] = Told(addressee.channel, addressee.to, not_before)
    return tuple(found.values())


def addressees_of(
    rules: Rules, file: CaseFile, clock: StepClock, rung: Rung, duty: Duty, at: datetime
) -> tuple[Addressee, ...]:
    """Return whom a rung tells at ``at``; where nobody answers to its role, at once whom the next one would tell."""
    found = rules.addressees(rung.role, file, clock, duty, at)
    for other in () if found else rules.timing_of(clock).rungs:
        if other.repeat == 0 and other.offset > rung.offset:
            found = found or rules.addressees(other.role, file, clock, duty, at)
    if rung.kind in BREACHES and rules.managers_channel:
        known = {addressee.channel for addressee in found}
        if rules.managers_channel not in known:
            found = (*found, Addressee(rules.managers_channel))
    return found


def _last_chance_first(pings: Sequence[PingDue]) -> list[PingDue]:
    """Let the end of a reply window speak alone in each channel that it is told in: after it the rest is worthless."""
    taken = {told.channel for ping in pings if ping.rung.kind in _BEATS_OTHERS for told in ping.told}
    if not taken:
        return list(pings)
    kept: list[PingDue] = []
    for ping in pings:
        if ping.rung.kind in _BEATS_OTHERS or ping.fate is not PingFate.ANNOUNCED:
            kept.append(ping)
            continue
        told = tuple(one for one in ping.told if one.channel not in taken)
        kept.append(replace(ping, told=told, fate=PingFate.ANNOUNCED if told else PingFate.FOLDED))
    return kept


def acknowledge(scene: Scene, command: c.AcknowledgePing) -> Plan | Refusal:
    """Repeat a ping no more; its clock runs on and the later rungs come."""
    clock = scene.file.clock(command.clock_id)
    if clock is None or clock.ended_at is not None:
        return Refusal(say("This step is done; nothing more will be said about it."))
    timing = scene.rules.timing_of(clock)
    if _is_seen(timing, clock.acknowledged_rung, command.rung):
        return Refusal(say("Somebody has seen this already; it is not repeated."))
    following = None
    if clock.paused_at is None:
        following = timing.next_at(
            clock.started_at,
            passed=clock.rungs_passed,
            paused_seconds=clock.paused_seconds,
            acknowledged=command.rung,
        )
    return Plan(
        moved=[ClockMoved(clock.id, {"acknowledged_rung": command.rung, "next_at": following})],
        acknowledged=command.ping_id,
        details={"step": clock.step.value, "rung": command.rung},
        said=say("Noted. It is not repeated; the clock runs on."),
    )


def _is_seen(timing: Timing, acknowledged: int | None, rung: int) -> bool:
    """Tell whether somebody has seen a rung, or one that came after it and so ended its repetitions."""
    began = {one.number: one.offset for one in timing.rungs if one.repeat == 0}
    if acknowledged is None or acknowledged not in began:
        return False
    return acknowledged == rung or began[acknowledged] > began.get(rung, began[acknowledged])


def mute(scene: Scene, command: c.MutePings) -> Plan | Refusal:
    """Tell nothing more about a clock; what passes is still written down."""
    clock = scene.file.clock(command.clock_id)
    if clock is None or clock.ended_at is not None:
        return Refusal(say("This step is done; nothing more will be said about it."))
    if clock.muted_by is not None:
        return Refusal(say("{who} has muted this already.", who=scene.rules.name(clock.muted_by)))
    if not command.reason.strip():
        return Refusal(say("Say why, so that the others know."))
    plan = Plan(
        moved=[ClockMoved(clock.id, {"muted_by": scene.actor})],
        details={"step": clock.step.value, "reason": command.reason.strip()},
        said=say("Muted. The clock runs on, and reports count it."),
    )
    who = scene.rules.name(scene.actor)
    plan.tell(scene, Note(say("{who} muted the pings: {reason}", who=who, reason=command.reason.strip())))
    return plan


def recompute(scene: Scene, _: c.Recompute) -> Plan | None:
    """Time every running clock by today's policy and calendars; what is past by then is not told again."""
    rules = scene.rules
    today = rules.policy_today()
    plan = Plan(details={"recomputed": []})
    time_anew(scene, plan, today, lambda clock: rules.timing_today(clock.step, clock.department))
    if not plan.moved and scene.case.policy_digest == today.digest:
        return None
    return plan
