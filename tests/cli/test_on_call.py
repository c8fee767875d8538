"""``oncall``: who is on call, the calendar, swaps and overrides."""

import itertools
import json
from datetime import UTC, datetime

import pytest
from icalendar import Calendar

from bots.commands.command import Refused
from bots.commands.moments import moment_given
from tests.cli.office import CONFIGURATION, Office
from tests.rotas import with_rotas

MONDAY = "2040-01-02 09:00"
"""A Monday on which Anna's week begins, far enough from now to be changed."""


@pytest.fixture
def on_call(working: Office) -> Office:
    """Give an office with rotas."""
    working.write(with_rotas(CONFIGURATION))
    return working


def who(office: Office, at: str, *words: str) -> list[dict]:
    told = office.command("oncall", "who", "--at", at, "--json", *words)
    assert told.exit_code == 0, told.output
    return json.loads(told.stdout)


def names(rows: list[dict], of: str = "on_call") -> list[list[str]]:
    return [[one["member"] for one in row[of]] for row in rows]


def swap(office: Office, *more: str, until: str = "2040-01-16 09:00") -> tuple[int, dict]:
    words = ("--rota", "front", "--member", "anna", "--with", "bruno", "--since", MONDAY, "--until", until)
    told = office.command("oncall", "swap", *words, "--json", *more)
    return told.exit_code, json.loads(told.stdout) if told.stdout else {}


# --- who


def test_who_is_on_call_and_who_comes_then(on_call: Office):
    [front, nights] = who(on_call, "2040-01-03 12:00")

    assert front == {
        "rota": "front",
        "label": "Front desk",
        "departments": ["billing"],
        "approval": False,
        "at": "2040-01-03T11:00:00+00:00",
        "on_call": [{"member": "anna", "name": "Anna Verdi"}],
        "until": "2040-01-09T08:00:00+00:00",
        "next": [{"member": "bruno", "name": "Bruno Neri"}],
    }
    assert (nights["approval"], nights["until"], nights["next"]) == (True, None, [])


def test_who_is_printed_in_the_zone_of_the_organisation(on_call: Office):
    told = on_call.command("oncall", "who", "--at", "2040-01-03T11:00:00Z", "--department", "billing")

    assert told.exit_code == 0
    assert "Mon 2040-01-09 09:00" in told.stdout
    assert "Anna Verdi" in told.stdout
    assert "Marta" not in told.stdout


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("--at", "soon"), 2, "“soon” is not a time; write it like 2026-12-01 09:00 (in Europe/Rome)"),
        (("--at", "0001-01-01"), 2, "“0001-01-01” is not a time"),
        (("--department", "biling"), 2, "there is no department “biling”"),
        (("--department", "legal"), 1, "[departments.legal] has no on_call"),
        (("--rota", "back"), 2, "There is no rota “back”. Known are: front, nights."),
        (("--rota", "front", "--department", "billing"), 2, "not both"),
    ],
)
def test_a_wrong_question_is_told(on_call: Office, words: tuple[str, ...], code: int, sentence: str):
    refused = on_call.command("oncall", "who", *words)
    assert refused.exit_code == code
    assert sentence in refused.stderr


def test_without_rotas_that_is_what_is_told(working: Office):
    assert "No rota is configured" in working.command("oncall", "who").stdout
    assert "No rota is configured" in working.command("oncall", "calendar").stdout
    assert json.loads(working.command("oncall", "who", "--json").stdout) == []
    assert "No rota is configured" in working.command("oncall", "who", "--rota", "front").stderr


# --- changes


def test_a_swap_and_its_end(on_call: Office):
    code, made = swap(on_call, "--as", "anna", "--reason", "Wedding")

    assert (code, made["done"]) == (0, True)
    assert made["sentence"] == (
        "Anna Verdi and Bruno Neri take each other's shifts of Front desk from Mon 2 Jan 09:00 until Mon 16 Jan 09:00."
    )
    assert names(who(on_call, "2040-01-03 12:00", "--rota", "front")) == [["bruno"]]
    assert names(who(on_call, "2040-01-10 12:00", "--rota", "front")) == [["anna"]]
    ended = on_call.command("oncall", "cancel", made["id"][-8:])
    assert ended.exit_code == 0
    assert "Cancelled, it holds no longer: Anna Verdi and Bruno Neri" in ended.stdout
    assert names(who(on_call, "2040-01-03 12:00", "--rota", "front")) == [["anna"]]


def test_an_override_needs_no_shift_to_replace(on_call: Office):
    words = ("--rota", "front", "--member", "lea", "--since", MONDAY, "--until", "2040-01-03 09:00")
    told = on_call.command("oncall", "override", *words)

    assert told.exit_code == 0, told.output
    assert told.stdout.startswith("Lea Gialli is on call by Front desk from Mon 2 Jan 09:00 until Tue 3 Jan 09:00. (")
    assert names(who(on_call, "2040-01-02 12:00", "--rota", "front")) == [["lea"]]
    assert names(who(on_call, "2040-01-02 12:00", "--rota", "front"), "next") == [["anna"]]


def test_an_override_instead_of_somebody(on_call: Office):
    words = ("--rota", "front", "--member", "lea", "--instead-of", "bruno", "--since", MONDAY)
    assert on_call.command("oncall", "override", *words, "--until", "2040-01-20").exit_code == 0
    assert names(who(on_call, "2040-01-03 12:00", "--rota", "front")) == [["anna"]]
    assert names(who(on_call, "2040-01-10 12:00", "--rota", "front")) == [["lea"]]


def test_with_one_rota_it_need_not_be_named(on_call: Office):
    one = with_rotas(CONFIGURATION).partition("[on_call.nights]")[0].replace('on_call = "nights"\n', "")
    on_call.write(one)
    words = ("--member", "lea", "--since", MONDAY, "--until", "2040-01-03")
    assert on_call.command("oncall", "override", *words).exit_code == 0
    on_call.write(with_rotas(CONFIGURATION))
    refused = on_call.command("oncall", "override", *words)
    assert (refused.exit_code, "say which: --rota front or --rota nights" in refused.stderr) == (2, True)


def test_refusals_of_changes_are_sentences(on_call: Office):
    code, told = swap(on_call, "--as", "dario")
    assert (code, told["done"], told["id"]) == (1, False, None)
    assert told["sentence"].startswith("Only those who are on call then, or a manager")
    assert swap(on_call, until="2039-12-31")[1]["sentence"] == "The end must come after the beginning."
    assert swap(on_call, "--as", "nobody")[0] == 2
    refused = on_call.command("oncall", "cancel", "zzzz")
    assert (refused.exit_code, "There is no change “zzzz”" in refused.stderr) == (1, True)
    assert on_call.command("oncall", "swap", "--member", "anna").exit_code == 2


# --- the calendar


def test_the_coming_shifts_tile_the_weeks(on_call: Office):
    told = on_call.command("oncall", "calendar", "--rota", "front", "--weeks", "6", "--json")
    rows = json.loads(told.stdout)

    assert 7 <= len(rows) <= 8
    assert all(one["until"] == two["since"] for one, two in itertools.pairwise(rows))
    assert {one["member"] for row in rows for one in row["on_call"]} == {"anna", "bruno"}


def test_times_without_anybody_stand_in_the_calendar_and_changes_have_their_ids(on_call: Office):
    text = with_rotas(CONFIGURATION).replace("starts = 2026-03-02", 'starts = 2026-03-02\nhours = "08:00-16:00"')
    on_call.write(text)
    told = on_call.command("oncall", "calendar", "--rota", "front", "--weeks", "1", "--json")
    rows = json.loads(told.stdout)
    assert [] in [row["on_call"] for row in rows]
    shift = next(row for row in rows[1:] if row["on_call"])
    words = ("--rota", "front", "--member", "lea", "--since", shift["since"], "--until", shift["until"])
    made = json.loads(on_call.command("oncall", "override", *words, "--json").stdout)
    table = on_call.command("oncall", "calendar", "--rota", "front", "--weeks", "1", "--config", str(on_call.file))
    assert "nobody" in table.stdout
    assert made["id"][-8:] in table.stdout


def events(content: bytes) -> dict[str, tuple[str, datetime, datetime]]:
    calendar = Calendar.from_ical(content)
    return {
        str(event["uid"]): (str(event["summary"]), event["dtstart"].dt, event["dtend"].dt)
        for event in calendar.walk("VEVENT")
    }


def test_the_calendar_as_ical_keeps_its_ids(on_call: Office):
    file = on_call.folder / "on-call.ics"
    assert on_call.command("oncall", "calendar", "--rota", "front", "--ical", str(file)).exit_code == 0
    few = events(file.read_bytes())
    printed = on_call.command("oncall", "calendar", "--rota", "front", "--weeks", "9", "--ical", "-")
    many = events(printed.stdout_bytes)

    assert few.items() < many.items()
    assert all(uid.startswith("on-call-front-2") and uid.endswith("@127.0.0.1") for uid in many)
    assert {summary for summary, _, _ in many.values()} == {"Front desk: Anna Verdi", "Front desk: Bruno Neri"}
    assert b"\r\n" in file.read_bytes()
    shift = sorted(few.items(), key=lambda item: item[1][1])[1]
    on_call.command(
        "oncall", "override", "--rota", "front", "--member", "lea",
        "--since", shift[1][1].isoformat(), "--until", shift[1][2].isoformat(),
    )  # fmt: skip
    on_call.command("oncall", "calendar", "--rota", "front", "--ical", str(file))
    assert events(file.read_bytes())[shift[0]][0] == "Front desk: Lea Gialli"


def test_a_calendar_that_cannot_be_written_is_told(on_call: Office):
    refused = on_call.command("oncall", "calendar", "--ical", str(on_call.folder / "none" / "x.ics"))
    assert (refused.exit_code, "cannot be written" in refused.stderr) == (1, True)
    assert on_call.command("oncall", "calendar", "--ical", "-", "--json").exit_code == 2


def test_check_warns_of_hours_without_anybody(on_call: Office):
    text = with_rotas(CONFIGURATION).replace("starts = 2026-03-02", 'starts = 2026-03-02\nhours = "08:00-16:00"')
    on_call.write(text)
    told = on_call.command("check")
    assert told.exit_code == 0
    assert 'departments.billing.on_call: by the rota "front" nobody is on call from Monday' in told.stderr


# --- times


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-01 09:00", datetime(2026, 12, 1, 8, tzinfo=UTC)),
        ("2026-12-01", datetime(2026, 11, 30, 23, tzinfo=UTC)),
        (" 2026-12-01T09:00:30 ", datetime(2026, 12, 1, 8, 0, 30, tzinfo=UTC)),
        ("2026-12-01T09:00:00Z", datetime(2026, 12, 1, 9, tzinfo=UTC)),
        ("2026-12-01T09:00:00+05:30", datetime(2026, 12, 1, 3, 30, tzinfo=UTC)),
        ("2026-03-29 02:30", datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("2026-10-25 02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_times_are_local_unless_they_name_an_offset(text: str, expected: datetime):
    assert moment_given(text, "Europe/Rome") == expected


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-13-01", "25:00", "9999-12-31", "2026-12-01 09:00 CET"])
def test_other_times_are_refused(text: str):
    with pytest.raises(Refused, match="is not a time"):
        moment_given(text, "Europe/Rome")
