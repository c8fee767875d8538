"""A clock runs out before the visitor: who hears of it and when, who takes over, and why it was due then."""

import re
from datetime import datetime, timedelta

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.browser.looking import PHONE, Looking
from tests.browser.panes import ANNA, CARLA, MARTA
from tests.browser.steps import ask
from tests.browser.visitor import Visitor, visiting

pytestmark = [pytest.mark.xdist_group("browser-clocks"), pytest.mark.asyncio(loop_scope="session")]

UNCLAIMED = "nobody has claimed it"
DUE_NEXT = "To what falls due next"


async def clock(visitor: Visitor) -> datetime:
    state = await visitor.at.page.request.get(f"{visitor.address}/sandbox/demo/state")
    return datetime.fromisoformat((await state.json())["clock"]["now"])


async def conversation(visitor: Visitor) -> None:
    """Open the messages of the bot."""
    workspace = visitor.workspace
    await workspace.rail.get_by_role("link", name=re.compile("^portavoce")).click()
    await expect(workspace.main.get_by_role("heading", name="portavoce", level=2)).to_be_visible()
    await workspace.main.get_by_role("link", name="Messages").click()


def struck(message: Locator) -> Locator:
    return message.locator("s, del").filter(has_text=UNCLAIMED)


async def test_warning_and_breach_come_within_two_minutes_and_marta_takes_over(visitor: Visitor, about: str) -> None:
    workspace, look = visitor.workspace, Looking(visitor, "clocks")
    begun = await clock(visitor)
    card = await ask(visitor, about)
    warnings = workspace.message(UNCLAIMED)
    told = await warnings.count()
    await expect(visitor.at.strip.get_by_text(re.compile(r"due in .*\ss"))).to_be_visible()
    await visitor.at.jump(DUE_NEXT)
    await expect(warnings).to_have_count(told + 1)
    warning = warnings.last
    await expect(warning.get_by_text("Owner: nobody has it yet")).to_be_visible()
    await look.at("warning")

    marta = workspace.rail.get_by_role("link", name=re.compile(f"^{MARTA}.*unread"))
    while await clock(visitor) < begun + timedelta(seconds=60):
        await visitor.at.jump(DUE_NEXT)
    await expect(visitor.at.strip.get_by_text("late")).to_be_visible()
    await expect(marta).to_be_visible()
    await workspace.be(MARTA)
    await conversation(visitor)
    breach = workspace.message(f"LATE: {UNCLAIMED}").last
    await expect(breach).to_be_visible()
    assert await clock(visitor) - begun < timedelta(minutes=2)
    await look.at("breach")

    await breach.get_by_role("link", name="Go to the card").click()
    await expect(card.get_by_role("button", name="Claim")).to_be_in_viewport()
    await conversation(visitor)
    await breach.get_by_role("button", name="Take over").click()
    await expect(struck(breach)).to_be_visible()
    await expect(breach.get_by_role("button", name="Take over")).to_have_count(0)
    await workspace.open("billing")
    await expect(card.get_by_text("Marta Rossi is answering.")).to_be_visible()
    await expect(struck(warning)).to_be_visible()
    await card.get_by_role("button", name="Explain").click()
    explanation = workspace.dialog("Explain")
    await expect(explanation.get_by_text(re.compile("due [0-9]{2}:[0-9]{2}")).first).to_be_visible()
    await look.at("explained")
    await explanation.get_by_role("contentinfo").get_by_role("button", name="Close").click()
    await workspace.open("managers")
    await expect(struck(workspace.message(f"LATE: {UNCLAIMED}").last)).to_be_visible()
    assert not look.found, "\n".join(look.found)


async def test_button_shows_what_happens_if_nobody_answers(visitor: Visitor) -> None:
    workspace, page, guide = visitor.workspace, visitor.at.page, visitor.at.guide
    await page.get_by_role("banner").get_by_role("button", name=re.compile("^Move the time")).click()
    await page.get_by_role("button", name="What if nobody answers?").first.click()
    play = page.get_by_role("region", name="The play")
    await expect(play.get_by_text("nobody claims it").first).to_be_visible()
    await expect(guide.get_by_text("Nobody claimed Elena's question.")).to_be_visible()
    breach = workspace.message(f"LATE: {UNCLAIMED}").last
    await expect(breach).to_be_visible()  # the page has led there by itself
    await workspace.be(ANNA, "billing")
    await guide.get_by_role("button", name="Take me there").click()
    await breach.get_by_role("button", name="Take over").click()
    await expect(guide.get_by_text("Somebody has it now.")).to_be_visible()
    await guide.get_by_role("button", name="Take me there").click()
    card = workspace.card("Invoice 6203").last
    await card.get_by_role("button", name="Explain").click()
    await expect(workspace.dialog("Explain")).to_be_visible()
    await page.keyboard.press("Escape")
    await guide.get_by_role("button", name="Close").click()
    await expect(guide.get_by_text("Somebody has it now.")).to_have_count(0)


async def test_clock_runs_out_on_a_phone(browser: Browser, demo_address: str) -> None:
    async with visiting(browser, demo_address, all_panes=False, **PHONE) as visitor:
        page, workspace, guide = visitor.at.page, visitor.workspace, visitor.at.guide
        look = Looking(visitor, "clocks-phone")
        await page.get_by_role("banner").get_by_role("button", name=re.compile("^Move the time")).click()
        await look.at("choices")
        await page.get_by_role("button", name="What if nobody answers?").first.click()
        await expect(guide.get_by_text("Nobody claimed Elena's question.")).to_be_visible()
        await guide.get_by_role("button", name="Take me there").click()
        await expect(workspace.message(f"LATE: {UNCLAIMED}").last).to_be_visible()
        await look.at("breach")
        assert not look.found, "\n".join(look.found)


async def test_slash_command_says_who_is_on_call(visitor: Visitor) -> None:
    await visitor.workspace.be(CARLA, "managers")
    await visitor.workspace.say("/portavoce oncall", channel="managers")
    answered = visitor.workspace.only_you(re.compile("(Anna Verdi|Bruno Neri).*", re.DOTALL)).last
    await expect(answered).to_be_visible()
    await expect(answered.get_by_text("Dario Blu")).to_be_visible()
