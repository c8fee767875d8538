"""Writes both lock files from ``pyproject.toml``: ``make lock``, or ``make lock UPGRADE=1`` for newer versions.

The locks hold for Linux and macOS and for every Python from 3.11 on, carry the hashes of all published
files of a version, and name neither an index nor a folder. The build back end is locked with the run
time requirements, because Portavoce itself is installed without build isolation.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUN_TIME = "requirements.lock"
TESTS = ".ci/requirements.lock"
FIRST_LINE = "# Written by `make lock` from pyproject.toml; not edited by hand."
EDITABLE = ["editables>=0.5"]  # hatchling asks for it only when an editable installation is made
COMMAND = [
    *("uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate"),
]


def compile_lock(output: str, *extra: str) -> None:
    """Resolve the project and its build back end into one lock, keeping versions that still fit."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    uv = Path(sys.executable).with_name(COMMAND[0])
    command = [str(uv), *COMMAND[1:], "pyproject.toml", "-", *extra, "--output-file", output]
    subprocess.run(command, cwd=ROOT, input="\n".join([*build, *EDITABLE]), text=True, check=True)
    lock = ROOT / output
    lock.write_text(f"{FIRST_LINE}\n{lock.read_text(encoding='utf-8')}", encoding="utf-8")


def main(options: list[str]) -> None:
    """Write the run time lock, then the tests' lock under it, so that one environment can hold both."""
    compile_lock(RUN_TIME, *options)
    compile_lock(TESTS, *options, "--group", "dev", "--constraints", RUN_TIME)


if __name__ == "__main__":
    main(sys.argv[1:])
