"""Health and metrics: up, ready, and what stands where, without a word of anybody's text."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from bots.telemetry import Metrics
from bots.web import web_application
from escalation.inbox import Inbox
from escalation.watching import Limits
from models.database import Database
from models.schema import migrate
from tests.house import TestClock, build_house

LIMITS = Limits(sweep=timedelta(seconds=60), audit_every=timedelta(minutes=15))


@pytest.fixture
async def migrated(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/web.db"
    migrate(url)
    database = Database(url)
    yield database
    await database.close()


def client_of(database: Database, inbox: Inbox, clock: TestClock) -> httpx.AsyncClient:
    app = web_application(
        database=database, clock=clock, limits=LIMITS, metrics=Metrics(inbox, {}, clock=clock, limits=LIMITS), routes=[]
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://portavoce.test")


async def test_a_migrated_database_is_ready(migrated: Database, clock: TestClock):
    async with client_of(migrated, Inbox(migrated, clock), clock) as client:
        assert (await client.get("/healthz")).text == "ok\n"
        answer = await client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "late": ["sweep"],
        "duties": {
            "sweep": {"late": True, "age_seconds": None, "process": None},
            "audit": {"late": False, "age_seconds": None, "process": None},
        },
        "timer_lag_seconds": 0.0,
        "findings": 0,
    }


async def test_a_database_without_tables_is_not_ready_and_says_what_to_run(tmp_path: Path, clock: TestClock):
    database = Database(f"sqlite:///{tmp_path}/empty.db")
    async with client_of(database, Inbox(database, clock), clock) as client:
        answer = await client.get("/readyz")
        assert (await client.get("/healthz")).status_code == 200
    assert answer.status_code == 503
    assert "portavoce migrate" in answer.json()["reason"]
    await database.close()


async def test_a_database_that_is_away_is_not_ready_and_has_no_metrics(clock: TestClock):
    database = Database("postgresql://nobody@127.0.0.1:1/nothing")
    async with client_of(database, Inbox(database, clock), clock) as client:
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/metrics")).status_code == 503
    await database.close()


async def test_metrics_count_what_was_stored_and_what_waits(migrated: Database, clock: TestClock):
    house = build_house(migrated, clock=clock)
    inbox = Inbox(migrated, clock)
    inbox.count("form")
    await house.arrive("My invoice and my secret 4711")
    async with client_of(migrated, inbox, clock) as client:
        page = (await client.get("/metrics")).text
    assert 'portavoce_inbound_stored_total{source="form"} 1.0' in page
    assert 'portavoce_inbound_stored_total{source="slack"} 0.0' in page
    assert 'portavoce_open_cases{state="waiting_answer"} 1.0' in page
    assert 'portavoce_unsettled_effects{kind="card",state="ready"} 1.0' in page
    assert "4711" not in page


async def test_a_late_sweep_is_told_but_a_process_that_takes_in_stays_ready(migrated: Database, clock: TestClock):
    async with migrated.begin() as tx:
        await tx.watching.beat({"sweep": clock.now(), "audit": clock.now()}, process="host:1:a")
    clock.forward(seconds=75)
    async with client_of(migrated, Inbox(migrated, clock), clock) as client:
        answer = await client.get("/readyz")
        page = (await client.get("/metrics")).text
    assert answer.status_code == 200
    assert answer.json()["late"] == ["sweep"]
    assert answer.json()["duties"]["sweep"] == {"late": True, "age_seconds": 75.0, "process": "host:1:a"}
    assert "portavoce_sweep_age_seconds 75.0" in page
    assert f"portavoce_last_sweep_seconds {clock.now().timestamp() - 75:.9g}" in page
    assert 'portavoce_duty_late{duty="sweep"} 1.0' in page
    assert 'portavoce_duty_late{duty="audit"} 0.0' in page
    assert "portavoce_sweep_lag_seconds 0.0" in page
    assert "portavoce_clock_skew_seconds" not in page  # SQLite has no clock of its own


async def test_what_the_auditor_found_is_a_metric_in_every_process(migrated: Database, clock: TestClock):
    async with migrated.begin() as tx:
        rows = [{"key": f"four_eyes:{n}", "rule": "four_eyes", "case_id": None} for n in range(2)]
        await tx.watching.find(rows, clock.now())
    async with client_of(migrated, Inbox(migrated, clock), clock) as client:
        page = (await client.get("/metrics")).text
        assert (await client.get("/readyz")).json()["findings"] == 2
    assert 'portavoce_invariant_violations{invariant="I10",rule="four_eyes"} 2.0' in page
    assert 'portavoce_invariant_violations{invariant="I4",rule="effects_leave"} 0.0' in page


@pytest.mark.postgresql
async def test_the_skew_of_the_clock_is_a_metric_where_the_database_has_one(postgresql_database: str, clock: TestClock):
    migrate(postgresql_database)
    database = Database(postgresql_database)
    async with client_of(database, Inbox(database, clock), clock) as client:
        page = (await client.get("/metrics")).text
    await database.close()
    [line] = [line for line in page.splitlines() if line.startswith("portavoce_clock_skew_seconds ")]
    assert abs(float(line.split()[1])) > 2, "the clock of the tests stands still"
