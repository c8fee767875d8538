"""What people who see, point or hear differently need of a page, measured."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Frame, Locator, Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_MOST_STEPS = 120


async def violations(page: Page, *, only: list[str] | None = None) -> list[str]:
    """Have axe-core look at the page and its frames; give each violation in a line. ``only``: some rules by name."""
    for frame in _shown(page):
        if not await frame.evaluate("typeof window.axe === 'object'"):
            await frame.evaluate(AXE_SCRIPT)
    which = {"type": "rule", "values": only} if only else {"type": "tag", "values": RULES}
    found: dict[str, Any] = await page.evaluate(
        "(which) => axe.run(document, { runOnly: which, resultTypes: ['violations'] })", which
    )
    return [
        f"{one['id']}: {node['html'][:160]} at {node['target']}: {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


_WIDER = """() => {
  const room = document.documentElement.clientWidth;
  const needs = document.documentElement.scrollWidth;
  if (needs <= room) return "";
  const everything = [...document.querySelectorAll("body *")];
  const out = everything.findLast((one) => one.getBoundingClientRect().right > room + 1);
  return `${location.pathname}: ${needs} > ${room}: ${out?.outerHTML.slice(0, 160)}`;
}"""


async def wider_than_the_window(page: Page) -> list[str]:
    """Name the frames that have to be scrolled sideways, with what sticks out."""
    measured = [await frame.evaluate(_WIDER) for frame in _shown(page)]
    return [one for one in measured if one]


async def overlap(one: Locator, other: Locator) -> bool:
    """Say whether two things that are shown lie over each other."""
    first, second = await one.bounding_box(), await other.bounding_box()
    assert first
    assert second
    return all(
        first[at] < second[at] + second[size] and second[at] < first[at] + first[size]
        for at, size in (("x", "width"), ("y", "height"))
    )


async def tab_to(page: Page, wanted: Locator, *, back: bool = False) -> None:
    """Press Tab until something has the keyboard's focus."""
    for _ in range(_MOST_STEPS):
        await page.keyboard.press("Shift+Tab" if back else "Tab")
        if await wanted.count() and await wanted.evaluate(
            "(one) => one.ownerDocument.hasFocus() && one.ownerDocument.activeElement === one"
        ):
            return
    raise AssertionError(f"not reached by {_MOST_STEPS} steps with Tab: {wanted}")


def _shown(page: Page) -> list[Frame]:
    """Return the frames that hold something: one that is to be loaded when it is looked at has no document yet."""
    return [frame for frame in page.frames if frame.url not in {"", "about:blank"}]
