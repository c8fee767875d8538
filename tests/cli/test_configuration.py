"""``init``, ``check``, ``config schema`` and ``migrate``."""

import json
import tomllib

from connectors import settings_models
from tests.cli.office import CONFIGURATION, SECRETS, Office


def test_init_writes_a_configuration_that_loads(office: Office):
    office.file.unlink()
    written = office.command("init")
    assert written.exit_code == 0, written.output
    assert set(tomllib.loads(office.file.read_text("utf-8"))) >= {"organisation", "members", "routes", "accounts"}
    secrets = {**SECRETS, "ACME_MASTODON_TOKEN": "tok"}
    checked = office.command("check", env=secrets)
    assert checked.exit_code == 0, checked.output
    assert "is good: 2 accounts" in checked.stdout


def test_init_never_overwrites_unless_forced(office: Office):
    refused = office.command("init")
    assert refused.exit_code == 1
    assert "was not changed" in refused.stderr
    assert office.file.read_text("utf-8") == CONFIGURATION
    assert office.command("init", "--force").exit_code == 0
    assert office.file.read_text("utf-8") != CONFIGURATION


def test_a_wrong_key_is_told_with_its_line_and_the_likely_one(office: Office):
    office.write(CONFIGURATION.replace("timezone =", "timezon ="))
    refused = office.command("check")
    assert refused.exit_code == 2
    assert f"{office.file}:3: organisation.timezon: unknown key; did you mean timezone?" in refused.stderr
    assert refused.stdout == ""


def test_a_missing_secret_is_two(office: Office):
    for words in (("check",), ("run", "--port", "0"), ("web", "--port", "0"), ("worker",), ("doctor",)):
        refused = office.command(*words, env={})
        assert refused.exit_code == 2, refused.output
        assert (
            f"{office.file}:8: chat.slack.bot_token: the environment variable SLACK_BOT_TOKEN is not set"
            in refused.stderr
        )


def test_check_tells_programs_what_is_wrong(office: Office):
    good = office.command("check", "--json")
    assert json.loads(good.stdout)["ok"] is True
    office.write(CONFIGURATION.replace('members = ["dario"]', 'members = ["daro"]'))
    wrong = office.command("check", "--json")
    assert wrong.exit_code == 2
    problems = json.loads(wrong.stdout)["problems"]
    assert {problem["suggestions"][0] for problem in problems} == {"dario"}
    assert problems[0]["line"] == 1 + CONFIGURATION.splitlines().index('members = ["dario"]')


def test_check_prints_warnings_and_passes(office: Office):
    office.write(CONFIGURATION.replace('slack = "U0MARTA"\n', ""))
    checked = office.command("check")
    assert checked.exit_code == 0
    assert "warning: " in checked.stderr


COMPANY = """\
BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20201207
RRULE:FREQ=YEARLY;COUNT=3
SUMMARY:Works outing
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART:20261208T130000Z
DURATION:PT1H
SUMMARY:All hands
END:VEVENT
END:VCALENDAR
"""


def test_check_says_what_the_company_calendar_closes(office: Office):
    calendar = office.file.with_name("company.ics")
    calendar.write_text(COMPANY, "utf-8")
    office.write(CONFIGURATION.replace("[organisation]\n", '[organisation]\ncompany_days = "company.ics"\n'))

    checked = office.command("check")
    assert checked.exit_code == 0, checked.output
    assert f"{calendar} closes 3 days from 2020-12-07 to 2022-12-07 and hours of 1 event.\n" in checked.stdout
    assert json.loads(office.command("check", "--json").stdout)["company_days"] == [
        {"file": str(calendar), "days": 3, "first_day": "2020-12-07", "last_day": "2022-12-07", "events": 1}
    ]

    calendar.write_text(COMPANY.replace("DTSTART;VALUE=DATE:20201207", "DTSTART:some day"), "utf-8")
    refused = office.command("check")
    assert refused.exit_code == 2
    sentence = f"{calendar}, line 5: the event “Works outing” has no readable DTSTART"
    assert f"{office.file}:2: organisation.company_days: {sentence}" in refused.stderr
    calendar.unlink()
    assert "cannot be read (no such file or directory)" in office.command("case", "list").stderr


def test_commands_that_ask_nobody_need_no_secrets(working: Office):
    assert working.command("case", "list", env={}).exit_code == 0
    assert working.command("freeze", env={}).exit_code == 0


def test_a_database_address_from_the_environment_is_looked_up(working: Office):
    working.write(f'{CONFIGURATION}[database]\nurl = {{ env = "DATABASE" }}\n')
    assert working.command("case", "list", env={"DATABASE": working.url}).exit_code == 0
    missing = working.command("case", "list", env={})
    assert missing.exit_code == 2
    assert "DATABASE is not set" in missing.stderr


def test_schema_describes_every_connector(office: Office):
    schema = json.loads(office.command("config", "schema").stdout)
    titles = {one["title"] for one in schema["properties"]["accounts"]["additionalProperties"]["oneOf"]}
    assert titles == {f"account on {name}" for name in settings_models()}


def test_the_slack_manifest_has_our_address(office: Office):
    page = office.command("config", "manifest").stdout
    assert "url: http://127.0.0.1:8000/slack/events" in page
    assert "callback_id: use_as_reply" in page
    without = office.command("config", "manifest", "--socket-mode").stdout
    assert "socket_mode_enabled: true" in without
    assert "url:" not in without


def test_migrate_check_tells_behind_from_current(office: Office):
    behind = office.command("migrate", "--check")
    assert behind.exit_code == 1
    assert "run: portavoce migrate" in behind.stderr
    assert not (office.folder / "portavoce.db").exists()
    assert office.command("migrate").exit_code == 0
    assert office.command("migrate", "--check").exit_code == 0
    state = json.loads(office.command("migrate", "--json").stdout)
    assert state["is_current"] is True


def test_a_file_that_is_no_database_is_a_sentence(office: Office):
    (office.folder / "portavoce.db").write_text("not a database at all, but long enough to be looked at" * 20)
    for words in (("migrate",), ("case", "list")):
        refused = office.command(*words)
        assert refused.exit_code == 1
        assert "the database cannot be used" in refused.stderr


def test_the_schema_shows_defaults_as_a_person_writes_them(office: Office):
    def defaults(part: object) -> list[tuple[str, object]]:
        if isinstance(part, list):
            return [found for one in part for found in defaults(one)]
        if not isinstance(part, dict):
            return []
        own = [(part["title"], part["default"])] if part.get("type") == "string" and "default" in part else []
        return own + defaults(list(part.values()))

    found = defaults(json.loads(office.command("config", "schema").stdout))
    assert {("Rate Limit", "10/min"), ("Unknown After", "2m")} <= set(found)
    assert [title for title, default in found if not isinstance(default, str)] == []
