"""The manifest asks for what the code needs, and for nothing else."""

import ast
import re
from pathlib import Path

import yaml

from bots.sandbox.workspace.web_api.registry import METHODS
from bots.slack.listeners.commands import COMMAND
from bots.slack.listeners.shortcuts import USE_AS_REPLY
from bots.slack.manifest import http_manifest, socket_mode_manifest
from models.database import Database
from tests.bots.slack.office import slack_office
from tests.bots.story import draft_of, new_card
from tests.house import TestClock

CODE = Path(__file__).parents[3] / "bots" / "slack"
EVENT_SCOPES = {
    "app_home_opened": set(),
    "app_mention": {"app_mentions:read"},
    "app_uninstalled": set(),
    "channel_archive": {"channels:read"},
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "tokens_revoked": set(),
}


def used_methods() -> set[str]:
    """Every Web API method that the code calls, by the names of the SDK's client or in full."""
    found: set[str] = set()
    for path in CODE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and re.fullmatch(
                r"(chat|views|conversations|users|usergroups(_users)?|files)_[a-zA-Z]+", node.attr
            ):
                found.add(node.attr.replace("_", "."))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in METHODS:
                found.add(node.value)
    return found


def test_every_method_has_its_scope_and_every_scope_its_use() -> None:
    scopes = set(yaml.safe_load(http_manifest("https://x.example"))["oauth_config"]["scopes"]["bot"])
    methods = used_methods()
    assert {
        "chat.postMessage",
        "chat.update",
        "chat.postEphemeral",
        "views.open",
        "views.update",
        "views.publish",
    } <= methods
    for name in methods:
        needed = set(METHODS[name].scopes)
        assert not needed or needed & scopes, f"{name} needs one of {needed}"
    asked = (
        {scope for name in methods for scope in METHODS[name].scopes}
        | set().union(*EVENT_SCOPES.values())
        | {"commands"}
    )
    assert scopes <= asked, f"nobody uses {scopes - asked}"


def test_every_subscription_has_its_scope() -> None:
    manifest = yaml.safe_load(http_manifest("https://x.example"))
    scopes = set(manifest["oauth_config"]["scopes"]["bot"])
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    assert set(events) == set(EVENT_SCOPES)
    assert set().union(*(EVENT_SCOPES[event] for event in events)) <= scopes


def test_the_words_of_the_manifest_are_those_of_the_code() -> None:
    manifest = yaml.safe_load(http_manifest("https://portavoce.acme.example/"))
    [command] = manifest["features"]["slash_commands"]
    [shortcut] = manifest["features"]["shortcuts"]
    assert command["command"] == COMMAND
    assert shortcut["callback_id"] == USE_AS_REPLY
    assert shortcut["name"] == "Use as reply"
    assert len(shortcut["name"]) <= 24
    address = "https://portavoce.acme.example/slack/events"
    settings = manifest["settings"]
    assert {
        command["url"],
        settings["event_subscriptions"]["request_url"],
        settings["interactivity"]["request_url"],
    } == {address}
    assert settings["socket_mode_enabled"] is False


def test_socket_mode_has_no_address() -> None:
    text = socket_mode_manifest()
    manifest = yaml.safe_load(text)
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert "https://portavoce" not in text
    assert "url" not in manifest["features"]["slash_commands"][0]
    assert manifest["settings"]["interactivity"] == {"is_enabled": True}
    assert manifest["oauth_config"] == yaml.safe_load(http_manifest("https://x.example"))["oauth_config"]


async def test_the_story_with_these_scopes_and_subscriptions_only(database: Database, clock: TestClock) -> None:
    manifest = yaml.safe_load(http_manifest("https://x.example"))
    rights = {
        "scopes": tuple(manifest["oauth_config"]["scopes"]["bot"]),
        "events": tuple(manifest["settings"]["event_subscriptions"]["bot_events"]),
        "commands": ("/portavoce",),
    }
    async with slack_office(database, clock, **rights) as office:
        case, card = await new_card(office)
        await office.say_in_thread("anna", card, "reply: Allowed.")
        assert (await draft_of(office, case)).text == "Allowed."
        assert (await office.open("anna", card, "Details")).title == "Details"
        assert "1 waiting for approval" in (await office.command("anna", "status")).text
        assert all(finding.ok for finding in await office.slack.surface.doctor())
        refused = [call for call in office.workspace.calls if call.outcome == "missing_scope"]
        assert refused == []
