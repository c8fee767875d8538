"""Each file has one purpose that its name tells, and fits into a head."""

from fnmatch import fnmatch
from pathlib import PurePosixPath

import pytest

from tests.architecture import tree

EMPTY_WORDS = {"util", "utils", "helper", "helpers", "manager", "managers", "common", "misc", "shared"}
MAX_LINES = 600
GENERATED = ("*requirements.lock", "*.po", "*.pot", "*.svg", "tests/**.json", "tests/**.jsonl", "tests/**.csv")
TOP_LEVEL = {"bots", "connectors", "docs", "escalation", "models", "tests", ".ci"}


def says_nothing(path: str) -> bool:
    """Whether a part of the path is one of the words that every file could bear."""
    return any(part.split(".")[0].strip("_").lower() in EMPTY_WORDS for part in PurePosixPath(path).parts)


def generated(path: str) -> bool:
    return any(fnmatch(path, pattern) for pattern in GENERATED)


@pytest.mark.parametrize("path", ["bots/utils.py", "bots/common/x.py", "tests/_helpers.py", "models/manager.py"])
def test_an_empty_word_is_seen(path: str) -> None:
    assert says_nothing(path)


@pytest.mark.parametrize("path", ["bots/web.py", "models/mention.py", "escalation/settings/sections.py"])
def test_a_telling_name_is_left_alone(path: str) -> None:
    assert not says_nothing(path)


def test_every_file_has_a_telling_name() -> None:
    assert [path for path in tree.files() if says_nothing(path)] == []


def test_only_generated_files_are_long() -> None:
    lengths = {path: tree.text(path).count("\n") for path in tree.texts() if not generated(path)}
    assert {path: lines for path, lines in lengths.items() if lines > MAX_LINES} == {}


def test_generated_files_are_few_kinds() -> None:
    assert not generated("bots/sandbox/page.py")
    assert not generated("README.md")
    assert generated(".ci/requirements.lock")
    assert generated("tests/connectors/payloads/mastodon/reply.json")


def test_the_top_level_is_fixed() -> None:
    assert {path.split("/")[0] for path in tree.files() if "/" in path} - {".github"} <= TOP_LEVEL
