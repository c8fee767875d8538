"""Slack's rate limits as token buckets; off unless switched on.

Facts: docs.slack.dev/apis/web-api/rate-limits (tiers per minute, one message a second and channel with short bursts).
"""

import math
from dataclasses import dataclass
from datetime import datetime

TIERS = {1: 1, 2: 20, 3: 50, 4: 100}
POSTS_PER_SECOND = 1.0
POST_BURST = 3


@dataclass
class _Bucket:
    left: float
    at: datetime


class Throttle:
    """Decides which requests come too fast. `on` switches it; the clock's moment comes with every question."""

    def __init__(self) -> None:
        self.on = False
        self.tiers = dict(TIERS)
        self.posts_per_second = POSTS_PER_SECOND
        self.post_burst = POST_BURST
        self._buckets: dict[str, _Bucket] = {}

    def seconds_to_wait(self, method: str, *, tier: int | None, channel: str | None, now: datetime) -> int:
        """Answer 0 and count the request, or the whole seconds for Retry-After."""
        if not self.on:
            return 0
        if channel is not None:
            return self._take(f"post {channel}", self.posts_per_second, self.post_burst, now)
        if tier is None:
            return 0
        return self._take(method, self.tiers[tier] / 60, self.tiers[tier], now)

    def _take(self, name: str, per_second: float, burst: float, now: datetime) -> int:
        bucket = self._buckets.setdefault(name, _Bucket(burst, now))
        bucket.left = min(burst, bucket.left + (now - bucket.at).total_seconds() * per_second)
        bucket.at = now
        if bucket.left < 1:
            return max(1, math.ceil((1 - bucket.left) / per_second))
        bucket.left -= 1
        return 0
