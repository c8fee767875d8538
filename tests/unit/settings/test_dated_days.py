"""Dates in the configuration: how they are written, whose wins, and what is refused."""

import datetime as dt
import json

import pytest

from escalation.business_time import ALWAYS
from escalation.settings.example import json_schema
from tests.unit.settings.sample import FILE, SAMPLE, changed, line_of, load, problems_of

MONDAY, FRIDAY, SUNDAY = dt.date(2026, 11, 23), dt.date(2026, 11, 27), dt.date(2026, 11, 29)
HOUSE = 'holidays = "IT"'
BILLING = 'label = "Billing"'


def with_dates(organisation: str = "", billing: str = "") -> str:
    return SAMPLE.replace(HOUSE, f"{HOUSE}\n{organisation}").replace(BILLING, f"{BILLING}\n{billing}")


def hours(calendar, day: dt.date) -> list[str]:
    start = dt.datetime(day.year, day.month, day.day, tzinfo=calendar.zone)
    end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), tzinfo=calendar.zone)
    return [f"{one.start:%H:%M}-{one.end:%H:%M}" for one in calendar.intervals(start, end)]


@pytest.mark.parametrize(
    "written",
    [
        'half_days = { 2026-11-27 = ["09:00-11:00"] }',
        'half_days = { "2026-11-27" = ["09:00-11:00"] }',
        'half_days.2026-11-27 = ["10:00-11:00", "09:00-10:00"]',
    ],
)
def test_a_half_day_may_be_written_in_every_way_of_toml(written):
    calendar = load(with_dates(written)).calendar_for("billing")

    assert hours(calendar, FRIDAY) == ["09:00-11:00"]
    assert hours(calendar, MONDAY) == ["09:00-13:00", "14:00-18:00"]


def test_a_half_day_may_stand_in_a_section_of_its_own():
    calendar = load(f"{SAMPLE}\n[organisation.half_days]\n2026-11-27 = ['09:00-11:00']\n").calendar_for("billing")

    assert hours(calendar, FRIDAY) == ["09:00-11:00"]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("closed_days = [2026-11-27]", "closed"),
        ('closed_days = ["2026-11-27"]', "closed"),
        ('closed_days = { 2026-11-27 = "Outing" }', "Outing"),
    ],
)
def test_a_closed_day_may_have_a_name(written, name):
    assert load(with_dates(written)).calendar_for("billing").closed_because(FRIDAY) == name


def test_a_department_adds_its_dates_and_its_own_win():
    house = 'closed_days = [2026-11-23]\nhalf_days = { 2026-11-27 = ["09:00-11:00"], 2026-11-29 = ["09:00-10:00"] }'
    billing = 'half_days = { 2026-11-23 = ["09:00-12:00"] }\nclosed_days = { 2026-11-27 = "Stocktaking" }'
    settings = load(with_dates(house, billing))
    own, other = settings.calendar_for("billing"), settings.calendar_for("product")

    assert (hours(own, MONDAY), hours(other, MONDAY)) == (["09:00-12:00"], [])
    assert hours(own, FRIDAY) == []
    assert hours(own, SUNDAY) == ["09:00-10:00"]
    assert own.closed_because(FRIDAY) == "Stocktaking"


@pytest.mark.parametrize(
    ("own", "remaining"),
    [
        ("", ["09:00-13:00"]),
        ('hours = { friday = ["11:00-20:00"] }', ["11:00-13:00"]),
        ('hours = { friday = ["08:00-10:00", "12:00-18:00"] }', ["09:00-10:00", "12:00-13:00"]),
        ('hours = { thursday = ["22:00-10:00"] }', ["09:00-10:00"]),
        ('hours = { friday = ["14:00-20:00"] }', []),
        ('hours = { monday = ["09:00-18:00"] }', []),
        ('hours = { monday = ["09:00-18:00"] }\nhalf_days = { 2026-11-27 = ["10:00-15:00"] }', ["10:00-15:00"]),
    ],
)
def test_a_half_day_of_the_organisation_opens_no_department_at_hours_when_it_is_closed(own, remaining):
    calendar = load(with_dates('half_days = { 2026-11-27 = ["09:00-13:00"] }', own)).calendar_for("billing")

    assert hours(calendar, FRIDAY) == remaining


@pytest.mark.parametrize("written", ["false", '"none"'])
def test_a_department_may_have_no_holidays(written):
    christmas = dt.date(2026, 12, 25)  # a Friday
    settings = load(with_dates("", f"holidays = {written}"))

    assert hours(settings.calendar_for("billing"), christmas) == ["09:00-17:00"]
    assert hours(settings.calendar_of_the_house, christmas) == []
    assert hours(load(with_dates("", 'holidays = "JP"')).calendar_for("billing"), christmas) == ["09:00-17:00"]


@pytest.mark.parametrize("written", ["true", "7", '""'])
def test_other_holidays_than_a_country_or_none_are_refused(written):
    [problem] = problems_of(with_dates("", f"holidays = {written}"))

    assert problem.key == "departments.billing.holidays"
    assert problem.sentence.endswith("or false where a department works on holidays")


def test_the_organisation_leaves_the_key_out_where_it_has_no_holidays():
    assert problems_of(changed(HOUSE, "holidays = false"))


def test_half_holidays_without_holidays_are_advised_against():
    told = load(with_dates("", 'holidays = false\nholiday_half_days = ["09:00-12:00"]')).warnings
    assert [one.sentence for one in told] == ["changes nothing: no holidays are given"]


def test_an_editor_knows_that_a_department_may_have_no_holidays():
    schema = json_schema({})
    [written] = [part["properties"]["holidays"] for name, part in schema["$defs"].items() if name == "Department"]
    assert {"const": False} in written["anyOf"][0]["anyOf"]


def test_half_holidays_are_kept_by_the_organisation_or_by_a_department():
    house = changed(HOUSE, 'holidays = "GR"\nholiday_half_days = ["09:00-12:00"]')
    eve = dt.date(2027, 12, 24)  # a Friday

    assert hours(load(house).calendar_for("billing"), eve) == ["09:00-12:00"]
    own = load(house.replace(BILLING, f"{BILLING}\nholiday_half_days = []"))
    assert hours(own.calendar_for("billing"), eve) == ["09:00-17:00"]


def test_holidays_are_named_in_the_language_of_the_organisation():
    christmas = dt.date(2026, 12, 25)

    assert load(SAMPLE).calendar_for("billing").closed_because(christmas) == "Christmas Day"
    italian = load(changed('language = "en"', 'language = "it"'))
    assert italian.calendar_for("billing").closed_because(christmas) == "Natale"


def test_a_copy_with_other_sections_has_other_calendars():
    settings = load(SAMPLE)
    before = settings.calendar_for("billing")
    house = settings.organisation.model_copy(update={"closed_days": {FRIDAY: "Outing"}})

    changed_settings = settings.model_copy(update={"organisation": house})

    assert changed_settings.calendar_for("billing").closed_because(FRIDAY) == "Outing"
    assert settings.calendar_for("billing") == before
    assert settings.calendar_of_policy("quick", "billing") is ALWAYS


# (what is written in [organisation], a part of the line to name, the rest of the problem's line)
REFUSALS = {
    "no date in a list": (
        'closed_days = [\n2026-11-23,\n"tomorrow"]',
        '"tomorrow"',
        "closed_days: must be a date such as 2026-12-24",
    ),
    "a number": ("closed_days = [20261123]", "closed_days", "closed_days: must be a date such as 2026-12-24"),
    "a time": ("closed_days = [2026-11-23T10:00:00]", "closed_days", "closed_days: must be a date such as 2026-12-24"),
    "no such date": (
        'closed_days = { 2026-02-30 = "Never" }',
        "closed_days",
        "closed_days.2026-02-30: must be a date such as 2026-12-24",
    ),
    "a date as a number": (
        'half_days = { 20261123 = ["09:00-10:00"] }',
        "half_days",
        "half_days.20261123: must be a date such as 2026-12-24",
    ),
    "no name": ('closed_days = { 2026-11-23 = "" }', "closed_days", "closed_days.2026-11-23: must not be empty"),
    "no list": ('closed_days = "2026-11-23"', "closed_days", "closed_days: must be a section"),
    "one text": (
        'half_days = { 2026-11-23 = "09:00-10:00" }',
        "half_days",
        'half_days.2026-11-23: hours are always a list; write ["09:00-10:00"]',
    ),
    "no hours": (
        "half_days = { 2026-11-23 = [] }",
        "half_days",
        "half_days.2026-11-23: a date without hours is a closed day; write it under closed_days",
    ),
    "over midnight": (
        'half_days = { 2026-11-23 = ["22:00-02:00"] }',
        "half_days",
        (
            'half_days.2026-11-23: "22:00-02:00" runs into the next day; the hours of a date end at 24:00, so write '
            "the rest under the next date"
        ),
    ),
    "overlap": (
        'half_days = { 2026-11-23 = ["09:00-12:00", "11:00-13:00"] }',
        "half_days",
        'half_days.2026-11-23: "09:00-12:00" and "11:00-13:00" overlap',
    ),
    "closed and half": (
        'closed_days = [2026-11-23]\nhalf_days = { 2026-11-23 = ["09:00-10:00"] }',
        "half_days",
        "half_days.2026-11-23: has hours and stands under closed_days too; it can only be one of them",
    ),
    "closed by name and half": (
        'closed_days = { 2026-11-23 = "Outing" }\nhalf_days = { 2026-11-23 = ["09:00-10:00"] }',
        "half_days",
        "half_days.2026-11-23: has hours and stands under closed_days too; it can only be one of them",
    ),
    "half holidays unreadable": (
        'holiday_half_days = ["9-13"]',
        "holiday_half_days",
        'holiday_half_days: "9-13" is not a span of hours; write "09:00-13:00", "22:00-06:00" or "24h"',
    ),
    "misspelt": ("closed_day = [2026-11-23]", "closed_day", "closed_day: unknown key; did you mean closed_days?"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_wrong_date_is_told_on_its_line(case):
    written, part, sentence = REFUSALS[case]
    text = with_dates(written)

    assert [str(problem) for problem in problems_of(text)] == [f"{FILE}:{line_of(text, part)}: organisation.{sentence}"]


def test_a_wrong_date_of_a_department_is_told_too():
    text = with_dates(billing='closed_days = [2026-11-23]\nhalf_days = { 2026-11-23 = ["09:00-10:00"] }')

    (problem,) = problems_of(text)

    assert (problem.key, problem.line) == ("departments.billing.half_days.2026-11-23", line_of(text, "half_days"))


def test_half_holidays_without_effect_are_advised_against():
    def told(text: str) -> list[str]:
        return [problem.sentence for problem in load(text).warnings if "holiday_half_days" in problem.key]

    kept = 'holiday_half_days = ["09:00-13:00"]'
    assert told(changed(HOUSE, f'holidays = "DE"\n{kept}')) == ["changes nothing: no half holidays are known for DE"]
    assert told(changed(HOUSE, kept)) == ["changes nothing: no holidays are given"]
    assert told(changed(HOUSE, f'holidays = "GR"\n{kept}')) == []
    assert told(with_dates(billing=kept).replace('"IT"', '"FR"')) == [
        "changes nothing: no half holidays are known for FR"
    ]


def test_the_dates_can_be_shown_as_json():
    settings = load(with_dates('closed_days = [2026-11-23]\nhalf_days = { 2026-11-27 = ["09:00-11:00"] }'))

    shown = json.loads(settings.organisation.model_dump_json())

    assert shown["closed_days"] == {"2026-11-23": ""}
    assert shown["half_days"] == {"2026-11-27": ["09:00-11:00"]}
    assert shown["hours"]["friday"] == ["09:00-17:00"]


def test_the_json_schema_takes_dates_in_both_ways():
    house = json_schema({})["$defs"]["Organisation"]["properties"]

    assert [kind["type"] for kind in house["closed_days"]["anyOf"]] == ["array", "object"]
    assert house["closed_days"]["anyOf"][1]["propertyNames"] == {"pattern": r"^\d{4}-\d{2}-\d{2}$"}
    assert house["half_days"]["additionalProperties"] == {"type": "array", "items": {"type": "string"}}
    assert house["company_days"]["anyOf"][0]["type"] == "string"
    assert house["holiday_half_days"]["type"] == "array"
    assert {"closed_days", "half_days", "company_days"} <= set(json_schema({})["$defs"]["Department"]["properties"])
