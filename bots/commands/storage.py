"""The database, as commands need it: is it migrated, is it new, and opened for one command."""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer
from alembic.util.exc import CommandError

from bots.clock import SystemClock
from bots.commands.command import HouseCommand, Refused
from bots.commands.configuration import read_without_secrets
from bots.commands.options import DEFAULT_FILE, ConfigOption, JsonOption
from bots.printing import line, show_json
from connectors import registry
from escalation.desk import Desk
from escalation.ports import Clock
from escalation.rulebook import Rulebook
from escalation.settings import Settings
from models.database import SQLITE, Database, SecondProcessError, StorageUnavailableError
from models.schema import SchemaState
from models.schema import migrate as bring_up_to_date
from models.schema import schema_state as read_state
from models.sqlite_file import CHECKED_AT_START_BYTES, damage, network_file_system
from models.store import Transaction

SHORT_ID: Final = 8
"""How many characters of an id tables show: its end, by which ``find_case`` finds it again."""
MOVE: Final = "name a file on a disk of this machine in [database] url, or use PostgreSQL"
MEND: Final = "Put a backup in its place, or save what can be read of it: sqlite3 FILE .recover"
NOT_MIGRATED: Final = "the database is not migrated; run: portavoce migrate"


def schema_of(settings: Settings) -> SchemaState:
    """Return where the database stands.

    Raises:
        Refused: it cannot be reached or is no database.

    """
    try:
        return read_state(settings.database.url)
    except StorageUnavailableError as error:
        path = settings.database.sqlite_path
        advice = (
            f"is {path} the right file, and may it and its folder be written?"
            if path
            else "is the server up, and is [database] url in the configuration right?"
        )
        raise Refused(f"{error}; {advice}") from error


def claim(database: Database) -> None:
    """Take the SQLite file for this process.

    Raises:
        Refused: it lies on a network file system, another process has it, it cannot be written or it is damaged.

    """
    if not database.is_sqlite:
        return
    if (sentence := of_another_machine(database.path)) is not None:
        raise Refused(sentence)
    try:
        database.claim_file()
    except SecondProcessError as error:
        raise Refused(str(error)) from None
    except OSError as error:
        raise Refused(f"{database.path} cannot be written ({(error.strerror or 'refused').lower()})") from None
    if (found := damage(database.path, at_most_bytes=CHECKED_AT_START_BYTES)) is not None:
        raise Refused(f"{database.path} is damaged ({found}); nothing was changed. {MEND}")


def of_another_machine(path: Path) -> str | None:
    """Return why a SQLite file may not be where it is, if it is on a network file system."""
    kind = network_file_system(path)
    return f"{path} lies on a network file system ({kind}), where SQLite loses data; {MOVE}" if kind else None


def migrate_now(settings: Settings) -> SchemaState:
    """Bring the database to the newest schema. Raises ``Refused``."""
    try:
        return bring_up_to_date(settings.database.url)
    except StorageUnavailableError as error:
        raise Refused(f"{error}; nothing was changed") from error
    except CommandError as error:
        raise Refused(f"this database belongs to another version of Portavoce ({error})") from error


def require_migrated(settings: Settings, *, config: Path, create: bool = False) -> None:
    """Refuse a database that is not at the newest schema; with ``create`` a new SQLite file is made instead."""
    if schema_of(settings).is_current:
        return
    if create and is_new_file(settings.database.url):
        migrate_now(settings)
        return
    raise Refused(
        NOT_MIGRATED + ("" if config.name == DEFAULT_FILE.name and config.parent == Path() else f" --config {config}")
    )


def is_new_file(url: str) -> bool:
    """Tell whether a URL names a SQLite file that does not exist yet or holds no table."""
    if not url.startswith(SQLITE):
        return False
    path = Path(url.removeprefix(SQLITE))
    if not path.exists():
        return True
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0)
    except sqlite3.Error:
        return False  # whatever it is, it is not new; who opens it is told what is wrong with it


def can_be_made(path: Path) -> bool:
    """Tell whether a file that does not exist yet, and the folders above it that do not either, may be made."""
    there = next(folder for folder in path.absolute().parents if folder.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


@dataclass(frozen=True)
class Opened:
    """A database opened for one command, beside whatever process works on it."""

    settings: Settings
    clock: Clock
    database: Database
    desk: Desk


@contextlib.asynccontextmanager
async def opened(config: Path) -> AsyncIterator[Opened]:
    """Open the database of a configuration for reading and short writes; nobody outside is asked. Raises ``Refused``.

    Takes no claim on a SQLite file, so that it works while ``run`` does.
    """
    settings, clock = read_without_secrets(config), SystemClock()
    require_migrated(settings, config=config)
    kinds = registry()
    connectors = {
        name: kinds[account.connector](name, account.settings, clock=clock)
        for name, account in settings.accounts.items()
    }
    database = Database(settings.database.url, monotonic=clock.monotonic)
    try:
        yield Opened(settings, clock, database, Desk(database, Rulebook(settings, connectors), clock))
    finally:
        for connector in connectors.values():
            await connector.close()
        await database.close()


async def find_case(tx: Transaction, name: str) -> str:
    """Return the id of the case that has the id ``name`` or one that ends with it. Raises ``Refused``."""
    ids = await tx.cases.find(name)
    if not ids:
        raise Refused(f"there is no case “{name}”; give its id or at least the last four characters of it")
    if len(ids) > 1:
        raise Refused(f"several cases end with “{name}”; give more of the id")
    return ids[0]


def migrate(
    config: ConfigOption = DEFAULT_FILE,
    check: Annotated[bool, typer.Option("--check", help="Only look; exit code 1 if the database is behind.")] = False,
    json: JsonOption = False,
) -> None:
    """Bring the database to the newest schema; harmless to repeat."""
    settings = read_without_secrets(config)
    before = schema_of(settings)
    after = before if check or before.is_current else asyncio.run(_migrate_alone(settings))
    if json:
        show_json(
            {"current": after.current, "newest": after.newest, "is_current": after.is_current, "was": before.current}
        )
    elif before.is_current:
        line(f"The database is at the newest schema, {after.newest}.")
    elif not check:
        line(f"Migrated from {before.current or 'an empty database'} to {after.newest}.")
    if check and not before.is_current:
        where = f"it stands at {before.current}" if before.current else "it is empty"
        raise Refused(f"the database is behind ({where}, the newest schema is {before.newest}); run: portavoce migrate")


async def _migrate_alone(settings: Settings) -> SchemaState:
    """Bring the database to the newest schema; a SQLite file only if no process works on it. Raises ``Refused``."""
    database = Database(settings.database.url)
    try:
        claim(database)
        return await asyncio.to_thread(migrate_now, settings)
    finally:
        await database.close()


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(cls=HouseCommand)(migrate)
