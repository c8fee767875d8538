"""Whether the story ended well: each reply once, where its customer reads it, as approved, every step timed.

And of the question that nobody claimed: who had to hear of it did, once, and Explain says when it was due.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bots.demo.chapters import Chapter
from bots.demo.configuration import ANNA, BILLING, DIRECT_TO_MARTA, MANAGERS, MARTA
from bots.demo.hands import Hands, lines
from bots.demo.lapse import STEP, Lapse, is_struck_through
from bots.demo.story import Story

UNCLAIMED: Final = "nobody has claimed it"
TIMED: Final = ("detect", "route", "answer", "approve", "relay", "first_response")


@dataclass(frozen=True)
class Check:
    """One thing that must hold."""

    what: str
    holds: bool
    found: str = ""


async def proof(story: Story, hands: Hands, cases: Mapping[str, Mapping[str, Any]]) -> list[Check]:
    """Return every check; ``cases`` are the facts that ``case show --json`` prints, by id."""
    checks: list[Check] = []
    for chapter in story.chapters:
        facts = cases.get(chapter.case)
        if facts is None:
            checks.append(Check(f"there is a case of {chapter.customer}", holds=False, found="none"))
            continue
        checks += _about_case(chapter, facts)
        shown = await hands.published(chapter.post) if chapter.post else await _on_form(hands, chapter)
        where = "on the network" if chapter.post else "on the form's page"
        checks.append(
            Check(
                f"the reply to {chapter.customer} stands {where} exactly once", len(shown) == 1, f"{len(shown)} times"
            )
        )
        as_approved = shown == [chapter.approved] and bool(chapter.approved)
        checks.append(
            Check(
                f"it is byte for byte what Carla saw when she approved it ({chapter.customer})",
                as_approved,
                repr(shown),
            )
        )
    checks += await _about_lapse(story.lapse, hands, cases)
    checks.append(Check("the network did cut the line once", await hands.faults_left() == 0))
    return checks


def _about_case(chapter: Chapter, facts: Mapping[str, Any]) -> list[Check]:
    steps = facts["steps"]
    untimed = [step for step in TIMED if steps.get(step, {}).get("wall_seconds") is None]
    return [
        Check(f"{chapter.customer}'s case is answered", facts["state"] == "answered", str(facts["state"])),
        Check(f"every step of {chapter.customer}'s case is timed", not untimed, ", ".join(untimed)),
    ]


async def _about_lapse(lapse: Lapse, hands: Hands, cases: Mapping[str, Mapping[str, Any]]) -> list[Check]:
    checks: list[Check] = []
    customer, case = lapse.chapter.customer, lapse.chapter.case
    everywhere = []
    for user, channel, heard in (
        (ANNA, BILLING, "#billing was warned once"),
        (MARTA, DIRECT_TO_MARTA, "Marta heard of the breach once"),
        (MARTA, MANAGERS, "#managers heard of the breach once"),
    ):
        told = [ping for ping in await hands.pings(user, channel, case) if UNCLAIMED in repr(ping["blocks"])]
        checks.append(Check(f"{heard} ({customer})", len(told) == 1, f"{len(told)} times"))
        everywhere += told
    standing = [lines(ping["blocks"])[0] for ping in everywhere if not is_struck_through(ping)]
    checks.append(Check("all of it is struck through since Marta took over", not standing, "; ".join(standing)))
    due_at = cases.get(case, {}).get("steps", {}).get(STEP, {}).get("due_at")
    says = lapse.due_at is not None and lapse.due_at == due_at and lapse.due in lapse.explained
    found = f"{lapse.explained!r}, the case {due_at}"
    checks.append(
        Check(f"Explain says when somebody should have claimed it, as the case does ({customer})", says, found)
    )
    return checks


async def _on_form(hands: Hands, chapter: Chapter) -> list[str]:
    return [line["text"] for line in await hands.conversation(chapter.status_url) if line["from"] == "brand"]
