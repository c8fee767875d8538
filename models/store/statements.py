"""The few places where the two databases' SQL differ, behind one call each."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession


def table(model: type[SQLModel]) -> Table:
    """Return the table of a model."""
    found: Table = model.__table__  # type: ignore[attr-defined]
    return found


def insert_or_ignore(session: AsyncSession, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> Any:
    """Return an INSERT of ``rows`` that leaves out those that would break any unique key."""
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(table(model)).values(rows).on_conflict_do_nothing()
    return postgresql.insert(table(model)).values(rows).on_conflict_do_nothing()
