"""A calendar that was written down comes back exactly, whatever the libraries say by then."""

import base64
import datetime as dt
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalation import public_holidays
from escalation.business_time import ALWAYS, BusinessCalendar, zone, zone_rules
from escalation.calendar_days import Closure
from escalation.calendar_definition import fingerprint
from escalation.opening_hours import parse_opening
from escalation.public_holidays import FROZEN_YEARS
from tests.unit.calendar_recipes import ZONES, calendars, changes, random_recipe

UTC = dt.UTC
CHRISTMAS = dt.date(2026, 12, 25)
WEEK = (((9 * 60, 17 * 60),),) * 5 + ((), ())
NOON = dt.datetime(2026, 12, 25, 12, tzinfo=UTC)


def office(**said) -> BusinessCalendar:
    return BusinessCalendar(**{"weekly": WEEK, "timezone": "Europe/Rome", "holidays": "IT", **said})


def edited(calendar: BusinessCalendar, change) -> BusinessCalendar:
    definition = json.loads(json.dumps(calendar.definition))
    change(definition)
    return BusinessCalendar.from_definition(definition)


@settings(max_examples=100, deadline=None)
@given(calendars(), st.integers(0, 40 * 86_400), st.integers(1, 200 * 3600))
def test_a_calendar_comes_back_with_its_answers(given_calendar, length, seconds):
    calendar, start = given_calendar
    end = start + dt.timedelta(seconds=length)

    back = BusinessCalendar.from_definition(json.loads(json.dumps(calendar.definition)))

    assert back.definition == calendar.definition
    assert back.version == calendar.version
    assert back.elapsed(start, end) == calendar.elapsed(start, end)
    assert back.due(start, seconds) == calendar.due(start, seconds)
    assert back.intervals(start, end) == calendar.intervals(start, end)
    assert back.skipped(start, end) == calendar.skipped(start, end)


@pytest.mark.parametrize("name", ZONES)
def test_every_zone_comes_back_over_its_clock_changes(name):
    chance = random.Random(name)
    for start in changes(name)[::7]:
        calendar = random_recipe(chance, name, start).calendar()
        back = BusinessCalendar.from_definition(calendar.definition)
        for days in range(0, 400, 9):
            end = start + dt.timedelta(days=days)
            assert back.elapsed(start, end) == calendar.elapsed(start, end)


def test_round_the_clock_comes_back_and_never_closes():
    back = BusinessCalendar.from_definition(json.loads(json.dumps(ALWAYS.definition)))

    assert back == ALWAYS
    assert back.never_closes
    assert back.is_open(dt.datetime(2300, 1, 1, tzinfo=UTC))


def test_frozen_holidays_are_those_of_the_day_and_not_of_the_library():
    def another_library(definition):
        del definition["frozen"]["holidays"]["2026-12-25"]
        definition["frozen"]["holidays"]["2026-12-23"] = "Day of the Calendar"
        definition["made_with"]["holidays"] = "0.1"

    back = edited(office(), another_library)

    assert back.is_open(NOON)
    assert back.closed_because(CHRISTMAS) is None
    assert back.closed_because(dt.date(2026, 12, 23)) == "Day of the Calendar"
    assert back.definition["made_with"]["holidays"] == "0.1"


def test_the_library_is_asked_for_years_outside_the_frozen_ones_only(monkeypatch):
    asked = []
    library = public_holidays.holiday_library.country_holidays

    def listening(country, **how):
        asked.append(how.get("years"))
        return library(country, **how)

    definition = office(holidays="GR", holiday_half_days=[(540, 780)]).definition
    monkeypatch.setattr(public_holidays.holiday_library, "country_holidays", listening)
    back = BusinessCalendar.from_definition(definition)

    assert not back.is_open(NOON)
    back.elapsed(dt.datetime(2021, 1, 1, tzinfo=UTC), dt.datetime(2038, 1, 1, tzinfo=UTC))
    assert back.version == fingerprint(definition)
    assert asked == []
    assert back.closed_because(dt.date(2041, 12, 25)) == "Christmas Day"
    assert set(asked) == {None, 2041}


def test_a_region_that_the_library_forgot_keeps_its_frozen_holidays_and_has_no_others():
    back = edited(office(), lambda definition: definition.update(holidays="XX"))

    assert back.closed_because(CHRISTMAS) == "Christmas Day"
    assert back.closed_because(dt.date(2041, 12, 25)) is None


def test_zone_rules_are_those_of_the_day_and_not_of_the_library():
    """Rome with the rules of New York, as if Italy had moved since."""

    def moved(definition):
        definition["zone_rules"] = base64.b64encode(zone_rules("America/New_York")).decode()

    morning = dt.datetime(2026, 11, 17, 9, tzinfo=UTC)
    back = edited(office(), moved)

    assert office().is_open(morning)
    assert not back.is_open(morning)
    assert back.is_open(morning + dt.timedelta(hours=6))
    assert back.timezone == "Europe/Rome"
    assert back.intervals(morning, morning + dt.timedelta(hours=6))[0].start.hour == 9
    assert zone("Europe/Rome").utcoffset(morning) == dt.timedelta(hours=1)  # others are not disturbed


def test_the_version_is_another_one_when_an_answer_could_be_another_one():
    eve, meeting = dt.date(2026, 12, 24), Closure(NOON, NOON + dt.timedelta(hours=1), "Meeting")
    half = {eve: [parse_opening("09:00-13:00")]}
    versions = [
        calendar.version
        for calendar in (
            office(),
            office(weekly=(((9 * 60, 18 * 60),),) * 5 + ((), ())),
            office(timezone="Europe/Berlin"),
            office(holidays="IT-BZ"),
            office(holidays=None),
            office(language="it"),
            office(closed_days=[eve]),
            office(closed_days={eve: "Outing"}),
            office(half_days=half),
            office(half_days={eve: [parse_opening("09:00-12:00")]}),
            office(holiday_half_days=half[eve]),
            office(closures=[meeting]),
            office(closures=[Closure(meeting.start, meeting.end, "Other")]),
            edited(office(), lambda definition: definition["frozen"]["holidays"].pop("2030-12-25")),
            edited(office(), lambda definition: definition["frozen"].update(last_year=2039)),
            edited(
                office(),
                lambda definition: definition.update(zone_rules=base64.b64encode(zone_rules("Asia/Tokyo")).decode()),
            ),
        )
    ]

    assert len(set(versions)) == len(versions)


def test_the_version_stays_when_only_the_writing_or_a_library_release_is_another_one():
    def newer(definition):
        definition["made_with"] = {"holidays": "99.0", "tzdata": "2099.1"}

    two = (((9 * 60, 12 * 60), (12 * 60, 17 * 60)),) * 5 + ((), ())
    days = [dt.date(2026, 12, 24), dt.date(2026, 12, 31)]
    halves = {day: [parse_opening("09:00-13:00")] for day in days}

    assert edited(office(), newer).version == office().version
    assert edited(office(), newer) == office()
    assert office(weekly=two) == office()
    assert office(closed_days=days) == office(closed_days=dict.fromkeys(reversed(days), ""))
    meetings = [Closure(NOON + dt.timedelta(days=d), NOON + dt.timedelta(days=d, hours=1), "Meeting") for d in (1, 2)]
    assert office(closures=meetings) == office(closures=reversed(meetings))
    assert office(half_days=halves) == office(half_days=dict(reversed(halves.items())))
    nights = [office(weekly=week) for week in ((((22 * 60, 30 * 60),),) * 7, (((0, 6 * 60), (22 * 60, 24 * 60)),) * 7)]
    assert nights[0] == nights[1]


def test_the_definition_can_be_read_by_people_and_says_what_it_holds():
    definition = office(closed_days={dt.date(2026, 12, 24): "Outing"}).definition

    assert definition["hours"]["monday"] == ["09:00-17:00"]
    assert definition["closed_days"] == {"2026-12-24": "Outing"}
    assert (definition["frozen"]["first_year"], definition["frozen"]["last_year"]) == (2020, 2040)
    assert {int(day[:4]) for day in definition["frozen"]["holidays"]} == set(FROZEN_YEARS)
    assert set(definition["made_with"]) == {"holidays", "tzdata"}
    assert len(json.dumps(definition)) < 30_000


def test_another_format_is_refused():
    with pytest.raises(
        ValueError, match=r"a calendar of format 2 cannot be read here; this version of Portavoce has 1"
    ):
        BusinessCalendar.from_definition({"format": 2})
    with pytest.raises(ValueError, match="format None"):
        BusinessCalendar.from_definition({})
