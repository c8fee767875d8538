"""Durable Slack intake against a bare Bolt app: processor time of the server per event of channel chatter.

Both servers are processes of their own under uvicorn; the load comes from this process over eight connections. Ours
checks signature, size and shape, stores every event before it is acknowledged and answers repeated ones without acting;
the bare one checks the signature and stores nothing. PostgreSQL's own processes are not counted.
"""

import asyncio
from collections.abc import Iterator

from models.database import Database
from models.mention import Inbound
from models.store.statements import table
from tests.benchmarks import slack_load
from tests.benchmarks.databases import KINDS, Databases
from tests.benchmarks.measuring import Comparison, Figures, child, require

SERVER = "tests.benchmarks.slack_server"
MOST = 2.0


async def _microseconds(port: int, load: slack_load.Load) -> float:
    before = await slack_load.cpu(port)
    await slack_load.send(port, load)
    return (await slack_load.cpu(port) - before) / len(load.requests) * 1e6


async def _check_stored(url: str, wanted: frozenset[str]) -> None:
    database = Database(url)
    try:
        async with database.read() as tx:
            rows = await (await tx.session.connection()).execute(table(Inbound).select())
            keys = [row.key for row in rows]
    finally:
        await database.close()
    require(len(keys) == len(set(keys)), "an event was stored twice")
    require(set(keys) == {f"slack:event:{event}" for event in wanted}, "an acknowledged event was not stored")


async def _measure(kind: str, url: str, *, events: int, rounds: int) -> Comparison:
    ours: list[float] = []
    bare: list[float] = []
    wanted: frozenset[str] = frozenset()
    async with child(SERVER, "ours", url) as our_port, child(SERVER, "bare") as bare_port:
        for turn in range(rounds + 1):  # the first warms up caches and counts for nothing
            load = slack_load.prepare(f"{turn:02d}", events if turn else max(200, events // 4))
            wanted |= load.events
            turns = [(our_port, ours), (bare_port, bare)]
            for port, figures in turns if turn % 2 else reversed(turns):
                spent = await _microseconds(port, load)
                if turn:
                    figures.append(spent)
        await _check_stored(url, wanted)
    return Comparison(
        f"Slack intake, {kind}: processor time per event of channel chatter",
        Figures("ours", "us", tuple(ours)),
        Figures("bare", "us", tuple(bare)),
        most=MOST,
        checked=f"{len(wanted)} events answered 200, each stored once; one request in ten was a repetition",
    )


def run(databases: Databases, *, events: int = 2000, rounds: int = 7) -> Iterator[Comparison]:
    """Measure on both databases."""
    for kind in KINDS:
        yield asyncio.run(_measure(kind, databases.new(kind), events=events, rounds=rounds))
