"""Arrivals as JSON, for comparing with the files that lie beside recorded payloads."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from escalation.ports import Arrival


def as_json(arrivals: Sequence[Arrival]) -> list[dict[str, Any]]:
    """Return arrivals as plain values; what is unset or empty is left out, so that the files stay readable."""
    return [{"is": type(one).__name__, **_plain(dataclasses.asdict(one))} for one in arrivals]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item not in (None, (), {}, [])}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
