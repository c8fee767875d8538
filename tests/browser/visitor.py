"""Somebody before the demo's page, in a real browser."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext

from tests.browser.chromium import PATIENCE_SECONDS
from tests.browser.panes import DemoPage, NetworkPane, WorkspacePane
from tests.browser.watching import Complaints, Gestures

LAPTOP = {"width": 1440, "height": 900}


@dataclass
class Visitor:
    """Whatever the pages complain of while this person looks at them fails the test."""

    at: DemoPage
    address: str
    complaints: Complaints
    gestures: Gestures

    @property
    def network(self) -> NetworkPane:
        return self.at.network

    @property
    def workspace(self) -> WorkspacePane:
        return self.at.workspace

    async def mark(self) -> int:
        """Return how much was done until now, for ``Gestures.since``."""
        await self.at.page.evaluate("0")  # what was noted before this has arrived when this has
        return len(self.gestures.noted)


class Profile:
    """A browser profile and the page that is open in it."""

    def __init__(self, context: BrowserContext, address: str, gestures: Gestures) -> None:
        self._context = context
        self._address = address
        self._gestures = gestures
        self._page: DemoPage | None = None

    @asynccontextmanager
    async def visit(self, *, all_panes: bool = True) -> AsyncIterator[Visitor]:
        """Give the page, opened if it is not; ``all_panes`` are seen at once where the window is wide."""
        with Complaints().heard_in(self._context) as complaints:
            at, self._page = self._page or DemoPage(await self._context.new_page()), None
            visitor = Visitor(at, self._address, complaints, self._gestures)
            if at.page.url == "about:blank":
                await at.page.goto(f"{self._address}/sandbox/")
            try:
                await at.opened(all_panes=all_panes)
            except AssertionError as error:
                await at.page.screenshot(path=pictures() / "failed-to-open.png")
                error.add_note(f"{at.page.url} complained: {complaints.unexcused()}")
                await at.page.close()
                raise
            yield visitor
        assert not complaints.unexcused(), "the pages complained:\n" + "\n".join(complaints.unexcused())
        self._page = at

    async def leave(self) -> None:
        """Close the page, so that the next visit opens it anew."""
        if self._page is not None:
            await self._page.page.close()
        self._page = None


@asynccontextmanager
async def profile(browser: Browser, address: str, **wishes: Any) -> AsyncIterator[Profile]:
    """Give a browser profile of one's own, with wishes such as ``color_scheme`` and ``viewport``.

    Movement is unwelcome unless wished for: without a graphics card a browser spends most of its time drawing it.
    """
    usual = {"viewport": LAPTOP, "locale": "en-GB", "reduced_motion": "reduce"}
    context = await browser.new_context(**usual | wishes)
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    gestures = Gestures()
    await gestures.listen(context)
    try:
        yield Profile(context, address, gestures)
    finally:
        await context.close()


@asynccontextmanager
async def visiting(browser: Browser, address: str, *, all_panes: bool = True, **wishes: Any) -> AsyncIterator[Visitor]:
    """Visit a demo once, in a profile of one's own."""
    async with profile(browser, address, **wishes) as own, own.visit(all_panes=all_panes) as visitor:
        yield visitor


def pictures_are_wanted() -> bool:
    """Tell whether somebody has asked for pictures of every state; those of failures are always taken."""
    return "PORTAVOCE_SCREENSHOTS" in os.environ


def pictures() -> Path:
    """Return the folder for pictures: the one that ``PORTAVOCE_SCREENSHOTS`` names, else one that git ignores."""
    folder = Path(os.environ.get("PORTAVOCE_SCREENSHOTS") or Path(__file__).with_name("output"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
