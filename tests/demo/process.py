"""The demo as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def demo(*words: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bots.cli", "demo", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT), "DISPLAY": ""},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=120)


def address_of(process: "subprocess.Popen[str]") -> str:
    """Wait until the demo answers; give its address."""
    first = process.stdout.readline()
    if not first.startswith("The demo runs on "):
        raise AssertionError(f"the demo ended: {first}{process.stderr.read()}")
    return first.split()[-1].removesuffix("/sandbox/")


def until_it_waits(process: "subprocess.Popen[str]") -> str:
    """Wait until the demo waits for people, and would stop on a signal; give its address."""
    address = address_of(process)
    for line in process.stdout:
        if line.startswith("Stop it with"):
            return address
    raise AssertionError(f"the demo ended: {process.stderr.read()}")


def ask(method: str, address: str, **more: object) -> httpx.Response:
    with httpx.Client(trust_env=False, timeout=60) as client:
        return client.request(method, address, **more)
