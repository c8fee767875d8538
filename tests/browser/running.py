"""The demo as a process, and where it answers."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.demo.process import demo


@contextmanager
def running_demo(*words: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Run ``portavoce demo`` while the block runs; give its address and the process."""
    with demo("--no-browser", *words) as process:
        address = ""
        for line in process.stdout or ():
            if line.startswith("The demo runs on "):
                address = line.split()[-1].removesuffix("/sandbox/")
            if line.startswith("Stop it with"):
                break
        else:
            raise AssertionError(f"the demo ended: {process.stderr.read() if process.stderr else ''}")
        yield address, process
