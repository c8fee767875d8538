"""Sentences are read in the reader's language and zone; what people wrote passes through unaltered."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escalation.language import Ago, Days, Hours, Reader, Sentence, Stretch, joined, say
from escalation.notes import Note, sentence_of, sentence_payload

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text())
def test_what_people_wrote_is_never_altered(words: str):
    assert Reader().read(say("{who} wrote: {words}", who="Ada", words=words)) == f"Ada wrote: {words}"
    assert Reader("it").read(say("{words}", words=words)) == words


@pytest.mark.parametrize("words", ["{who}", "{0}", "{", "}", "{who!r}", "{words.__class__}"])
def test_braces_in_what_people_wrote_do_nothing(words: str):
    assert str(say("Said: {words}", words=words)) == f"Said: {words}"


def test_a_sentence_in_a_sentence_is_read_in_the_same_language():
    inner = say("at {at}", at=NOON)
    assert Reader("en", "Europe/Rome", NOON).read(say("Due {when}.", when=inner)) == "Due at 13:00."


@pytest.mark.parametrize(
    ("zone", "at", "read"),
    [
        ("UTC", NOON, "12:00"),
        ("Europe/Rome", NOON, "13:00"),
        ("Europe/Rome", NOON + timedelta(hours=11, minutes=30), "Tue 3 Mar 00:30"),
        ("America/New_York", NOON - timedelta(days=1), "Sun 1 Mar 07:00"),
    ],
)
def test_times_are_shown_in_the_readers_zone(zone: str, at: datetime, read: str):
    assert Reader("en", zone, NOON).time(at) == read


@pytest.mark.parametrize(
    ("seconds", "english", "italian"),
    [
        (0, "0 s", "0 s"),
        (59, "59 s", "59 s"),
        (61, "1 min 1 s", "1 min 1 s"),
        (7800, "2 h 10 min", "2 h 10 min"),
        (90_061, "1 d 1 h", "1 g 1 h"),
        (-5, "0 s", "0 s"),
    ],
)
def test_durations_have_at_most_two_units(seconds: int, english: str, italian: str):
    assert Reader("en").duration(timedelta(seconds=seconds)) == english
    assert Reader("it").duration(timedelta(seconds=seconds)) == italian


def test_moments_gone_by_are_told_as_ago():
    sentence = say("Approved {ago}.", ago=Ago(NOON))
    assert Reader("en", now=NOON + timedelta(minutes=2)).read(sentence) == "Approved 2 minutes ago."
    assert Reader("en", now=NOON - timedelta(minutes=2)).read(sentence) == "Approved 1 second ago."
    assert "minuti fa" in Reader("it", now=NOON + timedelta(minutes=2)).read(say("{ago}", ago=Ago(NOON)))


def test_a_sentence_without_a_translation_is_read_in_english():
    assert Reader("it").read(Sentence("No catalogue has this.")) == "No catalogue has this."


VALUES = st.one_of(
    st.text(),
    st.integers(),
    st.floats(allow_nan=False),
    st.datetimes(timezones=st.just(UTC)),
    st.datetimes(timezones=st.just(UTC)).map(Ago),
    st.integers(-(10**9), 10**9).map(lambda microseconds: timedelta(microseconds=microseconds)),
    st.text().map(lambda text: Sentence("inner {x}", {"x": text})),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(["a", "b"]), VALUES))
def test_a_sentence_survives_storage(values: dict):
    sentence = Sentence("{a} {b}", values)
    assert sentence_of(sentence_payload(sentence)) == sentence


def test_a_note_survives_storage():
    note = Note(say("{who} changed it:", who="Carla"), to=("anna",), diff=(1, 2), quote="m1", url="https://x.example")
    assert Note.of(note.payload()) == note
    assert Note.of({"sentence": {"text": "Hi", "values": {}}}) == Note(say("Hi"))


def test_stretches_dates_and_counted_hours_are_values_like_others():
    sentence = say(
        "{stretch}; {days}; {hours}",
        stretch=Stretch(NOON, NOON + timedelta(minutes=30)),
        days=Days(date(2026, 3, 7), date(2026, 3, 8)),
        hours=Hours(26 * 3_600 + 610),
    )
    assert Reader("en", "Europe/Rome", NOON).read(sentence) == "Mon 13:00-13:30; Sat 7 Mar - Sun 8 Mar; 26 h 10 min"
    assert Reader("it", "UTC", NOON).read(sentence) == "lun 12:00-12:30; sab 7 mar - dom 8 mar; 26 h 10 min"


@pytest.mark.parametrize(
    ("seconds", "read"), [(0, "0 s"), (-1, "0 s"), (59, "59 s"), (3_600, "1 h"), (3_661, "1 h 1 min")]
)
def test_counted_time_has_no_days(seconds: int, read: str):
    assert str(joined([Hours(seconds)], "")) == read


def test_joined_values_keep_their_kinds():
    both = joined([NOON, say("at {at}", at=NOON), "{brace}"], " + ")
    assert Reader("en", "Europe/Rome", NOON).read(both) == "13:00 + at 13:00 + {brace}"
    assert str(joined([], " + ")) == ""
