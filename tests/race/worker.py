"""One worker process: relays, claims, approves or sweeps until nothing is left, and tells what it did."""

import asyncio
import logging
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx

from bots.telemetry import set_up_logs
from escalation import commands as c
from escalation.desk import Outcome
from models.database import StorageUnavailableError
from tests.race.work import RaceHouse, race_settings


@dataclass(frozen=True)
class Job:
    """What a worker is to do; where nothing is said, it relays.

    ``lease``: seconds. ``stop_after``: it stands still (SIGSTOP) when so many posts or more were written.
    ``clicks``: the act, a colon and the member; done to each of the ``cases``. ``sweep``: tell what is due.
    """

    lease: float = 120.0
    stop_after: int = 0
    clicks: str = ""
    cases: Sequence[str] = ()
    sweep: bool = False


def work(database: str, receiver: str, job: Job, wire: "Connection[Any, Any]", errors: Path) -> None:
    """Say that all is ready, wait for the common start, work, and tell what was done; log to the file ``errors``."""
    with errors.open("ab") as log:
        os.dup2(log.fileno(), 2)
    set_up_logs(json=True, level=logging.WARNING)
    house = RaceHouse(database, race_settings(receiver), lease=timedelta(seconds=job.lease))
    if job.stop_after:
        Standstill(house, job.stop_after, wire)
    wire.send(asyncio.run(_worked(house, job, wire)))


async def _worked(house: RaceHouse, job: Job, wire: "Connection[Any, Any]") -> dict[str, Any]:
    if job.clicks:
        return await _click(house, job.clicks, job.cases, wire)
    return await (_sweep if job.sweep else _relay)(house, wire)


class Standstill:
    """Stops this process (SIGSTOP), once, while posts are under way, after so many or more were written.

    It does not stop between the last look at a lease and the first byte of a post, which could then be sent twice
    (``escalation.courier``), nor inside a transaction, for the database would end it and set its locks free only after
    half a minute.
    """

    def __init__(self, house: RaceHouse, after: int, wire: "Connection[Any, Any]") -> None:
        """Watch what the house's connector sends; the wire is told of the standstill."""
        self._pool, self._after, self._wire = house.database.engine.pool, after, wire
        self._begun = self._written = self._answered = 0
        self._stood = False
        hooks = house.connector._client.event_hooks
        hooks["request"].append(self._begins)
        hooks["response"].append(self._is_answered)

    async def _begins(self, request: httpx.Request) -> None:
        self._begun += 1
        request.extensions = {**request.extensions, "trace": self._is_traced}

    async def _is_traced(self, place: str, _: Any) -> None:
        if place.endswith("send_request_body.complete"):
            self._written += 1
            self._look()

    async def _is_answered(self, _: httpx.Response) -> None:
        self._answered += 1
        self._look()

    def _look(self) -> None:
        wholly_under_way = self._answered < self._written == self._begun
        if not self._stood and self._written >= self._after and wholly_under_way and not self._pool.checkedout():
            self._stood = True
            self._wire.send("stands still")
            os.kill(os.getpid(), signal.SIGSTOP)


async def _relay(house: RaceHouse, wire: "Connection[Any, Any]") -> dict[str, Any]:
    _ready(wire)
    carrying = asyncio.create_task(house.courier.run())
    while True:
        await asyncio.sleep(0.2)
        try:
            if not await house.unsettled():
                break
        except StorageUnavailableError:
            continue
    house.courier.stop()
    await carrying
    await house.close()
    return {"attempts": {" ".join(key): number for key, number in house.courier.attempts.items()}}


async def _click(house: RaceHouse, kind: str, case_ids: Sequence[str], wire: "Connection[Any, Any]") -> dict[str, Any]:
    act, _, member = kind.partition(":")
    won: list[str] = []
    told: set[str] = set()
    seen: dict[str, c.DraftSeen] = {}
    if act == "approve":
        for case_id in case_ids:
            file = await house.desk.file(case_id)
            assert file is not None
            assert file.draft is not None
            seen[case_id] = c.DraftSeen(file.draft.version, file.draft.hash, file.draft.context_version)
    _ready(wire)
    for case_id in case_ids:
        command = c.Claim() if act == "claim" else c.Approve(seen[case_id])
        outcome = await _insisting(house, case_id, command, member)
        if outcome.done:
            won.append(case_id)
        else:
            told.add(str(outcome.refusal))
    await house.close()
    return {"won": won, "told": sorted(told)[:3]}


async def _sweep(house: RaceHouse, wire: "Connection[Any, Any]") -> dict[str, Any]:
    _ready(wire)
    told = 0
    while True:
        told += await house.sweeper.sweep()
        async with house.database.read() as tx:
            if not await tx.clocks.any_rung_due(house.desk.clock.now()):
                break
        await asyncio.sleep(0.01)  # what is due is held by another process
    await house.close()
    return {"told": told}


async def _insisting(house: RaceHouse, case_id: str, command: c.Command, member: str) -> Outcome:
    """Click, and click again where the database could not answer in time: then nothing was stored."""
    while True:
        try:
            return await house.desk.handle(case_id, command, actor=member)
        except StorageUnavailableError:
            await asyncio.sleep(0.1)


def _ready(wire: "Connection[Any, Any]") -> None:
    wire.send("ready")
    wire.recv()
