"""``auditor`` and what ``doctor`` says of it: exit codes, what each finding tells, and accepting one."""

import json
import sqlite3
from contextlib import closing

from escalation.auditing import RULES
from escalation.auditor import Auditor
from escalation.desk import Desk
from tests.cli.office import CONFIGURATION, Office


def by_hand(office: Office, statement: str) -> None:
    with closing(sqlite3.connect(office.folder / "portavoce.db")) as connection:
        assert connection.execute(statement).rowcount
        connection.commit()


def unlawful(office: Office) -> str:
    """A case whose answer Bruno approved, who may not."""
    case, _ = office.approved_reply()
    by_hand(office, "UPDATE review SET member = 'bruno'")
    return case


def remembered(office: Office) -> None:
    """Audit as a worker does."""

    async def work(desk: Desk) -> None:
        await Auditor(desk).report()

    office.within(work)


def test_a_healthy_office_is_told_so(working: Office):
    working.arrive()
    done = working.command("auditor")
    assert (done.exit_code, done.stdout) == (0, f"All {len(RULES)} rules hold.\n")
    told = json.loads(working.command("auditor", "--json").stdout)
    assert (told["ok"], told["rules"], told["findings"]) == (True, len(RULES), [])


def test_a_finding_names_case_what_is_wrong_and_what_to_do(working: Office):
    case = unlawful(working)
    done = working.command("auditor")
    assert done.exit_code == 1
    assert f"I6  Case {case}: bruno approved an answer without being an approver." in done.stdout
    assert "Ask who approved it" in done.stdout
    assert f"1 found by {len(RULES)} rules." in done.stdout
    done = working.command("auditor", "--json")
    assert done.exit_code == 1
    [finding] = json.loads(done.stdout)["findings"]
    assert (finding["case"], finding["invariant"], finding["rule"]) == (case, "I6", "approvers_may_approve")
    assert finding["wrong"]
    assert finding["advice"]


def test_a_finding_can_be_accepted_once_a_worker_remembers_it(working: Office):
    unlawful(working)
    [finding] = json.loads(working.command("auditor", "--json").stdout)["findings"]
    early = working.command("auditor", "--accept", finding["finding"])
    assert early.exit_code == 1
    assert "quarter of an hour" in early.stderr
    remembered(working)
    done = working.command("auditor", "--accept", finding["finding"], "--as", "marta")
    assert done.exit_code == 0, done.stderr
    done = working.command("auditor")
    assert done.exit_code == 0
    assert "(accepted by marta)" in done.stdout
    assert "rules hold" in done.stdout


def test_rules_are_listed(working: Office):
    assert json.loads(working.command("auditor", "--rules", "--json").stdout)[0] == {
        "invariant": RULES[0].invariant,
        "rule": RULES[0].name,
        "holds": RULES[0].holds,
    }
    assert "four_eyes" in working.command("auditor", "--rules").stdout


def test_a_window_is_a_length_of_time(working: Office):
    assert working.command("auditor", "--window", "30d").exit_code == 0
    done = working.command("auditor", "--window", "long")
    assert done.exit_code == 2
    assert "--window" in done.stderr


def test_a_database_that_is_not_migrated_is_refused(office: Office):
    done = office.command("auditor")
    assert done.exit_code == 1
    assert "portavoce migrate" in done.stderr


def lines(office: Office, *of: str) -> list[str]:
    told = office.command("doctor").stdout.splitlines()
    return [line for line in told if any(f"  {name}: " in line for name in of)]


def test_the_doctor_asks_the_auditor_and_looks_for_signs_of_life(working: Office):
    assert lines(working, "watch", "auditor") == [
        "ok      watch: no sweep was done yet; portavoce run does it",
        "ok      watch: no audit was done yet; portavoce run does it",
        f"ok      auditor: {len(RULES)} rules hold",
    ]
    unlawful(working)
    by_hand(working, "INSERT INTO pulse (duty, at, process) VALUES ('sweep', 1700000000000000, 'host:1:a')")
    late, _, finding = lines(working, "watch", "auditor")
    assert late.startswith("FAILED  watch: the last sweep was ")
    assert "by host:1:a" in late
    assert finding.startswith("FAILED  auditor: I6 Case ")


def test_the_address_of_the_heartbeat_is_shown_nowhere(office: Office):
    office.write(f'{CONFIGURATION}\n[watch]\nheartbeat_url = "https://watchman.example/geheim"\n')
    office.migrated()
    for words in (("check",), ("doctor",), ("doctor", "--json"), ("auditor",)):
        done = office.command(*words)
        assert "geheim" not in done.stdout + done.stderr, words
    office.write(f'{CONFIGURATION}\n[watch]\nheartbeat_url = "http://watchman.example/geheim"\n')
    done = office.command("check")
    assert done.exit_code == 2
    assert "watch.heartbeat_url" in done.stderr
    assert 'begins with "https://"' in done.stderr
    assert "geheim" not in done.stdout + done.stderr
