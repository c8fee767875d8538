"""Many rows in one statement: on SQLite one execution a row, on PostgreSQL one JSON document for all of them.

So PostgreSQL gets the same statement for any number of rows, which it plans and runs once; an execution a row costs
both sides several times as much. https://www.postgresql.org/docs/current/functions-json.html, json_to_recordset
SQLite reads no document as fast as it binds values; its rows go straight to the driver, already as it stores them.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    LargeBinary,
    Text,
    TypeDecorator,
    bindparam,
    cast,
    column,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from models import documents
from models.store.statements import insert_or_ignore, table


async def insert_all(
    session: AsyncSession, model: type[SQLModel], rows: Sequence[Mapping[str, Any]], *, ignore_repeats: bool = False
) -> None:
    """Insert rows that all name the same columns; ``ignore_repeats`` leaves out those that would break a unique key."""
    if not rows:
        return
    connection = await session.connection()
    names = tuple(sorted(rows[0]))
    if connection.dialect.name == "sqlite":
        statement = insert_or_ignore(session, model) if ignore_repeats else _insert(model)
        await _each(connection, model, statement, names, rows)
    else:
        statement = _insert_document(model, names, ignore_repeats=ignore_repeats)
        await connection.execute(statement, {"rows": _document(model, names, rows)})


async def change_all(session: AsyncSession, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Set the same columns in rows that are each named once, by their primary key as ``_key``."""
    connection = await session.connection()
    names = tuple(sorted(rows[0].keys() - {"_key"}))
    if connection.dialect.name == "sqlite":
        await _each(connection, model, _change(model, names), names, rows)
    elif len(rows) == 1:
        await connection.execute(_change(model, names), rows[0])
    else:
        [primary] = table(model).primary_key.columns
        named = [{**row, primary.name: row["_key"]} for row in rows]
        document = _document(model, (primary.name, *names), named)
        await connection.execute(_change_document(model, names), {"rows": document})


async def insert_new(session: AsyncSession, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> set[Any]:
    """Insert rows, leave out those known already, and return the keys of the new ones."""
    if not rows:
        return set()
    connection = await session.connection()
    [key] = table(model).primary_key.columns
    if connection.dialect.name == "sqlite":
        return set((await connection.execute(insert_or_ignore(session, model).returning(key), rows)).scalars())
    names = tuple(sorted(rows[0]))
    statement = _insert_document(model, names, ignore_repeats=True, returning=True)
    return set((await connection.execute(statement, {"rows": _document(model, names, rows)})).scalars())


@cache
def _insert(model: type[SQLModel]) -> Any:
    return insert(table(model))


@cache
def _change(model: type[SQLModel], names: tuple[str, ...]) -> Any:
    target = table(model)
    [primary] = target.primary_key.columns
    return update(target).where(primary == bindparam("_key")).values({name: bindparam(name) for name in names})


# --- SQLite -----------------------------------------------------------------------------------------------------------


async def _each(
    connection: AsyncConnection,
    model: type[SQLModel],
    statement: Any,
    names: tuple[str, ...],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Execute a statement that names columns once for each row."""
    text, places = _spelled(statement, names)
    written = [(name, _stored(model, name)) for name in places]
    values = [tuple([write(row[name]) if write else row[name] for name, write in written]) for row in rows]
    await connection.exec_driver_sql(text, values)


@cache
def _spelled(statement: Any, names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return a statement's text, and what it names in the order of its question marks."""
    compiled = statement.compile(dialect=_SQLITE, column_keys=list(names))
    return str(compiled), tuple(compiled.positiontup)


@cache
def _stored(model: type[SQLModel], name: str) -> Callable[[Any], Any] | None:
    """Return what turns a column's value into the one that is stored; ``None`` where it is stored as it is."""
    if name == "_key":
        [of] = table(model).primary_key.columns
    else:
        of = table(model).c[name]
    stored: Callable[[Any], Any] | None = of.type.dialect_impl(_SQLITE).bind_processor(_SQLITE)
    return stored


_SQLITE = sqlite.dialect(json_serializer=documents.written)


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


@cache
def _insert_document(
    model: type[SQLModel], names: tuple[str, ...], *, ignore_repeats: bool, returning: bool = False
) -> Any:
    target = table(model)
    given = _given(model, names)
    into = postgresql.insert(target).from_select(names, select(*(_value(target.c[name], given) for name in names)))
    into = into.on_conflict_do_nothing() if ignore_repeats else into
    return into.returning(*target.primary_key.columns) if returning else into


@cache
def _change_document(model: type[SQLModel], names: tuple[str, ...]) -> Any:
    target = table(model)
    [primary] = target.primary_key.columns
    given = _given(model, (primary.name, *names))
    values = {name: _value(target.c[name], given) for name in names}
    return update(target).where(primary == given[primary.name]).values(values)


def _given(model: type[SQLModel], names: tuple[str, ...]) -> Any:
    """Return the columns of the document that is given as ``rows``."""
    columns = [column(name, _plain(table(model).c[name].type)) for name in names]
    function = func.json_to_recordset(cast(bindparam("rows", type_=Text()), postgresql.JSON))
    return function.table_valued(*columns, name="given").render_derived(with_types=True).c


def _plain(of: Any) -> Any:
    return of.impl if isinstance(of, TypeDecorator) else of


def _value(target: Any, given: Any) -> Any:
    """Return a column of the document; what is nothing in JSON stays so, and is not nothing in SQL."""
    value = given[target.name]
    return func.coalesce(value, literal_column("'null'::json")) if isinstance(target.type, JSON) else value


def _document(model: type[SQLModel], names: tuple[str, ...], rows: Sequence[Mapping[str, Any]]) -> str:
    each = [(name, _written(model, name)) for name in names]
    return documents.written([{name: write(row[name]) if write else row[name] for name, write in each} for row in rows])


@cache
def _written(model: type[SQLModel], name: str) -> Callable[[Any], Any] | None:
    """Return what turns a value of a column into one of JSON; ``None`` where it is one already."""
    of = table(model).c[name].type
    if isinstance(of, LargeBinary):
        return lambda value: None if value is None else f"\\x{value.hex()}"
    return of.bind_processor(_POSTGRESQL) if isinstance(of, TypeDecorator) else None


_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]
