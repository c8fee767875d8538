"""Public holidays of a country or of a part of it, as the `holidays` library gives them, or as they were frozen once.

The library is told the language always: left alone it takes the one of the process's environment, and the same
calendar would have other names on another machine. https://holidays.readthedocs.io/
"""

import datetime as dt
import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import holidays as holiday_library
from holidays.constants import HALF_DAY

FROZEN_YEARS: Final = range(2020, 2041)
"""The years whose holidays are written down with a calendar. Fixed, so that no version depends on today's date."""


def check_holidays(region: str) -> None:
    """Refuse a holiday region that the library does not know (`IT`, `IT-BZ`, `DE-BY`), as a `ValueError` sentence."""
    country, _, part = region.partition("-")
    known = holiday_library.list_supported_countries(include_aliases=True)
    if country not in known:
        raise ValueError(f'"{region}" is not a country with known holidays; write a code such as "IT" or "DE-BY"')
    if part and part not in known[country]:
        some = ", ".join(f"{country}-{name}" for name in known[country]) or "none"
        raise ValueError(f'"{region}" is not a part of {country} with holidays of its own; known: {some}')


def holiday_regions() -> list[str]:
    """List every region that `check_holidays` accepts."""
    known = holiday_library.list_supported_countries(include_aliases=True)
    return sorted([*known, *(f"{country}-{part}" for country, parts in known.items() for part in parts)])


def has_half_days(region: str) -> bool:
    """Say whether the library knows half holidays of a region, such as Christmas Eve in Greece."""
    country, _, part = region.partition("-")
    entity = holiday_library.country_holidays(country, subdiv=part or None, expand=False)
    return HALF_DAY in entity.supported_categories


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenHolidays:
    """The holidays of some years as they were given once: `whole` and `half` days by local date, with their names."""

    first_year: int
    last_year: int
    whole: Mapping[dt.date, str]
    half: Mapping[dt.date, str]
    library: str
    """The version of the `holidays` library that gave them."""


class HolidayBook:
    """The holidays of one region (None: none at all), looked up by date.

    Years inside `frozen` are never asked of the library again. For other years today's library answers; a region that
    it no longer knows has no holidays there. Names are in `language` ("en", "it") where the library has them, else
    in English, else in the country's own. Half holidays are known only with `half_days`.
    """

    def __init__(
        self, region: str | None, *, language: str, half_days: bool, frozen: FrozenHolidays | None = None
    ) -> None:
        self._region = region
        self._language = language
        self._half_days = half_days
        self._frozen = frozen
        self._whole: dict[int, Mapping[dt.date, str]] = {}
        self._half: dict[int, Mapping[dt.date, str]] = {}

    def whole(self, day: dt.date) -> str | None:
        """Name the public holiday of a date, None on an ordinary day."""
        if self._frozen is not None and self._frozen.first_year <= day.year <= self._frozen.last_year:
            return self._frozen.whole.get(day)
        if day.year not in self._whole:
            self._whole[day.year] = self._ask(day.year, half=False)
        return self._whole[day.year].get(day)

    def half(self, day: dt.date) -> str | None:
        """Name the half holiday of a date, None on an ordinary day and when half holidays are not kept."""
        if self._frozen is not None and self._frozen.first_year <= day.year <= self._frozen.last_year:
            return self._frozen.half.get(day)
        if day.year not in self._half:
            self._half[day.year] = self._ask(day.year, half=True)
        return self._half[day.year].get(day)

    def freeze(self) -> FrozenHolidays:
        """Give what was frozen, or write down `FROZEN_YEARS` as the library gives them now."""
        if self._frozen is None:
            self._frozen = FrozenHolidays(
                first_year=FROZEN_YEARS[0],
                last_year=FROZEN_YEARS[-1],
                whole={day: name for year in FROZEN_YEARS for day, name in self._ask(year, half=False).items()},
                half={day: name for year in FROZEN_YEARS for day, name in self._ask(year, half=True).items()},
                library=importlib.metadata.version("holidays"),
            )
        return self._frozen

    def _ask(self, year: int, *, half: bool) -> dict[dt.date, str]:
        if self._region is None or (half and not self._half_days):
            return {}
        country, _, part = self._region.partition("-")
        try:
            entity = holiday_library.country_holidays(country, subdiv=part or None, expand=False)
        except NotImplementedError:  # frozen by a release of the library that still knew this region
            return {}
        # outside its years the library knows nothing and prints a warning
        if not entity.start_year <= year <= entity.end_year or (half and HALF_DAY not in entity.supported_categories):
            return {}
        languages = [*entity.supported_languages, entity.default_language]
        found = holiday_library.country_holidays(
            country,
            subdiv=part or None,
            years=year,
            expand=False,
            language=next(
                (one for own in (self._language, "en") for one in languages if _speaks(one, own)), languages[-1]
            ),
            categories=(HALF_DAY,) if half else None,
        )
        return {day: str(name) for day, name in sorted(found.items())}


def _speaks(code: str | None, language: str) -> bool:
    return code is not None and code.partition("_")[0] == language
