"""``policy list`` and ``policy preview``: from the configuration alone."""

import json
from datetime import UTC, datetime

import pytest

from bots.commands.command import Refused
from bots.commands.policies import moment_of
from tests.cli.office import CONFIGURATION, Office

OFFICE_HOURS = (
    CONFIGURATION.replace('monday = ["24h"]', "\n".join(f'{day} = ["09:00-13:00", "14:00-18:00"]' for day in (
        "monday", "tuesday", "wednesday", "thursday", "friday")))
    .replace('hours = "always"', 'approve = "20m"\nfirst_response = "2h"\n[[policies.standard.when]]\n'
             'priorities = ["urgent"]\nnetworks = ["sandbox"]\nacknowledge = "5m"\n[policies.lazy]\n')
    .replace("[members.marta]\n", '[members.marta]\nquiet_hours = ["22:00-10:00"]\n')
    .replace('members = ["marta"]', 'channel = "slack:C0MANAGERS"\nmembers = ["marta"]')
)  # fmt: skip
FRIDAY = "2026-03-06T17:50"


def previewed(office: Office, *words: str, text: str = OFFICE_HOURS) -> dict:
    office.write(text)
    told = office.command("policy", "preview", *words, "--json", env={"COLUMNS": "80"})
    assert told.exit_code == 0, told.output
    return json.loads(told.stdout)


def by_step(facts: dict) -> dict[str, dict]:
    return {clock["step"]: clock for clock in facts["clocks"]}


def test_a_case_of_friday_evening_is_due_on_monday(office: Office):
    facts = previewed(office, "--received", FRIDAY, "--text", "My invoice is wrong")
    assert (facts["received_at"], facts["timezone"]) == ("2026-03-06T16:50:00+00:00", "Europe/Rome")
    assert (facts["department"], facts["policy"], facts["priority"]) == ("billing", "standard", "normal")
    assert facts["route"] == {"route": 1, "word": "invoice"}
    clocks = by_step(facts)
    assert list(clocks) == ["acknowledge", "answer", "approve", "first_response", "resolution"]
    claim = clocks["acknowledge"]
    assert (claim["due_at"], claim["begins"]) == ("2026-03-09T08:05:00+00:00", None)
    assert [one["seconds"] for one in claim["until_due"]] == [600, 300]
    assert [(one["first"], one["cause"]) for one in claim["skipped"]] == [("2026-03-07", "no_hours")]
    assert clocks["answer"]["begins"] == "once it is claimed"
    assert clocks["resolution"]["rule"] == "no target"


def test_every_rung_says_whom_it_reaches_and_until_when_it_is_held(office: Office):
    warning, breach = by_step(previewed(office, "--received", FRIDAY, "--department", "billing"))["acknowledge"][
        "to_come"
    ]
    assert [(one["to"], one["held_until"]) for one in warning["whom"]] == [("slack:C0BILLING", None)]
    assert [(one["to"], one["held_until"]) for one in breach["whom"]] == [
        ("member:marta", "2026-03-09T09:00:00+00:00"),
        ("slack:C0MANAGERS", None),
    ]


def test_the_table_reads_well_in_eighty_columns(office: Office):
    office.write(OFFICE_HOURS)
    page = office.command("policy", "preview", "--received", FRIDAY, "--text", "invoice", env={"COLUMNS": "80"}).stdout
    words = " ".join(page.split())
    for part in (
        "A case that network receives 2026-03-06 17:50 (Europe/Rome), if nobody does anything.",
        "Route no. 1: To Billing, because it says “invoice”.",
        "Policy standard; priority normal.",
        "opening hours of Billing, Europe/Rome",
        "Mon 9 Mar 09:05",
        "answered, once",
        "whoever has claimed",
        "Skipped: Sat 7 Mar - Sun 8 Mar: no hours on such days",
    ):
        assert part in words, part
    assert max(map(len, page.splitlines())) <= 90
    moments = [row[:15].strip() for row in page.splitlines() if row.startswith(("Fri", "Mon", "17:"))]
    assert all(len(one) > 4 for one in moments), "no moment is cut"


def test_priority_and_network_choose_the_entry_of_the_policy(office: Office):
    facts = previewed(
        office, "--received", FRIDAY, "--department", "product", "--priority", "urgent", "--network", "sandbox"
    )
    claim = by_step(facts)["acknowledge"]
    assert (claim["target_seconds"], claim["due_at"]) == (300, "2026-03-06T16:55:00+00:00")
    assert claim["rule"] == "policy standard, for urgent cases on sandbox, chosen by route no. 2"
    other = previewed(office, "--received", FRIDAY, "--priority", "urgent", "--account", "contact")
    assert other["network"] == "form"
    assert by_step(other)["acknowledge"]["target_seconds"] == 900


def test_a_department_that_no_route_leads_to_is_previewed_and_it_says_so(office: Office):
    office.write(OFFICE_HOURS)
    words = ("policy", "preview", "--received", FRIDAY, "--department")
    page = office.command(*words, "legal", env={}).stdout
    assert "No route leads to Legal; cases come there by hand" in " ".join(page.split())
    assert "Route no. 2 leads to Product." in office.command(*words, "product", env={}).stdout


def test_it_needs_no_secret_and_no_database(office: Office):
    text = OFFICE_HOURS + '[database]\nurl = { env = "NOT_SET_ANYWHERE" }\n'
    assert previewed(office, text=text)["clocks"]
    assert not (office.folder / "portavoce.db").exists()


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("--received", "tomorrow"), 2, "“tomorrow” is no time; write 2026-03-02T16:20"),
        (("--received", "0001-01-01"), 2, "“0001-01-01” is no time"),
        (("--received", "9999-12-31T23:59Z"), 1, "business time is known from 1900 to 2198 only"),
        (("--received", "2500-01-01"), 1, "business time is known from 1900 to 2198 only"),
        (("--department", "biling"), 2, "did you mean billing?"),
        (("--network", "sandbx"), 2, "did you mean sandbox?"),
        (("--account", "nobody"), 2, "known are: network, contact"),
        (("--account", "contact", "--network", "sandbox"), 2, "contact is an account on form, not on sandbox"),
        (("--department", "billing", "--text", "x"), 2, "give --department or --text"),
        (("--priority", "soon"), 2, ""),
    ],
)
def test_what_cannot_be_previewed_is_a_sentence(office: Office, words: tuple[str, ...], code: int, sentence: str):
    office.write(OFFICE_HOURS)
    told = office.command("policy", "preview", *words)
    assert told.exit_code == code, told.output
    assert sentence in told.stderr


def test_the_end_of_all_years_is_a_sentence_around_the_clock_too(office: Office):
    office.write(CONFIGURATION)
    told = office.command("policy", "preview", "--received", "9999-12-31T23:50Z")
    assert told.exit_code == 1
    assert told.stderr == "9999-12-31T23:50Z is too near to the end of the year 9999\n"


NOW = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02T16:20", "2026-03-02T15:20"),
        ("2026-03-02 16:20", "2026-03-02T15:20"),
        ("2026-03-02T16:20Z", "2026-03-02T16:20"),
        ("2026-03-02T16:20+05:30", "2026-03-02T10:50"),
        ("2026-07-02", "2026-07-01T22:00"),
        ("16:20", "2026-03-03T15:20"),
        (" 16:20:30 ", "2026-03-03T15:20:30"),
    ],
)
def test_times_are_those_of_the_organisation_unless_they_say_otherwise(text: str, moment: str):
    assert moment_of(text, "Europe/Rome", NOW).isoformat().startswith(moment)


def test_a_time_that_is_none_names_the_ways_to_write_one():
    with pytest.raises(Refused, match="16:20 for today"):
        moment_of("25:00", "Europe/Rome", NOW)


def test_policies_are_listed_with_their_entries_ladders_and_routes(office: Office):
    office.write(OFFICE_HOURS)
    page = " ".join(office.command("policy", "list", env={"COLUMNS": "200"}).stdout.split())
    assert (
        "standard business acknowledge 15m, answer 1h, approve 20m, first_response 2h 80% owner, 100% manager 1, 2"
        in page
    )
    assert "for urgent cases on sandbox: acknowledge 5m" in page
    assert "lazy business nothing 80% owner, 100% manager none" in page
    listed = {one["name"]: one for one in json.loads(office.command("policy", "list", "--json", env={}).stdout)}
    assert listed["standard"]["when"] == [
        {"priorities": ["urgent"], "networks": ["sandbox"], "targets": {"acknowledge": 300}}
    ]
    assert (listed["lazy"]["targets"], listed["lazy"]["routes"]) == ({}, [])


def test_the_policy_that_nobody_wrote_is_listed_too(office: Office):
    office.write(
        CONFIGURATION.replace("[policies.standard]", "[policies.quick]").replace(
            'department = "product"\n[', 'department = "product"\npolicy = "quick"\n['
        )
    )
    listed = {one["name"]: one for one in json.loads(office.command("policy", "list", "--json", env={}).stdout)}
    assert set(listed) == {"standard", "quick"}
    assert listed["standard"]["targets"] == {}


ON_CALL = (
    OFFICE_HOURS.replace("[departments.billing]\n", '[departments.billing]\non_call = "nights"\n', 1)
    .replace("[policies.lazy]", '[[policies.standard.ladder]]\nat = "80%"\nping = "on_call"\n'
             '[[policies.standard.ladder]]\nat = "100%"\nping = "manager"\n'
             '[[policies.standard.ladder]]\nat = "+0m"\nping = "anna"\n[policies.lazy]', 1)
    + '[on_call.nights]\n[[on_call.nights.layers]]\nslack_group = "S0NIGHTS"\n'
)  # fmt: skip


def page_of(office: Office, text: str) -> str:
    office.write(text)
    told = office.command("policy", "preview", "--received", FRIDAY, "--department", "billing", env={"COLUMNS": "400"})
    assert told.exit_code == 0, told.output
    return told.stdout


def test_a_slack_user_group_is_named_for_its_members_are_not_known(office: Office):
    page = page_of(office, ON_CALL)
    [warning] = [row for row in page.splitlines() if row.startswith("Mon 9 Mar 09:02  claimed")]
    assert warning.rstrip().endswith("whoever is in Slack user group S0NIGHTS")
    assert "swaps and overrides in the database are not looked at" in page
    facts = by_step(previewed(office, "--received", FRIDAY, "--department", "billing", text=ON_CALL))
    assert [one["to"] for one in facts["acknowledge"]["to_come"][0]["whom"]] == ["slack_group:S0NIGHTS"]


def test_without_anybody_on_call_nothing_is_said_of_swaps(office: Office):
    assert "swaps" not in page_of(office, OFFICE_HOURS)


def test_who_is_meant_by_two_rungs_at_once_is_named_once(office: Office):
    page = page_of(office, ON_CALL)
    [due] = [row for row in page.splitlines() if row.startswith("Mon 9 Mar 09:05  claimed") and "due: 15 min" in row]
    assert due.count("the managers' channel") == 1
    assert due.count("Anna Verdi") == 1
