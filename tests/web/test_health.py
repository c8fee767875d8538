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
