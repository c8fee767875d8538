"""Time travel: the demo's clock goes forward, and what falls due on the way happens in its time.

A bot that runs has watched the clocks all along, so a long way is not one jump: it goes from one due moment to the
next, and at each the bot does and says what it would have then. A bot that does not run misses all of it, and finds it
late when it is started.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bots.app import App
from bots.demo.bot import Bot, BotDeadError
from bots.demo.clock import DemoClock, next_morning, next_saturday
from bots.demo.ledger import Ledger
from escalation.freezing import frozen_accounts

NEXT: Final = "due"
"""The place where the next target of any running clock falls due, or its next warning."""
_PLACES: Final[dict[str, Callable[[datetime, ZoneInfo], datetime]]] = {
    "15m": lambda now, _: now + timedelta(minutes=15),
    "1h": lambda now, _: now + timedelta(hours=1),
    "morning": next_morning,
    "saturday": next_saturday,
}
TICK: Final = timedelta(seconds=1)
"""So long after its time the sweeper, which looks once a second, has noticed something for sure."""
EXACT_STOPS: Final = 40
COARSE: Final = timedelta(minutes=4)
"""After many stops a stop is for all that falls due in this time; what is noticed after five minutes is an outage."""
MOST_STOPS: Final = 250
PATIENCE_SECONDS: Final = 4.0
"""How long one journey waits, over all its stops, for messages and replies to have arrived."""
_TURN_SECONDS: Final = 0.1
"""What nobody takes for so long although it is due waits for its turn."""
_LOOK_SECONDS: Final = 0.01


class NothingDueError(Exception):
    """Nothing falls due any more; the sentence says so."""

    def __init__(self) -> None:
        """Use the usual sentence."""
        super().__init__("Nothing falls due any more. Ask something as a customer first.")


class Travel:
    """Moves the one clock of everything.

    ``keep`` returns when what the clock has promised is on disk. A journey is kept before it begins: the bot writes
    times into its database on the way, and if everything were killed and started again before them, it would wait for
    them for days.
    """

    def __init__(
        self,
        *,
        clock: DemoClock,
        bot: Bot,
        ledger: Ledger,
        zone: ZoneInfo,
        keep: Callable[[], Awaitable[None]],
        exact_stops: int = EXACT_STOPS,
    ) -> None:
        """Keep the collaborators. ``zone``: whose mornings and Saturdays. ``exact_stops``: how many are exact."""
        self._clock = clock
        self._bot = bot
        self._ledger = ledger
        self._zone = zone
        self._keep = keep
        self._exact_stops = exact_stops
        self._one_at_a_time = asyncio.Lock()

    @property
    def places(self) -> tuple[str, ...]:
        """Return the names of where one can go."""
        return (*_PLACES, NEXT)

    async def go(self, place: str) -> None:
        """Go to a named place in the future; a bot that does not run catches up when it is started.

        Raises ``NothingDueError``.
        """
        async with self._one_at_a_time:
            by = await self._way(place)
            arrived = self._clock.ahead + by
            self._clock.promise(by)
            await self._keep()
            with contextlib.suppress(BotDeadError):  # it may be killed on the way
                await self._bot.do(lambda app: self._live_through(app, arrived))
            self._clock.move(arrived - self._clock.ahead)
            with contextlib.suppress(BotDeadError):
                await self._bot.do(self._arrive)

    async def _way(self, place: str) -> timedelta:
        """Return how far it is to a place."""
        if place != NEXT:
            now = self._clock.now()
            return _PLACES[place](now, self._zone) - now
        with contextlib.suppress(BotDeadError):
            await self._bot.do(self._happen)  # what has just come may have started a clock
        due = await self._ledger.next_rung()
        if due is None:
            raise NothingDueError
        return max(due + TICK - self._clock.now(), TICK)

    async def _live_through(self, app: App, arrived: timedelta) -> None:
        """Stop wherever something falls due before the clock is ``arrived`` ahead, and let it happen."""
        patience_ends = self._clock.monotonic() + PATIENCE_SECONDS
        for number in range(MOST_STOPS):
            waits = await self._happen(app, patience_ends)
            exact, now = number < self._exact_stops, self._clock.now()
            moments = [await self._ledger.next_due(after=now, effects=exact), now if waits else None]
            if app.digests is not None:
                moments.append(app.digests.next_due(now))
            due = min((moment for moment in moments if moment is not None), default=None)
            if due is None:
                return
            by = due + (TICK if exact else COARSE) - now
            if by >= arrived - self._clock.ahead:
                return
            self._clock.move(by)

    async def _arrive(self, app: App) -> None:
        """Have the bot do what is due now rather than at its next tick, and have open cards tell the new time."""
        await app.sweeper.sweep()
        async with app.database.begin() as tx:
            await tx.outbox.refresh_open_cards(self._clock.now(), accounts=list(app.settings.accounts))
        await self._happen(app)

    async def _happen(self, app: App, patience_ends: float | None = None) -> bool:
        """Tell what is due, and wait until it stands outside, so that it does so at this time and not a later one.

        Return whether something waits for its turn: a chat channel takes one message a second.
        """
        if patience_ends is None:
            patience_ends = self._clock.monotonic() + PATIENCE_SECONDS
        await app.sweeper.sweep()
        if app.digests is not None:
            await app.digests.send_due()
        app.desk.committed()
        idle_since = self._clock.monotonic()
        while (now := self._clock.monotonic()) < patience_ends:
            if any(courier.is_busy for courier in app.couriers.values()):
                idle_since = now
            elif not await self._may_leave(app):
                return False
            elif now - idle_since > _TURN_SECONDS:
                return True
            await self._clock.sleep(_LOOK_SECONDS)
        return False

    async def _may_leave(self, app: App) -> bool:
        async with app.database.read() as tx:
            frozen = frozen_accounts(await tx.freezes.all(), app.settings)
            return bool(await tx.outbox.due(self._clock.now(), limit=1, frozen_accounts=list(frozen)))
