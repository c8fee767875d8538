"""Plans for taking a case up, passing it on, putting it off and ending it without a reply."""

from datetime import datetime, timedelta
from typing import Any

from escalation import commands as c
from escalation.casefile import RouteMatch
from escalation.decision import CardWanted, Intent, Refusal, TimerSet
from escalation.language import Ago, Sentence, say
from escalation.notes import Note
from escalation.plans.drafts import supersede
from escalation.plans.refusals import why_not
from escalation.plans.retiming import pass_on
from escalation.plans.scene import Plan, Scene
from models.vocabulary import CaseState, EffectKind, NetworkAct, PauseReason, Step, TimerKind, Visibility

_AWAKE: dict[str, Any] = {"snoozed_until": None, "pause_reason": None}
"""What a case no longer has when it is back from its pause."""


def card_shown(scene: Scene, _: c.CardShown) -> Plan | None:
    """End routing at the first sight of a card; every further one is no news."""
    return Plan() if scene.file.running(Step.ROUTE) else None


def claim(scene: Scene, _: c.Claim) -> Plan | Refusal:
    """Note that one person will answer."""
    owner = scene.case.owner
    if owner == scene.actor:
        return Refusal(say("You have already claimed this."))
    if owner is not None:
        return _claimed_by(scene, owner)
    return _taken(scene)


def _claimed_by(scene: Scene, owner: str) -> Refusal:
    clock = scene.file.latest(Step.ANSWER)
    since = clock.started_at if clock else scene.case.last_at
    return Refusal(say("{who} claimed this {ago}.", who=scene.rules.name(owner), ago=Ago(since)))


def take_over(scene: Scene, command: c.TakeOver) -> Plan | Refusal:
    """Give the case to whoever asks for it; the clock of the answer runs on, whoever let it run so far."""
    before = scene.case.owner
    if before == scene.actor:
        return Refusal(say("You have already claimed this."))
    asked_by = scene.file.clock(command.clock_id)
    if before is not None and asked_by is not None and asked_by.ended_at is not None:
        return _claimed_by(scene, before)
    plan = _taken(scene)
    plan.details["before"] = before
    plan.said = say("It is yours now.")
    if before is not None:
        told = say(
            "{who} took this over from {before}.", who=scene.rules.name(scene.actor), before=scene.rules.name(before)
        )
        plan.tell(scene, Note(told, to=(before,)))
    return plan


def _taken(scene: Scene) -> Plan:
    return Plan(changes={"owner": scene.actor, **_AWAKE}, cancel_timers=[TimerKind.WAKE])


def release_claim(scene: Scene, _: c.ReleaseClaim) -> Plan | None:
    """Give a case back to everybody when nothing has followed its claim."""
    owner = scene.case.owner
    if owner is None:
        return None
    plan = Plan(changes={"owner": None}, details={"before": owner})
    told = say("{who} claimed this and did not answer in time; it is free again.", who=scene.rules.name(owner))
    plan.tell(scene, Note(told, to=(owner,)))
    return plan


def reassign(scene: Scene, command: c.Reassign) -> Plan | Refusal:
    """Give the case to another department, under the policy and the priority of the first route that leads there."""
    if command.department not in scene.rules.departments:
        return Refusal(say("There is no department {name}.", name=command.department))
    if command.department == scene.case.department:
        return Refusal(say("{department} has this case already.", department=scene.rules.label(command.department)))
    return _moved(scene, command.department, {"by": "hand"}, scene.rules.route_to(command.department))


def not_ours(scene: Scene, _: c.NotOurs) -> Plan | Refusal:
    """Give the case to the next route that matches."""
    match = scene.rules.next_route()
    if match is None:
        return Refusal(say("No other route matches this post. Use Reassign to choose the department."))
    plan = _moved(scene, match.department, dict(match.reason), match)
    plan.changes["declined"] = [*scene.case.declined, scene.case.department]
    return plan


def _moved(scene: Scene, department: str, reason: dict[str, Any], match: RouteMatch | None) -> Plan:
    label = scene.rules.label(department)
    plan = Plan(
        changes={"department": department, "owner": None, **_AWAKE, "route": reason},
        details={"department": department, "before": scene.case.department},
        cards=[CardWanted(EffectKind.CARD, scene.rules.channels[department], department)],
        cancel_timers=[TimerKind.WAKE],
        said=say("Moved to {department}.", department=label),
    )
    pass_on(scene, plan, department, match)
    who = scene.rules.name(scene.actor)
    plan.tell(scene, Note(say("{who} moved this case to {department}.", who=who, department=label)))
    return plan


def dismiss(scene: Scene, command: c.Dismiss) -> Plan | Refusal:
    """End the case without a reply; while an answer stands for approval only its author and approvers may."""
    draft = scene.file.draft
    reviewed = scene.case.state is CaseState.IN_REVIEW
    if reviewed and draft and scene.actor != draft.author and not scene.rules.is_approver(scene.actor):
        return Refusal(why_not(scene, command))
    plan = Plan(
        changes={
            "dismiss_reason": command.reason,
            "closed_at": scene.at,
            **_AWAKE,
            "notice": None,
        },
        details={"reason": command.reason.value},
        cancel_timers=[TimerKind.WAKE, TimerKind.CLOSE],
    )
    supersede(scene, plan)
    return plan


def snooze(scene: Scene, command: c.Snooze) -> Plan | Refusal:
    """Put the case away until it comes back by itself."""
    longest = timedelta(seconds=scene.rules.longest_pause[command.reason])
    since = scene.file.put_off_since or scene.at
    if not scene.at < command.until <= since + longest:
        return Refusal(_not_so_long(scene, since, longest))
    said = say("Snoozed until {until}.", until=command.until)
    if command.reason is PauseReason.WAITING_CUSTOMER:
        said = say("Waiting for the customer, until {until} at the latest.", until=command.until)
    return Plan(
        changes={"snoozed_until": command.until, "pause_reason": command.reason},
        details={"reason": command.reason.value, "until": command.until.isoformat()}
        | ({"why": command.why.strip()} if command.why.strip() else {}),
        timers=[TimerSet(TimerKind.WAKE, command.until)],
        cancel_timers=[TimerKind.WAKE],
        said=said,
    )


def _not_so_long(scene: Scene, since: datetime, longest: timedelta) -> Sentence:
    """Return until when a case may be put off; counted from its first snooze since anybody took it up."""
    latest = since + longest
    if since == scene.at:
        return say("Choose a moment within the next {longest}.", longest=longest)
    if latest <= scene.at:
        return say(
            "This has been put off since {since} and nobody took it up; it may wait for {longest} at most.",
            since=since,
            longest=longest,
        )
    return say(
        "This has been put off since {since} and nobody took it up. Choose a moment until {latest}.",
        since=since,
        latest=latest,
    )


def wake(scene: Scene, _: c.Wake) -> Plan:
    """Bring a case back from its pause."""
    plan = Plan(changes=dict(_AWAKE))
    told = say("This case is back from its snooze.")
    if scene.case.pause_reason is PauseReason.WAITING_CUSTOMER:
        told = say("The customer has not written again; this case is back.")
    plan.tell(scene, Note(told, to=scene.owner))
    return plan


def perform(scene: Scene, command: c.Perform) -> Plan | Refusal:
    """Like, repost or hide; each once."""
    act, case = command.act, scene.case
    if act not in scene.rules.capabilities.acts:
        return Refusal(say("This network cannot do that."))
    if act is NetworkAct.REPOST and case.visibility is not Visibility.PUBLIC:
        return Refusal(say("Only public posts can be reposted."))
    if act.value in case.acts:
        return Refusal(say("That was done already."))
    intent = Intent(
        EffectKind.ACT,
        case.account,
        f"account:{case.account}",
        priority=3,
        payload={"act": act.value, "mention": scene.file.mention.id},
    )
    return Plan(
        changes={"acts": [*case.acts, act.value]},
        details={"network_act": act.value},
        intents=[intent],
    )
