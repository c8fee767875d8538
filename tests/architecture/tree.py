"""The files of this checkout as git sees them, each read and parsed once per process."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("bots", "connectors", "escalation", "models")
BINARY = {".png", ".jpg", ".jpeg", ".gif", ".ico", ".woff2", ".mo", ".pdf", ".webp"}


@cache
def files() -> tuple[str, ...]:
    """Paths relative to the root: tracked files and those that would be added, without deleted ones."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode == 0:
        names = listing.stdout.split("\0")
    else:  # an unpacked archive, without git
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if not ignored(path)]
    return tuple(sorted(name for name in names if name and (ROOT / name).is_file()))


def ignored(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return parts[0].startswith((".venv", ".git", ".mypy", ".ruff", ".pytest", ".cache")) or "__pycache__" in parts


def texts() -> tuple[str, ...]:
    """All files but pictures, fonts and compiled catalogues."""
    return tuple(name for name in files() if Path(name).suffix not in BINARY)


def product_modules() -> tuple[str, ...]:
    """The Python files of the four packages."""
    return tuple(name for name in files() if name.endswith(".py") and name.split("/")[0] in PACKAGES)


def test_modules() -> tuple[str, ...]:
    return tuple(name for name in files() if name.endswith(".py") and name.startswith("tests/"))


@cache
def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(text(name), filename=name)
