"""The whole story of the product, played through its HTTP doors by the hands of the people in it."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from bots.demo.chapters import APPROVE, Chapter, approve, card_of, first_name, note_approved
from bots.demo.configuration import ANNA, APPROVALS, BILLING, BRUNO, CARLA, DARIO, NAMES, PRODUCT
from bots.demo.hands import Hands, Json
from bots.demo.lapse import Lapse
from bots.demo.narrator import Narrator


@dataclass
class Story:
    """Plays the chapters one into the other, as a day would. Raises ``StoryFailedError``."""

    hands: Hands
    tell: Narrator
    ada: Chapter = field(default_factory=lambda: Chapter("Ada"))
    ben: Chapter = field(default_factory=lambda: Chapter("Ben"))
    chiara: Chapter = field(default_factory=lambda: Chapter("Chiara"))
    davide: Chapter = field(default_factory=lambda: Chapter("Davide"))
    lapse: Lapse = field(init=False)

    def __post_init__(self) -> None:
        """Begin with the chapter in which nobody answers."""
        self.lapse = Lapse(self.hands, self.tell)

    @property
    def chapters(self) -> tuple[Chapter, ...]:
        """Return all chapters."""
        return (self.lapse.chapter, self.ada, self.ben, self.chiara, self.davide)

    async def play(self) -> None:
        """Play everything, and return when every reply stands where its customer reads it."""
        await self.lapse.run_out()
        await self.lapse.turn_out_well()
        ada_card, ben_card = await self._customers_write()
        await self._ada_is_answered(ada_card)
        await self._ben_is_answered(ben_card)
        await self._stands_on_network(self.lapse.chapter)
        await self._stands_on_network(self.ada)
        await self._an_answer_is_lost()
        await self._davide_changes_his_mind()
        await self._stands_on_network(self.chiara)
        self.tell("The lost answer was looked up: Chiara's reply stands there once, nothing was sent twice")
        await self._stands_on_form(self.ben)
        await self._stands_on_network(self.davide)

    async def _customers_write(self) -> tuple[Json, Json]:
        hands, tell = self.hands, self.tell
        text = "@acme I was charged twice for invoice 4711. Can you look into it?"
        self.ada.post = (await hands.write_post("ada", text))["id"]
        tell("Ada asks in public on the network: charged twice for invoice 4711")
        sent = await hands.fill_in_form(
            name="Ben Okafor",
            email="ben@customer.example",
            subject="Order 8812",
            message="Hello,\nmy order 8812 has not arrived yet.\n\nBen",
        )
        self.ben.case, self.ben.status_url = sent["case"], sent["status_url"]
        tell("Ben asks on the contact form where his order is")
        ada_card = await card_of(hands, self.ada, BILLING, text="invoice 4711", button="Claim")
        tell("Ada's card stands in #billing, because she wrote “invoice”")
        ben_card = await hands.message(PRODUCT, text="order 8812", kind="card", button="Claim", case=self.ben.case)
        tell("Ben's card stands in #product, the default")
        return ada_card, ben_card

    async def _ada_is_answered(self, card: Json) -> None:
        hands, tell = self.hands, self.tell
        anna = asyncio.create_task(hands.click(ANNA, card, "Claim"))
        bruno = asyncio.create_task(hands.click(BRUNO, card, "Claim"))
        await asyncio.gather(anna, bruno)
        claimed = await hands.message(BILLING, text="is answering.", kind="card", button="Answer", case=self.ada.case)
        owner = next(user for user in (ANNA, BRUNO) if f"{NAMES[user]} is answering." in repr(claimed))
        late = BRUNO if owner == ANNA else ANNA
        tell(f"{first_name(owner)} claims it")
        [told, *_] = await hands.until(
            lambda: hands.told(late, BILLING), f"a sentence that tells {first_name(late)} of the late claim"
        )
        tell(f"{first_name(late)} claims it a moment later and is told: {told}")
        await hands.fill_in_dialog(owner, claimed, "Answer", "Sorry, Ada! The second payment goes back to you today")
        tell(f"{first_name(owner)} answers in the dialog, without leaving the channel")
        approval = await hands.message(
            APPROVALS, text="The second payment", kind="approval", button="Edit and send", case=self.ada.case
        )
        tell("Carla sees the exact text in #approvals")
        final = "Sorry, Ada! We are sending the second payment back today; it takes two working days."
        await hands.fill_in_dialog(CARLA, approval, "Edit and send", final)
        tell("Carla changes a few words and sends it; the undo window runs")
        await note_approved(hands, self.ada, final, button="Undo")

    async def _ben_is_answered(self, card: Json) -> None:
        hands, tell = self.hands, self.tell
        await hands.write_in_thread(DARIO, card, "I think the warehouse lost it again, sigh")
        await hands.write_in_thread(DARIO, card, "reply: Your order leaves our warehouse tomorrow.")
        tell("Dario grumbles in the thread, which stays internal, and answers there with “reply:”")
        approval = await hands.message(
            APPROVALS, text="tomorrow", kind="approval", button="Send back", case=self.ben.case
        )
        await hands.fill_in_dialog(CARLA, approval, "Send back", "Please give him the parcel number")
        tell("Carla sends it back: please give him the parcel number")
        card = await hands.message(
            PRODUCT, text="Sent back to", kind="card", button="Submit for approval", case=self.ben.case
        )
        final = "Your order leaves our warehouse tomorrow.\nParcel number: IT-2207-88.\n\nThank you for waiting, Ben!"
        await hands.fill_in_field(DARIO, card, final)
        tell("Dario writes it again, in the answer field of the card")
        await approve(hands, self.ben, "IT-2207-88", final)
        tell("Carla approves it")

    async def _an_answer_is_lost(self) -> None:
        hands, tell = self.hands, self.tell
        self.chiara.post = (await hands.write_post("chiara", "@acme My refund for order 5120 has not arrived."))["id"]
        tell("Chiara asks for her refund")
        card = await card_of(hands, self.chiara, BILLING, text="order 5120", button="Answer")
        final = "It was sent on Monday, Chiara. Your bank shows it by Thursday."
        await hands.fill_in_dialog(BRUNO, card, "Answer", final)
        tell("Bruno answers without claiming first")
        await hands.break_network("reset_after", method="POST", path="/api/posts")
        await approve(hands, self.chiara, "by Thursday", final)
        tell("Carla approves it, and the network will take it but cut the line before it says so")

    async def _davide_changes_his_mind(self) -> None:
        hands, tell = self.hands, self.tell
        await self._stands_on_network(self.chiara, silently=True)  # so that the cut line is hers
        question = "@acme Is a refund of 20 euro on its way?"
        self.davide.post = (await hands.write_post("davide", question))["id"]
        card = await card_of(hands, self.davide, BILLING, text="20 euro", button="Answer")
        final = "Yes, Davide, it is on its way."
        await hands.fill_in_dialog(ANNA, card, "Answer", final)
        await approve(hands, self.davide, "it is on its way.", final)
        tell("Davide asks, Anna answers, Carla approves")
        await hands.edit_post("davide", self.davide.post, question.replace("20", "2000"))
        tell("Davide changes 20 into 2000 before it has left")
        fresh = await hands.message(APPROVALS, text="2000 euro", kind="approval", button=APPROVE, case=self.davide.case)
        if await hands.published(self.davide.post):
            tell("Too late: the old answer has left")  # told, and found by the checks
        tell("The approval is void: Carla approved an answer to another question")
        await hands.fill_in_dialog(CARLA, fresh, "Edit and send", "Yes, Davide, all 2000 euro are on their way.")
        tell("Carla looks again, corrects it and sends it")
        await note_approved(hands, self.davide, "Yes, Davide, all 2000 euro are on their way.", button="Undo")

    # --- pieces

    async def _stands_on_network(self, chapter: Chapter, *, silently: bool = False) -> None:
        async def look() -> list[str]:
            return await self.hands.published(chapter.post)

        await self.hands.until(look, f"the reply to {chapter.customer} on the network")
        if not silently:
            self.tell(f"The reply to {chapter.customer} stands on the network")

    async def _stands_on_form(self, chapter: Chapter) -> None:
        async def look() -> list[Any]:
            found = await self.hands.conversation(chapter.status_url)
            return [line for line in found if line["from"] == "brand"]

        await self.hands.until(look, f"the reply to {chapter.customer} on the form's page")
        self.tell(f"The reply to {chapter.customer} stands on his conversation page")
