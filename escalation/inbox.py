"""Storing deliveries before they are acknowledged, many at a time: whoever waits together is committed together.

A commit to disk is the dearest thing on the way in. While one commit runs, further deliveries gather and share the
next.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from escalation.desk import Delivery, Storage
from escalation.ports import Clock
from models.mention import Inbound
from models.store import Transaction

MOST_ATTEMPTS = 6
_BATCH = 200
_COMPANY_SECONDS = 0.005
"""How long a commit waits for others to share it, once there were several at a time; one alone does not wait."""
_GRACE = timedelta(seconds=15)
"""How old an unfinished delivery must be before another process takes it up.

Whoever stored it usually finishes at once.
"""

log = structlog.get_logger(__name__)

Handler = Callable[[Inbound], Awaitable[None]]


class Inbox:
    """The durable doorstep for deliveries that are worked on after they were acknowledged."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        """Keep the collaborators; nothing is opened."""
        self._storage = storage
        self._clock = clock
        self._waiting: list[tuple[Delivery, bool, asyncio.Future[bool]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._busy = False
        self._counts: dict[str, int] = {}

    @property
    def stored(self) -> Mapping[str, int]:
        """Return how many deliveries this process has stored, by source."""
        return self._counts

    async def store(self, delivery: Delivery, *, finished: bool = False) -> bool:
        """Return once the delivery is on disk: ``True`` if it was new. ``finished``: nothing more will be done with it.

        Raises:
            StorageUnavailableError: it is not stored and must not be acknowledged.

        """
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((delivery, finished, future))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return await future

    def count(self, source: str) -> None:
        """Count a delivery that was stored by another transaction of this process."""
        self._counts[source] = self._counts.get(source, 0) + 1

    async def _write(self) -> None:
        while self._waiting:
            if self._busy and len(self._waiting) < _BATCH:
                await _pause(_COMPANY_SECONDS)
            self._busy = len(self._waiting) > 1
            batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
            try:
                new = await self._commit(batch)
            except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to those who wait for this commit
                for _, _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            for delivery, _, future in batch:
                first = delivery.key in new
                new.discard(delivery.key)
                if first:
                    self.count(delivery.source)
                if not future.done():
                    future.set_result(first)

    async def _commit(self, batch: list[tuple[Delivery, bool, asyncio.Future[bool]]]) -> set[str]:
        now = self._clock.now()
        rows: dict[str, dict[str, Any]] = {}
        for delivery, finished, _ in batch:
            rows.setdefault(
                delivery.key,
                {
                    "key": delivery.key,
                    "source": delivery.source,
                    "account": delivery.account,
                    "body": delivery.body,
                    "received_at": now,
                    "handled_at": now if finished else None,
                    "attempts": 0,
                },
            )
        async with self._storage.begin() as tx:
            new: set[str] = await tx.intake.store(list(rows.values()))
            return new

    async def finish(self, key: str) -> None:
        """Note that a stored delivery needs nothing more."""
        async with self._storage.begin() as tx:
            await tx.intake.handled([key], self._clock.now())

    async def take_up(self, handlers: Mapping[str, Handler]) -> int:
        """Work on deliveries that were acknowledged but never finished, because a process died or its work failed.

        Each failure puts the next try further off; after ``MOST_ATTEMPTS`` a delivery stays for a person to look at.
        """
        now = self._clock.now()
        async with self._storage.read() as tx:
            if not await self._unfinished(tx, handlers):
                return 0
        async with self._storage.begin() as tx:
            found = await self._unfinished(tx, handlers)
            for row in found:
                problem = row.problem or "taken up again"
                await tx.intake.failed(row.key, attempts=row.attempts + 1, next_at=_later(now, row), problem=problem)
        for row in found:
            try:
                await handlers[row.source](row)
            except Exception as error:  # noqa: BLE001 - one poisonous delivery must not stop the others
                problem = type(error).__name__
                log.warning("delivery failed", key=row.key, attempts=row.attempts + 1, problem=problem)
                async with self._storage.begin() as tx:
                    await tx.intake.failed(
                        row.key, attempts=row.attempts + 1, next_at=_later(now, row), problem=problem
                    )
        return len(found)

    async def _unfinished(self, tx: Transaction, handlers: Mapping[str, Handler]) -> Sequence[Inbound]:
        now = self._clock.now()
        return await tx.intake.unhandled(
            received_before=now - _GRACE, now=now, sources=list(handlers), most_attempts=MOST_ATTEMPTS
        )


async def _pause(seconds: float) -> None:
    """Let deliveries gather, in real time: what it changes is how many share a commit, never what is stored."""
    loop = asyncio.get_running_loop()
    passed: asyncio.Future[None] = loop.create_future()
    timer = loop.call_later(seconds, passed.set_result, None)
    try:
        await passed
    finally:
        timer.cancel()


def _later(now: datetime, row: Inbound) -> datetime:
    return now + timedelta(seconds=min(3600, 30 * 2**row.attempts))
