"""SQLite without its thread: every call runs at once, in the caller's place. The statements and commits stay the same.

A run makes thousands of tiny calls; handing each to a thread and back costs more than all of SQLite's own work.
"""

from collections.abc import Callable
from typing import Any

import aiosqlite.core


class InlineQueue:
    """Stands in for the queue between aiosqlite's two threads; the second one ends as soon as it is started."""

    def put_nowait(self, item: tuple[Any, Callable[[], Any]]) -> None:
        future, function = item
        try:
            result = function()
        except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits for this call
            if future is not None and not future.done():
                future.set_exception(error)
        else:
            if future is not None and not future.done():
                future.set_result(result)

    def get(self) -> tuple[None, Callable[[], Any]]:
        return None, lambda: aiosqlite.core._STOP_RUNNING_SENTINEL


def run_sqlite_inline() -> None:
    """From now on, in this process; only for a process of its own."""
    aiosqlite.core.SimpleQueue = InlineQueue  # type: ignore[attr-defined, assignment]
