"""The house's own commands: what ``make`` lists, which Python it takes, and what the gate runs."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.architecture import tree

SET_UP = tree.ROOT / ".ci" / "set_up.py"
FIND_PYTHON = tree.ROOT / ".ci" / "find-python"


def run(*command: str | Path, folder: Path = tree.ROOT, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    environment |= {"PATH": path} if path is not None else {}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def stand_in(folder: Path, name: str, reply: str) -> Path:
    """A program that answers every question with the same line and fails, as an old Python does."""
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{reply}'\nexit 1\n")
    program.chmod(0o755)
    return program


def test_plain_make_lists_every_command() -> None:
    listed = set(re.findall(r"^  make (\w+)", run("make", "--no-print-directory").stdout, re.MULTILINE))
    declared = re.search(r"^\.PHONY: (.+)$", tree.text("Makefile"), re.MULTILINE)
    assert declared
    assert listed == {target for target in declared[1].split() if not target.startswith("ready-")}


def test_a_fitting_python_is_taken() -> None:
    found = run(FIND_PYTHON, sys.executable)
    assert (found.returncode, found.stdout.strip()) == (0, sys.executable)


def test_an_old_python_is_refused_with_a_sentence(tmp_path: Path) -> None:
    old = stand_in(tmp_path, "python3", "3.9.6")
    refused = run(FIND_PYTHON, old)
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert f"Portavoce needs Python 3.11 or newer, and '{old}' is 3.9.6." in refused.stderr


def test_a_missing_python_is_refused_with_a_sentence() -> None:
    refused = run(FIND_PYTHON, "python-of-nobody")
    assert refused.returncode == 2
    assert "there is no 'python-of-nobody' here" in refused.stderr


def test_a_newer_python_beside_an_old_one_is_found(tmp_path: Path) -> None:
    stand_in(tmp_path, "python3", "3.9.6")
    (tmp_path / "python3.12").symlink_to(sys.executable)
    found = run("/bin/sh", FIND_PYTHON, path=str(tmp_path))
    assert (found.returncode, found.stdout.strip()) == (0, str(tmp_path / "python3.12"))


@pytest.mark.parametrize("target", ["demo", "test"])
def test_make_stops_at_an_old_python(target: str, tmp_path: Path) -> None:
    old = stand_in(tmp_path, "python3", "3.9.6")
    stopped = run("make", "-C", tree.ROOT, target, f"PYTHON={old}", folder=tmp_path)
    assert stopped.returncode != 0
    assert "Portavoce needs Python 3.11 or newer" in stopped.stderr
    assert "Setting up" not in stopped.stdout


@pytest.fixture
def set_up() -> dict[str, Any]:
    return runpy.run_path(str(SET_UP))


def test_the_installer_is_fetched_by_its_version_and_hashes_in_the_lock(set_up: dict[str, Any]) -> None:
    first, *hashes = set_up["entry"]("uv", set_up["LOCKS"]["test"]).splitlines()
    assert re.fullmatch(r"uv==[\d.]+ \\", first)
    assert len(hashes) > 1
    assert all(line.startswith("    --hash=sha256:") for line in hashes)
    assert not hashes[-1].endswith("\\")


@pytest.mark.parametrize(
    ("variable", "told"),
    [("PIP_INDEX_URL", True), ("PIP_NO_INDEX", True), ("PIP_EXTRA_INDEX_URL", False), ("PIP_RETRIES", False)],
)
def test_an_index_of_ones_own_leaves_the_installing_to_pip(
    variable: str, told: bool, set_up: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)  # whatever this machine's pip is told
    monkeypatch.setenv(variable, "1")
    assert set_up["pip_has_an_index"]() is told


def test_the_gate_runs_from_anywhere_and_names_its_steps(tmp_path: Path) -> None:
    refused = run(tree.ROOT / ".ci" / "run", "coffee", folder=tmp_path)
    assert refused.returncode == 2
    assert "There is no step 'coffee'; the steps are: set_up browser node format style types" in refused.stdout
    assert refused.stdout.splitlines()[-1].startswith("GATE FAILED")
