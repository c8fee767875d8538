"""Four processes click on the same cases at the same moment: exactly one wins each, and the others are told who."""

import asyncio

import pytest

from tests.race.test_relay_races import prepared, receiver, rows, working
from tests.race.work import RaceHouse, race_settings
from tests.race.worker import Job

__all__ = ["receiver"]

pytestmark = [pytest.mark.postgresql, pytest.mark.slow, pytest.mark.timeout(300)]
PROCESSES, CASES = 4, 100


async def test_each_case_is_claimed_by_exactly_one(postgresql_database: str, receiver: str):
    case_ids, _ = await prepared(postgresql_database, receiver, cases=CASES, sentences=0)
    clicks = [Job(clicks=f"claim:{'anna' if n % 2 else 'bruno'}", cases=case_ids) for n in range(PROCESSES)]
    with working(postgresql_database, receiver, *clicks) as team:
        told = await asyncio.to_thread(team.finish)
    won = [case_id for one in told for case_id in one["won"]]
    assert sorted(won) == sorted(case_ids)
    assert rows(postgresql_database, "SELECT count(*) FROM journal WHERE act = 'Claim'") == [(CASES,)]
    assert all("claimed this" in sentence for one in told for sentence in one["told"])


async def test_each_draft_is_approved_exactly_once(postgresql_database: str, receiver: str):
    case_ids, _ = await prepared(postgresql_database, receiver, cases=CASES, sentences=0)
    house = RaceHouse(postgresql_database, race_settings(receiver))
    parts = await house.submit_all(case_ids, sentences=2)
    await house.close()
    clicks = [Job(clicks="approve:carla", cases=case_ids)] * PROCESSES
    with working(postgresql_database, receiver, *clicks) as team:
        told = await asyncio.to_thread(team.finish)
    won = [case_id for one in told for case_id in one["won"]]
    assert sorted(won) == sorted(case_ids)
    approved = "SELECT count(*), count(DISTINCT draft_id) FROM review WHERE verdict = 'approved'"
    assert rows(postgresql_database, approved) == [(CASES, CASES)]
    assert rows(postgresql_database, "SELECT count(*) FROM effect WHERE kind = 'reply'") == [(CASES * parts,)]
    assert all("Carla Rossi approved this" in sentence for one in told for sentence in one["told"])
