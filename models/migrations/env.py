"""Alembic's environment: migrations run on the connection that ``models.schema`` hands over."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from sqlmodel import SQLModel

import models  # noqa: F401 - registers every table


def plain_type(kind: str, item: Any, _: object) -> str | Literal[False]:
    """Write our own column types as what they are in the database; an old migration never needs today's code."""
    if kind != "type":
        return False
    stored = item.impl if isinstance(item, sa.types.TypeDecorator) else item
    plain = next((name for name in ("BigInteger", "String", "JSON") if isinstance(stored, getattr(sa, name))), None)
    return f"sa.{plain}()" if plain else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    render_item=plain_type,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
