"""Every page and state for people who use a screen reader, a keyboard only, a phone, or large letters."""

import re
from collections.abc import Callable

import pytest
from playwright.async_api import Browser, expect

from tests.browser.looking import PHONE, Looking
from tests.browser.panes import ADA, ANNA, APPROVE, CARLA, SUBMIT, beginning
from tests.browser.reading import tab_to
from tests.browser.steps import ask, to_approve
from tests.browser.visitor import Visitor, visiting

pytestmark = [pytest.mark.xdist_group("browser-accessibility"), pytest.mark.asyncio(loop_scope="session")]

HALF = {"viewport": {"width": 720, "height": 450}, "device_scale_factor": 2}  # what 200 % leaves of a laptop


async def test_laptop(visitor: Visitor, about: str, record_property: Callable[[str, object], None]) -> None:
    page, workspace, network = visitor.at.page, visitor.workspace, visitor.network
    visitor.complaints.excuse(r"/forms/contact\?embed=1 400$", because="this test enters a wrong address on purpose")
    visitor.complaints.excuse(r"status of 400 .*/forms/contact", because="the same, in the console's words")
    look = Looking(visitor, "laptop")
    await look.at("begun")
    card = await ask(visitor, about)
    await look.at("card")
    await card.get_by_role("button", name="Answer", exact=True).click()
    dialog = workspace.dialog("Answer")
    await dialog.get_by_role("textbox").fill(f"We pay {about} back on Monday.")
    await look.at("dialog")
    await dialog.get_by_role("button", name=SUBMIT).click()
    await expect(dialog).to_be_hidden()
    await card.get_by_role("link", name=re.compile("repl(y|ies)")).first.click()
    await expect(workspace.thread).to_be_visible()
    said = workspace.thread.get_by_role("article").last
    await said.hover()
    await said.get_by_role("button", name="More actions").click()
    await look.at("thread-with-menu")
    await page.keyboard.press("Escape")
    await workspace.rail.get_by_role("link", name=re.compile("^portavoce")).click()
    await workspace.main.get_by_role("link", name="Home").click()
    await expect(workspace.main.get_by_text(about).first).to_be_visible()
    await look.at("home")
    approval = await to_approve(visitor, f"{about} back on Monday")
    await look.at("approval")
    await approval.get_by_role("button", name="Edit and send").click()
    await workspace.fill_in_dialog("Edit and send", f"We pay {about} back on Tuesday.", APPROVE)
    await expect(workspace.approval(about).get_by_text("What was changed:")).to_be_visible()
    await look.at("approved-with-changes")
    await workspace.approval(about).get_by_role("button", name="Details").click()
    await expect(workspace.frame.get_by_role("dialog")).to_be_visible()
    await look.at("details")
    await page.keyboard.press("Escape")
    await expect(network.reply(about)).to_be_visible()
    await look.at("reply")
    await network.see("Notifications")
    await workspace.be(ANNA, "billing")
    await workspace.main.get_by_role("textbox", name="Message #billing").press_sequentially("/")
    await expect(workspace.frame.get_by_role("listbox", name="Suggestions")).to_be_visible()
    await look.at("notifications-and-suggestions")
    await network.see("Messages")
    await page.get_by_role("banner").get_by_role("button", name=re.compile("^Move the time")).click()
    await visitor.at.trouble.get_by_role("button", name=beginning("Try to break it")).click()
    await look.at("messages-and-switches")
    await visitor.at.to_form()
    form = visitor.at.form
    await form.get_by_role("textbox", name="Your name").fill("Ben Okafor")
    await form.get_by_role("textbox", name="Your e-mail address").fill("no address")
    await form.get_by_role("textbox", name="Your message").fill("Where is my parcel?")
    await form.get_by_role("button", name="Send").click()
    await expect(form.get_by_role("alert")).to_be_visible()
    await look.at("form-refused")
    await form.get_by_role("textbox", name="Your e-mail address").fill("ben@customer.example")
    await form.get_by_role("button", name="Send").click()
    await expect(form.get_by_role("heading", name="Your conversation with Acme")).to_be_visible()
    await look.at("form-conversation")
    record_property("states", look.states)
    assert not look.found, "\n".join(look.found)


@pytest.mark.parametrize(("name", "wishes"), [("phone", PHONE), ("zoomed", HALF)])
async def test_narrow_windows(browser: Browser, demo_address: str, about: str, name: str, wishes) -> None:
    async with visiting(browser, demo_address, all_panes=False, **wishes) as visitor:
        page, workspace, network = visitor.at.page, visitor.workspace, visitor.network
        tabs = page.get_by_role("navigation", name="Panes")

        async def turn_to(pane: str) -> None:
            if await tabs.is_visible():
                await tabs.get_by_role("button", name=pane).click()

        look = Looking(visitor, name)
        await turn_to("Network")
        await network.be(ADA)
        await network.write(f"@acme I was charged twice for {about}. Can you look into it?")
        await look.at("network")
        await turn_to("Workspace")
        if await (back := workspace.frame.get_by_role("link", name="Back to the channels")).is_visible():
            await back.click()
            await look.at("channels")
        await workspace.be(ANNA, "billing")
        card = workspace.card(about)
        await expect(card).to_be_visible()
        await card.scroll_into_view_if_needed()
        await look.at("card")
        await card.get_by_role("button", name="Answer", exact=True).click()
        await workspace.dialog("Answer").get_by_role("textbox").fill(f"We pay {about} back.")
        await look.at("dialog")
        await workspace.dialog("Answer").get_by_role("button", name=SUBMIT).click()
        await expect(workspace.dialog("Answer")).to_be_hidden()
        await card.get_by_role("link", name=re.compile("repl(y|ies)")).first.click()
        await expect(workspace.thread).to_be_visible()
        await look.at("thread")
        await turn_to("Contact form")
        if not await tabs.is_visible():
            await visitor.at.to_form()
        await expect(visitor.at.form.get_by_role("heading", name="Write to Acme")).to_be_visible()
        await look.at("form")
        assert not look.found, "\n".join(look.found)


async def test_main_story_without_a_mouse(browser: Browser, demo_address: str, about: str) -> None:
    async with visiting(browser, demo_address) as visitor:
        await play_by_keyboard(visitor, about)


async def play_by_keyboard(visitor: Visitor, about: str) -> None:
    page, workspace, network = visitor.at.page, visitor.workspace, visitor.network
    keyboard = page.keyboard
    post = f"@acme I was charged twice for {about}."
    await tab_to(page, network.frame.get_by_role("textbox", name="Write a post"))
    await keyboard.type(post)
    await tab_to(page, network.frame.get_by_role("button", name="Post", exact=True))
    await keyboard.press("Enter")
    await expect(network.post(about)).to_be_visible()

    async def come_to(person: str, channel: str) -> None:
        """Be somebody in a channel, and stand at its end, where the newest message is."""
        people = workspace.rail.get_by_role("group", name="Switch person")
        await tab_to(page, people.get_by_role("link", name=re.compile(f"^{person}")), back=person == CARLA)
        await keyboard.press("Enter")
        await tab_to(page, workspace.rail.get_by_role("link", name=beginning(channel)))
        await keyboard.press("Enter")
        await tab_to(page, workspace.frame.get_by_text("Go to the message field"), back=True)
        await keyboard.press("Enter")
        await expect(workspace.main.get_by_role("textbox", name=f"Message #{channel}")).to_be_focused()

    await come_to(ANNA, "billing")
    card = workspace.card(about)
    await tab_to(page, card.get_by_role("button", name="Claim"), back=True)
    await keyboard.press("Enter")
    await expect(card.get_by_text("Anna Verdi is answering.")).to_be_visible()
    await tab_to(page, card.get_by_role("button", name="Answer", exact=True))
    await keyboard.press("Enter")
    dialog = workspace.dialog("Answer")
    await expect(dialog.get_by_role("textbox")).to_be_focused()
    await keyboard.type(f"We pay {about} back.")
    await tab_to(page, dialog.get_by_role("button", name=SUBMIT))
    await keyboard.press("Enter")
    await expect(dialog).to_be_hidden()

    await come_to(CARLA, "approvals")
    waiting = workspace.waiting(f"We pay {about} back")
    await tab_to(page, waiting.get_by_role("button", name=APPROVE), back=True)
    await keyboard.press("Enter")
    await expect(network.reply(about)).to_be_visible()
