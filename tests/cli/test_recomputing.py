"""``case recompute``: what moved, who may, and that nothing is refused silently."""

import json

import pytest

from escalation import commands as c
from models.vocabulary import DismissReason
from tests.cli.office import CONFIGURATION, Office

LONGER = CONFIGURATION.replace('answer = "1h"', 'answer = "2h"')


def claimed(office: Office, number: int = 1, text: str = "Where is my invoice?") -> str:
    case = office.arrive(text, external_id=f"post-{number}")
    office.order(case, c.Claim(), actor="anna" if "invoice" in text else "dario")
    return case


def recomputed(office: Office, *words: str, code: int = 0) -> dict[str, dict]:
    told = office.command("case", "recompute", *words, "--json")
    assert told.exit_code == code, told.output
    return {one["case"]: one for one in json.loads(told.stdout)["cases"]}


def target(office: Office, case: str) -> int:
    facts = json.loads(office.command("case", "explain", case, "--json").stdout)
    return next(clock["target_seconds"] for clock in facts["clocks"] if clock["step"] == "answer")


def acts(office: Office, case: str) -> list[tuple[str, str]]:
    facts = json.loads(office.command("case", "explain", case, "--json").stdout)
    return [(event["act"], event["actor"]) for event in facts["events"]]


def test_what_moved_is_printed_and_journalled(working: Office):
    case = claimed(working)
    working.write(LONGER)
    assert target(working, case) == 3_600
    told = working.command("case", "recompute", case[-6:])
    assert told.exit_code == 0, told.output
    assert "answer" in told.stdout
    assert "1 cases were timed anew, 0 stay as they are" in told.stdout
    assert target(working, case) == 7_200
    assert acts(working, case)[-1] == ("Recompute", "command line")
    page = working.command("case", "explain", case).stdout
    assert "when command line had the clocks timed anew" in " ".join(page.split())


def test_a_second_time_nothing_moves_and_it_says_so(working: Office):
    case = claimed(working)
    working.write(LONGER)
    [moved] = recomputed(working, case)[case]["moved"]
    assert (moved["step"], moved["cycle"]) == ("answer", 1)
    assert moved["before"] < moved["after"]
    assert recomputed(working, case)[case] == {"case": case, "refusal": None, "moved": []}
    assert "0 cases were timed anew, 1 stay as they are" in working.command("case", "recompute", case).stdout


def test_a_dry_run_writes_nothing(working: Office):
    case = claimed(working)
    working.write(LONGER)
    before = acts(working, case)
    assert [moved["step"] for moved in recomputed(working, case, "--dry-run")[case]["moved"]] == ["answer"]
    assert (target(working, case), acts(working, case)) == (3_600, before)
    assert "would be timed anew" in working.command("case", "recompute", case, "--dry-run").stdout


def test_all_open_cases_or_those_of_one_department(working: Office):
    billing, product = claimed(working), claimed(working, 2, "It is broken")
    over = claimed(working, 3)
    working.order(over, c.Dismiss(DismissReason.NO_REPLY_NEEDED), actor="anna")
    working.write(LONGER)
    assert set(recomputed(working, "--all", "--department", "product")) == {product}
    assert target(working, billing) == 3_600
    assert set(recomputed(working, "--all")) == {billing, product}
    assert target(working, billing) == target(working, product) == 7_200


def test_a_case_that_is_over_is_refused_loudly_and_the_others_are_done(working: Office):
    over, running = claimed(working), claimed(working, 2)
    working.order(over, c.Dismiss(DismissReason.NO_REPLY_NEEDED), actor="anna")
    working.write(LONGER)
    told = working.command("case", "recompute", over, running)
    assert told.exit_code == 1
    assert f"{over[-8:]}: This case was closed" in told.stderr
    assert target(working, running) == 7_200
    assert "closed" in recomputed(working, over, code=1)[over]["refusal"]
    assert "closed" in recomputed(working, over, "--dry-run", code=1)[over]["refusal"]


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_an_account_that_is_gone_is_refused_by_name(working: Office, dry: tuple[str, ...]):
    case = claimed(working)
    working.write(LONGER.replace("[accounts.network]", "[accounts.renamed]"))
    assert "network" in recomputed(working, case, *dry, code=1)[case]["refusal"]


@pytest.mark.parametrize(("member", "code"), [("marta", 0), ("carla", 0), ("anna", 1)])
def test_managers_and_approvers_may_in_their_own_name(working: Office, member: str, code: int):
    case = claimed(working)
    working.write(LONGER)
    told = working.command("case", "recompute", case, "--as", member)
    assert told.exit_code == code
    if code:
        assert "Only approvers and managers can do this" in told.stderr
        assert target(working, case) == 3_600
    else:
        assert acts(working, case)[-1] == ("Recompute", member)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "name cases, or give --all"),
        (("abcd", "--all"), "name cases, or give --all"),
        (("abcd", "--department", "billing"), "--department narrows --all"),
        (("--all", "--department", "biling"), "did you mean billing?"),
        (("--all", "--as", "ana"), "did you mean anna?"),
    ],
)
def test_wrong_usage_is_two_and_a_sentence(working: Office, words: tuple[str, ...], sentence: str):
    told = working.command("case", "recompute", *words)
    assert told.exit_code == 2
    assert sentence in told.stderr


def test_a_case_that_is_not_there_is_one(working: Office):
    told = working.command("case", "recompute", "zzzz")
    assert (told.exit_code, told.stdout) == (1, "")
    assert "there is no case “zzzz”" in told.stderr


def test_with_nothing_open_nothing_is_done(working: Office):
    assert "0 cases were timed anew, 0 stay" in working.command("case", "recompute", "--all").stdout
