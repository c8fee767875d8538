"""Rotas of every shape around the clock changes of seven zones: shifts tile the time, and all answers agree.

The zones and days: Berlin and New York change by an hour, Lord Howe by half of one, Casablanca around Ramadan, Sao
Paulo and Kolkata not at all, and Apia left out a whole day.
"""

import datetime as dt
import json
import os
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.business_time import BusinessCalendar, zone
from escalation.on_call import Layer, Override, Roster, Rota, Shift

UTC = dt.UTC
CHANGES = {
    "Europe/Berlin": (dt.datetime(2026, 3, 29, 1, tzinfo=UTC), dt.datetime(2026, 10, 25, 1, tzinfo=UTC)),
    "America/New_York": (dt.datetime(2026, 3, 8, 7, tzinfo=UTC), dt.datetime(2026, 11, 1, 6, tzinfo=UTC)),
    "Australia/Lord_Howe": (dt.datetime(2026, 4, 4, 15, tzinfo=UTC), dt.datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    "Africa/Casablanca": (dt.datetime(2026, 2, 15, 2, tzinfo=UTC), dt.datetime(2026, 3, 22, 2, tzinfo=UTC)),
    "America/Sao_Paulo": (dt.datetime(2026, 3, 1, tzinfo=UTC), dt.datetime(2018, 11, 4, 3, tzinfo=UTC)),
    "Asia/Kolkata": (dt.datetime(2026, 3, 29, tzinfo=UTC),),
    "Pacific/Apia": (dt.datetime(2011, 12, 30, 10, tzinfo=UTC), dt.datetime(2012, 3, 31, 14, tzinfo=UTC)),
}
NAMES = ("anna", "bruno", "carla", "dario", "lea")
MINUTE = dt.timedelta(minutes=1)
INSTANT = dt.timedelta(microseconds=1)
WEEK = dt.timedelta(days=7)


@st.composite
def openings(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    """Up to two spans of a day, on quarter hours, the last perhaps over midnight."""
    cuts = sorted(draw(st.lists(st.integers(0, 95), min_size=4, max_size=4, unique=True)))
    spans = [(cuts[0] * 15, cuts[1] * 15), (cuts[2] * 15, cuts[3] * 15)]
    shape = draw(st.integers(0, 3))
    if shape == 0:
        return ((0, 1440),)
    if shape == 1:
        return ((cuts[3] * 15, 1440 + cuts[0] * 15),)
    return tuple(spans[: shape - 1])


@st.composite
def layers(draw: st.DrawFn, timezone: str) -> Layer:
    hours = None
    if draw(st.booleans()):
        week = draw(st.lists(openings(), min_size=1, max_size=1)) * 7
        closed = draw(st.sets(st.integers(0, 6), max_size=6))
        weekly = tuple(() if day in closed else spans for day, spans in enumerate(week))
        hours = BusinessCalendar(weekly=weekly, timezone=timezone)
    return Layer(
        timezone=timezone,
        members=tuple(draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4))),
        days=draw(st.sampled_from([1, 2, 5, 7, 14])),
        first=dt.date(2026, 1, 5) + dt.timedelta(days=draw(st.integers(-400, 400))),
        minute=draw(st.sampled_from([0, 30, 105, 120, 150, 165, 179, 180, 540, 1439])),
        hours=hours,
    )


@st.composite
def situations(draw: st.DrawFn, *, most_layers: int = 3, changed: bool = True) -> tuple[Roster, dt.datetime]:
    """A roster, and an instant near a clock change of its first layer's zone."""
    names = draw(st.lists(st.sampled_from(sorted(CHANGES)), min_size=1, max_size=most_layers))
    near = draw(st.sampled_from(CHANGES[names[0]]))
    at = near + dt.timedelta(minutes=draw(st.integers(-3 * 1440, 3 * 1440)))
    rota = Rota(name="r", label="R", layers=tuple(draw(layers(name)) for name in names))
    overrides = draw(st.lists(overrides_near(at), max_size=3)) if changed else []
    return Roster(rota, overrides), at


@st.composite
def overrides_near(draw: st.DrawFn, at: dt.datetime) -> Override:
    since = at + dt.timedelta(minutes=draw(st.integers(-4000, 4000)))
    instead_of = draw(st.none() | st.sampled_from(NAMES))
    return Override(
        rota="r",
        member=draw(st.sampled_from(NAMES)),
        since=since,
        until=since + dt.timedelta(minutes=draw(st.integers(1, 9000))),
        instead_of=instead_of,
        mutual=instead_of is not None and draw(st.booleans()),
        id=draw(st.sampled_from(["one", "two", "three"])),
    )


def clipped(shifts: list[Shift], since: dt.datetime, until: dt.datetime) -> list[tuple[dt.datetime, dt.datetime]]:
    return [(max(shift.since, since), min(shift.until, until)) for shift in shifts]


@settings(max_examples=150)
@given(situations(most_layers=1, changed=False), st.lists(st.integers(0, 14 * 1440), min_size=1, max_size=20))
def test_exactly_one_person_of_a_layer_is_on_duty_at_every_instant_of_its_hours(situation, minutes):
    roster, start = situation
    [only] = roster.rota.layers
    for at in (start + MINUTE * number for number in minutes):
        assert len(roster.on_duty(at)) == (1 if only.hours is None or only.hours.is_open(at) else 0)


@settings(max_examples=200)
@given(situations(most_layers=1, changed=False), st.integers(0, 20 * 1440))
def test_the_turn_is_what_the_wall_clock_says(situation, minutes):
    """Count days on the wall; only where the wall shows a time twice it cannot tell before from after."""
    roster, start = situation
    [only] = roster.rota.layers
    wall = (start + MINUTE * minutes).astimezone(zone(only.timezone))
    if wall.utcoffset() != wall.replace(fold=1 - wall.fold).utcoffset():
        return
    handed_over = wall.hour * 60 + wall.minute >= only.minute
    day = wall.date() - dt.timedelta(days=0 if handed_over else 1)
    assert only.turn(start + MINUTE * minutes) == (day - only.first).days // only.days


@settings(max_examples=200)
@given(situations(), st.integers(1, 21 * 1440))
def test_shifts_and_gaps_tile_the_time(situation, minutes):
    roster, since = situation
    until = since + MINUTE * minutes
    shifts = roster.shifts(since, until)
    gaps = list(roster.gaps(since, until))

    pieces = sorted([*clipped(shifts, since, until), *gaps])

    assert all(lower < upper for lower, upper in pieces)
    assert [pieces[0][0], pieces[-1][1]] == [since, until]
    assert all(one[1] == two[0] for one, two in pairwise(pieces))


@settings(max_examples=200)
@given(situations(), st.integers(1, 21 * 1440), st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_on_duty_agrees_with_shifts(situation, minutes, fractions):
    roster, since = situation
    length = MINUTE * minutes
    shifts = roster.shifts(since, since + length)
    for at in (since + length * (fraction / 10**9) for fraction in fractions):
        holding = [shift.members for shift in shifts if shift.since <= at < shift.until] if at < since + length else []
        if at < since + length:
            assert holding == ([roster.on_duty(at)] if roster.on_duty(at) else [])
    for shift in shifts:
        assert {roster.on_duty(at) for at in (shift.since, shift.until - INSTANT)} == {shift.members}
    for lower, upper in roster.gaps(since, since + length):
        assert {roster.on_duty(at) for at in (lower, upper - INSTANT)} == {()}


@settings(max_examples=100)
@given(situations(), st.integers(1, 21 * 1440), st.integers(1, 21 * 1440))
def test_a_shift_is_the_same_whichever_stretch_is_asked_about(situation, minutes, others):
    """So that a calendar that is exported again has the same events."""
    roster, at = situation
    back, forth = MINUTE * minutes, MINUTE * others
    wide = roster.shifts(at - back, at + forth)
    assert roster.shifts(at, at + MINUTE) == [shift for shift in wide if shift.since < at + MINUTE and at < shift.until]


@settings(max_examples=100)
@given(situations(), st.sampled_from(NAMES))
def test_duty_begins_and_the_next_change_agree_with_shifts(situation, member):
    roster, at = situation
    coming = [shift for shift in roster.shifts(at, at + 3 * WEEK) if member in shift.members]
    begins = roster.duty_begins(member, at)
    if coming:
        assert begins == max(coming[0].since, at)
    else:
        assert begins is None or begins >= at + 3 * WEEK
    change = roster.next_change(at)
    if change is not None:
        assert set(roster.on_duty(change)) != set(roster.on_duty(at)) == set(roster.on_duty(change - INSTANT))


@settings(max_examples=100)
@given(situations(changed=False), st.data())
def test_a_swap_changes_nothing_outside_its_time_and_made_twice_nothing_at_all(situation, data):
    roster, at = situation
    swap = data.draw(overrides_near(at))
    swap = Override(
        rota="r", member=swap.member, instead_of=data.draw(st.sampled_from(NAMES)), mutual=True,
        since=swap.since, until=swap.until,
    )  # fmt: skip
    once, twice = Roster(roster.rota, [swap]), Roster(roster.rota, [swap, swap])
    for minutes in data.draw(st.lists(st.integers(-9000, 20_000), min_size=1, max_size=20)):
        moment = at + MINUTE * minutes
        before, after = roster.on_duty(moment), once.on_duty(moment)
        assert twice.on_duty(moment) == before
        exchanged = {swap.member: swap.instead_of, swap.instead_of: swap.member}
        expected = [exchanged.get(one, one) for one in before] if swap.holds(moment) else list(before)
        assert list(after) == expected


PROGRAM = """
import datetime as dt, json
from escalation.on_call import Layer, Roster, Rota
from tests.property.test_on_call import BusinessCalendar
hours = BusinessCalendar(weekly=(((480, 1200),),) * 7, timezone="Europe/Berlin")
layers = (
    Layer(timezone="Europe/Berlin", members=("anna", "bruno"), days=1, minute=150, hours=hours),
    Layer(timezone="America/New_York", members=("carla", "dario"), minute=540),
)
roster = Roster(Rota(name="r", label="R", layers=layers))
at = dt.datetime(2026, 3, 27, 12, tzinfo=dt.timezone.utc)
shifts = roster.shifts(at, at + dt.timedelta(days=9))
print(json.dumps([[shift.members, shift.since.isoformat(), shift.until.isoformat()] for shift in shifts]))
"""


@pytest.mark.parametrize("process_zone", ["UTC", "Pacific/Apia", "America/New_York", "Asia/Kolkata"])
def test_the_zone_of_the_process_changes_nothing(process_zone, capsys):
    environment = {**os.environ, "TZ": process_zone, "PYTHONTZPATH": ""}
    done = subprocess.run(  # a process of its own: TZ is read at start
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    )
    exec(PROGRAM, {})  # noqa: S102 - the same program in this process
    assert json.loads(done.stdout) == json.loads(capsys.readouterr().out)
    assert len(json.loads(done.stdout)) > 15
