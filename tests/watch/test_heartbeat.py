"""The outward heartbeat: sent while all is well, silent otherwise, and never telling anybody its address."""

from collections.abc import Callable
from io import StringIO

import httpx
import pytest

from bots.heartbeat import Heartbeat
from bots.telemetry import set_up_logs
from escalation.secret import Secret
from escalation.watching import AUDIT, SWEEP, DutyMark, Vitals
from tests.clock import MONDAY

ADDRESS = "https://watchman.example/ping/geheim-4711"
WELL = Vitals((DutyMark(SWEEP, late=False, at=MONDAY, age_seconds=3.0), DutyMark(AUDIT, late=False, at=MONDAY)), 0.0, 0)
ILL = Vitals((DutyMark(SWEEP, late=True), *WELL.marks[1:]), 0.0, 0)
Answer = Callable[[httpx.Request], httpx.Response]


class Watchman(httpx.AsyncBaseTransport):
    """Who is called, and what they answer."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answer(request)


@pytest.fixture
def log() -> StringIO:
    stream = StringIO()
    set_up_logs(json=True, stream=stream)
    return stream


async def beaten(vitals: Vitals, answer: Answer, address: str = ADDRESS) -> tuple[Watchman, dict[str, int]]:
    watchman = Watchman(answer)
    heartbeat = Heartbeat(Secret(address), transport=watchman)
    await heartbeat(vitals)
    await heartbeat.close()
    return watchman, heartbeat.counts


async def test_a_heartbeat_is_a_get_of_the_address(log: StringIO):
    watchman, counts = await beaten(WELL, lambda _: httpx.Response(200, text="ok"))
    [asked] = watchman.asked
    assert (asked.method, str(asked.url)) == ("GET", ADDRESS)
    assert counts == {"taken": 1, "failed": 0, "withheld": 0}
    assert log.getvalue() == ""


async def test_nothing_is_sent_while_something_is_wrong(log: StringIO):
    watchman, counts = await beaten(ILL, lambda _: httpx.Response(200))
    assert watchman.asked == []
    assert counts["withheld"] == 1
    assert "sweep" in log.getvalue()


def _raising(error: Exception) -> Answer:
    def answer(_: httpx.Request) -> httpx.Response:
        raise error

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: httpx.Response(500, text="no"),
        lambda _: httpx.Response(302, headers={"location": "https://elsewhere.example/geheim-4711"}),
        _raising(httpx.ConnectError("all attempts at geheim-4711 failed")),
        _raising(httpx.ReadTimeout("geheim-4711")),
        _raising(httpx.InvalidURL("geheim-4711")),
    ],
    ids=["500", "redirect", "no connection", "no answer", "no address"],
)
async def test_what_is_not_taken_is_a_line_in_the_log_and_a_count_without_the_address(log: StringIO, answer: Answer):
    watchman, counts = await beaten(WELL, answer)
    assert len(watchman.asked) == 1, "a redirect was followed"
    assert counts == {"taken": 0, "failed": 1, "withheld": 0}
    assert "heartbeat not taken" in log.getvalue()
    assert "geheim" not in log.getvalue()


async def test_a_watchman_who_is_not_there_is_no_trouble(log: StringIO):
    heartbeat = Heartbeat(Secret("http://127.0.0.1:1/geheim-4711"))
    await heartbeat(WELL)
    await heartbeat.close()
    assert heartbeat.counts["failed"] == 1
    assert "geheim" not in log.getvalue()
