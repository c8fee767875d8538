"""The checks at the end of the story notice what would be wrong."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from bots.clock import SystemClock
from bots.demo.narrator import Narrator
from bots.demo.proof import TIMED, proof
from bots.demo.story import Story

GOOD = {"state": "answered", "steps": {step: {"wall_seconds": 1.0} for step in TIMED}}


@dataclass
class Witness:
    """Knows what stands where, as the real hands would read it."""

    posts: dict[str, list[str]]
    lines: list[dict[str, str]] = field(default_factory=list)
    faults: int = 0

    async def published(self, post: str) -> list[str]:
        return self.posts[post]

    async def conversation(self, status_url: str) -> list[dict[str, str]]:
        return self.lines

    async def faults_left(self) -> int:
        return self.faults


def told(witness: Witness) -> Story:
    """A story of which everything went well."""
    story = Story(witness, Narrator(SystemClock(), str.strip))
    for chapter in story.chapters:
        chapter.case, chapter.approved = f"case-{chapter.customer}", f"Dear {chapter.customer}"
        chapter.post = "" if chapter.customer == "Ben" else f"post-{chapter.customer}"
        witness.posts[chapter.post] = [chapter.approved]
    witness.lines = [{"from": "customer", "text": "Hello"}, {"from": "brand", "text": "Dear Ben"}]
    return story


async def failures(story: Story, witness: Witness, **changed: Any) -> list[str]:
    cases = {chapter.case: GOOD for chapter in story.chapters} | changed
    return [check.what for check in await proof(story, witness, cases) if not check.holds]


async def test_a_good_end_passes():
    witness = Witness({})
    assert await failures(told(witness), witness) == []


@pytest.mark.parametrize(
    ("stands", "wrong"),
    [
        ([], ["stands on the network exactly once", "byte for byte"]),
        (["Dear Ada", "Dear Ada"], ["stands on the network exactly once", "byte for byte"]),
        (["Dear Ada "], ["byte for byte"]),
    ],
)
async def test_a_reply_that_is_missing_doubled_or_changed_is_noticed(stands: list[str], wrong: list[str]):
    witness = Witness({})
    story = told(witness)
    witness.posts["post-Ada"] = stands
    found = await failures(story, witness)
    assert len(found) == len(wrong)
    assert all(words in what for words, what in zip(wrong, found, strict=True))


async def test_a_form_that_shows_nothing_is_noticed():
    witness = Witness({})
    story = told(witness)
    witness.lines = witness.lines[:1]
    assert any("on the form's page exactly once" in what for what in await failures(story, witness))


async def test_a_case_that_is_open_or_untimed_or_missing_is_noticed():
    witness = Witness({})
    story = told(witness)
    open_case = {"state": "relaying", "steps": {**GOOD["steps"], "relay": {"wall_seconds": None}}}
    assert await failures(story, witness, **{"case-Ada": open_case}) == [
        "Ada's case is answered",
        "every step of Ada's case is timed",
    ]
    story.ada.case = ""
    assert "there is a case of Ada" in await failures(story, witness, **{"": None})


async def test_a_story_without_its_accident_is_noticed():
    witness = Witness({}, faults=1)
    story = told(witness)
    witness.faults = 1
    assert await failures(story, witness) == ["the network did cut the line once"]
