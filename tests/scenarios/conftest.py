"""Every scenario ends with an audit."""

from collections.abc import AsyncIterator

import pytest

from tests.house import House
from tests.watch.holding import broken


@pytest.fixture
async def house(house: House) -> AsyncIterator[House]:
    """Give the house, and look at the end whether everything holds that must."""
    yield house
    assert await broken(house.desk) == []
