"""The sweep as a program: every fault and boundary of the stories, or every planted bug, judged and told as a table.

``python -m tests.crash.sweep [--server URI] [--shard 0/2] [--every 3] [--seed N] [--only TEXT] [--mutants]``.
Environment:
``PORTAVOCE_CRASH=all`` runs every boundary of every kind under every fault and story.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.crash.boundaries import COARSE, FACTS, FINE
from tests.crash.harness import FAULTS, Harness, Run
from tests.crash.mutants import MUTANTS

EVERYTHING = os.environ.get("PORTAVOCE_CRASH") == "all"


def main() -> int:
    """Run a part of the work; 0 if everything is as it must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", help="a PostgreSQL server; without it SQLite")
    parser.add_argument("--shard", default="0/1", help="which part of the boundaries: NUMBER/OF")
    parser.add_argument(
        "--every", type=int, default=1, help="every how many-th boundary, from a start chosen by the seed"
    )
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--mutants", action="store_true")
    parser.add_argument("--only", default="", help="only plans whose 'story fault' holds this text")
    asked = parser.parse_args()
    shard, shards = (int(part) for part in asked.shard.split("/"))
    with tempfile.TemporaryDirectory(prefix="portavoce-crash-") as folder:
        harness = Harness(Path(folder), server=asked.server)
        try:
            if asked.mutants:
                return _mutants(harness, shard, shards)
            return _sweep(harness, shard, shards, every=asked.every, seed=asked.seed, only=asked.only)
        finally:
            harness.close()


def plan() -> Iterator[tuple[str, str, frozenset[str], int]]:
    """Yield (story, fault, kinds of boundaries, every how many-th)."""
    if EVERYTHING:
        yield from ((story, fault, FINE, 1) for story in ("main", "crossed") for fault in FAULTS)
        return
    yield "main", "none", COARSE, 1
    for fault in FAULTS:
        if fault != "none":
            yield "main", fault, FACTS, 2
    yield "crossed", "none", FACTS, 4
    yield "crossed", "reset after", FACTS, 4


def _sweep(harness: Harness, shard: int, shards: int, *, every: int, seed: int | None, only: str) -> int:
    seed = random.randrange(1_000_000) if seed is None else seed
    chance = random.Random(seed)
    started, bad, hits = time.perf_counter(), 0, Counter[str]()
    _say(f"{harness.kind}, part {shard + 1} of {shards}, every {every}., seed {seed}")
    for story, fault, kinds, step in plan():
        if only not in f"{story} {fault}":
            continue
        dry = harness.run(FAULTS[fault], story=story, kinds=kinds)
        bad += _judge(dry)
        width = 1 if EVERYTHING else step * every
        chosen = [
            n for n in range(1 + chance.randrange(width), dry.boundaries + 1, width) if (n // width) % shards == shard
        ]
        for number in chosen:
            run = _at_least_once(harness, story, fault, kinds, number)
            hits[run.boundary] += run.killed
            bad += _judge(run)
        _say(f"  story {story}, fault {fault}: {dry.boundaries} boundaries, {len(chosen)} deaths")
    for name, number in sorted(hits.items()):
        _say(f"    {number:4d} x {name}")
    seconds = time.perf_counter() - started
    _say(f"{hits.total()} deaths, {bad} broken, {seconds:.1f} s, {1000 * seconds / max(1, hits.total()):.0f} ms each")
    return 1 if bad else 0


def _at_least_once(harness: Harness, story: str, fault: str, kinds: frozenset[str], number: int) -> Run:
    """Die at a boundary; where two things happen at once the count may shift by one, so a miss is tried again."""
    for _ in range(3):
        run = harness.run(FAULTS[fault], story=story, kinds=kinds, kill_at=number)
        if run.killed or run.problems:
            return run
    run.problems.append("this boundary was never reached")
    return run


def _judge(run: Run) -> int:
    if run.problems:
        _say(f"BROKEN {run}")
    return bool(run.problems)


def _mutants(harness: Harness, shard: int, shards: int) -> int:
    survivors = 0
    for mutant in MUTANTS[shard::shards]:
        runs = 0
        caught: Run | None = None
        for fault in mutant.faults:
            dry = harness.run(FAULTS[fault], story=mutant.story, kinds=FACTS, pieces=mutant.pieces)
            runs += 1
            caught = dry if dry.problems else None
            for number in range(1, 0 if caught else dry.boundaries + 1):
                run = harness.run(FAULTS[fault], story=mutant.story, kinds=FACTS, pieces=mutant.pieces, kill_at=number)
                runs += 1
                if run.problems:
                    caught = run
                    break
            if caught:
                break
        survivors += caught is None
        where = f"{caught.fault}, {caught.boundary if caught.killed else 'no death'}" if caught else "SURVIVED"
        _say(f"{mutant.name:50s} | {where[:60]:60s} | {runs:3d} runs | {caught.problems[0][:110] if caught else ''}")
    return 1 if survivors else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
