"""The record of every request the app made, for those who check what it did."""

from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

KEPT = 20_000


@dataclass(slots=True)
class Call:
    """One request of the app.

    `outcome` is `ok`, Slack's error word, or the fault that struck; `acted` says whether it took effect.
    """

    method: str
    arguments: dict[str, Any]
    at: datetime
    outcome: str = "under way"
    status: int = 0
    acted: bool = False
    fault: str | None = None
    answer: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Write as JSON-able data."""
        return {**asdict(self), "at": self.at.isoformat()}


class Calls:
    """The last requests, oldest first; bounded."""

    def __init__(self) -> None:
        self._kept: deque[Call] = deque(maxlen=KEPT)

    def __iter__(self) -> Iterator[Call]:
        """Iterate from the oldest kept."""
        return iter(self._kept)

    def __len__(self) -> int:
        """Count those kept."""
        return len(self._kept)

    def __getitem__(self, index: int) -> Call:
        """Answer one by position; -1 is the latest."""
        return self._kept[index]

    def add(self, call: Call) -> None:
        """Keep one more."""
        self._kept.append(call)

    def of(self, method: str) -> list[Call]:
        """Answer those of one method or glob such as `chat.*`."""
        return [call for call in self._kept if fnmatchcase(call.method, method)]

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()
