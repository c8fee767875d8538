"""The few places where the two databases' SQL differ, behind one call each."""

from functools import cache
from typing import Any

from sqlalchemy import Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession


def table(model: type[SQLModel]) -> Table:
    """Return the table of a model."""
    found: Table = model.__table__  # type: ignore[attr-defined]
    return found


def one_of(column: Any, name: str) -> Any:
    """Return the condition that ``column`` is one of the values given as ``name`` when the statement is executed.

    So the statement can be built once: building one costs more than the database takes to answer it.
    """
    return column.in_(bindparam(name, expanding=True))


def insert_or_ignore(session: AsyncSession, model: type[SQLModel]) -> Any:
    """Return an INSERT, to be executed with a list of rows, that leaves out those that would break any unique key.

    It is one statement however many rows there are, so that it is compiled once and not for every batch.
    """
    return _insert_or_ignore(session.get_bind().dialect.name, model)


@cache
def _insert_or_ignore(dialect: str, model: type[SQLModel]) -> Any:
    into = sqlite.insert(table(model)) if dialect == "sqlite" else postgresql.insert(table(model))
    return into.on_conflict_do_nothing()


def insert_or_update(session: AsyncSession, model: type[SQLModel]) -> Any:
    """Return an INSERT, to be executed with a list of rows, that overwrites the row with the same primary key."""
    return _insert_or_update(session.get_bind().dialect.name, model)


@cache
def _insert_or_update(dialect: str, model: type[SQLModel]) -> Any:
    target = table(model)
    into = sqlite.insert(target) if dialect == "sqlite" else postgresql.insert(target)
    rest = {column.name: into.excluded[column.name] for column in target.columns if not column.primary_key}
    return into.on_conflict_do_update(index_elements=list(target.primary_key.columns), set_=rest)
