"""The office in Slack, over an empty SQLite database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from models.database import Database
from tests.bots.slack.office import SlackOffice, slack_office
from tests.house import TestClock


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """Give an empty SQLite database; what is chat's does not differ by database."""
    database = Database(f"sqlite:///{tmp_path}/test.db")
    async with database.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    yield database
    await database.close()


@pytest.fixture
async def office(database: Database, clock: TestClock) -> AsyncIterator[SlackOffice]:
    """Give the house with its colleagues in the sandbox workspace."""
    async with slack_office(database, clock) as office:
        yield office
