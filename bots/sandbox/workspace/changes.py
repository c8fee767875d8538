"""Tells watchers what changed: pages over server-sent events, tests that wait for something to appear."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

T = TypeVar("T")
WATCHER_BACKLOG = 1_000


class Changes:
    """A feed of small facts, each a JSON-able dict with a `kind`. Nothing is kept for those who were not watching."""

    def __init__(self) -> None:
        self._watchers: set[asyncio.Queue[dict[str, Any] | None]] = set()
        self._waiters: set[asyncio.Future[None]] = set()

    def tell(self, kind: str, **facts: Any) -> None:
        """Tell everybody who watches. A watcher that is far behind misses facts rather than filling the memory."""
        for queue in self._watchers:
            if not queue.full():
                queue.put_nowait({"kind": kind, **facts})
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def watch(self) -> AsyncIterator[dict[str, Any]]:
        """Yield each change from now on, until the feed is closed."""
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(WATCHER_BACKLOG)
        self._watchers.add(queue)
        try:
            while (change := await queue.get()) is not None:
                yield change
        finally:
            self._watchers.discard(queue)

    def close(self) -> None:
        """End every watch."""
        for queue in self._watchers:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(None)

    async def next(self) -> None:
        """Return at the next change."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)

    async def until(self, condition: Callable[[], T], *, within: float, what: str) -> T:
        """Return the first true answer of `condition`, looked at after every change; `within` real seconds.

        Else TimeoutError.
        """
        try:
            async with asyncio.timeout(within):
                while not (answer := condition()):
                    await self.next()
                return answer
        except TimeoutError:
            raise TimeoutError(f"{what} did not happen within {within:g} s") from None
