"""One worker process: relays, claims, approves or sweeps until nothing is left; tells what it did as JSON."""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from datetime import timedelta
from typing import Any

import httpx

from bots.telemetry import set_up_logs
from escalation import commands as c
from escalation.desk import Outcome
from models.database import StorageUnavailableError
from tests.race.work import RaceHouse, race_settings


def main() -> None:
    """Work as asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", required=True)
    parser.add_argument("--receiver", required=True)
    parser.add_argument("--lease", type=float, default=120.0)
    parser.add_argument(
        "--stop-after", type=int, default=0, help="stand still (SIGSTOP) when so many posts or more were written"
    )
    parser.add_argument("--clicks", default="", help="claim or approve every case as this member")
    parser.add_argument("--cases", default="")
    parser.add_argument("--sweep", action="store_true", help="tell what is due")
    asked = parser.parse_args()
    set_up_logs(json=True, level=logging.WARNING)  # to standard error: standard output is for the answer
    settings = race_settings(asked.receiver)
    house = RaceHouse(asked.database, settings, lease=timedelta(seconds=asked.lease))
    if asked.stop_after:
        Standstill(house, asked.stop_after)
    work = _click(house, asked.clicks, asked.cases.split(",")) if asked.clicks else _relay(house)
    if asked.sweep:
        work.close()
        work = _sweep(house)
    told = asyncio.run(work)
    sys.stdout.write(json.dumps(told) + "\n")


class Standstill:
    """Stops this process (SIGSTOP), once, while posts are under way, after so many or more were written.

    It does not stop between the last look at a lease and the first byte of a post, which could then be sent twice
    (``escalation.courier``), nor inside a transaction, for the database would end it and set its locks free only after
    half a minute.
    """

    def __init__(self, house: RaceHouse, after: int) -> None:
        """Watch what the house's connector sends."""
        self._pool, self._after = house.database.engine.pool, after
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
            os.kill(os.getpid(), signal.SIGSTOP)


async def _relay(house: RaceHouse) -> dict[str, Any]:
    _ready()
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


async def _click(house: RaceHouse, kind: str, case_ids: list[str]) -> dict[str, Any]:
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
    _ready()
    for case_id in case_ids:
        command = c.Claim() if act == "claim" else c.Approve(seen[case_id])
        outcome = await _insisting(house, case_id, command, member)
        if outcome.done:
            won.append(case_id)
        else:
            told.add(str(outcome.refusal))
    await house.close()
    return {"won": won, "told": sorted(told)[:3]}


async def _sweep(house: RaceHouse) -> dict[str, Any]:
    _ready()
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


def _ready() -> None:
    """Say so, and wait for the common start."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()


if __name__ == "__main__":
    main()
