"""Tells the story while it happens: each step with the time since the beginning."""

from collections.abc import Callable
from dataclasses import dataclass, field

from escalation.ports import Clock


@dataclass
class Narrator:
    """Remembers and tells what happened. Times are seconds since the narrator was made."""

    clock: Clock
    tell: Callable[[str], None]
    steps: list[tuple[float, str]] = field(default_factory=list)
    _started: float = field(init=False)

    def __post_init__(self) -> None:
        """Start the watch."""
        self._started = self.clock.monotonic()

    @property
    def seconds(self) -> float:
        """Return the time since the beginning."""
        return self.clock.monotonic() - self._started

    def __call__(self, sentence: str) -> None:
        """Tell that something has just happened."""
        at = self.seconds
        self.steps.append((at, sentence))
        self.tell(f"{clock_time(at)}  {sentence}")


def clock_time(seconds: float) -> str:
    """Return seconds as minutes and seconds with a tenth: ``00:01.2``."""
    tenths = int(seconds * 10)
    return f"{tenths // 600:02d}:{tenths // 10 % 60:02d}.{tenths % 10}"
