"""Several real processes sweep the same two thousand due clocks: each of them is told once, by whoever comes first."""

import asyncio
import os
from datetime import timedelta

import pytest
from sqlmodel import SQLModel

from bots.clock import SystemClock
from tests.clock import TestClock
from tests.race.test_relay_races import own_server, receiver, rows, working  # noqa: F401 - fixtures
from tests.race.work import RaceHouse, race_settings
from tests.race.worker import Job

CASES, TOGETHER = int(os.environ.get("PORTAVOCE_RACE_CLOCKS", "1000")), 250
WARNED_AFTER = timedelta(minutes=96)
"""Eighty percent of the two hours in which a customer is to have a first reply."""

pytestmark = [pytest.mark.postgresql, pytest.mark.slow, pytest.mark.timeout(300)]


async def due_at_once(url: str, receiver: str) -> None:  # noqa: F811 - the fixture's value
    """Open cases whose customers have waited a little longer than ninety-six minutes."""
    began = TestClock(SystemClock().now() - WARNED_AFTER)
    house = RaceHouse(url, race_settings(receiver), clock=began)
    async with house.database.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    for _ in range(CASES // TOGETHER):
        await house.open_cases(TOGETHER)
    await house.close()


@pytest.mark.parametrize("processes", [3])
async def test_processes_share_what_is_due_and_tell_each_clock_once(
    postgresql_database: str,
    receiver: str,  # noqa: F811 - the fixture
    processes: int,
):
    await due_at_once(postgresql_database, receiver)
    with working(postgresql_database, receiver, *[Job(sweep=True)] * processes) as team:
        told = await asyncio.to_thread(team.finish)
    assert sum(one["told"] for one in told) == CASES
    assert all(one["told"] for one in told), "one process told everything; that was no race"
    once = "SELECT count(*), count(DISTINCT clock_id), min(rung), max(rung), max(repeat) FROM ping"
    assert rows(postgresql_database, once) == [(CASES, CASES, 0, 0, 0)]
    announced = "SELECT count(*), count(DISTINCT ping_id) FROM announcement"
    assert rows(postgresql_database, announced) == [(CASES, CASES)]
    passed = "SELECT DISTINCT rungs_passed FROM step_clock WHERE step = 'first_response'"
    assert rows(postgresql_database, passed) == [(1,)]
    journalled = "SELECT count(*), count(DISTINCT case_id) FROM journal WHERE act = 'TargetsDue'"
    assert rows(postgresql_database, journalled) == [(CASES, CASES)]
    alone = "SELECT count(*) FROM card WHERE kind = 'ping'"
    assert rows(postgresql_database, alone)[0][0] <= 5, "a storm was told one by one"
