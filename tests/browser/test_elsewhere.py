"""What comes by other ways than a public post: private messages, the contact form, slash commands."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.panes import ANNA, APPROVE, CARLA, CHIARA
from tests.browser.steps import answer, approve, ask, to_approve, write_by_form
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.xdist_group("browser-elsewhere"), pytest.mark.asyncio(loop_scope="session")]


async def test_private_message_is_answered_in_private(visitor: Visitor, about: str) -> None:
    workspace, network = visitor.workspace, visitor.network
    await network.be(CHIARA)
    await network.see("Messages")
    field = network.frame.get_by_role("textbox", name="Message to Acme")
    await field.fill(f"My {about} holds my address, please keep it to yourselves.")
    await field.press("Enter")
    await workspace.be(ANNA, "billing")
    card = workspace.card(about)
    await expect(card.get_by_text("PRIVATE").first).to_be_visible()
    await answer(visitor, card, f"Of course, Chiara: {about} is between us.")
    approval = await to_approve(visitor, f"{about} is between us")
    await expect(approval.get_by_role("heading", name=re.compile("^PRIVATE"))).to_be_visible()
    await approve(visitor, approval, about)
    arrived = network.main.get_by_role("article", name="Message from Acme").filter(has_text=about)
    await expect(arrived).to_have_count(1)
    await network.see("Timeline")
    await expect(network.main.get_by_text(about)).to_have_count(0)


async def test_contact_form_is_answered_on_its_own_page(visitor: Visitor, about: str) -> None:
    await write_by_form(visitor, f"Hello,\nwhat about {about}?\n\nBen")
    await visitor.workspace.be(ANNA, "billing")
    card = visitor.workspace.card(about)
    await answer(visitor, card, f"Hello Ben, {about} is paid.")
    await approve(visitor, await to_approve(visitor, f"{about} is paid"), about)
    await expect(visitor.at.form.get_by_role("listitem").filter(has_text=f"{about} is paid")).to_have_count(1)


async def test_slash_command_answers_and_freezes(visitor: Visitor, about: str) -> None:
    workspace = visitor.workspace
    card = await ask(visitor, about)
    await answer(visitor, card, f"Frozen but not lost: {about}.")
    await workspace.be(CARLA, "managers")
    await workspace.say("/portavoce status", channel="managers")
    await expect(workspace.only_you(re.compile("waiting for|nothing", re.IGNORECASE)).last).to_be_visible()
    await workspace.say("/portavoce freeze", channel="managers")
    await expect(workspace.main.get_by_text(re.compile("froze|frozen|stopped", re.IGNORECASE)).first).to_be_visible()
    await (await to_approve(visitor, f"not lost: {about}")).get_by_role("button", name=APPROVE).click()
    await visitor.at.jump("+15 min")
    await expect(workspace.approval(about).get_by_text(re.compile("froze", re.IGNORECASE)).first).to_be_visible()
    await expect(visitor.network.reply(about)).to_have_count(0)
    await workspace.open("managers")
    await workspace.say("/portavoce release", channel="managers")
    await expect(visitor.network.reply(about)).to_have_count(1)
