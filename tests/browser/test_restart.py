"""The demo is killed and started again with ``--keep``: the open page finds back by itself, and nothing is missing."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.panes import ADA, ANNA, APPROVE, CARLA
from tests.browser.running import running_demo
from tests.browser.visitor import visiting

pytestmark = [pytest.mark.xdist_group("browser-restart"), pytest.mark.asyncio(loop_scope="session")]


async def test_page_reconnects_by_itself_after_the_demo_was_killed(
    browser: Browser, tmp_path: Path, about: str
) -> None:
    keep = ("--keep", str(tmp_path))
    with running_demo("--port", "0", *keep) as (address, process):
        async with visiting(browser, address) as visitor:
            network, workspace = visitor.network, visitor.workspace
            await network.be(ADA)
            await network.write(f"@acme Will you still know {about}?")
            await workspace.be(ANNA, "billing")
            field = workspace.card(about).get_by_role("textbox", name="Your answer")
            await field.fill(f"Yes, {about} is safe.")
            await field.press("Enter")
            await workspace.be(CARLA, "approvals")
            await expect(workspace.waiting(about)).to_be_visible()

            visitor.complaints.excuse(
                r"net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE"
                r"|CONTENT_LENGTH_MISMATCH)",
                because="nobody answers while the demo is dead",
            )
            process.kill()
            process.wait()
            await expect(visitor.at.page.get_by_role("status").get_by_text("The demo does not answer")).to_be_visible()
            with running_demo("--port", address.rpartition(":")[2], *keep) as (again, _):
                assert again == address
                await expect(visitor.at.page.get_by_text("The demo does not answer")).to_have_count(0)
                await workspace.waiting(about).get_by_role("button", name=APPROVE).click()
                await expect(network.reply(about)).to_have_count(1)
                await expect(network.post(about)).to_have_count(1)
                await expect(visitor.at.trouble.get_by_text("approved 1 · sent 1 · doubled 0 · lost 0")).to_be_visible()
