"""The working side: APScheduler wakes whatever is done without being asked, from the courier to the watch.

Rows in the database are the truth.

Nothing is lost if a wake-up is: the next one finds the same rows.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bots.clock import SystemClock
from bots.stepping import wake_after_steps
from escalation.courier import Courier
from escalation.digesting import Digests
from escalation.group_reading import GroupReader
from escalation.inbox import Handler, Inbox
from escalation.polling import Poller
from escalation.rolling_up import RollingUp
from escalation.sweeper import Sweeper
from escalation.watching import ROUND_SECONDS, Watch
from models.database import StorageUnavailableError

GRACE_SECONDS = 20

log = structlog.get_logger(__name__)


class Worker:
    """Everything that happens without being asked. ``run()`` until ``stop()``."""

    def __init__(
        self,
        *,
        couriers: Mapping[str, Courier],
        sweeper: Sweeper,
        poller: Poller,
        inbox: Inbox,
        groups: GroupReader,
        handlers: Mapping[str, Handler],
        watch: Watch,
        rolling_up: RollingUp,
        digests: Digests | None = None,
    ) -> None:
        """Keep the workers; nothing runs yet. ``digests`` ``None``: nobody counts here."""
        self._couriers = couriers
        self._sweeper = sweeper
        self._poller = poller
        self._inbox = inbox
        self._groups = groups
        self._handlers = handlers
        self._digests = digests
        self._watch = watch
        self._rolling_up = rolling_up
        self._stopped = asyncio.Event()
        self._under_way: set[asyncio.Task[object]] = set()

    def stop(self) -> None:
        """Claim nothing more; finish what is under way."""
        self._stopped.set()

    async def run(self) -> None:
        """Work until ``stop``; then give what is under way ``GRACE_SECONDS`` to finish."""
        scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        for name, work, seconds in (
            ("sweep", self._sweeper.sweep, 1.0),
            ("poll", self._poller.poll, 1.0),
            ("take up", lambda: self._inbox.take_up(self._handlers), 5.0),
            ("read user groups", self._groups.read_due, 5.0),
            ("watch", self._watch.round, ROUND_SECONDS),
            ("roll up", self._rolling_up.roll_up, 60.0),
        ):
            scheduler.add_job(self._guarded(name, work), "interval", seconds=seconds, id=name)
        if self._digests is not None:
            scheduler.add_job(self._guarded("digest", self._digests.send_due), "interval", seconds=5.0, id="digest")
        scheduler.start()
        stepping = asyncio.create_task(wake_after_steps(scheduler, SystemClock()))
        carrying = [asyncio.create_task(courier.run(), name=name) for name, courier in self._couriers.items()]
        try:
            await self._stopped.wait()
        finally:
            stepping.cancel()
            scheduler.pause()  # shutting it down would cancel the rounds that are under way
            for courier in self._couriers.values():
                courier.stop()
            _, late = await asyncio.wait({*carrying, *self._under_way}, timeout=GRACE_SECONDS)
            scheduler.shutdown(wait=False)
            for task in late:
                task.cancel()
            if late:
                log.warning("stopped with work under way; leases will bring it back", couriers=len(late))

    def _guarded(self, name: str, work: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
        async def guarded() -> None:
            if (task := asyncio.current_task()) is not None:
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)
            try:
                await work()
                await self._watch.beat(name)
            except StorageUnavailableError as error:
                log.warning("database away", work=name, problem=str(error))
            except Exception:
                log.exception("work failed", work=name)

        return guarded
