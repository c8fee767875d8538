"""Times that are typed on the command line."""

from datetime import UTC, datetime, timedelta
from typing import Final

from bots.commands.command import USAGE, Refused
from escalation.business_time import moment_of, zone

_YEARS: Final = range(1970, 2151)


def moment_given(text: str, timezone: str) -> datetime:
    """Return a typed time in UTC: ISO 8601, or local to ``timezone`` where it names no offset.

    Raises:
        Refused: it cannot be read, or lies too far away.

    """
    try:
        given = datetime.fromisoformat(text.strip())
    except ValueError:
        given = None
    if given is None or given.year not in _YEARS:
        raise Refused(
            f"“{text}” is not a time; write it like 2026-12-01 09:00 (in {timezone}) or 2026-12-01T08:00:00Z",
            code=USAGE,
        )
    if given.tzinfo is not None:
        return given.astimezone(UTC)
    minute = moment_of(zone(timezone), given.date(), given.hour * 60 + given.minute)
    return minute + timedelta(seconds=given.second)
