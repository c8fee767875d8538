"""The sentences with which a command is refused, naming who came first and when."""

from escalation import commands as c
from escalation.decision import Refusal
from escalation.language import Ago, Sentence, say
from escalation.lifecycle import Right
from escalation.plans.scene import Scene
from models.vocabulary import CaseState, DismissReason, DraftState


def no_right(who: Right, scene: Scene) -> Sentence:
    """Return the sentence for somebody who may not do this at all."""
    if who is Right.APPROVER:
        return say("Only an approver can do this. Ask in the approvals channel.")
    if who is Right.MANAGER:
        return say("Only approvers and managers can do this. Ask one of them.")
    return say(
        "This case belongs to {department}; only its members can do this. Ask one of them to reassign it.",
        department=scene.rules.label(scene.case.department),
    )


def why_not(scene: Scene, command: c.Command) -> Sentence:
    """Return the sentence for a command that the case's state does not allow."""
    case, rules = scene.case, scene.rules
    draft = scene.file.draft
    if case.state is CaseState.DISMISSED:
        reason = say("spam") if case.dismiss_reason is DismissReason.SPAM else say("no reply needed")
        return say("This case was closed {ago}: {reason}.", ago=Ago(case.closed_at or case.last_at), reason=reason)
    if case.state is CaseState.CLOSED:
        return say("This case was closed {ago}.", ago=Ago(case.closed_at or case.last_at))
    if case.state in {CaseState.RELAYING, CaseState.ANSWERED, CaseState.NEEDS_CHECK} and draft and draft.decided_by:
        if isinstance(command, c.Undo):
            return say("This reply has already left; it cannot be undone here.")
        return say(
            "{who} approved this {ago}.", who=rules.name(draft.decided_by), ago=Ago(draft.decided_at or case.last_at)
        )
    if case.state is CaseState.IN_REVIEW:
        return say("An answer by {who} is waiting for approval.", who=rules.name(draft.author) if draft else "")
    if draft and draft.state in {DraftState.SENT_BACK, DraftState.REJECTED} and draft.decided_by:
        verb = say("sent this back") if draft.state is DraftState.SENT_BACK else say("rejected this")
        return say(
            "{who} {did} {ago}.",
            who=rules.name(draft.decided_by),
            did=verb,
            ago=Ago(draft.decided_at or case.last_at),
        )
    return say("This is not possible now; the case has moved on.")


def not_as_seen(scene: Scene, seen: c.DraftSeen) -> Refusal | None:
    """Refuse an act on a draft that is not the one the reviewer saw, or out of the reviewers' turn."""
    draft = scene.file.draft
    if draft is None or seen.version != draft.version or seen.hash != draft.hash:
        number = draft.version if draft else 0
        return Refusal(
            say("There is a newer version of this answer (no. {number}). Please decide on that one.", number=number)
        )
    if seen.context_version != scene.case.context_version:
        return Refusal(
            say("The customer changed the conversation after you read it. Please look at the card again, then decide.")
        )
    if draft.first_approver is not None and not scene.rules.is_second_approver(scene.actor):
        return Refusal(
            say(
                "{who} approved this {ago}; it now needs the second approval.",
                who=scene.rules.name(draft.first_approver),
                ago=Ago(draft.decided_at or scene.case.last_at),
            )
        )
    if draft.first_approver is None and not scene.approves(scene.actor):
        return Refusal(say("A community manager approves first; the second approval is yours after that."))
    return None


def own_text(scene: Scene) -> Refusal | None:
    """Refuse an approval by whoever wrote the text, or gave the first of two approvals, where four eyes are wanted."""
    draft = scene.file.draft
    if scene.rules.four_eyes and draft is not None and scene.actor in {draft.author, draft.first_approver}:
        return Refusal(say("Four eyes: you wrote or approved this answer yourself, so somebody else must approve it."))
    return None
