"""SQLite's driver with as few trips to its thread as it can do with; the stock cursor makes four for each statement.

Waking the thread, and being woken by it, costs more than most of our statements do. What may take long is done there:
opening, everything that only reads, waiting for the file's one writer, and flushing to the disk. In between, a writing
transaction runs its few short statements, each by an index, on the spot; every few milliseconds it gives the rest of
the process its turn.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from typing import Any, Final, Self

import aiosqlite

BEGIN_WRITING: Final = "BEGIN IMMEDIATE"
"""What a writing transaction begins with; it waits for the writer before it."""
_TO_ITSELF_SECONDS: Final = 0.002
"""How long a writing transaction may keep the event loop to itself before it lets others run."""
_ROUNDS: Final = 8
"""How many rounds of the event loop it then waits: a network's answer takes several to become the next call."""


class WholeCursor(aiosqlite.Cursor):
    """A cursor that is made, executed and read to its end in one go; nothing of it is left open in the database."""

    _conn: "WholeConnection"
    _cursor: sqlite3.Cursor | None  # type: ignore[assignment]

    def __init__(self, connection: "WholeConnection") -> None:
        """Keep the connection; the thread is not asked before there is a statement."""
        self._conn = connection
        self._cursor = None
        self._rows: list[Any] = []

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> Self:
        """Execute a statement and fetch all its rows."""
        await self._conn.run(self._whole, sql, parameters or ())
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> Self:
        """Execute a statement for each row of parameters."""
        await self._conn.run(self._many, sql, parameters)
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
    """A connection whose cursors make at most one trip a statement, and that rolls back only what was begun."""

    _writing = False
    _alone_since = 0.0
    _stopping = False
    _stopped: "asyncio.Future[Any] | None" = None

    def stop(self) -> "asyncio.Future[Any] | None":
        """Ask the thread to end, once; the future is done when it needs the event loop no more.

        The stock connection asks again at every call and waits for a thread that has ended already: a connection that
        is cut off while it closes would wait forever.
        """
        if not self._stopping:
            self._stopping = True
            self._stopped = super().stop()
        return self._stopped

    async def _connect(self) -> Self:
        """Open the file; where that fails, wait for the thread.

        The stock connection forgets a thread that could not open its file; it then calls a loop that has ended.
        """
        try:
            await super()._connect()
        except BaseException:
            if self._stopped is not None:
                await self._stopped
            raise
        return self

    def cursor(self) -> WholeCursor:  # type: ignore[override]
        """Return a cursor; it is its own asynchronous context."""
        return WholeCursor(self)

    async def run(self, work: Callable[[str, Any], None], sql: str, values: Any) -> None:
        """Do ``work``: in the thread, or here within a writing transaction."""
        loop = asyncio.get_running_loop()
        if not self._writing:
            await self._execute(work, sql, values)  # type: ignore[no-untyped-call]
            self._writing, self._alone_since = sql == BEGIN_WRITING, loop.time()
            return
        work(sql, values)
        if loop.time() - self._alone_since >= _TO_ITSELF_SECONDS:
            for _ in range(_ROUNDS):
                await asyncio.sleep(0)
            self._alone_since = loop.time()

    async def commit(self) -> None:
        """Commit; the thread waits for the disk."""
        self._writing = False
        await super().commit()

    async def rollback(self) -> None:
        """Roll back, if there is anything to roll back."""
        self._writing = False
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
