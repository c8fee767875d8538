"""What a network answered, and the few headers that mean something on every network."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")
U = TypeVar("U")

LONGEST_WAIT: Final = timedelta(hours=24)
"""No network documents a longer one; a clumsy header must not silence an account for ever."""

_LINK: Final = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w*-]+\s*=\s*(?:"[^"]*"|[^",;\s]+))*)')
_PARAMETER: Final = re.compile(r';\s*([\w*-]+)\s*=\s*(?:"([^"]*)"|([^",;\s]+))')


@dataclass(frozen=True)
class Answer(Generic[T]):
    """One HTTP answer, header names in lower case; ``whole`` is false for a cut, overlong or wrongly packed body."""

    status: int
    headers: Mapping[str, str]
    body: T
    whole: bool = True

    @property
    def accepted(self) -> bool:
        """Say whether the network took the request (2xx)."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the HTTP success class

    @property
    def sent_at(self) -> datetime | None:
        """Return the server's own time (``Date`` header, UTC), if it says one."""
        return http_date(self.headers.get("date", ""))

    @property
    def links(self) -> Mapping[str, str]:
        """Return the ``Link`` header (RFC 8288) as relation to address; the first of each relation counts."""
        found: dict[str, str] = {}
        for address, parameters in _LINK.findall(self.headers.get("link", "")):
            for name, quoted, bare in _PARAMETER.findall(parameters):
                for relation in (quoted or bare).lower().split() if name.lower() == "rel" else ():
                    found.setdefault(relation, address)
        return found

    def wait_until(self, now: datetime) -> datetime | None:
        """Return when ``Retry-After`` (seconds or an HTTP date, RFC 9110 10.2.3) lets us come again, within a day.

        A date is read against the server's own clock, so that a wrong clock on either side does not matter.
        """
        value = self.headers.get("retry-after", "").strip()
        if re.fullmatch(r"\d{1,9}(\.\d+)?", value, re.ASCII):
            return within_reason(now + timedelta(seconds=float(value)), now)
        moment = http_date(value)
        if moment is None:
            return None
        return within_reason(now + (moment - (self.sent_at or now)), now)

    def holding(self, body: U) -> "Answer[U]":
        """Return the same answer with its body understood."""
        changed: Answer[Any] = replace(self, body=body)  # type: ignore[arg-type]  # the body's type is what changes
        return changed


def within_reason(moment: datetime, now: datetime) -> datetime:
    """Return ``moment``, but not before ``now`` and not later than a day from it."""
    return max(now, min(moment, now + LONGEST_WAIT))


def http_date(value: str) -> datetime | None:
    """Return an HTTP date as an aware UTC datetime, ``None`` if it is none."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def iso_time(value: str) -> datetime | None:
    """Return an ISO 8601 time as an aware UTC datetime (UTC where it names no zone), ``None`` if it is none."""
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
