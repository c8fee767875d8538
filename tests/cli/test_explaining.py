"""``case explain``: the clocks, for people and for programs."""

import json
from datetime import datetime, timedelta

from bots.clock import SystemClock
from escalation import commands as c
from tests.cli.office import CONFIGURATION, Office

CLOCK_FIELDS = {
    "step", "cycle", "rule", "target_seconds", "calendar", "due_at", "counted", "pauses", "skipped", "to_come", "told",
}  # fmt: skip


def clocks_of(office: Office, case: str) -> dict[str, dict]:
    told = office.command("case", "explain", case, "--json")
    assert told.exit_code == 0, told.output
    return {f"{clock['step']}.{clock['cycle']}": clock for clock in json.loads(told.stdout)["clocks"]}


def seconds(intervals: list[dict]) -> int:
    for one in intervals:
        length = datetime.fromisoformat(one["end"]) - datetime.fromisoformat(one["start"])
        assert length == timedelta(seconds=one["seconds"])
    return sum(one["seconds"] for one in intervals)


def test_every_clock_is_explained_with_its_arithmetic(working: Office):
    case = working.arrive()
    working.order(case, c.Claim(), actor="anna")
    clocks = clocks_of(working, case)
    assert set(clocks) == {"detect.1", "route.1", "acknowledge.1", "answer.1", "first_response.1", "resolution.1"}
    assert all(set(clock) >= CLOCK_FIELDS for clock in clocks.values())
    answer = clocks["answer.1"]
    assert (answer["target_seconds"], answer["rule"]) == (3_600, "policy standard, chosen by route no. 1")
    assert answer["calendar"]["hours"] == "always"
    assert seconds(answer["counted"]) == answer["counted_seconds"]
    assert seconds(answer["counted"]) + seconds(answer["until_due"]) == 3_600
    assert answer["due_at"][:19] == answer["until_due"][-1]["end"][:19]
    assert [(event["kind"], event["percent"]) for event in answer["to_come"]] == [("warning", 80), ("breach", 100)]
    assert answer["to_come"][0]["whom"] == [{"to": "member:anna", "members": ["anna"], "held_until": None}]
    assert clocks["resolution.1"]["rule"] == "no target"


def test_people_read_the_same(working: Office):
    case = working.arrive()
    working.order(case, c.Claim(), actor="anna")
    page = working.command("case", "explain", case).stdout
    for words in (
        "Policy standard, as it was when the case began.",
        "Route no. 1 chose it: To Billing, because it says “invoice”.",
        "answered: due ",
        "around the clock, every day",
        "warning at 80 % of the target, to Anna Verdi",
        "target missed, to Marta Bianchi",
        "none: policy standard promises nothing here",
        "Times below are in Europe/Rome.",
    ):
        assert words in " ".join(page.split()), words
    assert max(map(len, page.splitlines())) <= 80


def test_a_pause_is_explained(working: Office):
    case = working.arrive()
    working.order(case, c.Claim(), actor="anna")
    until = SystemClock().now() + timedelta(hours=5)
    working.order(case, c.Snooze(until), actor="anna")
    answer = clocks_of(working, case)["answer.1"]
    [pause] = answer["pauses"]
    assert (pause["reason"], pause["by"], pause["end"]) == ("snoozed", "anna", None)
    assert datetime.fromisoformat(answer["goes_on_at"]) == until
    assert datetime.fromisoformat(answer["due_at"]) > until
    assert "since" in working.command("case", "explain", case).stdout


def test_an_account_that_left_the_configuration_is_said(working: Office):
    case = working.arrive()
    working.write(CONFIGURATION.replace("[accounts.network]", "[accounts.renamed]"))
    facts = json.loads(working.command("case", "explain", case, "--json").stdout)
    assert facts["clocks"] == []
    assert facts["events"]
    page = working.command("case", "explain", case).stdout
    assert "The account network is not in the configuration any more" in " ".join(page.split())


def test_what_was_promised_before_and_today_is_told_apart(working: Office):
    case = working.arrive()
    working.order(case, c.Claim(), actor="anna")
    working.write(CONFIGURATION.replace('answer = "1h"', 'answer = "2h"'))
    answer = clocks_of(working, case)["answer.1"]
    later = datetime.fromisoformat(answer["due_today"]) - datetime.fromisoformat(answer["due_at"])
    assert (answer["target_seconds"], later) == (3_600, timedelta(hours=1))
