"""Tests use real parts and injected time: no mocks, no sleeping."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture import names, tree

MOCKS = ("unittest.mock", "mock", "pytest_mock")


def shortcuts(module: ast.Module) -> Iterator[str]:
    """One sentence per mock and per sleep."""
    for line, name in names.modules_imported(module):
        if any(name == mock or name.startswith(f"{mock}.") for mock in MOCKS):
            yield f"line {line}: imports {name}"
    for node, name in names.uses(module):
        if name == "time.sleep":
            yield f"line {node.lineno}: sleeps"
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and "mocker" in {a.arg for a in node.args.args}:
            yield f"line {node.lineno}: takes the fixture mocker"


@pytest.mark.parametrize(
    "planted",
    [
        "from unittest import mock",
        "import unittest.mock",
        "from unittest.mock import patch",
        "import mock",
        "from pytest_mock import MockerFixture",
        "def test_it(mocker): pass",
        "import time\ntime.sleep(0.1)",
        "from time import sleep\nsleep(0.1)",
    ],
)
def test_a_planted_shortcut_is_seen(planted: str) -> None:
    assert len(list(shortcuts(ast.parse(planted)))) == 1


def test_innocent_imports_are_left_alone() -> None:
    assert list(shortcuts(ast.parse("import unittest\nimport mastodon_mock\nimport time\ntime.monotonic()"))) == []


def test_no_test_mocks_or_sleeps() -> None:
    found = [f"{name} {shortcut}" for name in tree.test_modules() for shortcut in shortcuts(tree.tree(name))]
    assert found == []
