"""A visitor tries to break it by the page's own switches, and moves the clock; nothing is lost, nothing doubled."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from tests.browser.panes import ADA, ANNA, APPROVE, CARLA
from tests.browser.steps import write_by_form
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.xdist_group("browser-trouble"), pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def mended(visitor: Visitor) -> AsyncIterator[None]:
    """Leave nothing broken to the next test."""
    yield
    answer = await visitor.at.page.request.post(f"{visitor.address}/sandbox/demo/switches", data={"on": False})
    assert answer.ok, await answer.text()


async def ready_to_approve(visitor: Visitor, about: str) -> Locator:
    """Have Ada ask and Anna answer; give the card before Carla."""
    workspace = visitor.workspace
    await visitor.network.be(ADA)
    await visitor.network.write(f"@acme Where is the refund for {about}?")
    await workspace.be(ANNA, "billing")
    field = workspace.card(about).get_by_role("textbox", name="Your answer")
    await field.fill(f"It leaves today: {about}.")
    await field.press("Enter")
    await workspace.be(CARLA, "approvals")
    waiting = workspace.waiting(f"today: {about}")
    await expect(waiting).to_be_visible()
    return waiting


async def approve(visitor: Visitor, waiting: Locator, about: str) -> None:
    await waiting.get_by_role("button", name=APPROVE).click()
    await expect(visitor.workspace.approval(about).get_by_role("button", name="Undo")).to_be_visible()


async def proven(visitor: Visitor, about: str) -> None:
    """See the reply stand there once, and the proof line agree."""
    await expect(visitor.network.reply(about)).to_have_count(1)
    line = visitor.at.trouble.get_by_text(re.compile(r"approved \d+"))
    await expect(line).to_have_text(re.compile(r"approved (\d+) · sent \1 · doubled 0 · lost 0"))


async def test_network_down_holds_replies_back_and_sends_them_once(visitor: Visitor, about: str) -> None:
    waiting = await ready_to_approve(visitor, about)
    await visitor.at.switch("Network down", on=True)
    await approve(visitor, waiting, about)
    await visitor.at.jump("+15 min")
    await expect(visitor.at.strip.get_by_text(re.compile(r"Tried \w+"))).to_be_visible()
    await expect(visitor.network.reply(about)).to_have_count(0)
    await visitor.at.switch("Network down", on=False)
    await visitor.at.jump("+15 min")
    await proven(visitor, about)


async def test_lost_answer_is_looked_up_and_nothing_is_sent_twice(visitor: Visitor, about: str) -> None:
    waiting = await ready_to_approve(visitor, about)
    await visitor.at.switch("Lose the next answer", on=True)
    await approve(visitor, waiting, about)
    await visitor.at.jump("+15 min")
    await expect(visitor.network.reply(about)).to_be_visible()
    await expect(visitor.at.trouble.get_by_role("switch", name="Lose the next answer")).not_to_be_checked()
    await visitor.at.jump("+15 min")
    await expect(visitor.workspace.approval(about).get_by_role("link", name="Open the reply")).to_be_visible()
    await proven(visitor, about)


async def test_too_many_requests_are_waited_for(visitor: Visitor, about: str) -> None:
    waiting = await ready_to_approve(visitor, about)
    await visitor.at.switch("Too many requests", on=True)
    await approve(visitor, waiting, about)
    await expect(visitor.at.strip.get_by_text(re.compile(r"Tried \w+"))).to_be_visible()
    await visitor.at.jump("+15 min")  # past what the network asked for, where it is tried again
    await proven(visitor, about)


async def test_killed_bot_goes_on_where_it_was(visitor: Visitor, about: str) -> None:
    visitor.complaints.excuse(r"/forms/contact.* 503$", because="the form's page looks for news while the bot is dead")
    visitor.complaints.excuse(r"status of 503 .*/forms/contact", because="the same, in the console's words")
    waiting = await ready_to_approve(visitor, about)
    await approve(visitor, waiting, about)
    await visitor.at.switch("Kill the bot", on=True)
    await visitor.network.write(f"@acme And again about {about}: invoice 9{about[-3:]}?")
    await visitor.workspace.approval(about).get_by_role("button", name="Details").click()
    await expect(visitor.workspace.main.get_by_role("alert")).to_be_visible()  # said in words, where it was clicked
    await visitor.at.trouble.get_by_role("button", name="Start the bot again").click()
    await expect(visitor.at.trouble.get_by_role("switch", name="Kill the bot")).not_to_be_checked()
    await visitor.at.jump("+15 min")  # what was cut comes back by its lease
    await proven(visitor, about)
    await visitor.workspace.be(ANNA, "billing")
    await expect(visitor.workspace.card(f"invoice 9{about[-3:]}").first).to_be_visible()


async def test_frozen_reply_leaves_after_the_release(visitor: Visitor, about: str) -> None:
    waiting = await ready_to_approve(visitor, about)
    await visitor.at.switch("Freeze replies", on=True)
    await waiting.get_by_role("button", name=APPROVE).click()
    await expect(visitor.workspace.approval(about).get_by_text(re.compile("FROZEN|frozen")).first).to_be_visible()
    await visitor.at.jump("+15 min")
    await expect(visitor.network.reply(about)).to_have_count(0)
    await visitor.at.switch("Freeze replies", on=False)
    await proven(visitor, about)


async def test_clock_moves_forward_over_nights_and_weekends(visitor: Visitor, about: str) -> None:
    clock = visitor.at.page.get_by_role("banner").get_by_role("button", name=re.compile("^Move the time"))
    await visitor.at.jump("To Saturday")
    await expect(clock).to_have_accessible_name(re.compile("Sat .*closed by business hours"))
    waiting = await ready_to_approve(visitor, about)
    await expect(waiting.get_by_text(re.compile("due Mon"))).to_have_count(0)  # in public we answer at all hours
    await write_by_form(visitor, f"May I pay half of {about} first?")
    await visitor.workspace.be(ANNA, "billing")
    asked = visitor.workspace.card(f"half of {about}")
    await expect(asked.get_by_text(re.compile("due Mon .* 09:15")).first).to_be_visible()
    await visitor.at.jump("To the next morning, 9:00")
    await expect(clock).to_have_accessible_name(re.compile("Sun .*09:0"))
    await visitor.at.jump("To the next morning, 9:00")
    await expect(clock).to_have_accessible_name(re.compile("Mon .*09:0.*open by business hours"))
    await visitor.at.jump("+1 h")
    await expect(visitor.at.strip.get_by_text("was due")).to_be_visible()
    await visitor.at.to_network()
    await visitor.workspace.be(CARLA, "approvals")
    await waiting.get_by_role("button", name=APPROVE).click()
    await proven(visitor, about)
