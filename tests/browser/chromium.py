"""The browser: Debian's Chromium, or the one that ``PORTAVOCE_BROWSER`` names."""

import contextlib
import os
import shutil
from collections.abc import AsyncIterator

from playwright.async_api import Browser, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE_SECONDS = 20
_SWITCHES = (
    "--no-sandbox",  # the tests may run as root, as in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class NoBrowserError(Exception):
    """There is no Chromium here; the sentence says what was looked for."""


def executable() -> str:
    """Return where Chromium is. Raises ``NoBrowserError``."""
    wanted = os.environ.get("PORTAVOCE_BROWSER")
    for name in (wanted,) if wanted else NAMES:
        if found := shutil.which(name):
            return found
    raise NoBrowserError(
        f"PORTAVOCE_BROWSER names {wanted}, which is not there"
        if wanted
        else "no Chromium here (apt-get install chromium)"
    )


@contextlib.asynccontextmanager
async def chromium(path: str) -> AsyncIterator[Browser]:
    """Run the browser at ``path`` while the block runs."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path, args=_SWITCHES, timeout=60_000, handle_sigint=False
        )
        try:
            yield browser
        finally:
            await browser.close()
