"""The checks at the end of the story notice what would be wrong."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from bots.clock import SystemClock
from bots.demo.configuration import BILLING, DIRECT_TO_MARTA, MANAGERS
from bots.demo.narrator import Narrator
from bots.demo.proof import TIMED, proof
from bots.demo.story import Story

DUE = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
STEPS = {step: {"wall_seconds": 1.0} for step in TIMED} | {"acknowledge": {"due_at": DUE}}
GOOD = {"state": "answered", "steps": STEPS}


def ping(headline: str, *, over: bool = True) -> dict[str, Any]:
    """A ping as it stands in the workspace, struck through when its step is over."""
    words = {"type": "text", "text": headline, "style": {"strike": True} if over else {"bold": True}}
    return {"blocks": [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [words]}]}]}


@dataclass
class Witness:
    """Knows what stands where, as the real hands would read it."""

    posts: dict[str, list[str]]
    lines: list[dict[str, str]] = field(default_factory=list)
    faults: int = 0
    told: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    async def pings(self, user: str, channel: str, case: str) -> list[dict[str, Any]]:
        return self.told[channel]

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
    story.lapse.due_at, story.lapse.explained = DUE, "claimed: LATE, was due 10:15"
    late = ping("LATE: nobody has claimed it; it was due 10:15, 1 s ago.")
    witness.told = {
        BILLING: [ping("nobody has claimed it: due 10:15, in 20 s.")],
        MANAGERS: [late],
        DIRECT_TO_MARTA: [late],
    }
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


@pytest.mark.parametrize(
    ("channel", "times", "wrong"),
    [
        (BILLING, 0, "#billing was warned once (Elena)"),
        (BILLING, 2, "#billing was warned once (Elena)"),
        (DIRECT_TO_MARTA, 0, "Marta heard of the breach once (Elena)"),
        (DIRECT_TO_MARTA, 2, "Marta heard of the breach once (Elena)"),
        (MANAGERS, 2, "#managers heard of the breach once (Elena)"),
    ],
)
async def test_a_ping_that_is_missing_or_doubled_is_noticed(channel: str, times: int, wrong: str):
    witness = Witness({})
    story = told(witness)
    witness.told[channel] *= times
    assert await failures(story, witness) == [wrong]


async def test_a_ping_about_another_step_does_not_count():
    witness = Witness({})
    story = told(witness)
    witness.told[BILLING].append(ping("the customer has no reply yet: due 10:24, in 3 min.", over=False))
    assert await failures(story, witness) == []


async def test_a_warning_that_is_left_standing_is_noticed():
    witness = Witness({})
    story = told(witness)
    witness.told[BILLING] = [ping("nobody has claimed it: due 10:15, in 20 s.", over=False)]
    assert await failures(story, witness) == ["all of it is struck through since Marta took over"]


@pytest.mark.parametrize("explained", ["", "claimed: LATE, was due 10:16"])
async def test_an_explanation_that_says_another_time_is_noticed(explained: str):
    witness = Witness({})
    story = told(witness)
    story.lapse.explained = explained
    [wrong] = await failures(story, witness)
    assert wrong.startswith("Explain says when")


async def test_an_explanation_of_another_due_time_than_that_of_the_case_is_noticed():
    witness = Witness({})
    story = told(witness)
    moved = {"state": "answered", "steps": {**STEPS, "acknowledge": {"due_at": DUE.replace(minute=16)}}}
    [wrong] = await failures(story, witness, **{"case-Elena": moved})
    assert wrong.startswith("Explain says when")


async def test_a_story_without_its_accident_is_noticed():
    witness = Witness({}, faults=1)
    story = told(witness)
    witness.faults = 1
    assert await failures(story, witness) == ["the network did cut the line once"]
