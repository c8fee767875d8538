"""decide(case, command, rules, now): the pure heart. It looks the pair up in the lifecycle table and says what shall be written.

It changes nothing, asks nobody and knows no clock; the same arguments give the same decision.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from escalation import commands as c
from escalation.casefile import CaseFile, Fitted, Rules
from escalation.decision import (
    CardWanted,
    ClockStarted,
    ClockStopped,
    Decision,
    DraftDecided,
    Intent,
    Refusal,
    TimerSet,
)
from escalation.language import Ago, Sentence, say
from escalation.lifecycle import Right, Transition, transition
from escalation.notes import Note, sentence_payload
from models.case import Case, Draft
from models.vocabulary import (
    OPEN_STATES,
    CaseState,
    DismissReason,
    DraftSource,
    DraftState,
    EffectKind,
    EffectState,
    NetworkAct,
    Step,
    StepOutcome,
    TimerKind,
    Verdict,
    Visibility,
)

SYSTEM = "portavoce"
LONGEST_SNOOZE = timedelta(days=30)


@dataclass
class Plan:
    """What one command adds to its row of the table."""

    changes: dict[str, Any] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    new_draft: Draft | None = None
    decided: list[DraftDecided] = field(default_factory=list)
    intents: list[Intent] = field(default_factory=list)
    cards: list[CardWanted] = field(default_factory=list)
    timers: list[TimerSet] = field(default_factory=list)
    cancel_timers: list[TimerKind] = field(default_factory=list)
    recall: str | None = None
    recall_all: bool = True
    check: str | None = None
    check_state: EffectState = EffectState.READY
    stay: bool = False
    said: Sentence | None = None


@dataclass(frozen=True)
class _Scene:
    file: CaseFile
    rules: Rules
    actor: str
    at: datetime

    @property
    def case(self) -> Case:
        return self.file.case


def decide(file: CaseFile, command: c.Command, rules: Rules, *, actor: str, now: datetime) -> Decision | Refusal | None:
    """Return what ``command`` by ``actor`` (a member's key, or ``SYSTEM``) does to the case at ``now`` (UTC).

    ``None``: nothing changes and nobody is told (a card that was shown twice). Time never goes behind the case's last decision.
    """
    at = max(now, file.case.last_at)
    scene = _Scene(file, rules, actor, at)
    row = transition(file.case.state, type(command))
    if row is None:
        return Refusal(why_not(scene, command))
    if not _may(row.who, scene):
        return Refusal(_no_right(row.who, scene))
    plan = _PLANS[type(command)](scene, command)
    if plan is None or isinstance(plan, Refusal):
        return plan
    return _decision(scene, type(command), row, plan)


def text_hash(parts: Sequence[str], visibility: Visibility) -> str:
    """Return the SHA-256 (hex) over exactly what an approval covers: the parts as published, and who can read them."""
    return hashlib.sha256(json.dumps([visibility.value, *parts], ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


# --- rights and refusals ------------------------------------------------------------------------------------------------


def _may(who: Right, scene: _Scene) -> bool:
    rules, actor = scene.rules, scene.actor
    if who is Right.SYSTEM:
        return actor == SYSTEM
    if who is Right.APPROVER:
        return rules.is_approver(actor) or (bool(rules.second_approval) and rules.is_second_approver(actor))
    return rules.is_colleague(actor)


def _no_right(who: Right, scene: _Scene) -> Sentence:
    if who is Right.APPROVER:
        return say("Only an approver can do this. Ask in the approvals channel.")
    return say(
        "This case belongs to {department}; only its members can do this. Ask one of them to reassign it.",
        department=scene.rules.label(scene.case.department),
    )


def why_not(scene: _Scene, command: c.Command) -> Sentence:
    """Return the sentence for a command that the case's state does not allow, naming who came first and when."""
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
        return say("{who} approved this {ago}.", who=rules.name(draft.decided_by), ago=Ago(draft.decided_at or case.last_at))
    if case.state is CaseState.IN_REVIEW:
        return say("An answer by {who} is waiting for approval.", who=rules.name(draft.author) if draft else "")
    if draft and draft.state in {DraftState.SENT_BACK, DraftState.REJECTED} and draft.decided_by:
        verb = say("sent this back") if draft.state is DraftState.SENT_BACK else say("rejected this")
        return say("{who} {did} {ago}.", who=rules.name(draft.decided_by), did=verb, ago=Ago(draft.decided_at or case.last_at))
    return say("This is not possible now; the case has moved on.")


def _not_as_seen(scene: _Scene, seen: c.DraftSeen) -> Refusal | None:
    """Refuse an act on a draft that is not the one the reviewer saw, or by its own author."""
    draft = scene.file.draft
    if draft is None or seen.version != draft.version or seen.hash != draft.hash:
        number = draft.version if draft else 0
        return Refusal(say("There is a newer version of this answer (no. {number}). Please decide on that one.", number=number))
    if seen.context_version != scene.case.context_version:
        return Refusal(say("The customer changed the conversation after you read it. Please look at the card again, then decide."))
    if draft.first_approver is not None and not scene.rules.is_second_approver(scene.actor):
        return Refusal(say(
            "{who} approved this {ago}; it now needs the second approval.",
            who=scene.rules.name(draft.first_approver), ago=Ago(draft.decided_at or scene.case.last_at),
        ))
    if draft.first_approver is None and not scene.rules.is_approver(scene.actor):
        return Refusal(say("A community manager approves first; the second approval is yours after that."))
    return None


def _own_text(scene: _Scene) -> Refusal | None:
    draft = scene.file.draft
    if scene.rules.four_eyes and draft is not None and scene.actor in {draft.author, draft.first_approver}:
        return Refusal(say("Four eyes: you wrote or approved this answer yourself, so somebody else must approve it."))
    return None


# --- one plan per command -----------------------------------------------------------------------------------------------


def _plan_card_shown(scene: _Scene, _: c.CardShown) -> Plan | None:
    return Plan() if scene.file.running(Step.ROUTE) else None


def _plan_claim(scene: _Scene, _: c.Claim) -> Plan | Refusal:
    owner = scene.case.owner
    if owner == scene.actor:
        return Refusal(say("You have already claimed this."))
    if owner is not None:
        clock = scene.file.latest(Step.ANSWER)
        since = clock.started_at if clock else scene.case.last_at
        return Refusal(say("{who} claimed this {ago}.", who=scene.rules.name(owner), ago=Ago(since)))
    return Plan(changes={"owner": scene.actor, "snoozed_until": None}, cancel_timers=[TimerKind.WAKE])


def _plan_submit(scene: _Scene, command: c.SubmitDraft) -> Plan | Refusal:
    mention = scene.file.mention
    visibility = mention.visibility
    if command.privately and visibility is not Visibility.PRIVATE:
        if not scene.rules.capabilities.private_reply:
            return Refusal(say("This network has no private replies; answer publicly, or not at all."))
        visibility = Visibility.PRIVATE
    fitted = scene.rules.fit(command.text, scene.actor, visibility)
    if fitted.problem:
        return Refusal(fitted.problem)
    plan = Plan(
        changes={"owner": scene.case.owner or scene.actor, "snoozed_until": None, "notice": None},
        new_draft=_new_draft(scene, fitted, author=scene.actor, source=command.source, visibility=visibility),
        cancel_timers=[TimerKind.WAKE],
        said=say("Submitted for approval."),
    )
    _supersede(scene, plan)
    _show_for_approval(scene, plan)
    _tell(scene, plan, Note(say("{who} submitted an answer for approval.", who=scene.rules.name(scene.actor))))
    return plan


def _plan_approve(scene: _Scene, command: c.Approve) -> Plan | Refusal:
    if refusal := _not_as_seen(scene, command.seen) or _own_text(scene):
        return refusal
    draft = _draft(scene)
    if scene.rules.second_approval and draft.first_approver is None:
        return _first_approval(scene, draft)
    plan = Plan(
        changes={"notice": None},
        decided=[_decided(scene, draft, DraftState.APPROVED, Verdict.APPROVED, forbid_author=True)],
        said=say("Approved. It leaves in {seconds} s; Undo stands on the card.", seconds=scene.rules.undo_seconds)
        if scene.rules.undo_seconds else say("Approved; it is on its way."),
    )
    _send(scene, plan, draft.parts)
    _tell(scene, plan, Note(say("{who} approved the answer.", who=scene.rules.name(scene.actor)), to=(draft.author,)))
    return plan


def _first_approval(scene: _Scene, draft: Draft) -> Plan:
    plan = Plan(
        decided=[_decided(scene, draft, DraftState.PENDING, Verdict.FIRST_APPROVED, forbid_author=True, first_approver=scene.actor)],
        stay=True,
        said=say("Approved. The second approval is still needed."),
    )
    for channel in scene.rules.second_channels:
        plan.cards.append(CardWanted(EffectKind.APPROVAL, channel, subject=_subject(draft.version)))
    _tell(scene, plan, Note(say("{who} approved the answer; the second approval is still needed.", who=scene.rules.name(scene.actor))))
    return plan


def _plan_edit_and_send(scene: _Scene, command: c.EditAndSend) -> Plan | Refusal:
    if refusal := _not_as_seen(scene, command.seen) or _own_text(scene):
        return refusal
    draft = _draft(scene)
    fitted = scene.rules.fit(command.text, draft.author, draft.visibility)
    if fitted.problem:
        return Refusal(fitted.problem)
    if list(fitted.parts) == draft.parts:
        return _plan_approve(scene, c.Approve(command.seen))
    edited = _new_draft(scene, fitted, author=draft.author, source=DraftSource.EDIT, visibility=draft.visibility)
    edited.edited_by, edited.based_on = scene.actor, draft.version
    plan = Plan(
        changes={"notice": None},
        new_draft=edited,
        decided=[_decided(scene, draft, DraftState.SUPERSEDED, None, forbid_author=True)],
    )
    note = say("{who} changed the answer and approved it:", who=scene.rules.name(scene.actor))
    if scene.rules.second_approval and draft.first_approver is None:
        edited.first_approver = scene.actor
        plan.stay = True
        plan.said = say("Changed and approved. The second approval is still needed.")
        _show_for_approval(scene, plan, channels=(scene.rules.approval_channel, *scene.rules.second_channels))
    else:
        edited.state, edited.decided_by, edited.decided_at = DraftState.APPROVED, scene.actor, scene.at
        plan.said = say("Changed and approved. Undo stands on the card.")
        _show_for_approval(scene, plan)
        _send(scene, plan, edited.parts)
    _tell(scene, plan, Note(note, to=(draft.author,), diff=(draft.version, edited.version)))
    return plan


def _plan_send_back(scene: _Scene, command: c.SendBack) -> Plan | Refusal:
    if refusal := _not_as_seen(scene, command.seen):
        return refusal
    if not command.reason.strip():
        return Refusal(say("Say what should change, so that the author can do it."))
    draft = _draft(scene)
    plan = Plan(
        changes={"owner": draft.author, "notice": None},
        decided=[_decided(scene, draft, DraftState.SENT_BACK, Verdict.SENT_BACK, reason=command.reason)],
        said=say("Sent back to {who}.", who=scene.rules.name(draft.author)),
    )
    note = say("{who} sent the answer back: {reason}", who=scene.rules.name(scene.actor), reason=command.reason)
    _tell(scene, plan, Note(note, to=(draft.author,)))
    return plan


def _plan_reject(scene: _Scene, command: c.Reject) -> Plan | Refusal:
    if refusal := _not_as_seen(scene, command.seen):
        return refusal
    if not command.reason.strip():
        return Refusal(say("Say why, so that nobody tries the same again."))
    draft = _draft(scene)
    plan = Plan(
        changes={"owner": None, "notice": None},
        decided=[_decided(scene, draft, DraftState.REJECTED, Verdict.REJECTED, reason=command.reason)],
        said=say("Rejected. The case is free for another answer."),
    )
    note = say("{who} rejected the answer: {reason}", who=scene.rules.name(scene.actor), reason=command.reason)
    _tell(scene, plan, Note(note, to=(draft.author,)))
    return plan


def _plan_make_private(scene: _Scene, command: c.MakePrivate) -> Plan | Refusal:
    if refusal := _not_as_seen(scene, command.seen):
        return refusal
    draft = _draft(scene)
    if draft.visibility is Visibility.PRIVATE:
        return Refusal(say("This answer is private already."))
    if not scene.rules.capabilities.private_reply:
        return Refusal(say("This network has no private replies; answer publicly, or not at all."))
    fitted = scene.rules.fit(draft.text, draft.author, Visibility.PRIVATE)
    if fitted.problem:
        return Refusal(fitted.problem)
    private = _new_draft(scene, fitted, author=draft.author, source=DraftSource.RENEWED, visibility=Visibility.PRIVATE)
    private.edited_by, private.based_on = draft.edited_by, draft.version
    plan = Plan(new_draft=private, said=say("It will be sent in private once approved."))
    _supersede(scene, plan)
    _show_for_approval(scene, plan)
    return plan


def _plan_like_only(scene: _Scene, command: c.LikeOnly) -> Plan | Refusal:
    if refusal := _not_as_seen(scene, command.seen):
        return refusal
    like = _plan_perform(scene, c.Perform(NetworkAct.LIKE))
    if isinstance(like, Refusal):
        return like
    draft = _draft(scene)
    like.changes |= {"dismiss_reason": DismissReason.LIKED, "closed_at": scene.at, "notice": None}
    like.decided = [_decided(scene, draft, DraftState.REJECTED, Verdict.REJECTED)]
    like.said = say("Liked; no reply will be sent.")
    note = say("{who} liked the post instead of replying.", who=scene.rules.name(scene.actor))
    _tell(scene, like, Note(note, to=(draft.author,)))
    return like


def _plan_undo(scene: _Scene, _: c.Undo) -> Plan | Refusal:
    if not scene.file.reply_waits:
        return Refusal(say("This reply has already left; it cannot be undone here."))
    who = say("{who} undid the approval.", who=scene.rules.name(scene.actor))
    plan = _void(scene, who)
    plan.said = say("Undone. Nothing was sent; the answer waits for approval again.")
    return plan


def _plan_reassign(scene: _Scene, command: c.Reassign) -> Plan | Refusal:
    if command.department not in scene.rules.departments:
        return Refusal(say("There is no department {name}.", name=command.department))
    if command.department == scene.case.department:
        return Refusal(say("{department} has this case already.", department=scene.rules.label(command.department)))
    return _moved(scene, command.department, {"by": "hand"})


def _plan_not_ours(scene: _Scene, _: c.NotOurs) -> Plan | Refusal:
    match = scene.rules.next_route()
    if match is None:
        return Refusal(say("No other route matches this post. Use Reassign to choose the department."))
    plan = _moved(scene, match.department, dict(match.reason))
    plan.changes["declined"] = [*scene.case.declined, scene.case.department]
    return plan


def _moved(scene: _Scene, department: str, reason: dict[str, Any]) -> Plan:
    plan = Plan(
        changes={"department": department, "owner": None, "snoozed_until": None, "route": reason},
        details={"department": department, "before": scene.case.department},
        cards=[CardWanted(EffectKind.CARD, scene.rules.channels[department], department)],
        cancel_timers=[TimerKind.WAKE],
        said=say("Moved to {department}.", department=scene.rules.label(department)),
    )
    note = say("{who} moved this case to {department}.", who=scene.rules.name(scene.actor), department=scene.rules.label(department))
    _tell(scene, plan, Note(note))
    return plan


def _plan_dismiss(scene: _Scene, command: c.Dismiss) -> Plan | Refusal:
    draft = scene.file.draft
    if scene.case.state is CaseState.IN_REVIEW and draft and scene.actor != draft.author and not scene.rules.is_approver(scene.actor):
        return Refusal(why_not(scene, command))
    plan = Plan(
        changes={"dismiss_reason": command.reason, "closed_at": scene.at, "snoozed_until": None, "notice": None},
        details={"reason": command.reason.value},
        cancel_timers=[TimerKind.WAKE, TimerKind.CLOSE],
    )
    _supersede(scene, plan)
    return plan


def _plan_snooze(scene: _Scene, command: c.Snooze) -> Plan | Refusal:
    if not scene.at < command.until <= scene.at + LONGEST_SNOOZE:
        return Refusal(say("Snooze until a moment within the next 30 days."))
    return Plan(
        changes={"snoozed_until": command.until},
        timers=[TimerSet(TimerKind.WAKE, command.until)],
        cancel_timers=[TimerKind.WAKE],
        said=say("Snoozed until {until}.", until=command.until),
    )


def _plan_wake(scene: _Scene, _: c.Wake) -> Plan:
    plan = Plan(changes={"snoozed_until": None})
    _tell(scene, plan, Note(say("This case is back from its snooze."), to=_owner(scene)))
    return plan


def _plan_perform(scene: _Scene, command: c.Perform) -> Plan | Refusal:
    act, case = command.act, scene.case
    if act not in scene.rules.capabilities.acts:
        return Refusal(say("This network cannot do that."))
    if act is NetworkAct.REPOST and case.visibility is not Visibility.PUBLIC:
        return Refusal(say("Only public posts can be reposted."))
    if act.value in case.acts:
        return Refusal(say("That was done already."))
    return Plan(
        changes={"acts": [*case.acts, act.value]},
        details={"network_act": act.value},
        intents=[Intent(EffectKind.ACT, case.account, f"account:{case.account}", priority=3, payload={"act": act.value, "mention": scene.file.mention.id})],
    )


def _plan_wrote(scene: _Scene, command: c.CustomerWrote) -> Plan | None:
    return _customer_moved(scene, command.mention_id, say("The customer wrote again:"), say("the customer wrote again"), new=True)


def _plan_edited(scene: _Scene, command: c.CustomerEdited) -> Plan | None:
    return _customer_moved(scene, command.mention_id, say("The customer changed the post. It now reads:"), say("the customer changed the post"))


def _plan_deleted(scene: _Scene, command: c.CustomerDeleted) -> Plan | None:
    return _customer_moved(scene, None, say("The customer deleted the post."), say("the customer deleted the post"))


def _customer_moved(scene: _Scene, quote: str | None, told: Sentence, reason: Sentence, *, new: bool = False) -> Plan | None:
    case, file = scene.case, scene.file
    context = {"context_version": case.context_version + 1}
    if case.state is CaseState.RELAYING and file.reply_waits:
        plan = _void(scene, say("The approval is void: {reason}.", reason=reason), context=case.context_version + 1)
        plan.changes |= context
        _tell(scene, plan, Note(told, to=_owner(scene), quote=quote))
        return plan
    plan = Plan(changes=context, stay=case.state is CaseState.RELAYING)
    if case.state is CaseState.DISMISSED and case.dismiss_reason is DismissReason.SPAM:
        plan.stay = True
        return plan
    if case.state is CaseState.SNOOZED and new:
        plan.changes["snoozed_until"] = None
        plan.cancel_timers.append(TimerKind.WAKE)
    if case.state in {CaseState.ANSWERED, CaseState.CLOSED, CaseState.DISMISSED} and new:
        plan.changes |= {"round": case.round + 1, "closed_at": None, "dismiss_reason": None}
        plan.cancel_timers.append(TimerKind.CLOSE)
    _tell(scene, plan, Note(told, to=_owner(scene), quote=quote))
    return plan


def _plan_delivered(scene: _Scene, command: c.Delivered) -> Plan:
    plan = Plan(
        changes={"answered_at": scene.at, "notice": None},
        details={"external_id": command.external_id, "parts": command.parts},
        timers=[TimerSet(TimerKind.CLOSE, scene.at + timedelta(seconds=scene.rules.close_after_seconds))],
        cancel_timers=[TimerKind.CLOSE],
    )
    draft = scene.file.draft
    _tell(scene, plan, Note(say("Sent. The customer can read the reply now."), to=(draft.author,) if draft else (), url=command.url))
    return plan


def _plan_undeliverable(scene: _Scene, command: c.Undeliverable) -> Plan:
    draft = _draft(scene)
    told = command.explanation
    if command.parts_sent:
        told = say("Part {sent} of {parts} is public; the rest was refused. {why}", sent=command.parts_sent, parts=len(draft.parts), why=told)
    plan = _void(scene, told, parts_sent=command.parts_sent)
    plan.recall_all = False
    plan.details["reason"] = command.reason
    return plan


def _plan_void(scene: _Scene, _: c.VoidApproval) -> Plan:
    plan = _void(scene, say("The approval is void: the customer changed the conversation while the network was being asked."))
    plan.recall_all = False
    return plan


def _plan_delayed(scene: _Scene, command: c.Delayed) -> Plan | None:
    notice = sentence_payload(say("Approved, but the network does not take it yet ({reason}). It is tried again by itself.", reason=command.reason))
    if scene.case.notice == notice:
        return None
    return Plan(changes={"notice": notice}, details={"reason": command.reason, "until": command.until.isoformat()})


def _plan_doubtful(scene: _Scene, command: c.Doubtful) -> Plan:
    notice = say("Not sure that the reply went out; the network is being asked before anything is sent again.")
    return Plan(changes={"notice": sentence_payload(notice)}, details={"reason": command.reason})


def _plan_absent(_: _Scene, __: c.ProvenAbsent) -> Plan:
    return Plan(changes={"notice": None})


def _plan_check(scene: _Scene, command: c.CheckNeeded) -> Plan:
    notice = say("Nobody can tell from here whether the reply went out. Please look on the network and say so below.")
    plan = Plan(changes={"notice": sentence_payload(notice)}, details={"reason": command.reason})
    channel = scene.rules.approval_channel
    plan.intents.append(Intent(EffectKind.PING, channel, channel, priority=1, payload=Note(notice).payload()))
    return plan


def _plan_confirmed(scene: _Scene, _: c.ConfirmPosted | c.ConfirmPartPosted) -> Plan:
    draft = _draft(scene)
    plan = Plan(changes={"notice": None}, check=draft.id, check_state=EffectState.SENT)
    if isinstance(_, c.ConfirmPosted):
        plan.changes["answered_at"] = scene.at
        plan.timers.append(TimerSet(TimerKind.CLOSE, scene.at + timedelta(seconds=scene.rules.close_after_seconds)))
        plan.cancel_timers.append(TimerKind.CLOSE)
        _tell(scene, plan, Note(say("{who} found the reply on the network.", who=scene.rules.name(scene.actor)), to=(draft.author,)))
    return plan


def _plan_not_posted(scene: _Scene, _: c.ConfirmNotPosted) -> Plan:
    return Plan(changes={"notice": None}, check=_draft(scene).id, check_state=EffectState.READY, said=say("It will be sent again."))


def _plan_quiet(scene: _Scene, _: c.QuietPeriodPassed) -> Plan:
    return Plan(changes={"closed_at": scene.at})


_PLANS: dict[type[c.Command], Callable[[_Scene, Any], Plan | Refusal | None]] = {
    c.CardShown: _plan_card_shown,
    c.Claim: _plan_claim,
    c.SubmitDraft: _plan_submit,
    c.Approve: _plan_approve,
    c.EditAndSend: _plan_edit_and_send,
    c.SendBack: _plan_send_back,
    c.Reject: _plan_reject,
    c.MakePrivate: _plan_make_private,
    c.LikeOnly: _plan_like_only,
    c.Undo: _plan_undo,
    c.Reassign: _plan_reassign,
    c.NotOurs: _plan_not_ours,
    c.Dismiss: _plan_dismiss,
    c.Snooze: _plan_snooze,
    c.Wake: _plan_wake,
    c.Perform: _plan_perform,
    c.CustomerWrote: _plan_wrote,
    c.CustomerEdited: _plan_edited,
    c.CustomerDeleted: _plan_deleted,
    c.Delivered: _plan_delivered,
    c.Undeliverable: _plan_undeliverable,
    c.VoidApproval: _plan_void,
    c.Delayed: _plan_delayed,
    c.Doubtful: _plan_doubtful,
    c.ProvenAbsent: _plan_absent,
    c.CheckNeeded: _plan_check,
    c.ConfirmPosted: _plan_confirmed,
    c.ConfirmPartPosted: _plan_confirmed,
    c.ConfirmNotPosted: _plan_not_posted,
    c.QuietPeriodPassed: _plan_quiet,
}


# --- parts that plans share ---------------------------------------------------------------------------------------------


def _draft(scene: _Scene) -> Draft:
    draft = scene.file.draft
    if draft is None:
        raise LookupError(f"case {scene.case.id} is {scene.case.state} without a draft")
    return draft


def _owner(scene: _Scene) -> tuple[str, ...]:
    return (scene.case.owner,) if scene.case.owner else ()


def _subject(version: int) -> str:
    return f"draft:{version}"


def _new_draft(scene: _Scene, fitted: Fitted, *, author: str, source: DraftSource, visibility: Visibility) -> Draft:
    latest = scene.file.draft
    return Draft(
        id="",
        case_id=scene.case.id,
        version=(latest.version if latest else 0) + 1,
        mention_id=scene.file.mention.id,
        author=author,
        source=source,
        text=fitted.text,
        parts=list(fitted.parts),
        visibility=visibility,
        hash=text_hash(fitted.parts, visibility),
        warnings=[sentence_payload(warning) for warning in fitted.warnings],
        state=DraftState.PENDING,
        context_version=scene.case.context_version,
        submitted_at=scene.at,
    )


def _decided(
    scene: _Scene, draft: Draft, state: DraftState, verdict: Verdict | None, *,
    reason: str | None = None, forbid_author: bool = False, first_approver: str | None = None,
) -> DraftDecided:
    return DraftDecided(
        draft_id=draft.id, state=state, was=draft.state, version=draft.version, hash=draft.hash, decided_by=scene.actor, reason=reason,
        verdict=verdict, context_version=scene.case.context_version if verdict is not None else None,
        forbid_author=scene.actor if forbid_author and scene.rules.four_eyes else None, first_approver=first_approver,
    )


def _supersede(scene: _Scene, plan: Plan) -> None:
    draft = scene.file.draft
    if draft is not None and draft.state is DraftState.PENDING:
        plan.decided.append(_decided(scene, draft, DraftState.SUPERSEDED, None))


def _show_for_approval(scene: _Scene, plan: Plan, *, channels: tuple[str, ...] = ()) -> None:
    if plan.new_draft is None:
        raise LookupError("nothing to show for approval")
    for channel in channels or (scene.rules.approval_channel,):
        plan.cards.append(CardWanted(EffectKind.APPROVAL, channel, subject=_subject(plan.new_draft.version)))


def _send(scene: _Scene, plan: Plan, parts: Sequence[str]) -> None:
    account = scene.case.account
    leaves_at = scene.at + timedelta(seconds=scene.rules.undo_seconds)
    for part in range(len(parts)):
        plan.intents.append(Intent(
            EffectKind.REPLY, account, f"account:{account}", lane=f"reply:{scene.case.id}", priority=2,
            not_before=leaves_at, part=part, of_review=True,
        ))


def _void(scene: _Scene, told: Sentence, *, parts_sent: int = 0, context: int | None = None) -> Plan:
    """Take an approval back: its waiting replies are recalled and the same text stands for approval again."""
    draft = _draft(scene)
    parts = draft.parts[parts_sent:]
    renewed = Draft(
        **{name: getattr(draft, name) for name in ("case_id", "mention_id", "author", "edited_by", "visibility", "warnings")},
        id="", version=draft.version + 1, based_on=draft.version, source=DraftSource.RENEWED, parts=parts,
        text=draft.text if parts_sent == 0 else "\n".join(parts), hash=text_hash(parts, draft.visibility), state=DraftState.PENDING,
        context_version=context or scene.case.context_version, submitted_at=scene.at,
    )
    plan = Plan(
        changes={"notice": sentence_payload(told)},
        new_draft=renewed,
        decided=[DraftDecided(
            draft.id, DraftState.VOID, draft.state, draft.version, draft.hash, draft.decided_by, reason=str(told),
        )],
        recall=draft.id,
    )
    _show_for_approval(scene, plan)
    _tell(scene, plan, Note(told, to=(draft.author,)))
    return plan


def _tell(scene: _Scene, plan: Plan, note: Note) -> None:
    """Put a message into the thread of every card of the case."""
    for card in scene.file.cards:
        if card.kind.value == EffectKind.CARD.value:
            plan.intents.append(Intent(EffectKind.THREAD, card.channel, card.channel, lane=f"card:{card.id}", priority=4, payload=note.payload() | {"card": card.id}))


# --- the row of the table, applied ----------------------------------------------------------------------------------------


def _decision(scene: _Scene, command: type[c.Command], row: Transition, plan: Plan) -> Decision:
    case, at = scene.case, scene.at
    stay = plan.stay and row.or_stay
    to = case.state if stay else row.target(case.state)
    stopped, started = ([], []) if stay else _clocks(scene, row, command)
    details = dict(plan.details)
    if stopped:
        details["stopped"] = [[clock.step.value, clock.cycle, clock.outcome.value] for clock in stopped]
    if started:
        details["started"] = [[clock.step.value, clock.cycle] for clock in started]
    if plan.new_draft is not None:
        details["draft"] = plan.new_draft.version
    return Decision(
        act=command.__name__, actor=scene.actor, at=at, from_state=case.state, to_state=to,
        changes=plan.changes | {"state": to, "version": case.version + 1, "last_at": at},
        details=details, stopped=tuple(stopped), started=tuple(started), new_draft=plan.new_draft, decided=tuple(plan.decided),
        intents=tuple(plan.intents), cards=tuple(plan.cards), timers=tuple(plan.timers), cancel_timers=tuple(plan.cancel_timers),
        recall=plan.recall, recall_all=plan.recall_all, check=plan.check, check_state=plan.check_state, said=plan.said,
    )


def _clocks(scene: _Scene, row: Transition, command: type[c.Command]) -> tuple[list[ClockStopped], list[ClockStarted]]:
    file, at = scene.file, scene.at
    stopped: list[ClockStopped] = []
    skipped = _steps_taken_at_once(file, command)
    for step in (*row.stops, *row.drops):
        outcome = StepOutcome.DONE if step in row.stops else StepOutcome.CANCELLED
        if (clock := file.running(step)) is not None:
            stopped.append(ClockStopped(
                step, clock.cycle, clock.started_at, at, outcome, (at - clock.started_at).total_seconds(),
                float(scene.rules.calendar.elapsed(clock.started_at, at)),
            ))
        elif step in skipped and step in row.stops:
            stopped.append(ClockStopped(step, _next_cycle(file, step), at, at, outcome, 0.0, 0.0, is_new=True, department=scene.case.department))
    ending = {clock.step for clock in stopped}
    started = [
        ClockStarted(step, _next_cycle(file, step), at, scene.rules.due(step, at), scene.case.department)
        for step in row.starts
        if file.running(step) is None or step in ending
    ]
    return stopped, started


def _steps_taken_at_once(file: CaseFile, command: type[c.Command]) -> frozenset[Step]:
    """Return the steps that an act did in no time: a claim before the card was confirmed, an answer without a claim."""
    unseen = file.running(Step.ROUTE) is not None
    if command is c.Claim:
        return frozenset({Step.ACKNOWLEDGE}) if unseen else frozenset()
    if command is c.SubmitDraft and file.case.state in OPEN_STATES and file.running(Step.ANSWER) is None:
        return frozenset({Step.ACKNOWLEDGE, Step.ANSWER}) if unseen else frozenset({Step.ANSWER})
    return frozenset()


def _next_cycle(file: CaseFile, step: Step) -> int:
    latest = file.latest(step)
    return (latest.cycle if latest else 0) + 1
