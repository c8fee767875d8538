"""The two databases of a sweep: made new in a moment, and read without the code under test."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
import psycopg.rows
from psycopg import sql
from sqlmodel import SQLModel

import models  # noqa: F401 - registers every table
from models.database import Database


class Store:
    """A database that can be made new in a moment, and be read without the code under test."""

    url: str

    async def make_template(self) -> None:
        database = Database(self.url)
        async with database.engine.begin() as connection:
            await connection.run_sync(SQLModel.metadata.create_all)
        await database.close()

    def renew(self) -> None:
        raise NotImplementedError

    def reading(self) -> contextlib.AbstractContextManager[Callable[[str], Sequence[Mapping[str, Any]]]]:
        raise NotImplementedError


class OnSqlite(Store):
    def __init__(self, folder: Path) -> None:
        self._file = folder / f"run-{os.getpid()}.db"
        self._template = folder / f"template-{os.getpid()}.db"
        self.url = f"sqlite:///{self._file}"

    async def make_template(self) -> None:
        await super().make_template()
        with contextlib.closing(sqlite3.connect(self._file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(self._file, self._template)

    def renew(self) -> None:
        for end in ("-wal", "-shm", ""):
            Path(f"{self._file}{end}").unlink(missing_ok=True)
        shutil.copyfile(self._template, self._file)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Callable[[str], Sequence[Mapping[str, Any]]]]:
        with contextlib.closing(sqlite3.connect(self._file)) as connection:
            connection.row_factory = sqlite3.Row
            yield lambda table: connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - our own names


class OnPostgresql(Store):
    def __init__(self, server: str) -> None:
        self._server = server
        self._name = f"crash_{os.getpid()}"
        self._admin = psycopg.connect(server, autocommit=True)
        self._admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(self._name)))
        self._admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self._name)))
        self.url = psycopg.conninfo.make_conninfo(server, dbname=self._name)
        self.url = server.replace("/postgres?", f"/{self._name}?", 1)
        self._tables = sql.SQL(", ").join(sql.Identifier(name) for name in SQLModel.metadata.tables)

    def renew(self) -> None:
        """Empty every table: faster than a copy of a template, and nobody but us is connected by now."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
                [self._name],
            )
            connection.execute(sql.SQL("TRUNCATE {}").format(self._tables))

    @contextlib.contextmanager
    def reading(self) -> Iterator[Callable[[str], Sequence[Mapping[str, Any]]]]:
        with psycopg.connect(self.url, row_factory=psycopg.rows.dict_row) as connection:
            yield lambda table: connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))).fetchall()
