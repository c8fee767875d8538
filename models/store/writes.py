"""Rows to be written together: gathered over many cases, sent in one statement per table."""

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import bindparam, insert, update
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from models.case import Case, Draft, JournalEntry, PolicySnapshot, Review
from models.clocks import StepClock, Timer
from models.mention import Author, Inbound, Mention
from models.outbox import Attempt, Card, Effect
from models.store.statements import insert_or_ignore, table

_ORDER: tuple[type[SQLModel], ...] = (
    PolicySnapshot, Author, Case, Mention, Draft, Review, JournalEntry, StepClock, Timer, Card, Effect, Attempt,
    Inbound,
)  # fmt: skip
"""Parents before children, and one order for every transaction, so that two cannot wait for each other in a circle."""

_IGNORE_REPEATS = frozenset({PolicySnapshot})


@cache
def _insert(model: type[SQLModel]) -> Any:
    return insert(table(model))


@cache
def _change(model: type[SQLModel], names: frozenset[str]) -> Any:
    target = table(model)
    [primary] = target.primary_key.columns
    return update(target).where(primary == bindparam("_key")).values({name: bindparam(name) for name in sorted(names)})


class Writes:
    """New rows and changes of rows, kept until ``flush``."""

    def __init__(self) -> None:
        """Start empty."""
        self._new: dict[type[SQLModel], list[dict[str, Any]]] = defaultdict(list)
        self._changes: dict[tuple[type[SQLModel], frozenset[str]], list[dict[str, Any]]] = defaultdict(list)

    def add(self, row: SQLModel) -> None:
        """Insert this row."""
        model = type(row)
        self._new[model].append({column.name: getattr(row, column.name) for column in table(model).columns})

    def add_values(self, model: type[SQLModel], values: Mapping[str, Any]) -> None:
        """Insert a row with all its columns; a mapped object would take longer to make than the row to write."""
        self._new[model].append(dict(values))

    def change(self, model: type[SQLModel], key: str, changes: Mapping[str, Any]) -> None:
        """Set columns of the row with primary key ``key``."""
        if changes:
            self._changes[model, frozenset(changes)].append({**changes, "_key": key})

    async def flush(self, session: AsyncSession) -> None:
        """Send everything, one statement per table and kind of change."""
        connection = await session.connection()
        for model in _ORDER:
            if rows := self._new.get(model):
                if model in _IGNORE_REPEATS:
                    await connection.execute(insert_or_ignore(session, model), rows)
                else:
                    await connection.execute(_insert(model), rows)
        for (model, names), rows in sorted(self._changes.items(), key=lambda item: _ORDER.index(item[0][0])):
            await connection.execute(_change(model, names), rows)
        self._new.clear()
        self._changes.clear()
