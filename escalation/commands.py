"""Everything that can happen to a case, one frozen value per kind.

Who does it is said beside the command, not in it.
"""

from dataclasses import dataclass
from datetime import datetime

from escalation.language import Sentence
from escalation.on_call import NOBODY_ON_CALL, Duty
from models.vocabulary import DismissReason, DraftSource, NetworkAct, PauseReason


@dataclass(frozen=True)
class Standstill:
    """Why nothing leaves for an account, and since when (UTC): somebody froze it, or it refuses us."""

    why: Sentence
    since: datetime


# --- by colleagues ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Claim:
    """I will answer this."""


@dataclass(frozen=True)
class SubmitDraft:
    """Here is an answer, for approval. ``privately``: answer in private although the post is public."""

    text: str
    source: DraftSource
    privately: bool = False


@dataclass(frozen=True)
class DraftSeen:
    """Which draft a reviewer had before their eyes; an act on another one is refused."""

    version: int
    hash: str
    context_version: int


@dataclass(frozen=True)
class Approve:
    """Send exactly this."""

    seen: DraftSeen


@dataclass(frozen=True)
class EditAndSend:
    """Send it with my changes."""

    seen: DraftSeen
    text: str


@dataclass(frozen=True)
class SendBack:
    """Change it, for this reason; the author keeps the case."""

    seen: DraftSeen
    reason: str


@dataclass(frozen=True)
class Reject:
    """Not this answer, for this reason; the case is free for somebody else."""

    seen: DraftSeen
    reason: str


@dataclass(frozen=True)
class MakePrivate:
    """The same text, but in private."""

    seen: DraftSeen


@dataclass(frozen=True)
class LikeOnly:
    """No reply; like the post and be done."""

    seen: DraftSeen


@dataclass(frozen=True)
class Undo:
    """Do not send what was just approved."""


@dataclass(frozen=True)
class Reassign:
    """Another department knows better."""

    department: str


@dataclass(frozen=True)
class NotOurs:
    """My department is the wrong one; try the next route that matches."""


@dataclass(frozen=True)
class Dismiss:
    """No reply will be given."""

    reason: DismissReason


@dataclass(frozen=True)
class Snooze:
    """Bring it back at ``until`` (UTC), or when the customer writes; its clocks stand still for this reason.

    ``why``: in the words of whoever snoozes it, maybe empty.
    """

    until: datetime
    reason: PauseReason = PauseReason.SNOOZED
    why: str = ""


@dataclass(frozen=True)
class TakeOver:
    """I will answer this, whoever had it.

    ``clock_id``: of the ping that asked for it; if its step is done by now, whoever did it keeps the case.
    """

    clock_id: str = ""


@dataclass(frozen=True)
class AcknowledgePing:
    """I have seen this ping: do not repeat it. The clock runs on."""

    ping_id: str
    clock_id: str
    rung: int


@dataclass(frozen=True)
class MutePings:
    """Tell nothing more about this clock, for this reason. It runs on."""

    clock_id: str
    reason: str


@dataclass(frozen=True)
class Perform:
    """Like, repost or hide the customer's post."""

    act: NetworkAct


@dataclass(frozen=True)
class ConfirmPosted:
    """I looked: the reply stands on the network."""


@dataclass(frozen=True)
class ConfirmPartPosted:
    """I looked: this part of the reply stands on the network; the next one may follow."""


@dataclass(frozen=True)
class ConfirmNotPosted:
    """I looked: the reply is not there; send it again."""


# --- by the customer --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CustomerWrote:
    """The customer added a message to the conversation."""

    mention_id: str


@dataclass(frozen=True)
class CustomerEdited:
    """The customer changed a post."""

    mention_id: str


@dataclass(frozen=True)
class CustomerDeleted:
    """The customer deleted a post."""

    mention_id: str


# --- by time and by the courier ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CardShown:
    """The card became visible in the department's channel."""


@dataclass(frozen=True)
class Wake:
    """A snooze ended."""


@dataclass(frozen=True)
class TargetsDue:
    """Rungs of the case's ladders are due. ``standstill`` silences those that wait for what stands still.

    ``duty``: who is on call.
    """

    standstill: Standstill | None = None
    duty: Duty = NOBODY_ON_CALL


@dataclass(frozen=True)
class ReleaseClaim:
    """Nothing followed a claim for too long; somebody else may take the case."""


@dataclass(frozen=True)
class Recompute:
    """Time the running clocks by today's policy and calendars instead of those that they began under."""


@dataclass(frozen=True)
class QuietPeriodPassed:
    """The customer has not written again since the reply."""


@dataclass(frozen=True)
class Delivered:
    """The last part of the reply stands on the network."""

    external_id: str
    url: str | None
    parts: int


@dataclass(frozen=True)
class Undeliverable:
    """The network surely did not take the reply and will not; ``parts_sent`` may already be public."""

    reason: str
    explanation: Sentence
    parts_sent: int


@dataclass(frozen=True)
class Delayed:
    """The network did not take the reply yet; it will be tried again at ``until`` (UTC)."""

    reason: str
    until: datetime


@dataclass(frozen=True)
class Doubtful:
    """A try may or may not have reached the network."""

    reason: str


@dataclass(frozen=True)
class ProvenAbsent:
    """The network was asked twice: the doubtful try did not act."""


@dataclass(frozen=True)
class VoidApproval:
    """The doubtful try did not act, and the conversation has moved on since the approval."""


@dataclass(frozen=True)
class CheckNeeded:
    """Only a person can tell whether the reply stands on the network."""

    reason: str


Command = (
    Claim
    | SubmitDraft
    | Approve
    | EditAndSend
    | SendBack
    | Reject
    | MakePrivate
    | LikeOnly
    | Undo
    | Reassign
    | NotOurs
    | Dismiss
    | Snooze
    | TakeOver
    | AcknowledgePing
    | MutePings
    | Perform
    | ConfirmPosted
    | ConfirmPartPosted
    | ConfirmNotPosted
    | CustomerWrote
    | CustomerEdited
    | CustomerDeleted
    | CardShown
    | Wake
    | TargetsDue
    | ReleaseClaim
    | Recompute
    | QuietPeriodPassed
    | Delivered
    | Undeliverable
    | Delayed
    | Doubtful
    | ProvenAbsent
    | VoidApproval
    | CheckNeeded
)
