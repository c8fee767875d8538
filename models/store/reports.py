"""What reports ask the rows themselves: how long steps took, what is overdue, how many cases were answered.

Reading only; sums and percentiles are whole microseconds on both databases, so they are equal on both.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Select, and_, case, cast, func, literal, select
from sqlalchemy.dialects import postgresql
from sqlmodel.ext.asyncio.session import AsyncSession

from models.mention import Mention
from models.outbox import Effect
from models.store.questions import CASES, CLOCKS, Question, one_of_groups, within
from models.store.statements import table
from models.vocabulary import DismissReason, EffectKind, EffectState, Step, Visibility

_MENTIONS, _EFFECTS = table(Mention), table(Effect)


@dataclass(frozen=True)
class StepCount:
    """The cycles of one step in one group, in microseconds.

    ``nearest``: for each percent asked for the two values around it, see ``escalation.percentiles.interpolated``; the
    second is ``None`` where there is none.
    """

    group: Any
    step: Step
    count: int
    microseconds: int
    targeted: int
    met: int
    within: tuple[int, ...]
    nearest: tuple[tuple[int, int | None], ...]


@dataclass(frozen=True)
class Cycle:
    """One cycle of a step in one group: its microseconds, whether it had a target, and whether it met it."""

    group: Any
    step: Step
    microseconds: int
    targeted: bool
    met: bool


@dataclass(frozen=True)
class CaseCount:
    """How many cases of one group were received, and what has become of them by now.

    ``answered`` have had a reply; ``dismissed`` were ended without one, ``spam`` of them as spam.
    """

    group: Any
    received: int
    answered: int
    dismissed: int
    spam: int


@dataclass(frozen=True)
class Behind:
    """One row behind a figure: a cycle that ended, one that was overdue (no ``ended_at``), or a received case.

    ``step`` is ``None`` for the case itself; then ``started_at`` is its receipt and ``ended_at`` its first reply.
    """

    group: Any
    step: Step | None
    case_id: str
    started_at: datetime
    ended_at: datetime | None
    due_at: datetime | None
    seconds: float | None


@dataclass(frozen=True)
class Message:
    """A moment in a private conversation: the customer wrote, or our reply was taken by the network."""

    account: str
    thread_id: str
    at: datetime
    ours: bool


class Reports:
    """Statements that only count; run them in ``Database.read_at_length``, so that they all see the same rows."""

    def __init__(self, session: AsyncSession) -> None:
        """Bind to one transaction."""
        self._session = session

    async def count(self, question: Question, *, up_to: int) -> int:
        """Return how many cycles a question is about; counting stops at ``up_to``."""
        rows = select(literal(1)).select_from(CLOCKS).where(*question.ended).limit(up_to).subquery()
        return int((await self._all(select(func.count()).select_from(rows)))[0][0])

    async def steps(self, question: Question, percents: Sequence[int]) -> list[StepCount]:
        """Count every cycle, by group and step, and find the values around each percentile."""
        if self._session.get_bind().dialect.name == "sqlite":
            rows = await self._all(_counted(question, func.json_group_array(question.microseconds)))
            return await asyncio.to_thread(_sorted_here, rows, percents)
        length = question.microseconds
        values = func.array_agg(postgresql.aggregate_order_by(length, length), type_=postgresql.ARRAY(BigInteger))
        counted = _counted(question, values).subquery()
        places = [(percent * (counted.c.count - 1)) // 100 for percent in percents]
        nearest = [counted.c.lengths[place + more] for place in places for more in (1, 2)]
        rows = await self._all(select(*(column for column in counted.c if column.name != "lengths"), *nearest))
        return [_step_count(row[: -len(nearest)], row[-len(nearest) :]) for row in rows]

    async def remainder(self, question: Question, *, since: datetime, until: datetime) -> list[Cycle]:
        """Return the cycles of a question that ended outside ``since`` to ``until``, or are not rolled up yet."""
        columns = (question.step_group, CLOCKS.c.step, question.microseconds, CLOCKS.c.due_at, CLOCKS.c.ended_at)
        edges = [replace(question, until=since), replace(question, since=until)]
        queries = [select(*columns).where(*edge.ended) for edge in edges if edge.since < edge.until]
        if since < until:
            queries.append(select(*columns).where(*replace(question, since=since, until=until).fresh))
        rows = [row for query in queries for row in await self._all(query)]
        return [
            Cycle(group, Step(step), length, due is not None, due is not None and ended <= due)
            for group, step, length, due, ended in rows
        ]

    async def overdue(self, question: Question) -> dict[tuple[Any, Step], int]:
        """Count the cycles that ran past their due time at the end of the period, by group and step."""
        group = question.step_group
        found: Counter[tuple[Any, Step]] = Counter()
        for where in question.overdue:
            query = select(group, CLOCKS.c.step, func.count()).where(*where).group_by(group, CLOCKS.c.step)
            found.update({(group, Step(step)): count for group, step, count in await self._all(query)})
        return found

    async def received(self, question: Question) -> list[CaseCount]:
        """Count the cases received in the period, and those of them that were answered or dismissed, by group."""
        group, reason = question.case_group, CASES.c.dismiss_reason
        unanswered = CASES.c.answered_at.is_(None)
        counts = (
            func.count(),
            func.count(CASES.c.answered_at),
            func.count(case((unanswered, reason))),
            func.count(case((and_(unanswered, reason == DismissReason.SPAM), 1))),
        )
        query = select(group, *counts).where(*question.received).group_by(group)
        return [CaseCount(*row) for row in await self._all(query)]

    async def behind(self, question: Question, *, limit: int) -> list[Behind]:
        """Return the rows behind the figures: cycles that ended, cycles that were overdue, cases received."""
        columns = (question.step_group, CLOCKS.c.step, CLOCKS.c.case_id, CLOCKS.c.started_at)
        ended = (*columns, CLOCKS.c.ended_at, CLOCKS.c.due_at, question.microseconds)
        overdue = (*columns, literal(None), CLOCKS.c.due_at, literal(None))
        cases = (
            question.case_group, literal(None), CASES.c.id, CASES.c.received_at, CASES.c.answered_at, literal(None),
            literal(None),
        )  # fmt: skip
        steps = one_of_groups(question.step_group, question.only)
        queries = [
            select(*ended).where(*question.ended, *steps).order_by(CLOCKS.c.ended_at, CLOCKS.c.id),
            *(
                select(*overdue).where(*late, *steps).order_by(CLOCKS.c.due_at, CLOCKS.c.id)
                for late in question.overdue
            ),
        ]
        if question.step is None:
            of_groups = one_of_groups(question.case_group, question.only)
            received = select(*cases).where(*question.received, *of_groups)
            queries.append(received.order_by(CASES.c.received_at, CASES.c.id))
        found: list[Behind] = []
        for query in queries:
            for group, step, case_id, started, ended_at, due, length in await self._all(
                query.limit(limit - len(found))
            ):
                seconds = None if length is None else length / 1_000_000
                found.append(Behind(group, Step(step) if step else None, case_id, started, ended_at, due, seconds))
        return found

    async def private_messages(self, *, since: datetime, until: datetime) -> list[Message]:
        """Return who wrote when in private conversations that customers wrote in, by account, thread and time.

        Conversations of spam are left out, as are messages that the customer has deleted again.
        """
        talked = select(_MENTIONS.c.case_id).where(*within(_MENTIONS.c.posted_at, since, until))
        no_spam = func.coalesce(CASES.c.dismiss_reason, "") != DismissReason.SPAM.value
        theirs = select(CASES.c.account, CASES.c.thread_id, _MENTIONS.c.posted_at, literal(value=False)).where(
            _MENTIONS.c.case_id == CASES.c.id,
            *within(_MENTIONS.c.posted_at, since, until),
            _MENTIONS.c.visibility == Visibility.PRIVATE,
            _MENTIONS.c.deleted_at.is_(None),
            no_spam,
        )
        ours = select(CASES.c.account, CASES.c.thread_id, _EFFECTS.c.settled_at, literal(value=True)).where(
            _EFFECTS.c.case_id == CASES.c.id,
            CASES.c.id.in_(talked),
            _EFFECTS.c.kind == EffectKind.REPLY,
            _EFFECTS.c.state == EffectState.SENT,
            *within(_EFFECTS.c.settled_at, since, until),
            no_spam,
        )
        rows = [*await self._all(theirs), *await self._all(ours)]
        return sorted((Message(*row) for row in rows), key=lambda one: (one.account, one.thread_id, one.at, one.ours))

    async def _all(self, query: Select[Any]) -> Sequence[Any]:
        rows: Sequence[Any] = (await (await self._session.connection()).execute(query)).all()
        return rows


def _counted(question: Question, lengths: Any) -> Select[Any]:
    length = question.microseconds
    kept = CLOCKS.c.ended_at <= CLOCKS.c.due_at
    return (
        select(
            question.step_group.label("group"),
            CLOCKS.c.step.label("step"),
            func.count().label("count"),
            cast(func.sum(length), BigInteger).label("microseconds"),
            func.count(CLOCKS.c.due_at).label("targeted"),
            func.sum(case((kept, 1), else_=0)).label("met"),
            *(
                func.sum(case((length <= limit * 1_000_000, 1), else_=0)).label(f"within_{limit}")
                for limit in question.limits
            ),
            lengths.label("lengths"),
        )
        .where(*question.ended)
        .group_by("group", "step")
    )


def _sorted_here(rows: Sequence[Any], percents: Sequence[int]) -> list[StepCount]:
    """Sort what SQLite has gathered; twice as fast as its own window functions."""
    found = []
    for *counted, gathered in rows:
        lengths: list[int] = sorted(json.loads(gathered))
        places = [percent * (len(lengths) - 1) // 100 for percent in percents]
        nearest = [at for place in places for at in (lengths[place], *lengths[place + 1 : place + 2], None)[:2]]
        found.append(_step_count(counted, nearest))
    return found


def _step_count(row: Sequence[Any], nearest: Sequence[Any]) -> StepCount:
    group, step, count, microseconds, targeted, met, *limits = row
    pairs = tuple(zip(nearest[::2], nearest[1::2], strict=True))
    return StepCount(group, Step(step), count, microseconds, targeted, met, tuple(limits), pairs)
