"""Plans for what the customer does while the case goes its way."""

from escalation import commands as c
from escalation.language import Sentence, say
from escalation.notes import Note
from escalation.plans.drafts import void
from escalation.plans.scene import Plan, Scene
from models.vocabulary import CaseState, DismissReason, TimerKind, VoidReason

_ENDED = frozenset({CaseState.ANSWERED, CaseState.CLOSED, CaseState.DISMISSED})


def wrote(scene: Scene, command: c.CustomerWrote) -> Plan:
    """Note a further message; it opens the case again where it had ended, and starts the customer's clocks."""
    told, reason = say("The customer wrote again:"), say("the customer wrote again")
    plan = _moved_on(scene, command.mention_id, told, reason, VoidReason.CUSTOMER_WROTE)
    new = next((mention for mention in scene.file.mentions if mention.id == command.mention_id), scene.file.mention)
    plan.customer_since = new.posted_at
    plan.window_since = max(new.posted_at, scene.file.mention.posted_at)
    return plan


def edited(scene: Scene, command: c.CustomerEdited) -> Plan:
    """Note that a post reads differently now."""
    told, reason = say("The customer changed the post. It now reads:"), say("the customer changed the post")
    return _moved_on(scene, command.mention_id, told, reason, VoidReason.CUSTOMER_EDITED)


def deleted(scene: Scene, _: c.CustomerDeleted) -> Plan:
    """Note that a post is gone."""
    told, reason = say("The customer deleted the post."), say("the customer deleted the post")
    return _moved_on(scene, None, told, reason, VoidReason.CUSTOMER_DELETED)


def _moved_on(scene: Scene, quote: str | None, told: Sentence, reason: Sentence, because: VoidReason) -> Plan:
    case, file = scene.case, scene.file
    new = because is VoidReason.CUSTOMER_WROTE
    context = case.context_version + 1
    note = Note(told, to=scene.owner, quote=quote)
    if case.state is CaseState.RELAYING and file.reply_waits:
        plan = void(scene, because, say("The approval is void: {reason}.", reason=reason), context=context)
        plan.changes["context_version"] = context
        plan.tell(scene, note)
        return plan
    plan = Plan(changes={"context_version": context}, stay=case.state is CaseState.RELAYING)
    if case.state is CaseState.DISMISSED and case.dismiss_reason is DismissReason.SPAM:
        plan.stay = True
        return plan
    if case.state is CaseState.SNOOZED and new:
        plan.changes |= {"snoozed_until": None, "pause_reason": None}
        plan.cancel_timers.append(TimerKind.WAKE)
    if case.state in _ENDED and new:
        plan.changes |= {"round": case.round + 1, "closed_at": None, "dismiss_reason": None}
        plan.cancel_timers.append(TimerKind.CLOSE)
    if case.state is CaseState.DISMISSED and new:
        plan.changes["owner"] = None  # the department is asked to claim it anew, and its clock runs
    plan.tell(scene, note)
    return plan
