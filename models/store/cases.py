"""Cases with everything that belongs to them, read in one statement per table however many cases are asked for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, update
from sqlalchemy import select as select_rows
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.case import Case, Draft, JournalEntry, PolicySnapshot
from models.clocks import StepClock
from models.mention import Author, Mention
from models.outbox import Attempt, Card, Effect
from models.store.statements import one_of, table
from models.vocabulary import OPEN_STATES, CaseState, DraftState, EffectKind, EffectState


@dataclass
class CaseRows:
    """One case's rows: mentions by time, drafts by version, replies in order of sending.

    They have the columns of the models that they are named by, and cannot be changed: mapped objects would take longer
    to make than everything else that is done to a case.
    """

    case: Case
    author: Author
    mentions: list[Mention] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    clocks: list[StepClock] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    replies: list[Effect] = field(default_factory=list)


@dataclass(frozen=True)
class DueFirst:
    """The ids of the cases that are due first, and how many there are in all."""

    ids: Sequence[str]
    total: int


_PARTS: tuple[tuple[str, type[SQLModel], tuple[str, ...]], ...] = (
    ("mentions", Mention, ("posted_at", "id")),
    ("drafts", Draft, ("version",)),
    ("replies", Effect, ("sequence",)),
    ("clocks", StepClock, ("cycle",)),
    ("cards", Card, ("created_at", "id")),
)
"""What belongs to a case, and in which order; the first three are what a reply needs."""

_STANDING = ("id", "case_id", "draft_id", "part", "state", "sequence", "external_id", "unknown_since", "settled_at")
"""What the sending of one reply asks about the others of its case."""


@cache
def _cases(*, lock: bool) -> Select[Any]:
    cases = table(Case)
    query = select_rows(cases).where(one_of(cases.c.id, "ids")).order_by(cases.c.id)
    return query.with_for_update(key_share=True) if lock else query


@cache
def _authors() -> Select[Any]:
    return select_rows(table(Author)).where(one_of(table(Author).c.id, "ids"))


@cache
def _parts(model: type[SQLModel], order: tuple[str, ...], *, standing: bool) -> Select[Any]:
    rows = table(model)
    query = select_rows(*(rows.c[name] for name in _STANDING)) if standing else select_rows(rows)
    query = query.where(one_of(rows.c.case_id, "ids")).order_by(*(rows.c[name] for name in order))
    return query.where(rows.c.kind == EffectKind.REPLY) if model is Effect else query


@cache
def _held() -> Select[Any]:
    cases = table(Case).c
    held = select_rows(cases.id, cases.version).where(one_of(cases.id, "ids"))
    return held.order_by(cases.id).with_for_update(key_share=True)


@cache
def _open() -> ColumnElement[bool]:
    """Return the condition of the index ``case_open_thread``, with constants, so that history is not even looked at."""
    final = sorted(set(CaseState) - OPEN_STATES)
    return table(Case).c.state.not_in(bindparam("final", final, expanding=True, literal_execute=True))


class Cases:
    """Statements about cases, drafts and the journal."""

    def __init__(self, session: AsyncSession) -> None:
        """Bind to one transaction."""
        self._session = session

    async def lock(self, ids: Collection[str]) -> dict[str, CaseRows]:
        """Lock cases, always in the order of their ids, and return them with all their rows."""
        return await self._load(ids, lock=True)

    async def read(self, ids: Collection[str], *, for_replies: bool = False) -> dict[str, CaseRows]:
        """Return cases with their rows, without locking.

        ``for_replies``: without clocks and cards, and of the replies only how they stand.
        """
        return await self._load(ids, lock=False, for_replies=for_replies)

    async def hold(self, ids: Collection[str]) -> dict[str, int]:
        """Lock cases without reading them; return their versions, nothing where one transaction at a time writes.

        Whoever will touch effects and cases takes the cases first, so that nobody waits in a circle.
        """
        if not ids or self._session.get_bind().dialect.name == "sqlite":
            return {}
        return dict(await self._rows(_held(), ids))

    async def _load(self, ids: Collection[str], *, lock: bool, for_replies: bool = False) -> dict[str, CaseRows]:
        if not ids:
            return {}
        cases = await self._rows(_cases(lock=lock), ids)
        if not cases:
            return {}
        authors = {author.id: author for author in await self._rows(_authors(), {case.author_id for case in cases})}
        rows = {case.id: CaseRows(case, authors[case.author_id]) for case in cases}
        for name, model, order in _PARTS[: 3 if for_replies else None]:
            for part in await self._rows(_parts(model, order, standing=for_replies and model is Effect), rows):
                getattr(rows[part.case_id], name).append(part)
        return rows

    async def _rows(self, query: Select[Any], ids: Collection[str]) -> Sequence[Any]:
        found = await self._session.exec(query, params={"ids": sorted(ids)})  # type: ignore[call-overload]
        rows: Sequence[Any] = found.all()
        return rows

    async def find(self, name: str) -> list[str]:
        """Return the ids that are ``name`` or end with it, at most two (two: it is ambiguous)."""
        exact = await self._session.get(Case, name)
        if exact is not None:
            return [exact.id]
        if len(name) < 4 or not name.isalnum():  # noqa: PLR2004
            return []
        found = await self._session.exec(select(Case.id).where(col(Case.id).like(f"%{name.lower()}")).limit(2))
        return list(found)

    async def list(
        self,
        *,
        states: Collection[CaseState] | None = None,
        department: str | None = None,
        account: str | None = None,
        owner: str | None = None,
        limit: int = 100,
    ) -> list[str]:
        """Return case ids, newest first."""
        query = select(Case.id).order_by(col(Case.received_at).desc(), col(Case.id).desc()).limit(limit)
        if states is not None:
            query = query.where(col(Case.state).in_(list(states)))
        for column, value in (
            (col(Case.department), department),
            (col(Case.account), account),
            (col(Case.owner), owner),
        ):
            if value is not None:
                query = query.where(column == value)
        return list(await self._session.exec(query))

    async def due_first(
        self,
        states: Collection[CaseState],
        *,
        owner: str | None = None,
        unowned: bool = False,
        departments: Collection[str] | None = None,
        accounts: Collection[str] | None = None,
        late_at: datetime | None = None,
        limit: int,
    ) -> DueFirst:
        """Return the cases in some states whose next due time comes first, those without one last, the oldest first.

        What is due next is the earliest due time of the clocks that run; one that stands still is not due.
        ``late_at``: only those for which that has passed by a moment (UTC). History is not read, however long it is.
        """
        cases, clocks = table(Case).c, table(StepClock).c
        running = and_(clocks.case_id == cases.id, clocks.ended_at.is_(None), clocks.paused_at.is_(None))
        earliest = select_rows(func.min(clocks.due_at)).where(running).correlate(table(Case)).scalar_subquery()
        found = select_rows(cases.id, cases.received_at, earliest.label("due")).where(_open())
        found = found.where(cases.state.in_(sorted(states)))
        if owner is not None:
            found = found.where(cases.owner == owner)
        if unowned:
            found = found.where(cases.owner.is_(None))
        for column, wanted in ((cases.department, departments), (cases.account, accounts)):
            if wanted is not None:
                found = found.where(column.in_(sorted(wanted)))
        each = found.subquery().c
        query = select_rows(each.id, func.count().over())
        if late_at is not None:
            query = query.where(each.due <= late_at)
        query = query.order_by(each.due.is_(None), each.due, each.received_at, each.id).limit(limit)
        rows = (await self._session.exec(query)).all()  # type: ignore[call-overload]
        return DueFirst([case_id for case_id, _ in rows], int(rows[0][1]) if rows else 0)

    async def of_threads(self, account: str, threads: Collection[str]) -> dict[str, Case]:
        """Return the newest case of each conversation of an account."""
        query = (
            select(Case)
            .where(col(Case.account) == account, col(Case.thread_id).in_(list(threads)))
            .order_by(col(Case.received_at))
        )
        return {case.thread_id: case for case in await self._session.exec(query)}

    async def threads_of_posts(self, account: str, external_ids: Collection[str]) -> dict[str, str]:
        """Return, by the external id of a customer's post or of our own reply, the thread id it belongs to."""
        wanted = list(external_ids)
        mentions = select(Mention.external_id, Case.thread_id).join(Case, col(Case.id) == col(Mention.case_id))
        ours = select(Effect.external_id, Case.thread_id).join(Case, col(Case.id) == col(Effect.case_id))
        theirs = mentions.where(col(Mention.account) == account, col(Mention.external_id).in_(wanted))
        found = dict((await self._session.exec(theirs)).all())
        reply = ours.where(
            col(Effect.kind) == EffectKind.REPLY, col(Effect.target) == account, col(Effect.external_id).in_(wanted)
        )
        mine = (await self._session.exec(reply)).all()
        return found | {external: thread for external, thread in mine if external is not None}

    async def mentions_by_external_id(self, account: str, external_ids: Collection[str]) -> dict[str, Mention]:
        """Return known posts of customers."""
        query = select(Mention).where(col(Mention.account) == account, col(Mention.external_id).in_(list(external_ids)))
        return {mention.external_id: mention for mention in await self._session.exec(query)}

    async def our_posts(self, account: str, external_ids: Collection[str]) -> set[str]:
        """Return which of these posts are replies of our own."""
        query = select(Effect.external_id).where(
            col(Effect.kind) == EffectKind.REPLY,
            col(Effect.target) == account,
            col(Effect.external_id).in_(list(external_ids)),
        )
        return {external for external in await self._session.exec(query) if external is not None}

    async def authors(self, network: str, external_ids: Collection[str]) -> dict[str, Author]:
        """Return known customers of a network."""
        query = select(Author).where(col(Author.network) == network, col(Author.external_id).in_(list(external_ids)))
        return {author.external_id: author for author in await self._session.exec(query)}

    async def count_by_author(self, author_ids: Collection[str]) -> dict[str, int]:
        """Return how many cases each customer has had."""
        query = (
            select(Case.author_id, func.count())
            .where(col(Case.author_id).in_(list(author_ids)))
            .group_by(col(Case.author_id))
        )
        return dict((await self._session.exec(query)).all())

    async def count_by_state(self) -> dict[CaseState, int]:
        """Return how many open cases stand in each state."""
        query = select(Case.state, func.count()).where(col(Case.state).in_(list(OPEN_STATES))).group_by(col(Case.state))
        return {CaseState(state): number for state, number in await self._session.exec(query)}

    async def by_card(self, channels: Collection[str], message_id: str) -> Card | None:
        """Return the card that a chat message is; ``channels`` are the addresses that its channel may have."""
        query = select(Card).where(col(Card.channel).in_(list(channels)), col(Card.message_id) == message_id)
        return (await self._session.exec(query)).first()

    async def policy(self, digest: str) -> PolicySnapshot | None:
        """Return a policy as it stood."""
        return await self._session.get(PolicySnapshot, digest)

    async def journal(self, case_id: str) -> Sequence[JournalEntry]:
        """Return what happened to a case, oldest first."""
        query = (
            select(JournalEntry).where(col(JournalEntry.case_id) == case_id).order_by(col(JournalEntry.case_version))
        )
        return (await self._session.exec(query)).all()

    async def put_off_since(self, case_id: str, *, taken_up: Collection[str]) -> datetime | None:
        """Return when a case was snoozed first since the last of the acts ``taken_up``; ``None`` where it was not."""
        of_case = col(JournalEntry.case_id) == case_id
        last = select(func.max(JournalEntry.case_version)).where(of_case, col(JournalEntry.act).in_(sorted(taken_up)))
        query = select(JournalEntry.at).where(
            of_case,
            col(JournalEntry.act) == "Snooze",
            col(JournalEntry.case_version) > func.coalesce(last.scalar_subquery(), 0),
        )
        return (await self._session.exec(query.order_by(col(JournalEntry.case_version)).limit(1))).first()

    async def effects(self, case_id: str) -> Sequence[Effect]:
        """Return everything a case intended outside, in order."""
        return (
            await self._session.exec(
                select(Effect).where(col(Effect.case_id) == case_id).order_by(col(Effect.sequence))
            )
        ).all()

    async def attempts(self, case_id: str) -> Sequence[Attempt]:
        """Return every try at a case's effects, oldest first."""
        query = (
            select(Attempt).join(Effect, col(Effect.id) == col(Attempt.effect_id)).where(col(Effect.case_id) == case_id)
        )
        return (await self._session.exec(query.order_by(col(Attempt.started_at)))).all()

    async def settle_draft(
        self,
        draft_id: str,
        *,
        was: DraftState,
        version: int,
        text_hash: str,
        forbid_author: str | None,
        changes: dict[str, Any],
    ) -> bool:
        """Decide a draft in one conditional UPDATE.

        ``False`` if it is no longer as the reviewer saw it, or is their own text.
        """
        statement = update(Draft).where(
            col(Draft.id) == draft_id,
            col(Draft.state) == was,
            col(Draft.version) == version,
            col(Draft.hash) == text_hash,
        )
        if forbid_author is not None:
            statement = statement.where(
                col(Draft.author) != forbid_author, func.coalesce(col(Draft.first_approver), "") != forbid_author
            )
        return bool(await _rows(self._session, statement.values(**changes)))

    async def recall_replies(self, draft_id: str, *, at: datetime) -> int:
        """Cancel a draft's replies that have not left; return how many."""
        statement = update(Effect).where(
            col(Effect.case_id) == _case_of(draft_id),
            col(Effect.draft_id) == draft_id,
            col(Effect.kind) == EffectKind.REPLY,
            col(Effect.state) == EffectState.READY,
        )
        return await _rows(self._session, statement.values(state=EffectState.CANCELLED, settled_at=at))

    async def settle_check(self, draft_id: str, changes: dict[str, Any]) -> int:
        """Settle the part of a reply that a person has looked for; return 0 if somebody else was first."""
        statement = update(Effect).where(
            col(Effect.case_id) == _case_of(draft_id),
            col(Effect.draft_id) == draft_id,
            col(Effect.state) == EffectState.NEEDS_CHECK,
        )
        return await _rows(self._session, statement.values(**changes))


def _case_of(draft_id: str) -> Any:
    """Return the case of a draft; by it the index finds the effects."""
    return select(Draft.case_id).where(col(Draft.id) == draft_id).scalar_subquery()


async def _rows(session: AsyncSession, statement: Any) -> int:
    result = await (await session.connection()).execute(statement)
    return int(result.rowcount)
