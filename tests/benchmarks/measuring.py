"""Figures and the table that shows them: rounds of A and B in turn, so that a busy machine strikes both alike."""

import os
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(process: int) -> float:
    """Return the CPU time that a process has used, in the kernel's ticks (10 ms)."""
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


@dataclass(frozen=True)
class Figure:
    """One comparison: ``ours`` and ``floor`` hold one value a round, in ``unit``; the goal is about their medians."""

    name: str
    unit: str
    ours: Sequence[float]
    floor: Sequence[float]
    goal: str
    ratio: float
    met: bool

    @classmethod
    def of(
        cls,
        name: str,
        unit: str,
        *,
        ours: Sequence[float],
        floor: Sequence[float],
        at_most: float = 0,
        at_least: float = 0,
    ) -> "Figure":
        ratio = statistics.median(ours) / statistics.median(floor)
        goal = f"<= {at_most}" if at_most else f">= {at_least}"
        return cls(name, unit, ours, floor, goal, round(ratio, 2), ratio <= at_most if at_most else ratio >= at_least)

    def line(self) -> str:
        return (
            f"{self.name:44s} {_spread(self.ours):28s} {_spread(self.floor):28s} {self.unit:14s}"
            f" {self.ratio:5.2f} ({self.goal}) {'ok' if self.met else 'MISSED'}"
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def heading() -> str:
    return f"{'':44s} {'ours: median (min-max)':28s} {'floor: median (min-max)':28s} {'unit':14s} ratio"


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.3g} ({min(values):.3g}-{max(values):.3g})"
