"""Brings ``.venv`` in step with a lock: ``python set_up.py demo`` or ``python set_up.py test``.

Run by the Makefile with a Python that ``find-python`` chose; needs nothing but the standard library.
``demo`` installs ``requirements.lock``, ``test`` installs ``.ci/requirements.lock`` on top, both with
hashes, and then Portavoce itself, editable. pip fetches uv, which the tests' lock names, and uv the rest,
many times as fast; where pip is configured to an index that uv does not know, or uv fails, pip does it all.
A stamp inside ``.venv`` remembers what was installed, so that a second run returns at once. A set-up that
was interrupted, an environment whose Python is gone and a checkout that was moved are noticed and built afresh.

Exit codes: 0 ready, 1 the installation failed (the reason and the whole log's place are printed), 130 stopped.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
PIP = (PYTHON, "-I", "-m", "pip")
UV = ENVIRONMENT / "bin" / "uv"
BUSY = ENVIRONMENT / "set-up.busy"
PLACE = ENVIRONMENT / "set-up.place"
LOG = ENVIRONMENT / "set-up.log"
INSTALLER = ENVIRONMENT / "set-up.installer"
LOCKS = {"demo": ROOT / "requirements.lock", "test": ROOT / ".ci" / "requirements.lock"}
SATISFIED_BY = {"demo": ("demo", "test"), "test": ("test",)}
PROGRESS_SECONDS = 5.0
LOG_TAIL_LINES = 25


class SetUpError(Exception):
    """The environment could not be built; the text is for the person at the terminal."""


def fingerprint(purpose: str) -> str:
    """Name what must be installed for a purpose: by the lock and the project's own file."""
    digest = hashlib.sha256()
    for part in (LOCKS[purpose], ROOT / "pyproject.toml", Path(__file__)):
        digest.update(part.read_bytes() + b"\0")
    return digest.hexdigest()


def stamp(purpose: str) -> Path:
    """Return the file that holds the fingerprint of what was installed last for a purpose."""
    return ENVIRONMENT / f"set-up.{purpose}"


def ready(purpose: str) -> bool:
    """Say whether this purpose, or a larger one that contains it, is installed and its Python still runs."""
    if BUSY.exists() or not works():
        return False
    return any(
        stamp(larger).is_file() and stamp(larger).read_text() == fingerprint(larger) for larger in SATISFIED_BY[purpose]
    )


def works() -> bool:
    """Say whether the environment was made in this folder, and its Python starts, is new enough and has pip."""
    if PLACE.is_file() and PLACE.read_text(encoding="utf-8") != str(ROOT):
        return False  # its commands name the interpreter by the folder that it was made in
    probe = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([PYTHON, "-I", "-c", probe], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def quiet_environment() -> dict[str, str]:
    """Return the caller's variables (proxies, certificates) without those that misplace an installation."""
    misplacing = {"PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_PYTHON"}
    kept = {name: value for name, value in os.environ.items() if name not in misplacing}
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_PROGRESS_BAR": "off"}
    return kept | quiet | {"UV_NO_PROGRESS": "1", "UV_SYSTEM_CERTS": "1"}


def install(installer: Sequence[str | Path], *arguments: str, expected: int, turn: int) -> None:
    """Run pip or uv into the log and show how many of the expected packages pip has collected, or what uv fetches.

    It inherits the descriptor of our turn, so that nobody else begins while one whose parent died still runs.
    """
    with LOG.open("a", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(
            [*installer, "install", *arguments],
            cwd=ROOT,
            env=quiet_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            pass_fds=(turn,),
        )
        collected = 0
        shown_at = time.monotonic()
        for line in process.stdout or ():
            log.write(line)
            if line.startswith(("Collecting ", "Requirement already satisfied", "Processing ")):
                collected += 1
                if expected > 1 and time.monotonic() - shown_at >= PROGRESS_SECONDS:
                    shown_at = time.monotonic()
                    say(f"  collected {collected} of {expected}")
            elif expected > 1 and line.startswith("Installing collected"):
                say(f"  collected {collected}, installing")
            elif line.startswith(" Downloaded ") and time.monotonic() - shown_at >= PROGRESS_SECONDS:
                shown_at = time.monotonic()
                say(f"  {line.strip()}")
        code = process.wait()
    if code != 0:
        tail = LOG.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_TAIL_LINES:]
        raise SetUpError("\n".join([*tail, "", f"Setting up failed: see the lines above, or all of them in {LOG}."]))


def say(sentence: str) -> None:
    """Print one line at once, whatever the output is."""
    print(sentence, flush=True)


def install_locked(lock: Path, turn: int) -> None:
    """Install what a lock names: by uv if it can, and by pip otherwise.

    pip's own configuration counts: with an index in it, say a company's mirror, uv would ask elsewhere.
    """
    locked = ("--require-hashes", "--no-deps", "-r")
    count = packages(lock)
    if not pip_has_an_index():
        INSTALLER.write_text(entry("uv", LOCKS["test"]), encoding="utf-8")
        try:
            install(PIP, *locked, str(INSTALLER), expected=1, turn=turn)
            into = ("--python", str(PYTHON), "--compile-bytecode")
            install((UV, "pip"), *into, *locked, str(lock), expected=count, turn=turn)
        except SetUpError:
            say(f"uv could not install them ({LOG} says why). pip does it now, which takes a minute longer.")
        else:
            return
    install(PIP, *locked, str(lock), expected=count, turn=turn)


def pip_has_an_index() -> bool:
    """Say whether pip is told to look elsewhere than on PyPI, in a file or by a variable."""
    told = subprocess.run(
        [*PIP, "config", "list"], env=quiet_environment(), capture_output=True, text=True, check=False
    )
    return any(line.partition("=")[0].endswith((".index-url", ".no-index")) for line in told.stdout.splitlines())


def entry(package: str, lock: Path) -> str:
    """Return the lines of one package in a lock: its version and its hashes."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"{package}=="))
    indented = takewhile(lambda line: line.startswith(" "), lines[start + 1 :])
    return "\n".join([lines[start], *indented, ""])


def packages(lock: Path) -> int:
    """Count the packages that a lock names."""
    return sum(line[:1].isalnum() for line in lock.read_text(encoding="utf-8").splitlines())


def build(purpose: str, turn: int) -> None:
    """Make or complete the environment; leave the busy mark behind if it is stopped half-way."""
    lock = LOCKS[purpose]
    if BUSY.exists() or (ENVIRONMENT.exists() and not works()):
        say("The environment in .venv is unfinished, damaged or from another folder: building it afresh.")
        shutil.rmtree(ENVIRONMENT)
    say(f"Setting up: {packages(lock)} packages into .venv ...")
    if not ENVIRONMENT.exists():
        ENVIRONMENT.mkdir()
        BUSY.touch()
        made = subprocess.run(
            [sys.executable, "-I", "-m", "venv", ENVIRONMENT], capture_output=True, text=True, check=False
        )
        if made.returncode != 0:
            raise SetUpError(f"{made.stdout}{made.stderr}\n{sys.executable} could not make an environment in .venv.")
    BUSY.touch()
    PLACE.write_text(str(ROOT), encoding="utf-8")
    LOG.write_text("", encoding="utf-8")
    install_locked(lock, turn)
    install(PIP, "--no-deps", "--no-build-isolation", "-e", str(ROOT), expected=1, turn=turn)
    BUSY.unlink()
    ready_mark = stamp(purpose)
    unfinished = ready_mark.with_suffix(".new")
    unfinished.write_text(fingerprint(purpose))
    unfinished.replace(ready_mark)


@contextmanager
def alone() -> Iterator[int]:
    """Let one set-up at a time work on this checkout; the others wait and then find it done."""
    descriptor = os.open(ROOT / ".ci", os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("Another set-up is at work in this folder: waiting for it.")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def main(purpose: str) -> int:
    """Set up for a purpose unless that is done already."""
    if ready(purpose):
        return 0
    started = time.monotonic()
    try:
        with alone() as turn:
            if not ready(purpose):
                build(purpose, turn)
                say(f"Ready after {time.monotonic() - started:.0f} s.")
    except SetUpError as failure:
        say(str(failure))
        return 1
    except KeyboardInterrupt:
        say("Stopped. The next make begins this set-up afresh.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
