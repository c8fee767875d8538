"""The rules of the product are plain functions: no coroutine, no awaiting, no event loop in the pure files."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture import names, tree

PURE = tuple(
    f"escalation/{noun}.py"
    for noun in (
        "lifecycle",
        "decide",
        "plans",
        "sorting",
        "business_time",
        "calendar_days",
        "calendar_definition",
        "public_holidays",
        "policy",
        "on_call",
        "routing",
        "wording",
        "cards",
        "explaining",
        "foretelling",
        "previewing",
        "explanation_views",
        "hearing_words",
        "time_words",
    )
)
PURE_PACKAGES = tuple(name.removesuffix(".py") + "/" for name in PURE)
WAITING = (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await)


def waits(module: ast.Module) -> Iterator[str]:
    """One sentence per place that waits or could."""
    for node in ast.walk(module):
        if isinstance(node, WAITING) or (isinstance(node, ast.comprehension) and node.is_async):
            yield f"line {getattr(node, 'lineno', '?')}: {type(node).__name__}"
    for line, name in names.modules_imported(module):
        if name.split(".")[0] in {"asyncio", "anyio"}:
            yield f"line {line}: import of {name}"


@pytest.mark.parametrize(
    "planted",
    [
        "async def f(): pass",
        "class A:\n    async def f(self): pass",
        "import asyncio",
        "from asyncio import Lock",
        "import anyio as a",
    ],
)
def test_planted_waiting_is_seen(planted: str) -> None:
    assert list(waits(ast.parse(planted)))


def test_plain_functions_are_left_alone() -> None:
    assert list(waits(ast.parse("def f(x):\n    return [y for y in x]"))) == []


def test_the_pure_files_wait_for_nothing() -> None:
    pure = [name for name in tree.product_modules() if name in PURE or name.startswith(PURE_PACKAGES)]
    assert pure, "none of the pure files exists"
    assert [f"{name} {wait}" for name in pure for wait in waits(tree.tree(name))] == []
