"""The office in Slack, over an empty SQLite database."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from models.database import Database
from tests.bots.slack.office import SlackOffice, slack_office
from tests.compiled import share_compiled_statements
from tests.house import TestClock


@pytest.fixture
async def database(sqlite_house: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """Give an empty SQLite database; what is chat's does not differ by database."""
    shutil.copy(sqlite_house, tmp_path / "test.db")
    database = Database(f"sqlite:///{tmp_path}/test.db")
    share_compiled_statements(database)
    yield database
    await database.close()


@pytest.fixture
async def office(database: Database, clock: TestClock) -> AsyncIterator[SlackOffice]:
    """Give the house with its colleagues in the sandbox workspace."""
    async with slack_office(database, clock) as office:
        yield office
