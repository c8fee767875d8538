"""Plans for what reviewers do with an answer, from approving it to undoing that."""

from escalation import commands as c
from escalation.decision import CardWanted, Refusal
from escalation.language import say
from escalation.notes import Note
from escalation.plans.drafts import decided, new_draft, send, show_for_approval, subject, supersede, void
from escalation.plans.refusals import not_as_seen, own_text
from escalation.plans.scene import Plan, Scene
from escalation.plans.taking_up import perform
from models.vocabulary import (
    DismissReason,
    DraftSource,
    DraftState,
    EffectKind,
    NetworkAct,
    Verdict,
    Visibility,
    VoidReason,
)


def approve(scene: Scene, command: c.Approve) -> Plan | Refusal:
    """Send exactly what was seen, or let it wait for the second approval."""
    if refusal := not_as_seen(scene, command.seen) or own_text(scene):
        return refusal
    draft = scene.draft
    if scene.rules.second_approval and draft.first_approver is None:
        return _first_approval(scene)
    plan = Plan(
        changes={"notice": None},
        decided=[decided(scene, DraftState.APPROVED, Verdict.APPROVED, forbid_author=True)],
        said=say("Approved. It leaves in {seconds} s; Undo stands on the card.", seconds=scene.rules.undo_seconds)
        if scene.rules.undo_seconds
        else say("Approved; it is on its way."),
    )
    send(scene, plan, draft.parts)
    note = say("{who} approved the answer.", who=scene.rules.name(scene.actor))
    plan.tell(scene, Note(note, to=(draft.author,)))
    return plan


def _first_approval(scene: Scene) -> Plan:
    plan = Plan(
        decided=[
            decided(
                scene,
                DraftState.PENDING,
                Verdict.FIRST_APPROVED,
                forbid_author=True,
                first_approver=scene.actor,
            )
        ],
        stay=True,
        said=say("Approved. The second approval is still needed."),
    )
    for channel in scene.rules.second_channels:
        plan.cards.append(CardWanted(EffectKind.APPROVAL, channel, subject=subject(scene.draft.version)))
    who = scene.rules.name(scene.actor)
    plan.tell(scene, Note(say("{who} approved the answer; the second approval is still needed.", who=who)))
    return plan


def edit_and_send(scene: Scene, command: c.EditAndSend) -> Plan | Refusal:
    """Send the approver's wording; the author stays the author, and the difference is kept."""
    if refusal := not_as_seen(scene, command.seen) or own_text(scene):
        return refusal
    draft = scene.draft
    fitted = scene.rules.fit(command.text, draft.author, draft.visibility)
    if fitted.problem:
        return Refusal(fitted.problem)
    if list(fitted.parts) == draft.parts:
        return approve(scene, c.Approve(command.seen))
    edited = new_draft(scene, fitted, author=draft.author, source=DraftSource.EDIT, visibility=draft.visibility)
    edited.edited_by, edited.based_on = scene.actor, draft.version
    plan = Plan(
        changes={"notice": None},
        new_draft=edited,
        decided=[decided(scene, DraftState.SUPERSEDED, None, forbid_author=True)],
    )
    note = say("{who} changed the answer and approved it:", who=scene.rules.name(scene.actor))
    if scene.rules.second_approval and draft.first_approver is None:
        edited.first_approver = scene.actor
        plan.stay = True
        plan.said = say("Changed and approved. The second approval is still needed.")
        show_for_approval(scene, plan, channels=(scene.rules.approval_channel, *scene.rules.second_channels))
    else:
        edited.state, edited.decided_by, edited.decided_at = DraftState.APPROVED, scene.actor, scene.at
        plan.said = say("Changed and approved. Undo stands on the card.")
        show_for_approval(scene, plan)
        send(scene, plan, edited.parts)
    plan.tell(scene, Note(note, to=(draft.author,), diff=(draft.version, edited.version)))
    return plan


def send_back(scene: Scene, command: c.SendBack) -> Plan | Refusal:
    """Ask the author to change it; the case stays theirs."""
    if refusal := not_as_seen(scene, command.seen):
        return refusal
    if not command.reason.strip():
        return Refusal(say("Say what should change, so that the author can do it."))
    author = scene.draft.author
    plan = Plan(
        changes={"owner": author, "notice": None},
        decided=[decided(scene, DraftState.SENT_BACK, Verdict.SENT_BACK, reason=command.reason)],
        said=say("Sent back to {who}.", who=scene.rules.name(author)),
    )
    note = say("{who} sent the answer back: {reason}", who=scene.rules.name(scene.actor), reason=command.reason)
    plan.tell(scene, Note(note, to=(author,)))
    return plan


def reject(scene: Scene, command: c.Reject) -> Plan | Refusal:
    """Refuse this answer; the case is free for somebody else."""
    if refusal := not_as_seen(scene, command.seen):
        return refusal
    if not command.reason.strip():
        return Refusal(say("Say why, so that nobody tries the same again."))
    plan = Plan(
        changes={"owner": None, "notice": None},
        decided=[decided(scene, DraftState.REJECTED, Verdict.REJECTED, reason=command.reason)],
        said=say("Rejected. The case is free for another answer."),
    )
    note = say("{who} rejected the answer: {reason}", who=scene.rules.name(scene.actor), reason=command.reason)
    plan.tell(scene, Note(note, to=(scene.draft.author,)))
    return plan


def make_private(scene: Scene, command: c.MakePrivate) -> Plan | Refusal:
    """Put the same text up for approval as a private reply."""
    if refusal := not_as_seen(scene, command.seen):
        return refusal
    draft = scene.draft
    if draft.visibility is Visibility.PRIVATE:
        return Refusal(say("This answer is private already."))
    if not scene.rules.capabilities.private_reply:
        return Refusal(say("This network has no private replies; answer publicly, or not at all."))
    fitted = scene.rules.fit(draft.text, draft.author, Visibility.PRIVATE)
    if fitted.problem:
        return Refusal(fitted.problem)
    private = new_draft(scene, fitted, author=draft.author, source=DraftSource.RENEWED, visibility=Visibility.PRIVATE)
    private.edited_by, private.based_on = draft.edited_by, draft.version
    plan = Plan(new_draft=private, said=say("It will be sent in private once approved."))
    supersede(scene, plan)
    show_for_approval(scene, plan)
    return plan


def like_only(scene: Scene, command: c.LikeOnly) -> Plan | Refusal:
    """End the case with a like instead of a reply."""
    if refusal := not_as_seen(scene, command.seen):
        return refusal
    plan = perform(scene, c.Perform(NetworkAct.LIKE))
    if isinstance(plan, Refusal):
        return plan
    plan.changes |= {"dismiss_reason": DismissReason.LIKED, "closed_at": scene.at, "notice": None}
    plan.decided = [decided(scene, DraftState.REJECTED, Verdict.REJECTED)]
    plan.said = say("Liked; no reply will be sent.")
    note = say("{who} liked the post instead of replying.", who=scene.rules.name(scene.actor))
    plan.tell(scene, Note(note, to=(scene.draft.author,)))
    return plan


def undo(scene: Scene, _: c.Undo) -> Plan | Refusal:
    """Call back what was just approved, if all of it is still in the house."""
    if not scene.file.reply_waits:
        return Refusal(say("This reply has already left; it cannot be undone here."))
    plan = void(scene, VoidReason.UNDONE, say("{who} undid the approval.", who=scene.rules.name(scene.actor)))
    plan.said = say("Undone. Nothing was sent; the answer waits for approval again.")
    return plan
