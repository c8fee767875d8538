"""What the product really sends in a story with every dialog, button and refusal passes the same judges."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel

from models.database import Database
from tests.bots.slack.office import PEOPLE, SlackOffice, slack_office
from tests.bots.story import approved, leave, new_card, submitted
from tests.clock import TestClock
from tests.fidelity import judges
from tests.fidelity.product_views import HOME, MESSAGE, MODAL, Drawn

DIALOGS = ("Answer", "Reply privately", "Reassign", "Snooze", "Details", "Explain")
DECISIONS = ("Edit and send", "Send back", "Reject", "Details", "Explain")


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[SlackOffice]:
    database = Database(f"sqlite:///{tmp_path}/test.db")
    async with database.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    async with slack_office(database, TestClock()) as office:
        yield office
    await database.close()


def sent(office: SlackOffice) -> list[Drawn]:
    """Every message and view that the product asked the workspace to show."""
    found = []
    for call in office.workspace.calls:
        given: dict[str, Any] = call.arguments
        if call.method.startswith("chat.") and given.get("blocks"):
            found.append(Drawn(call.method, MESSAGE, given["blocks"]))
        elif call.method.startswith("views."):
            found.append(Drawn(call.method, HOME if call.method == "views.publish" else MODAL, given["view"]))
    return found


async def dialogs_of(office: SlackOffice, case: str) -> None:
    [card] = office.shown("card", case)
    for button in DIALOGS:
        await office.open("anna", card, button)
    await office.open("anna", card, "Answer")
    for text in ("Short.", "word " * 90, "word " * 400):
        await office.workspace.type_in_view(PEOPLE["anna"][0], "Your answer", text)
        await office.settle()
        office.house.clock.forward(seconds=5)
        await office.workspace.click_in_view(PEOPLE["anna"][0], "Preview")
        await office.settle()


async def whole_story(office: SlackOffice) -> None:
    case, card = await new_card(office)
    await dialogs_of(office, case)
    await office.press("nobody", card, "Claim")
    await office.press("dario", card, "Answer")
    await office.press("anna", card, "Claim")
    await office.use_as_reply("anna", card, "From the thread.")
    await office.carry()
    _, approval = await submitted(office)
    for button in DECISIONS:
        await office.open("carla", approval, button)
    await office.open("carla", approval, "Edit and send")
    await office.submit("carla", {"Text to be published": "It is on its way, truly."})
    await office.carry()
    await leave(office)
    case, _ = await approved(office)
    await office.courier_turn()
    await office.press("carla", office.shown("approval", case)[-1], "Undo")
    await office.carry()
    for who in ("anna", "carla", "nobody"):
        await office.workspace.open_home(PEOPLE[who][0])
        await office.settle()


async def test_everything_that_is_sent_passes(office: SlackOffice) -> None:
    await whole_story(office)
    shown = sent(office)
    assert {one.name for one in shown} == {
        "chat.postMessage", "chat.update", "chat.postEphemeral", "views.open", "views.update", "views.publish",
    }  # fmt: skip
    assert len(shown) > 25
    for judge in (judges.sandbox, judges.sdk):
        assert [(one.name, wrong) for one in shown if (wrong := judge(one))] == []
    assert {call.outcome for call in office.workspace.calls} == {"ok"}
