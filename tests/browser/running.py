"""The demo as a process, and where it answers."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.demo.process import demo, until_it_waits


@contextmanager
def running_demo(*words: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Run ``portavoce demo`` while the block runs; give its address and the process."""
    with demo("--no-browser", *words) as process:
        yield until_it_waits(process), process
