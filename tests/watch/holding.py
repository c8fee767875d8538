"""The auditor's rules at the end of other tests: what must hold after any story, holds."""

from datetime import timedelta

from escalation.auditing import RULES, Rule
from escalation.auditor import Auditor
from escalation.desk import Desk

ALWAYS = [rule for rule in RULES if rule.always]
"""The rules that hold between any two transactions, so also in a story that ends in the middle of things."""


async def broken(desk: Desk, rules: list[Rule] = ALWAYS) -> list[str]:
    """Ask some rules about everything that ever happened; return what they complain of."""
    audit = await Auditor(desk, rules=rules, seconds=60).audit(window=timedelta(days=3650))
    return [f"{finding.rule}: {finding.sentence}" for finding in audit.findings]
