"""One plan per command: what it adds to its row of the lifecycle table. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from escalation import commands as c
from escalation.decision import Refusal
from escalation.plans import answering, customer, delivery, reviewing, taking_up, targets
from escalation.plans.scene import Plan, Scene

PLANS: Mapping[type[c.Command], Callable[[Scene, Any], Plan | Refusal | None]] = {
    c.CardShown: taking_up.card_shown,
    c.Claim: taking_up.claim,
    c.Reassign: taking_up.reassign,
    c.NotOurs: taking_up.not_ours,
    c.Dismiss: taking_up.dismiss,
    c.Snooze: taking_up.snooze,
    c.Wake: taking_up.wake,
    c.TakeOver: taking_up.take_over,
    c.ReleaseClaim: taking_up.release_claim,
    c.Perform: taking_up.perform,
    c.SubmitDraft: answering.submit,
    c.Approve: reviewing.approve,
    c.EditAndSend: reviewing.edit_and_send,
    c.SendBack: reviewing.send_back,
    c.Reject: reviewing.reject,
    c.MakePrivate: reviewing.make_private,
    c.LikeOnly: reviewing.like_only,
    c.Undo: reviewing.undo,
    c.CustomerWrote: customer.wrote,
    c.CustomerEdited: customer.edited,
    c.CustomerDeleted: customer.deleted,
    c.Delivered: delivery.delivered,
    c.Undeliverable: delivery.undeliverable,
    c.VoidApproval: delivery.void_approval,
    c.Delayed: delivery.delayed,
    c.Doubtful: delivery.doubtful,
    c.ProvenAbsent: delivery.proven_absent,
    c.CheckNeeded: delivery.check_needed,
    c.ConfirmPosted: delivery.confirmed,
    c.ConfirmPartPosted: delivery.confirmed_part,
    c.ConfirmNotPosted: delivery.not_posted,
    c.QuietPeriodPassed: delivery.quiet,
    c.TargetsDue: targets.due,
    c.AcknowledgePing: targets.acknowledge,
    c.MutePings: targets.mute,
    c.Recompute: targets.recompute,
}
