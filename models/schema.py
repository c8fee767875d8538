"""Bringing a database to the newest schema, and telling whether it is there.

Synchronous: it runs before anything else does.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from models.database import CONNECT_SECONDS, SQLITE, StorageUnavailableError

_ADVISORY_LOCK = 0x706F7274  # one migration at a time


@dataclass(frozen=True)
class SchemaState:
    """The revision a database has and the newest there is; ``None``: the database is empty."""

    current: str | None
    newest: str

    @property
    def is_current(self) -> bool:
        """Tell whether the database is at the newest revision."""
        return self.current == self.newest


def schema_state(url: str) -> SchemaState:
    """Return where a database stands; a SQLite file that does not exist counts as empty and is not made.

    Raises:
        StorageUnavailableError: it cannot be reached or is no database; the text says why.

    """
    newest = ScriptDirectory.from_config(_config()).get_current_head() or ""
    if url.startswith(SQLITE) and not Path(url.removeprefix(SQLITE)).exists():
        return SchemaState(None, newest)
    engine = sync_engine(url)
    with _or_unavailable("used"), engine.connect() as connection:
        return SchemaState(MigrationContext.configure(connection).get_current_revision(), newest)


def migrate(url: str) -> SchemaState:
    """Bring a database to the newest schema; harmless to repeat, and safe when several processes try at once.

    Raises:
        StorageUnavailableError: it cannot be reached, made or written; nothing was changed, and the text says why.

    """
    engine = sync_engine(url)
    with _or_unavailable("migrated"):
        if url.startswith(SQLITE):
            Path(url.removeprefix(SQLITE)).parent.mkdir(parents=True, exist_ok=True)
        with engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _ADVISORY_LOCK})
                connection.commit()
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    engine.dispose()
    return schema_state(url)


def sync_engine(url: str) -> Engine:
    """Return a synchronous engine for the same URLs that ``Database`` takes."""
    if not url.startswith(SQLITE):
        return create_engine(
            "postgresql+psycopg://",
            creator=lambda: psycopg.connect(url, connect_timeout=CONNECT_SECONDS),
            poolclass=NullPool,
            hide_parameters=True,
        )
    engine = create_engine(f"sqlite:///{url.removeprefix(SQLITE)}", poolclass=NullPool, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")

    return engine


@contextlib.contextmanager
def _or_unavailable(done: str) -> Iterator[None]:
    """Say what the driver says, by its first line; no driver puts a password there."""
    try:
        yield
    except (DBAPIError, OSError) as error:
        original = getattr(error, "orig", None) or error
        told = next(iter(str(original).strip().splitlines()), type(original).__name__)
        raise StorageUnavailableError(f"the database cannot be {done} ({told})") from error


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("models").joinpath("migrations")))
    return config
