"""Time comes from the Clock: nobody else reads the wall clock or sleeps."""

import ast
from collections.abc import Iterator
from fnmatch import fnmatch

import pytest

from tests.architecture import names, tree

READINGS = {
    "datetime.datetime.now": "reads the wall clock",
    "datetime.datetime.utcnow": "reads the wall clock",
    "datetime.datetime.today": "reads the wall clock",
    "datetime.date.today": "reads the wall clock",
    "time.time": "reads the wall clock",
    "time.time_ns": "reads the wall clock",
    "time.monotonic": "reads a clock that nobody injected",
    "time.monotonic_ns": "reads a clock that nobody injected",
    "time.perf_counter": "reads a clock that nobody injected",
    "time.perf_counter_ns": "reads a clock that nobody injected",
    "time.sleep": "sleeps and blocks the loop",
    "asyncio.sleep": "sleeps",
    "anyio.sleep": "sleeps",
}
# The Clock itself; and the sandbox's own clocks, because the sandbox is a stranger that imports nothing of the product.
CLOCKS = ("bots/clock.py", "bots/sandbox/clock.py", "bots/sandbox/*/clock.py")
YIELDS = {"asyncio.sleep", "anyio.sleep"}


def readings(module: ast.Module) -> Iterator[str]:
    """One sentence per use of a forbidden function; ``sleep(0)`` only lets others run and is allowed."""
    yielding = {id(node.func) for node in ast.walk(module) if isinstance(node, ast.Call) and is_zero(node)}
    for node, name in names.uses(module):
        if name in READINGS and not (name in YIELDS and id(node) in yielding):
            yield f"line {node.lineno}: {name} {READINGS[name]}"


def is_zero(call: ast.Call) -> bool:
    return len(call.args) == 1 and isinstance(call.args[0], ast.Constant) and call.args[0].value == 0


@pytest.mark.parametrize(
    "planted",
    [
        "from datetime import datetime\nx = datetime.now()",
        "import datetime\nx = datetime.datetime.utcnow()",
        "import datetime as dt\nx = dt.datetime.now(dt.UTC)",
        "from datetime import datetime as d\nx = d.today()",
        "from datetime import date\ndef f():\n    return date.today()",
        "import time\nx = time.time()",
        "import time\nx = time.monotonic()",
        "import time\nf = time.time_ns",
        "from time import time\nx = dict(default_factory=time)",
        "def f():\n    import time as t\n    t.sleep(1)",
        "import asyncio\nasync def f():\n    await asyncio.sleep(1)",
        "from asyncio import sleep\nasync def f(x):\n    await sleep(x)",
        "import anyio\nf = anyio.sleep",
    ],
)
def test_a_planted_reading_is_seen(planted: str) -> None:
    assert len(list(readings(ast.parse(planted)))) == 1


@pytest.mark.parametrize(
    "innocent",
    [
        "def f(clock):\n    return clock.monotonic()",
        "import asyncio\nasync def f():\n    await asyncio.sleep(0)",
        "from datetime import datetime\nx = datetime.fromisoformat('2026-01-01T00:00:00Z')",
        "def f(clock):\n    return clock.now()",
        "def f(time):\n    return time.time()",
        '"""Never call time.time()."""',
    ],
)
def test_an_innocent_line_is_left_alone(innocent: str) -> None:
    assert list(readings(ast.parse(innocent))) == []


def test_only_the_clock_reads_the_clock() -> None:
    found = [
        f"{name} {reading}"
        for name in tree.product_modules()
        if not any(fnmatch(name, clock) for clock in CLOCKS)
        for reading in readings(tree.tree(name))
    ]
    assert found == []
