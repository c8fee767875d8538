"""Runs the story over and over: once to count, then with a death at every boundary, and judges each run.

One harness is one process that forks: the world once, and the product for every start. It keeps no loop and no thread,
so that forking is safe. Two harnesses in two processes share the work.
"""

import asyncio
import atexit
import contextlib
import gc
import logging
import mmap
import os
import shutil
import signal
import socket
import sqlite3
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import psycopg.rows
import structlog
from psycopg import sql
from sqlmodel import SQLModel

import models  # noqa: F401 - registers every table
from models.database import Database
from tests.crash.boundaries import COARSE, Boundaries, StallingTransport
from tests.crash.inline import run_sqlite_inline
from tests.crash.invariants import broken
from tests.crash.product import Pieces, crash_settings, play
from tests.crash.world import WorldLine, start_world

RESTARTS = 3
QUIET, NOT_QUIET, FAILED, KILLED = 0, 3, 4, -signal.SIGKILL
_NOTE_BYTES = 65536


@dataclass(frozen=True)
class Fault:
    """What goes wrong outside: lines for the network's and the chat's fault scripts, and the product's patience (s)."""

    name: str
    network: tuple[dict[str, Any], ...] = ()
    chat: tuple[dict[str, Any], ...] = ()
    answer_within: float = 2.0


def _fault(
    name: str, kind: str, *, times: int = 2, network: float | None = None, chat: float | None = None, **more: Any
) -> Fault:
    here = {"fault": kind, "method": "POST"}
    return Fault(
        name,
        ({**here, "path": "/api/posts", "times": times, "number": network},),
        tuple(
            {**here, "path": f"/api/post/{what}", "times": 1, "number": chat}
            for what in ("card", "approval", "thread")[: 1 + times // 2 * 2]
        ),
        **more,
    )


FAULTS: Mapping[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault("none"),
        _fault("reset after", "reset_after"),
        _fault("500 after", "error_500_after"),
        _fault("timeout after", "timeout_after", times=1, answer_within=0.15),
        _fault("act late", "act_late", network=60, chat=5),
        _fault("429", "throttle_429", network=45, chat=7),
    )
}


@dataclass
class Run:
    """What one run showed."""

    database: str
    story: str
    fault: str
    kill_at: int
    killed: bool
    boundary: str
    problems: list[str]
    seconds: float
    boundaries: int = 0
    names: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        what = "; ".join(self.problems) or "all invariants hold"
        where = f"killed at {self.kill_at} ({self.boundary})"
        return f"{self.database}, story {self.story!r}, fault {self.fault!r}, {where}: {what}"


class Harness:
    """One database, one world, one listening socket; ``run`` as often as wanted, ``close`` at the end."""

    def __init__(self, folder: Path, *, server: str | None = None, idempotency: str = "lookup") -> None:
        """Prepare a template database in ``folder``, or on the PostgreSQL ``server`` (a URI), and fork the world."""
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL), cache_logger_on_first_use=True
        )
        run_sqlite_inline()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._product_url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._world = start_world(self._product_url)
        self._owner = os.getpid()
        self._closed = False
        atexit.register(self.close)
        self._line = WorldLine(self._world.port)
        self._notes = mmap.mmap(-1, _NOTE_BYTES)
        self.kind = "postgresql" if server else "sqlite"
        self._store: _Store = _OnPostgresql(server) if server else _OnSqlite(folder)
        self._settings = crash_settings(self._world.url, idempotency=idempotency)
        asyncio.run(self._store.make_template())
        # the engine is older than every product process, so that none has to compile its statements again
        self._database = Database(self._store.url)
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
        kill_at: int = 0,
        kinds: frozenset[str] = COARSE,
        pieces: Pieces | None = None,
    ) -> Run:
        """Play the story once, dying at boundary ``kill_at`` (0: never), restart until quiet, and judge."""
        if not self._warm:
            self._warm = True
            self._reset(Fault("none"), "crossed")
            self._play(Fault("none"), 0, kinds, Pieces())
        started = time.perf_counter()
        self._reset(fault, story)
        pieces = pieces or Pieces()
        if story == "late":
            pieces = replace(pieces, transport=StallingTransport)
        ended = self._in_child(fault, kill_at, kinds, pieces, story)
        names = self._noted()
        killed = ended == KILLED
        restarts = 0
        while ended == KILLED or (ended != QUIET and restarts < RESTARTS):
            restarts += 1
            ended = self._in_child(fault, 0, kinds, pieces, story, restarted=True)
        problems = [] if ended == QUIET else [f"never quiet (ended {ended}): {self._noted()[-1:]}"]
        state = self._line.tell("state")
        with self._store.reading() as read:
            problems += broken(read, state)
        boundary = names[-1] if killed and names else "-"
        return Run(
            self.kind,
            story,
            fault.name,
            kill_at,
            killed,
            boundary,
            problems,
            time.perf_counter() - started,
            boundaries=len(names),
            names=names,
        )

    def _reset(self, fault: Fault, story: str) -> None:
        self._store.renew()
        self._line.tell("reset", story=story, network_faults=fault.network, chat_faults=fault.chat)

    def _in_child(
        self, fault: Fault, kill_at: int, kinds: frozenset[str], pieces: Pieces, story: str, *, restarted: bool = False
    ) -> int:
        self._notes.seek(0)
        self._notes.write(b"\0" * _NOTE_BYTES)
        self._notes.seek(0)
        child = os.fork()
        if not child:
            os._exit(self._play(fault, kill_at, kinds, pieces, story, restarted=restarted))
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status)

    def _play(
        self,
        fault: Fault,
        kill_at: int,
        kinds: frozenset[str],
        pieces: Pieces,
        story: str = "main",
        *,
        restarted: bool = False,
    ) -> int:
        """Be the product, in this process."""
        self._watched.count, self._watched.kill_at, self._watched.kinds = 0, kill_at, kinds
        self._watched._note = self._note
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
                    late=story == "late" and not restarted,
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


class _Store:
    """A database that can be made new in a moment, and be read without the code under test."""

    url: str

    async def make_template(self) -> None:
        database = Database(self.url)
        async with database.engine.begin() as connection:
            await connection.run_sync(SQLModel.metadata.create_all)
        await database.close()

    def renew(self) -> None:
        raise NotImplementedError

    def reading(self) -> contextlib.AbstractContextManager[Callable[[str], Sequence[Mapping[str, Any]]]]:
        raise NotImplementedError


class _OnSqlite(_Store):
    def __init__(self, folder: Path) -> None:
        self._file = folder / f"run-{os.getpid()}.db"
        self._template = folder / f"template-{os.getpid()}.db"
        self.url = f"sqlite:///{self._file}"

    async def make_template(self) -> None:
        await super().make_template()
        with contextlib.closing(sqlite3.connect(self._file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(self._file, self._template)

    def renew(self) -> None:
        for end in ("-wal", "-shm", ""):
            Path(f"{self._file}{end}").unlink(missing_ok=True)
        shutil.copyfile(self._template, self._file)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Callable[[str], Sequence[Mapping[str, Any]]]]:
        with contextlib.closing(sqlite3.connect(self._file)) as connection:
            connection.row_factory = sqlite3.Row
            yield lambda table: connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - our own names


class _OnPostgresql(_Store):
    def __init__(self, server: str) -> None:
        self._server = server
        self._name = f"crash_{os.getpid()}"
        self._admin = psycopg.connect(server, autocommit=True)
        self._admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(self._name)))
        self._admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self._name)))
        self.url = psycopg.conninfo.make_conninfo(server, dbname=self._name)
        self.url = server.replace("/postgres?", f"/{self._name}?", 1)
        self._tables = sql.SQL(", ").join(sql.Identifier(name) for name in SQLModel.metadata.tables)

    def renew(self) -> None:
        """Empty every table: faster than a copy of a template, and nobody but us is connected by now."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
                [self._name],
            )
            connection.execute(sql.SQL("TRUNCATE {}").format(self._tables))

    @contextlib.contextmanager
    def reading(self) -> Iterator[Callable[[str], Sequence[Mapping[str, Any]]]]:
        with psycopg.connect(self.url, row_factory=psycopg.rows.dict_row) as connection:
            yield lambda table: connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))).fetchall()


def main() -> None:
    """Try one run by hand: ``python -m tests.crash.harness FAULT N``."""
    import tempfile  # noqa: PLC0415

    harness = Harness(Path(tempfile.mkdtemp()), server=os.environ.get("SERVER"))
    story = sys.argv[3] if len(sys.argv) > 3 else "main"
    run = harness.run(FAULTS[sys.argv[1]], kill_at=int(sys.argv[2]), story=story)
    sys.stdout.write(
        "\n".join([*(f"{n} {name}" for n, name in enumerate(run.names, 1)), str(run), f"{run.seconds:.3f} s", ""])
    )
    if not int(sys.argv[2]) and len(sys.argv) > 4:
        worst = 0.0
        began = time.perf_counter()
        for number in range(1, run.boundaries + 1):
            one = harness.run(FAULTS[sys.argv[1]], kill_at=number, story=story)
            worst = max(worst, one.seconds)
            if one.problems or not one.killed:
                sys.stdout.write(f"{one}\n")
        sys.stdout.write(f"{run.boundaries} runs, {time.perf_counter() - began:.1f} s, slowest {worst:.2f}\n")
    harness.close()


if __name__ == "__main__":
    main()
