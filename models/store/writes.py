"""Rows to be written together: gathered over many cases, sent in one statement per table."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from models.case import Case, Draft, JournalEntry, PolicySnapshot, Review
from models.clocks import StepClock, Timer
from models.mention import Author, Inbound, Mention
from models.outbox import Attempt, Card, Effect
from models.store.many_rows import change_all, insert_all
from models.store.statements import table

_ORDER: tuple[type[SQLModel], ...] = (
    PolicySnapshot, Author, Case, Mention, Draft, Review, JournalEntry, StepClock, Timer, Card, Effect, Attempt,
    Inbound,
)  # fmt: skip
"""Parents before children, and one order for every transaction, so that two cannot wait for each other in a circle."""

_IGNORE_REPEATS = frozenset({PolicySnapshot})


class Writes:
    """New rows and changes of rows, kept until ``flush``."""

    def __init__(self) -> None:
        """Start empty."""
        self._new: dict[type[SQLModel], list[dict[str, Any]]] = defaultdict(list)
        self._changes: dict[tuple[type[SQLModel], frozenset[str]], dict[str, dict[str, Any]]] = defaultdict(dict)

    def add(self, row: SQLModel) -> None:
        """Insert this row."""
        model = type(row)
        self._new[model].append({column.name: getattr(row, column.name) for column in table(model).columns})

    def add_values(self, model: type[SQLModel], values: Mapping[str, Any]) -> None:
        """Insert a row with all its columns; a mapped object would take longer to make than the row to write."""
        self._new[model].append(dict(values))

    def change(self, model: type[SQLModel], key: str, changes: Mapping[str, Any]) -> None:
        """Set columns of the row with primary key ``key``; of two changes of the same columns the later one stands."""
        if changes:
            self._changes[model, frozenset(changes)][key] = {**changes, "_key": key}

    async def flush(self, session: AsyncSession) -> None:
        """Send everything, one statement per table and kind of change."""
        for model in _ORDER:
            if new := self._new.get(model):
                await insert_all(session, model, new, ignore_repeats=model in _IGNORE_REPEATS)
        for (model, _), rows in sorted(self._changes.items(), key=lambda item: _ORDER.index(item[0][0])):
            await change_all(session, model, list(rows.values()))
        self._new.clear()
        self._changes.clear()
