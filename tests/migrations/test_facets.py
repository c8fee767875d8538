"""Clocks that were written before they had facets get those of their case."""

import json

from alembic import command
from sqlalchemy import text

from models.schema import _config, sync_engine
from tests.migrations.test_schema import empty

__all__ = ["empty"]

_CASE = """INSERT INTO cases (id, account, network, thread_id, author_id, state, visibility, priority, department, also,
 declined, route, policy, policy_digest, language, acts, earlier_cases, version, context_version, round, posted_at,
 received_at, last_at) VALUES (:id, 'acme', 'plain', :id, 'a', 'closed', 'public', 'normal', 'billing', '[]', '[]',
 :route, 'standard', 'd', :language, '[]', 0, 1, 1, 1, 0, 0, 0)"""
_CLOCK = """INSERT INTO step_clock (id, case_id, step, cycle, department, started_at)
 VALUES (:id, :id, 'answer', 1, 'billing', 5)"""


def test_facets_are_taken_from_the_case(empty: str):
    with sync_engine(empty).connect() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        connection.execute(text("INSERT INTO author VALUES ('a', 'plain', '1', 'Ada', 'ada', NULL, NULL, NULL, 0)"))
        connection.execute(text("INSERT INTO policy_snapshot VALUES ('d', 'standard', '{}', 0)"))
        for name, route, language in (("one", {"route": 2, "word": "x"}, "it"), ("two", {"by": "hand"}, None)):
            connection.execute(text(_CASE), {"id": name, "route": json.dumps(route), "language": language})
            connection.execute(text(_CLOCK), {"id": name})
        connection.commit()
        command.upgrade(config, "0006")
        connection.commit()
        rows = connection.execute(
            text("SELECT id, account, network, route, language, member, started_at FROM step_clock ORDER BY id")
        ).all()
        assert [tuple(row) for row in rows] == [
            ("one", "acme", "plain", "2", "it", None, 5),
            ("two", "acme", "plain", "hand", None, None, 5),
        ]
        command.downgrade(config, "0005")
        connection.commit()
        assert connection.execute(text("SELECT count(*) FROM step_clock")).scalar() == 2
