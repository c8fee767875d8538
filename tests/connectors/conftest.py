"""Fixtures for everything that talks to a fake network."""

import pytest

for _family in ("arriving", "caring", "finding", "sending"):
    pytest.register_assert_rewrite(f"tests.connectors.rules_{_family}")

from tests.clock import TestClock  # noqa: E402 - assertions are rewritten first
from tests.connectors.fake_network import START  # noqa: E402 - assertions are rewritten first
from tests.connectors.rules import Scaffold, excuse  # noqa: E402


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out rules that cannot hold for a connector; the scorecard keeps the reason of each."""
    excused = [item for item in items if _excuse(item) is not None]
    if excused:
        config.hook.pytest_deselected(items=excused)
        items[:] = [item for item in items if item not in set(excused)]


def _excuse(item: pytest.Item) -> str | None:
    suite, proved = getattr(item, "cls", None), getattr(getattr(item, "function", None), "rule", None)
    if proved is None or suite is None or not issubclass(suite, Scaffold):
        return None
    return excuse(suite, proved)


@pytest.fixture
def clock() -> TestClock:
    return TestClock(START)
