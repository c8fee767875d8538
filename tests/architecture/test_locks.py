"""The lock files are complete, hashed, and in step with ``pyproject.toml`` and each other."""

import re
import tomllib
from collections.abc import Iterator

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture import tree

RUN_TIME, TESTS = "requirements.lock", ".ci/requirements.lock"
PINNED = re.compile(r"^(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[^\s;\\]+)(?P<marker> ;[^\\]*)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def entries(lock: str) -> dict[str, str]:
    """Canonical name to pinned version."""
    matches = filter(None, map(PINNED.match, lock.splitlines()))
    return {canonicalize_name(match["name"]): match["version"] for match in matches}


def malformed(lock: str) -> Iterator[str]:
    """Lines that are neither a pin, a hash nor a comment, and pins without a hash beneath."""
    lines = lock.splitlines()
    for number, line in enumerate(lines, start=1):
        if PINNED.match(line):
            if number == len(lines) or not HASH.match(lines[number]):
                yield f"line {number}: {line} has no hash"
        elif not HASH.match(line) and not line.startswith("#"):
            yield f"line {number}: {line}"


def wanted(*groups: str) -> Iterator[Requirement]:
    project = tomllib.loads(tree.text("pyproject.toml"))
    yield from map(Requirement, project["project"]["dependencies"])
    yield from map(Requirement, project["build-system"]["requires"])
    for group in groups:
        yield from map(Requirement, project["dependency-groups"][group])


def unmet(requirements: Iterator[Requirement], pins: dict[str, str]) -> Iterator[str]:
    for requirement in requirements:
        version = pins.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            yield f"{requirement} (locked: {version})"


@pytest.mark.parametrize("path", [RUN_TIME, TESTS])
def test_a_lock_holds_pins_and_hashes_only(path: str) -> None:
    assert list(malformed(tree.text(path))) == []
    assert len(entries(tree.text(path))) > 50


@pytest.mark.parametrize(
    "planted", ["httpx>=0.28 \\", "--requirement other.txt", "httpx==0.28.1 \\\n# no hash", "httpx @ file:x.whl"]
)
def test_a_planted_loose_line_is_seen(planted: str) -> None:
    assert list(malformed(planted))


def test_run_time_lock_meets_the_project() -> None:
    assert list(unmet(wanted(), entries(tree.text(RUN_TIME)))) == [], "run make lock"


def test_tests_lock_meets_the_project_and_its_dev_group() -> None:
    assert list(unmet(wanted("dev"), entries(tree.text(TESTS)))) == [], "run make lock"


def test_an_unmet_requirement_is_seen() -> None:
    requirements = iter([Requirement("httpx>=0.28"), Requirement("Rich>=15"), Requirement("holidays")])
    assert list(unmet(requirements, {"httpx": "0.27", "rich": "15.0"})) == [
        "httpx>=0.28 (locked: 0.27)",
        "holidays (locked: None)",
    ]


def test_one_environment_can_hold_both() -> None:
    run_time, tests = entries(tree.text(RUN_TIME)), entries(tree.text(TESTS))
    assert {name: tests.get(name) for name in run_time} == run_time


def test_no_test_tool_reaches_the_customers_installation() -> None:
    assert not entries(tree.text(RUN_TIME)).keys() & {"pytest", "hypothesis", "mypy", "ruff", "coverage", "uv"}
