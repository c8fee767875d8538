"""What the stories of the demo are made of."""

from dataclasses import dataclass
from typing import Final

from bots.demo.configuration import APPROVALS, CARLA, NAMES
from bots.demo.hands import Hands, Json, quoted

APPROVE: Final = "Approve and send"


@dataclass
class Chapter:
    """One customer's concern: where they wrote, and the text that an approver saw and let go."""

    customer: str
    case: str = ""
    post: str = ""
    status_url: str = ""
    approved: str = ""


def first_name(user: str) -> str:
    """Return what colleagues call somebody."""
    return NAMES[user].split()[0]


async def card_of(hands: Hands, chapter: Chapter, channel: str, *, text: str, button: str) -> Json:
    """Return the card of what a customer has posted, and note its case; others may have asked the same."""
    chapter.case = await hands.until(lambda: hands.case(chapter.post), f"the case of {chapter.customer}")
    return await hands.message(channel, text=text, kind="card", button=button, case=chapter.case)


async def approve(hands: Hands, chapter: Chapter, about: str, text: str) -> None:
    """Have Carla let a text go, found by words in it."""
    approval = await hands.message(APPROVALS, text=about, kind="approval", button=APPROVE, case=chapter.case)
    await hands.click(CARLA, approval, APPROVE)
    await note_approved(hands, chapter, text, button=None)


async def note_approved(hands: Hands, chapter: Chapter, text: str, *, button: str | None) -> None:
    """Note what the newest approvals card says will be published."""
    about = text.splitlines()[0]
    card = await hands.message(APPROVALS, text=about, kind="approval", button=button, case=chapter.case)
    chapter.approved = next((quote for quote in quoted(card) if quote.startswith(text)), "")
