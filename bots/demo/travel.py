"""Time travel: the demo's clock jumps forward, and what became due meanwhile happens at once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bots.app import App
from bots.demo.bot import Bot
from bots.demo.clock import DemoClock, next_morning, next_saturday

_PLACES: Final[dict[str, Callable[[datetime, ZoneInfo], datetime]]] = {
    "15m": lambda now, _: now + timedelta(minutes=15),
    "1h": lambda now, _: now + timedelta(hours=1),
    "morning": next_morning,
    "saturday": next_saturday,
}


class Travel:
    """Moves the one clock of everything.

    ``keep`` returns when what the clock has promised is on disk. A jump is kept before it happens: the bot writes times
    into its database as soon as it has, and if everything were killed and started again before them, it would wait for
    them for days.
    """

    def __init__(self, *, clock: DemoClock, bot: Bot, zone: ZoneInfo, keep: Callable[[], Awaitable[None]]) -> None:
        """Keep the collaborators. ``zone``: whose mornings and Saturdays."""
        self._clock = clock
        self._bot = bot
        self._zone = zone
        self._keep = keep
        self._leaving = asyncio.Lock()

    @property
    def places(self) -> tuple[str, ...]:
        """Return the names of where one can go."""
        return tuple(_PLACES)

    async def go(self, place: str) -> None:
        """Jump to a named place in the future; a bot that does not run catches up when it is started."""
        async with self._leaving:
            now = self._clock.now()
            by = _PLACES[place](now, self._zone) - now
            self._clock.promise(by)
            await self._keep()
            self._clock.move(by)
        if self._bot.alive:
            await self._bot.do(self._catch_up)

    async def _catch_up(self, app: App) -> None:
        """Have the bot do what is due now rather than at its next tick, and have open cards tell the new time."""
        await app.sweeper.sweep()
        if app.digests is not None:
            await app.digests.send_due()
        async with app.database.begin() as tx:
            await tx.outbox.refresh_open_cards(self._clock.now(), accounts=list(app.settings.accounts))
        app.desk.committed()
