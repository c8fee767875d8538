"""Planted bugs, each a small class in the place of a piece. A harness that they do not turn red proves nothing."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

import httpx
from sqlalchemy import func, insert, update
from sqlmodel import SQLModel, col, select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.sandbox import SandboxConnector
from escalation import commands as c
from escalation.carrying import Result
from escalation.courier import Courier
from escalation.desk import Delivery, Desk, Outcome
from escalation.ports import ChatMessage, OutgoingReply, Posted, RetryLater, Uncertain
from models.case import JournalEntry
from models.database import Database
from models.outbox import Attempt, Effect
from models.store import Transaction
from models.store.cases import Cases
from models.store.outbox import Outbox
from models.store.statements import table
from models.store.writes import Writes
from models.vocabulary import AttemptVerdict, EffectKind, EffectState
from tests.crash.boundaries import StallingTransport, WatchedTransport
from tests.crash.product import Acts, HttpChat, Pieces

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


class OneQuickLook(Courier):
    """Looks once, at once."""

    def _quarantine(self, effect: Effect) -> timedelta:
        return timedelta(0)

    async def settle(self, results: Sequence[Result]) -> None:
        for result in results:
            if result.verdict is AttemptVerdict.ABSENT:
                result.job.effect.absences = 1
        await super().settle(results)


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


class AckFirst(Acts):
    """Says yes, then stores."""

    async def act(self, request: Request) -> Response:
        body = await request.body()
        kept = Request({**request.scope}, receive=_replaying(body))
        task = asyncio.create_task(self._afterwards(kept))
        self.background.add(task)
        return JSONResponse({"done": json.loads(body)["act"] != "approve"})

    async def _afterwards(self, request: Request) -> None:
        await super().act(request)


def _replaying(body: bytes) -> Any:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


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

        Writes.add = without_journal  # type: ignore[method-assign]  # this process is the mutant's own

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


class NeverFinds(HttpChat):
    """Does not look for a card whose answer was lost."""

    async def find(self, message: ChatMessage, *, since: datetime) -> str | None:
        return None


@dataclass(frozen=True)
class Mutant:
    """A planted bug, and where to look first: the story, and the faults in the order of trying."""

    name: str
    pieces: Pieces
    faults: tuple[str, ...]
    story: str = "main"


MUTANTS: tuple[Mutant, ...] = (
    Mutant("the attempt is noted after the post", Pieces(storage=AttemptAfterPost), ("none",)),
    Mutant(
        "5xx and timeouts are sent again without a look",
        Pieces(connector=ResendOnFailure),
        ("500 after", "timeout after"),
    ),
    Mutant("no quarantine and a single look", Pieces(courier=OneQuickLook), ("act late",)),
    Mutant(
        "the lease's token is not compared",
        Pieces(storage=TokenIgnored, transport=StallingTransport),
        ("none",),
        "late",
    ),
    Mutant("an approval without version and hash", Pieces(desk=ApproveWhateverStands), ("none",), "crossed"),
    Mutant("acknowledged before it is stored", Pieces(acts=AckFirst), ("none",)),
    Mutant("the HTTP client repeats by itself", Pieces(transport=SdkRetry), ("reset after",)),
    Mutant("lanes are not kept", Pieces(storage=LanesIgnored), ("none",)),
    Mutant("the journal is written outside the transaction", Pieces(storage=JournalAfterwards), ("none",)),
    Mutant("a recalled reply leaves all the same", Pieces(storage=RecallUnchecked), ("none",), "crossed"),
    Mutant("a card of unknown outcome is not looked for", Pieces(chat=NeverFinds), ("reset after",)),
)
