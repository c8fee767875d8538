"""Checks that a wheel holds what the four packages hold: ``python wheel_is_whole.py dist/portavoce-….whl``.

Compares with the files git knows, so that a template, a catalogue or a migration left out of the build is
noticed before somebody installs it, and that no test or stray file got in. Exit codes: 0 whole, 1 not.
"""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("bots", "connectors", "escalation", "models")


def known_files() -> set[str]:
    """List the files of the packages that git tracks, or would if they were added, without deleted ones."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *PACKAGES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return {name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()}


def packed_files(wheel: Path) -> set[str]:
    """List the files in the wheel, without the metadata folder."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def main(wheel: Path) -> int:
    """Compare both lists and print the differences."""
    known, packed = known_files(), packed_files(wheel)
    for name in sorted(known - packed):
        sys.stdout.write(f"missing from the wheel: {name}\n")
    for name in sorted(packed - known):
        sys.stdout.write(f"in the wheel and unknown to git: {name}\n")
    sys.stdout.write(f"{wheel.name}: {len(packed)} files\n")
    return int(known != packed)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
