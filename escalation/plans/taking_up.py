"""Plans for taking a case up, passing it on, putting it off and ending it without a reply."""

from datetime import timedelta
from typing import Any

from escalation import commands as c
from escalation.decision import CardWanted, Intent, Refusal, TimerSet
from escalation.language import Ago, say
from escalation.notes import Note
from escalation.plans.drafts import supersede
from escalation.plans.refusals import why_not
from escalation.plans.scene import Plan, Scene
from models.vocabulary import CaseState, EffectKind, NetworkAct, Step, TimerKind, Visibility

LONGEST_SNOOZE = timedelta(days=30)


def card_shown(scene: Scene, _: c.CardShown) -> Plan | None:
    """End routing at the first sight of a card; every further one is no news."""
    return Plan() if scene.file.running(Step.ROUTE) else None


def claim(scene: Scene, _: c.Claim) -> Plan | Refusal:
    """Note that one person will answer."""
    owner = scene.case.owner
    if owner == scene.actor:
        return Refusal(say("You have already claimed this."))
    if owner is not None:
        clock = scene.file.latest(Step.ANSWER)
        since = clock.started_at if clock else scene.case.last_at
        return Refusal(say("{who} claimed this {ago}.", who=scene.rules.name(owner), ago=Ago(since)))
    return Plan(changes={"owner": scene.actor, "snoozed_until": None}, cancel_timers=[TimerKind.WAKE])


def reassign(scene: Scene, command: c.Reassign) -> Plan | Refusal:
    """Give the case to another department."""
    if command.department not in scene.rules.departments:
        return Refusal(say("There is no department {name}.", name=command.department))
    if command.department == scene.case.department:
        return Refusal(say("{department} has this case already.", department=scene.rules.label(command.department)))
    return _moved(scene, command.department, {"by": "hand"})


def not_ours(scene: Scene, _: c.NotOurs) -> Plan | Refusal:
    """Give the case to the next route that matches."""
    match = scene.rules.next_route()
    if match is None:
        return Refusal(say("No other route matches this post. Use Reassign to choose the department."))
    plan = _moved(scene, match.department, dict(match.reason))
    plan.changes["declined"] = [*scene.case.declined, scene.case.department]
    return plan


def _moved(scene: Scene, department: str, reason: dict[str, Any]) -> Plan:
    label = scene.rules.label(department)
    plan = Plan(
        changes={"department": department, "owner": None, "snoozed_until": None, "route": reason},
        details={"department": department, "before": scene.case.department},
        cards=[CardWanted(EffectKind.CARD, scene.rules.channels[department], department)],
        cancel_timers=[TimerKind.WAKE],
        said=say("Moved to {department}.", department=label),
    )
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
            "snoozed_until": None,
            "notice": None,
        },
        details={"reason": command.reason.value},
        cancel_timers=[TimerKind.WAKE, TimerKind.CLOSE],
    )
    supersede(scene, plan)
    return plan


def snooze(scene: Scene, command: c.Snooze) -> Plan | Refusal:
    """Put the case away until it comes back by itself."""
    if not scene.at < command.until <= scene.at + LONGEST_SNOOZE:
        return Refusal(say("Snooze until a moment within the next 30 days."))
    return Plan(
        changes={"snoozed_until": command.until},
        timers=[TimerSet(TimerKind.WAKE, command.until)],
        cancel_timers=[TimerKind.WAKE],
        said=say("Snoozed until {until}.", until=command.until),
    )


def wake(scene: Scene, _: c.Wake) -> Plan:
    """Bring a case back from its snooze."""
    plan = Plan(changes={"snoozed_until": None})
    plan.tell(scene, Note(say("This case is back from its snooze."), to=scene.owner))
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
