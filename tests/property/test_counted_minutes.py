"""Business time equals what a person with a stopwatch counts: ten thousand questions over twenty zones."""

import datetime as dt
import random

import pytest

from tests.unit.calendar_recipes import MINUTE, ZONES, MinuteCounter, changes, random_recipe

STRETCHES, CALENDARS, QUESTIONS = 5, 10, 10  # for each zone; twenty zones make 10,000 questions
DAYS = 6


@pytest.mark.parametrize("name", ZONES)
def test_elapsed_due_and_skipped_are_what_a_minute_counter_counts(name):
    chance = random.Random(f"minutes in {name}")
    for _ in range(STRETCHES):
        start = chance.choice(changes(name)) + chance.randrange(-4 * 1440, 2 * 1440) * MINUTE
        counter = MinuteCounter(name, start, DAYS)
        for _ in range(CALENDARS):
            recipe = random_recipe(chance, name, start)
            calendar = recipe.calendar()
            counter.count(recipe)
            for _ in range(QUESTIONS):
                lower, upper = sorted(start + chance.randrange(DAYS * 1440) * MINUTE for _ in "ab")
                told = f"{recipe} from {lower} to {upper}"
                counted = counter.elapsed(lower, upper)
                skipped = calendar.skipped(lower, upper)
                assert calendar.elapsed(lower, upper) == counted, told
                assert sum(one.seconds for day in skipped for one in day.lost) == counter.lost(lower, upper), told
                if counted:
                    assert calendar.due(lower, counted) == counter.due(lower, counted), told
                    assert calendar.due(lower, counted) <= upper, told


def test_the_counter_can_tell_calendars_apart():
    """A counter that agreed with everything would prove nothing."""
    start = dt.datetime(2026, 3, 27, tzinfo=dt.UTC)
    recipe = random_recipe(random.Random(4), "Europe/Berlin", start)
    other = random_recipe(random.Random(5), "Europe/Berlin", start)
    counter = MinuteCounter("Europe/Berlin", start, DAYS)
    counter.count(recipe)
    end = start + dt.timedelta(days=DAYS)

    assert recipe.calendar().elapsed(start, end) == counter.elapsed(start, end)
    assert other.calendar().elapsed(start, end) != counter.elapsed(start, end)
