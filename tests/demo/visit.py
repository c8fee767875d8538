"""Somebody who visits a demo: opens it, acts by its doors, and looks at what it shows."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from bots.clock import SystemClock
from bots.demo.configuration import ANNA, APPROVALS, BILLING, CARLA, NETWORK
from bots.demo.hands import Hands, Json
from bots.demo.stage import Stage, open_stage
from bots.serving import listen

PATIENCE_SECONDS = 60.0
"""With anything that comes by itself: what a killed bot was sending to chat is looked for ten real seconds later."""


@dataclass
class Visit:
    """A running demo and a visitor's hands."""

    stage: Stage
    speaker: httpx.AsyncClient
    hands: Hands

    async def state(self) -> Json:
        answer = await self.speaker.get("/sandbox/demo/state")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def do(self, door: str, **body: Any) -> Json:
        answer = await self.speaker.post(f"/sandbox/demo/{door}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def until(self, look: Callable[[], Awaitable[Any]], what: str, *, patience: float = PATIENCE_SECONDS) -> Any:
        clock = SystemClock()
        started = clock.monotonic()
        while not (found := await look()):
            if clock.monotonic() - started > patience:
                pytest.fail(f"waited in vain for {what}")
            await clock.sleep(0.05)
        return found

    async def counted(self, **wanted: int) -> Json:
        """Wait until the proof line counts so; give it."""

        async def look() -> Json | None:
            found = (await self.state())["evidence"]
            return found if wanted.items() <= found.items() else None

        return await self.until(look, f"the counts {wanted}")

    async def ask(self, about: str) -> str:
        """Have Ada ask something that is billing's; give the id of her post."""
        return (await self.hands.write_post("ada", f"@acme invoice {about}?"))["id"]

    async def answer(self, about: str, text: str) -> Json:
        """Have Anna answer Ada; give the approvals card."""
        card = await self.hands.message(BILLING, text=about, kind="card", button="Answer")
        await self.hands.fill_in_dialog(ANNA, card, "Answer", text)
        return await self.hands.message(APPROVALS, text=text, kind="approval", button="Approve and send")

    async def approve(self, approval: Json) -> None:
        await self.hands.click(CARLA, approval, "Approve and send")

    async def approved_answer(self, about: str, text: str) -> str:
        """Have a whole question answered and approved; give the id of Ada's post."""
        post = await self.ask(about)
        await self.approve(await self.answer(about, text))
        return post

    async def fault(self, fault: str, **more: Any) -> None:
        line = {"fault": fault, "method": "POST", "path": "/api/posts", **more}
        assert (await self.speaker.post(f"{NETWORK}/faults", json=line)).status_code == 201


@contextlib.asynccontextmanager
async def visit(folder: Path, *, undo_seconds: int = 0, keep: bool = False) -> AsyncIterator[Visit]:
    listener = listen("127.0.0.1", 0)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with (
        open_stage(folder, listener, address=address, undo_seconds=undo_seconds, keep=keep) as stage,
        stage.speaker() as speaker,
    ):
        yield Visit(stage, speaker, Hands(speaker, SystemClock(), patience=PATIENCE_SECONDS))
