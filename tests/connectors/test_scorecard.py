"""Every connector there is, known or added from outside, against every rule of the contract."""

import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest

import connectors
from tests.connectors.contract import ConnectorContract, Score, rules, scorecard
from tests.connectors.small_connector import SmallConnector
from tests.connectors.test_mastodon import TestMastodon as MastodonSuite

HERE = Path(__file__).parent


def suites() -> list[type[ConnectorContract]]:
    """Return every test class of this folder that inherits the contract."""
    modules = [importlib.import_module(f"tests.connectors.{path.stem}") for path in sorted(HERE.glob("test_*.py"))]
    found = {one for module in modules for _, one in inspect.getmembers(module, inspect.isclass)}
    return [one for one in found if issubclass(one, ConnectorContract) and hasattr(one, "connector_class")]


def test_every_connector_proves_every_rule_or_says_why_not():
    scores = scorecard(connectors.registry(), suites())
    assert {one.connector for one in scores} == set(connectors.registry())
    assert [one for one in scores if one.stands == "missing"] == []
    assert all(one.reason for one in scores if one.stands == "exempt")


def test_exemptions_name_rules_that_exist():
    names = {one.name for one in rules()}
    assert len(names) == len(rules()) >= 40
    assert {(one.__name__, name) for one in suites() for name in one.exempt if name not in names} == set()


def test_a_connector_without_tests_is_missing_everything():
    scores = scorecard({"small": SmallConnector}, suites())
    assert {one.stands for one in scores} == {"missing"}
    assert len(scores) == len(rules())


def test_a_rule_that_is_overridden_or_excused_without_reason_is_missing():
    class Lazy(MastodonSuite):
        exempt = {"settings refuse unknown keys and never change": ""}  # noqa: RUF012 - as a suite would write it

        async def test_send_statuses(self) -> None:
            """Do nothing at all."""

    scores = scorecard({"mastodon": MastodonSuite.connector_class}, [Lazy])
    missing = {one.rule for one in scores if one.stands == "missing"}
    assert missing == {"settings refuse unknown keys and never change", "every status gets its verdict"}


def test_what_a_network_cannot_do_is_exempt_with_the_reason():
    scores = scorecard({"mastodon": MastodonSuite.connector_class}, [MastodonSuite])
    assert Score("mastodon", "a stale call is refused", "exempt", "takes no webhook calls") in scores
    assert Score("mastodon", "every status gets its verdict", "done") in scores


# --- discovery

OFFERED = """
from connectors.mastodon import Settings
class Other:
    name = {name!r}
    label = "Other"
    settings_model = Settings
    capabilities = count = post = close = None
class NoConnector:
    name = "nothing"
"""


def install(folder: Path, monkeypatch: Any, *, name: str, attribute: str) -> None:
    """Put a distribution that offers a connector on the path."""
    (folder / "other_network.py").write_text(OFFERED.format(name=name))
    metadata = folder / "other_network-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: other-network\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[portavoce.connectors]\nother = other_network:{attribute}\n")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(importlib.sys.modules, "other_network", raising=False)


def test_another_distribution_can_add_a_connector(tmp_path, monkeypatch):
    install(tmp_path, monkeypatch, name="other", attribute="Other")
    known = connectors.registry()
    assert known["other"].label == "Other"
    assert connectors.settings_models()["other"] is known["mastodon"].settings_model
    assert list(known) == sorted(known)


def test_a_name_that_is_taken_is_refused(tmp_path, monkeypatch):
    install(tmp_path, monkeypatch, name="mastodon", attribute="Other")
    with pytest.raises(connectors.ConnectorError, match=r"named mastodon, which connectors.mastodon is already"):
        connectors.registry()


def test_what_is_no_connector_is_refused(tmp_path, monkeypatch):
    install(tmp_path, monkeypatch, name="other", attribute="NoConnector")
    with pytest.raises(connectors.ConnectorError, match="entry point other offers no connector; missing: label"):
        connectors.registry()


def test_our_own_connectors_are_found_by_looking():
    assert connectors.registry()["mastodon"] is MastodonSuite.connector_class
    assert set(connectors.settings_models()) == set(connectors.registry())
