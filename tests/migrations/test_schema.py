"""Migrations lead to exactly the schema that the code knows, on both databases, and can be repeated and raced."""

import threading
import warnings
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlmodel import SQLModel

import models  # noqa: F401 - registers every table
from models.schema import _config, migrate, schema_state, sync_engine


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/fresh.db"
    database: str = request.getfixturevalue("postgresql_database")
    return database


def test_an_empty_database_is_behind_and_a_migrated_one_is_current(empty: str):
    assert schema_state(empty).current is None
    assert not schema_state(empty).is_current
    assert migrate(empty).is_current
    assert schema_state(empty).is_current


def test_looking_at_a_missing_file_does_not_make_it(tmp_path: Path):
    assert schema_state(f"sqlite:///{tmp_path}/none.db").current is None
    assert not (tmp_path / "none.db").exists()


def test_migrating_yields_exactly_the_tables_that_the_code_knows(empty: str):
    migrate(empty)
    with warnings.catch_warnings(), sync_engine(empty).connect() as connection:
        warnings.simplefilter("ignore")
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_partial_indexes_keep_their_conditions(empty: str):
    migrate(empty)
    with sync_engine(empty).connect() as connection:
        catalogue = (
            "SELECT name, sql FROM sqlite_master WHERE type = 'index'"
            if empty.startswith("sqlite")
            else "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
        )
        indexes = {name: (sql or "").lower() for name, sql in connection.execute(text(catalogue))}
    conditional = {"effect_due", "timer_due", "case_open_thread", "effect_waiting_card", "review_approval"}
    conditional |= {
        "step_clock_running",
        "step_clock_overdue",
        "step_clock_done",
        "step_clock_ended",
        "step_clock_late",
    }
    for name in conditional | {"inbound_unhandled", "step_clock_not_rolled_up"}:
        assert " where " in indexes[name], name


def test_migrating_twice_and_at_once_is_harmless(empty: str):
    failures: list[BaseException] = []

    def work() -> None:
        try:
            migrate(empty)
        except BaseException as error:  # noqa: BLE001 - told to the test
            failures.append(error)

    if empty.startswith("sqlite"):
        migrate(empty)
        migrate(empty)
    else:
        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []
    assert schema_state(empty).is_current


def test_there_is_one_newest_revision():
    assert len(ScriptDirectory.from_config(_config()).get_heads()) == 1
