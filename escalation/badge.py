"""The forecast of Facebook's badge "very responsive to messages". Pure.

Facebook's help has said since 2017: over the last seven days a response rate of 90 % and a response time of 15
minutes; until 2017 the time was a median. Of the figures that pages were shown from 2018 to 2023 it said: only the
first message after 24 hours of silence counts; the time is the mean of the fastest 90 % of replies; instant replies,
away messages and spam do not count, replies by hand or through the API do. We count messages in the second way and tell
both times.

What we cannot know: Facebook's own clock, replies written on the page itself past us, and messages marked "done" there.
A message that has had no reply yet counts as not answered.
"""

import statistics
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from escalation.figures import BadgeForecast
from models.store.reports import Message

PERIOD: Final = timedelta(days=7)
SILENCE: Final = timedelta(hours=24)


def forecasts(messages: Iterable[Message], *, now: datetime) -> tuple[BadgeForecast, ...]:
    """Return a forecast for each account that got private messages in the seven days before ``now`` (UTC).

    ``messages``: those of eight days at least, by account, thread and time.
    """
    found = []
    for account, all_of_account in groupby(messages, key=lambda message: message.account):
        waits: list[float | None] = []
        for _, thread in groupby(all_of_account, key=lambda message: message.thread_id):
            waits += _waits(list(thread), since=now - PERIOD)
        times = sorted(wait for wait in waits if wait is not None)
        if waits:
            fastest = times[: -(-len(times) * 9 // 10)]
            found.append(
                BadgeForecast(
                    account,
                    len(waits),
                    len(times),
                    statistics.median(times) if times else None,
                    statistics.fmean(fastest) if fastest else None,
                )
            )
    return tuple(found)


def _waits(thread: Sequence[Message], *, since: datetime) -> list[float | None]:
    """Return how long each message that counts waited for a reply, in seconds; ``None``: it still waits."""
    found: list[float | None] = []
    for place, message in enumerate(thread):
        silent = place == 0 or message.at - thread[place - 1].at >= SILENCE
        if message.ours or not silent or message.at < since:
            continue
        reply = next((later.at for later in thread[place:] if later.ours), None)
        found.append(None if reply is None else (reply - message.at).total_seconds())
    return found
