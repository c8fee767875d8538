"""Business time against worked examples, a brute-force minute counter and the clock changes of seven zones."""

import datetime as dt
import json
import os
import random
import subprocess
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.business_time import (
    ALWAYS,
    BusinessCalendar,
    zone,
    zone_names,
)
from escalation.opening_hours import ROUND_THE_CLOCK, opening_text, parse_opening
from escalation.public_holidays import check_holidays, holiday_regions
from tests.unit.calendar_recipes import ZONES, calendars

UTC = dt.UTC
CLOSED = ()
OFFICE = tuple([(parse_opening("09:00-13:00"), parse_opening("14:00-18:00"))] * 5 + [CLOSED, CLOSED])
NINE_TO_FIVE = tuple([(parse_opening("09:00-17:00"),)] * 5 + [CLOSED, CLOSED])
NIGHTS = tuple([(parse_opening("22:00-06:00"),)] * 7)


def rome(*parts: int, fold: int = 0) -> dt.datetime:
    return local("Europe/Rome", *parts, fold=fold)


def local(name: str, *parts: int, fold: int = 0) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=zone(name), fold=fold).astimezone(UTC)


@pytest.fixture(scope="module")
def office():
    return BusinessCalendar(weekly=OFFICE, timezone="Europe/Rome", holidays="IT")


# --- worked by hand


def test_the_lunch_break_is_not_counted(office):
    assert office.elapsed(rome(2026, 11, 17, 12, 30), rome(2026, 11, 17, 14, 30)) == 60 * 60
    assert office.due(rome(2026, 11, 17, 12, 30), 3600) == rome(2026, 11, 17, 14, 30)


def test_friday_afternoon_goes_on_on_monday():
    calendar = BusinessCalendar(weekly=NINE_TO_FIVE, timezone="Europe/Rome")
    friday = rome(2026, 11, 20, 16, 20)

    due = calendar.due(friday, 130 * 60)

    assert due == rome(2026, 11, 23, 10, 30)
    told = [
        (f"{counted.start:%a %H:%M}", f"{counted.end:%a %H:%M}", counted.seconds)
        for counted in calendar.intervals(friday, due)
    ]
    assert told == [("Fri 16:20", "Fri 17:00", 2400), ("Mon 09:00", "Mon 10:30", 5400)]


def test_a_target_that_ends_at_closing_is_due_then_and_not_the_next_morning():
    calendar = BusinessCalendar(weekly=NINE_TO_FIVE, timezone="Europe/Rome")

    assert calendar.due(rome(2026, 11, 20, 16, 0), 3600) == rome(2026, 11, 20, 17, 0)
    assert calendar.due(rome(2026, 11, 20, 16, 0), 3601) == rome(2026, 11, 23, 9, 0) + dt.timedelta(seconds=1)


def test_a_holiday_is_skipped_and_named(office):
    assert office.elapsed(rome(2026, 12, 8, 0, 0), rome(2026, 12, 9, 0, 0)) == 0  # a Tuesday
    assert office.due(rome(2026, 12, 7, 17, 0), 2 * 3600) == rome(2026, 12, 9, 10, 0)
    assert office.closed_because(dt.date(2026, 12, 8)) == "Immaculate Conception"
    assert office.closed_because(dt.date(2026, 12, 9)) is None


def test_a_part_of_a_country_has_holidays_of_its_own(office):
    whit_monday = rome(2026, 5, 25, 10, 0)
    bolzano = BusinessCalendar(weekly=OFFICE, timezone="Europe/Rome", holidays="IT-BZ")

    assert office.is_open(whit_monday)
    assert not bolzano.is_open(whit_monday)


def test_closed_days_of_the_organisation_are_skipped():
    day = dt.date(2026, 12, 24)
    calendar = BusinessCalendar(weekly=OFFICE, timezone="Europe/Rome", closed_days=[day])

    assert calendar.elapsed(rome(2026, 12, 24), rome(2026, 12, 25)) == 0
    assert calendar.closed_because(day) == "closed"


def test_a_night_shift_counts_on_both_sides_of_midnight():
    calendar = BusinessCalendar(weekly=NIGHTS, timezone="Europe/Rome")

    assert calendar.elapsed(rome(2026, 11, 17, 12), rome(2026, 11, 18, 12)) == 8 * 3600
    assert calendar.due(rome(2026, 11, 17, 23), 3 * 3600) == rome(2026, 11, 18, 2)


def test_a_closed_day_closes_only_its_own_part_of_a_night_shift():
    calendar = BusinessCalendar(weekly=NIGHTS, timezone="Europe/Rome", closed_days=[dt.date(2026, 11, 18)])

    counted = calendar.intervals(rome(2026, 11, 17, 12), rome(2026, 11, 19, 12))

    assert [(one.start.day, one.start.hour, one.seconds) for one in counted] == [(17, 22, 7200), (19, 0, 21_600)]


def test_a_whole_day_ends_at_midnight():
    calendar = BusinessCalendar(weekly=((parse_opening("24h"),), *[CLOSED] * 6), timezone="Europe/Rome")

    assert calendar.elapsed(rome(2026, 11, 22), rome(2026, 11, 25)) == 86_400
    assert calendar.is_open(rome(2026, 11, 24) - dt.timedelta(seconds=1))
    assert not calendar.is_open(rome(2026, 11, 24))


def test_openings(office):
    assert office.is_open(rome(2026, 11, 17, 9, 0))
    assert not office.is_open(rome(2026, 11, 17, 13, 0))
    assert office.next_opening(rome(2026, 11, 17, 13, 0)) == rome(2026, 11, 17, 14, 0)
    assert office.next_opening(rome(2026, 11, 20, 18, 0)) == rome(2026, 11, 23, 9, 0)
    assert office.next_opening(rome(2026, 11, 17, 9, 30)) == rome(2026, 11, 17, 9, 30)


def test_instants_are_cut_to_whole_seconds(office):
    start = rome(2026, 11, 17, 10) + dt.timedelta(microseconds=900_000)

    assert office.elapsed(start, rome(2026, 11, 17, 10, 0, 2)) == 2
    assert office.due(start, 2) == rome(2026, 11, 17, 10, 0, 2)
    assert office.due(start, 0) == start


def test_nothing_has_elapsed_when_the_end_is_not_after_the_start(office):
    assert office.elapsed(rome(2026, 11, 17, 12), rome(2026, 11, 17, 10)) == 0
    assert office.intervals(rome(2026, 11, 17, 12), rome(2026, 11, 17, 10)) == []


def test_answers_are_in_utc(office):
    assert office.due(rome(2026, 11, 17, 10), 60).tzinfo is UTC
    assert office.due(dt.datetime(2026, 11, 17, 10, tzinfo=zone("Europe/Rome")), 0).tzinfo is UTC
    assert office.next_opening(dt.datetime(2026, 11, 17, 10, tzinfo=zone("Europe/Rome"))).tzinfo is UTC


# --- clock changes; two aware datetimes of one zone must never be subtracted


@pytest.mark.parametrize(
    ("name", "day", "hours"),
    [
        ("Europe/Berlin", (2026, 3, 29), 23),
        ("Europe/Berlin", (2026, 10, 25), 25),
        ("America/New_York", (2026, 3, 8), 23),
        ("America/New_York", (2026, 11, 1), 25),
        ("Australia/Lord_Howe", (2026, 10, 4), 23.5),
        ("Australia/Lord_Howe", (2026, 4, 5), 24.5),
        ("Africa/Casablanca", (2026, 2, 15), 25),
        ("Africa/Casablanca", (2026, 3, 22), 23),
        ("America/Sao_Paulo", (2026, 10, 18), 24),
        ("Asia/Kolkata", (2026, 3, 29), 24),
        ("America/Havana", (2025, 11, 1), 24),
        ("America/Havana", (2025, 11, 2), 25),  # its midnight comes twice
        ("Asia/Beirut", (2026, 3, 29), 23),  # its midnight does not come
        ("Pacific/Apia", (2011, 12, 30), 0),
    ],
)
def test_a_day_has_the_length_that_its_zone_gives_it(name, day, hours):
    date = dt.date(*day)
    only = [CLOSED] * 7
    only[date.weekday()] = (parse_opening("24h"),)
    calendar = BusinessCalendar(weekly=tuple(only), timezone=name)
    start, end = (local(name, *(date + dt.timedelta(days=days)).timetuple()[:3]) for days in (-2, 3))

    assert calendar.elapsed(start, end) == hours * 3600


def test_an_opening_that_does_not_exist_moves_to_the_end_of_the_gap():
    calendar = BusinessCalendar(weekly=(((150, 300),),) * 7, timezone="Europe/Berlin")  # 02:30 to 05:00

    (counted,) = calendar.intervals(local("Europe/Berlin", 2026, 3, 29), local("Europe/Berlin", 2026, 3, 30))

    assert (f"{counted.start:%H:%M%z}", counted.seconds) == ("03:00+0200", 7200)


def test_a_closing_that_does_not_exist_moves_to_the_end_of_the_gap():
    calendar = BusinessCalendar(weekly=(((60, 150),),) * 7, timezone="Europe/Berlin")  # 01:00 to 02:30

    (counted,) = calendar.intervals(local("Europe/Berlin", 2026, 3, 29), local("Europe/Berlin", 2026, 3, 30))

    assert (f"{counted.end:%H:%M%z}", counted.seconds) == ("03:00+0200", 3600)


def test_an_ambiguous_opening_is_the_first_and_an_ambiguous_closing_the_second():
    opens = BusinessCalendar(weekly=(((150, 300),),) * 7, timezone="Europe/Berlin")
    closes = BusinessCalendar(weekly=(((60, 150),),) * 7, timezone="Europe/Berlin")
    day = local("Europe/Berlin", 2026, 10, 25), local("Europe/Berlin", 2026, 10, 26)

    assert opens.elapsed(*day) == 3.5 * 3600
    assert closes.elapsed(*day) == 2.5 * 3600


def test_openings_that_meet_in_the_repeated_hour_are_counted_once():
    calendar = BusinessCalendar(weekly=(((60, 135), (150, 240)),) * 7, timezone="Europe/Berlin")  # a pause at 02:15

    day = local("Europe/Berlin", 2026, 10, 25), local("Europe/Berlin", 2026, 10, 26)

    assert calendar.elapsed(*day) == 4 * 3600
    assert len(calendar.intervals(*day)) == 1


# --- properties


@settings(max_examples=200, deadline=None)
@given(calendars(), st.integers(0, 40 * 86_400), st.integers(0, 40 * 86_400))
def test_elapsed_adds_up_and_never_shrinks(given_calendar, one, two):
    calendar, start = given_calendar
    middle, end = (start + dt.timedelta(seconds=seconds) for seconds in sorted([one, two]))

    first, second, whole = calendar.elapsed(start, middle), calendar.elapsed(middle, end), calendar.elapsed(start, end)

    assert first + second == whole
    assert 0 <= first <= whole <= (end - start).total_seconds()
    assert sum(counted.seconds for counted in calendar.intervals(start, end)) == whole


@settings(max_examples=200, deadline=None)
@given(calendars(), st.integers(1, 200 * 3600), st.integers(0, 7200))
def test_due_is_the_inverse_of_elapsed(given_calendar, seconds, more):
    calendar, start = given_calendar

    due = calendar.due(start, seconds)

    assert calendar.elapsed(start, due) == seconds
    assert calendar.elapsed(start, due - dt.timedelta(seconds=1)) == seconds - 1  # the earliest such instant
    assert calendar.due(start, seconds + more) >= due
    assert calendar.due(start + dt.timedelta(seconds=more), seconds) >= due


@settings(max_examples=150, deadline=None)
@given(calendars(), st.integers(0, 10 * 86_400))
def test_intervals_are_open_time_in_order(given_calendar, seconds):
    calendar, start = given_calendar
    counted = calendar.intervals(start, start + dt.timedelta(seconds=seconds))

    for one in counted:
        begin, end = one.start.astimezone(UTC), one.end.astimezone(UTC)
        assert one.seconds == (end - begin).total_seconds() > 0
        assert calendar.is_open(begin)
        assert calendar.is_open(end - dt.timedelta(seconds=1))
    ends = [one.end.astimezone(UTC) for one in counted]
    assert all(end <= one.start.astimezone(UTC) for end, one in zip(ends, counted[1:], strict=False))


@settings(max_examples=100, deadline=None)
@given(calendars(), st.integers(0, 20 * 86_400))
def test_the_next_opening_is_open_and_nothing_before_it_counts(given_calendar, seconds):
    calendar, start = given_calendar
    at = start + dt.timedelta(seconds=seconds)

    opening = calendar.next_opening(at)

    assert opening >= at
    assert calendar.is_open(opening)
    assert calendar.elapsed(at, opening) == 0


@pytest.mark.parametrize("name", ["Europe/Berlin", "Pacific/Apia"])
def test_the_order_of_the_questions_does_not_matter(name):
    chance = random.Random(7)
    stretches = [
        (begin, begin + dt.timedelta(days=chance.randint(0, 900)))
        for begin in (
            dt.datetime(2010, 1, 1, tzinfo=UTC) + dt.timedelta(hours=chance.randint(0, 90_000)) for _ in "x" * 40
        )
    ]
    grown = BusinessCalendar(weekly=NIGHTS, timezone=name, holidays="DE")

    for begin, end in stretches:
        fresh = BusinessCalendar(weekly=NIGHTS, timezone=name, holidays="DE")
        assert grown.elapsed(begin, end) == fresh.elapsed(begin, end)
        assert grown.due(begin, 500 * 3600) == fresh.due(begin, 500 * 3600)


def test_threads_may_grow_one_calendar_at_once():
    calendar = BusinessCalendar(weekly=OFFICE, timezone="Europe/Rome")
    begin = dt.datetime(2020, 1, 1, tzinfo=UTC)
    expected = [
        BusinessCalendar(weekly=OFFICE, timezone="Europe/Rome").elapsed(begin, begin + dt.timedelta(days=500 * step))
        for step in range(8)
    ]
    found = [0] * 8

    def ask(step: int) -> None:
        found[step] = calendar.elapsed(begin, begin + dt.timedelta(days=500 * step))

    threads = [threading.Thread(target=ask, args=(step,)) for step in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == expected


PROGRAM = """
import datetime as dt, pathlib, sys
from escalation.business_time import BusinessCalendar, zone
from escalation.opening_hours import parse_opening
from escalation.settings.company_days import read_company_days
company = read_company_days(pathlib.Path(sys.argv[1]))
calendar = BusinessCalendar(
    weekly=((parse_opening("09:00-17:00"),),) * 7,
    timezone="Europe/Berlin",
    holidays="DE",
    half_days={dt.date(2026, 3, 30): [parse_opening("09:00-12:00")]},
    closed_days=dict(company.days),
    closures=company.closures(zone("Europe/Berlin")),
)
start = dt.datetime(2026, 3, 27, 12, tzinfo=dt.timezone.utc)
end = start + dt.timedelta(days=9)
print(calendar.due(start, 100_000).isoformat(), calendar.elapsed(start, end), calendar.version)
for day in calendar.skipped(start, end):
    print(day.first, day.cause, day.name, *(one.start for one in day.lost))
"""
COMPANY = """\
BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:1
DTSTART:20260328T150000
DTEND:20260328T160000
SUMMARY:Meeting
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART;VALUE=DATE:20260331
SUMMARY:Outing
END:VEVENT
END:VCALENDAR
"""


def test_the_zone_and_the_language_of_the_process_do_not_matter(tmp_path):
    (tmp_path / "company.ics").write_text(COMPANY, "utf-8")

    def printed(process_zone: str, language: str) -> str:
        environment = {**os.environ, "TZ": process_zone, "PYTHONTZPATH": "", "LANGUAGE": language, "LANG": language}
        return subprocess.run(  # a process of its own: both are read at start
            [sys.executable, "-c", PROGRAM, tmp_path / "company.ics"],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    here = printed("UTC", "C")

    assert printed("America/New_York", "de_DE.UTF-8") == here
    assert printed("Asia/Kolkata", "uk") == here
    assert "2026-04-03 holiday Good Friday 2026-04-03 09:00:00+02:00" in here
    assert "2026-03-28 closed_hours Meeting 2026-03-28 15:00:00+01:00" in here


# --- round the clock


@settings(deadline=None)
@given(st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2100, 1, 1)), st.integers(0, 10**9))  # noqa: DTZ001
def test_always_is_wall_time(wall, seconds):
    start = wall.replace(tzinfo=UTC)
    due = ALWAYS.due(start, seconds)

    assert ALWAYS.elapsed(start, due) == seconds
    assert abs((due - start).total_seconds() - seconds) < 1
    assert ALWAYS.is_open(start)
    assert ALWAYS.next_opening(start) == start


def test_always_explains_itself():
    start = dt.datetime(2026, 11, 17, 22, tzinfo=UTC)

    assert [one.seconds for one in ALWAYS.intervals(start, start + dt.timedelta(hours=30))] == [7200, 86_400, 14_400]


def test_round_the_clock_without_holidays_never_closes_and_with_them_does():
    christmas = dt.datetime(2026, 12, 25, 12, tzinfo=UTC)

    assert BusinessCalendar(weekly=ROUND_THE_CLOCK, timezone="Europe/Rome").is_open(christmas)
    assert not BusinessCalendar(weekly=ROUND_THE_CLOCK, timezone="Europe/Rome", holidays="IT").is_open(christmas)


# --- refusals


def test_a_calendar_that_never_opens_is_told():
    never = BusinessCalendar(weekly=(CLOSED,) * 7, timezone="UTC")
    start = dt.datetime(2026, 11, 17, tzinfo=UTC)

    with pytest.raises(ValueError, match="never opens: no day of the week has hours"):
        never.due(start, 1)
    with pytest.raises(ValueError, match="never opens"):
        never.next_opening(start)
    assert never.elapsed(start, start + dt.timedelta(days=999)) == 0


def test_a_calendar_whose_only_days_are_all_closed_is_told():
    sundays = [dt.date(2026, 1, 4) + dt.timedelta(weeks=week) for week in range(52 * 30)]
    weekly = (*[CLOSED] * 6, ((540, 1020),))
    never = BusinessCalendar(weekly=weekly, timezone="Europe/Rome", closed_days=sundays)

    with pytest.raises(ValueError, match="never opens again"):
        never.due(dt.datetime(2026, 11, 17, tzinfo=UTC), 60)


def test_long_targets_reach_over_years():
    weekly = ((((540, 600)),), *[CLOSED] * 6)  # one hour a week
    calendar = BusinessCalendar(weekly=weekly, timezone="Europe/Rome")
    start = rome(2026, 11, 16, 9, 0)

    assert calendar.due(start, 3600 * 521) == rome(2026, 11, 16, 10, 0) + dt.timedelta(weeks=520)


def test_naive_datetimes_are_refused(office):
    naive = dt.datetime(2026, 11, 17, 10)  # noqa: DTZ001 - on purpose
    for ask in (
        lambda: office.elapsed(naive, rome(2026, 11, 17)),
        lambda: office.due(naive, 0),
        lambda: office.due(naive, 5),
        lambda: office.is_open(naive),
    ):
        with pytest.raises(ValueError, match="has no time zone"):
            ask()


def test_a_due_time_in_the_past_is_refused(office):
    with pytest.raises(ValueError, match="lie in the past"):
        office.due(rome(2026, 11, 17), -1)


@pytest.mark.parametrize("year", [1, 1899, 2199, 9999])
def test_centuries_that_nobody_works_in_are_refused(office, year):
    at = dt.datetime(year, 12, 31, 23, tzinfo=UTC)

    with pytest.raises(ValueError, match="from 1900 to 2198"):
        office.is_open(at)


def test_unknown_zones_and_regions_are_refused():
    with pytest.raises(ValueError, match='"Europe/Roma" is not a time zone'):
        BusinessCalendar(weekly=OFFICE, timezone="Europe/Roma")
    with pytest.raises(ValueError, match=r'"\.\./passwd" is not a time zone'):
        zone("../passwd")
    with pytest.raises(ValueError, match='"XX" is not a country'):
        BusinessCalendar(weekly=OFFICE, timezone="UTC", holidays="XX")
    with pytest.raises(ValueError, match='"IT-XX" is not a part of IT'):
        check_holidays("IT-XX")
    assert {"IT", "IT-BZ", "DE-BY"} <= set(holiday_regions())
    assert set(ZONES) <= zone_names()


@pytest.mark.parametrize("text", ["9-17", "09:00", "09:60-10:00", "24:00-25:00", "10:00-10:00", "", "a-b"])
def test_unreadable_openings_are_refused(text):
    with pytest.raises(ValueError, match=r"span of hours|does not exist|is empty"):
        parse_opening(text)


def test_openings_are_written_as_they_are_read():
    for text in ("09:00-13:00", "22:00-06:00", "24h", "18:00-24:00", "18:00-00:30"):
        assert opening_text(parse_opening(text)) == text
    assert parse_opening("22:00-06:00") == (1320, 1800)
    assert parse_opening("0:00-24:00") == parse_opening("24H") == (0, 1440)
    assert parse_opening("18:00-00:00") == (1080, 1440)


def test_a_week_has_seven_days_of_sane_openings():
    with pytest.raises(ValueError, match="seven days"):
        BusinessCalendar(weekly=(CLOSED,) * 6, timezone="UTC")
    with pytest.raises(ValueError, match="is not a span of minutes"):
        BusinessCalendar(weekly=(((600, 540),), *[CLOSED] * 6), timezone="UTC")


# --- identity


def test_the_version_names_what_the_calendar_was_made_of(office):
    same = BusinessCalendar(weekly=OFFICE, timezone="Europe/Rome", holidays="IT")
    others = [
        BusinessCalendar(weekly=NINE_TO_FIVE, timezone="Europe/Rome", holidays="IT"),
        BusinessCalendar(weekly=OFFICE, timezone="Europe/Berlin", holidays="IT"),
        BusinessCalendar(weekly=OFFICE, timezone="Europe/Rome", holidays="IT-BZ"),
        BusinessCalendar(weekly=OFFICE, timezone="Europe/Rome", holidays="IT", closed_days=[dt.date(2026, 1, 2)]),
    ]

    assert office == same
    assert hash(office) == hash(same)
    assert len({office.version, *(other.version for other in others)}) == 5
    assert json.loads(json.dumps(office.definition)) == office.definition
    assert office.definition["hours"]["monday"] == ["09:00-13:00", "14:00-18:00"]
    assert "Europe/Rome" in repr(office)


def test_questions_after_the_first_are_quick(office):
    """Counts steps, not time: a question on compiled days must not compile again."""
    office.due(rome(2026, 11, 17, 10), 3600)
    compiled = office._span

    for minutes in range(0, 200 * 1440, 997):
        office.due(rome(2026, 11, 17, 10) + dt.timedelta(minutes=minutes), 3600)

    assert office._span is compiled
