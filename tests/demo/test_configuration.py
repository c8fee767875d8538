"""The demo's configuration is one that an administrator could have written: good, and without a word of advice."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bots.commands.command_line import app
from bots.demo.configuration import network_seed, written
from connectors import settings_models
from escalation.settings import load_settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    written(tmp_path, address="http://127.0.0.1:8000", undo_seconds=3)
    return tmp_path


def test_there_is_nothing_to_warn_of(folder: Path):
    checked = CliRunner().invoke(app, ["check", "--json", "--config", str(folder / "portavoce.toml")])
    assert checked.exit_code == 0, checked.output
    assert json.loads(checked.stdout)["warnings"] == []


def test_a_warning_and_a_breach_come_within_two_minutes_at_any_hour(folder: Path):
    settings = load_settings(folder / "portavoce.toml", environ={}, connector_settings=settings_models())
    policy = settings.policy_snapshot("standard", priority="normal", network="sandbox")
    assert policy["hours"] == "always"
    target = policy["targets"]["acknowledge"]
    assert 30 <= target * policy["ladder"][0]["percent"] // 100 <= 45, "a warning some 40 seconds after the card"
    assert target <= 75, "and a breach at about a minute"
    assert [rung["ping"] for rung in policy["ladder"][:3]] == ["owner", "on_call", "manager"]
    office = settings.policy_snapshot("office", priority="normal", network="form")
    assert office["hours"] == "business"
    assert settings.calendar_for("billing").is_open(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
    assert not settings.calendar_for("billing").is_open(datetime(2026, 11, 22, 9, 0, tzinfo=UTC))


def test_its_customers_have_names_and_reach(folder: Path):
    accounts = network_seed(folder)["accounts"]
    assert [one["handle"] for one in accounts] == ["acme", "ada", "chiara", "davide", "elena"]
    assert all(one["followers"] > 0 for one in accounts)
