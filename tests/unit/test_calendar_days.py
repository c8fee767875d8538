"""Days that are not like their weekday: which of them wins, and what a person is told was skipped."""

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.business_time import BusinessCalendar, zone
from escalation.calendar_days import Cause, Closure
from escalation.opening_hours import ROUND_THE_CLOCK, parse_opening
from escalation.public_holidays import has_half_days, holiday_regions
from tests.unit.calendar_recipes import calendars

UTC = dt.UTC
WEEK = (((9 * 60, 17 * 60),),) * 5 + ((), ())
LUNCH = (((9 * 60, 13 * 60), (14 * 60, 18 * 60)),) * 5 + ((), ())
NIGHTS = (((22 * 60, 30 * 60),),) * 7
EVE, CHRISTMAS, SATURDAY = dt.date(2026, 12, 24), dt.date(2026, 12, 25), dt.date(2026, 12, 19)


def rome(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=zone("Europe/Rome")).astimezone(UTC)


def calendar(weekly=WEEK, timezone="Europe/Rome", **said) -> BusinessCalendar:
    return BusinessCalendar(weekly=weekly, timezone=timezone, **said)


def hours_on(of: BusinessCalendar, day: dt.date) -> list[str]:
    """What counts on one date, as a person would read it."""
    start = dt.datetime(day.year, day.month, day.day, tzinfo=of.zone)
    end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), tzinfo=of.zone)
    return [f"{one.start:%H:%M}-{one.end:%H:%M}" for one in of.intervals(start, end)]


def openings(*texts: str) -> tuple:
    return tuple(parse_opening(text) for text in texts)


def told(of: BusinessCalendar, start: dt.datetime, end: dt.datetime) -> list[tuple]:
    return [
        (f"{day.first:%d %b}" + (f"-{day.last:%d %b}" if day.last > day.first else ""), str(day.cause), day.name)
        for day in of.skipped(start, end)
    ]


# --- which rule wins


def test_a_half_day_has_the_hours_written_for_it():
    half = calendar(half_days={EVE: openings("09:00-13:00")})

    assert hours_on(half, EVE) == ["09:00-13:00"]
    assert hours_on(half, EVE - dt.timedelta(days=1)) == ["09:00-17:00"]
    assert half.closed_because(EVE) is None


def test_a_half_day_opens_a_weekday_that_is_closed_and_is_not_told_as_skipped():
    sale = calendar(half_days={SATURDAY: openings("10:00-12:00", "13:00-15:00")})

    assert hours_on(sale, SATURDAY) == ["10:00-12:00", "13:00-15:00"]
    assert sale.skipped(rome(2026, 12, 19), rome(2026, 12, 20)) == []


def test_a_written_date_wins_over_a_public_holiday():
    working = calendar(holidays="IT", half_days={CHRISTMAS: openings("10:00-12:00")})

    assert hours_on(working, CHRISTMAS) == ["10:00-12:00"]
    assert working.closed_because(CHRISTMAS) is None
    assert told(working, rome(2026, 12, 25), rome(2026, 12, 26)) == [("25 Dec", "half_day", "Christmas Day")]


def test_a_written_date_wins_over_an_event_that_closes_hours():
    meeting = Closure(rome(2026, 12, 24, 8), rome(2026, 12, 24, 11), "All hands")

    assert hours_on(calendar(closures=[meeting]), EVE) == ["11:00-17:00"]
    assert hours_on(calendar(closures=[meeting], half_days={EVE: openings("09:00-13:00")}), EVE) == ["09:00-13:00"]


def test_a_closed_day_keeps_its_own_name_and_borrows_the_holidays_when_it_has_none():
    named = calendar(holidays="IT", closed_days={CHRISTMAS: "Winter break", EVE: ""})

    assert named.closed_because(CHRISTMAS) == "Winter break"
    assert named.closed_because(EVE) == "closed"
    assert calendar(holidays="IT", closed_days=[CHRISTMAS]).closed_because(CHRISTMAS) == "Christmas Day"


def test_a_half_day_replaces_what_a_night_shift_brings_into_it():
    nights = calendar(NIGHTS, half_days={EVE: openings("00:00-02:00")})

    assert hours_on(nights, EVE - dt.timedelta(days=1)) == ["00:00-06:00", "22:00-00:00"]
    assert hours_on(nights, EVE) == ["00:00-02:00"]
    assert hours_on(nights, CHRISTMAS) == ["00:00-06:00", "22:00-00:00"]


def test_half_holidays_are_ordinary_days_unless_hours_are_kept_on_them():
    athens = {"weekly": LUNCH, "timezone": "Europe/Athens", "holidays": "GR"}

    assert hours_on(calendar(**athens), EVE) == ["09:00-13:00", "14:00-18:00"]
    kept = calendar(**athens, holiday_half_days=openings("08:00-14:30"))
    assert hours_on(kept, EVE) == ["09:00-13:00", "14:00-14:30"]  # never more than the weekday has
    assert hours_on(kept, dt.date(2026, 12, 25)) == []
    evenings = calendar(
        (((18 * 60, 22 * 60),),) * 7, "Europe/Athens", holidays="GR", holiday_half_days=openings("09:00-13:00")
    )
    assert hours_on(evenings, EVE) == []
    start, end = (dt.datetime(2026, 12, day, 12, tzinfo=zone("Europe/Athens")) for day in (24, 25))
    assert told(evenings, start, end) == [
        ("24 Dec", "half_day", "Christmas Eve"),
        ("25 Dec", "holiday", "Christmas Day"),
    ]


def test_a_half_holiday_opens_no_weekday_that_is_closed():
    eve = dt.date(2022, 12, 24)  # a Saturday
    kept = calendar(timezone="Europe/Athens", holidays="GR", holiday_half_days=openings("09:00-13:00"))

    assert hours_on(kept, eve) == []
    assert hours_on(kept, dt.date(2025, 12, 24)) == ["09:00-13:00"]


def test_a_whole_holiday_wins_over_a_half_one():
    day = dt.date(2026, 5, 4)  # Youth Day is half, the observed Labour Day of 2026 is whole
    china = calendar(timezone="Asia/Shanghai", holidays="CN", holiday_half_days=openings("09:00-13:00"))

    assert hours_on(china, day) == []


def test_names_of_holidays_come_in_the_language_asked_for():
    assert calendar(holidays="IT", language="it").closed_because(CHRISTMAS) == "Natale"
    assert calendar(holidays="DE", language="it").closed_because(CHRISTMAS) == "Christmas Day"  # no Italian there
    assert calendar(holidays="AG", language="it").closed_because(CHRISTMAS) == "Christmas Day"


def test_a_year_that_the_library_does_not_know_has_no_holidays():
    assert calendar(holidays="SA", timezone="Asia/Riyadh").closed_because(dt.date(2150, 9, 23)) is None


def test_regions_with_half_holidays_are_known():
    assert has_half_days("GR")
    assert has_half_days("US-PR")
    assert not has_half_days("DE")
    assert sum(has_half_days(region) for region in holiday_regions() if len(region) == 2) >= 10


# --- closures


def test_closures_may_overlap_touch_and_reach_over_days():
    busy = calendar(
        closures=[
            Closure(rome(2026, 11, 17, 10), rome(2026, 11, 17, 12), "Meeting"),
            Closure(rome(2026, 11, 17, 11), rome(2026, 11, 17, 11, 30), "Inside"),
            Closure(rome(2026, 11, 17, 12), rome(2026, 11, 17, 13), "After"),
            Closure(rome(2026, 11, 17, 16), rome(2026, 11, 19, 10), "Move"),
            Closure(rome(2026, 11, 20, 8), rome(2026, 11, 20, 18), "Fair"),
        ]
    )

    assert hours_on(busy, dt.date(2026, 11, 17)) == ["09:00-10:00", "13:00-16:00"]
    assert hours_on(busy, dt.date(2026, 11, 18)) == []
    assert hours_on(busy, dt.date(2026, 11, 19)) == ["10:00-17:00"]
    assert told(busy, rome(2026, 11, 17), rome(2026, 11, 21)) == [
        ("17 Nov", "closed_hours", "Meeting; Inside; After; Move"),
        ("18 Nov-19 Nov", "closed_hours", "Move"),
        ("20 Nov", "closed_hours", "Fair"),
    ]
    assert busy.closed_because(dt.date(2026, 11, 18)) is None  # hours are closed there, not the date


# --- what is told


def test_a_person_is_told_what_was_skipped_and_why():
    office = calendar(holidays="IT")
    thursday = rome(2026, 12, 24, 16, 20)

    due = office.due(thursday, 130 * 60)

    assert due == rome(2026, 12, 28, 10, 30)
    assert told(office, thursday, due) == [("25 Dec", "holiday", "Christmas Day"), ("26 Dec-27 Dec", "no_hours", None)]
    (christmas, weekend) = office.skipped(thursday, due)
    assert [(f"{one.start:%H:%M}", f"{one.end:%H:%M}", one.seconds) for one in christmas.lost] == [
        ("09:00", "17:00", 28_800)
    ]
    assert (weekend.first, weekend.last, weekend.lost) == (dt.date(2026, 12, 26), dt.date(2026, 12, 27), ())


def test_a_works_holiday_over_weekends_is_one_entry_and_other_names_are_not():
    august = {dt.date(2026, 8, day): "Summer break" for day in range(8, 23)} | {dt.date(2026, 8, 24): "Stocktaking"}

    closed = told(calendar(holidays="IT", closed_days=august), rome(2026, 8, 6, 9), rome(2026, 8, 25, 10))

    assert closed == [
        ("08 Aug-09 Aug", "no_hours", None),  # its first days are a weekend
        ("10 Aug-22 Aug", "closed", "Summer break"),
        ("23 Aug", "no_hours", None),
        ("24 Aug", "closed", "Stocktaking"),
    ]


def test_the_lost_hours_of_a_half_day_are_told_within_the_two_instants_only():
    half = calendar(half_days={EVE: openings("09:00-13:00")})

    (eve,) = half.skipped(rome(2026, 12, 24, 12), rome(2026, 12, 24, 15))
    assert (eve.cause, eve.name) == (Cause.HALF_DAY, None)
    assert [f"{one.start:%H:%M}-{one.end:%H:%M}" for one in eve.lost] == ["13:00-15:00"]
    assert half.skipped(rome(2026, 12, 24, 9), rome(2026, 12, 24, 13)) == []  # nothing was lost by then


def test_days_without_hours_are_told_at_both_ends_and_the_end_itself_is_not_inside():
    office = calendar(holidays="IT")

    assert told(office, rome(2026, 12, 25, 20), rome(2026, 12, 26)) == [("25 Dec", "holiday", "Christmas Day")]
    assert told(office, rome(2026, 12, 26, 20), rome(2026, 12, 28)) == [("26 Dec-27 Dec", "no_hours", None)]
    assert told(office, rome(2026, 12, 27), rome(2026, 12, 27)) == []
    assert told(office, rome(2026, 12, 28), rome(2026, 12, 27)) == []


def test_round_the_clock_skips_nothing_but_what_is_closed():
    always = calendar(ROUND_THE_CLOCK)
    start, end = rome(2026, 12, 24, 12), rome(2026, 12, 26, 12)

    assert always.skipped(start, end) == []
    assert told(calendar(ROUND_THE_CLOCK, holidays="IT"), start, end) == [
        ("25 Dec", "holiday", "Christmas Day"),
        ("26 Dec", "holiday", "Saint Stephen's Day"),
    ]


def test_a_date_that_its_zone_left_out_was_not_skipped():
    apia = zone("Pacific/Apia")
    weekdays_but_friday = tuple(() if weekday == 4 else ((0, 1440),) for weekday in range(7))

    found = calendar(weekdays_but_friday, "Pacific/Apia").skipped(
        dt.datetime(2011, 12, 29, tzinfo=apia), dt.datetime(2012, 1, 7, tzinfo=apia)
    )

    assert [day.first for day in found] == [dt.date(2012, 1, 6)]  # Friday, 30 December 2011 never came


@settings(max_examples=150, deadline=None)
@given(calendars(), st.integers(0, 12 * 1440), st.integers(0, 12 * 1440))
def test_what_was_skipped_is_in_order_and_never_counted(given_calendar, one, two):
    any_calendar, start = given_calendar
    lower, upper = (start + dt.timedelta(minutes=minutes) for minutes in sorted([one, two]))

    found = any_calendar.skipped(lower, upper)

    assert all(day.first <= day.last for day in found)
    assert all(before.last < after.first for before, after in pairwise(found))
    for day in found:
        assert all(any_calendar.elapsed(part.start, part.end) == 0 for part in day.lost)
        assert all(lower <= part.start < part.end <= upper for part in day.lost)
        assert day.lost == () or day.cause is not Cause.NO_HOURS


# --- refusals


def test_a_date_cannot_be_closed_and_have_hours():
    with pytest.raises(ValueError, match="2026-12-24 is a closed day and has hours"):
        calendar(closed_days=[EVE], half_days={EVE: openings("09:00-13:00")})


def test_hours_of_a_date_are_some_and_end_with_it():
    with pytest.raises(ValueError, match="write it under closed_days"):
        calendar(half_days={EVE: ()})
    with pytest.raises(ValueError, match=r'"22:00-02:00" runs into the next day; the hours of a date end at 24:00'):
        calendar(half_days={EVE: openings("22:00-02:00")})


def test_a_calendar_open_on_single_dates_only_waits_for_them_and_then_never_opens_again():
    far = dt.date(2048, 3, 3)
    fair = calendar(((),) * 7, half_days={far: openings("09:00-10:00")})

    assert fair.due(rome(2026, 1, 1), 1800) == rome(2048, 3, 3, 9, 30)
    assert fair.next_opening(rome(2026, 1, 1)) == rome(2048, 3, 3, 9)
    with pytest.raises(ValueError, match="never opens again"):
        fair.due(rome(2026, 1, 1), 3601)
