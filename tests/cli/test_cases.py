"""``case list``, ``case show`` and ``case explain``."""

import json
from datetime import UTC, datetime

from tests.cli.office import Office

CASE_FIELDS = {
    "id", "state", "network", "account", "department", "owner", "received_at", "due", "steps",
}  # fmt: skip
STEP_FIELDS = {"started_at", "ended_at", "wall_seconds", "business_seconds"}


def is_utc(text: str) -> bool:
    return datetime.fromisoformat(text).utcoffset() == UTC.utcoffset(None)


def test_list_has_the_fields_of_the_contract(working: Office):
    case = working.arrive()
    listed = working.command("case", "list", "--json")
    assert listed.exit_code == 0, listed.output
    [facts] = json.loads(listed.stdout)
    assert set(facts) >= CASE_FIELDS
    assert facts["id"] == case
    assert (facts["state"], facts["network"], facts["account"]) == ("waiting_answer", "sandbox", "network")
    assert (facts["department"], facts["owner"]) == ("billing", None)
    assert is_utc(facts["received_at"])
    assert set(facts["steps"]) == {"detect", "route", "first_response", "resolution"}
    assert all(set(step) >= STEP_FIELDS for step in facts["steps"].values())
    assert facts["steps"]["detect"]["wall_seconds"] >= 0
    assert facts["steps"]["route"]["ended_at"] is None


def test_due_has_the_running_clocks_only(working: Office):
    case, _ = working.approved_reply()
    [facts] = json.loads(working.command("case", "list", "--json").stdout)
    assert facts["id"] == case
    assert facts["state"] == "relaying"
    assert facts["steps"]["answer"]["ended_at"] is not None
    assert "answer" not in facts["due"]
    assert all(is_utc(at) for at in facts["due"].values())


def test_filters_narrow_the_list(working: Office):
    billing = working.arrive()
    product = working.arrive("It is broken", external_id="post-2")
    listed = {
        words: [facts["id"] for facts in json.loads(working.command("case", "list", "--json", *words).stdout)]
        for words in (
            (),
            ("--department", "billing"),
            ("--state", "in_review"),
            ("--state", "in_review", "--state", "waiting_answer"),
            ("--account", "contact"),
            ("--owner", "anna"),
            ("--limit", "1"),
        )
    }
    assert listed[()] == [product, billing]
    assert listed["--department", "billing"] == [billing]
    assert listed["--state", "in_review"] == []
    assert listed["--state", "in_review", "--state", "waiting_answer"] == [product, billing]
    assert listed["--account", "contact"] == listed["--owner", "anna"] == []
    assert listed["--limit", "1"] == [product]


def test_a_filter_that_nobody_knows_is_wrong_usage(working: Office):
    refused = working.command("case", "list", "--department", "biling")
    assert refused.exit_code == 2
    assert "there is no department “biling”" in refused.stderr
    assert "billing, legal, product" in refused.stderr


def test_show_takes_the_end_of_an_id(working: Office):
    case = working.arrive()
    shown = working.command("case", "show", case[-6:], "--json")
    facts = json.loads(shown.stdout)
    assert facts["id"] == case
    assert [message["text"] for message in facts["messages"]] == ["Where is my invoice?"]
    assert "Where is my invoice?" in working.command("case", "show", case[-6:].upper()).stdout


def test_show_has_every_version_and_the_reply(working: Office):
    case, reply = working.approved_reply()
    facts = json.loads(working.command("case", "show", case, "--json").stdout)
    assert [(draft["author"], draft["parts"], draft["decided_by"]) for draft in facts["drafts"]] == [
        ("anna", ["In your inbox."], "carla")
    ]
    assert [one["id"] for one in facts["replies"]] == [reply]
    page = working.command("case", "show", case).stdout
    assert "Answer no. 1 by anna, approved by carla" in page
    assert "| In your inbox." in page


def test_nothing_found_is_a_sentence_and_one(working: Office):
    refused = working.command("case", "show", "zzzzzz")
    assert refused.exit_code == 1
    assert "there is no case “zzzzzz”" in refused.stderr
    assert refused.stdout == ""


def test_explain_says_why_and_who(working: Office):
    case, _ = working.approved_reply()
    page = working.command("case", "explain", case).stdout
    assert "because it says “invoice”" in page
    assert "Anna Verdi" in page
    assert "submitted an answer" in page
    facts = json.loads(working.command("case", "explain", case, "--json").stdout)
    assert [event["act"] for event in facts["events"]] == ["OpenCase", "SubmitDraft", "Approve"]
    assert [event["actor"] for event in facts["events"]][1:] == ["anna", "carla"]
    assert {effect["kind"] for effect in facts["effects"]} >= {"reply", "card", "approval"}


def test_tables_fit_and_have_no_escapes(working: Office):
    case = working.arrive("\x1b[31mred\u202e " + "long " * 80)
    for words in (("case", "list"), ("case", "explain", case), ("outbox", "list")):
        page = working.command(*words).stdout
        assert "\x1b" not in page
        assert max(map(len, page.splitlines())) <= 80
    shown = working.command("case", "show", case).stdout
    assert "red" in shown
    assert not {"\x1b", "\u202e"} & set(shown)


def test_an_empty_list_says_so(working: Office):
    assert working.command("case", "list").stdout == "There is no case yet.\n"
    assert working.command("case", "list", "--owner", "anna").stdout == "There is no such case.\n"
    assert json.loads(working.command("case", "list", "--json").stdout) == []
