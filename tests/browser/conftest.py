"""Fixtures: a real demo in a process of its own, and visitors in a real browser."""

from collections.abc import AsyncIterator, Iterator
from itertools import count

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.chromium import PATIENCE_SECONDS, NoBrowserError, chromium, executable
from tests.browser.running import running_demo
from tests.browser.visitor import Profile, Visitor, pictures, profile

_FAILED = pytest.StashKey[bool]()
_numbers = count(5001)


@pytest.fixture(scope="session")
def browser_program() -> str:
    """Give the path of the browser; without one the tests are skipped, and the end of the run says so."""
    try:
        return executable()
    except NoBrowserError as reason:
        pytest.skip(f"******** {reason}: the pages were not tested in a browser ********")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(browser_program: str) -> AsyncIterator[Browser]:
    """Give the one browser of this run."""
    expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    async with chromium(browser_program) as running:
        yield running


@pytest.fixture(scope="module")
def demo_address(browser_program: str) -> Iterator[str]:
    """Run ``portavoce demo`` as a process for one module; give its address."""
    with running_demo("--port", "0") as (address, _):
        yield address


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def laptop(browser: Browser, demo_address: str, request: pytest.FixtureRequest) -> AsyncIterator[Profile]:
    """Give the browser profile that the tests of one module share, as they share the demo, with the module's wishes."""
    async with profile(browser, demo_address, **getattr(request.module, "WISHES", {})) as own:
        yield own


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(laptop: Profile, request: pytest.FixtureRequest) -> AsyncIterator[Visitor]:
    """Give a visitor before the open page; after a test that failed a picture is kept, and the page opened anew."""
    async with laptop.visit() as one:
        yield one
        failed = request.node.stash.get(_FAILED, False)
        if failed:
            await one.at.page.screenshot(path=pictures() / f"failed-{request.node.name}.png")
    if failed:
        await laptop.leave()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Remember in the test itself whether it failed."""
    report = yield
    if report.when == "call":
        item.stash[_FAILED] = report.failed
    return report


@pytest.fixture
def about() -> str:
    """Give an invoice that no other test speaks of; what mentions it goes to billing."""
    return f"invoice {next(_numbers)}"
