"""What all listeners share: who somebody is, what they may see, giving commands to the desk, and answering in place."""

import asyncio
import hashlib
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bots.slack.blocks import Block, paragraph, words
from bots.slack.client import TIMEOUT_SECONDS, may_answer_at, quiet_logger
from bots.slack.collaborators import Freezing
from bots.slack.places import Place
from bots.slack.reading import ChatReader, member_reader
from bots.slack.surface import SlackSurface
from bots.slack.text import escaped
from bots.slack.verdicts import UNREADABLE, error_word
from escalation import commands as c
from escalation.cards import Shown
from escalation.carrying import Carrier
from escalation.casefile import CaseFile, Rules
from escalation.decide import decide
from escalation.decision import Refusal
from escalation.desk import Delivery, Desk, Outcome, case_file
from escalation.digesting import Digests
from escalation.freezing import frozen_accounts
from escalation.inbox import Inbox
from escalation.language import Sentence, say
from escalation.ports import Clock
from escalation.rulebook import Rulebook, UnknownAccountError
from escalation.settings import Member, Settings
from escalation.writing import OvertakenError
from models.store import Transaction

SOURCE: Final = "slack"
_NOWHERE: Final = frozenset(
    {"user_not_in_channel", "channel_not_found", "not_in_channel", "is_archived", "thread_not_found"}
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Look:
    """A case with what views and decisions need beyond it."""

    file: CaseFile
    shown: Shown
    rules: Rules

    def refusal(self, command: c.Command, member: Member, now: datetime) -> Sentence | None:
        """Return why a command would be refused now; decided again, and for good, when it is given."""
        decided = decide(self.file, command, self.rules, actor=member.key, now=now)
        return decided.sentence if isinstance(decided, Refusal) else None


@dataclass
class Workplace:
    """The collaborators of all listeners, and what they do the same way."""

    settings: Settings
    desk: Desk
    inbox: Inbox
    rulebook: Rulebook
    clock: Clock
    freezing: Freezing
    client: AsyncWebClient
    surface: SlackSurface
    digests: Digests | None = None
    busy: set[asyncio.Task[Any]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Prepare what turns cases into views."""
        self._carrier = Carrier(self.rulebook, {}, self.clock)

    # --- people -----------------------------------------------------------------------------------------------------

    def member(self, user: str) -> Member | None:
        """Return the colleague with this Slack user id."""
        return self.settings.member_by_slack(user)

    def reader(self, user: str) -> ChatReader:
        """Return how this person reads."""
        return member_reader(self.settings, self.member(user), self.clock.now())

    def stranger(self, user: str) -> Sentence:
        """Return the sentence for somebody who is not in the configuration."""
        return say(
            "You are not in Portavoce's configuration yet. "
            "Ask your administrator to add your Slack id, {id}, to [members].",
            id=user,
        )

    def addresses(self, place: Place) -> list[str]:
        """Return the addresses of ours that a place may have; a direct message's channel is known by its member."""
        member = self.member(place.user) if place.channel.startswith("D") else None
        return [f"slack:{place.channel}", *([f"member:{member.key}"] if member else ())]

    # --- cases ------------------------------------------------------------------------------------------------------

    async def look(self, case_id: str, member: Member | None = None) -> Look | None:
        """Return a case as it stands now; ``None`` where there is none, or its account left the configuration.

        ``member``: whoever looks; they may act, too, where they were called to the case.
        """
        async with self.desk.storage.read() as tx:
            return next(iter(await self.look_at(tx, [case_id], member)), None)

    async def look_at(self, tx: Transaction, ids: Sequence[str], member: Member | None = None) -> list[Look]:
        """Return cases as they stand, in the order of ``ids``, without those whose account left the configuration.

        ``member`` as for ``look``.
        """
        rows = await tx.cases.read(ids)
        frozen = frozen_accounts(await tx.freezes.all(), self.settings)
        looks: list[Look] = []
        for case_id in ids:
            if case_id not in rows or rows[case_id].case.account not in self.rulebook.connectors:
                continue
            file = case_file(rows[case_id])
            shown = self._carrier.shown(file, frozen.get(file.case.account))
            rules = await self.desk.rules(tx, file, actor=member.key if member else None)
            looks.append(Look(file, shown, rules))
        return looks

    async def act(self, case_id: str, command: c.Command, member: Member, delivery: Delivery) -> Outcome:
        """Give a command to the desk: one commit, whatever comes of it. Raises ``StorageUnavailableError``."""
        try:
            outcome = await self.desk.handle(case_id, command, actor=member.key, delivery=delivery)
        except OvertakenError:
            return Outcome(
                case_id, refusal=say("Somebody else acted at the same moment. Please look at the card again.")
            )
        except UnknownAccountError:
            return Outcome(case_id, refusal=say("The account of this case is not in the configuration any more."))
        if not outcome.repeated and not delivery.stored:
            self.inbox.count(SOURCE)
        log.info(
            "act", case=case_id, command=type(command).__name__, member=member.key, refused=outcome.refusal is not None
        )
        return outcome

    async def submit(self, case_id: str, command: c.SubmitDraft, member: Member, delivery: Delivery) -> Outcome:
        """Give an answer to the desk once, however often the same one comes from the same place.

        A refused answer may be given again: what made it refused can have passed.
        """
        outcome = await self.act(case_id, command, member, delivery)
        if not outcome.repeated or delivery.stored:
            return outcome
        file = await self.desk.file(case_id)
        if file is None or any(draft.author == member.key and draft.text == command.text for draft in file.drafts):
            return outcome
        again = Delivery(
            f"{delivery.key}:{self.clock.now().isoformat()}", delivery.source, delivery.account, delivery.body
        )
        return await self.act(case_id, command, member, again)

    def delivery(self, kind: str, parts: tuple[str, ...], raw: bytes) -> Delivery:
        """Return the delivery of an interaction; the key is the same when the same one comes twice."""
        return Delivery(f"slack:{kind}:{':'.join(parts)}", SOURCE, SOURCE, raw)

    # --- answering --------------------------------------------------------------------------------------------------

    async def tell(self, place: Place, sentence: Sentence) -> None:
        """Show a sentence to one person where they acted. What cannot be shown is logged, never raised."""
        read = self.reader(place.user).read(sentence)
        await self.show(place, read, [paragraph([words(read)], "sentence")])

    async def show(self, place: Place, whole: str, blocks: list[Block]) -> None:
        """Show blocks to one person where they acted; ``whole`` says the same where none are taken."""
        text = escaped(whole)
        try:
            if place.channel:
                await self.client.chat_postEphemeral(
                    channel=place.channel,
                    user=place.user,
                    text=text,
                    blocks=blocks,
                    thread_ts=place.thread or None,
                )
                return
        except SlackApiError as error:
            if error_word(error) not in _NOWHERE:
                log.warning("sentence not shown", problem=error_word(error))
                return
        except UNREADABLE as error:
            log.warning("sentence not shown", problem=type(error).__name__)
            return
        await self._respond(place.response_url, text)

    async def _respond(self, address: str, text: str) -> None:
        if not may_answer_at(address, self.client.base_url):
            log.warning("sentence not shown", problem="no place to show it")
            return
        webhook = AsyncWebhookClient(
            address, timeout=TIMEOUT_SECONDS, retry_handlers=[], logger=quiet_logger("response")
        )
        if self.client.proxy is None:
            webhook.proxy = None
        try:
            await webhook.send(text=text, response_type="ephemeral", replace_original=False)
        except UNREADABLE as error:
            log.warning("sentence not shown", problem=type(error).__name__)

    async def open(self, trigger: str, view: dict[str, Any]) -> bool:
        """Open a dialog; ``False`` where Slack did not (the trigger is three seconds old, or was used)."""
        try:
            await self.client.views_open(trigger_id=trigger, view=view)
        except SlackApiError as error:
            log.warning("dialog not opened", problem=error_word(error))
            return False
        except UNREADABLE as error:
            log.warning("dialog not opened", problem=type(error).__name__)
            return False
        return True

    # --- work after the acknowledgement -----------------------------------------------------------------------------

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that the acknowledgement need not wait for; nothing durable."""
        task = asyncio.get_running_loop().create_task(work)
        self.busy.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self.busy.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("work after an acknowledgement failed", problem=type(error).__name__)

    async def close(self) -> None:
        """Give what is under way five seconds, then stop it."""
        if self.busy:
            await asyncio.wait(set(self.busy), timeout=5)
        for task in set(self.busy):
            task.cancel()
        await asyncio.gather(*self.busy, return_exceptions=True)


def digest(text: str) -> str:
    """Return a short fingerprint of a text, for keys."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]
