"""Planted bugs, each a small class in the place of a piece. A harness that they do not turn red proves nothing.

Those that only Slack can show are in ``slack_mutants``.
"""

import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, cast

import httpx
from sqlalchemy import func, insert, update
from sqlmodel import SQLModel, col, select

from connectors.sandbox import SandboxConnector
from escalation import commands as c
from escalation.carrying import Result
from escalation.courier import Courier
from escalation.desk import Delivery, Desk, Outcome
from escalation.patience import Patience
from escalation.ports import OutgoingReply, Posted, RetryLater, Uncertain
from models.case import JournalEntry
from models.database import Database
from models.outbox import Attempt, Effect
from models.store import Transaction
from models.store.cases import Cases
from models.store.outbox import Outbox
from models.store.statements import table
from models.store.writes import Writes
from models.vocabulary import AttemptVerdict, EffectKind, EffectState
from tests.crash.product import Pieces
from tests.crash.wires import WatchedTransport

_UNDER_WAY = (EffectState.SENDING, EffectState.UNKNOWN)


class Storage:
    """The database with one store of each transaction replaced."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def replace(self, tx: Transaction) -> None:
        """Put the mutant's store in."""

    @contextlib.asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        async with self._database.begin() as tx:
            self.replace(tx)
            yield tx

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


class LateAttempts(Outbox):
    """Notes a try only when its result is known."""

    kept: ClassVar[list[Mapping[str, Any]]] = []

    async def lease(self, ids: Any, *, token: str, until: datetime, sending: bool) -> None:
        await super().lease(ids, token=token, until=until, sending=False)

    async def begin_attempts(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.kept.extend(rows)

    async def end_attempts(self, rows: Iterable[Mapping[str, Any]]) -> None:
        ended = list(rows)
        for row in ended:
            for attempt in [one for one in self.kept if one["effect_id"] == row["effect_id"]]:
                self.kept.remove(attempt)
                await self._execute(insert(table(Attempt)).values(**attempt))
                mine = update(Effect).where(col(Effect.id) == row["effect_id"], col(Effect.token) == row["token"])
                await self._execute(mine.values(state=EffectState.SENDING, attempts=Effect.attempts + 1))
        await super().end_attempts(ended)


class AttemptAfterPost(Storage):
    def replace(self, tx: Transaction) -> None:
        tx.outbox = LateAttempts(tx.session)


class ResendOnFailure(SandboxConnector):
    """Takes every failure for a proof that nothing happened."""

    async def post(self, reply: OutgoingReply) -> Posted:
        try:
            return await super().post(reply)
        except Uncertain as error:
            raise RetryLater(error.reason) from None


class NoPatience(Patience):
    """Asks about an unknown outcome at once."""

    def quarantine(self, effect: Effect) -> timedelta:
        return timedelta(0)


class MissedOnce:
    """An effect that pretends to have been looked for before."""

    absences = 1

    def __init__(self, effect: Effect) -> None:
        self._effect = effect

    def __getattr__(self, name: str) -> Any:
        return getattr(self._effect, name)


def _seen_before(result: Result) -> Result:
    return replace(result, job=replace(result.job, effect=cast("Effect", MissedOnce(result.job.effect))))


class OneQuickLook(Courier):
    """Looks once, at once."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._patience = NoPatience(self._rulebook)

    async def settle(self, results: Sequence[Result]) -> None:
        await super().settle([_seen_before(r) if r.verdict is AttemptVerdict.ABSENT else r for r in results])


class AnybodysLease(Outbox):
    """Records a result whoever holds the lease."""

    async def settle(self, effect_id: str, *, token: str, changes: Mapping[str, Any]) -> bool:
        statement = update(Effect).where(col(Effect.id) == effect_id, col(Effect.state).in_(_UNDER_WAY))
        return bool(await self._execute(statement.values(**changes, token=None, lease_until=None)))


class TokenIgnored(Storage):
    def replace(self, tx: Transaction) -> None:
        tx.outbox = AnybodysLease(tx.session)


class ApproveWhateverStands(Desk):
    """Takes an approval for the newest draft, whichever one the approver saw."""

    async def handle(
        self, case_id: str, command: c.Command, *, actor: str, delivery: Delivery | None = None
    ) -> Outcome:
        file = await self.file(case_id)
        if isinstance(command, c.Approve) and file is not None and file.draft is not None:
            command = c.Approve(c.DraftSeen(file.draft.version, file.draft.hash, file.case.context_version))
        return await super().handle(case_id, command, actor=actor, delivery=delivery)


class SdkRetry(WatchedTransport):
    """Repeats a call once when its connection breaks, as chat SDKs do by default."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except (httpx.ReadError, httpx.RemoteProtocolError):
            return await super().handle_async_request(request)


class NoLanes(Outbox):
    """Lets everything leave that is old enough."""

    async def due(self, now: datetime, *, limit: int, kinds: Any = None, frozen_accounts: Any = ()) -> Sequence[Effect]:
        waiting = select(Effect).where(
            col(Effect.state).in_([EffectState.READY, EffectState.UNKNOWN]),
            col(Effect.not_before) <= now,
            func.coalesce(col(Effect.token), "") == "",
            col(Effect.kind).in_(list(kinds)),
        )
        return (await self._session.exec(waiting.order_by(col(Effect.sequence)).limit(limit))).all()


class LanesIgnored(Storage):
    def replace(self, tx: Transaction) -> None:
        tx.outbox = NoLanes(tx.session)


class JournalAfterwards(Storage):
    """Writes the journal in a transaction of its own, after the one it tells of."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._kept: list[dict[str, Any]] = []
        add = Writes.add

        def without_journal(writes: Writes, row: SQLModel) -> None:
            if isinstance(row, JournalEntry):
                self._kept.append({column.name: getattr(row, column.name) for column in table(JournalEntry).columns})
            else:
                add(writes, row)

        Writes.add = without_journal  # type: ignore[assignment, method-assign]  # this process is the mutant's own

    @contextlib.asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        async with self._database.begin() as tx:
            yield tx
        if self._kept:
            rows, self._kept = self._kept, []
            async with self._database.begin() as tx:
                await (await tx.session.connection()).execute(insert(table(JournalEntry)), rows)


class NothingRecalled(Cases):
    """Counts the replies that should be called back, and lets them go."""

    async def recall_replies(self, draft_id: str, *, at: datetime) -> int:
        mine = (
            col(Effect.draft_id) == draft_id,
            col(Effect.kind) == EffectKind.REPLY,
            col(Effect.state) == EffectState.READY,
        )
        return int((await self._session.exec(select(func.count()).select_from(Effect).where(*mine))).one())


class RecallUnchecked(Storage):
    def replace(self, tx: Transaction) -> None:
        tx.cases = NothingRecalled(tx.session)


@dataclass(frozen=True)
class Mutant:
    """A planted bug, and where to look first: the story, the faults in the order of trying, and words of boundaries."""

    name: str
    pieces: Pieces
    faults: tuple[str, ...] = ("none",)
    story: str = "main"
    near: str = ""


MUTANTS: tuple[Mutant, ...] = (
    Mutant("the attempt is noted after the post", Pieces(storage=AttemptAfterPost), near="/network/api/posts"),
    Mutant("5xx are sent again without a look", Pieces(connector=ResendOnFailure), ("500 after", "timeout after")),
    Mutant("no quarantine and a single look", Pieces(courier=OneQuickLook), ("act late",)),
    Mutant("the lease's token is not compared", Pieces(storage=TokenIgnored), story="late"),
    Mutant("an approval without version and hash", Pieces(desk=ApproveWhateverStands), story="crossed"),
    Mutant("the HTTP client repeats by itself", Pieces(transport=SdkRetry), ("reset after",)),
    Mutant("lanes are not kept", Pieces(storage=LanesIgnored)),
    Mutant("the journal is written outside the transaction", Pieces(storage=JournalAfterwards), near="step_clock"),
    Mutant("a recalled reply leaves all the same", Pieces(storage=RecallUnchecked), story="crossed"),
)
