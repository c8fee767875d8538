"""The auditor's questions find suspects and recent work by indexes, however much history there is."""

import json
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import SQLModel

from escalation.auditing import BY_NAME
from escalation.auditor import Auditor
from models.columns import first_id
from models.database import Database
from tests.budget.test_plans import GROWING, plan_of
from tests.house import House
from tests.scenarios.steps import answered, quiet
from tests.watch.planting import done

COPIES = 2_000
SMALL = 300
"""More rows than a question about one recent case may read of one table; a thousandth of what there is."""

# Parents first. The case's own rows are copied with their references, the rest as it is.
COPIED = (
    "cases",
    "mention",
    "draft",
    "review",
    "journal",
    "step_clock",
    "timer",
    "card",
    "effect",
    "attempt",
    "inbound",
)
REFERENCES = frozenset({"id", "case_id", "mention_id", "draft_id", "review_id", "card_id", "effect_id", "external_id"})
RENAMED = REFERENCES | {"thread_id", "key"}


async def history(house: House) -> None:
    """Two thousand closed cases of long ago, copied from one, and one that is being worked on."""
    await done(house)
    house.clock.forward(days=4)
    await house.sweeper.sweep()
    await quiet(house, seconds=20)
    long_ago = first_id(house.clock.now().replace(year=2001))[:6]
    async with house.database.engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO inbound (key, source, account, body, received_at, handled_at, attempts) "
                 "VALUES ('k', 'slack', '', :body, 1, 1, 0)"), {"body": b"{}"},
        )  # fmt: skip
        for table in COPIED:
            names = [column.name for column in SQLModel.metadata.tables[table].columns]
            values = [f"'{long_ago}' || n.x || {name}" if name in RENAMED else name for name in names]
            await connection.execute(
                text(f"WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {COPIES}) "  # noqa: S608
                     f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM n, {table}")
            )  # fmt: skip
    house.clock.forward(days=1)
    await answered(house, "Another answer.")
    await quiet(house, seconds=20)
    async with house.database.engine.begin() as connection:
        await connection.execute(text("ANALYZE"))


@pytest.fixture
async def questions(house: House) -> dict[str, list[tuple[str, Any]]]:
    """Every rule's statements as the driver gets them, over the history."""
    await history(house)
    return {name: await asked(house, name) for name in BY_NAME}


async def asked(house: House, name: str) -> list[tuple[str, Any]]:
    caught: list[tuple[str, Any]] = []

    def on_execute(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        if statement.startswith("SELECT"):
            caught.append((statement, values))

    event.listen(house.database.engine.sync_engine, "before_cursor_execute", on_execute)
    try:
        audit = await Auditor(house.desk, rules=[BY_NAME[name]], seconds=60).audit()
    finally:
        event.remove(house.database.engine.sync_engine, "before_cursor_execute", on_execute)
    assert audit.findings == ()
    return caught[2:]  # what stands and what is frozen is asked first


async def test_no_rule_reads_history(house: House, questions: dict[str, list[tuple[str, Any]]]):
    slow = []
    for name, statements in questions.items():
        assert statements, name
        for statement, values in statements:
            plan, _ = await plan_of(house.database, statement, values)
            slow += [(name, part) for part in end_to_end(house.database, plan)]
    assert slow == []


def end_to_end(database: Database, plan: str) -> list[str]:
    """What a plan reads from end to end, or too much of, among the tables that grow."""
    if database.is_sqlite:
        return [
            line
            for line in plan.splitlines()
            if line.startswith("SCAN ") and line.split()[1] in GROWING and "INDEX" not in line
        ]
    return list(_read_too_much(json.loads(plan)[0]["Plan"]))


def _read_too_much(node: dict[str, Any]) -> list[str]:
    found = []
    if "Scan" in node["Node Type"] and node.get("Relation Name") in GROWING | {"inbound"}:
        read = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        if node["Node Type"] == "Seq Scan" or read > SMALL:
            found.append(f"{node['Node Type']} of {node['Relation Name']} reads {read}")
    return found + [part for child in node.get("Plans", []) for part in _read_too_much(child)]
