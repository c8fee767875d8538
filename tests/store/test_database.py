"""The boundary of every transaction: durable, exclusive, and saying so in one way when the database is away."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import OperationalError

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from models.database import RESTED_SECONDS, Database, SecondProcessError, StorageUnavailableError
from models.outbox import Freeze
from models.schema import migrate, schema_state
from models.sqlite import connect
from models.store import Transaction
from tests.house import TestClock

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
async def sqlite(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path}/test.db")
    async with database.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    yield database
    await database.close()


async def scopes(database: Database) -> set[str]:
    async with database.read() as tx:
        return {freeze.scope for freeze in await tx.freezes.all()}


async def freeze(database: Database, scope: str) -> None:
    async with database.begin() as tx:
        assert await tx.freezes.set(scope, member="carla", at=NOW)


async def test_a_transaction_is_written_whole_or_not_at_all(database: Database):
    await freeze(database, "account:one")
    with pytest.raises(ValueError, match="half way"):
        await _half_way(database)
    assert await scopes(database) == {"account:one"}


async def _half_way(database: Database) -> None:
    async with database.begin() as tx:
        await tx.freezes.set("account:two", member="carla", at=NOW)
        raise ValueError("half way")


async def test_a_long_transaction_lets_others_run_between_its_statements(database: Database):
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with database.begin() as tx:
        connection = await tx.session.connection()
        neighbour = asyncio.create_task(others())
        for _ in range(1000):
            await connection.exec_driver_sql("SELECT 1")
        neighbour.cancel()
        assert turns > 8


async def test_reading_never_writes(database: Database):
    async with database.read() as tx:
        await tx.freezes.set("account:one", member="carla", at=NOW)
    assert await scopes(database) == set()


async def test_a_time_without_a_zone_is_refused(database: Database):
    with pytest.raises(Exception, match="without a time zone") as refused:
        await _freeze_at(database, datetime(2026, 3, 2, 9, 0))  # noqa: DTZ001 - that is what is refused
    assert "carla" not in str(type(refused.value))
    assert await scopes(database) == set()


async def _freeze_at(database: Database, at: datetime) -> None:
    async with database.begin() as tx:
        await tx.freezes.set("account:one", member="carla", at=at)


@pytest.mark.parametrize("microsecond", [0, 1, 999_999])
async def test_times_come_back_exactly(database: Database, microsecond: int):
    at = datetime(2026, 3, 29, 1, 30, 59, microsecond, tzinfo=UTC)
    await _freeze_at(database, at)
    async with database.read() as tx:
        [row] = await tx.freezes.all()
    assert row.at == at
    assert row.at.tzinfo is UTC


# --- SQLite -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000)]
)
async def test_sqlite_is_as_durable_as_promised(sqlite: Database, pragma: str, value: object):
    async with sqlite.begin() as tx:
        assert (await tx.session.exec(text(f"PRAGMA {pragma}"))).scalar() == value


async def test_sqlite_keeps_foreign_keys(sqlite: Database):
    with pytest.raises(DBAPIError, match="FOREIGN KEY"):
        await _orphan(sqlite)


async def _orphan(database: Database) -> None:
    async with database.begin() as tx:
        await tx.session.exec(
            text(
                "INSERT INTO timer (id, case_id, kind, cycle, due_at, state) VALUES ('t', 'x', 'wake', 1, 0, 'running')"
            )
        )


_SECOND = "import sys; from models.database import Database; Database(sys.argv[1]).claim_file(); print('claimed')"


def _claim_elsewhere(url: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", _SECOND, url]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, env=dict(os.environ))


async def test_one_file_belongs_to_one_process(sqlite: Database):
    sqlite.claim_file()
    sqlite.claim_file()
    refused = _claim_elsewhere(sqlite.url)
    assert refused.returncode != 0
    assert "another Portavoce process already works on" in refused.stderr
    assert SecondProcessError.__name__ in refused.stderr
    await sqlite.close()
    assert _claim_elsewhere(sqlite.url).stdout == "claimed\n"


@pytest.mark.parametrize("there", [True, False])
async def test_a_file_belongs_to_one_process_by_whatever_name(tmp_path: Path, there: bool):
    folder, link = tmp_path / "data", tmp_path / "link.db"
    folder.mkdir()
    link.symlink_to(folder / "test.db")
    (tmp_path / "way").symlink_to(folder)
    if there:
        (folder / "test.db").touch()
    database = Database(f"sqlite:///{link}")
    database.claim_file()
    for other in (folder / "test.db", tmp_path / "way/test.db", folder / "../way/test.db"):
        assert "another Portavoce process already works on" in _claim_elsewhere(f"sqlite:///{other}").stderr
    await database.close()


async def test_a_full_disk_is_unavailable_and_recovers(sqlite: Database):
    async with sqlite.begin() as tx:
        pages = (await tx.session.exec(text("PRAGMA page_count"))).scalar()
        await tx.session.exec(text(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(StorageUnavailableError, match="does not answer: OperationalError"):
        await _fill(sqlite)
    async with sqlite.begin() as tx:
        await tx.session.exec(text("PRAGMA max_page_count = 1000000"))
    assert await scopes(sqlite) == set()
    await _fill(sqlite)
    assert len(await scopes(sqlite)) == 3000


async def _fill(database: Database) -> None:
    async with database.begin() as tx:
        for number in range(3000):
            await tx.freezes.set(f"account:{number:>100}", member="carla", at=NOW)


async def test_a_file_that_cannot_be_written_is_unavailable_and_recovers(sqlite: Database):
    async with sqlite.engine.connect() as connection:
        await connection.exec_driver_sql("PRAGMA query_only = 1")  # as a read-only mount answers, for root too
    with pytest.raises(StorageUnavailableError, match="does not answer"):
        await freeze(sqlite, "account:one")
    await sqlite.engine.dispose()
    await freeze(sqlite, "account:two")
    assert await scopes(sqlite) == {"account:two"}


async def test_a_folder_that_does_not_exist_is_unavailable(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path}/nowhere/test.db")
    with pytest.raises(StorageUnavailableError):
        await database.ping()
    await database.close()


async def test_a_file_that_cannot_be_opened_leaves_no_thread_with_work_for_this_loop(tmp_path: Path):
    for _ in range(200):  # the thread is nearly as fast as we are
        connection = connect(f"{tmp_path}/nowhere/test.db")
        with pytest.raises(OperationalError):
            await connection
        assert connection._tx.empty()


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


async def test_a_connection_that_is_cut_off_while_it_closes_waits_for_no_thread_that_has_ended(tmp_path: Path):
    for _ in range(50):
        connection = await connect(f"{tmp_path}/cut.db")
        closing = asyncio.create_task(connection.close())
        await asyncio.sleep(0)  # it waits for the thread now
        connection.stop()  # what SQLAlchemy does to the connections of a task that was cancelled
        await asyncio.wait_for(closing, 5)


async def test_a_stopped_postgresql_is_unavailable_within_moments():
    database = Database("postgresql://nobody@127.0.0.1:9/none")
    with pytest.raises(StorageUnavailableError, match=r"cannot be reached|does not answer"):
        await database.ping()
    with pytest.raises(StorageUnavailableError):
        await freeze(database, "account:one")
    await database.close()


@pytest.mark.postgresql
async def test_connections_that_were_cut_are_replaced(postgresql_database: str):
    database = Database(postgresql_database)
    async with database.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    await freeze(database, "account:cut")
    killer = Database(postgresql_database)
    async with killer.read() as tx:
        others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
        await tx.session.exec(text(f"SELECT pg_terminate_backend(pid) {others}"))
    assert "account:cut" in await scopes(database)
    await killer.close()
    await database.close()


@pytest.mark.postgresql
async def test_a_connection_cut_inside_a_transaction_is_unavailable_and_nothing_was_written(postgresql_database: str):
    database, killer = Database(postgresql_database), Database(postgresql_database)
    async with database.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    with pytest.raises(StorageUnavailableError):
        await _cut_inside(database, killer)
    assert await scopes(database) == set()
    await killer.close()
    await database.close()


async def _cut_inside(database: Database, killer: Database) -> None:
    async with database.begin() as tx:
        await tx.freezes.set("account:one", member="carla", at=NOW)
        backend = (await tx.session.exec(text("SELECT pg_backend_pid()"))).scalar()
        async with killer.read() as other:
            await other.session.exec(text(f"SELECT pg_terminate_backend({backend})"))
        await tx.freezes.all()


async def _asked(server: str, monotonic: Callable[[], float] | None, rest: Callable[[], None]) -> int:
    """How often a connection that was used before is asked whether it still stands."""
    database, asked = Database(server, monotonic=monotonic), []
    ping = database.engine.dialect.do_ping
    database.engine.dialect.do_ping = lambda connection: asked.append(1) or ping(connection)
    await database.ping()
    asked.clear()
    rest()
    await database.ping()
    await database.close()
    return len(asked)


@pytest.mark.postgresql
async def test_a_connection_is_asked_whether_it_stands_if_it_has_rested_by_the_given_clock(postgresql_server: str):
    clock = TestClock()
    assert await _asked(postgresql_server, clock.monotonic, lambda: None) == 0
    assert await _asked(postgresql_server, clock.monotonic, lambda: clock.forward(seconds=RESTED_SECONDS)) == 1


@pytest.mark.postgresql
async def test_without_a_clock_a_connection_is_asked_every_time(postgresql_server: str):
    assert await _asked(postgresql_server, None, lambda: None) == 1


# --- the schema -------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["no database", "folder", "server"])
def unusable(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of something that cannot be used."""
    if request.param == "server":
        return "postgresql://nobody:canary@127.0.0.1:9/none"
    path = tmp_path / "test.db"
    if request.param == "folder":
        path.mkdir()
    else:
        path.write_text("not a database at all, but long enough to be looked at" * 20)
    return f"sqlite:///{path}"


def test_a_schema_that_cannot_be_looked_at_is_unavailable(unusable: str):
    with pytest.raises(StorageUnavailableError, match="the database cannot be used") as told:
        schema_state(unusable)
    assert "canary" not in str(told.value)
    assert "\n" not in str(told.value)


def test_a_database_that_cannot_be_migrated_is_unavailable(unusable: str):
    with pytest.raises(StorageUnavailableError, match="the database cannot be migrated"):
        migrate(unusable)


class _LostError(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(("sqlstate", "tries"), [("40001", 3), ("40P01", 3), ("23505", 3), ("42601", 1)])
async def test_a_transaction_that_lost_is_run_again_three_times_at_most(sqlite: Database, sqlstate: str, tries: int):
    ran = []

    async def work() -> None:
        ran.append(1)
        raise DBAPIError("SELECT 1", {}, _LostError(sqlstate))

    with pytest.raises(DBAPIError):
        await sqlite.retrying(work)
    assert len(ran) == tries


async def test_a_transaction_that_wins_the_second_time_is_done(sqlite: Database):
    ran = []

    async def work() -> str:
        ran.append(1)
        if len(ran) == 1:
            raise DBAPIError("SELECT 1", {}, _LostError("40001"))
        return "done"

    assert await sqlite.retrying(work) == "done"


async def test_every_store_hangs_on_one_transaction(database: Database):
    async with database.begin() as tx:
        assert isinstance(tx, Transaction)
        tx.session.add(Freeze(scope="account:session", member="carla", at=NOW))
    assert await scopes(database) == {"account:session"}
