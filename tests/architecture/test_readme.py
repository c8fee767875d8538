"""What README.md shows of the product is what the product says of itself.

A generated part stands between ``<!-- generated: COMMAND -->`` and ``<!-- end -->``, and holds what
``portavoce COMMAND`` prints, in a fence or as it is.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture import tree

PART = re.compile(r"<!-- generated: (?P<command>[^>]+?) -->\n(?P<body>.*?)\n?<!-- end -->", re.DOTALL)
FENCE = re.compile(r"\A```\w*\n(?P<inner>.*)\n```\Z", re.DOTALL)


def parts(page: str) -> list[tuple[str, str]]:
    """Command and shown text of every generated part of a page."""
    found = []
    for match in PART.finditer(page):
        body = match["body"].strip("\n")
        fenced = FENCE.match(body)
        found.append((match["command"], fenced["inner"] if fenced else body))
    return found


def printed(command: str) -> str:
    """What a ``portavoce`` command prints on a wide, colourless screen."""
    portavoce = Path(sys.executable).with_name("portavoce")
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    result = subprocess.run(
        [portavoce, *command.split()], cwd=tree.ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return result.stdout


def stripped(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def test_parts_are_found_with_and_without_a_fence() -> None:
    fenced = "a\n<!-- generated: lifecycle -->\n\n```mermaid\nx\ny\n```\n\n<!-- end -->\n"
    plain = "b\n<!-- generated: c d -->\n| z |\n<!-- end -->"
    assert parts(fenced + plain) == [("lifecycle", "x\ny"), ("c d", "| z |")]


def test_every_begun_part_ends() -> None:
    if "README.md" not in tree.files():
        pytest.skip("LOUDLY: README.md does not exist yet")
    page = tree.text("README.md")
    assert len(parts(page)) == page.count("<!-- generated:") == page.count("<!-- end -->")


def test_generated_parts_are_in_step() -> None:
    if "README.md" not in tree.files() or "bots/cli.py" not in tree.files():
        pytest.skip("LOUDLY: README.md and bots/cli.py do not both exist yet, so no generated part is checked")
    for command, shown in parts(tree.text("README.md")):
        assert stripped(shown) == stripped(printed(command)), f"README.md is out of step with portavoce {command}"
