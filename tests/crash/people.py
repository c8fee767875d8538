"""The customer and the colleagues: they act on what stands before them, and try again what seemed to fail.

Ada writes on the network. Anna and Carla sit in Slack: they click, fill in dialogs and type, through the hands of the
sandbox workspace, which signs it all and sends it to the product as Slack does.
"""

import json
from datetime import datetime
from typing import Any

from bots.sandbox.network import Network
from bots.sandbox.workspace import App, ChannelSeed, Person, Seed, Seen, Workspace
from tests.crash.acts import act_of

QUESTION = "@acme where is my invoice?"
EDITED = "@acme where is my second invoice?"
FIRST_ANSWER = "We will look into it next week, promised."
ANSWER = "It is in your inbox since Monday. Please look there."

ANNA, CARLA, BOT = "U0ANNA", "U0CARLA", "U0PORTAVOCE"
DEPARTMENT, APPROVALS, MANAGERS = "C0BILLING", "C0APPROVE", "C0MANAGERS"
CHANNELS = {"billing": DEPARTMENT, "approvals": APPROVALS, "managers": MANAGERS}
BOT_TOKEN, SIGNING_SECRET = "xoxb-crash", "slack-secret"

Json = dict[str, Any]


def workspace_seed() -> Seed:
    """Return everybody and every channel of the story."""
    names = {ANNA: "Anna Verdi", CARLA: "Carla Rossi", "U0BRUNO": "Bruno Neri", "U0MARTA": "Marta Bianchi"}
    app = App(bot_user=BOT, name="portavoce", bot_token=BOT_TOKEN, signing_secret=SIGNING_SECRET)
    return Seed(
        people=tuple(Person(user, name.split()[0].lower(), name) for user, name in names.items()),
        channels=tuple(ChannelSeed(channel, name, (*names, BOT)) for name, channel in CHANNELS.items()),
        app=app,
    )


class People:
    """Ada asks, Anna claims and answers, Carla approves.

    In the story ``main`` Anna writes in the Answer dialog. In ``crossed`` she writes in the card's own field, and again
    as ``reply:`` in the thread while Carla still has the first answer before her; and Ada changes her question before
    the approved answer has left. ``late`` is ``main`` with a sender that comes back late.

    ``acknowledged`` holds the acts that Slack saw acknowledged and that may not be lost; ``approved`` the references on
    the cards that Carla approved; ``edited`` tells whether the question was changed. ``idle`` is true when nobody has
    anything left to do.
    """

    def __init__(self, network: Network, workspace: Workspace, *, story: str) -> None:
        self._network = network
        self._workspace = workspace
        self._crossed = story == "crossed"
        self._done: set[str] = set()
        self._old_card: Json | None = None
        self._decided_at: datetime | None = None
        self.approved: list[Json] = []
        self.edited = False
        self.idle = False
        self._clicked: list[str] = []

    @property
    def acknowledged(self) -> list[str]:
        """Return what must not be lost: clicks and dialogs that went through, and messages whose event was taken."""
        taken = [
            act_of(one.payload)
            for one in self._workspace.deliveries.kept
            if one.kind == "events_api" and one.status == "ok" and "client_msg_id" in one.payload["event"]
        ]
        return self._clicked + taken

    async def act_next(self) -> str | None:
        """Do the next thing that somebody wants to do; return its name, ``None`` if nobody wants anything now."""
        self.idle = False
        if "ask" not in self._done:
            self._done.add("ask")
            self._post = self._network.write("ada", QUESTION)
            await self._network.deliveries.first_tries()
            return "ask"
        card, approval = self._newest(DEPARTMENT, "card"), self._newest(APPROVALS, "approval")
        did = await self._answer(card) or await self._review(card, approval) or await self._change_question(approval)
        await self._workspace.settled()
        waits = self._decided_at == self._workspace.clock.now()
        self.idle = did is None and not waits and not self._workspace.deliveries._tasks
        return did

    # --- Anna

    async def _answer(self, card: Json | None) -> str | None:
        if card is None:
            return None
        if "Claim" in buttons(card) and "claim" not in self._done:
            return self._lasting(await self._click(ANNA, card, "Claim"), "claim")
        if self._workspace.open_view(ANNA) is not None:
            return self._lasting(await self._workspace.submit_view(ANNA, {"Your answer": ANSWER}), "answer")
        if self._crossed:
            return await self._answer_in_field(card)
        if "Answer" in buttons(card) and "answer" not in self._done:
            await self._click(ANNA, card, "Answer")  # the dialog opens a moment later, or she clicks again
            return "open the dialog"
        return None

    async def _answer_in_field(self, card: Json) -> str | None:
        field = next((block["block_id"] for block in card["blocks"] if block["type"] == "input"), None)
        if field is None or (name := f"submit {field}") in self._done:
            return None
        text = FIRST_ANSWER if "first" not in self._done else ANSWER
        seen = await self._click(ANNA, card, "Submit for approval", inputs={field: text})
        if seen.ok:
            self._done.add("first")
        return self._lasting(seen, name)

    # --- Carla

    async def _review(self, card: Json | None, approval: Json | None) -> str | None:
        if card is None or approval is None or APPROVE not in buttons(approval):
            return None
        if self._decided_at == self._workspace.clock.now():
            return None  # she waits a moment to see what came of her last click
        if self._crossed and self._old_card is None:
            self._old_card = approval  # Carla opens it now and clicks later
        if self._crossed and "type" not in self._done:
            self._done.add("type")
            await self._workspace.type(ANNA, DEPARTMENT, f"reply: {ANSWER}", thread_ts=card["ts"])
            return "type"
        if self._old_card is not None and "approve the old card" not in self._done:
            return await self._approve(self._old_card, "approve the old card")
        name = f"approve {_value(approval)}"
        return await self._approve(approval, name) if name not in self._done else None

    async def _approve(self, approval: Json, name: str) -> str:
        """Click on an approvals card as it was when she looked at it, whatever it has become since."""
        self._decided_at = self._workspace.clock.now()
        self.approved.append(json.loads(_value(approval)))
        stored = self._workspace.channels[APPROVALS].messages[approval["ts"]]
        now, stored.blocks = stored.blocks, approval["blocks"]
        try:
            return self._lasting(await self._click(CARLA, approval, APPROVE), name)
        finally:
            if stored.blocks is approval["blocks"]:
                stored.blocks = now

    # --- Ada

    async def _change_question(self, approval: Json | None) -> str | None:
        if not self._crossed or self.edited or approval is None or "Undo" not in buttons(approval):
            return None
        self.edited = True
        self._network.edit("ada", self._post.id, EDITED)
        await self._network.deliveries.first_tries()
        return "edit"

    # --- how

    async def _click(self, user: str, message: Json, button: str, **more: Any) -> Seen:
        return await self._workspace.click(user, message["channel"], message["ts"], button, **more)

    def _lasting(self, seen: Seen, name: str) -> str:
        """Remember an act that went through. Who is shown an error looks again, and tries again."""
        if seen.ok:
            self._done.add(name)
            last = next(one for one in reversed(self._workspace.deliveries.kept) if one.kind == "interactive")
            self._clicked.append(act_of(last.payload))
        return name

    def _newest(self, channel: str, kind: str) -> Json | None:
        found = self._workspace.find_message(channel, metadata=lambda payload: payload.get("kind") == kind)
        return {**found, "channel": channel, "blocks": list(found["blocks"])} if found else None


APPROVE = "Approve and send"


def buttons(message: Json) -> list[str]:
    """Return what is written on the buttons of a message."""
    return [
        str(element["text"]["text"])
        for block in message["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def _value(approval: Json) -> str:
    """Return what the Approve button carries: the case, the draft and the state of the conversation."""
    return next(
        str(element["value"])
        for block in approval["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if element["text"]["text"] == APPROVE
    )
