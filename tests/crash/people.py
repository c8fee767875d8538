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
ANSWER = "It is in your inbox since Monday. Please look there."


class People:
    """Ada asks, Anna answers, Carla approves. In the story ``crossed`` Anna replaces her answer and Ada her question.

    ``acknowledged`` holds the ids of the clicks that were answered 200; ``approved`` the drafts on whose cards
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
        card, approval = self._newest("card"), self._newest("approval")
        did = await self._answer(card) or await self._review(card, approval) or await self._change_question()
        self.idle = did is None
        return did

    async def _answer(self, card: dict[str, Any] | None) -> str | None:
        if card is not None and "claim" in card["actions"] and "claim" not in self._done:
            return await self._click("claim", "anna", card)
        if card is not None and card["answer_field"] and (name := f"submit {card['field_key']}") not in self._done:
            return await self._click("submit", "anna", card, text=FIRST_ANSWER if self._crossed else ANSWER, name=name)
        return None

    async def _review(self, card: dict[str, Any] | None, approval: dict[str, Any] | None) -> str | None:
        if card is None or approval is None or "approve" not in approval["actions"]:
            return None
        if self._crossed and self._old_card is None:
            self._old_card = approval  # Carla opens it now and clicks later
        if self._crossed and "submit again" not in self._done:
            return await self._click("submit", "anna", card, text=ANSWER, name="submit again")
        if self._old_card is not None and "approve the old card" not in self._done:
            return await self._click("approve", "carla", self._old_card, name="approve the old card")
        name = f"approve {approval['draft_version']} as of {approval['case_version']}"
        return await self._click("approve", "carla", approval, name=name) if name not in self._done else None

    async def _change_question(self) -> str | None:
        if not self._crossed or not self.approved or self.edited_at is not None:
            return None
        self.edited_at = self._chat.clock.now().isoformat()
        self._network.edit("ada", self._post.id, EDITED)
        await self._network.deliveries.first_tries()
        return "edit"

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
                self.approved.append({"version": card["draft_version"], "hash": card["draft_hash"]})
        return name or act

    def _newest(self, kind: str) -> dict[str, Any] | None:
        cards: list[dict[str, Any]] = [row["view"] for row in self._chat.messages.values() if row["kind"] == kind]
        return cards[-1] if cards else None
