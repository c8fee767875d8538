"""``portavoce report``: tables for people, CSV for spreadsheets, JSON for programs, and the cases behind it all."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from escalation import commands as c
from escalation.desk import Desk
from models.case import Case
from models.clocks import StepClock
from models.store.statements import table
from models.vocabulary import DismissReason
from tests.cli.office import Office


@pytest.fixture
def busy(working: Office) -> Office:
    """An office with an answer on its way, a spam that was put away, and a question that nobody has taken up."""
    working.approved_reply(claimed=True)
    spam = working.arrive("Buy now", external_id="post-2")
    working.order(spam, c.Dismiss(DismissReason.SPAM), actor="dario")
    working.arrive("It is broken", external_id="post-3", account="contact")
    return working


def told(office: Office, *words: str) -> str:
    done = office.command("report", *words)
    assert done.exit_code == 0, done.output
    return done.stdout


def facts(office: Office, *words: str) -> dict:
    return json.loads(told(office, "--json", *words))


def refused(office: Office, *words: str) -> str:
    done = office.command("report", *words)
    assert done.exit_code == 2, done.output
    assert "Traceback" not in done.output
    return done.output


def test_an_empty_house_is_told_in_a_sentence(working: Office):
    assert "No step ended in this period" in told(working)
    assert facts(working)["total"] == {
        "group": "", "received": 0, "answered": 0, "dismissed": 0, "spam": 0, "response_rate": None, "steps": {},
    }  # fmt: skip


def test_json_has_every_figure(busy: Office):
    found = facts(busy)
    assert (found["method"], found["clock"], found["timezone"]) == ("exact", "wall", "Europe/Rome")
    total = found["total"]
    assert (total["received"], total["answered"], total["response_rate"]) == (3, 0, 0.0)
    assert (total["dismissed"], total["spam"]) == (1, 1)
    assert {step: figures["count"] for step, figures in total["steps"].items()} == {
        "detect": 3, "acknowledge": 1, "answer": 1, "approve": 1, "route": 1,
    }  # fmt: skip
    answer = total["steps"]["answer"]
    assert answer["within"] == {"10m": 1, "1h": 1, "4h": 1, "24h": 1}
    assert answer["p50_seconds"] == answer["p99_seconds"] == answer["mean_seconds"]
    assert (answer["targeted"], answer["share_met"], answer["open_breaches"]) == (1, 1.0, 0)
    assert total["steps"]["approve"].keys() == answer.keys()


def test_lines_are_by_what_was_asked_for(busy: Office):
    by_department = facts(busy, "--by", "department")
    assert [(one["group"], one["received"]) for one in by_department["lines"]] == [("billing", 1), ("product", 2)]
    assert {one["group"]: one["steps"]["detect"]["count"] for one in by_department["lines"]} == {
        "billing": 1, "product": 2,
    }  # fmt: skip
    by_member = facts(busy, "--by", "member")
    done = {one["group"]: set(one["steps"]) for one in by_member["lines"]}
    assert done["anna"] == {"acknowledge", "answer"}
    assert done["carla"] == {"approve"}
    assert "dario" not in done  # he put a spam away: nothing was resolved
    assert done["-"] == {"detect", "route"}


def test_people_get_tables_that_name_things_as_they_do(busy: Office):
    page = told(busy, "--by", "member")
    assert "(Europe/Rome), the clock of the customer" in page
    assert "Carla Rossi" in page
    assert "Counted from 7 steps that ended in the period." in page
    assert "Past their due time and not done at the end of the period: 0." in page
    assert max(map(len, page.splitlines()[:-3])) <= 80
    assert "opening hours" in told(busy, "--business", "--by", "department")
    hours = told(busy, "--by", "hour")
    assert any(f"{day} " in hours for day in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))
    steps = told(busy, "--by", "step").split()
    assert steps.count("approve") == 2  # once with its times, once with its shares


def test_csv_is_read_back_as_it_was(busy: Office):
    text = busy.command("report", "--by", "department", "--csv").stdout_bytes.decode()
    assert text.count("\r\n") == text.count("\n") > 5
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    wanted = facts(busy, "--by", "department")
    lines = {one["group"]: one for one in [*wanted["lines"], wanted["total"]]}
    assert {row["group"] for row in rows} == set(lines)
    for row in rows:
        line = lines[row["group"]]
        assert datetime.fromisoformat(row["since"]).utcoffset() == timedelta()
        assert (row["clock"], row["method"], row["by"]) == ("wall", "exact", "department")
        if not row["step"]:
            for name in ("received", "answered", "dismissed", "spam"):
                assert int(row[name]) == line[name]
            assert row["response_rate"] == ("" if line["response_rate"] is None else str(line["response_rate"]))
            continue
        figures = line["steps"][row["step"]]
        assert float(row["p90_seconds"]) == figures["p90_seconds"]
        assert (int(row["count"]), int(row["within_1h"])) == (figures["count"], figures["within"]["1h"])
        assert float(row["share_within_24h"]) == 1.0


def test_csv_names_the_line_of_what_is_not_known_as_the_option_does(busy: Office):
    rows = csv.DictReader(io.StringIO(told(busy, "--by", "member", "--csv"), newline=""))
    groups = {row["group"] for row in rows}
    assert "-" in groups
    for group in groups - {""}:
        assert facts(busy, "--by", "member", "--group", group)["lines"]


def test_what_a_stranger_can_name_is_no_formula_in_the_csv(busy: Office):
    """The network tells a post's language, and we believe it."""

    async def work(desk: Desk) -> None:
        async with desk.storage.begin() as tx:
            connection = await tx.session.connection()
            for model in (Case, StepClock):
                await connection.execute(update(table(model)).values(language='=HYPERLINK("http://evil";"x")'))

    busy.within(work)
    cells = [cell for row in csv.reader(io.StringIO(told(busy, "--by", "language", "--csv"))) for cell in row]
    assert '\'=HYPERLINK("http://evil";"x")' in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]


def test_every_figure_leads_to_its_cases(busy: Office):
    found = facts(busy, "--by", "department")
    for line in found["lines"]:
        rows = json.loads(told(busy, "--by", "department", "--group", line["group"], "--cases", "--json"))
        assert {row["group"] for row in rows} == {line["group"]}
        assert sum(row["what"] == "received" for row in rows) == line["received"]
        for step, figures in line["steps"].items():
            assert sum(row["what"] == step for row in rows) == figures["count"]
    [row] = json.loads(told(busy, "--step", "approve", "--cases", "--json"))
    case = json.loads(busy.command("case", "show", row["case"], "--json").stdout)
    assert case["steps"]["approve"]["wall_seconds"] == row["seconds"]
    assert row["case"] in told(busy, "--cases", "--step", "approve")
    assert row["case"] in told(busy, "--cases", "--step", "approve", "--csv")
    assert "There is no case behind" in told(busy, "--cases", "--step", "relay")


def test_a_cut_list_of_cases_says_so(busy: Office):
    done = busy.command("report", "--cases", "--limit", "2", "--json")
    assert len(json.loads(done.stdout)) == 2
    assert "only the first 2 rows" in done.stderr


@pytest.mark.parametrize(
    ("by", "group"), [("member", "anna"), ("member", "-"), ("step", "answer"), ("route", "1"), ("account", "contact")]
)
def test_one_line_alone(busy: Office, by: str, group: str):
    [line] = facts(busy, "--by", by, "--group", group)["lines"]
    assert line["group"] == group
    rows = json.loads(told(busy, "--by", by, "--group", group, "--cases", "--json"))
    assert {row["group"] for row in rows} == {group}
    assert len(rows) == line["received"] + sum(figures["count"] for figures in line["steps"].values())


def test_the_hour_of_the_week_can_be_asked_for(busy: Office):
    [line] = facts(busy, "--by", "hour")["lines"]
    rows = json.loads(told(busy, "--by", "hour", "--group", line["group"], "--cases", "--json"))
    assert len(rows) == 3 + sum(figures["count"] for figures in line["steps"].values())


def test_periods_are_local_and_end_now_at_the_latest(busy: Office):
    found = facts(busy, "--since", "2026-01-01", "--until", "2999-01-01")
    assert found["since"] == "2025-12-31T23:00:00+00:00"
    assert datetime.fromisoformat(found["until"]) - datetime.now(UTC) < timedelta(minutes=1)  # noqa: TID251 - a real process
    before = facts(busy, "--since", "2026-01-01", "--until", "2026-01-08")
    assert (before["total"]["received"], before["total"]["steps"]) == (0, {})


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--since", "soon"), '"soon" is no moment; write it like'),
        (("--since", "2026-01-02", "--until", "2026-01-01"), "the period is empty"),
        (("--department", "biling"), "there is no department “biling”"),
        (("--csv", "--json"), "choose one of --csv and --json"),
        (("--group", "billing"), "--group names a line of --by"),
        (("--by", "moon"), "Invalid value for '--by'"),
        (("--by", "hour", "--group", "monday", "--cases"), "no hour of the week"),
        (("--by", "step", "--group", "lunch", "--cases"), "there is no step"),
    ],
)
def test_what_cannot_be_meant_is_refused(working: Office, words: tuple[str, ...], sentence: str):
    assert sentence in " ".join(refused(working, *words).split())


def test_a_line_that_is_not_there_is_refused_with_those_that_are(busy: Office):
    done = busy.command("report", "--by", "department", "--group", "legal")
    assert done.exit_code == 1
    assert "no line of this report is called “legal”; there are: billing, product" in done.output
