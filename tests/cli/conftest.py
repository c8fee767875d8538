"""The office of a test."""

from pathlib import Path

import pytest

from tests.cli.office import Office


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Give an office with a configuration and no database yet."""
    made = Office(tmp_path)
    made.write()
    return made


@pytest.fixture
def working(office: Office) -> Office:
    """Give an office whose database is migrated."""
    office.migrated()
    return office
