"""Makes Slack's identifiers: message times that never repeat, short random-looking ids, tickets."""

import secrets
from datetime import datetime, timedelta

from bots.sandbox.clock import Clock

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MICROSECOND = timedelta(microseconds=1)


def as_ts(moment: datetime) -> str:
    """Write a moment as Slack's ts: whole seconds since 1970 in UTC, a point, six digits."""
    return f"{int(moment.timestamp())}.{moment.microsecond:06d}"


class Identifiers:
    """One source of identifiers for one workspace."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: datetime | None = None
        self._count = 0

    def ts(self) -> str:
        """Answer a message time later than every one before, by a microsecond if the clock stands still."""
        now = self._clock.now()
        if self._last is not None and now <= self._last:
            now = self._last + MICROSECOND
        self._last = now
        return as_ts(now)

    def not_before(self, ts: str) -> None:
        """Make every later `ts` greater than this one; used after loading a snapshot."""
        seconds, _, micros = ts.partition(".")
        loaded = datetime.fromtimestamp(int(seconds), tz=self._clock.now().tzinfo) + timedelta(microseconds=int(micros))
        if self._last is None or loaded > self._last:
            self._last = loaded

    def short(self) -> str:
        """Answer a fresh id of five characters or a few more, as Slack gives to blocks without one."""
        self._count += 1
        return _base36(60_466_176 // 36 + self._count * 7919)

    def object(self, prefix: str) -> str:
        """Answer a fresh id such as `V0…` or `F0…`."""
        return prefix + "0" + secrets.token_hex(5).upper()

    def event(self) -> str:
        """Answer a globally unique event id."""
        return "Ev0" + secrets.token_hex(6).upper()

    def secret(self) -> str:
        """Answer something nobody can guess, for response addresses and socket tickets."""
        return secrets.token_urlsafe(18)


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = ALPHABET[rest] + digits
    return digits
