"""How long to wait: before a try is repeated, before an unknown outcome is looked up, and when to stop trying."""

import random
from datetime import timedelta

from escalation.rulebook import Rulebook
from models.outbox import Effect
from models.vocabulary import EffectKind

SECOND_LOOK = timedelta(seconds=30)
BROKEN_PAUSE = timedelta(minutes=5)
"""How long an account that refuses us is left alone."""
GIVE_UP_AFTER = timedelta(hours=24)
MOST_ATTEMPTS = 60
_CHAT_QUARANTINE = timedelta(seconds=10)
_LONGEST_BACKOFF = 300.0


class Patience:
    """The waiting times of one courier."""

    def __init__(self, rulebook: Rulebook, jitter: random.Random | None = None) -> None:
        """Keep the rules; ``jitter`` spreads retries and guards nothing."""
        self._rulebook = rulebook
        self._jitter = jitter or random.Random()  # noqa: S311 - as said above

    def backoff(self, attempts: int) -> timedelta:
        """Return how long to wait after so many tries: doubling, capped at five minutes, half of it at random."""
        full = min(_LONGEST_BACKOFF, 2.0 ** min(attempts, 10))
        return timedelta(seconds=full * (0.5 + self._jitter.random() / 2))

    def quarantine(self, effect: Effect) -> timedelta:
        """Return how long an effect of unknown outcome rests before the outside is asked about it."""
        if effect.kind is not EffectKind.REPLY or effect.target not in self._rulebook.settings.accounts:
            return _CHAT_QUARANTINE
        return timedelta(seconds=self._rulebook.settings.unknown_after(effect.target))
