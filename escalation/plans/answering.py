"""The plan for submitting an answer."""

from escalation import commands as c
from escalation.decision import Refusal
from escalation.language import say
from escalation.notes import Note
from escalation.plans.drafts import new_draft, show_for_approval, supersede
from escalation.plans.scene import Plan, Scene
from models.vocabulary import TimerKind, Visibility


def submit(scene: Scene, command: c.SubmitDraft) -> Plan | Refusal:
    """Make a text the newest version of the answer; whoever submits the first one owns the case."""
    visibility = scene.file.mention.visibility
    if command.privately and visibility is not Visibility.PRIVATE:
        if not scene.rules.capabilities.private_reply:
            return Refusal(say("This network has no private replies; answer publicly, or not at all."))
        visibility = Visibility.PRIVATE
    fitted = scene.rules.fit(command.text, scene.actor, visibility)
    if fitted.problem:
        return Refusal(fitted.problem)
    plan = Plan(
        changes={
            "owner": scene.case.owner or scene.actor,
            "snoozed_until": None,
            "pause_reason": None,
            "notice": None,
        },
        new_draft=new_draft(scene, fitted, author=scene.actor, source=command.source, visibility=visibility),
        cancel_timers=[TimerKind.WAKE],
        said=say("Submitted for approval."),
    )
    supersede(scene, plan)
    show_for_approval(scene, plan)
    plan.tell(scene, Note(say("{who} submitted an answer for approval.", who=scene.rules.name(scene.actor))))
    return plan
