"""Measured processes: children with a port of their own, and the processor time that one of them has used."""

import asyncio
import contextlib
import os
import resource
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class WrongError(Exception):
    """A benchmark saw something that the product promises never to do; its figures are worth nothing."""


def require(truth: bool, sentence: str) -> None:
    """Raise ``WrongError`` unless it is true; works under ``python -O`` too."""
    if not truth:
        raise WrongError(sentence)


def own_cpu_seconds() -> float:
    """Return the processor time of this process with all its threads, user and system."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@contextlib.asynccontextmanager
async def child(module: str, *arguments: str) -> AsyncIterator[int]:
    """Run a module as a process of its own until the block ends; give the port that it prints first."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    try:
        assert process.stdout is not None
        first = await asyncio.wait_for(process.stdout.readline(), 60)
        require(first.strip().isdigit(), f"{module} did not start")
        yield int(first)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
