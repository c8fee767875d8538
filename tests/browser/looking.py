"""Looks at one state of the pages after the other, as people who see differently would."""

from typing import Any, Final

from tests.browser.reading import violations, wider_than_the_window
from tests.browser.visitor import Visitor, pictures, pictures_are_wanted

PHONE: Final[dict[str, Any]] = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 2,
    "has_touch": True,
}


class Looking:
    """Looks at one state after the other: axe-core in light, the contrast once more in dark; pictures if wanted."""

    def __init__(self, visitor: Visitor, name: str) -> None:
        self._visitor = visitor
        self._name = name
        self.found: list[str] = []
        self.states = 0

    async def at(self, state: str) -> None:
        page = self._visitor.at.page
        self.states += 1
        for scheme, only in (("light", None), ("dark", ["color-contrast"])):
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            if pictures_are_wanted():
                await page.screenshot(path=pictures() / f"{self._name}-{state}-{scheme}.png")
            self.found += [f"{state}, {scheme}: {line}" for line in await violations(page, only=only)]
        self.found += [f"{state}: sideways: {line}" for line in await wider_than_the_window(page)]
        await page.emulate_media(color_scheme="light", reduced_motion="reduce")
