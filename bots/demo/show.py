"""Everything the demo's page shows, as one JSON object, and the watchers who are told when it has changed."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from bots.demo.bot import Bot
from bots.demo.clock import DemoClock
from bots.demo.configuration import ACCOUNT, HANDLE
from bots.demo.evidence import evidence
from bots.demo.lapse_guide import lapse_facts
from bots.demo.ledger import Ledger
from bots.demo.play import Play
from bots.demo.switches import Switches
from bots.demo.tour import Tour
from bots.sandbox.network import Network
from escalation.casefile import CaseFile
from escalation.settings import Settings
from models.database import StorageUnavailableError

LOOK_SECONDS: Final = 0.5
LOOK_SHARE: Final = 5
"""After a look that took long the next one waits this many times as long."""
STILL_HERE_SECONDS: Final = 15.0
SHOWN_CASES: Final = 20

Facts = dict[str, Any]


class Show:
    """Puts the page's state together. While somebody watches it looks twice a second, and at once when ``poked``."""

    def __init__(
        self,
        *,
        settings: Settings,
        clock: DemoClock,
        bot: Bot,
        ledger: Ledger,
        network: Network,
        switches: Switches,
        tour: Tour,
    ) -> None:
        """Keep what is shown; ``play`` is set by whoever puts the demo together."""
        self._settings = settings
        self._clock = clock
        self._bot = bot
        self._ledger = ledger
        self._network = network
        self._switches = switches
        self._poked = asyncio.Event()
        self._tour = tour
        self.play: Play | None = None

    def poke(self) -> None:
        """Have watchers told at once."""
        poked, self._poked = self._poked, asyncio.Event()
        poked.set()

    def begin_tour(self) -> None:
        """Begin the tour again, with the next question that a customer asks."""
        self._tour.begun_at = self._clock.now()

    async def cases(self) -> list[Facts]:
        """Return the newest cases as the strip shows them. Raises ``StorageUnavailableError``."""
        return [self._ledger.facts(file) for file in await self._ledger.cases(limit=SHOWN_CASES)]

    async def facts(self) -> Facts:
        """Return the whole state. Raises ``StorageUnavailableError``."""
        files = await self._ledger.cases()
        counted = evidence(files, self._network, account=ACCOUNT, handle=HANDLE)
        answered = {post.conversation_id for post in self._network.posts_by(HANDLE, viewer=HANDLE)}
        return {
            "clock": self._clock_facts(),
            "bot": {"alive": self._bot.alive},
            "switches": await self._switches.state(),
            "evidence": {**asdict(counted), "sentence": counted.sentence, "holds": counted.holds},
            "tour": self._tour.progress(files, answered=answered),
            "play": self.play.facts if self.play else None,
            "lapse": self._lapse_facts(files),
            "cases": [self._ledger.facts(file) for file in files[:SHOWN_CASES]],
        }

    async def watch(self) -> AsyncIterator[str]:
        """Yield server-sent events: ``state`` with the whole state, now and after every change."""
        told, silent = "", 0.0
        while True:
            poked, began = self._poked, self._clock.monotonic()
            try:
                facts = await self.facts()
            except StorageUnavailableError:
                facts = {}
            seen = _without_now(facts)
            if facts and seen != told:
                told, silent = seen, 0.0
                yield f"event: state\ndata: {json.dumps(facts)}\n\n"
            elif silent >= STILL_HERE_SECONDS:
                silent = 0.0
                yield ": still here\n\n"
            pause = max(LOOK_SECONDS, LOOK_SHARE * (self._clock.monotonic() - began))
            silent += pause
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(poked.wait(), pause)

    def _lapse_facts(self, files: Sequence[CaseFile]) -> Facts | None:
        case = self.play.lapse_case if self.play else ""
        return lapse_facts(next((file for file in files if file.case.id == case), None))

    def _clock_facts(self) -> Facts:
        now = self._clock.now()
        calendar = self._settings.calendar_for(next(iter(self._settings.departments)))
        is_open = calendar.is_open(now)
        return {
            "now": now.isoformat(),
            "ahead_seconds": self._clock.ahead.total_seconds(),
            "timezone": self._settings.organisation.timezone,
            "organisation": self._settings.organisation.name,
            "open": is_open,
            "opens_at": None if is_open else calendar.next_opening(now).isoformat(),
        }


def _without_now(facts: Facts) -> str:
    """Return the state as text, without what changes by itself every moment."""
    if not facts:
        return ""
    return json.dumps({**facts, "clock": {**facts["clock"], "now": None}})
