"""SQLite's driver with one trip to its thread for each statement, where the stock cursor makes four.

SQLite runs in a thread of its own; waking it and being woken by it costs more than most of our statements do.
"""

import sqlite3
from collections.abc import Iterable
from typing import Any, Self

import aiosqlite


class WholeCursor(aiosqlite.Cursor):
    """A cursor that is made, executed and read to its end in one trip; nothing of it is left open in the database."""

    _cursor: sqlite3.Cursor | None  # type: ignore[assignment]

    def __init__(self, connection: "WholeConnection") -> None:
        """Keep the connection; the thread is not asked before there is a statement."""
        self._conn = connection
        self._cursor = None
        self._rows: list[Any] = []

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> Self:
        """Execute a statement and fetch all its rows."""
        await self._execute(self._whole, sql, parameters or ())  # type: ignore[no-untyped-call]
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> Self:
        """Execute a statement for each row of parameters."""
        await self._execute(self._many, sql, parameters)  # type: ignore[no-untyped-call]
        return self

    async def fetchall(self) -> Iterable[sqlite3.Row]:
        """Return the rows that came with the execution."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Do nothing: a statement whose rows are all fetched is reset already."""

    def _whole(self, sql: str, parameters: Iterable[Any]) -> None:
        self._cursor = self._conn._conn.execute(sql, parameters)  # type: ignore[arg-type]  # noqa: SLF001 - the thread's own side
        self._rows = self._cursor.fetchall() if self._cursor.description else []

    def _many(self, sql: str, parameters: Iterable[Iterable[Any]]) -> None:
        self._cursor = self._conn._conn.executemany(sql, parameters)  # type: ignore[arg-type]  # noqa: SLF001 - as above


class WholeConnection(aiosqlite.Connection):
    """A connection whose cursors make one trip a statement, and that rolls back only what was begun."""

    def cursor(self) -> WholeCursor:  # type: ignore[override]
        """Return a cursor; it is its own asynchronous context."""
        return WholeCursor(self)

    async def rollback(self) -> None:
        """Roll back, if there is anything to roll back."""
        if self.in_transaction:
            await super().rollback()


def connect(path: str, **options: Any) -> WholeConnection:
    """Return a connection to be awaited; ``options`` are those of ``sqlite3.connect``."""

    def opened() -> sqlite3.Connection:
        connected: sqlite3.Connection = sqlite3.connect(path, **options)
        return connected

    connection = WholeConnection(opened, 64)
    connection._thread.daemon = True  # noqa: SLF001 - a program that ends does not wait for idle connections
    return connection
