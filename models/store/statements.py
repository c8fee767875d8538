"""The few places where the two databases' SQL differ, behind one call each."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Table, bindparam, func, select
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


async def insert_new(session: AsyncSession, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> set[Any]:
    """Insert rows that all name the same columns, leave out those known already, and return the keys of the new ones.

    PostgreSQL is sent one array a column: the same statement for any number of rows, which it plans once.
    """
    if not rows:
        return set()
    connection = await session.connection()
    if connection.dialect.name == "sqlite":
        [key] = table(model).primary_key.columns
        return set((await connection.execute(insert_or_ignore(session, model).returning(key), rows)).scalars())
    names = tuple(sorted(rows[0]))
    arrays = {name: [row[name] for row in rows] for name in names}
    return set((await connection.execute(_insert_arrays(model, names), arrays)).scalars())


@cache
def _insert_arrays(model: type[SQLModel], names: tuple[str, ...]) -> Any:
    target = table(model)
    [key] = target.primary_key.columns
    arrays = [func.unnest(bindparam(name, type_=postgresql.ARRAY(target.c[name].type))) for name in names]
    into = postgresql.insert(target).from_select(names, select(*arrays))
    return into.on_conflict_do_nothing().returning(key)
