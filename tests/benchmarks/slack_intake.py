"""Durable Slack intake against a bare Bolt app: processor time of the server per request of channel chatter.

Both servers are processes of their own under uvicorn and tell their own ``getrusage``; the load comes from this
process, already signed, over eight kept-alive connections; one request in ten repeats an earlier event. What is sent
is colleagues' chatter, by far the most of what Slack sends, and not answers in threads. Ours checks signature, size
and shape, stores every event before it is acknowledged and answers repetitions without acting; the bare one checks
the signature and stores nothing. PostgreSQL's own processes are not counted.
"""

import asyncio
import tempfile
from pathlib import Path

from models.database import Database
from models.mention import Inbound
from models.store.statements import table
from tests.benchmarks import slack_load
from tests.benchmarks.databases import KINDS, Databases
from tests.benchmarks.measuring import Figure
from tests.benchmarks.processes import child, require

SERVER = "tests.benchmarks.slack_server"
MOST = 2.0


def measure(*, quick: bool = False) -> list[Figure]:
    """Return microseconds of processor time per request, both ways, on both databases (``quick``: on SQLite)."""
    requests, rounds = (200, 1) if quick else (2000, 7)
    with tempfile.TemporaryDirectory(prefix="portavoce-bench-") as folder, Databases(Path(folder)) as databases:
        kinds = KINDS[:1] if quick else KINDS
        return [asyncio.run(_compare(kind, databases.new(kind), requests, rounds)) for kind in kinds]


async def _compare(kind: str, url: str, requests: int, rounds: int) -> Figure:
    ours: list[float] = []
    bare: list[float] = []
    wanted: frozenset[str] = frozenset()
    async with child(SERVER, "ours", url) as our_port, child(SERVER, "bare") as bare_port:
        for turn in range(rounds + 1):  # the first warms up caches and counts for nothing
            load = slack_load.prepare(f"{turn:02d}", requests if turn else 200)
            wanted |= load.events
            turns = [(our_port, ours), (bare_port, bare)]
            for port, spent in turns if turn % 2 else reversed(turns):
                microseconds = await _microseconds(port, load)
                if turn:
                    spent.append(microseconds)
            await _check_stored(url, wanted)
    return Figure.of(f"Slack intake, {kind}, CPU per request", "us", ours=ours, floor=bare, at_most=MOST)


async def _microseconds(port: int, load: slack_load.Load) -> float:
    before = await slack_load.cpu(port)
    await slack_load.send(port, load)
    return (await slack_load.cpu(port) - before) / len(load.requests) * 1e6


async def _check_stored(url: str, wanted: frozenset[str]) -> None:
    """Every acknowledged event is one row; repetitions made none."""
    database = Database(url)
    try:
        async with database.read() as tx:
            keys = list((await (await tx.session.connection()).execute(table(Inbound).select())).scalars())
    finally:
        await database.close()
    require(len(keys) == len(set(keys)), "an event was stored twice")
    require(set(keys) == {f"slack:event:{event}" for event in wanted}, "an acknowledged event was not stored")
