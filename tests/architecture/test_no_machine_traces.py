"""No file names a package index, a local package folder or somebody's machine."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture import tree

# Each pattern is written so that it does not match its own spelling here.
TRACES = {
    "a package index": re.compile(
        r"\bpy[p]i\.org\b|\bpythonhoste[d]\.org\b|https?://[^\s\"']+/simpl[e]\b", re.IGNORECASE
    ),
    "an index option": re.compile(r"--(?:extra-)?inde[x]-url\b|--fin[d]-links\b|--truste[d]-host\b"),
    "a home folder": re.compile(r"(?<![\w.}>/-])/(?:hom[e]|User[s])/[A-Za-z][\w.-]*/|(?<![\w.}>/-])/roo[t]/"),
    "a local package folder": re.compile(r"\bfile:/{2,3}\w[^\s\"']*(?:simpl[e]|wheel[s]|py[p]i)\b"),
}
# Says that the locks shall name no index: the two options that switch it off.
SWITCHED_OFF = re.compile(r"--no-emit-(?:inde[x]-url|fin[d]-links)")


def traces(content: str, places: tuple[Path, ...] = ()) -> Iterator[str]:
    """One sentence per line that gives something away; ``places`` are this machine's own folders."""
    for number, line in enumerate(content.splitlines(), start=1):
        checked = SWITCHED_OFF.sub("", line)
        for what, pattern in TRACES.items():
            if pattern.search(checked):
                yield f"line {number} names {what}"
        for place in places:
            if len(place.parts) > 2 and re.search(re.escape(str(place)) + r"(?![\w-])", checked):
                yield f"line {number} names {place}"


def without_hooks(pieces: list[str]) -> str:
    """Joins a line from pieces, so that this file does not contain it."""
    return "".join(pieces)


@pytest.mark.parametrize(
    "pieces",
    [
        ["--inde", "x-url https://packages.example/x"],
        ["--extra-inde", "x-url https://packages.example/x"],
        ["--fin", "d-links wheels"],
        ["see https://py", "pi.org/project/httpx"],
        ["https://files.pythonhoste", "d.org/a.whl"],
        ["https://packages.example/simpl", "e"],
        ["open('/hom", "e/rossi/portavoce/x')"],
        ["/User", "s/rossi/src"],
        ["cd /roo", "t/src"],
        ["file:///srv/wheel", "s"],
    ],
)
def test_a_planted_trace_is_seen(pieces: list[str]) -> None:
    assert len(list(traces(without_hooks(pieces)))) == 1


def test_this_checkout_is_seen() -> None:
    assert list(traces("log in /some/where/log.txt", (Path("/some/where"),))) == ["line 1 names /some/where"]
    assert list(traces("log in /some/wherever", (Path("/some/where"),))) == []


@pytest.mark.parametrize(
    "innocent", ["/console/home/", "https://x.example/home/anna/", "uv pip compile --no-emit-index-url", "~/.config/x"]
)
def test_an_innocent_line_is_left_alone(innocent: str) -> None:
    assert list(traces(innocent)) == []


def test_no_file_names_an_index_or_a_machine() -> None:
    places = (tree.ROOT, Path.home())
    found = [f"{name} {trace}" for name in tree.texts() for trace in traces(tree.text(name), places)]
    assert found == []
