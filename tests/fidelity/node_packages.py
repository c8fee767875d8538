"""Installs Slack's own packages for Node into a cache folder outside the checkout, once for each lock file.

    python -m tests.fidelity.node_packages      prepare them now, so that the tests find them

`PORTAVOCE_NODE_CACHE` names another folder. Where Node, npm or a registry is missing, the tests that need them say so
and are skipped.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

SCRIPTS = Path(__file__).with_name("node")
LEAST_NODE = 20
PATIENCE = 90  # seconds for npm; a test may take 120 in all


class NoNodeError(Exception):
    """The packages cannot be had here; the text says why."""


def cache_folder() -> Path:
    """Where the packages of this lock file belong."""
    given = os.environ.get("PORTAVOCE_NODE_CACHE") or os.environ.get("XDG_CACHE_HOME")
    base = Path(given) if given else Path.home() / ".cache"
    digest = hashlib.sha256((SCRIPTS / "package-lock.json").read_bytes()).hexdigest()[:12]
    return base / "portavoce" / f"node-{digest}"


def installed() -> Path:
    """Return the folder with `node_modules`, installing it first if need be. Raises NoNodeError with the reason."""
    found = _found()
    if isinstance(found, NoNodeError):
        raise found
    return found


@cache
def _found() -> "Path | NoNodeError":
    """Look, and install, once in a process."""
    try:
        return _ready()
    except NoNodeError as reason:
        return reason


def _ready() -> Path:
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise NoNodeError("Node and npm are not installed here")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    major = re.match(r"v(\d+)", version)
    if major is None or int(major[1]) < LEAST_NODE:
        raise NoNodeError(f"Node {LEAST_NODE} is needed, and here is {version.strip() or 'another'}")
    folder = cache_folder()
    if (folder / "node_modules").is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NoNodeError(f"no packages can be kept in {folder.parent}: {error.strerror}") from error
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes want them at once
        if not (folder / "node_modules").is_dir():
            _install(folder)
    return folder


def _install(folder: Path) -> None:
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SCRIPTS / name, partial)
    quick = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=30000"]
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *quick]
    try:
        done = subprocess.run(command, cwd=partial, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        raise NoNodeError(f"npm did not finish within {PATIENCE} s") from None
    if done.returncode:
        told = [line for line in done.stderr.splitlines() if "npm error" in line and " code " not in line]
        raise NoNodeError(f"npm could not install Slack's packages: {(told or ['no reason given'])[0]}")
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def main() -> int:
    """Prepare the packages and say where they are, or loudly that they are not."""
    try:
        sys.stdout.write(f"{installed()}\n")
    except NoNodeError as reason:
        sys.stdout.write(
            f"SKIPPED: ******** {reason}: the tests with Slack's packages for Node will be skipped ********\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
