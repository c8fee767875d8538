"""Rotas for configurations of tests: two who take weeks, and nights by a Slack user group before a manager."""

from tests.house import CONFIGURATION

ROTAS = """
[on_call.front]
label = "Front desk"
[[on_call.front.layers]]
members = ["anna", "bruno"]
handover = "monday 09:00"
starts = 2026-03-02
[on_call.nights]
[[on_call.nights.layers]]
slack_group = "S0NIGHTS"
hours = "20:00-08:00"
[[on_call.nights.layers]]
members = ["marta"]
"""


def with_rotas(text: str = CONFIGURATION, rotas: str = ROTAS) -> str:
    """The same configuration in which billing is on call by ``front`` and approvals by ``nights``."""
    text = text.replace('manager = "marta"', 'manager = "marta"\non_call = "front"', 1)
    return text.replace("[approval]\n", '[approval]\non_call = "nights"\n', 1) + rotas
