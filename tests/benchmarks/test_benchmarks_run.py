"""The benchmarks run from the command line; what they check inside holds."""

import json
import subprocess
import sys

import pytest

from tests.benchmarks.processes import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.mark.parametrize("name", ["intake", "relay", "deadlines", "report"])
def test_a_small_round_finds_nothing_wrong(name: str):
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", "--json", name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    figures = json.loads(done.stdout)
    assert figures, "nothing was measured"
    assert all(value > 0 for figure in figures for value in [*figure["ours"], *figure["floor"]])
