"""One engine per database URL: SQLite in one file for one process, PostgreSQL for many.

``begin()`` is the only way in.
"""

import asyncio
import contextlib
import fcntl
import math
import os
import select
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from models import documents, sqlite
from models.store import Transaction

SQLITE = "sqlite:///"
CONNECT_SECONDS = 2
RESTED_SECONDS = 0.02
"""How long a PostgreSQL connection may lie unused before it is asked whether it still stands."""
_TRIES = 3
_CONFLICTS = frozenset({"40001", "40P01", "23505"})
"""PostgreSQL's serialization failure, deadlock and unique violation: the whole transaction may be tried again.

Two processes may find a row missing and both insert it; whoever comes second finds it at the next try.
"""
_LIMITS = "-c statement_timeout=10000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=30000"

LONG_READ_SECONDS = 60
"""How long one statement of a report may take on PostgreSQL; everyday statements have 10 s."""
_LONG_READ = f"SET LOCAL statement_timeout = '{LONG_READ_SECONDS}s'", "SET LOCAL work_mem = '64MB'"

T = TypeVar("T")


class StorageUnavailableError(Exception):
    """The database cannot be reached or cannot write; nothing was stored and nothing may be acknowledged."""


class SecondProcessError(Exception):
    """Another process already works on this SQLite file."""


class Database:
    """The connection pool of one database and the boundary of every transaction."""

    def __init__(self, url: str, *, monotonic: Callable[[], float] | None = None) -> None:
        """Prepare (not open) the database at ``url``: ``sqlite:///path`` or any ``postgresql://`` URI of libpq.

        ``monotonic``: the clock's seconds; with them a PostgreSQL connection is asked whether it still stands only if
        it has rested, else every time it is taken from the pool.
        """
        self.url = url
        self.is_sqlite = url.startswith(SQLITE)
        self._writer = asyncio.Lock()
        self._lock_file: int | None = None
        self.engine = _sqlite_engine(self.path) if self.is_sqlite else _postgresql_engine(url, monotonic)

    @property
    def path(self) -> Path:
        """Return the SQLite file."""
        return Path(self.url.removeprefix(SQLITE))

    def claim_file(self) -> None:
        """Take the SQLite file, by whatever name it is called, for this process until it ends.

        Raises:
            SecondProcessError: another process has it.

        """
        if not self.is_sqlite or self._lock_file is not None:
            return
        file = self.path.resolve()
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(f"{file}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise SecondProcessError(
                f"another Portavoce process already works on {self.path}; "
                "stop it first, or use PostgreSQL for several processes"
            ) from error
        self._lock_file = handle

    @contextlib.asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        """Open a writing transaction; it commits at the end of the block and rolls back on any exception.

        Raises:
            StorageUnavailableError: the database is down, full or read-only.

        """
        async with contextlib.AsyncExitStack() as stack:
            if self.is_sqlite:
                await stack.enter_async_context(self._writer)
            with _translated():
                session = AsyncSession(self.engine, expire_on_commit=False, autoflush=False)
                stack.push_async_callback(session.close)
                await session.connection()
                transaction = Transaction(session)
                try:
                    yield transaction
                    await session.commit()
                except BaseException:
                    await session.rollback()
                    raise

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        """Open a transaction that is never committed, for reading."""
        with _translated():
            async with AsyncSession(self.engine, expire_on_commit=False, autoflush=False) as session:
                if self.is_sqlite:
                    await session.connection(execution_options={"portavoce_read": True})
                yield Transaction(session)

    @contextlib.asynccontextmanager
    async def read_at_length(self) -> AsyncIterator[Transaction]:
        """Open a transaction for statements that read much: all of them see the same rows.

        On PostgreSQL each may take ``LONG_READ_SECONDS`` and has memory to sort in. On SQLite it runs in its own thread
        beside the writer, who never waits for it.
        """
        with _translated():
            async with AsyncSession(self.engine, expire_on_commit=False, autoflush=False) as session:
                if self.is_sqlite:
                    await session.connection(execution_options={"portavoce_read": True})
                else:
                    connection = await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
                    for setting in _LONG_READ:
                        await connection.exec_driver_sql(setting)
                yield Transaction(session)

    async def retrying(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run ``work``, a whole transaction; up to three times where PostgreSQL says it lost against another."""
        for tried in range(1, _TRIES + 1):
            try:
                return await work()
            except DBAPIError as error:
                if tried == _TRIES or getattr(error.orig, "sqlstate", None) not in _CONFLICTS:
                    raise
        raise AssertionError("unreachable")

    async def ping(self) -> None:
        """Raise ``StorageUnavailableError`` unless the database answers."""
        async with self.read() as tx:
            await tx.session.connection()
            await tx.session.exec(text("SELECT 1"))  # type: ignore[call-overload]

    async def close(self) -> None:
        """Close all connections and give the SQLite file back."""
        await self.engine.dispose()
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None


@contextlib.contextmanager
def _translated() -> Any:
    try:
        yield
    except PoolTimeoutError as error:
        raise StorageUnavailableError("no database connection was free in time") from error
    except (OperationalError, InterfaceError) as error:
        if getattr(error.orig, "sqlstate", None) in _CONFLICTS:
            raise
        raise StorageUnavailableError(f"the database does not answer: {type(error.orig).__name__}") from error
    except (psycopg.OperationalError, OSError) as error:
        raise StorageUnavailableError(f"the database cannot be reached: {type(error).__name__}") from error


def _sqlite_engine(path: Path) -> AsyncEngine:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}",
        connect_args={"timeout": 5, "async_creator_fn": sqlite.connect},
        pool_size=5,
        max_overflow=5,
        pool_timeout=CONNECT_SECONDS,
        hide_parameters=True,  # an error names the statement, never what people wrote
        json_serializer=documents.written,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, so that a writer takes the lock at once
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        reading = connection.get_execution_options().get("portavoce_read", False)
        connection.exec_driver_sql("BEGIN" if reading else sqlite.BEGIN_WRITING)

    return engine


def _postgresql_engine(url: str, monotonic: Callable[[], float] | None) -> AsyncEngine:
    async def connect() -> psycopg.AsyncConnection[Any]:
        if "options=" in url:
            return await psycopg.AsyncConnection.connect(url, connect_timeout=CONNECT_SECONDS)
        return await psycopg.AsyncConnection.connect(url, connect_timeout=CONNECT_SECONDS, options=_LIMITS)

    engine = create_async_engine(
        "postgresql+psycopg://",
        async_creator=connect,
        pool_size=10,
        max_overflow=10,
        pool_timeout=CONNECT_SECONDS,
        pool_pre_ping=monotonic is None,
        hide_parameters=True,
        json_serializer=documents.written,
    )
    if monotonic is not None:
        _ask_after_rest(engine, monotonic)
    return engine


def _ask_after_rest(engine: AsyncEngine, monotonic: Callable[[], float]) -> None:
    pool, dialect = engine.sync_engine, engine.dialect

    @event.listens_for(pool, "checkin")
    def _rests(_: object, record: Any) -> None:
        record.info["since"] = monotonic()

    @event.listens_for(pool, "checkout")
    def _still_there(connection: Any, record: Any, _: object) -> None:
        """Ask a connection whether it still stands if it has rested, or if the server has said something meanwhile.

        A server that ends a connection says so at once; asking every time would cost as much as a small statement.
        """
        rested = monotonic() - record.info.get("since", -math.inf) >= RESTED_SECONDS
        if not rested and not _has_something_to_read(connection.driver_connection.pgconn.socket):
            return
        try:
            dialect.do_ping(connection)
        except psycopg.Error as error:
            raise DisconnectionError from error


def _has_something_to_read(handle: int) -> bool:
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    return bool(poll.poll(0))
