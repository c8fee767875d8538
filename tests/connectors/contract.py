"""What every connector must prove. Its test class inherits these rules and says how its fake network is made.

Each test carries the rule it proves and the ability it needs. A connector without that ability is excused by itself;
any other exemption is written down with its reason. ``scorecard`` puts all together; what nobody proves is missing.
"""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tests.connectors.rules import Rule, excuse
from tests.connectors.rules_arriving import Arriving
from tests.connectors.rules_caring import Caring
from tests.connectors.rules_finding import Finding
from tests.connectors.rules_sending import Sending


class ConnectorContract(Caring, Arriving, Sending, Finding):
    """Inherit, give ``connector_class``, ``make_network`` and ``make_connector``, and all rules run."""


# --- the scorecard


@dataclass(frozen=True)
class Score:
    """How one rule stands for one connector."""

    connector: str
    rule: str
    stands: Literal["done", "exempt", "missing"]
    reason: str = ""


def rules() -> list[Rule]:
    """Return every rule of the contract, in the order in which they stand in the files."""
    return [
        test.rule
        for family in (Caring, Arriving, Sending, Finding)
        for test in vars(family).values()
        if hasattr(test, "rule")
    ]


def scorecard(known: Mapping[str, type], suites: Sequence[type[ConnectorContract]]) -> list[Score]:
    """Return how every rule stands for every known connector, given the test classes that exist.

    A connector may have several test classes, one for each way it can be set up; the best counts.

    Done: the rule runs. Exempt: the ability is lacking, or the test class gives a reason. Missing: nobody proves it.
    """
    scores: list[Score] = []
    for name, one in known.items():
        own: list[type[ConnectorContract] | None] = [suite for suite in suites if suite.connector_class is one]
        for each in rules():
            standing = [_score(name, suite, each) for suite in own or [None]]
            scores.append(min(standing, key=lambda score: ("done", "exempt", "missing").index(score.stands)))
    return scores


def _score(name: str, suite: type[ConnectorContract] | None, each: Rule) -> Score:
    if suite is None:
        return Score(name, each.name, "missing", "no test class inherits the contract")
    reason = excuse(suite, each)
    if reason is not None:
        return Score(name, each.name, "exempt" if reason else "missing", reason or "exempt without a reason")
    test = next(
        test
        for _, test in inspect.getmembers(ConnectorContract, inspect.isfunction)
        if getattr(test, "rule", None) == each
    )
    if getattr(getattr(suite, test.__name__, None), "rule", None) != each:
        return Score(name, each.name, "missing", f"{suite.__name__} replaces {test.__name__}")
    return Score(name, each.name, "done")
