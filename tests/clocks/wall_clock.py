"""The wall clock of other processes, stepped by hand: a small library that they load first, and its file."""

import mmap
import os
import shutil
import struct
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

from bots.clock import SystemClock

SOURCE = Path(__file__).with_name("wall_clock.c")
COMPILER = shutil.which("cc")
_NANOSECONDS = struct.Struct("=q")


class WallClock:
    """A wall clock that may be stepped while others read it. Needs a C compiler (``COMPILER``).

    It is also a clock for the parts of the product that run in this process: they go by the stepped wall clock, too.
    """

    def __init__(self, folder: Path) -> None:
        self._library = folder / "wall_clock.so"
        self._file = folder / "wall_offset"
        assert COMPILER is not None
        command = [COMPILER, "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", str(self._library), str(SOURCE)]
        subprocess.run([*command, "-ldl"], check=True)
        self._file.write_bytes(_NANOSECONDS.pack(0))
        with self._file.open("r+b") as file:
            self._offset = mmap.mmap(file.fileno(), _NANOSECONDS.size)
        self._system = SystemClock()
        self.offset = timedelta(0)

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables with which a process goes by this clock."""
        return {"LD_PRELOAD": str(self._library), "PORTAVOCE_WALL_OFFSET": str(self._file)}

    def step(self, by: timedelta) -> None:
        """Step the clock of everybody who goes by it, at once."""
        self.offset += by
        self._offset[:] = _NANOSECONDS.pack(self.offset // timedelta(microseconds=1) * 1000)

    def now(self) -> datetime:
        return self._system.now() + self.offset

    def monotonic(self) -> float:
        return self._system.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self._system.sleep(seconds)

    def close(self) -> None:
        self._offset.close()


def without(environment: dict[str, str]) -> dict[str, str]:
    """Return this process's variables with others in their place, and no library loaded that we did not ask for."""
    return {**{name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}, **environment}
