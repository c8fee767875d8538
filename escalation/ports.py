"""What the core expects of the outside: clocks, networks and chat surfaces.

The only core file that adapters need to see.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Literal, Protocol, runtime_checkable

from escalation.language import Sentence
from escalation.views import View
from models.vocabulary import Idempotency, NetworkAct, Visibility

# --- time -------------------------------------------------------------------------------------------------------------


class Clock(Protocol):
    """The only source of time; tests and time travel give their own."""

    def now(self) -> datetime:
        """Return the present as an aware UTC datetime."""

    def monotonic(self) -> float:
        """Return seconds that never go backwards, for measuring durations inside this process."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


# --- what a network can do --------------------------------------------------------------------------------------------

CALLS_AT_ONCE: Final = 10
"""How many calls about one account may be under way to its network at once; others wait."""


@dataclass(frozen=True)
class Capabilities:
    """What a network can do, as data; what is not declared is refused with a sentence, never tried.

    ``limit`` counts in ``unit`` ("characters", "letters" for grapheme clusters, or "bytes") as the connector's
    ``count`` does. ``max_parts``: into how many posts one reply may be split.
    ``key_lifetime``: how long a ``native`` network remembers our key; past it only a look-up may follow.
    ``reply_window``: how long after the customer's last message the network accepts a reply.
    ``lookup_delay``: how long the network may need before a post of ours appears in a look-up.
    """

    ingest: frozenset[Literal["push", "poll", "page"]]
    idempotency: Idempotency
    limit: int
    unit: Literal["characters", "letters", "bytes"]
    max_parts: int = 1
    visibilities: frozenset[Visibility] = frozenset({Visibility.PUBLIC})
    private_reply: bool = False
    acts: frozenset[NetworkAct] = frozenset()
    sees_edits: bool = False
    sees_deletions: bool = False
    key_lifetime: timedelta | None = None
    reply_window: timedelta | None = None
    lookup_delay: timedelta = timedelta(0)


# --- what comes in ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AuthorFacts:
    """The customer as the network describes them. ``external_id`` is stable; the rest is for people to read."""

    external_id: str
    name: str
    handle: str
    url: str | None = None
    avatar_url: str | None = None
    followers: int | None = None


@dataclass(frozen=True)
class Media:
    """A picture, film or file on a post; ``address`` may expire."""

    kind: Literal["image", "video", "audio", "file"]
    address: str
    description: str | None = None


@dataclass(frozen=True)
class Arrived:
    """A customer wrote. ``text`` is plain text; ``posted_at`` is the network's time in UTC.

    ``thread_id`` names the conversation (the root post where known, else the post itself); ``extra`` is the
    connector's own
    JSON, handed back to it with the reply (a content warning, who else is addressed ...).
    """

    external_id: str
    thread_id: str
    author: AuthorFacts
    text: str
    visibility: Visibility
    posted_at: datetime
    parent_id: str | None = None
    subject: str | None = None
    language: str | None = None
    url: str | None = None
    media: tuple[Media, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Edited:
    """A customer changed a post; ``edited_at`` tells repeated deliveries of one edit apart."""

    external_id: str
    text: str
    edited_at: datetime
    media: tuple[Media, ...] = ()


@dataclass(frozen=True)
class Deleted:
    """A customer deleted a post."""

    external_id: str
    deleted_at: datetime


Arrival = Arrived | Edited | Deleted


@dataclass(frozen=True)
class Page:
    """What one poll brought, oldest first.

    ``position`` is stored with the arrivals and given to the next poll; ``more``: poll again at once.
    """

    arrivals: Sequence[Arrival]
    position: str | None
    more: bool = False


@dataclass(frozen=True)
class PushedRequest:
    """A network's webhook call: raw bytes and lower-case header names; ``query`` holds the address's parameters."""

    method: Literal["GET", "POST"]
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True)
class PushedAnswer:
    """What to answer a webhook call that carries no post (a verification challenge)."""

    status: int
    body: str
    media_type: str = "text/plain"


# --- what goes out ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PostFacts:
    """The customer's post that a reply or an act answers, as we stored it."""

    external_id: str
    thread_id: str
    author: AuthorFacts
    text: str
    visibility: Visibility
    posted_at: datetime
    edited_at: datetime | None = None
    language: str | None = None
    url: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class OutgoingReply:
    """One part of an approved reply. ``text`` is published byte for byte.

    ``key`` is the same at every try; ``first_tried_at`` is when a try first left the house (``None``: never).
    ``previous_id`` is the external id of the part before (``None`` for the first).
    """

    key: str
    text: str
    visibility: Visibility
    to: PostFacts
    part: int = 0
    previous_id: str | None = None
    first_tried_at: datetime | None = None


@dataclass(frozen=True)
class Posted:
    """The network has it: its id and public address there."""

    external_id: str
    url: str | None = None


class OutsideError(Exception):
    """The root of everything that may go wrong outside.

    ``reason`` is short, holds no secret and no message text, and labels metrics.

    ``for_people`` is the sentence shown in chat, where the default one would not do.
    """

    def __init__(self, reason: str, *, for_people: Sentence | None = None) -> None:
        """Keep the short reason and the sentence."""
        super().__init__(reason)
        self.reason = reason
        self.for_people = for_people


class RetryLater(OutsideError):  # noqa: N818 - verdicts, in the words of the send state machine
    """Surely not acted upon; may be tried again, by the courier's back-off or at ``retry_at``."""

    def __init__(self, reason: str, *, retry_at: datetime | None = None, for_people: Sentence | None = None) -> None:
        """Keep the earliest time of the next try (UTC)."""
        super().__init__(reason, for_people=for_people)
        self.retry_at = retry_at


class Throttled(RetryLater):
    """Surely not acted upon, and the whole account or channel shall wait until ``retry_at``."""


class Rejected(OutsideError):  # noqa: N818
    """Surely not acted upon, and trying again would not help; a person must decide."""


class Unauthorised(OutsideError):  # noqa: N818
    """The token or a right is missing; everything of this account waits for an administrator."""


class Gone(OutsideError):  # noqa: N818
    """What we answer no longer exists on the network."""


class Uncertain(OutsideError):  # noqa: N818
    """It may have been acted upon, or may still be."""


class Forged(OutsideError):  # noqa: N818
    """A webhook call whose signature does not hold; answered 401."""


class Malformed(OutsideError):  # noqa: N818
    """A webhook call that is signed but not understood; answered 400."""


class Connector(Protocol):
    """One account on one network. Everything beyond this protocol is optional and named in the protocols below."""

    name: ClassVar[str]
    label: ClassVar[str]
    account: str

    @property
    def capabilities(self) -> Capabilities:
        """Return what this account can do; after ``prepare`` with the server's own limits."""

    async def prepare(self) -> None:
        """Read the server's limits where it has its own; harmless to repeat. Raises ``OutsideError``."""

    def count(self, text: str, *, to: PostFacts) -> int:
        """Return the length of a finished post as the network counts it."""

    def address(self, to: PostFacts, visibility: Visibility) -> str:
        """Return what sending puts before the text so that the customer is notified (``"@ada "``), or nothing."""

    async def post(self, reply: OutgoingReply) -> Posted:
        """Publish one part. Raises a verdict (a subclass of ``OutsideError``) and nothing else."""

    async def close(self) -> None:
        """Release connections."""


@runtime_checkable
class Pushes(Protocol):
    """The network calls us at ``/hooks/{account}``."""

    def challenge(self, request: PushedRequest) -> PushedAnswer:
        """Answer a GET that verifies our address. Raises ``Forged`` or ``Malformed``."""

    def verify(self, request: PushedRequest) -> str:
        """Check the signature over the raw bytes, before anything is parsed; return the delivery's own id.

        Raises ``Forged``.
        """

    def parse(self, request: PushedRequest) -> Sequence[Arrival]:
        """Return what a verified call tells; unknown kinds are left out. Raises ``Malformed``."""


@runtime_checkable
class Polls(Protocol):
    """The network is asked."""

    async def fetch(self, position: str | None) -> Page:
        """Return what came after ``position`` (``None``: from now on, plus what the network calls recent).

        Raises verdicts.
        """


@runtime_checkable
class Looks(Protocol):
    """Our own reply can be looked up."""

    async def find(self, reply: OutgoingReply) -> Posted | None:
        """Return our reply if it stands on the network, ``None`` if the look-up succeeded and it does not.

        Raises verdicts.
        """


@runtime_checkable
class Rereads(Protocol):
    """The customer's post can be read again just before a reply leaves."""

    async def changes(self, to: PostFacts) -> Sequence[Arrival]:
        """Return edits, deletion and new messages by the customer since we stored the post. Raises verdicts."""


@runtime_checkable
class Acts(Protocol):
    """Likes, reposts, hides."""

    async def act(self, act: NetworkAct, to: PostFacts, *, key: str) -> None:
        """Do it; repeating is harmless. Raises verdicts."""


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report."""

    ok: bool
    what: str
    advice: str = ""


@runtime_checkable
class Checks(Protocol):
    """Can say what is wrong with its own set-up."""

    async def doctor(self) -> Sequence[Finding]:
        """Ask the network about token, rights and addresses.

        Never raises for an unreachable network, but reports it.
        """


# --- chat surfaces ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ChatMessage:
    """One message to colleagues. ``channel`` is an address (``slack:C0BILLING``, ``member:anna``).

    ``effect_id`` travels in the message where the chat can carry it, so that a message whose answer was lost can be
    found.
    ``thread`` is the id of the message to answer under.
    """

    effect_id: str
    kind: Literal["card", "approval", "thread", "ping", "digest"]
    channel: str
    view: View
    case_id: str | None = None
    thread: str | None = None


@runtime_checkable
class Surface(Protocol):
    """A chat in which colleagues work. Raises verdicts (subclasses of ``OutsideError``) and nothing else."""

    name: str

    async def post(self, message: ChatMessage) -> str:
        """Post and return the message's id. ``Gone``: the channel or the thread no longer exists."""

    async def update(self, message: ChatMessage, message_id: str) -> None:
        """Edit a message in place; repeating is harmless. ``Gone``: it was deleted."""

    async def find(self, message: ChatMessage, *, since: datetime) -> str | None:
        """Return the id of a message that carries this effect's id, posted after ``since``.

        ``None`` if the look-up found none.
        """

    async def doctor(self) -> Sequence[Finding]:
        """Ask the chat about token, rights and channels."""


@runtime_checkable
class KnowsGroups(Protocol):
    """A chat whose user groups can be a source of who is on call."""

    async def group_members(self, group: str) -> Sequence[str]:
        """Return the keys of the members who are in a user group now; others in it are left out. Raises verdicts."""
