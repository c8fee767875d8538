"""Workers are killed fifty times and the wall clock steps twenty times: no ping is lost, none is told twice.

Real ``portavoce worker`` processes, a real workspace server, real time: about a minute each. ``PORTAVOCE_CLOCK_SEED``
repeats a day, ``PORTAVOCE_CLOCK_DAYS=5`` makes it as many times as long, and tries every planted bug; those that a
death shows are in ``test_deaths``, where none is left to chance.
"""

import os
import random
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from models.schema import migrate
from tests.clocks.planted import PLANTED
from tests.clocks.story import Day, NeverQuietError, play
from tests.clocks.wall_clock import COMPILER

DAYS = float(os.environ.get("PORTAVOCE_CLOCK_DAYS", "1"))
LONG = "PORTAVOCE_CLOCK_DAYS" in os.environ
SEED = int(os.environ.get("PORTAVOCE_CLOCK_SEED", random.SystemRandom().randrange(1_000_000)))

pytestmark = [
    pytest.mark.crash,
    pytest.mark.slow,
    pytest.mark.timeout(400 * max(1, DAYS)),
    pytest.mark.skipif(
        COMPILER is None, reason="******** no C compiler: the wall clock of whole processes cannot be stepped ********"
    ),
]


def lived_through(folder: Path, url: str, day: Day) -> None:
    migrate(url)
    sys.stdout.write(f"seed {SEED}\n")  # also of a day that never ends
    tally, told, problems = play(folder, url, day, seed=SEED)
    sys.stdout.write(f"{tally}, {told}\n")
    assert (tally.kills, len(tally.steps)) == (day.kills, day.steps)
    assert told["pings"] > 5 * day.cases, "too little became due"
    assert told["alone"] > 0 < told["together"], "everything was told in one way"
    assert not problems, f"seed {SEED}: {len(problems)} problems, such as:\n" + "\n".join(problems[:10])


@pytest.mark.postgresql
def test_two_workers_over_postgresql_lose_and_double_no_ping(tmp_path: Path, postgresql_database: str):
    day = Day(workers=2, kills=round(50 * DAYS), cases=round(120 * DAYS), pairs=round(8 * DAYS))
    lived_through(tmp_path, postgresql_database, day)


@pytest.mark.skipif(not LONG, reason="a second day of a minute: PORTAVOCE_CLOCK_DAYS=1")
def test_one_worker_over_sqlite_loses_and_doubles_no_ping(tmp_path: Path):
    day = Day(workers=1, kills=round(10 * DAYS), cases=round(40 * DAYS), pairs=round(2 * DAYS), standstills=1)
    lived_through(tmp_path, f"sqlite:///{tmp_path}/portavoce.db", day)


HARMLESS = Day(workers=1, kills=2, cases=16, pairs=0, standstills=0, lost_answers=8, longest_life=2)


@pytest.mark.parametrize("planted", sorted(PLANTED) if LONG else ["Slack's client repeats by itself"])
def test_a_planted_bug_is_found_out(tmp_path: Path, planted: str):
    url = f"sqlite:///{tmp_path}/portavoce.db"
    migrate(url)
    day = replace(HARMLESS, pairs=2) if "clock" in planted else HARMLESS
    try:
        _, _, problems = play(tmp_path, url, day, seed=SEED, planted=planted)
    except NeverQuietError as error:
        problems = [str(error)]
    sys.stdout.write(f"seed {SEED}, {planted}: {problems[:1]}\n")
    assert problems, f"seed {SEED}: nothing was found out"
