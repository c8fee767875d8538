"""Cases in every state, commands of every kind and people of every role, made of plain values."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from escalation import commands as c
from escalation.business_time import ALWAYS
from escalation.casefile import Addressee, CaseFile, Fitted, PolicyChosen, RouteMatch, Rules
from escalation.decide import SYSTEM, text_hash
from escalation.ladder import Timing, rungs
from escalation.language import say
from escalation.ports import Capabilities
from models.case import Case, Draft
from models.clocks import StepClock
from models.mention import Author, Mention
from models.outbox import Card, Effect
from models.vocabulary import (
    CardKind,
    CaseState,
    DismissReason,
    DraftSource,
    DraftState,
    EffectKind,
    EffectState,
    Idempotency,
    NetworkAct,
    PauseReason,
    Priority,
    Step,
    StepOutcome,
    Visibility,
)

POSTED = datetime(2026, 3, 2, 8, 59, 50, tzinfo=UTC)
RECEIVED = POSTED + timedelta(seconds=10)
LAST = RECEIVED + timedelta(minutes=10)
NOW = LAST + timedelta(minutes=1)

POLICY = {
    "ladder": [
        {"percent": 80, "after_seconds": 0, "ping": "owner"},
        {"percent": 100, "after_seconds": 0, "ping": "manager"},
    ]
}
PARTS = ["@ada It is in your inbox."]
SEEN = c.DraftSeen(1, text_hash(PARTS, Visibility.PUBLIC), 1)

COLLEAGUE, AUTHOR, APPROVER, SECOND, MANAGER, STRANGER = "bruno", "anna", "carla", "lea", "marta", "dario"
ACTORS = (COLLEAGUE, AUTHOR, APPROVER, SECOND, MANAGER, STRANGER, SYSTEM)

COMMANDS: tuple[c.Command, ...] = (
    c.Claim(),
    c.SubmitDraft("It is in your inbox.", DraftSource.DIALOG),
    c.SubmitDraft("It is in your inbox.", DraftSource.THREAD, privately=True),
    c.SubmitDraft("   ", DraftSource.FIELD),
    c.Approve(SEEN),
    c.Approve(c.DraftSeen(1, "another hash", 1)),
    c.Approve(c.DraftSeen(7, SEEN.hash, 1)),
    c.Approve(c.DraftSeen(1, SEEN.hash, 9)),
    c.EditAndSend(SEEN, "It is on its way."),
    c.EditAndSend(SEEN, "It is in your inbox."),
    c.SendBack(SEEN, "Say when."),
    c.SendBack(SEEN, ""),
    c.Reject(SEEN, "Wrong."),
    c.MakePrivate(SEEN),
    c.LikeOnly(SEEN),
    c.Undo(),
    c.Reassign("product"),
    c.Reassign("nowhere"),
    c.NotOurs(),
    c.Dismiss(DismissReason.NO_REPLY_NEEDED),
    c.Dismiss(DismissReason.SPAM),
    c.Snooze(NOW + timedelta(hours=1)),
    c.Snooze(NOW - timedelta(hours=1)),
    c.Perform(NetworkAct.LIKE),
    c.Perform(NetworkAct.HIDE),
    c.ConfirmPosted(),
    c.ConfirmPartPosted(),
    c.ConfirmNotPosted(),
    c.CustomerWrote("m1"),
    c.CustomerEdited("m1"),
    c.CustomerDeleted("m1"),
    c.CardShown(),
    c.Wake(),
    c.QuietPeriodPassed(),
    c.Delivered("out-1", "https://x.example/1", 1),
    c.Undeliverable("rude", say("The network refused it: {why}", why="rude"), 0),
    c.Delayed("busy", NOW + timedelta(minutes=1)),
    c.Doubtful("timeout"),
    c.ProvenAbsent(),
    c.VoidApproval(),
    c.CheckNeeded("timeout"),
    c.Snooze(NOW + timedelta(days=2), PauseReason.WAITING_CUSTOMER),
    c.TakeOver(),
    c.ReleaseClaim(),
    c.TargetsDue(),
    c.AcknowledgePing("g1", "c8", 0),
    c.MutePings("c8", "The bank is closed."),
    c.MutePings("c8", " "),
    c.Recompute(),
)

_RUNNING = {
    CaseState.WAITING_ANSWER: (Step.ACKNOWLEDGE, Step.FIRST_RESPONSE, Step.RESOLUTION),
    CaseState.SNOOZED: (Step.ANSWER, Step.FIRST_RESPONSE, Step.RESOLUTION),
    CaseState.IN_REVIEW: (Step.APPROVE, Step.FIRST_RESPONSE, Step.RESOLUTION),
    CaseState.RELAYING: (Step.RELAY, Step.FIRST_RESPONSE, Step.RESOLUTION),
    CaseState.NEEDS_CHECK: (Step.RELAY, Step.FIRST_RESPONSE, Step.RESOLUTION),
    CaseState.ANSWERED: (Step.RESOLUTION,),
    CaseState.DISMISSED: (),
    CaseState.CLOSED: (),
}
_WITH_DRAFT = frozenset(CaseState) - {CaseState.WAITING_ANSWER, CaseState.SNOOZED, CaseState.DISMISSED}
_REPLY_STATES = {CaseState.RELAYING: EffectState.READY, CaseState.NEEDS_CHECK: EffectState.NEEDS_CHECK}


def a_file(state: CaseState, *, reply: EffectState | None = None, parts: int = 1, **case: object) -> CaseFile:
    """A case as it stands in a state, with the clocks that run in it and the draft that belongs to it."""
    values = {
        "id": "case1", "account": "acme", "network": "plain", "thread_id": "t1", "author_id": "a1", "state": state,
        "visibility": Visibility.PUBLIC, "priority": Priority.NORMAL, "department": "billing", "route": {"route": 2},
        "policy": "standard", "policy_digest": "d", "version": 7, "posted_at": POSTED, "received_at": RECEIVED,
        "last_at": LAST,
        "owner": AUTHOR if state in _WITH_DRAFT else None,
        "dismiss_reason": DismissReason.NO_REPLY_NEEDED if state is CaseState.DISMISSED else None,
    }  # fmt: skip
    author = Author(id="a1", network="plain", external_id="ada-1", name="Ada", handle="ada", first_seen_at=RECEIVED)
    mention = Mention(
        id="m1", case_id="case1", account="acme", external_id="p1", author_id="a1", visibility=Visibility.PUBLIC,
        text="Where is my invoice?", posted_at=POSTED, received_at=RECEIVED,
    )  # fmt: skip
    drafts, replies = [], []
    if state in _WITH_DRAFT:
        texts = PARTS if parts == 1 else [f"@ada Part ({n}/{parts})" for n in range(1, parts + 1)]
        drafts = [a_draft(texts, DraftState.PENDING if state is CaseState.IN_REVIEW else DraftState.APPROVED)]
        if state is not CaseState.IN_REVIEW:
            replies = [an_effect(part, reply or _REPLY_STATES.get(state, EffectState.SENT)) for part in range(parts)]
    card = Card(
        id="k1",
        case_id="case1",
        kind=CardKind.CARD,
        channel="slack:C0BILLING",
        department="billing",
        created_at=RECEIVED,
    )
    return CaseFile(Case(**(values | case)), author, [mention], drafts, list(clocks(state)), [card], replies)


def a_draft(parts: list[str], state: DraftState, **values: object) -> Draft:
    decided = {} if state is DraftState.PENDING else {"decided_by": APPROVER, "decided_at": LAST}
    base = {
        "id": "d1", "case_id": "case1", "version": 1, "mention_id": "m1", "author": AUTHOR,
        "source": DraftSource.DIALOG,
        "text": "It is in your inbox.", "parts": parts, "visibility": Visibility.PUBLIC,
        "hash": text_hash(parts, Visibility.PUBLIC), "state": state, "context_version": 1, "submitted_at": LAST,
    }  # fmt: skip
    return Draft(**(base | decided | values))


def an_effect(part: int, state: EffectState) -> Effect:
    return Effect(
        id=f"e{part}", case_id="case1", kind=EffectKind.REPLY, target="acme", pace="account:acme", lane="reply:case1",
        sequence=100 + part, part=part, draft_id="d1", review_id="r1", state=state, not_before=LAST, created_at=LAST,
    )  # fmt: skip


def clocks(state: CaseState) -> Iterator[StepClock]:
    """The clocks of a case in a state: what runs runs since the last decision, what came before is over."""
    running = _RUNNING[state]
    for number, step in enumerate(Step):
        customers = step in {Step.DETECT, Step.FIRST_RESPONSE, Step.RESOLUTION}
        start = POSTED if customers else (LAST if step in running else RECEIVED)
        over = {} if step in running else {"ended_at": LAST, "outcome": StepOutcome.DONE}
        if step in {Step.NEXT_RESPONSE, Step.REPLY_WINDOW}:
            continue  # the customer has written once, on a network without a reply window
        yield StepClock(
            id=f"c{number}", case_id="case1", step=step, cycle=1, department="billing", started_at=start, **over
        )


def rules(**changes: object) -> Rules:
    """Rules in which every actor has the role that the constants above name."""

    def fit(text: str, author: str, visibility: Visibility) -> Fitted:
        if not text.strip():
            return Fitted(text, (), (), say("The answer is empty. Write what the customer shall read."))
        return Fitted(text, (f"@ada {text}",), (len(text) + 5,))

    values = {
        "is_colleague": lambda member: member in {COLLEAGUE, AUTHOR, APPROVER, MANAGER},
        "is_approver": lambda member: member in {APPROVER, AUTHOR},
        "is_second_approver": lambda member: member == SECOND,
        "is_deputy": lambda member: False,
        "is_manager": lambda member: member == MANAGER,
        "name": str.title,
        "label": str.title,
        "departments": {"billing": "Billing", "product": "Product"},
        "next_route": lambda: RouteMatch("product", (), "standard", "normal", {"route": 3}),
        "fit": fit,
        "timing": lambda step, department: a_timing(step),
        "timing_of": lambda clock: a_timing(clock.step),
        "route_to": lambda department: RouteMatch(department, (), "standard", "normal", {"route": 3}),
        "policy_of": lambda match: PolicyChosen("standard", "e", POLICY),
        "timing_under": lambda policy, step, department: a_timing(step),
        "timing_today": lambda step, department: a_timing(step),
        "policy_today": lambda: PolicyChosen("standard", "e", POLICY),
        "addressees": lambda role, file, clock, duty, at: (Addressee(f"member:{role}", (role,)),),
        "reachable": lambda addressee, rung, duty, at: at,
        "longest_pause": {PauseReason.SNOOZED: 30 * 86_400, PauseReason.WAITING_CUSTOMER: 14 * 86_400},
        "capabilities": Capabilities(
            ingest=frozenset({"poll"}), idempotency=Idempotency.LOOKUP, limit=280, unit="letters", private_reply=True,
            acts=frozenset({NetworkAct.LIKE}),
        ),
        "channels": {"billing": "slack:C0BILLING", "product": "slack:C0PRODUCT"},
        "approval_channel": "slack:C0APPROVE",
        "managers_channel": "slack:C0MANAGERS",
        "undo_seconds": 5,
        "close_after_seconds": 86_400,
    }  # fmt: skip
    return Rules(**(values | changes))


def a_timing(step: Step) -> Timing:
    """An hour for everything, told of at four fifths of it and at its end; the network has no reply window."""
    target = None if step is Step.REPLY_WINDOW else 3_600
    return Timing(ALWAYS, target, rungs(POLICY, step, target))


def second() -> Rules:
    """Rules of a route that wants a second approval."""
    return rules(second_approval=(SECOND,), second_channels=("slack:C0LEGAL",))


def everything() -> Iterator[tuple[CaseState, c.Command, str]]:
    """Every state with every command by everybody."""
    yield from itertools.product(CaseState, COMMANDS, ACTORS)
