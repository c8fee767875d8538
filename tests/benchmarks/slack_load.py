"""Slack's side: signed message events over eight kept-alive connections, one of ten sent twice."""

import asyncio
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

from bots.clock import SystemClock
from bots.sandbox.workspace.signing import signed_headers
from tests.benchmarks.processes import require
from tests.benchmarks.slack_server import SECRET

CONNECTIONS = 8


@dataclass(frozen=True)
class Load:
    """Requests ready to be written, in order, and the ids of the events in them."""

    requests: tuple[bytes, ...]
    events: frozenset[str]


def message_event(event_id: str, number: int) -> bytes:
    """Return colleagues' chatter as Slack sends it (docs.slack.dev/apis/events-api, callback field)."""
    moment = f"{1_772_442_000 + number}.{number % 1_000_000:06d}"
    words = f"Has anybody seen the offer for customer {number}? I put it into the folder yesterday - thanks!"
    document = {
        "token": "ZZZZZZWSxiZZZ2yIvs3peJ",
        "team_id": "T0SANDBOX",
        "context_team_id": "T0SANDBOX",
        "context_enterprise_id": None,
        "api_app_id": "A0PORTAVOCE",
        "event": {
            "client_msg_id": f"{number:08x}-0000-4000-8000-000000000000",
            "type": "message",
            "text": words,
            "user": "U0ANNA",
            "ts": moment,
            "team": "T0SANDBOX",
            "blocks": [
                {
                    "type": "rich_text",
                    "block_id": "b1",
                    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": words}]}],
                }
            ],
            "channel": "C0BILLING",
            "event_ts": moment,
            "channel_type": "channel",
        },
        "type": "event_callback",
        "event_id": event_id,
        "event_time": 1_772_442_000 + number,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": "T0SANDBOX",
                "user_id": "U0PORTAVOCE",
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": "4-eyJldCI6Im1lc3NhZ2UiLCJ0aWQiOiJUMFNBTkRCT1gifQ",
    }
    return json.dumps(document).encode()


def prepare(name: str, number: int) -> Load:
    """Return ``number`` requests, of which one in ten repeats an earlier one (signed anew, as Slack does)."""
    chance = random.Random(name)
    ids = [f"Ev{name}{index:06d}" for index in range(number - number // 10)]
    order = list(enumerate(ids))
    for _ in range(number // 10):
        again = chance.randrange(len(ids))
        order.insert(chance.randrange(again + 1, len(order) + 1), (again, ids[again]))
    now = SystemClock().now()
    requests = []
    for index, event_id in order:
        body = message_event(event_id, index)
        headers = {
            "Host": "127.0.0.1",
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "Accept": "*/*",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **signed_headers(body, secret=SECRET, at=now),
        }
        head = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
        requests.append(f"POST /slack/events HTTP/1.1\r\n{head}\r\n".encode() + body)
    return Load(tuple(requests), frozenset(ids))


async def send(port: int, load: Load) -> None:
    """Send everything, each connection one request at a time; every answer must be 200."""
    waiting = iter(load.requests)
    connections = [asyncio.create_task(_connection(port, waiting)) for _ in range(CONNECTIONS)]
    await asyncio.gather(*connections)


async def _connection(port: int, waiting: Iterator[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in waiting:
        writer.write(request)
        status, _ = await answer(reader)
        require(status == 200, f"an event was answered {status}")
    writer.close()


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read one answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    body = await reader.readexactly(length) if length else b""
    return int(head.split(b" ", 2)[1]), body


async def cpu(port: int) -> float:
    """Ask the measured process for its processor time in seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /benchmark/usage HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    _, body = await answer(reader)
    writer.close()
    return float(json.loads(body)["cpu"])
