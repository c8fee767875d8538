"""A process that dies anywhere loses nothing, doubles nothing and sends nothing unapproved; and the harness can tell.

The work runs in processes of its own (``tests.crash.sweep``): it forks, and a test process has threads.
``PORTAVOCE_CRASH=all`` runs every boundary of every kind under every fault, on both databases.
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

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(7200 if EVERYTHING else 600)]


def sweep(*arguments: str) -> None:
    command = [sys.executable, "-m", "tests.crash.sweep", "--seed", str(SEED), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    sys.stdout.write(done.stdout)
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    assert "0 broken" in done.stdout or "--mutants" in arguments


@pytest.mark.parametrize("part", ["0/2", "1/2"])
def test_a_death_at_any_third_boundary_is_survived_on_sqlite(part: str):
    sweep("--shard", part, "--every", "3")


@pytest.mark.postgresql
@pytest.mark.parametrize("part", ["0/2", "1/2"])
def test_a_death_at_any_ninth_boundary_is_survived_on_postgresql(part: str, postgresql_server: str):
    sweep("--shard", part, "--every", "9", "--server", postgresql_server)


@pytest.mark.parametrize("part", ["0/2", "1/2"])
def test_every_planted_bug_turns_the_harness_red(part: str):
    sweep("--shard", part, "--mutants")
