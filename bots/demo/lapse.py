"""The chapter of a question that nobody claims: the warning, the breach, why it was due then, and who takes over."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from bots.demo.chapters import Chapter, approve, card_of
from bots.demo.configuration import ANNA, BILLING, DIRECT_TO_MARTA, MARTA, TIMEZONE
from bots.demo.hands import Hands, Json, lines
from bots.demo.narrator import Narrator

STEP: Final = "acknowledge"
_REASONS: Final = ("Target:", "Counted:")
_MOST_STOPS: Final = 30
"""Other cases may have something due before ours has, each a stop on the way."""


@dataclass
class Lapse:
    """Elena's question, of which the clock runs out. Each part raises ``StoryFailedError``.

    ``due_at``: when somebody should have claimed it (UTC). ``explained``: what the Explain dialog says of that.
    """

    hands: Hands
    tell: Narrator
    chapter: Chapter = field(default_factory=lambda: Chapter("Elena"))
    due_at: datetime | None = None
    explained: str = ""
    breach: Json = field(default_factory=dict)

    async def run_out(self) -> None:
        """Have Elena ask and nobody claim it, and move the clock until her manager has heard of the breach."""
        hands, tell, chapter = self.hands, self.tell, self.chapter
        chapter.post = (await hands.write_post("elena", "@acme Invoice 6203 is wrong, and nobody answers me."))["id"]
        await card_of(hands, chapter, BILLING, text="Invoice 6203", button="Claim")
        self.due_at = await hands.until(lambda: hands.due(chapter.case, STEP), "the clock of Elena's question")
        await hands.stand_before(ANNA, BILLING)
        tell(f"Elena asks what is wrong with her invoice, and nobody claims it: that is due {self.due}")
        warning = await self._until_told(ANNA, BILLING, before=self.due_at)
        tell(f"The clock is moved on, and #billing is warned: {_said(warning)}")
        self.breach = await self._until_told(MARTA, DIRECT_TO_MARTA)
        await hands.stand_before(MARTA, DIRECT_TO_MARTA)
        tell(f"Still nobody. Marta, their manager, hears of it once: {_said(self.breach)}")

    async def turn_out_well(self) -> None:
        """Have Marta ask why, take over and answer."""
        hands, tell, chapter = self.hands, self.tell, self.chapter
        card = await hands.message(BILLING, text="Invoice 6203", kind="card", button="Explain", case=chapter.case)
        dialog = await hands.open_dialog(MARTA, card, "Explain")
        self.explained = self._of_claiming(lines(dialog["blocks"]))
        tell(f"Marta presses Explain on the card, and reads: {self.explained}")
        await hands.act(MARTA, "close_view")
        await hands.click(MARTA, self.breach, "Take over")
        card = await hands.message(
            BILLING, text="Marta Rossi is answering.", kind="card", button="Answer", case=chapter.case
        )
        tell("Marta takes over, by the button in the message")
        await hands.until(self._struck_through, "the warning in #billing to be struck through")
        tell("The warning in #billing is struck through: nobody need act on it any more")
        final = "You are right, Elena: invoice 6203 counts one month twice. A new one is on its way."
        await hands.fill_in_dialog(MARTA, card, "Answer", final)
        await approve(hands, chapter, "one month twice", final)
        tell("Marta answers, Carla approves")

    @property
    def due(self) -> str:
        """Return when it was due, as colleagues in Rome read it."""
        return self.due_at.astimezone(ZoneInfo(TIMEZONE)).strftime("%H:%M") if self.due_at else ""

    async def _until_told(self, user: str, channel: str, *, before: datetime | None = None) -> Json:
        """Move the clock from one due moment to the next until a message about the case stands somewhere."""

        async def look() -> list[Json]:
            return await self.hands.pings(user, channel, self.chapter.case)

        for _ in range(_MOST_STOPS):
            now = await self.hands.travel("due")
            if (found := await look()) or now >= (before or self.due_at or now):
                break
        found = found or await self.hands.until(look, f"what {channel} is told of Elena's question, due {self.due}")
        return found[-1]

    def _of_claiming(self, explained: list[str]) -> str:
        """Return what an explanation says of the clock that has run out: how it stands, and its arithmetic."""
        first = next((number for number, line in enumerate(explained) if "due" in line and self.due in line), None)
        if first is None:
            return ""
        reasons = [line for line in explained[first + 1 : first + 5] if line.startswith(_REASONS)]
        return "; ".join([explained[first], *reasons])

    async def _struck_through(self) -> bool:
        pings = await self.hands.pings(ANNA, BILLING, self.chapter.case)
        return bool(pings) and all(is_struck_through(ping) for ping in pings)


def is_struck_through(ping: Json) -> bool:
    """Tell whether the headline of a ping is struck through."""
    headline: Json = next((block for block in ping["blocks"] if block["type"] == "rich_text"), {"elements": []})
    pieces = [piece for part in headline["elements"] for piece in part["elements"] if piece["type"] == "text"]
    return bool(pieces) and all(piece.get("style", {}).get("strike") for piece in pieces)


def _said(ping: Json) -> str:
    return next(iter(lines(ping["blocks"])), "")
