"""A whole demo in this process: real sockets, the bot, both sandboxes, and hands at the doors."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.demo.visit import Visit, visit


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Visit]:
    """Give a running demo that keeps nothing."""
    async with visit(tmp_path) as visiting:
        yield visiting
