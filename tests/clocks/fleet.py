"""Real worker processes that are killed, stopped and started again, beside a real workspace server, under one clock."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.clocks.company import SECRETS, write_configuration, write_seed
from tests.clocks.wall_clock import WallClock, without

ROOT = Path(__file__).parents[2]
_STANDSTILL = threading.Event()  # never set: waits for processes outside


def pause(seconds: float) -> None:
    """Wait while other processes go on; this is real time, which no clock of the story moves."""
    _STANDSTILL.wait(seconds)


class Workspace:
    """The sandbox workspace as a server of its own, by the machine's clock: Slack does not share our mistakes."""

    def __init__(self, folder: Path) -> None:
        write_seed(folder / "seed.json")
        with socket.create_server(("127.0.0.1", 0)) as found:
            port = found.getsockname()[1]
        command = [sys.executable, "-m", "bots.sandbox.workspace", "--port", str(port)]
        self._log = (folder / "workspace.log").open("w", encoding="utf-8")
        self._process = subprocess.Popen(
            [*command, "--seed", str(folder / "seed.json")],
            cwd=ROOT,
            env=without({}),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self.url = f"http://127.0.0.1:{port}"
        self._client = httpx.Client(base_url=self.url, trust_env=False, timeout=60)
        until = time.monotonic() + 60
        while not self._answers():
            assert self._process.poll() is None, "the workspace did not start"
            assert time.monotonic() < until, "the workspace never answered"
            pause(0.1)

    def _answers(self) -> bool:
        try:
            return self._client.get("/people").is_success
        except httpx.TransportError:
            return False

    def strike(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """Add to the script of what goes wrong with calls to the Web API."""
        self._client.post("/faults", json=list(lines)).raise_for_status()

    def channels(self) -> list[dict[str, Any]]:
        """Return every channel, direct messages included, with all that stands in it."""
        found: list[dict[str, Any]] = self._client.get("/snapshot").raise_for_status().json()["channels"]
        return found

    def close(self) -> None:
        self._client.close()
        self._process.kill()
        self._process.wait()
        self._log.close()


@dataclass
class Fleet:
    """So many workers of one configuration; the process that forks them goes by the stepped clock, and so do they."""

    folder: Path
    wall: WallClock
    workspace: Workspace
    database_url: str
    planted: str | None = None

    def __post_init__(self) -> None:
        self.configuration = self.folder / "portavoce.toml"
        write_configuration(self.configuration, database=self.database_url, workspace=self.workspace.url)
        self.log = self.folder / "workers.log"
        command = [sys.executable, "-m", "tests.clocks.nursery", "--config", str(self.configuration)]
        planted = ["--planted", self.planted] if self.planted else []
        self._errors = (self.folder / "nursery.log").open("w", encoding="utf-8")
        self._nursery = subprocess.Popen(
            [*command, "--log", str(self.log), *planted],
            cwd=ROOT,
            env=without({**SECRETS, **self.wall.environment}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self.workers: list[int] = []
        assert self._line() == "ready"

    def _line(self) -> str:
        assert self._nursery.stdout is not None
        line = self._nursery.stdout.readline().strip()
        assert line, f"the nursery is gone: {self._errors.name}"
        return line

    def _order(self, *words: object) -> str:
        assert self._nursery.stdin is not None
        self._nursery.stdin.write(" ".join(map(str, words)) + "\n")
        self._nursery.stdin.flush()
        return self._line()

    def start(self) -> int:
        """Start one worker more."""
        self.workers.append(int(self._order("start")))
        return self.workers[-1]

    def kill(self, worker: int) -> None:
        """End a worker without any farewell (SIGKILL)."""
        self.workers.remove(worker)
        ended = self._order("kill", worker)
        assert ended == f"ended {-signal.SIGKILL}", f"the worker had ended by itself: {ended}\n{self.told()}"

    def stand(self, worker: int) -> None:
        """Let a worker stand still (SIGSTOP), as if its machine were suspended."""
        self._order("stand", worker)

    def go(self, worker: int) -> None:
        """Let a worker go on."""
        self._order("go", worker)

    def stop(self) -> None:
        """Ask every worker to end (SIGTERM) and see that it does so in peace."""
        for worker in self.workers:
            ended = self._order("stop", worker)
            assert ended == "ended 0", f"{ended}\n{self.told()}"
        self.workers.clear()

    def told(self) -> str:
        """Return the end of what the workers logged."""
        return self.log.read_text(encoding="utf-8")[-4000:] if self.log.exists() else "nothing was logged"

    def close(self) -> None:
        for worker in self.workers:
            os.kill(worker, signal.SIGKILL)
        self._nursery.kill()
        self._nursery.communicate()
        self._errors.close()
