"""The sweep as a program: deaths at the boundaries of the stories under every fault, or every planted bug, judged.

``python -m tests.crash.sweep [--server URI] [--part 1/2] [--all] [--seed N] [--only TEXT] [--mutants]``.
With ``--all`` a death at every boundary. Without it one at each kind of boundary where nothing else goes wrong, and
under each fault at some of the kinds; which, and at which place of that kind, the seed chooses.
"""

import argparse
import random
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.crash.boundaries import FACTS, FINE, Spot
from tests.crash.faults import FAULTS
from tests.crash.harness import Harness, Run
from tests.crash.mutants import MUTANTS, Mutant
from tests.crash.slack_mutants import SLACK_MUTANTS

_KINDS = (
    (r"(commit: |commit )of \[.*inbound.*", r"\1of what came in"),
    (r"(commit: |commit )of \[.*", r"\1of the outbox"),
    (r"chat\.postMessage (card|approval|thread|ping)", "chat.postMessage"),
    (r"chat\.update (card|approval|ping)", "chat.update"),
    (r"(views\.open|chat\.postEphemeral).*", "a passing call to Slack"),
    (r"(slack event|slack click|slack submit) .*", r"\1"),
)
"""What boundaries have in common, for a sample that has one of each."""

_KINDS_UNDER_A_FAULT = 3
"""At so many kinds of boundary a sample dies under one fault."""


@dataclass(frozen=True)
class Plan:
    """One story under one fault, and the kinds of boundaries to die at."""

    story: str
    fault: str
    kinds: frozenset[str] = FACTS

    def __str__(self) -> str:
        return f"story {self.story}, fault {self.fault}"


def plans(*, everything: bool, postgresql: bool) -> Iterator[Plan]:
    """Yield what is to be run.

    A death in front of a boundary, or inside a transaction, leaves what the boundary before it left; it is tried under
    no fault only.
    """
    yield Plan("main", "none", FINE if everything else FACTS)
    yield from (Plan("main", fault) for fault in FAULTS if fault != "none")
    if everything:
        yield from (Plan("crossed", fault) for fault in ("none", "reset after"))
        yield Plan("late", "none")
    elif not postgresql:
        yield Plan("crossed", "none")


def main() -> int:
    """Run a part of the work; 0 if everything is as it must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", help="a PostgreSQL server; without it SQLite")
    parser.add_argument("--part", default="1/1", help="which part of the work: NUMBER/OF")
    parser.add_argument("--all", action="store_true", help="die everywhere instead of at a sample")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--only", default="", help="only plans or planted bugs whose name holds this text")
    parser.add_argument("--mutants", action="store_true", help="the planted bugs")
    asked = parser.parse_args()
    part, parts = (int(number) for number in asked.part.split("/"))
    share = slice(part - 1, None, parts)
    with tempfile.TemporaryDirectory(prefix="portavoce-crash-") as folder:
        harness = Harness(Path(folder), server=asked.server)
        try:
            if asked.mutants:
                planted = [mutant for mutant in (*MUTANTS, *SLACK_MUTANTS) if asked.only in mutant.name]
                return _mutants(harness, planted[share])
            _say(f"{harness.kind}, part {asked.part}, {'everything' if asked.all else f'a sample, seed {asked.seed}'}")
            chosen = [
                one for one in plans(everything=asked.all, postgresql=bool(asked.server)) if asked.only in str(one)
            ]
            return _sweep(harness, chosen, share, seed=None if asked.all else asked.seed)
        finally:
            harness.close()


def _sweep(harness: Harness, chosen: Sequence[Plan], share: slice, *, seed: int | None) -> int:
    began, bad, deaths, hits = time.perf_counter(), 0, 0, Counter[str]()
    for plan in chosen:
        started = time.perf_counter()
        dry = harness.run(FAULTS[plan.fault], story=plan.story, kinds=plan.kinds)
        bad += _judge(dry)
        groups = _groups(dry.spots)
        spots = dry.spots if seed is None else _sample(plan, groups, random.Random(f"{seed} {harness.kind} {plan}"))
        killed = 0
        for spot in spots[share]:
            run = _at_least_once(harness, plan, spot)
            bad += _judge(run)
            killed += run.killed
            hits[_kind(spot.name)] += run.killed
        deaths += killed
        seconds = time.perf_counter() - started
        _say(f"  {plan}: {len(dry.spots)} boundaries of {len(groups)} kinds, {killed} deaths, {seconds:.0f} s")
    for name, number in sorted(hits.items()):
        _say(f"    {number:5d} x {name}")
    seconds = time.perf_counter() - began
    _say(f"{deaths} deaths, {bad} broken, {seconds:.0f} s, {1000 * seconds / max(1, deaths):.0f} ms each")
    return 1 if bad else 0


def _kind(name: str) -> str:
    for pattern, kind in _KINDS:
        name = re.sub(pattern, kind, name)
    return name


def _groups(spots: Sequence[Spot]) -> dict[str, list[Spot]]:
    groups: dict[str, list[Spot]] = defaultdict(list)
    for spot in spots:
        groups[_kind(spot.name)].append(spot)
    return groups


def _sample(plan: Plan, groups: dict[str, list[Spot]], chance: random.Random) -> list[Spot]:
    kinds = sorted(groups)
    if plan.fault != "none":
        kinds = sorted(chance.sample(kinds, min(_KINDS_UNDER_A_FAULT, len(kinds))))
    return [chance.choice(groups[kind]) for kind in kinds]


def _at_least_once(harness: Harness, plan: Plan, spot: Spot) -> Run:
    """Die at a place. What happens at once may happen one time less, so a miss is tried again, at last one earlier."""
    for number in (spot.number, spot.number, *range(spot.number - 1, 0, -1)):
        here = Spot(spot.name, number)
        run = harness.run(FAULTS[plan.fault], story=plan.story, kinds=plan.kinds, kill_at=here)
        if run.killed or run.problems:
            break
    return run


def _judge(run: Run) -> bool:
    if run.problems:
        _say(f"BROKEN {run}")
    elif run.kill_at is not None and not run.killed:
        _say(f"BROKEN {run}: this boundary was never reached")
        return True
    return bool(run.problems)


def _mutants(harness: Harness, planted: Sequence[Mutant]) -> int:
    survivors, began = 0, time.perf_counter()
    for mutant in planted:
        runs = 0
        caught: Run | None = None
        for run in _tries(harness, mutant):
            runs += 1
            if run.problems:
                caught = run
                break
        survivors += caught is None
        where = f"{caught.fault}, {caught.kill_at if caught.killed else 'no death'}" if caught else "SURVIVED"
        _say(f"{mutant.name:54s} | {where[:60]:60s} | {runs:3d} runs | {caught.problems[0][:110] if caught else ''}")
    _say(f"{len(planted)} planted bugs, {survivors} survived, {time.perf_counter() - began:.0f} s")
    return 1 if survivors else 0


def _tries(harness: Harness, mutant: Mutant) -> Iterator[Run]:
    """Run a planted bug without a death, then with one at each boundary, those that the mutant names first."""
    for fault in mutant.faults:
        dry = harness.run(FAULTS[fault], story=mutant.story, kinds=FACTS, pieces=mutant.pieces)
        yield dry
        for spot in sorted(dry.spots, key=lambda spot: mutant.near not in spot.name):
            yield harness.run(FAULTS[fault], story=mutant.story, kinds=FACTS, pieces=mutant.pieces, kill_at=spot)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
