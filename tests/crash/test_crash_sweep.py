"""A process that dies anywhere loses nothing, doubles nothing and sends nothing unapproved; and the harness can tell.

The work runs in processes of its own (``tests.crash.sweep``): it forks, and a test process has threads. By default each
kind of boundary is died at once on each database, and some kinds under each fault, at places that a seed chooses:
``PORTAVOCE_CRASH_SEED`` repeats a choice. ``PORTAVOCE_CRASH=all`` dies at every boundary.
"""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EVERYTHING = os.environ.get("PORTAVOCE_CRASH") == "all"
SEED = int(os.environ.get("PORTAVOCE_CRASH_SEED", random.SystemRandom().randrange(1_000_000)))

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(4 * 3600 if EVERYTHING else 900)]


def sweep(*arguments: str) -> str:
    command = [sys.executable, "-m", "tests.crash.sweep", "--seed", str(SEED), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    sys.stdout.write(done.stdout)
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def everywhere(*arguments: str) -> None:
    told = sweep(*arguments, *(["--all"] if EVERYTHING else []))
    assert " 0 broken" in told
    assert " 0 deaths" not in told


def test_a_death_at_every_kind_of_boundary_is_survived_on_sqlite():
    everywhere()


@pytest.mark.postgresql
def test_a_death_at_every_kind_of_boundary_is_survived_on_postgresql(postgresql_server: str):
    everywhere("--server", postgresql_server)


@pytest.mark.parametrize("part", ["1/2", "2/2"])
def test_every_planted_bug_turns_the_harness_red(part: str):
    assert " 0 survived" in sweep("--part", part, "--mutants")
