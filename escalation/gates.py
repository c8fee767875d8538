"""Gates before the networks: how few jobs of one account speak to its network at once, and how many may be taken.

What is taken from the outbox is out of reach: neither a freeze nor an undo holds it any more. So no more is taken than
leaves within a moment, and what does not get its turn in time goes back unsent. A network that takes a second for a
post is given ten at a time; one that takes 20 ms as many as it will have answered before anybody could say "stop".
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Sequence
from typing import Final

from escalation.ports import CALLS_AT_ONCE, Clock
from models.outbox import Effect
from models.vocabulary import NETWORK_EFFECTS

TURN_SECONDS: Final = 1.0
"""How long what was taken may wait for its turn."""
_AHEAD_SECONDS: Final = TURN_SECONDS / 2
"""So much work is taken at a time; the other half is left for a network that becomes slower."""
_NEWS: Final = 0.2
"""How much one call changes what is believed of the network's speed."""


class Missed(Exception):  # noqa: N818 - what happened, no error of ours
    """The turn did not come in time; nothing was begun."""


class Gate:
    """The gate of one account."""

    def __init__(self, clock: Clock) -> None:
        """Begin with every place free, and nothing known of the network."""
        self._clock = clock
        self._places = asyncio.Semaphore(CALLS_AT_ONCE)
        self._taken = 0
        self._back = 0
        self._call_seconds = _AHEAD_SECONDS

    @property
    def most(self) -> int:
        """Return how many jobs may be taken and not back at a time: those that leave within a moment."""
        return max(CALLS_AT_ONCE, int(CALLS_AT_ONCE * _AHEAD_SECONDS / max(self._call_seconds, 0.001)))

    @property
    def room(self) -> int:
        """Return how many more jobs may be taken."""
        return max(0, self.most - self._taken)

    def take(self) -> None:
        """Count a job that was taken."""
        self._taken += 1

    def leave(self) -> bool:
        """Count a job that is back; tell whether half of those that there is room for are."""
        self._taken -= 1
        self._back += 1
        return 2 * self._back >= self.most

    def count_anew(self) -> None:
        """Forget who is back, because they are replaced now."""
        self._back = 0

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a place, and keep it while the block runs.

        Raises:
            Missed: none became free in time.

        """
        try:
            async with asyncio.timeout(TURN_SECONDS if self._places.locked() else None):
                await self._places.acquire()
        except TimeoutError as error:
            raise Missed from error
        begun = self._clock.monotonic()
        try:
            yield
        finally:
            self._places.release()
            self._call_seconds += _NEWS * (self._clock.monotonic() - begun - self._call_seconds)


class Gates:
    """The gates of all accounts. Jobs for chat pass none: their channels have a pace."""

    def __init__(self, accounts: Collection[str], clock: Clock) -> None:
        """Build a gate for each configured account."""
        self._clock = clock
        self._gates = {account: Gate(clock) for account in accounts}

    def of(self, account: str) -> Gate:
        """Return an account's gate; what is left of an account that was removed from the configuration has one too."""
        return self._gates.setdefault(account, Gate(self._clock))

    @property
    def room(self) -> int:
        """Return how many jobs may be taken for all accounts together."""
        return sum(gate.room for gate in self._gates.values())

    @property
    def full(self) -> list[str]:
        """Return the accounts for which nothing more may be taken now."""
        return [account for account, gate in self._gates.items() if not gate.room]

    def admit(self, due: Sequence[Effect]) -> list[Effect]:
        """Return those that there is room for, in their order; nothing is taken yet."""
        room = {account: gate.room for account, gate in self._gates.items()}
        admitted: list[Effect] = []
        for effect in due:
            if effect.kind in NETWORK_EFFECTS:
                left = room.get(effect.target, CALLS_AT_ONCE)
                if not left:
                    continue
                room[effect.target] = left - 1
            admitted.append(effect)
        return admitted

    def count_anew(self) -> None:
        """Forget who is back, at every gate."""
        for gate in self._gates.values():
            gate.count_anew()
