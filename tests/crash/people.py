"""The customer and the colleagues: they act on what they see, over HTTP, and try again what seemed to fail."""

import json
from typing import TYPE_CHECKING, Any

import httpx

from bots.sandbox.network import Network

if TYPE_CHECKING:
    from tests.crash.world import Chat

QUESTION = "@acme where is my invoice?"
EDITED = "@acme where is my second invoice?"
FIRST_ANSWER = "We will look into it next week, promised."
ANSWER = "It is in your inbox since Monday. Please look at the spam folder too."


class People:
    """Ada asks, Anna answers, Carla approves. In the story ``crossed`` Anna replaces her answer and Ada her question.

    ``acknowledged`` holds the ids of the clicks that were answered 200; ``approved`` what stood on the cards on which
    Carla's click was taken; ``idle`` is true when nobody has anything left to do.
    """

    def __init__(self, network: Network, chat: "Chat", *, product_url: str, story: str) -> None:
        self._network = network
        self._chat = chat
        self._product_url = product_url
        self._crossed = story == "crossed"
        self._http = httpx.AsyncClient(timeout=5, trust_env=False)
        self._number = 0
        self._done: set[str] = set()
        self._old_card: dict[str, Any] | None = None
        self.acknowledged: list[str] = []
        self.approved: list[dict[str, Any]] = []
        self.edited_at: str | None = None
        self.idle = False

    async def close(self) -> None:
        await self._http.aclose()

    async def act_next(self) -> str | None:
        """Do the next thing that somebody wants to do; return its name, ``None`` if nobody wants anything now."""
        self.idle = False
        if "ask" not in self._done:
            self._done.add("ask")
            self._post = self._network.write("ada", QUESTION)
            await self._network.deliveries.first_tries()
            return "ask"
        card = self._newest("card")
        if card is not None and "claim" not in self._done and "claim" in card["actions"]:
            return await self._click("claim", "anna", card)
        if card is not None and card["answer_field"]:
            return await self._submit(card, FIRST_ANSWER if self._crossed else ANSWER)
        approval = self._newest("approval")
        if approval is not None and "approve" in approval["actions"]:
            return await self._review(card or {}, approval)
        if self._crossed and self.approved and self.edited_at is None:
            self.edited_at = self._chat.clock.now().isoformat()
            self._network.edit("ada", self._post.id, EDITED)
            await self._network.deliveries.first_tries()
            return "edit"
        self.idle = True
        return None

    async def _review(self, card: dict[str, Any], approval: dict[str, Any]) -> str | None:
        if self._crossed and self._old_card is None:
            self._old_card = approval
        if self._crossed and approval["draft_version"] == self._old_card["draft_version"]:  # type: ignore[index]
            return await self._submit(card, ANSWER)
        if self._crossed and "old" not in self._done:
            # Carla clicks on the card she opened before Anna's second answer came
            did = await self._click("approve", "carla", self._old_card or {}, name="approve the old card")
            self._done.add("old")
            return did
        return await self._click("approve", "carla", approval)

    async def _submit(self, card: dict[str, Any], text: str) -> str:
        return await self._click("submit", "anna", card, text=text)

    async def _click(
        self, act: str, member: str, card: dict[str, Any], *, text: str | None = None, name: str | None = None
    ) -> str:
        self._number += 1
        click = f"click-{self._number}"
        body = {"id": click, "act": act, "member": member, "card": card, "text": text}
        answer = await self._http.post(f"{self._product_url}/acts", content=json.dumps(body))
        if answer.status_code == httpx.codes.OK:
            self.acknowledged.append(click)
            self._done.add(name or act)
            if act == "approve" and answer.json()["done"]:
                self.approved.append({"parts": card["parts"], "at": self._chat.clock.now().isoformat()})
        return name or act

    def _newest(self, kind: str) -> dict[str, Any] | None:
        cards = [row["view"] for row in self._chat.messages.values() if row["kind"] == kind]
        return cards[-1] if cards else None
