"""The closed sets of words that rows, rules and cards share."""

from enum import StrEnum

SYSTEM = "portavoce"
"""The actor of what the program does by itself, where a member's key stands otherwise; no member has this key."""

OPERATOR = "command line"
"""The actor of what is done at the command line in nobody's name; no member has this key."""


class CaseState(StrEnum):
    """Where a case stands; the moves between states are in ``escalation.lifecycle``."""

    WAITING_ANSWER = "waiting_answer"
    SNOOZED = "snoozed"
    IN_REVIEW = "in_review"
    RELAYING = "relaying"
    NEEDS_CHECK = "needs_check"
    ANSWERED = "answered"
    DISMISSED = "dismissed"
    CLOSED = "closed"


OPEN_STATES = frozenset(CaseState) - {CaseState.DISMISSED, CaseState.CLOSED}


class Step(StrEnum):
    """The step clocks, from a customer's post to a closed case.

    ``next_response`` runs from the oldest message that came after a reply and has none; ``reply_window`` from the
    customer's newest message for as long as the network takes a reply.
    """

    DETECT = "detect"
    ROUTE = "route"
    ACKNOWLEDGE = "acknowledge"
    ANSWER = "answer"
    APPROVE = "approve"
    RELAY = "relay"
    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    REPLY_WINDOW = "reply_window"
    RESOLUTION = "resolution"


class StepOutcome(StrEnum):
    """How a step clock ended: its step was done, or the work took another way.

    ``at_once``: done by an act that another step had to come before (an answer without a claim), so in no time that
    could be measured. Only what is ``done`` is in figures.
    """

    DONE = "done"
    AT_ONCE = "at_once"
    CANCELLED = "cancelled"


class PauseReason(StrEnum):
    """Why the clocks of a case stand still for a while."""

    SNOOZED = "snoozed"
    WAITING_CUSTOMER = "waiting_customer"


class PingKind(StrEnum):
    """What one rung of a ladder tells, in the order of a clock's life; ``later`` is any rung after the breach."""

    WARNING = "warning"
    BREACH = "breach"
    LATER = "later"
    LAST_CHANCE = "last_chance"
    WINDOW_CLOSED = "window_closed"
    CLAIM_REMINDER = "claim_reminder"
    CLAIM_RELEASED = "claim_released"


BREACHES = frozenset({PingKind.BREACH, PingKind.LATER, PingKind.WINDOW_CLOSED})
"""The kinds that say that something is late."""


class PingFate(StrEnum):
    """What became of a rung when its time had come.

    ``folded``: a higher rung of the same clock was due in the same sweep and speaks for it. ``gathered``: it stands in
    a message together with others. ``muted``: somebody, a freeze or a broken account silences it. ``unaddressed``:
    there was nobody to tell.
    """

    ANNOUNCED = "announced"
    GATHERED = "gathered"
    FOLDED = "folded"
    MUTED = "muted"
    UNADDRESSED = "unaddressed"


class GatheringKind(StrEnum):
    """Why several pings share one message: too many at once, found after an outage, or silenced."""

    STORM = "storm"
    OUTAGE = "outage"
    STANDSTILL = "standstill"


class Visibility(StrEnum):
    """Who can read a post on the network, from everybody to the two parties only."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    FOLLOWERS = "followers"
    PRIVATE = "private"


class Priority(StrEnum):
    """How urgent a case is, as its route says."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class DraftState(StrEnum):
    """What became of one version of an answer."""

    PENDING = "pending"
    APPROVED = "approved"
    SENT_BACK = "sent_back"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    VOID = "void"


class VoidReason(StrEnum):
    """Why an approval was taken back; stored with the draft, told in the reader's language."""

    UNDONE = "undone"
    CUSTOMER_WROTE = "customer_wrote"
    CUSTOMER_EDITED = "customer_edited"
    CUSTOMER_DELETED = "customer_deleted"
    CONVERSATION_CHANGED = "conversation_changed"
    REFUSED = "refused"
    REFUSED_IN_PART = "refused_in_part"


class DraftSource(StrEnum):
    """By which act a text became a draft."""

    DIALOG = "dialog"
    FIELD = "field"
    SHORTCUT = "shortcut"
    THREAD = "thread"
    EDIT = "edit"
    RENEWED = "renewed"


class Verdict(StrEnum):
    """What a reviewer said of a draft."""

    FIRST_APPROVED = "first_approved"
    APPROVED = "approved"
    SENT_BACK = "sent_back"
    REJECTED = "rejected"


class DismissReason(StrEnum):
    """Why a case ends without a reply."""

    NO_REPLY_NEEDED = "no_reply_needed"
    SPAM = "spam"
    LIKED = "liked"


class NetworkAct(StrEnum):
    """Acts on a customer's post other than a reply."""

    LIKE = "like"
    REPOST = "repost"
    HIDE = "hide"


class EffectKind(StrEnum):
    """What an outbox row intends to do outside."""

    REPLY = "reply"
    ACT = "act"
    CARD = "card"
    APPROVAL = "approval"
    THREAD = "thread"
    PING = "ping"
    DIGEST = "digest"


DRAWINGS = frozenset({EffectKind.CARD, EffectKind.APPROVAL, EffectKind.PING})
"""The kinds that draw a card, where they name one: a message that is made once and then edited in place."""

NETWORK_EFFECTS = frozenset({EffectKind.REPLY, EffectKind.ACT})
CHAT_EFFECTS = frozenset(EffectKind) - NETWORK_EFFECTS


class EffectState(StrEnum):
    """Where an effect stands between intention and fact."""

    READY = "ready"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    REFUSED = "refused"
    NEEDS_CHECK = "needs_check"
    PARKED = "parked"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"


UNSETTLED_EFFECTS = frozenset(
    {EffectState.READY, EffectState.SENDING, EffectState.UNKNOWN, EffectState.NEEDS_CHECK, EffectState.PARKED}
)


class AttemptVerdict(StrEnum):
    """What one try showed; the words of ``escalation.ports`` outcomes."""

    SENT = "sent"
    RETRY = "retry"
    THROTTLED = "throttled"
    REJECTED = "rejected"
    UNAUTHORISED = "unauthorised"
    GONE = "gone"
    UNKNOWN = "unknown"
    FOUND = "found"
    ABSENT = "absent"


class Idempotency(StrEnum):
    """How a network can be asked whether it already has our reply.

    ``native``: it takes our key and repeats are harmless. ``lookup``: our own replies can be listed and ours found.
    ``none``: only a person can tell.
    """

    NATIVE = "native"
    LOOKUP = "lookup"
    NONE = "none"


class TimerKind(StrEnum):
    """Durable future commands."""

    WAKE = "wake"
    CLOSE = "close"


class TimerState(StrEnum):
    """Whether a timer is still to come."""

    RUNNING = "running"
    FIRED = "fired"
    CANCELLED = "cancelled"


class CardKind(StrEnum):
    """Which card a chat message is: the department's, the one of a draft, or a ping about a step clock.

    ``line``: no message of its own, but a line of one that tells many pings.
    """

    CARD = "card"
    APPROVAL = "approval"
    PING = "ping"
    LINE = "line"


class DigestKind(StrEnum):
    """How long the time is that a digest tells of: one local day, or the seven before its own."""

    DAILY = "daily"
    WEEKLY = "weekly"


class Grouping(StrEnum):
    """What the lines of a report may have in common.

    ``hour``: the hour of the week in which the step began, or the case was received, in the organisation's zone.
    """

    NETWORK = "network"
    ACCOUNT = "account"
    DEPARTMENT = "department"
    MEMBER = "member"
    ROUTE = "route"
    LANGUAGE = "language"
    HOUR = "hour"
    STEP = "step"


class TimeKind(StrEnum):
    """Which seconds of a step a figure counts: those of the customer's clock, or only those of opening hours."""

    WALL = "wall"
    BUSINESS = "business"


class RollupSpan(StrEnum):
    """How much time one cell of the roll-up covers, in UTC."""

    HOUR = "hour"
    MONTH = "month"
