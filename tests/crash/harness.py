"""Runs the story over and over: once to count, then with a death at every boundary, and judges each run.

One harness is one process that forks: the world once, and the product for every start. It keeps no loop and no thread,
so that forking is safe. Several harnesses in as many processes share the work.
"""

import asyncio
import atexit
import gc
import logging
import mmap
import os
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from models.database import Database
from tests.crash.boundaries import COARSE, Boundaries, Spot
from tests.crash.faults import FAULTS, Fault
from tests.crash.inline import run_sqlite_inline
from tests.crash.invariants import broken
from tests.crash.product import Pieces, crash_settings, play
from tests.crash.stores import OnPostgresql, OnSqlite, Store
from tests.crash.wires import StallingTransport
from tests.crash.world import WorldLine, start_world

RESTARTS = 3
QUIET, NOT_QUIET, FAILED, KILLED = 0, 3, 4, -signal.SIGKILL
_NOTE_BYTES = 1 << 17


@dataclass(frozen=True)
class Run:
    """What one run showed. ``names``: the boundaries that were reached, in order, or the one at which it died."""

    database: str
    story: str
    fault: str
    kill_at: Spot | None
    killed: bool
    problems: Sequence[str]
    seconds: float
    names: Sequence[str] = field(default_factory=tuple)

    @property
    def spots(self) -> list[Spot]:
        """Return every place at which this run could have died."""
        counted: Counter[str] = Counter()
        found = []
        for name in self.names:
            counted[name] += 1
            found.append(Spot(name, counted[name]))
        return found

    def __str__(self) -> str:
        what = "; ".join(self.problems) or "all invariants hold"
        where = f"killed at {self.kill_at}" if self.killed else "not killed"
        return f"{self.database}, story {self.story!r}, fault {self.fault!r}, {where}: {what}"


class Harness:
    """One database, one world, one listening socket; ``run`` as often as wanted, ``close`` at the end."""

    def __init__(self, folder: Path, *, server: str | None = None, idempotency: str = "lookup") -> None:
        """Prepare a template database in ``folder``, or on the PostgreSQL ``server`` (a URI), and fork the world."""
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL), cache_logger_on_first_use=True
        )
        logging.disable(logging.CRITICAL)
        run_sqlite_inline()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=200)
        self._world = start_world(f"http://127.0.0.1:{self._listening.getsockname()[1]}")
        self._owner = os.getpid()
        self._closed = False
        atexit.register(self.close)
        self._line = WorldLine(self._world.port)
        self._notes = mmap.mmap(-1, _NOTE_BYTES)
        self.kind = "postgresql" if server else "sqlite"
        self._store: Store = OnPostgresql(server) if server else OnSqlite(folder)
        self._settings = crash_settings(self._world.url, idempotency=idempotency)
        asyncio.run(self._store.make_template())
        # the engine is older than every product process, so that none has to compile its statements again
        self._database = Database(self._store.url, monotonic=lambda: 0.0)
        self._watched = Boundaries()
        self._watched.watch_engine(self._database.engine)
        self._warm = False

    def close(self) -> None:
        """End the world."""
        if self._owner != os.getpid() or self._closed:
            return
        self._closed = True
        os.kill(self._world.process, signal.SIGKILL)
        os.waitpid(self._world.process, 0)
        self._line.close()
        self._listening.close()

    def run(
        self,
        fault: Fault,
        *,
        story: str = "main",
        kill_at: Spot | None = None,
        kinds: frozenset[str] = COARSE,
        pieces: Pieces | None = None,
    ) -> Run:
        """Play the story once, dying at ``kill_at`` (``None``: never), restart until quiet, and judge."""
        if not self._warm:
            self._warm = True
            self._reset(FAULTS["none"], "crossed")
            self._play(FAULTS["none"], None, kinds, Pieces())
            gc.collect()
            gc.freeze()  # what is there now stays as it is, and every child shares it
        started = time.perf_counter()
        self._reset(fault, story)
        pieces = pieces or Pieces()
        if story == "late":
            pieces = replace(pieces, transport=StallingTransport)
        ended = self._in_child(fault, kill_at, kinds, pieces, late=story == "late")
        names = self._noted()
        killed = ended == KILLED
        restarts = 0
        while ended in {KILLED, FAILED} and restarts < RESTARTS:
            restarts += 1
            ended = self._in_child(fault, None, kinds, pieces, late=False)
        problems = [] if ended == QUIET else [f"never quiet (ended {ended}): {self._noted()[-1:]}"]
        state = self._line.tell("state")
        with self._store.reading() as read:
            problems += broken(read, state)
        seconds = time.perf_counter() - started
        return Run(self.kind, story, fault.name, kill_at, killed, problems, seconds, names)

    def _reset(self, fault: Fault, story: str) -> None:
        self._store.renew()
        self._line.tell("reset", story=story, network_faults=fault.network, slack_faults=fault.slack)

    def _in_child(
        self, fault: Fault, kill_at: Spot | None, kinds: frozenset[str], pieces: Pieces, *, late: bool
    ) -> int:
        self._notes.seek(0)
        self._notes.write(b"\0" * _NOTE_BYTES)
        self._notes.seek(0)
        child = os.fork()
        if not child:
            os._exit(self._play(fault, kill_at, kinds, pieces, late=late))
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status)

    def _play(
        self, fault: Fault, kill_at: Spot | None, kinds: frozenset[str], pieces: Pieces, *, late: bool = False
    ) -> int:
        """Be the product, in this process."""
        self._watched.arm(kill_at=kill_at, kinds=kinds, note=self._note)
        gc.disable()
        try:
            quiet = asyncio.run(
                play(
                    self._database,
                    self._settings,
                    world=self._world,
                    listening=self._listening.dup(),
                    boundaries=self._watched,
                    pieces=pieces,
                    answer_within=fault.answer_within,
                    late=late,
                )
            )
        except BaseException:
            self._note(traceback.format_exc()[-3000:].replace("\n", " | "))
            if self._owner == os.getpid():
                raise
            return FAILED
        finally:
            gc.enable()
        return QUIET if quiet else NOT_QUIET

    def _note(self, name: str) -> None:
        line = f"{name}\n".encode()
        if self._notes.tell() + len(line) < _NOTE_BYTES:
            self._notes.write(line)

    def _noted(self) -> list[str]:
        return self._notes[:].split(b"\0", 1)[0].decode().splitlines()


def main() -> None:
    """Try one run by hand: ``python -m tests.crash.harness FAULT STORY [BOUNDARY NUMBER]``, on ``$SERVER`` if given."""
    fault, story, *where = sys.argv[1:]
    spot = Spot(where[0], int(where[1])) if where else None
    with tempfile.TemporaryDirectory() as folder:
        harness = Harness(Path(folder), server=os.environ.get("SERVER"))
        run = harness.run(FAULTS[fault], kill_at=spot, story=story)
        sys.stdout.write("\n".join([*map(str, run.spots), str(run), f"{run.seconds:.3f} s", ""]))
        harness.close()


if __name__ == "__main__":
    main()
