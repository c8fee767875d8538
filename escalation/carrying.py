"""One effect's way to the outside and back: what is sent, and what its answer means. No transaction is open here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, cast

import structlog

from escalation.cards import Shown, approval_view, card_view, note_view
from escalation.casefile import CaseFile
from escalation.complaints import Complaints
from escalation.digest import Digest, digest_view
from escalation.gates import Gates, Missed
from escalation.language import Sentence, say
from escalation.notes import Note
from escalation.ping_views import gathering_view, ping_view
from escalation.ports import (
    Acts,
    Arrival,
    Arrived,
    ChatMessage,
    Clock,
    Edited,
    Gone,
    Looks,
    OutgoingReply,
    OutsideError,
    Posted,
    Rejected,
    Rereads,
    RetryLater,
    Surface,
    Throttled,
    Unauthorised,
    Uncertain,
)
from escalation.rulebook import Rulebook, UnknownAccountError, post_facts
from escalation.server_limits import read_limits
from escalation.views import View
from models.outbox import Card, Effect
from models.pings import Ping
from models.store.gatherings import GatheringRows
from models.vocabulary import (
    DRAWINGS,
    NETWORK_EFFECTS,
    AttemptVerdict,
    EffectKind,
    EffectState,
    Idempotency,
    NetworkAct,
)

log = structlog.get_logger(__name__)

_LONG_READ = timedelta(seconds=60)


class Mode(StrEnum):
    """Whether a job acts, or asks whether an earlier try has acted."""

    SEND = "send"
    LOOK_UP = "look_up"


@dataclass(frozen=True)
class Job:
    """One claimed effect with the case as it stood when the lease was taken."""

    effect: Effect
    token: str
    mode: Mode
    file: CaseFile | None = None
    frozen_by: str | None = None
    first_tried_at: datetime | None = None
    begin_by: datetime | None = None
    told: Ping | GatheringRows | None = None

    @property
    def card(self) -> Card | None:
        """Return the card that the effect makes, updates or answers under."""
        cards: Sequence[Card] = self.file.cards if self.file else ()
        return next((card for card in cards if card.id == self.effect.card_id), None)

    @property
    def message_id(self) -> str | None:
        """Return the message that the effect edits; ``None`` where it posts one."""
        if isinstance(self.told, GatheringRows):
            return self.told.message_id
        return self.card.message_id if self.effect.kind in DRAWINGS and self.card is not None else None


@dataclass(frozen=True)
class Result:
    """What a job showed. ``verdict`` ``None``: the customer did something first (``arrivals``), so nothing was sent.

    ``begun``: whether it got its turn at all; what did not stands as if it had never been taken. ``asked``: whether
    anybody outside was asked, and not only that the time for it had not come.
    """

    job: Job
    verdict: AttemptVerdict | None
    reason: str | None = None
    explanation: Sentence | None = None
    external_id: str | None = None
    url: str | None = None
    retry_at: datetime | None = None
    shown_version: int | None = None
    arrivals: Sequence[Arrival] = field(default_factory=tuple)
    begun: bool = True
    asked: bool = True


_VERDICTS: tuple[tuple[type[OutsideError], AttemptVerdict], ...] = (
    (Throttled, AttemptVerdict.THROTTLED),
    (RetryLater, AttemptVerdict.RETRY),
    (Rejected, AttemptVerdict.REJECTED),
    (Unauthorised, AttemptVerdict.UNAUTHORISED),
    (Gone, AttemptVerdict.GONE),
    (Uncertain, AttemptVerdict.UNKNOWN),
)


class _NotYet(RetryLater):
    """It could not be tried yet, for a reason of our own."""


class Carrier:
    """Carries jobs out. Everything that may go wrong becomes a result; nothing is raised."""

    def __init__(self, rulebook: Rulebook, surfaces: Mapping[str, Surface], clock: Clock) -> None:
        """Keep the collaborators; nothing is opened."""
        self.rulebook = rulebook
        self.surfaces = surfaces
        self.clock = clock
        self.gates = Gates(rulebook.settings.accounts, clock)
        self._complaints = Complaints()

    async def carry(self, job: Job) -> Result:
        """Do one job and say what it showed."""
        result = await self._carried(job)
        if result.asked:
            self._complaints.note(job.effect.pace, result.verdict, result.reason)
        return result

    async def _carried(self, job: Job) -> Result:
        try:
            if job.effect.kind in NETWORK_EFFECTS:
                async with self.gates.of(job.effect.target).turn():
                    return await self._carry_to_network(job)
            return await (self._find_message(job) if job.mode is Mode.LOOK_UP else self._send_message(job))
        except Missed:
            told = "waited too long for its turn; nothing was sent"
            return Result(job, AttemptVerdict.RETRY, told, begun=False, asked=False)
        except OutsideError as error:
            return _failed(job, error)
        except UnknownAccountError as error:
            return (
                Result(
                    job,
                    AttemptVerdict.REJECTED,
                    "account not configured",
                    say("This account is not in the configuration any more."),
                    shown_version=None,
                )
                if job.effect.kind is EffectKind.REPLY
                else _failed(job, Rejected(str(error)))
            )
        except Exception as error:
            log.exception("adapter failed", effect=job.effect.id, kind=job.effect.kind.value)
            return Result(job, AttemptVerdict.UNKNOWN, f"defect: {type(error).__name__}")

    def _still_ours(self, job: Job) -> None:
        """Raise unless the lease outlasts a call that begins now; what waited too long is handed back unsent."""
        if job.begin_by is not None and self.clock.now() >= job.begin_by:
            raise _NotYet("waited too long for its turn; nothing was sent", retry_at=self.clock.now())

    # --- networks -----------------------------------------------------------------------------------------------------

    def outgoing(self, job: Job) -> OutgoingReply:
        """Return the part of the approved reply that a job sends, byte for byte as it was approved."""
        file, effect = job.file, job.effect
        draft = file.draft_by_id(effect.draft_id or "") if file else None
        if file is None or draft is None:
            raise Rejected("reply without a draft")
        mention = next(mention for mention in file.mentions if mention.id == draft.mention_id)
        sent = [
            other
            for other in file.replies
            if other.state is EffectState.SENT and other.external_id and other.sequence < effect.sequence
        ]
        since = [other for other in sent if other.settled_at and other.settled_at >= mention.received_at]
        return OutgoingReply(
            key=effect.id,
            text=draft.parts[effect.part],
            visibility=draft.visibility,
            to=post_facts(mention, file.author, thread_id=file.case.thread_id),
            part=effect.part,
            previous_id=since[-1].external_id if since and (effect.part or draft.based_on) else None,
            first_tried_at=job.first_tried_at,
        )

    async def _carry_to_network(self, job: Job) -> Result:
        if job.effect.kind is EffectKind.ACT:
            return await self._act(job)
        return await (self._find_reply(job) if job.mode is Mode.LOOK_UP else self._send_reply(job))

    async def _send_reply(self, job: Job) -> Result:
        connector = self.rulebook.connector(job.effect.target)
        reply = self.outgoing(job)
        if isinstance(connector, Rereads) and job.file is not None and job.effect.payload.get("reread", True):
            try:
                news = _news(await connector.changes(reply.to), job.file)
            except Uncertain as error:
                raise RetryLater(error.reason) from error  # only reading: nothing can have been sent
            if news:
                return Result(job, None, "the customer changed the conversation", arrivals=news)
        self._still_ours(job)
        try:
            posted = await connector.post(reply)
        except Rejected:
            await read_limits({connector.account: connector})  # they may have changed since the text was made to fit
            raise
        return _sent(job, posted)

    async def _find_reply(self, job: Job) -> Result:
        connector = self.rulebook.connector(job.effect.target)
        if not isinstance(connector, Looks):
            raise Rejected("this network cannot be asked")
        try:
            posted = await connector.find(self.outgoing(job))
        except (Uncertain, Rejected, Gone) as error:
            raise RetryLater(error.reason) from error
        if posted is None:
            return Result(job, AttemptVerdict.ABSENT, "not found on the network")
        return Result(job, AttemptVerdict.FOUND, "found on the network", external_id=posted.external_id, url=posted.url)

    async def _act(self, job: Job) -> Result:
        connector = self.rulebook.connector(job.effect.target)
        file = job.file
        if not isinstance(connector, Acts) or file is None:
            raise Rejected("this network cannot do that")
        mention = next((m for m in file.mentions if m.id == job.effect.payload.get("mention")), file.mention)
        to = post_facts(mention, file.author, thread_id=file.case.thread_id)
        await connector.act(NetworkAct(job.effect.payload["act"]), to, key=job.effect.id)
        return Result(job, AttemptVerdict.SENT)

    # --- chat ---------------------------------------------------------------------------------------------------------

    def _surface(self, address: str) -> Surface:
        name = address.partition(":")[0]
        if name == "member":
            member = self.rulebook.settings.members.get(address.partition(":")[2])
            name = "slack" if member and member.slack else "teams"
        if name not in self.surfaces:
            raise Rejected(f"no {name} in the configuration")
        return self.surfaces[name]

    def _message(self, job: Job) -> ChatMessage:
        effect, card = job.effect, job.card
        return ChatMessage(
            effect_id=effect.id,
            kind=cast('Literal["card", "approval", "thread", "ping", "digest"]', effect.kind.value),
            channel=effect.target,
            view=self._view(job),
            case_id=effect.case_id,
            thread=card.message_id if effect.kind is EffectKind.THREAD and card else None,
        )

    def _view(self, job: Job) -> View:
        effect, file, card = job.effect, job.file, job.card
        if isinstance(job.told, GatheringRows):
            return gathering_view(job.told, name=self.rulebook.name, label=self.rulebook.label)
        if isinstance(job.told, Ping) and file is not None:
            return ping_view(file, job.told, tuple(effect.payload.get("to", ())), self.shown(file, job.frozen_by))
        if effect.kind is EffectKind.DIGEST:
            return self._digest(effect)
        if effect.kind in {EffectKind.THREAD, EffectKind.PING} or file is None:
            return note_view(Note.of(effect.payload), file)
        if card is None:
            raise Rejected("card without a row")
        shown = self.shown(file, job.frozen_by)
        if effect.kind is EffectKind.CARD:
            return card_view(file, card, shown)
        draft = file.draft_version(int(card.subject.removeprefix("draft:")))
        if draft is None:
            raise Rejected("approvals card without a draft")
        return approval_view(file, draft, shown)

    def _digest(self, effect: Effect) -> View:
        try:
            return digest_view(Digest.of(effect.payload), self.rulebook.label)
        except ValueError as error:
            raise Rejected("a digest that another version has counted") from error

    def shown(self, file: CaseFile, frozen_by: str | None) -> Shown:
        """Return what views need beyond the case."""
        case = file.case
        connector = self.rulebook.connector(case.account)
        to = post_facts(file.mention, file.author, thread_id=case.thread_id)
        return Shown(
            name=self.rulebook.name,
            label=self.rulebook.label,
            network=connector.label,
            brand=self.rulebook.settings.brand_label(case.account),
            capabilities=connector.capabilities,
            count=lambda text: connector.count(text, to=to),
            now=self.clock.now(),
            frozen_by=frozen_by,
        )

    async def _send_message(self, job: Job) -> Result:
        effect, card, file = job.effect, job.card, job.file
        surface = self._surface(effect.target)
        version = file.case.version if file else None
        if effect.kind is EffectKind.THREAD and (card is None or card.message_id is None):
            raise _NotYet("the card is not posted yet")
        if job.message_id is not None:
            if card is None or version is None or card.shown_version < version:
                await surface.update(self._message(job), job.message_id)
            return Result(job, AttemptVerdict.SENT, external_id=job.message_id, shown_version=version)
        self._still_ours(job)
        message_id = await surface.post(self._message(job))
        return Result(job, AttemptVerdict.SENT, external_id=message_id, shown_version=version)

    async def _find_message(self, job: Job) -> Result:
        surface = self._surface(job.effect.target)
        since = (job.first_tried_at or job.effect.created_at) - _LONG_READ
        try:
            message_id = await surface.find(self._message(job), since=since)
        except Uncertain as error:
            raise RetryLater(error.reason) from error
        if message_id is None:
            return Result(job, AttemptVerdict.ABSENT, "not found in the channel")
        return Result(job, AttemptVerdict.FOUND, "found in the channel", external_id=message_id)


def may_look_up(rulebook: Rulebook, effect: Effect) -> bool:
    """Tell whether the network can be asked about an earlier try."""
    connector = rulebook.connectors.get(effect.target)
    return (
        connector is not None
        and connector.capabilities.idempotency is Idempotency.LOOKUP
        and isinstance(connector, Looks)
    )


def only_repeats(rulebook: Rulebook, account: str) -> bool:
    """Tell whether doubt about a reply can be ended only by sending it again, with the same key."""
    connector = rulebook.connectors.get(account)
    return connector is not None and connector.capabilities.idempotency is Idempotency.NATIVE


def takes_our_key(rulebook: Rulebook, effect: Effect, *, first_tried_at: datetime | None, now: datetime) -> bool:
    """Tell whether the network still remembers the key of an earlier try, so that repeating it is harmless."""
    connector = rulebook.connectors.get(effect.target)
    if connector is None or connector.capabilities.idempotency is not Idempotency.NATIVE:
        return False
    lifetime = connector.capabilities.key_lifetime
    return lifetime is None or first_tried_at is None or now - first_tried_at < lifetime


def _sent(job: Job, posted: Posted) -> Result:
    return Result(job, AttemptVerdict.SENT, external_id=posted.external_id, url=posted.url)


def _failed(job: Job, error: OutsideError) -> Result:
    verdict = next(verdict for kind, verdict in _VERDICTS if isinstance(error, kind))
    retry_at = error.retry_at if isinstance(error, RetryLater) else None
    asked = not isinstance(error, _NotYet)
    return Result(job, verdict, error.reason, error.for_people, retry_at=retry_at, asked=asked)


def _news(arrivals: Sequence[Arrival], file: CaseFile) -> list[Arrival]:
    """Leave out what the case knows already."""
    known = {mention.external_id: mention for mention in file.mentions}
    news: list[Arrival] = []
    for arrival in arrivals:
        mention = known.get(arrival.external_id)
        if isinstance(arrival, Arrived):
            fresh = mention is None
        elif isinstance(arrival, Edited):
            fresh = mention is not None and arrival.text != mention.text
        else:
            fresh = mention is not None and mention.deleted_at is None
        if fresh:
            news.append(arrival)
    return news
