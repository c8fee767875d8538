"""The few places where the two databases' SQL differ, behind one call each."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Self

from sqlalchemy import Boolean, Dialect, Table, Text, TypeDecorator, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from models import documents


def table(model: type[SQLModel]) -> Table:
    """Return the table of a model."""
    found: Table = model.__table__  # type: ignore[attr-defined]
    return found


def one_of(column: Any, name: str) -> Any:
    """Return the condition that ``column`` is one of the texts given as ``name`` when the statement is executed.

    So the statement is the same however many there are: building, reading and planning one anew for every number takes
    longer than the database needs to answer it.
    """
    return _OneOf(column, bindparam(name, type_=_Texts()))


class _OneOf(FunctionElement[bool]):
    """``column`` is in a list that is one value."""

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Self:
        """Return the condition as it is: compared with 1, as SQLite's conditions are, it would use no index."""
        del against
        return self


@compiles(_OneOf, "postgresql")
def _in_array(condition: _OneOf, compiler: SQLCompiler, **how: Any) -> str:
    column, given = (compiler.process(part, **how) for part in condition.clauses)
    return f"{column} = ANY ({given})"


@compiles(_OneOf, "sqlite")
def _in_document(condition: _OneOf, compiler: SQLCompiler, **how: Any) -> str:
    column, given = (compiler.process(part, **how) for part in condition.clauses)
    return f"{column} IN (SELECT value FROM json_each({given}))"  # noqa: S608 - both are parts of a statement


class _Texts(TypeDecorator[Sequence[str]]):
    """Texts: an array on PostgreSQL, a JSON document on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return what the database is given."""
        return dialect.type_descriptor(postgresql.ARRAY(Text()) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> Any:
        """Write the texts down."""
        texts = list(value or ())
        return texts if dialect.name == "postgresql" else documents.written(texts)


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
