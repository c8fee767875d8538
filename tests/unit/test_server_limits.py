"""Servers that set limits of their own are asked again until they answer, and every hour after that."""

import pytest

from escalation.ports import RetryLater
from escalation.server_limits import keep_reading_limits, read_limits
from tests.house import PlainNetwork, TestClock


class Away(PlainNetwork):
    """A network whose server does not answer the first few questions for its limits."""

    def __init__(self, account: str, *, away: int) -> None:
        super().__init__(account, own_limit=11_000)
        self.away = away
        self.asked_at: list[float] = []
        self.clock: TestClock | None = None

    async def prepare(self) -> None:
        self.asked_at.append(self.clock.monotonic() if self.clock else 0.0)
        if len(self.asked_at) <= self.away:
            raise RetryLater("no answer")
        await super().prepare()


async def test_who_does_not_answer_keeps_the_usual_limit_and_is_named():
    near, far = Away("near", away=0), Away("far", away=1)
    assert set(await read_limits({"near": near, "far": far})) == {"far"}
    assert (near.capabilities.limit, far.capabilities.limit) == (11_000, 280)


class EveningError(Exception):
    """The test's day is over."""


class ShortDay(TestClock):
    """A clock on which nobody sleeps on after two hours."""

    async def sleep(self, seconds: float) -> None:
        if self.monotonic() >= 7_200:
            raise EveningError
        await super().sleep(seconds)


async def test_the_rest_is_asked_each_minute_until_it_answers_and_everybody_each_hour():
    near, far, clock = Away("near", away=0), Away("far", away=3), ShortDay()
    near.clock = far.clock = clock
    accounts = {"near": near, "far": far}
    with pytest.raises(EveningError):
        await keep_reading_limits(accounts, clock, await read_limits(accounts))
    assert near.asked_at == [0, 3_600, 7_200]
    assert far.asked_at == [0, 60, 120, 180, 3_600, 7_200]
    assert far.capabilities.limit == 11_000
