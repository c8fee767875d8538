"""Every scenario ends with an audit. Its name says which database it runs on: each has half of them.

``PORTAVOCE_SCENARIOS=both`` runs all of them on both. What a database can do differently is asked of both elsewhere, in
``tests/store``, ``tests/budget``, ``tests/clocks`` and ``tests/watch``, and by the stories of ``tests/property``.
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from zlib import crc32

import pytest

from tests.house import House
from tests.watch.holding import broken

BOTH = os.environ.get("PORTAVOCE_SCENARIOS") == "both"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave each scenario of this folder to the database that its name chooses."""
    if not BOTH:
        elsewhere = [item for item in items if Path(__file__).parent in item.path.parents and not _is_here(item)]
        config.hook.pytest_deselected(items=elsewhere)
        left = set(elsewhere)
        items[:] = [item for item in items if item not in left]


def _is_here(item: pytest.Item) -> bool:
    database = item.callspec.params.get("database") if hasattr(item, "callspec") else None
    scenario = item.nodeid.replace("postgresql", "sqlite")  # the same for both
    return database in {None, ("sqlite", "postgresql")[crc32(scenario.encode()) % 2]}


@pytest.fixture
async def house(house: House) -> AsyncIterator[House]:
    """Give the house, and look at the end whether everything holds that must."""
    yield house
    assert await broken(house.desk) == []
