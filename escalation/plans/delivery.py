"""Plans for what became of an approved reply, as the courier or a person found out."""

from datetime import datetime, timedelta

from escalation import commands as c
from escalation.decision import Intent, TimerSet
from escalation.language import say
from escalation.notes import Note, sentence_payload
from escalation.plans.drafts import parts_sent, void
from escalation.plans.scene import Plan, Scene
from models.mention import Mention
from models.vocabulary import EffectKind, EffectState, TimerKind, VoidReason


def delivered(scene: Scene, command: c.Delivered) -> Plan:
    """Note that the whole reply stands on the network."""
    plan = Plan(
        changes={"answered_at": scene.at, "notice": None},
        details={"external_id": command.external_id, "parts": command.parts},
    )
    _answered(scene, plan)
    sent = say("Sent. The customer can read the reply now.")
    plan.tell(scene, Note(sent, to=(scene.draft.author,), url=command.url))
    return plan


def _answered(scene: Scene, plan: Plan) -> None:
    closes_at = scene.at + timedelta(seconds=scene.rules.close_after_seconds)
    plan.timers.append(TimerSet(TimerKind.CLOSE, closes_at))
    plan.cancel_timers.append(TimerKind.CLOSE)
    if unanswered := _oldest_since(scene, scene.draft.decided_at):
        plan.then = c.CustomerWrote(unanswered.id)


def _oldest_since(scene: Scene, approved_at: datetime | None) -> Mention | None:
    """Return the oldest message that came while the reply was on its way, so that the reply does not answer it."""
    if approved_at is None:
        return None
    since = (one for one in scene.file.mentions if one.received_at > approved_at and one.deleted_at is None)
    return min(since, key=lambda one: one.posted_at, default=None)


def undeliverable(scene: Scene, command: c.Undeliverable) -> Plan:
    """Put up for approval again what the network will not take, made to fit the limits that it has by now."""
    told = command.explanation
    if command.parts_sent:
        told = say(
            "Part {sent} of {parts} is public; the rest was refused. {why}",
            sent=command.parts_sent,
            parts=len(scene.draft.parts),
            why=told,
        )
    because = VoidReason.REFUSED_IN_PART if command.parts_sent else VoidReason.REFUSED
    fitted = scene.rules.fit(scene.draft.text, scene.draft.author, scene.draft.visibility)
    refit = fitted if not command.parts_sent and fitted.problem is None else None
    plan = void(scene, because, told, already_sent=command.parts_sent, refit=refit)
    plan.recall_all = False
    plan.details["reason"] = command.reason
    return plan


def void_approval(scene: Scene, _: c.VoidApproval) -> Plan:
    """Take back an approval that the conversation has overtaken before anything left."""
    told = say("The approval is void: the customer changed the conversation after it.")
    plan = void(scene, VoidReason.CONVERSATION_CHANGED, told, already_sent=parts_sent(scene))
    plan.recall_all = False
    return plan


def delayed(scene: Scene, command: c.Delayed) -> Plan | None:
    """Say that it is tried again by itself; the same reason is told once."""
    notice = sentence_payload(
        say(
            "Approved, but the network does not take it yet ({reason}). It is tried again by itself.",
            reason=command.reason,
        )
    )
    if scene.case.notice == notice:
        return None
    return Plan(changes={"notice": notice}, details={"reason": command.reason, "until": command.until.isoformat()})


def doubtful(_: Scene, command: c.Doubtful) -> Plan:
    """Say that nobody knows yet whether it went out."""
    notice = say("Not sure that the reply went out; the network is being asked before anything is sent again.")
    return Plan(changes={"notice": sentence_payload(notice)}, details={"reason": command.reason})


def proven_absent(_: Scene, __: c.ProvenAbsent) -> Plan:
    """Note that it surely did not go out and is sent again."""
    return Plan(changes={"notice": None})


def check_needed(scene: Scene, command: c.CheckNeeded) -> Plan:
    """Ask a person to look."""
    notice = say("Nobody can tell from here whether the reply went out. Please look on the network and say so below.")
    channel = scene.rules.approval_channel
    ping = Intent(EffectKind.PING, channel, channel, priority=1, payload=Note(notice).payload())
    return Plan(changes={"notice": sentence_payload(notice)}, details={"reason": command.reason}, intents=[ping])


def confirmed(scene: Scene, _: c.ConfirmPosted) -> Plan:
    """Note that a person found the whole reply."""
    plan = Plan(changes={"notice": None, "answered_at": scene.at}, check=scene.draft.id, check_state=EffectState.SENT)
    _answered(scene, plan)
    found = say("{who} found the reply on the network.", who=scene.rules.name(scene.actor))
    plan.tell(scene, Note(found, to=(scene.draft.author,)))
    return plan


def confirmed_part(scene: Scene, _: c.ConfirmPartPosted) -> Plan:
    """Note that a person found one part; the next one leaves now."""
    return Plan(changes={"notice": None}, check=scene.draft.id, check_state=EffectState.SENT)


def not_posted(scene: Scene, _: c.ConfirmNotPosted) -> Plan:
    """Send again what a person has looked for in vain."""
    return Plan(
        changes={"notice": None},
        check=scene.draft.id,
        check_state=EffectState.READY,
        said=say("It will be sent again."),
    )


def quiet(scene: Scene, _: c.QuietPeriodPassed) -> Plan:
    """Close a case whose customer has nothing more to say."""
    return Plan(changes={"closed_at": scene.at})
