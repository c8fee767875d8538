"""What does not take our messages is told in the log, once, and once when it takes them again."""

from collections.abc import Mapping, Sequence
from typing import Any

from structlog.testing import capture_logs

from escalation.ports import RetryLater, Throttled, Unauthorised, Uncertain
from tests.house import House
from tests.scenarios.steps import approved, leave, quiet

FAILS, GOES_ON = "not sent; tried again by itself", "sent again"


def told(lines: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    return [(line["log_level"], line["event"], line["to"]) for line in lines if line["event"] in {FAILS, GOES_ON}]


async def test_a_chat_that_refuses_our_token_is_told_once_though_it_is_tried_again_and_again(house: House):
    house.chat.faults = [("before", Unauthorised("invalid_auth"))] * 3
    with capture_logs() as lines:
        await house.arrive()
        for _ in range(6):
            await quiet(house)
            house.clock.forward(minutes=6)
    to = {place for _, _, place in told(lines)}
    assert "slack:C0BILLING" in to
    for place in to:
        assert [line[:2] for line in told(lines) if line[2] == place] == [("warning", FAILS), ("info", GOES_ON)]


async def test_a_network_is_told_by_what_it_does_and_being_throttled_is_no_failure(house: House):
    await approved(house)
    network = house.networks["acme"]
    network.faults = [
        ("before", Throttled("slow down")),
        ("before", RetryLater("busy")),
        ("before", RetryLater("still busy")),
        ("before", Uncertain("timeout")),
    ]
    with capture_logs() as lines:
        await leave(house)
        for _ in range(8):
            house.clock.forward(minutes=6)
            await quiet(house)
    assert network.posts
    assert told(lines) == [
        ("warning", FAILS, "account:acme"),
        ("warning", FAILS, "account:acme"),
        ("info", GOES_ON, "account:acme"),
    ]
    assert [line["outcome"] for line in lines if line["event"] == FAILS] == ["retry", "unknown"]
