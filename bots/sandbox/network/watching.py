"""Who watches the network live: one bounded queue of changes per open page."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from bots.sandbox.network.records import Post

WAITING = 1_000  # changes that may wait for a slow watcher before it is let go


@dataclass(frozen=True, eq=False)
class Watcher:
    """One open page. ``None`` in the queue ends it. ``everything``: it is told what anybody may read, and is told."""

    viewer: str | None
    everything: bool = False
    queue: asyncio.Queue[dict[str, Any] | None] = field(default_factory=lambda: asyncio.Queue(WAITING + 1))


class Watchers:
    """The open pages."""

    def __init__(self) -> None:
        """Start with nobody."""
        self._watchers: set[Watcher] = set()

    def __len__(self) -> int:
        return len(self._watchers)

    def open(self, viewer: str | None, *, everything: bool = False) -> Watcher:
        """Let somebody watch what ``viewer`` may read (``None``: what anybody may), or everything."""
        watcher = Watcher(viewer, everything)
        self._watchers.add(watcher)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """Forget a watcher."""
        self._watchers.discard(watcher)

    def tell(self, change: dict[str, Any], *, about: Post) -> None:
        """Give a change to everybody who may read the post it is about."""
        for watcher in list(self._watchers):
            if watcher.everything or about.readable_by(watcher.viewer):
                self._put(watcher, change)

    def tell_everything(self, change: dict[str, Any]) -> None:
        """Give a change to those who watch everything."""
        for watcher in list(self._watchers):
            if watcher.everything:
                self._put(watcher, change)

    def close(self) -> None:
        """End all streams."""
        for watcher in list(self._watchers):
            self._end(watcher)

    def _put(self, watcher: Watcher, change: dict[str, Any]) -> None:
        watcher.queue.put_nowait(change)
        if watcher.queue.qsize() >= WAITING:
            self._end(watcher)

    def _end(self, watcher: Watcher) -> None:
        self._watchers.discard(watcher)
        watcher.queue.put_nowait(None)
