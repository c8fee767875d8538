"""Statements that are compiled once for all tests of a process."""

from typing import Any

from models.database import Database

_KNOWN: dict[str, tuple[Any, Any]] = {}


def share_compiled_statements(database: Database) -> None:
    """Let a database use the statements that another one of its kind has had compiled.

    Compiling them anew takes longer than running them. In production a process has one database; a test has its own.
    """
    engine = database.engine.sync_engine
    dialect, compiled = _KNOWN.setdefault(engine.dialect.name, (engine.dialect, engine._compiled_cache))
    engine.dialect = engine.pool._dialect = dialect
    engine._compiled_cache = compiled
