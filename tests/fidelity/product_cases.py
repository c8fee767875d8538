"""Every kind of case that colleagues can come to see: states, networks, visibilities, and what else may be about it."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from connectors.form import FormConnector
from connectors.mastodon import MastodonConnector
from connectors.sandbox import SandboxConnector
from escalation.cards import Shown, approval_view, card_view
from escalation.casefile import CaseFile
from escalation.decide import text_hash
from escalation.language import say
from escalation.notes import sentence_payload
from escalation.ports import Capabilities
from escalation.secret import Secret
from escalation.views import ApprovalView, CardView
from models.case import Draft
from models.vocabulary import (
    CaseState,
    DismissReason,
    DraftState,
    EffectState,
    NetworkAct,
    Priority,
    Visibility,
    VoidReason,
)
from tests.clock import TestClock
from tests.unit.desk_table import APPROVER, AUTHOR, LAST, NOW, PARTS, a_draft, a_file, an_effect

ADDRESS = "https://social.example"


@dataclass(frozen=True)
class Network:
    """What cards show of a network."""

    name: str
    label: str
    capabilities: Capabilities


def networks() -> tuple[Network, ...]:
    """Those that the product connects to, with their own figures, and one that can do nothing but take a reply."""
    secret, clock = Secret("a-token"), TestClock()
    settings: dict[type, dict[str, Any]] = {
        MastodonConnector: {"base_url": ADDRESS, "access_token": secret},
        SandboxConnector: {"base_url": ADDRESS, "access_token": secret, "webhook_secret": secret},
        FormConnector: {},
    }
    made = []
    for kind, given in settings.items():
        connector = kind("acme", kind.settings_model.model_validate(given), clock=clock)
        made.append(Network(kind.name, kind.label, connector.capabilities))
    least = replace(made[0].capabilities, private_reply=False, acts=frozenset())
    most = replace(made[0].capabilities, acts=frozenset(NetworkAct))
    return (*made, Network("least", "Least", least), Network("most", "Most", most))


def shown(network: Network, **changes: Any) -> Shown:
    values: dict[str, Any] = {
        "name": str.title,
        "label": str.title,
        "network": network.label,
        "brand": "Acme",
        "capabilities": network.capabilities,
        "count": len,
        "now": NOW,
    }
    return Shown(**(values | changes))


@dataclass(frozen=True)
class Seen:
    """One case with one way of looking at it."""

    name: str
    file: CaseFile
    shown: Shown

    @property
    def card(self) -> CardView:
        return card_view(self.file, self.file.cards[0], self.shown)

    @property
    def approvals(self) -> Iterator[ApprovalView]:
        for draft in self.file.drafts:
            yield approval_view(self.file, draft, self.shown)


def everywhere() -> Iterator[Seen]:
    """Every state on every network in every visibility."""
    for network, state, visibility in itertools.product(networks(), CaseState, Visibility):
        file = a_file(state, visibility=visibility)
        file.mentions[0].visibility = visibility
        for draft in file.drafts:
            draft.visibility = visibility
        yield Seen(f"{network.name} {state} {visibility}", file, shown(network))


def varied() -> Iterator[Seen]:
    """Every state with everything that may be about a case, one thing at a time."""
    network = networks()[-1]
    for state in CaseState:
        for name, change in CHANGES.items():
            file = a_file(state)
            seen = change(Seen(f"{state} {name}", file, shown(network)))
            yield replace(seen, name=f"{state} {name}")


def drafted() -> Iterator[Seen]:
    """Every fate of an answer: each state of a draft, its parts, who decided and why, and the version before it."""
    network = networks()[-1]
    fates: list[tuple[DraftState, str | None]] = [
        *((state, None) for state in DraftState),
        (DraftState.SENT_BACK, "Say when."),
        (DraftState.REJECTED, "Not ours to say."),
        *((DraftState.VOID, reason.value) for reason in VoidReason),
    ]
    states = (CaseState.IN_REVIEW, CaseState.RELAYING, CaseState.NEEDS_CHECK, CaseState.ANSWERED, CaseState.CLOSED)
    for (fate, reason), state, parts in itertools.product(fates, states, (1, 3)):
        file = a_file(state, parts=parts)
        texts = list(PARTS) if parts == 1 else [f"@ada Part {n} of 3" for n in range(1, 4)]
        older = a_draft(list(PARTS), DraftState.SUPERSEDED, id="d0", text="It is in your outbox, I think.")
        newer = a_draft(texts, fate, version=2, based_on=1, reason=reason, edited_by=APPROVER)
        newer.warnings = [sentence_payload(say("A placeholder seems to be left: {what}", what="[name]"))]
        newer.first_approver = AUTHOR if fate is DraftState.PENDING and parts == 3 else None
        sent = [an_effect(part, EffectState.SENT) for part in range(parts)]
        for effect in sent:
            effect.url, effect.settled_at = f"{ADDRESS}/reply/{effect.part}", LAST
        file = replace(file, drafts=[older, newer], replies=sent if state is CaseState.ANSWERED else file.replies)
        yield Seen(f"draft {fate} {reason} {state} {parts}", file, shown(network))


# --- what may be about a case, each a change of a plain one --------------------------------------------------------


def _plain(seen: Seen) -> Seen:
    return seen


def _owned(seen: Seen) -> Seen:
    seen.file.case.owner = AUTHOR
    return seen


def _frozen(seen: Seen) -> Seen:
    return replace(seen, shown=replace(seen.shown, frozen_by="marta"))


def _urgent(seen: Seen) -> Seen:
    seen.file.case.priority = Priority.URGENT
    return seen


def _moved(seen: Seen) -> Seen:
    seen.file.case.department = "product"
    return seen


def _deleted(seen: Seen) -> Seen:
    seen.file.mention.deleted_at = NOW
    return seen


def _edited(seen: Seen) -> Seen:
    seen.file.mention.edited_at = NOW
    return seen


def _silent(seen: Seen) -> Seen:
    seen.file.mention.text = ""
    seen.file.case.subject = "Only a subject"
    return seen


def _noticed(seen: Seen) -> Seen:
    seen.file.case.notice = sentence_payload(say("The network refused the reply."))
    return seen


def _late(seen: Seen) -> Seen:
    for clock in seen.file.clocks:
        clock.due_at = clock.started_at + timedelta(seconds=1)
    return seen


def _due(seen: Seen) -> Seen:
    for clock in seen.file.clocks:
        clock.due_at = NOW + timedelta(days=3)
    return seen


def _spam(seen: Seen) -> Seen:
    seen.file.case.dismiss_reason = DismissReason.SPAM
    return seen


def _liked(seen: Seen) -> Seen:
    seen.file.case.dismiss_reason, seen.file.case.acts = DismissReason.LIKED, ["like"]
    return seen


def _sent_back(seen: Seen) -> Seen:
    seen.file.case.owner = AUTHOR
    draft = a_draft(list(PARTS), DraftState.SENT_BACK, reason="Say when.")
    return replace(seen, file=replace(seen.file, drafts=[draft]))


def _reach(seen: Seen) -> Seen:
    mention, author = seen.file.mention, seen.file.author
    author.followers, author.url, author.avatar_url = 1_250_000, f"{ADDRESS}/ada", f"{ADDRESS}/ada.png"
    mention.url, mention.language, seen.file.case.earlier_cases = f"{ADDRESS}/post/1", "de", 7
    return seen


def _media(seen: Seen) -> Seen:
    kinds = ("image", "image", "image", "image", "video", "audio", "file")
    seen.file.mention.media = [
        {"kind": kind, "address": f"{ADDRESS}/{n}", "description": None if n % 2 else f"a {kind}"}
        for n, kind in enumerate(kinds)
    ] + [{"kind": "file", "address": "javascript:alert(1)", "description": ""}]
    return seen


def _long_talk(seen: Seen) -> Seen:
    first = seen.file.mention
    more = [
        first.model_copy(update={"id": f"m{n}", "text": f"Message {n}. " * 40, "posted_at": NOW + timedelta(minutes=n)})
        for n in range(2, 9)
    ]
    return replace(seen, file=replace(seen.file, mentions=[first, *more]))


def _wordy(seen: Seen) -> Seen:
    seen.file.mention.text = "What about my invoice? " * 4_000
    return seen


def _routed(route: dict[str, object]) -> Any:
    def change(seen: Seen) -> Seen:
        seen.file.case.route = route
        return seen

    return change


CHANGES: dict[str, Any] = {
    "plain": _plain,
    "owned": _owned,
    "frozen": _frozen,
    "urgent": _urgent,
    "moved": _moved,
    "deleted": _deleted,
    "edited": _edited,
    "without text": _silent,
    "noticed": _noticed,
    "late": _late,
    "due": _due,
    "spam": _spam,
    "liked": _liked,
    "sent back": _sent_back,
    "with reach": _reach,
    "with media": _media,
    "after a long talk": _long_talk,
    "wordy": _wordy,
    "by hand": _routed({"by": "hand"}),
    "by word": _routed({"route": 1, "word": "invoice"}),
    "by account": _routed({"route": 1, "account": "acme"}),
    "by followers": _routed({"route": 1, "followers": 5000}),
}


def of_parts(texts: list[str]) -> Draft:
    """A draft that waits for approval with exactly these parts."""
    return a_draft(texts, DraftState.PENDING, hash=text_hash(texts, Visibility.PUBLIC), text="\n".join(texts))
