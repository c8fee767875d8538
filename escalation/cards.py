"""From a case to what colleagues see of it. Pure: the same case at the same moment gives the same cards."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from escalation.casefile import CaseFile
from escalation.comparison import word_diff
from escalation.language import Ago, Sentence, joined, say
from escalation.notes import Note, sentence_of
from escalation.ports import Capabilities
from escalation.steps import STEP_LABELS, steps, window_notice
from escalation.views import (
    Act,
    Action,
    ApprovalView,
    Attachment,
    CardView,
    DetailsView,
    DiffPiece,
    Event,
    Excerpt,
    NoteView,
    Post,
)
from escalation.wording import UNITS
from models.case import Case, Draft, JournalEntry
from models.clocks import Timer
from models.outbox import Card, Effect
from models.vocabulary import (
    CaseState,
    DismissReason,
    DraftState,
    EffectState,
    NetworkAct,
    PauseReason,
    Priority,
    TimerKind,
    Visibility,
    VoidReason,
)

CONTEXT_MESSAGES = 4

_PRIORITIES: Mapping[Priority, Sentence | None] = {
    Priority.LOW: say("low priority"),
    Priority.NORMAL: None,
    Priority.HIGH: say("high priority"),
    Priority.URGENT: say("URGENT"),
}


@dataclass(frozen=True)
class Shown:
    """What a view needs beyond the case itself. ``name`` and ``label`` are how people call members and departments."""

    name: Callable[[str], str]
    label: Callable[[str], str]
    network: str
    brand: str
    capabilities: Capabilities
    count: Callable[[str], int]
    now: datetime
    frozen_by: str | None = None
    second_approval: bool = False


def card_view(file: CaseFile, card: Card, shown: Shown) -> CardView:
    """Return the department's card."""
    case = file.case
    moved = card.department is not None and card.department not in {case.department, *case.also}
    return CardView(
        case_id=case.id,
        case_version=case.version,
        headline=headline(file, shown),
        post=post(file, shown),
        status=say("Moved to {department}.", department=shown.label(case.department)) if moved else status(file, shown),
        route=route_reason(case.route, shown.label(case.department)),
        priority=_PRIORITIES[case.priority],
        owner=shown.name(case.owner) if case.owner else None,
        steps=steps(file, shown.now),
        notices=() if moved else notices(file, shown),
        actions=() if moved else _card_actions(file, shown),
        answer_field=not moved and case.state in {CaseState.WAITING_ANSWER, CaseState.SNOOZED},
        field_key=f"{case.round}.{len(file.drafts)}",
        moved=moved,
    )


def approval_view(file: CaseFile, draft: Draft, shown: Shown) -> ApprovalView:
    """Return the approvals card of one draft."""
    base = file.draft_version(draft.based_on) if draft.based_on else None
    changed = base is not None and base.text != draft.text
    sent = [effect for effect in file.replies if effect.draft_id == draft.id and effect.state is EffectState.SENT]
    return ApprovalView(
        case_id=file.case.id,
        case_version=file.case.version,
        draft_version=draft.version,
        draft_hash=draft.hash,
        context_version=file.case.context_version,
        headline=say(
            "Answer no. {number} to {author} on {network}",
            number=draft.version,
            author=file.author.name,
            network=shown.network,
        ),
        post=post(file, shown, without=draft),
        author=shown.name(draft.author),
        edited_by=shown.name(draft.edited_by) if draft.edited_by else None,
        title=draft_title(file, draft),
        parts=tuple(draft.parts),
        counts=tuple(shown.count(part) for part in draft.parts),
        limit=shown.capabilities.limit,
        unit=UNITS[shown.capabilities.unit],
        private=draft.visibility is Visibility.PRIVATE,
        status=draft_status(file, draft, shown),
        warnings=tuple(sentence_of(warning) for warning in draft.warnings),
        steps=steps(file, shown.now),
        diff=word_diff(base.text, draft.text) if changed and base else (),
        reason=draft_reason(draft),
        notices=notices(file, shown) if draft is file.draft else (),
        actions=_approval_actions(file, draft, shown),
        reply_url=sent[-1].url if sent and sent[-1].url else None,
    )


def note_view(note: Note, file: CaseFile | None) -> NoteView:
    """Return a thread message or ping, with the texts it points to."""
    diff: tuple[DiffPiece, ...] = ()
    quote = None
    if file is not None:
        if note.diff is not None:
            before, after = (file.draft_version(version) for version in note.diff)
            diff = word_diff(before.text, after.text) if before and after else ()
        quote = next((mention.text for mention in file.mentions if mention.id == note.quote), None)
    return NoteView(note.sentence, file.case.id if file else None, note.to, diff, quote, note.url)


def details_view(
    file: CaseFile, journal: Sequence[JournalEntry], effects: Sequence[Effect], shown: Shown
) -> DetailsView:
    """Return the timeline of a case, oldest first, with the reason of each due time."""
    events = [Event(entry.at, shown.name(entry.actor), journal_line(entry, shown)) for entry in journal]
    reasons = [
        say(
            "{step}: due {due}, {target} after {start}.",
            step=STEP_LABELS[clock.step],
            due=clock.due_at,
            target=clock.due_at - clock.started_at,
            start=clock.started_at,
        )
        for clock in file.clocks
        if clock.due_at is not None and clock.ended_at is None
    ]
    parked = [
        effect
        for effect in effects
        if effect.state in {EffectState.PARKED, EffectState.NEEDS_CHECK, EffectState.UNKNOWN}
    ]
    reasons += [
        say(
            "An effect waits: {kind}, {state}, {reason}.",
            kind=effect.kind.value,
            state=effect.state.value,
            reason=effect.reason or "",
        )
        for effect in parked
    ]
    return DetailsView(file.case.id, headline(file, shown), events, steps(file, shown.now), reasons)


def timer_line(timer: Timer) -> Sentence:
    """Return what happens by itself when a timer is due."""
    if timer.kind is TimerKind.WAKE:
        return say("The case comes back from its snooze.")
    return say("The case is closed if the customer has not written again by then.")


# --- sentences --------------------------------------------------------------------------------------------------------


def headline(file: CaseFile, shown: Shown) -> Sentence:
    """Return who wrote where; the first line of a card and of its notification."""
    return say(
        "{author} wrote to {brand} on {network}", author=file.author.name, brand=shown.brand, network=shown.network
    )


def status(file: CaseFile, shown: Shown) -> Sentence:
    """Return where the case stands, in words."""
    case, draft = file.case, file.draft
    author = shown.name(draft.author) if draft else ""
    match case.state:
        case CaseState.WAITING_ANSWER if draft and draft.state is DraftState.SENT_BACK and case.owner:
            return say("Sent back to {who}: {reason}", who=shown.name(case.owner), reason=draft.reason or "")
        case CaseState.WAITING_ANSWER if case.owner:
            return say("{who} is answering.", who=shown.name(case.owner))
        case CaseState.WAITING_ANSWER:
            return say("Waiting for somebody to claim it.")
        case CaseState.SNOOZED:
            return paused(case, shown)
        case CaseState.IN_REVIEW:
            return say("The answer by {who} waits for approval.", who=author)
        case CaseState.RELAYING:
            return say(
                "Approved by {who}; on its way.", who=shown.name(draft.decided_by) if draft and draft.decided_by else ""
            )
        case CaseState.NEEDS_CHECK:
            return say("Sent? Somebody has to look.")
        case CaseState.ANSWERED:
            return say(
                "Answered by {who}, approved by {approver}.",
                who=author,
                approver=shown.name(draft.decided_by) if draft and draft.decided_by else "",
            )
        case CaseState.DISMISSED:
            return _dismissed(case.dismiss_reason)
        case _:
            return say("Closed.")


def paused(case: Case, shown: Shown) -> Sentence:
    """Return why and until when a case stands still."""
    until = case.snoozed_until or shown.now
    if case.pause_reason is PauseReason.WAITING_CUSTOMER:
        return say("Waiting for the customer, until {until} at the latest.", until=until)
    return say("Snoozed until {until}.", until=until)


def _dismissed(reason: DismissReason | None) -> Sentence:
    if reason is DismissReason.SPAM:
        return say("Closed as spam.")
    return say("Liked instead of a reply.") if reason is DismissReason.LIKED else say("Closed: no reply needed.")


def draft_status(file: CaseFile, draft: Draft, shown: Shown) -> Sentence:
    """Return what became of one draft, in words."""
    who = shown.name(draft.decided_by) if draft.decided_by else ""
    when = Ago(draft.decided_at or draft.submitted_at)
    match draft.state:
        case DraftState.PENDING if draft.first_approver:
            return say("Approved by {who}; the second approval is still needed.", who=shown.name(draft.first_approver))
        case DraftState.PENDING:
            return say("Waits for approval. Written by {who}.", who=shown.name(draft.author))
        case DraftState.APPROVED if draft is file.draft and file.case.state is CaseState.RELAYING:
            return say("{who} approved this {ago}; on its way.", who=who, ago=when)
        case DraftState.APPROVED if draft is file.draft and file.case.state is CaseState.NEEDS_CHECK:
            return say("Approved by {who}. Sent? Somebody has to look.", who=who)
        case DraftState.APPROVED:
            return say("Sent. Approved by {who} {ago}.", who=who, ago=when)
        case DraftState.SENT_BACK:
            return say("Sent back by {who} {ago}.", who=who, ago=when)
        case DraftState.REJECTED:
            return say("Rejected by {who} {ago}.", who=who, ago=when)
        case DraftState.VOID:
            return say("This approval is void.")
        case _:
            return say("A newer version of this answer stands below.")


def draft_title(file: CaseFile, draft: Draft) -> Sentence:
    """Return what a draft's text is by now: to be published, published, or never to be."""
    sent = any(effect.draft_id == draft.id and effect.state is EffectState.SENT for effect in file.replies)
    match draft.state:
        case DraftState.APPROVED if draft is file.draft and file.case.state is CaseState.NEEDS_CHECK:
            return say("Perhaps published")
        case DraftState.APPROVED if draft is not file.draft or file.case.state is not CaseState.RELAYING:
            return say("Published")
        case DraftState.SENT_BACK:
            return say("Sent back")
        case DraftState.REJECTED:
            return say("Rejected")
        case DraftState.SUPERSEDED:
            return say("Replaced")
        case DraftState.VOID if sent:
            return say("Void, published in part")
        case DraftState.VOID:
            return say("Void")
        case _:
            return say("Text to be published")


_VOID_REASONS: Mapping[str, Sentence] = {
    VoidReason.UNDONE: say("The approval was undone."),
    VoidReason.CUSTOMER_WROTE: say("The customer wrote again."),
    VoidReason.CUSTOMER_EDITED: say("The customer changed the post."),
    VoidReason.CUSTOMER_DELETED: say("The customer deleted the post."),
    VoidReason.CONVERSATION_CHANGED: say("The customer changed the conversation after the approval."),
    VoidReason.REFUSED: say("The network refused the reply."),
    VoidReason.REFUSED_IN_PART: say("The network took the first part of the reply and refused the rest."),
}


def draft_reason(draft: Draft) -> str | Sentence | None:
    """Return why a draft was not published: the reviewer's own words, or a sentence of ours for a void approval."""
    if draft.state is DraftState.VOID:
        return _VOID_REASONS.get(draft.reason or "", draft.reason)
    return draft.reason if draft.state in {DraftState.SENT_BACK, DraftState.REJECTED} else None


def notices(file: CaseFile, shown: Shown) -> tuple[Sentence, ...]:
    """Return what must not be overlooked."""
    found: list[Sentence] = []
    if shown.frozen_by is not None and file.case.state in {
        CaseState.WAITING_ANSWER,
        CaseState.IN_REVIEW,
        CaseState.RELAYING,
    }:
        found.append(say("FROZEN by {who}: nothing leaves until it is released.", who=shown.name(shown.frozen_by)))
    if file.case.notice is not None:
        found.append(sentence_of(file.case.notice))
    if file.mention.deleted_at is not None:
        found.append(say("The customer deleted the post."))
    if (closing := window_notice(file, network=shown.network, now=shown.now)) is not None:
        found.append(closing)
    return tuple(found)


def route_reason(route: Mapping[str, object], department: str) -> Sentence:
    """Return why the case came to this department."""
    if route.get("by") == "hand":
        return say("Moved to {department} by hand.", department=department)
    for key, sentence in (
        (
            "word",
            say("To {department}, because it says “{value}”.", department=department, value=str(route.get("word"))),
        ),
        (
            "account",
            say("To {department}, because it came to {value}.", department=department, value=str(route.get("account"))),
        ),
        (
            "network",
            say(
                "To {department}, because it came from {value}.", department=department, value=str(route.get("network"))
            ),
        ),
        (
            "language",
            say(
                "To {department}, because it is written in {value}.",
                department=department,
                value=str(route.get("language")),
            ),
        ),
        (
            "followers",
            say(
                "To {department}, because the author has {value} followers.",
                department=department,
                value=str(route.get("followers")),
            ),
        ),
        (
            "visibility",
            say("To {department}, because it is {value}.", department=department, value=str(route.get("visibility"))),
        ),
    ):
        if key in route:
            return sentence
    return say("To {department}, the default.", department=department)


_JOURNAL: Mapping[str, Sentence] = {
    "OpenCase": say("received"),
    "CardShown": say("card shown"),
    "Claim": say("claimed"),
    "SubmitDraft": say("submitted an answer"),
    "Approve": say("approved"),
    "EditAndSend": say("changed and approved"),
    "SendBack": say("sent back"),
    "Reject": say("rejected"),
    "MakePrivate": say("made it private"),
    "LikeOnly": say("liked instead of replying"),
    "Undo": say("undid the approval"),
    "Reassign": say("moved it to another department"),
    "NotOurs": say("said it is not theirs"),
    "Dismiss": say("closed it without a reply"),
    "Snooze": say("snoozed it"),
    "Wake": say("back from its snooze"),
    "TakeOver": say("took it over"),
    "ReleaseClaim": say("the claim ended, for nothing followed it"),
    "TargetsDue": say("a target was near or missed"),
    "AcknowledgePing": say("has seen the ping"),
    "MutePings": say("muted the pings"),
    "Recompute": say("timed anew by today's policy"),
    "Perform": say("acted on the post"),
    "ConfirmPosted": say("found the reply on the network"),
    "ConfirmPartPosted": say("found a part of the reply on the network"),
    "ConfirmNotPosted": say("did not find the reply on the network"),
    "CustomerWrote": say("the customer wrote again"),
    "CustomerEdited": say("the customer changed the post"),
    "CustomerDeleted": say("the customer deleted the post"),
    "Delivered": say("the network accepted the reply"),
    "Undeliverable": say("the network refused the reply"),
    "Delayed": say("the network did not take the reply yet"),
    "Doubtful": say("not sure whether the reply went out"),
    "ProvenAbsent": say("the reply had not gone out; sending it again"),
    "VoidApproval": say("the approval became void"),
    "CheckNeeded": say("somebody has to look on the network"),
    "QuietPeriodPassed": say("closed after a quiet time"),
}


def journal_line(entry: JournalEntry, shown: Shown) -> Sentence:
    """Return one line of the journal in words."""
    what = _JOURNAL.get(entry.act, say("{act}", act=entry.act))
    if entry.act in {"Reassign", "NotOurs"} and isinstance(entry.details.get("department"), str):
        return say("moved it to {department}", department=shown.label(entry.details["department"]))
    if entry.act == "Snooze" and isinstance(entry.details.get("why"), str):
        return joined([what, entry.details["why"]], ": ")
    return what


# --- pieces -----------------------------------------------------------------------------------------------------------


def post(file: CaseFile, shown: Shown, *, without: Draft | None = None) -> Post:
    """Return the customer's newest message and what else was said; ``without`` a draft that is shown beside it."""
    mention, author = file.mention, file.author
    earlier: list[Excerpt] = [
        Excerpt(author.name, is_brand=False, text=item.text, at=item.posted_at)
        for item in file.mentions
        if item is not mention and item.deleted_at is None
    ]
    for effect in file.replies:
        draft = file.draft_by_id(effect.draft_id or "")
        if draft is None or draft is without or effect.state is not EffectState.SENT:
            continue
        if effect.part < len(draft.parts):
            earlier.append(
                Excerpt(
                    shown.brand, is_brand=True, text=draft.parts[effect.part], at=effect.settled_at or effect.created_at
                )
            )
    earlier.sort(key=lambda excerpt: excerpt.at)
    return Post(
        author=author.name,
        handle=author.handle,
        author_url=author.url,
        avatar_url=author.avatar_url,
        followers=author.followers,
        earlier_cases=file.case.earlier_cases,
        network=shown.network,
        account=file.case.account,
        brand=shown.brand,
        private=mention.visibility is Visibility.PRIVATE,
        text=mention.text,
        subject=file.case.subject,
        url=mention.url,
        language=mention.language,
        posted_at=mention.posted_at,
        edited=mention.edited_at is not None,
        deleted=mention.deleted_at is not None,
        media=tuple(
            Attachment(str(item.get("kind")), str(item.get("address")), item.get("description"))
            for item in mention.media
        ),
        context=tuple(earlier[-CONTEXT_MESSAGES:]),
    )


_LOOKING = (Action(Act.DETAILS, say("Details")), Action(Act.EXPLAIN, say("Explain")))
"""What may be looked at in any state."""


def _card_actions(file: CaseFile, shown: Shown) -> tuple[Action, ...]:
    case = file.case
    acts: list[Action] = []
    idle = case.state in {CaseState.WAITING_ANSWER, CaseState.SNOOZED}
    if idle and case.owner is None:
        acts.append(Action(Act.CLAIM, say("Claim"), "primary"))
    if idle:
        acts += [
            Action(Act.ANSWER, say("Answer"), "primary" if case.owner else "plain"),
            Action(Act.REASSIGN, say("Reassign")),
            Action(Act.NOT_OURS, say("Not ours")),
        ]
        if shown.capabilities.private_reply and file.mention.visibility is not Visibility.PRIVATE:
            acts.append(Action(Act.REPLY_PRIVATELY, say("Reply privately")))
    if idle or case.state is CaseState.ANSWERED:
        acts.append(Action(Act.NO_REPLY, say("No reply needed")))
    if idle:
        acts += [
            Action(
                Act.SPAM,
                say("Spam"),
                "danger",
                say("Close this as spam? Further messages of this conversation stay hidden."),
            ),
            Action(Act.SNOOZE, say("Snooze")),
        ]
    acts += _network_actions(file, shown)
    return (*acts, *_LOOKING)


def _network_actions(file: CaseFile, shown: Shown) -> list[Action]:
    case = file.case
    if case.state in {CaseState.DISMISSED, CaseState.CLOSED} or file.mention.deleted_at is not None:
        return []
    offered = {
        NetworkAct.LIKE: Action(Act.LIKE, say("Like")),
        NetworkAct.REPOST: Action(
            Act.REPOST, say("Repost"), "plain", say("Repost this publicly in the name of {brand}?", brand=shown.brand)
        ),
        NetworkAct.HIDE: Action(
            Act.HIDE, say("Hide"), "danger", say("Hide this post from other readers? The author still sees it.")
        ),
    }
    return [
        action
        for act, action in offered.items()
        if act in shown.capabilities.acts
        and act.value not in case.acts
        and (act is not NetworkAct.REPOST or case.visibility is Visibility.PUBLIC)
    ]


def _approval_actions(file: CaseFile, draft: Draft, shown: Shown) -> tuple[Action, ...]:
    if draft is not file.draft:
        return ()
    state = file.case.state
    if state is CaseState.IN_REVIEW and draft.state is DraftState.PENDING:
        acts = [
            Action(Act.APPROVE, say("Approve and send"), "primary"),
            Action(Act.EDIT_AND_SEND, say("Edit and send")),
            Action(Act.SEND_BACK, say("Send back")),
            Action(Act.REJECT, say("Reject"), "danger"),
        ]
        if shown.capabilities.private_reply and draft.visibility is not Visibility.PRIVATE:
            acts.append(Action(Act.MAKE_PRIVATE, say("Private instead of public")))
        if NetworkAct.LIKE in shown.capabilities.acts and NetworkAct.LIKE.value not in file.case.acts:
            acts.append(Action(Act.LIKE_ONLY, say("Like only")))
        return (*acts, *_LOOKING)
    if state is CaseState.RELAYING and file.reply_waits:
        return (Action(Act.UNDO, say("Undo"), "danger"), *_LOOKING)
    if state is CaseState.NEEDS_CHECK:
        return (
            Action(Act.POSTED, say("It is there"), "primary"),
            Action(
                Act.NOT_POSTED,
                say("Not there, send again"),
                "danger",
                say("Did you look on the network? If the reply is there after all, it will stand there twice."),
            ),
            *_LOOKING,
        )
    return _LOOKING
