"""The application service: every command and every arrival passes here.

They are decided by pure functions and written in one transaction.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

from escalation import commands as c
from escalation.called import is_called
from escalation.casefile import CaseFile, Rules
from escalation.decide import SYSTEM, decide
from escalation.decision import CardWanted, Decision, Refusal
from escalation.language import Sentence, say
from escalation.opening import Opening, mention_row, open_case
from escalation.ports import Arrival, Arrived, AuthorFacts, Clock, Deleted, Edited
from escalation.rulebook import Rulebook, UnknownAccountError
from escalation.writing import OvertakenError, Writing
from models.case import Case, PolicySnapshot
from models.columns import new_id
from models.mention import Author, EarlyChange, Mention
from models.store import Transaction
from models.store.cases import CaseRows
from models.store.writes import Writes
from models.vocabulary import EffectKind

T = TypeVar("T")
TAKES_UP: Final = frozenset(
    act.__name__
    for act in (c.Claim, c.TakeOver, c.Reassign, c.NotOurs, c.SubmitDraft, c.SendBack, c.Reject, c.CustomerWrote)
)
"""The acts by which a case is worked at again, so that a snooze after them begins a pause of its own."""


class Storage(Protocol):
    """What the desk needs of the database."""

    def begin(self) -> Any:
        """Open a writing transaction."""

    def read(self) -> Any:
        """Open a reading transaction."""

    async def retrying(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """Run a whole transaction, again where it lost against another."""


@dataclass(frozen=True)
class Delivery:
    """A raw delivery from outside; ``key`` de-duplicates.

    It is stored together with the decision it leads to, or, if it is ``stored`` already, marked as finished with it.
    """

    key: str
    source: str
    account: str
    body: bytes
    stored: bool = False


@dataclass(frozen=True)
class Order:
    """One command for one case by one actor (a member's key, or the program)."""

    case_id: str
    command: c.Command
    actor: str = SYSTEM


@dataclass(frozen=True)
class Outcome:
    """What became of an order.

    Exactly one of: refused with a sentence, repeated (nothing done again), done (``said`` may be shown).
    """

    case_id: str
    refusal: Sentence | None = None
    said: Sentence | None = None
    repeated: bool = False
    decision: Decision | None = None

    @property
    def done(self) -> bool:
        """Tell whether the case took the command."""
        return self.refusal is None and not self.repeated


@dataclass
class Taken:
    """What an intake did: the case of each post by its external id, and the ids of cases that were opened."""

    cases: dict[str, str] = field(default_factory=dict)
    opened: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    repeated: int = 0


def case_file(rows: CaseRows) -> CaseFile:
    """Return stored rows as the file that decisions read."""
    return CaseFile(rows.case, rows.author, rows.mentions, rows.drafts, rows.clocks, rows.cards, rows.replies)


class Desk:
    """Takes commands and arrivals.

    ``committed`` is called after each transaction that may have left effects to carry.
    """

    def __init__(
        self, storage: Storage, rulebook: Rulebook, clock: Clock, *, committed: Callable[[], None] = lambda: None
    ) -> None:
        """Keep the collaborators; nothing is opened."""
        self.storage = storage
        self.rulebook = rulebook
        self.clock = clock
        self.committed = committed
        self._policies: dict[str, Mapping[str, Any]] = {}
        self._kept_calendars: set[str] = set()

    # --- commands -----------------------------------------------------------------------------------------------------

    async def handle(
        self, case_id: str, command: c.Command, *, actor: str, delivery: Delivery | None = None
    ) -> Outcome:
        """Decide one command and write it, with the raw delivery that brought it, in one transaction.

        Raises:
            StorageUnavailableError: nothing was stored.

        """

        async def work() -> Outcome:
            async with self.storage.begin() as tx:
                if delivery is not None and not await self.remember(tx, delivery):
                    return Outcome(case_id, repeated=True)
                [outcome] = await self.run(tx, [Order(case_id, command, actor)])
                return outcome

        outcome = await self._again_if_overtaken(work)
        self.committed()
        return outcome

    async def remember(self, tx: Transaction, delivery: Delivery) -> bool:
        """Store a delivery (or mark a stored one as finished) inside an open transaction.

        ``False`` if that was done before.
        """
        now = self.clock.now()
        if delivery.stored:
            return await tx.intake.handled([delivery.key], now) == 1
        row = {
            "key": delivery.key,
            "source": delivery.source,
            "account": delivery.account,
            "body": delivery.body,
            "received_at": now,
            "handled_at": now,
            "attempts": 0,
        }
        return bool(await tx.intake.store([row]))

    async def _again_if_overtaken(self, work: Callable[[], Awaitable[T]]) -> T:
        for _ in range(3):
            try:
                result: T = await self.storage.retrying(work)
                return result  # noqa: TRY300 - the loop goes on only when overtaken
            except OvertakenError:
                continue
        raise OvertakenError("three times in a row; a person should look at this case")

    async def run(self, tx: Transaction, orders: Sequence[Order]) -> list[Outcome]:
        """Decide and write many orders inside an open transaction, one statement per table for all cases together."""
        outcomes: dict[int, Outcome] = {}
        remaining = list(enumerate(orders))
        while remaining:
            batch: dict[str, tuple[int, Order]] = {}
            later: list[tuple[int, Order]] = []
            for number, order in remaining:
                if order.case_id in batch:
                    later.append((number, order))
                else:
                    batch[order.case_id] = (number, order)
            follow_ups: list[tuple[int, Order]] = []
            for number, outcome in (await self._pass(tx, batch)).items():
                outcomes.setdefault(number, outcome)
                if outcome.decision is not None and outcome.decision.then is not None:
                    follow_ups.append((number, Order(outcome.case_id, outcome.decision.then)))
            remaining = [*follow_ups, *later]
        return [outcomes[number] for number in range(len(orders))]

    async def _pass(self, tx: Transaction, batch: Mapping[str, tuple[int, Order]]) -> dict[int, Outcome]:
        found = await tx.cases.lock(batch)
        outcomes: dict[int, Outcome] = {}
        writing = Writing(tx, self._kept_calendars)
        for case_id, (number, order) in batch.items():
            if case_id not in found:
                outcomes[number] = Outcome(case_id, refusal=say("This case does not exist any more."))
                continue
            file = case_file(found[case_id])
            try:
                rules = await self.rules(tx, file, actor=order.actor)
            except UnknownAccountError:
                gone = say("The account {account} is not in the configuration any more.", account=file.case.account)
                outcomes[number] = Outcome(case_id, refusal=gone)
                continue
            if isinstance(order.command, c.Snooze):
                since = await tx.cases.put_off_since(case_id, taken_up=TAKES_UP)
                file = replace(file, put_off_since=since)
            decided = decide(file, order.command, rules, actor=order.actor, now=self.clock.now())
            if isinstance(decided, Refusal):
                outcomes[number] = Outcome(case_id, refusal=decided.sentence)
            elif decided is None:
                outcomes[number] = Outcome(case_id)
            else:
                await writing.apply(file, decided)
                outcomes[number] = Outcome(case_id, said=decided.said, decision=decided)
        await writing.flush()
        return outcomes

    async def rules(self, tx: Transaction, file: CaseFile, *, actor: str | None = None) -> Rules:
        """Return the rules for a case, under the policy and the calendars that it began with.

        Whether ``actor`` (a member's key) was called to the case is asked only where the configuration alone would
        send them away.
        """
        await self.restore(tx, {clock.calendar for clock in file.clocks if clock.ended_at is None and clock.calendar})
        rules = self.rulebook.rules_for(file, await self.policy(tx, file.case.policy_digest))
        settings = self.rulebook.settings
        if actor is None or actor not in settings.members or rules.is_colleague(actor):
            return rules
        if not await is_called(tx, settings, file.case, actor, self.clock.now()):
            return rules
        listed = rules.is_colleague
        return replace(rules, is_colleague=lambda member: member == actor or listed(member))

    async def restore(self, tx: Transaction, calendars: Collection[str]) -> None:
        """Let the rulebook know calendars (their versions) under which clocks began."""
        if unknown := set(calendars) - self.rulebook.calendars.keys():
            for snapshot in await tx.clocks.calendars(unknown):
                self.rulebook.restore(snapshot.definition)

    async def policy(self, tx: Transaction, digest: str) -> Mapping[str, Any]:
        """Return a policy snapshot; they never change, so they are kept."""
        if digest not in self._policies:
            snapshot = await tx.cases.policy(digest)
            if snapshot is None:
                raise LookupError(f"policy snapshot {digest} is missing")
            self._policies[digest] = snapshot.content
        return self._policies[digest]

    async def file(self, case_id: str) -> CaseFile | None:
        """Return a case as it stands now."""
        async with self.storage.read() as tx:
            rows = await tx.cases.read([case_id])
        return case_file(rows[case_id]) if case_id in rows else None

    # --- arrivals -----------------------------------------------------------------------------------------------------

    async def intake(
        self,
        account: str,
        arrivals: Sequence[Arrival],
        *,
        also: Callable[[Transaction], Awaitable[bool]] | None = None,
    ) -> Taken | None:
        """Store what customers did on an account, open cases and tell open ones, in one transaction.

        ``also`` runs first inside the same transaction (storing the delivery, moving the cursor); if it returns
        ``False``
        nothing is taken in and ``None`` is returned.
        """

        async def work() -> Taken | None:
            async with self.storage.begin() as tx:
                if also is not None and not await also(tx):
                    return None
                return await self.take_in(tx, account, arrivals)

        taken = await self._again_if_overtaken(work)
        self.committed()
        return taken

    async def take_in(self, tx: Transaction, account: str, arrivals: Sequence[Arrival]) -> Taken:
        """Take arrivals in inside an open transaction.

        Repeated, reordered and early deliveries lead to the same rows.
        """
        taken = Taken()
        if not arrivals:
            return taken
        ids = {arrival.external_id for arrival in arrivals}
        ours = await tx.cases.our_posts(account, ids)
        known = await tx.cases.mentions_by_external_id(account, ids)
        new = _new_posts(arrivals, known=known, ours=ours)
        taken.repeated = sum(isinstance(arrival, Arrived) for arrival in arrivals) - len(new)
        taken.cases.update({external: mention.case_id for external, mention in known.items()})
        early = await tx.intake.take_early(account, [arrived.external_id for arrived in new]) if new else []
        edits = {change.external_id: change for change in early if not change.is_deletion}
        orders = await self._new_posts(tx, account, new, edits, taken)
        orders += await self._changes(
            tx, account, [a for a in arrivals if not isinstance(a, Arrived) and a.external_id not in ours], known, new
        )
        gone = [change for change in early if change.is_deletion]
        if gone:
            fresh = await tx.cases.mentions_by_external_id(account, [change.external_id for change in gone])
            orders += await self._changes(
                tx, account, [Deleted(change.external_id, change.at) for change in gone], fresh, []
            )
        taken.outcomes = await self.run(tx, orders)
        return taken

    async def _new_posts(
        self,
        tx: Transaction,
        account: str,
        arrived: Sequence[Arrived],
        early: Mapping[str, EarlyChange],
        taken: Taken,
    ) -> list[Order]:
        if not arrived:
            return []
        posts = [_with_early(post, early) for post in arrived]
        now = self.clock.now()
        network = self.rulebook.connector(account).name
        authors = await self._authors(tx, network, [post.author for post in posts], now)
        parents = await tx.cases.threads_of_posts(account, [post.parent_id for post in posts if post.parent_id])
        threads = {post.external_id: parents.get(post.parent_id or "", post.thread_id) for post in posts}
        cases = await tx.cases.of_threads(account, [*threads.values(), *(post.external_id for post in posts)])
        earlier = await tx.cases.count_by_author([author.id for author in authors.values()])
        writing = Writing(tx, self._kept_calendars)
        orders: list[Order] = []
        for post in posts:
            author, thread = authors[post.author.external_id], threads[post.external_id]
            case = cases.get(thread)
            if case is not None and case.author_id != author.id:
                thread = post.external_id  # somebody else in the same conversation is a case of their own
                case = cases.get(thread)
            if case is None:
                opening = self._open(post, account, network, author, thread, earlier.get(author.id, 0), now)
                earlier[author.id] = earlier.get(author.id, 0) + 1
                case = cases[thread] = opening.case
                _mark_edited(opening.mention, early)
                writing.open(opening, self._policy_row(opening.case, now), self._wanted_cards(opening.case))
                taken.opened.append(case.id)
            else:
                mention = mention_row(post, case_id=case.id, account=account, author_id=author.id, now=now)
                _mark_edited(mention, early)
                writing.writes.add(mention)
                orders.append(Order(case.id, c.CustomerWrote(mention.id)))
            taken.cases[post.external_id] = case.id
        await writing.flush()
        return orders

    def _open(
        self, post: Arrived, account: str, network: str, author: Author, thread: str, earlier: int, now: datetime
    ) -> Opening:
        match = self.rulebook.route(
            account=account,
            author=post.author,
            text=f"{post.subject or ''}\n{post.text}",
            language=post.language,
            visibility=post.visibility,
        )
        settings, of = self.rulebook.settings, {"priority": match.priority, "network": network}
        policy, digest = settings.policy_snapshot(match.policy, **of), settings.policy_digest(match.policy, **of)
        return open_case(
            post,
            account=account,
            network=network,
            author=author,
            match=match,
            policy_digest=digest,
            timing=lambda step: self.rulebook.timing(step, match.department, digest, policy, account),
            earlier_cases=earlier,
            thread_id=thread,
            now=now,
        )

    def _policy_row(self, case: Case, now: datetime) -> PolicySnapshot:
        content = self.rulebook.settings.policy_snapshot(
            case.policy, priority=case.priority.value, network=case.network
        )
        return PolicySnapshot(digest=case.policy_digest, name=case.policy, content=content, first_used_at=now)

    def _wanted_cards(self, case: Case) -> list[CardWanted]:
        departments = self.rulebook.settings.departments
        return [
            CardWanted(EffectKind.CARD, str(departments[name].channel), name)
            for name in dict.fromkeys((case.department, *case.also))
        ]

    async def _authors(
        self, tx: Transaction, network: str, facts: Iterable[AuthorFacts], now: datetime
    ) -> dict[str, Author]:
        by_id = {fact.external_id: fact for fact in facts}
        authors = await tx.cases.authors(network, by_id)
        writes = Writes()
        for external_id, fact in by_id.items():
            shown: dict[str, Any] = {
                "name": fact.name,
                "handle": fact.handle,
                "url": fact.url,
                "avatar_url": fact.avatar_url,
                "followers": fact.followers,
            }
            if (author := authors.get(external_id)) is None:
                authors[external_id] = Author(
                    id=new_id(now), network=network, external_id=external_id, first_seen_at=now, **shown
                )
                writes.add(authors[external_id])
            elif changes := {
                name: value for name, value in shown.items() if value is not None and value != getattr(author, name)
            }:
                writes.change(Author, author.id, changes)
        await writes.flush(tx.session)
        return authors

    async def _changes(
        self,
        tx: Transaction,
        account: str,
        changes: Sequence[Arrival],
        known: Mapping[str, Mention],
        new: Sequence[Arrived],
    ) -> list[Order]:
        orders: list[Order] = []
        writes = Writes()
        early: list[dict[str, Any]] = []
        fresh = (
            await tx.cases.mentions_by_external_id(account, [post.external_id for post in new])
            if changes and new
            else {}
        )
        mentions = {**known, **fresh}
        for change in changes:
            mention = mentions.get(change.external_id)
            if isinstance(change, Edited):
                if mention is None:
                    early.append(
                        {
                            "account": account,
                            "external_id": change.external_id,
                            "is_deletion": False,
                            "text": change.text,
                            "at": change.edited_at,
                        }
                    )
                elif _is_news(change, mention):
                    media = [
                        {"kind": m.kind, "address": m.address, "description": m.description} for m in change.media
                    ] or mention.media
                    writes.change(
                        Mention,
                        mention.id,
                        {
                            "text": change.text,
                            "edited_at": change.edited_at,
                            "media": media,
                            "version": mention.version + 1,
                        },
                    )
                    mentions[change.external_id] = mention.model_copy(
                        update={"text": change.text, "edited_at": change.edited_at, "version": mention.version + 1}
                    )
                    if change.text != mention.text and mention.deleted_at is None:
                        orders.append(Order(mention.case_id, c.CustomerEdited(mention.id)))
            elif isinstance(change, Deleted):
                if mention is None:
                    early.append(
                        {
                            "account": account,
                            "external_id": change.external_id,
                            "is_deletion": True,
                            "text": None,
                            "at": change.deleted_at,
                        }
                    )
                elif mention.deleted_at is None:
                    writes.change(Mention, mention.id, {"deleted_at": change.deleted_at})
                    mentions[change.external_id] = mention.model_copy(update={"deleted_at": change.deleted_at})
                    orders.append(Order(mention.case_id, c.CustomerDeleted(mention.id)))
        await writes.flush(tx.session)
        await tx.intake.keep_early(early)
        return orders


def _new_posts(arrivals: Sequence[Arrival], *, known: Mapping[str, Mention], ours: Collection[str]) -> list[Arrived]:
    new: dict[str, Arrived] = {}
    for arrival in arrivals:
        if isinstance(arrival, Arrived) and arrival.external_id not in known and arrival.external_id not in ours:
            new.setdefault(arrival.external_id, arrival)
    return sorted(new.values(), key=lambda arrived: arrived.posted_at)


def _with_early(post: Arrived, early: Mapping[str, EarlyChange]) -> Arrived:
    change = early.get(post.external_id)
    return post if change is None else Arrived(**{**post.__dict__, "text": change.text})


def _mark_edited(mention: Mention, early: Mapping[str, EarlyChange]) -> None:
    """Note when an edit that came before its post was made, so that an older one does not undo it."""
    change = early.get(mention.external_id)
    if change is not None:
        mention.edited_at, mention.version = change.at, 2


def _is_news(change: Edited, mention: Mention) -> bool:
    """Tell whether an edit is the newest; one that arrives after the deletion still says what the post last read."""
    if mention.deleted_at is not None and change.edited_at > mention.deleted_at:
        return False
    return mention.edited_at is None or change.edited_at > mention.edited_at
