"""How many approved replies a second are relayed, against a loop written by hand in raw SQL (``relay_by_hand``).

Both begin with the same rows, post over the same HTTP library with as many calls at once, and are not believed: after
each round the rows that they left are compared, kind by kind, and what the network received must be what was approved,
byte for byte, each part once, in order and below the one before.
"""

import asyncio
import logging
import tempfile
import time
from pathlib import Path

import structlog
from sqlalchemy import update
from sqlmodel import SQLModel, col

from bots.serving import settle_in
from models.outbox import Card, Effect
from models.vocabulary import CHAT_EFFECTS, EffectKind, EffectState
from tests.benchmarks.databases import KINDS, Databases
from tests.benchmarks.measuring import Figure
from tests.benchmarks.processes import require
from tests.benchmarks.relay_by_hand import relay_by_hand
from tests.benchmarks.relay_rows import EndRows, read_end_rows
from tests.race.receiver import ReceiverProcess, start_receiver
from tests.race.work import RaceHouse, race_settings

LATENCIES = (0.0, 0.02)


def measure(*, quick: bool = False) -> list[Figure]:
    """Return effects a second on both databases, with a network that answers at once and one that takes 20 ms."""
    cases, sentences, rounds = (20, 3, 1) if quick else (120, 5, 7)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))  # as in production
    receiver = start_receiver()
    settle_in()  # as in production; the loop by hand gains by it too
    try:
        with tempfile.TemporaryDirectory(prefix="portavoce-bench-") as folder, Databases(Path(folder)) as databases:
            return [
                Comparison(kind, databases.new(kind), receiver, latency, cases=cases, sentences=sentences).run(rounds)
                for kind in (KINDS[:1] if quick else KINDS)
                for latency in LATENCIES
            ]
    finally:
        receiver.stop()


class Comparison:
    """One database and one latency (s): rounds of the loop by hand and of the courier, in turn."""

    def __init__(
        self, kind: str, url: str, receiver: ReceiverProcess, latency: float, *, cases: int, sentences: int
    ) -> None:
        self._title = f"relay, {kind}, network {1000 * latency:.0f} ms"
        self._url, self._receiver, self._latency = url, receiver, latency
        self._cases, self._sentences = cases, sentences
        self._calendar = race_settings(receiver.url).calendar_of_policy("standard", "billing")

    def run(self, rounds: int) -> Figure:
        """Measure; raises ``WrongError`` if either way broke a promise or they did different work."""
        ours: list[float] = []
        floor: list[float] = []
        for number in range(-1 if rounds > 1 else 0, rounds):  # round -1 warms up
            turn = (True, False) if number % 2 else (False, True)
            left: dict[bool, EndRows] = {}
            for by_courier in turn:
                speed, left[by_courier] = asyncio.run(self._round(by_courier=by_courier))
                if number >= 0:
                    (ours if by_courier else floor).append(speed)
            for name, rows in left[False].by_table.items():
                require(left[True].by_table[name] == rows, f"the two ways left different rows in {name}")
        return Figure.of(self._title, "effects/s", ours=ours, floor=floor, at_least=0.8)

    async def _round(self, *, by_courier: bool) -> tuple[float, EndRows]:
        parts = await self._prepare()
        self._receiver.reset(self._latency)
        relay = self._by_courier(self._cases * parts) if by_courier else self._by_hand()
        seconds = await relay
        rows = await read_end_rows(self._url)
        problems = rows.problems(self._receiver.log(), self._calendar)
        require(not problems, "; ".join(problems))
        return self._cases * parts / seconds, rows

    async def _prepare(self) -> int:
        """Make new rows: every case answered and approved, its cards posted and told of it in chat."""
        house = RaceHouse(self._url, race_settings(self._receiver.url))
        async with house.database.engine.begin() as connection:
            await connection.run_sync(SQLModel.metadata.drop_all)
            await connection.run_sync(SQLModel.metadata.create_all)
        parts = await house.approve_all(await house.open_cases(self._cases), sentences=self._sentences)
        async with house.database.begin() as tx:
            connection = await tx.session.connection()
            shown = update(Effect).where(col(Effect.kind).in_([*CHAT_EFFECTS])).values(state=EffectState.SENT)
            await connection.execute(shown)
            await connection.execute(update(Card).values(message_id=col(Card.id), shown_version=3))
        await house.close()
        return parts

    async def _by_courier(self, replies: int) -> float:
        house = RaceHouse(self._url, race_settings(self._receiver.url))
        await house.unsettled()  # opens the connection
        started = time.perf_counter()
        carrying = asyncio.create_task(house.courier.run())
        while house.courier.attempts.get((EffectKind.REPLY.value, "sent"), 0) < replies and not carrying.done():
            await asyncio.sleep(0.01)
        seconds = time.perf_counter() - started
        house.courier.stop()
        await carrying
        await house.close()
        return seconds

    async def _by_hand(self) -> float:
        return await relay_by_hand(self._url, self._receiver.url, self._calendar)
