"""The demo's page as a visitor sees it; controls are found by role and name, as a screen reader finds them."""

import re
from typing import Any

from playwright.async_api import FrameLocator, Locator, Page, expect

ANNA, BRUNO, DARIO, CARLA, MARTA = "Anna Verdi", "Bruno Neri", "Dario Blu", "Carla Bianchi", "Marta Rossi"
ADA, CHIARA, DAVIDE = "Ada Neri", "Chiara Costa", "Davide Leone"
APPROVE = "Approve and send"
SUBMIT = "Submit for approval"


def beginning(words: str) -> re.Pattern[str]:
    return re.compile(rf"^{re.escape(words)}(\W|$)")


class NetworkPane:
    """The customers' network."""

    def __init__(self, frame: FrameLocator) -> None:
        self.frame = frame
        self.main = frame.get_by_role("main")

    async def be(self, name: str) -> None:
        await (
            self.frame.get_by_role("region", name="Who you are on Piazza")
            .get_by_role("button", name=beginning(name))
            .click()
        )
        await expect(self.frame.get_by_role("main", name=f"Piazza, as {name.split(maxsplit=1)[0]}")).to_be_visible()

    @property
    def news(self) -> Locator:
        """The newest sentence about what has just happened."""
        return self.frame.get_by_role("status").get_by_role("button", name="Dismiss").last.locator("..")

    async def see(self, view: str) -> None:
        await self.frame.get_by_role("navigation", name="Views").get_by_role("link", name=beginning(view)).click()

    async def write(self, text: str) -> None:
        await self.see("Timeline")
        await self.frame.get_by_role("textbox", name="Write a post").fill(text)
        await self.frame.get_by_role("button", name="Post", exact=True).click()
        await expect(self.post(text)).to_be_visible()

    def post(self, about: str) -> Locator:
        return self.main.get_by_role("article", name=re.compile("^Post by")).filter(has_text=about)

    def reply(self, text: str) -> Locator:
        """Find a reply of the brand: its text, not where another post quotes it."""
        return self.main.get_by_role("article", name="Reply by Acme").filter(has_text=text)


class WorkspacePane:
    """The company's workspace."""

    def __init__(self, frame: FrameLocator) -> None:
        self.frame = frame
        self.rail = frame.get_by_role("navigation", name="Workspace")
        self.main = frame.get_by_role("main")
        self.thread = frame.get_by_role("complementary", name="Thread")

    async def be(self, name: str, channel: str = "") -> None:
        """Become a person, and open a channel of theirs."""
        await self.rail.get_by_role("group", name="Switch person").get_by_role("link", name=beginning(name)).click()
        await expect(self.rail.get_by_role("link", name=re.compile(rf"^{name}.*\(you\)"))).to_be_visible()
        if channel:
            await self.open(channel)

    async def open(self, channel: str) -> None:
        await self.rail.get_by_role("link", name=beginning(channel)).click()
        await expect(self.main.get_by_role("heading", name=channel, level=2)).to_be_visible()

    async def say(self, text: str, *, channel: str) -> None:
        field = self.main.get_by_role("textbox", name=f"Message #{channel}")
        await field.fill(text)
        await field.press("Enter")

    async def reply_in_thread(self, text: str) -> None:
        field = self.thread.get_by_role("textbox", name="Reply in thread")
        await field.fill(text)
        await field.press("Enter")

    def message(self, about: str) -> Locator:
        return self.main.get_by_role("article").filter(has_text=about)

    def card(self, about: str) -> Locator:
        """Find a department's card: what carries the answer field or says what became of it, never a mere sentence."""
        return self.message(about).filter(has=self.frame.get_by_role("heading", name=re.compile(" wrote to Acme")))

    def approval(self, about: str) -> Locator:
        return self.message(about).filter(has=self.frame.get_by_role("heading", name=re.compile("(PUBLIC|PRIVATE) · ")))

    def waiting(self, about: str) -> Locator:
        """Find the approvals card on which a decision is still to be made."""
        return self.approval(about).filter(has=self.frame.get_by_role("button", name=APPROVE))

    def only_you(self, sentence: str | re.Pattern[str]) -> Locator:
        return self.main.get_by_role("article", name=re.compile("only visible to you")).filter(has_text=sentence)

    def dialog(self, name: str) -> Locator:
        return self.frame.get_by_role("dialog", name=name)

    async def fill_in_dialog(self, name: str, text: str, submit: str) -> None:
        dialog = self.dialog(name)
        await dialog.get_by_role("textbox").fill(text)
        await dialog.get_by_role("contentinfo").get_by_role("button", name=submit).click()
        await expect(dialog).to_be_hidden()


class DemoPage:
    """The whole page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.network = NetworkPane(page.get_by_title("The network").content_frame)
        self.form = page.get_by_title("The contact form").content_frame
        self.workspace = WorkspacePane(page.get_by_title("The workspace").content_frame)
        self.trouble = page.get_by_role("region", name="Try to break it")
        self.guide = page.get_by_role("region", name="Guided tour")
        self.strip = page.get_by_role("region", name="Step clocks")

    async def opened(self, *, all_panes: bool = True) -> None:
        """Wait until all of it is there; in a narrow window only one pane is seen at a time."""
        await expect(self.page.get_by_role("button", name="Play it for me")).to_be_visible()
        if not all_panes:
            return
        await self.to_network()
        await expect(self.network.frame.get_by_role("navigation", name="Views")).to_be_visible()
        await expect(self.workspace.rail.get_by_role("group", name="Switch person")).to_be_visible()

    async def to_form(self) -> None:
        await (
            self.page.get_by_role("group", name="What the customer uses")
            .get_by_role("button", name="Contact form")
            .click()
        )

    async def to_network(self) -> None:
        await (
            self.page.get_by_role("group", name="What the customer uses").get_by_role("button", name="Network").click()
        )

    async def jump(self, where: str) -> dict[str, Any]:
        """Move the demo's clock forward; give what it says then."""
        clock = self.page.get_by_role("banner").get_by_role("button", name=re.compile("^Move the time"))
        if await clock.get_attribute("aria-expanded") == "false":
            await clock.click()
        async with self.page.expect_response(re.compile("/demo/clock$")) as answer:
            await self.page.get_by_role("button", name=where, exact=True).click()
        await clock.click()
        state = await (await answer.value).json()
        return dict(state["clock"])

    async def switch(self, label: str, *, on: bool) -> None:
        """Move a switch that breaks something."""
        opener = self.trouble.get_by_role("button", name=beginning("Try to break it"))
        if await opener.get_attribute("aria-expanded") == "false":
            await opener.click()
        switch = self.trouble.get_by_role("switch", name=label)
        await switch.click()
        await expect(switch).to_be_checked(checked=on)
