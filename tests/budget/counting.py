"""Counts what the database is asked to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event

from models.database import Database


@dataclass
class Cost:
    """Commits that wrote something, commits in all, and statements."""

    commits: int = 0
    statements: list[str] = field(default_factory=list)
    writes: int = 0

    @property
    def count(self) -> int:
        return len(self.statements)


@contextmanager
def counted(database: Database) -> Iterator[Cost]:
    """Count what happens inside the block."""
    cost, engine = Cost(), database.engine.sync_engine

    def on_statement(_: Any, __: Any, statement: str, *___: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            cost.statements.append(statement)
            cost.writes += statement.startswith(("INSERT", "UPDATE", "DELETE"))

    def on_commit(_: Any) -> None:
        cost.commits += 1

    event.listen(engine, "before_cursor_execute", on_statement)
    event.listen(engine, "commit", on_commit)
    try:
        yield cost
    finally:
        event.remove(engine, "before_cursor_execute", on_statement)
        event.remove(engine, "commit", on_commit)
