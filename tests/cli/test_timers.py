"""``case explain`` tells what will happen to a case by itself, and when."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from escalation import commands as c
from tests.cli.office import Office


def test_explain_lists_the_timers_to_come_in_the_readers_zone(working: Office):
    case = working.arrive()
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)  # noqa: TID251 - the office's clock is real
    working.order(case, c.Snooze(until - timedelta(days=1)), actor="anna")
    working.order(case, c.Snooze(until), actor="anna")
    page = working.command("case", "explain", case).stdout
    [line] = [line for line in page.splitlines() if "comes back from its snooze" in line]
    assert until.astimezone(ZoneInfo("Europe/Rome")).strftime("%H:%M") in line
    [timer] = json.loads(working.command("case", "explain", case, "--json").stdout)["timers"]
    assert timer == {
        "kind": "wake",
        "due_at": until.isoformat(),
        "sentence": "The case comes back from its snooze.",
    }


def test_explain_says_when_an_answered_case_is_closed(working: Office):
    case, _ = working.approved_reply()
    working.order(case, c.Delivered("out-1", None, 1))
    assert "closed if the customer has not written again" in working.command("case", "explain", case).stdout
    [timer] = json.loads(working.command("case", "explain", case, "--json").stdout)["timers"]
    assert timer["kind"] == "close"


def test_explain_lists_no_timer_where_nothing_happens_by_itself(working: Office):
    case = working.arrive()
    working.order(case, c.Snooze(datetime.now(UTC) + timedelta(days=1)), actor="anna")  # noqa: TID251 - as above
    working.order(case, c.Claim(), actor="anna")
    assert "timer due" not in working.command("case", "explain", case).stdout
    assert json.loads(working.command("case", "explain", case, "--json").stdout)["timers"] == []
