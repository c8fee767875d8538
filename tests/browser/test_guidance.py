"""The tour, the play that plays itself, and finding one's place again after a reload."""

import re

import pytest
from playwright.async_api import Browser, expect

from tests.browser.panes import ADA, ANNA, APPROVE
from tests.browser.visitor import Visitor, visiting

pytestmark = [pytest.mark.xdist_group("browser-guidance"), pytest.mark.asyncio(loop_scope="session")]


async def test_tour_leads_a_stranger_through_the_whole_story(visitor: Visitor, about: str) -> None:
    guide, network, workspace = visitor.at.guide, visitor.network, visitor.workspace
    tour = visitor.at.page.get_by_role("button", name="Tour", exact=True)
    if await tour.get_attribute("aria-pressed") == "false":
        await tour.click()
    await expect(guide).to_be_visible()
    if not await guide.get_by_text("1 of 5").is_visible():
        await guide.get_by_role("button", name="Restart").click()
    there = guide.get_by_role("button", name="Take me there")

    await expect(guide.get_by_text("1 of 5: Be a customer.")).to_be_visible()
    await there.click()
    await network.write(f"@acme I was charged twice for {about}. Can you look into it?")
    await expect(guide.get_by_text("2 of 5: See the card.")).to_be_visible()
    await there.click()
    await expect(guide.get_by_text("3 of 5: Claim and answer.")).to_be_visible()
    await there.click()
    card = workspace.card(about)
    await card.get_by_role("button", name="Claim").click()
    await card.get_by_role("button", name="Answer", exact=True).click()
    await workspace.fill_in_dialog("Answer", f"We pay {about} back today.", "Submit for approval")
    await expect(guide.get_by_text("4 of 5: Approve as Carla.")).to_be_visible()
    await there.click()
    await workspace.waiting(f"We pay {about} back today.").get_by_role("button", name=APPROVE).click()
    await expect(guide.get_by_text("5 of 5: See the reply arrive.")).to_be_visible()
    await there.click()
    await expect(network.reply(f"We pay {about} back today.")).to_be_visible()
    await expect(guide.get_by_text("That is all of it.")).to_be_visible()
    await guide.get_by_role("button", name="Close").click()
    await expect(guide).to_be_hidden()
    await tour.click()
    await expect(guide).to_be_visible()


@pytest.mark.timeout(300)
async def test_play_reaches_its_end_by_itself(visitor: Visitor) -> None:
    await visitor.at.page.get_by_role("button", name="Play it for me").click()
    play = visitor.at.page.get_by_role("region", name="The play")
    await expect(play.get_by_text("Elena asks what is wrong with her invoice").first).to_be_visible()
    await expect(play.get_by_role("button", name="Play again")).to_be_visible(timeout=240_000)
    await expect(visitor.at.trouble.get_by_text("doubled 0 · lost 0")).to_be_visible()
    await play.get_by_role("button", name="All lines").click()
    lines = play.get_by_role("list", name="What was told").get_by_role("listitem")
    await expect(lines.filter(has_text="The lost answer was looked up")).to_have_count(1)
    await expect(play.get_by_text(re.compile("not well|went wrong|failed", re.IGNORECASE))).to_have_count(0)
    await play.get_by_role("button", name="Close").click()
    await expect(play).to_be_hidden()


async def test_reload_returns_to_the_same_place(browser: Browser, demo_address: str, about: str) -> None:
    async with visiting(browser, demo_address) as visitor:
        await reload_in_the_middle(visitor, about)


async def reload_in_the_middle(visitor: Visitor, about: str) -> None:
    network, workspace = visitor.network, visitor.workspace
    await network.be(ADA)
    await network.write(f"@acme What about {about}?")
    await network.see("Notifications")
    await workspace.be(ANNA, "billing")
    card = workspace.card(about)
    await card.hover()
    await card.get_by_role("link", name="Reply in thread").click()
    await expect(workspace.thread.get_by_text(about).first).to_be_visible()
    await workspace.thread.get_by_role("textbox", name="Reply in thread").fill("Half a thought")
    await visitor.at.page.reload()
    await expect(workspace.thread.get_by_text(about).first).to_be_visible()
    await expect(workspace.thread.get_by_role("textbox", name="Reply in thread")).to_have_value("Half a thought")
    await expect(network.frame.get_by_role("heading", name="Notifications")).to_be_visible()
    await visitor.at.to_form()
    await expect(visitor.at.form.get_by_role("heading", name="Write to Acme")).to_be_visible()
    await visitor.at.page.reload()
    await expect(visitor.at.form.get_by_role("heading", name="Write to Acme")).to_be_visible()
