"""Whether everything approved stands on the network once, and nothing else: counted there, not in the bot's books.

What people approved is read from the drafts with their names on them. Whether it was sent is seen on the network
alone; that the bot believes it was sent counts for nothing. Only what the bot still means to send excuses a reply
that does not stand yet.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Final

from bots.sandbox.network import Network
from escalation.casefile import CaseFile
from models.vocabulary import DraftState, EffectState

UNDER_WAY: Final = frozenset(
    {EffectState.READY, EffectState.SENDING, EffectState.UNKNOWN, EffectState.NEEDS_CHECK, EffectState.PARKED}
)


@dataclass(frozen=True)
class Evidence:
    """Counts of posts. ``unapproved``: what the brand said although nobody had approved it."""

    approved: int = 0
    sent: int = 0
    under_way: int = 0
    doubled: int = 0
    lost: int = 0
    unapproved: int = 0

    def __add__(self, other: "Evidence") -> "Evidence":
        return Evidence(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def sentence(self) -> str:
        """Return the line under the page."""
        counts = [f"approved {self.approved}", f"sent {self.sent}"]
        counts += [f"on the way {self.under_way}"] if self.under_way else []
        counts += [f"doubled {self.doubled}", f"lost {self.lost}"]
        counts += [f"never approved {self.unapproved}"] if self.unapproved else []
        return " · ".join(counts)

    @property
    def holds(self) -> bool:
        """Tell whether nothing is lost, doubled or unapproved."""
        return not (self.doubled or self.lost or self.unapproved)


def evidence(files: Iterable[CaseFile], network: Network, *, account: str, handle: str) -> Evidence:
    """Compare the cases of an account with what its brand (``handle``) has said on the network."""
    said: dict[str, Counter[str]] = {}
    for post in network.posts_by(handle, viewer=handle):
        said.setdefault(post.conversation_id, Counter())[post.text] += 1
    total = Evidence()
    for file in files:
        if file.case.account == account:
            total += _of_case(file, said.pop(file.case.thread_id, Counter()))
    return total + Evidence(unapproved=sum(count for texts in said.values() for count in texts.values()))


def _of_case(file: CaseFile, stands: Counter[str]) -> Evidence:
    approved: Counter[str] = Counter()
    permitted: Counter[str] = Counter()
    under_way = 0
    for draft in file.drafts:
        if draft.state is DraftState.APPROVED:
            approved.update(draft.parts)
            under_way += sum(e.draft_id == draft.id and e.state in UNDER_WAY for e in file.replies)
        elif draft.state is DraftState.VOID and draft.decided_by is not None:
            permitted.update(draft.parts)  # a part may have left before the rest was refused
    sent, missing = approved & stands, approved - stands
    surplus = stands - approved
    waiting = min(under_way, missing.total())
    return Evidence(
        approved=approved.total(),
        sent=sent.total(),
        under_way=waiting,
        doubled=sum(count for text, count in surplus.items() if text in approved),
        lost=missing.total() - waiting,
        unapproved=sum(count for text, count in (surplus - permitted).items() if text not in approved),
    )
