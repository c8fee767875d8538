"""What holds for every command, and the commands that only print."""

import json
import re

import pytest
import typer
from typer.testing import CliRunner

from bots.commands.command_line import app
from escalation.lifecycle import TABLE
from tests.cli.office import Office


def every_command() -> dict[str, object]:
    """The commands by the words that call them."""
    found = {}

    def walk(group: object, words: tuple[str, ...]) -> None:
        for name, command in getattr(group, "commands", {}).items():
            if hasattr(command, "commands"):
                walk(command, (*words, name))
            else:
                found[" ".join((*words, name))] = command

    walk(typer.main.get_command(app), ())
    return found


COMMANDS = every_command()


def test_the_commands_are_those_of_the_contract():
    assert set(COMMANDS) == {
        "demo", "run", "web", "worker", "init", "check", "doctor", "migrate", "case list", "case show", "case explain",
        "case recompute", "policy list", "policy preview",
        "outbox list", "outbox retry", "outbox park", "outbox confirm", "connectors", "lifecycle", "freeze", "release",
        "config schema", "config manifest",
        "oncall who", "oncall calendar", "oncall swap", "oncall override", "oncall cancel",
        "auditor",
        "report",
    }  # fmt: skip


@pytest.mark.parametrize("words", sorted(COMMANDS))
def test_every_command_takes_config_and_debug_and_has_help(words: str):
    options = {option for parameter in COMMANDS[words].params for option in parameter.opts}
    assert {"--config", "--debug"} <= options
    told = CliRunner().invoke(app, [*words.split(), "--help"])
    assert told.exit_code == 0
    assert "Usage:" in told.stdout


@pytest.mark.parametrize(
    "words",
    [
        "case list",
        "outbox list",
        "report",
        "connectors",
        "lifecycle",
        "check",
        "doctor",
        "demo",
        "case recompute",
        "policy list",
        "policy preview",
        "oncall who",
        "oncall calendar",
    ],
)
def test_every_listing_has_json(words: str):
    assert "--json" in {option for parameter in COMMANDS[words].params for option in parameter.opts}


@pytest.mark.parametrize(
    "words", [("cases",), ("case", "list", "--nope"), ("run", "--port", "many"), ("run", "--port", "70000")]
)
def test_wrong_usage_is_two(words: tuple[str, ...]):
    assert CliRunner().invoke(app, list(words)).exit_code == 2


def test_a_stack_trace_comes_only_with_debug(office: Office):
    office.write('url = "')
    plain = office.command("case", "list")
    assert plain.exit_code == 2
    assert "Traceback" not in plain.output
    told = office.command("case", "list", "--debug")
    assert type(told.exception).__name__ == "ConfigurationError"


def test_lifecycle_prints_the_table_in_force():
    rows = json.loads(CliRunner().invoke(app, ["lifecycle", "--json"]).stdout)
    assert len(rows) == len(TABLE)
    assert {"from", "command", "who", "to", "clocks", "effects"} == set(rows[0])
    drawn = CliRunner().invoke(app, ["lifecycle", "--mermaid"]).stdout
    assert drawn.startswith("stateDiagram-v2")
    assert "in_review --> relaying" in drawn
    page = CliRunner().invoke(app, ["lifecycle", "--markdown"]).stdout
    assert page.count("\n") == len(TABLE) + 2
    assert CliRunner().invoke(app, ["lifecycle", "--markdown", "--mermaid"]).exit_code == 2


def test_connectors_prints_what_networks_can_do(office: Office):
    rows = json.loads(CliRunner().invoke(app, ["connectors", "--json"]).stdout)
    by_name = {row["name"]: row for row in rows}
    assert set(by_name) >= {"form", "mastodon", "sandbox"}
    assert by_name["sandbox"]["ingest"] == ["poll", "push"]
    assert by_name["form"]["visibilities"] == ["private"]
    page = CliRunner().invoke(app, ["connectors", "--markdown"]).stdout
    assert re.search(r"^\| sandbox \| poll, push \| 500 letters \|", page, re.MULTILINE)
    accounts = json.loads(office.command("connectors", "--json").stdout)
    assert [(row["name"], row["connector"]) for row in accounts] == [("network", "sandbox"), ("contact", "form")]
