"""What the auditor asks: one indexed SELECT for each rule, whose cost grows with suspects or with recent work only.

Recent work is found by primary keys, which sort by time (``new_id``): no index is kept for the auditor's sake.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    type_coerce,
    union,
)
from sqlalchemy.exc import DBAPIError
from sqlmodel.ext.asyncio.session import AsyncSession

from models.case import Case, Draft, JournalEntry, PolicySnapshot, Review
from models.clocks import StepClock, Timer
from models.columns import first_id
from models.mention import Inbound
from models.outbox import Attempt, Card, Cursor, Effect
from models.pings import Announcement, Ping
from models.store.histories import History, read_histories
from models.store.outbox import due_now, in_transit
from models.store.statements import table
from models.vocabulary import (
    NETWORK_EFFECTS,
    OPEN_STATES,
    UNSETTLED_EFFECTS,
    CardKind,
    CaseState,
    DraftState,
    EffectKind,
    EffectState,
    PingFate,
    Step,
    TimerState,
    Verdict,
)

OWED: Mapping[CaseState, frozenset[Step]] = {
    CaseState.WAITING_ANSWER: frozenset({Step.ROUTE, Step.ACKNOWLEDGE, Step.ANSWER}),
    CaseState.SNOOZED: frozenset({Step.ROUTE, Step.ACKNOWLEDGE, Step.ANSWER}),
    CaseState.IN_REVIEW: frozenset({Step.APPROVE}),
    CaseState.RELAYING: frozenset({Step.RELAY}),
    CaseState.NEEDS_CHECK: frozenset({Step.RELAY}),
    CaseState.ANSWERED: frozenset({Step.RESOLUTION}),
}
"""The clocks of which at least one runs in each open state; until the first reply ``first_response`` runs as well."""

DRAWING_PATIENCE = timedelta(minutes=10)
"""How long a new drawing of a card may be on its way: a channel takes one message a second, so a burst takes time."""

SOON = timedelta(hours=1)
"""How long before a clock is due its case is looked at, however quiet it is."""

_CHAIN = (Step.DETECT, Step.ROUTE, Step.ACKNOWLEDGE, Step.ANSWER, Step.APPROVE, Step.RELAY)
_GIVEN_UP = (EffectState.REFUSED, EffectState.CANCELLED, EffectState.SUPERSEDED)
_ROUNDING = 1e-3
"""Seconds by which a stored length may differ from its ends: a floating point number holds no exact microseconds."""
_CUT_OFF = "57014"
"""PostgreSQL's query_canceled. https://www.postgresql.org/docs/current/errcodes-appendix.html"""
_INSTRUCTIONS = 10_000
"""How many steps of SQLite's machine pass between two looks at the time."""


class TookTooLongError(Exception):
    """A question was cut off at its time limit; whether its rule holds is not known."""


@dataclass(frozen=True)
class Scope:
    """What a question is about. ``before``: what was due, or has stood, since then is a suspect.

    ``since``: rules about recent work look at cases that changed after it, or only at ``cases`` where they are given.
    ``frozen`` and ``polled`` are accounts, ``deputies`` members. ``most``: at most so many suspects.
    """

    now: datetime
    before: datetime
    since: datetime
    cases: Collection[str] | None = None
    frozen: Collection[str] = ()
    polled: Collection[str] = ()
    deputies: Collection[str] = ()
    most: int = 100


@dataclass(frozen=True)
class Suspect:
    """One answer. ``subject`` tells it apart from the rule's others; ``about`` is a word for people.

    ``evidence``: what a rule that needs the configuration or a computation goes on; ``history``: that of its case.
    """

    subject: str
    case_id: str | None = None
    effect_id: str | None = None
    about: str = ""
    evidence: Any = None
    history: History | None = None


class Auditing:
    """The auditor's questions. They change nothing."""

    def __init__(self, session: AsyncSession) -> None:
        """Bind to one transaction."""
        self._session = session

    @contextlib.asynccontextmanager
    async def limited(self, seconds: float, *, monotonic: Callable[[], float]) -> AsyncIterator[None]:
        """Cut off, inside the block, a question that takes longer than so many seconds.

        Its statements see the same rows: between reading a journal and its clocks nobody's work comes in. SQLite is
        interrupted by its progress handler, which looks at ``monotonic`` in the connection's own thread.

        Raises:
            TookTooLongError: by the question that was cut off.

        """
        if self._session.get_bind().dialect.name != "sqlite":
            connection = await self._session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            await connection.exec_driver_sql(f"SET LOCAL statement_timeout = {max(1, int(seconds * 1000))}")
            yield
            return
        connection = await self._session.connection()
        driver: Any = (await connection.get_raw_connection()).driver_connection
        ends = monotonic() + seconds
        await driver.set_progress_handler(lambda: int(monotonic() > ends), _INSTRUCTIONS)
        try:
            yield
        finally:
            await driver.set_progress_handler(None, 0)

    # --- replies ------------------------------------------------------------------------------------------------------

    async def approvals_without_replies(self, scope: Scope) -> Sequence[Suspect]:
        """Return approvals that have not one reply in the outbox for each part of their text."""
        review, draft, effect = table(Review).c, table(Draft).c, table(Effect).c
        there = select(func.count()).where(effect.review_id == review.id).scalar_subquery()
        query = (
            select(review.id, review.case_id)
            .join(table(Draft), draft.id == review.draft_id)
            .where(
                _within(review.case_id, scope),
                review.verdict == Verdict.APPROVED,
                there != func.json_array_length(draft.parts),
            )
        )
        return [Suspect(row.id, row.case_id) for row in await self._ask(query, scope)]

    async def approvals_that_ended_in_silence(self, scope: Scope) -> Sequence[Suspect]:
        """Return drafts that still count as approved although a part of their reply will never be sent."""
        draft, effect = table(Draft).c, table(Effect).c
        given_up = exists().where(
            effect.case_id == draft.case_id,
            effect.draft_id == draft.id,
            effect.kind == EffectKind.REPLY,
            effect.state.in_(_GIVEN_UP),
        )
        query = select(draft.id, draft.case_id, draft.version).where(
            _within(draft.case_id, scope), draft.state == DraftState.APPROVED, given_up
        )
        return [Suspect(row.id, row.case_id, about=str(row.version)) for row in await self._ask(query, scope)]

    async def stuck_effects(self, scope: Scope) -> Sequence[Suspect]:
        """Return effects that could have left, or whose sender has been dead, since ``before``.

        What waits for a freeze, a paused account, an earlier effect of its lane or a later try is not stuck.
        """
        effect = table(Effect).c
        frozen = and_(effect.kind.in_(sorted(NETWORK_EFFECTS)), effect.target.in_(list(scope.frozen)))
        dead = and_(effect.state == EffectState.SENDING, effect.lease_until <= scope.before)
        query = select(effect.id, effect.case_id, effect.kind, effect.state).where(
            in_transit(), effect.not_before <= scope.before, or_(dead, and_(due_now(), ~frozen))
        )
        rows = await self._ask(query.order_by(effect.not_before), scope, now=scope.now)
        return [Suspect(row.id, row.case_id, row.id, f"{row.kind.value}, {row.state.value}") for row in rows]

    async def doubled_replies(self, scope: Scope) -> Sequence[Suspect]:
        """Return parts of replies for which the network gave more than one id."""
        effect, attempt = table(Effect).c, table(Attempt).c
        told = and_(attempt.effect_id == effect.id, attempt.external_id.is_not(None))
        another = exists().where(told, attempt.external_id != effect.external_id)
        several = select(func.count(attempt.external_id.distinct())).where(told).scalar_subquery() > 1
        query = select(effect.id, effect.case_id).where(
            _within(effect.case_id, scope), effect.kind == EffectKind.REPLY, or_(another, several)
        )
        return [Suspect(row.id, row.case_id, row.id) for row in await self._ask(query, scope)]

    async def replies_without_attempt(self, scope: Scope) -> Sequence[Suspect]:
        """Return replies that count as sent although no try was recorded."""
        effect, attempt = table(Effect).c, table(Attempt).c
        query = select(effect.id, effect.case_id).where(
            _within(effect.case_id, scope),
            effect.kind == EffectKind.REPLY,
            effect.state == EffectState.SENT,
            ~exists().where(attempt.effect_id == effect.id),
        )
        return [Suspect(row.id, row.case_id, row.id) for row in await self._ask(query, scope)]

    async def sent_replies(self, scope: Scope) -> Sequence[Suspect]:
        """Return every reply that was sent, with its text and its approval, for a rule to compare."""
        effect, review, draft = table(Effect).c, table(Review).c, table(Draft).c
        query = (
            select(
                effect.id,
                effect.case_id,
                effect.part,
                effect.draft_id,
                draft.parts,
                draft.visibility,
                draft.hash,
                draft.version,
                draft.context_version,
                review.verdict,
                review.draft_id.label("reviewed_id"),
                review.draft_hash,
                review.draft_version,
                review.context_version.label("reviewed_context"),
            )
            .outerjoin_from(table(Effect), table(Review), review.id == effect.review_id)
            .outerjoin(table(Draft), draft.id == effect.draft_id)
            .where(_within(effect.case_id, scope), effect.kind == EffectKind.REPLY, effect.state == EffectState.SENT)
        )
        rows = await self._ask(query.order_by(effect.id.desc()), scope)
        return [Suspect(row.id, row.case_id, row.id, evidence=row) for row in rows]

    async def approvals(self, scope: Scope) -> Sequence[Suspect]:
        """Return every approval with its draft's authors and its case, for a rule to judge."""
        review, draft, cases = table(Review).c, table(Draft).c, table(Case).c
        query = (
            select(
                review.id,
                review.case_id,
                review.member,
                review.at,
                draft.author,
                draft.first_approver,
                cases.account,
                cases.route,
            )
            .join(table(Draft), draft.id == review.draft_id)
            .join(table(Case), cases.id == review.case_id)
            .where(_within(review.case_id, scope), review.verdict == Verdict.APPROVED)
        )
        rows = await self._ask(query.order_by(review.id.desc()), scope)
        return [Suspect(row.id, row.case_id, about=row.member, evidence=row) for row in rows]

    async def approvals_by_right(self, scope: Scope) -> Sequence[Suspect]:
        """Return every approval, for a rule to judge; those by ``deputies`` with the history of their case."""
        suspects = await self.approvals(scope)
        cases = {suspect.case_id for suspect in suspects if suspect.case_id and suspect.about in scope.deputies}
        histories = await read_histories(self._all, cases, scope.now)
        return [replace(suspect, history=histories.get(suspect.case_id or "")) for suspect in suspects]

    async def relaying_without_reply(self, scope: Scope) -> Sequence[Suspect]:
        """Return cases whose reply is said to be under way although nothing of it is in the outbox any more."""
        cases, effect = table(Case).c, table(Effect).c
        alive = exists().where(
            effect.case_id == cases.id,
            effect.kind == EffectKind.REPLY,
            effect.state.in_(sorted(UNSETTLED_EFFECTS)),
        )
        query = (
            select(cases.id)
            .where(cases.state.in_([CaseState.RELAYING, CaseState.NEEDS_CHECK]), ~alive)
            # SQLite counts on as many cases in each state while nearly all are closed; the order is the index's own.
            .order_by(cases.state, cases.received_at)
        )
        return [Suspect(row.id, row.id) for row in await self._ask(query, scope)]

    # --- clocks and the journal ---------------------------------------------------------------------------------------

    async def clocks_that_run_backwards(self, scope: Scope) -> Sequence[Suspect]:
        """Return step clocks that end before they start, overlap their step's cycle before, or have a wrong length."""
        clocks = table(StepClock)
        clock, before = clocks.c, clocks.alias("before")
        ended = clock.ended_at.is_not(None)
        # Microseconds: an exact number on both databases, while a difference of seconds would be rounded.
        length = (_number(clock.ended_at) - _number(clock.started_at)) / 1e6
        wrong = or_(
            clock.ended_at < clock.started_at,
            ended != clock.outcome.is_not(None),
            and_(ended, func.coalesce(func.abs(length - clock.wall_seconds) > _ROUNDING, True)),
            and_(ended, func.coalesce(clock.business_seconds, -1.0) < 0),
            clock.business_seconds > clock.wall_seconds + 1,
            and_(
                before.c.id.is_not(None),
                clock.step != Step.REPLY_WINDOW,  # the network counts it from a post that we hear of later
                func.coalesce(before.c.ended_at > clock.started_at, True),
            ),
            and_(clock.cycle > 1, before.c.id.is_(None)),
        )
        same_step = and_(
            before.c.case_id == clock.case_id, before.c.step == clock.step, before.c.cycle == clock.cycle - 1
        )
        query = (
            select(clock.case_id, clock.step, clock.cycle)
            .outerjoin_from(clocks, before, same_step)
            .where(_within(clock.case_id, scope), wrong)
        )
        return [_clock_suspect(row) for row in await self._ask(query, scope)]

    async def steps_out_of_order(self, scope: Scope) -> Sequence[Suspect]:
        """Return the first clocks of steps that began before the step ahead of them had begun."""
        clock = table(StepClock).c
        place = case({step: number for number, step in enumerate(_CHAIN)}, value=clock.step)
        first = (
            select(
                clock.case_id,
                clock.step,
                clock.cycle,
                clock.started_at,
                func.lag(clock.started_at).over(partition_by=clock.case_id, order_by=place).label("ahead"),
            )
            .where(_within(clock.case_id, scope), clock.cycle == 1, clock.step.in_(_CHAIN))
            .subquery()
        )
        query = select(first.c.case_id, first.c.step, first.c.cycle).where(first.c.started_at < first.c.ahead)
        return [_clock_suspect(row) for row in await self._ask(query, scope)]

    async def histories(self, scope: Scope) -> Sequence[Suspect]:
        """Return the cases that changed last, or have a clock that is about due, with their histories."""
        cases = table(Case).c
        newest = select(cases.id).where(_within(cases.id, scope, due=True)).order_by(cases.last_at.desc())
        ids = [row.id for row in await self._ask(newest, scope)]
        histories = await read_histories(self._all, ids, scope.now)
        return [Suspect(name, name, history=histories[name]) for name in ids]

    async def clocks_that_wait_for_nothing(self, scope: Scope) -> Sequence[Suspect]:
        """Return running clocks that wait for no rung, with their policy, for a rule to look whether one is left.

        Those that are due latest come first: the later, the more is left to tell.
        """
        cases, clock, policy = table(Case).c, table(StepClock).c, table(PolicySnapshot).c
        query = (
            select(*clock, cases.policy_digest)
            .join(table(Case), cases.id == clock.case_id)
            .where(
                _within(clock.case_id, scope, due=True),
                clock.ended_at.is_(None),
                clock.paused_at.is_(None),
                clock.next_at.is_(None),
                clock.calendar.is_not(None),
            )
        )
        rows = await self._ask(query.order_by(clock.due_at.desc()), scope)
        digests = sorted({row.policy_digest for row in rows})
        kept = await self._all(select(policy.digest, policy.content).where(policy.digest.in_(digests)))
        policies = {row.digest: row.content for row in kept}
        return [replace(_clock_suspect(row), evidence=(row, policies.get(row.policy_digest))) for row in rows]

    async def clocks_with_other_pings(self, scope: Scope) -> Sequence[Suspect]:
        """Return clocks that have not as many pings as rungs behind them, with the history of their case.

        There are lawful ones: nobody is told again what somebody has seen, or what was past when it was timed anew.
        """
        clock, ping = table(StepClock).c, table(Ping).c
        written = select(func.count()).where(ping.clock_id == clock.id).scalar_subquery()
        query = select(table(StepClock)).where(
            _within(clock.case_id, scope, due=True), clock.calendar.is_not(None), clock.rungs_passed != written
        )
        rows = await self._ask(query.order_by(clock.id.desc()), scope)
        histories = await read_histories(self._all, {row.case_id for row in rows}, scope.now)
        return [replace(_clock_suspect(row), evidence=row, history=histories[row.case_id]) for row in rows]

    async def open_cases_without_clock(self, scope: Scope) -> Sequence[Suspect]:
        """Return open cases in which nobody owes anything: none of their state's clocks runs."""
        cases, clock = table(Case).c, table(StepClock).c

        def runs(*steps: Step) -> ColumnElement[bool]:
            return exists().where(clock.case_id == cases.id, clock.ended_at.is_(None), clock.step.in_(steps))

        owed_by_nobody = [and_(cases.state == state, ~runs(*sorted(steps))) for state, steps in OWED.items()]
        unanswered = and_(cases.state.in_(sorted(OPEN_STATES)), cases.answered_at.is_(None), ~runs(Step.FIRST_RESPONSE))
        query = select(cases.id, cases.state).where(_within(cases.id, scope), or_(unanswered, *owed_by_nobody))
        return [Suspect(row.id, row.id, about=row.state.value) for row in await self._ask(query, scope)]

    async def ended_cases_with_clock(self, scope: Scope) -> Sequence[Suspect]:
        """Return cases that have ended and in which a clock still runs."""
        cases, clock = table(Case).c, table(StepClock).c
        query = (
            select(cases.id, func.min(clock.step).label("step"))
            .join(table(StepClock), and_(clock.case_id == cases.id, clock.ended_at.is_(None)))
            .where(_within(cases.id, scope), cases.state.not_in(sorted(OPEN_STATES)))
            .group_by(cases.id)
        )
        return [Suspect(row.id, row.id, about=str(row.step)) for row in await self._ask(query, scope)]

    async def gaps_in_journals(self, scope: Scope) -> Sequence[Suspect]:
        """Return cases whose journal does not have one entry for each version, or ends in another state."""
        cases, entry = table(Case).c, table(JournalEntry).c
        newest = table(JournalEntry).alias("newest")
        number = select(func.count()).where(entry.case_id == cases.id).scalar_subquery()
        query = (
            select(cases.id, cases.version)
            .outerjoin_from(
                table(Case), newest, and_(newest.c.case_id == cases.id, newest.c.case_version == cases.version)
            )
            .where(
                _within(cases.id, scope),
                or_(newest.c.id.is_(None), newest.c.to_state != cases.state, number != cases.version),
            )
        )
        return [Suspect(row.id, row.id, about=str(row.version)) for row in await self._ask(query, scope)]

    async def overdue_timers(self, scope: Scope) -> Sequence[Suspect]:
        """Return timers that were due before ``before`` and have neither fired nor been cancelled."""
        timer = table(Timer).c
        running: Any = bindparam("running", TimerState.RUNNING, type_=timer.state.type, literal_execute=True)
        query = select(timer.id, timer.case_id, timer.kind).where(timer.state == running, timer.due_at <= scope.before)
        rows = await self._ask(query.order_by(timer.due_at), scope)
        return [Suspect(row.id, row.case_id, about=row.kind.value) for row in rows]

    async def overdue_rungs(self, scope: Scope) -> Sequence[Suspect]:
        """Return clocks that have had something to tell since before ``before`` and have not told it."""
        clock = table(StepClock).c
        query = select(clock.id, clock.case_id, clock.step).where(clock.next_at.is_not(None))
        rows = await self._ask(query.where(clock.next_at <= scope.before).order_by(clock.next_at), scope)
        return [Suspect(row.id, row.case_id, about=row.step.value) for row in rows]

    async def untold_pings(self, scope: Scope) -> Sequence[Suspect]:
        """Return pings that count as told and stand in no channel."""
        ping, told = table(Ping).c, table(Announcement).c
        somewhere = exists().where(told.ping_id == ping.id)
        fates = [PingFate.ANNOUNCED, PingFate.GATHERED]
        query = select(ping.id, ping.case_id, ping.step).where(
            _within(ping.case_id, scope), ping.fate.in_(fates), ~somewhere
        )
        return [Suspect(row.id, row.case_id, about=row.step.value) for row in await self._ask(query, scope)]

    async def pings_after_the_end(self, scope: Scope) -> Sequence[Suspect]:
        """Return pings about something that became due only after its clock had ended."""
        ping, clock = table(Ping).c, table(StepClock).c
        query = (
            select(ping.id, ping.case_id, ping.step)
            .join(table(StepClock), clock.id == ping.clock_id)
            .where(_within(ping.case_id, scope), clock.ended_at < ping.due_at)
        )
        return [Suspect(row.id, row.case_id, about=row.step.value) for row in await self._ask(query, scope)]

    # --- what people see, and what comes in ---------------------------------------------------------------------------

    async def cards_behind(self, scope: Scope) -> Sequence[Suspect]:
        """Return cards that show an older version of a case than it has had since ``before``.

        A drawing that is on its way excuses its card for ``DRAWING_PATIENCE``.
        """
        card, cases, effect = table(Card).c, table(Case).c, table(Effect).c
        coming = exists().where(
            effect.case_id == card.case_id,
            effect.card_id == card.id,
            in_transit(),
            effect.created_at > scope.now - DRAWING_PATIENCE,
        )
        query = (
            select(card.id, card.case_id, card.channel)
            .join(table(Case), cases.id == card.case_id)
            .where(
                _within(card.case_id, scope),
                card.kind == CardKind.CARD,
                card.shown_version < cases.version,
                cases.last_at <= scope.before,
                ~coming,
            )
        )
        return [Suspect(row.id, row.case_id, about=row.channel) for row in await self._ask(query, scope)]

    async def stuck_cursors(self, scope: Scope) -> Sequence[Suspect]:
        """Return polled accounts whose next poll has been due since ``before`` and that nobody is polling."""
        cursor = table(Cursor).c
        free = or_(cursor.lease_until.is_(None), cursor.lease_until <= scope.now)
        query = select(cursor.account).where(
            cursor.account.in_(sorted(scope.polled)), cursor.next_at <= scope.before, free
        )
        return [Suspect(row.account, about=row.account) for row in await self._ask(query, scope)]

    async def unfinished_deliveries(self, scope: Scope) -> Sequence[Suspect]:
        """Return deliveries that were stored before ``before`` and have not been finished."""
        inbound = table(Inbound).c
        query = select(inbound.key, inbound.source).where(
            inbound.handled_at.is_(None), inbound.received_at <= scope.before
        )
        rows = await self._ask(query.order_by(inbound.received_at), scope)
        return [Suspect(row.key, about=row.source) for row in rows]

    # --- asking -------------------------------------------------------------------------------------------------------

    async def _ask(self, query: Select[Any], scope: Scope, **values: Any) -> Sequence[Any]:
        return await self._all(query.limit(scope.most), **values)

    async def _all(self, query: Select[Any], **values: Any) -> Sequence[Any]:
        connection = await self._session.connection()
        try:
            found: Sequence[Any] = (await connection.execute(query, values)).all()
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) == _CUT_OFF or str(error.orig) == "interrupted":
                raise TookTooLongError from error
            raise
        return found


def _within(case_id: ColumnElement[Any], scope: Scope, *, due: bool = False) -> ColumnElement[bool]:
    """Return the condition that a case is one of those asked about: given by id, or changed of late.

    Whatever changes a case makes a journal entry and effects. Both are looked at, so that a change which lacks one of
    them is not overlooked. ``due``: cases count as well of which a running clock was due of late or is due ``SOON``.
    """
    if scope.cases is not None:
        return case_id.in_(sorted(scope.cases))
    first = first_id(scope.since)
    cases, entry, effect, clock = table(Case).c, table(JournalEntry).c, table(Effect).c, table(StepClock).c
    asked = [
        select(entry.case_id).where(entry.id >= first),
        select(effect.case_id).where(effect.id >= first, effect.case_id.is_not(None)),
        select(cases.id).where(cases.id >= first),
    ]
    if due:
        about_now = clock.due_at.between(scope.since, scope.now + SOON)
        asked.append(select(clock.case_id).where(clock.ended_at.is_(None), about_now))
    return case_id.in_(union(*asked))


def _number(at: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a moment as the microseconds that are stored."""
    return type_coerce(at, BigInteger())


def _clock_suspect(row: Any) -> Suspect:
    return Suspect(f"{row.case_id}/{row.step.value}/{row.cycle}", row.case_id, about=f"{row.step.value} {row.cycle}")
