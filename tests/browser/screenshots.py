"""Makes the pictures at the top of the README from the running demo: ``make screenshots``.

The story is played by clicks, as in the tests; the page is then taken in light and in dark.
"""

import asyncio
import sys
from pathlib import Path

from playwright.async_api import Browser, expect

from tests.browser.chromium import PATIENCE_SECONDS, NoBrowserError, chromium, executable
from tests.browser.panes import ADA, APPROVE, CARLA, CHIARA
from tests.browser.running import running_demo
from tests.browser.steps import answer
from tests.browser.visitor import Visitor, visiting

FOLDER = Path(__file__).resolve().parents[2] / "docs"


async def play(visitor: Visitor) -> None:
    """On a Monday morning: one question answered, and one whose answer waits for Carla."""
    await visitor.at.guide.get_by_role("button", name="Skip").click()
    while not (await visitor.at.jump("To the next morning, 9:00"))["open"]:
        continue
    questions = {
        ADA: ("@acme I was charged twice for invoice 4711. Can you look into it?", "invoice 4711"),
        CHIARA: ("@acme Your invoice 4720 says 20 euro, the shop said 15. Which one is right?", "invoice 4720"),
    }
    answers = {
        ADA: "Sorry, Ada. We have paid the second charge for invoice 4711 back today.",
        CHIARA: "The shop is right, Chiara: invoice 4720 will be corrected to 15 euro.",
    }
    for who, (question, about) in questions.items():
        await visitor.network.be(who)
        await visitor.network.write(question)
        await visitor.workspace.be("Anna Verdi", "billing")
        card = visitor.workspace.card(about)
        await expect(card).to_be_visible()
        await card.get_by_role("button", name="Claim").click()
        await expect(card.get_by_text("owner: Anna Verdi")).to_be_visible()
        await answer(visitor, card, answers[who])
        await visitor.workspace.be(CARLA, "approvals")
        waiting = visitor.workspace.waiting(about)
        await expect(waiting).to_be_visible()
        if who == ADA:
            await waiting.get_by_role("button", name=APPROVE).click()
            await visitor.workspace.only_you("Undo stands on the card").get_by_role("button", name="Dismiss").click()
            await expect(visitor.network.reply("paid the second charge")).to_be_visible()
    await visitor.workspace.waiting("invoice 4720").scroll_into_view_if_needed()
    await visitor.network.reply("paid the second charge").scroll_into_view_if_needed()
    await expect(visitor.at.strip.get_by_text("waits for approval")).to_be_visible()


async def take(browser: Browser, address: str) -> None:
    """Take both pictures of one visit."""
    async with visiting(browser, address) as visitor:
        await play(visitor)
        for scheme in ("light", "dark"):
            await visitor.at.page.emulate_media(color_scheme=scheme)
            await visitor.at.page.screenshot(path=FOLDER / f"demo-{scheme}.png")


async def main() -> int:
    """Take the pictures; 1 where there is no browser."""
    try:
        program = executable()
    except NoBrowserError as reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    FOLDER.mkdir(exist_ok=True)
    expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    with running_demo("--port", "0") as (address, _):
        async with chromium(program) as browser:
            await take(browser, address)
    sys.stdout.write(f"{FOLDER}/demo-light.png and demo-dark.png\n")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
