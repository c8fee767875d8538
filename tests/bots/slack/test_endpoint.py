"""The endpoint takes only what Slack signed, in time, of a sane size and shape; else no listener is reached."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import httpx
import pytest
from sqlmodel import select
from starlette.applications import Starlette
from starlette.routing import Route
from structlog.testing import capture_logs

from bots.slack.endpoint import MOST_BYTES, Endpoint
from escalation.secret import Secret
from models.mention import Inbound
from tests.bots.slack.office import SlackOffice

SECRET = "shh"


def signed(
    office: SlackOffice, body: bytes, *, age: float = 0, secret: str = SECRET, **changed: str | None
) -> dict[str, str]:
    timestamp = str(int(office.house.clock.now().timestamp() - age))
    signature = "v0=" + hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": signature,
    }
    for name, value in changed.items():
        key = {"timestamp": "X-Slack-Request-Timestamp", "signature": "X-Slack-Signature", "kind": "Content-Type"}[name]
        if value is None:
            del headers[key]
        else:
            headers[key] = value
    return headers


@pytest.fixture
def door(office: SlackOffice) -> httpx.AsyncClient:
    http = office.workspace.deliveries._http
    assert http is not None
    return http


async def send(
    office: SlackOffice, body: bytes, headers: dict[str, str] | None = None, **how: object
) -> httpx.Response:
    http = office.workspace.deliveries._http
    assert http is not None
    return await http.post(
        "http://portavoce.test/slack/events", content=body, headers=headers or signed(office, body, **how)
    )  # type: ignore[arg-type]


def an_event(event_id: str = "Ev1", **event: object) -> bytes:
    body = {
        "type": "event_callback",
        "event_id": event_id,
        "team_id": "T1",
        "event": {"type": "message", "channel": "C0BILLING", "user": "U0ANNA", "text": "hi", "ts": "1.1", **event},
    }
    return json.dumps(body).encode()


async def stored(office: SlackOffice) -> list[Inbound]:
    async with office.database.read() as tx:
        return list(await tx.session.exec(select(Inbound)))


BODY = an_event()
FORGERIES = {
    "another secret": {"secret": "shh!"},
    "an empty secret": {"secret": ""},
    "301 seconds old": {"age": 301},
    "301 seconds ahead": {"age": -301},
    "no signature": {"signature": None},
    "an empty signature": {"signature": ""},
    "a wrong signature": {"signature": "v0=" + "0" * 64},
    "a signature of another kind": {"signature": "v1=" + "0" * 64},
    "no time": {"timestamp": None},
    "an empty time": {"timestamp": ""},
    "a time that is no number": {"timestamp": "abc"},
    "a negative time": {"timestamp": "-1"},
    "a time with a point": {"timestamp": "1772442000.0"},
    "a time of 5,000 digits": {"timestamp": "1" * 5_000},
}


async def test_a_forgery_is_refused_with_one_line_in_the_log(office: SlackOffice) -> None:
    for name, how in FORGERIES.items():
        headers = signed(office, BODY, **how)  # type: ignore[arg-type]
        with capture_logs() as lines:
            answer = await send(office, BODY, headers)
        assert answer.status_code == 401, name
        assert [line["event"] for line in lines] == ["slack request refused"], name
    assert await stored(office) == []


@pytest.mark.parametrize(
    "raw",
    [
        [(b"x-slack-request-timestamp", "１７７２".encode()), (b"x-slack-signature", b"v0=abc")],
        [(b"x-slack-request-timestamp", b"1772442000"), (b"x-slack-signature", "v0=é".encode())],
        [(b"x-slack-request-timestamp", b"\xff\xfe"), (b"x-slack-signature", b"\xff")],
    ],
)
async def test_headers_that_are_not_ascii_are_refused(
    office: SlackOffice, raw: list[tuple[bytes, bytes]], door: httpx.AsyncClient
) -> None:
    request = door.build_request(
        "POST",
        "http://portavoce.test/slack/events",
        content=BODY,
        headers=[(b"content-type", b"application/json"), *raw],
    )
    with capture_logs() as lines:
        assert (await door.send(request)).status_code == 401
    assert len(lines) == 1


async def test_one_changed_byte_is_refused(office: SlackOffice) -> None:
    headers = signed(office, BODY)
    for place in range(0, len(BODY), 7):
        changed = bytearray(BODY)
        changed[place] ^= 1
        assert (await send(office, bytes(changed), headers)).status_code == 401


@pytest.mark.parametrize("age", [0, 299, -299])
async def test_what_slack_signed_is_taken(office: SlackOffice, age: float) -> None:
    assert (await send(office, BODY, age=age)).status_code == 200
    assert len(await stored(office)) == 1


async def test_the_address_is_verified(office: SlackOffice) -> None:
    assert await office.workspace.deliveries.verify_address("challenge-1", "token") is True


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe\xfd",
        b"not json",
        b"",
        b"[]",
        b'{"type":"event_callback","event":[]}',
        b'{"a":' * 51 + b"1" + b"}" * 51,
        b"[" * 100_000,
        b'{"a":' + b"9" * 5_000 + b"}",
        b'{"a":"\xc3"}',
        b"{}",
        b'{"type":5}',
        b'{"type":"something_new"}',
        b'{"type":"block_suggestion","action_id":"a","user":{"id":"U0ANNA"}}',
        b'{"type":"event_callback"}',
        b'{"type":"event_callback","event":{}}',
        b'{"type":"event_callback","event":{"type":"message","user":[]}}',
        b'{"type":"event_callback","event":{"type":"message","subtype":[]}}',
        b'{"type":"event_callback","event":{"type":"message"},"authorizations":[5]}',
        b'{"type":"block_actions"}',
        b'{"type":"block_actions","actions":[]}',
        b'{"type":"block_actions","actions":[{"action_id":"a"}],"user":5}',
        b'{"type":"view_submission"}',
        b'{"type":"view_submission","view":5}',
        b'{"type":"view_submission","view":{"callback_id":"portavoce:answer"}}',
        b'{"command":5}',
    ],
)
async def test_what_is_not_understood_is_refused_with_one_line_in_the_log(office: SlackOffice, body: bytes) -> None:
    with capture_logs() as lines:
        assert (await send(office, body)).status_code == 400
    assert [(line["log_level"], line["event"]) for line in lines] == [("warning", "slack request not understood")]
    assert await stored(office) == []


@pytest.mark.parametrize(
    "fields", [{"payload": "{"}, {"payload": ""}, {"payload": "[]"}, {"payload": "{}"}, {"text": "status"}, {}]
)
async def test_a_form_that_is_not_understood_is_refused_with_one_line_in_the_log(
    office: SlackOffice, fields: dict[str, str]
) -> None:
    body = urlencode(fields).encode()
    with capture_logs() as lines:
        answer = await send(office, body, signed(office, body, kind="application/x-www-form-urlencoded"))
    assert answer.status_code == 400
    assert [line["event"] for line in lines] == ["slack request not understood"]


@pytest.mark.parametrize("text", ["status", "payload", "payload=%7B%7D&command=x"])
async def test_a_command_may_say_anything(office: SlackOffice, text: str) -> None:
    body = urlencode({"command": "/portavoce", "text": text, "user_id": "U0ANNA", "channel_id": "C0BILLING"}).encode()
    answer = await send(office, body, signed(office, body, kind="application/x-www-form-urlencoded"))
    assert (answer.status_code, answer.json()["response_type"]) == (200, "ephemeral")


async def test_an_event_about_somebody_is_taken(office: SlackOffice) -> None:
    """In some events ``user`` is a whole person, not an id."""
    body = an_event(type="user_change", user={"id": "U0ANNA", "name": "anna"})
    assert (await send(office, body)).status_code == 200
    assert len(await stored(office)) == 1


async def test_a_body_that_is_too_long_is_refused_before_it_is_read(
    office: SlackOffice, door: httpx.AsyncClient
) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while read < 50 * MOST_BYTES:
            read += 100_000
            yield b"x" * 100_000

    with capture_logs() as lines:
        answer = await door.post("http://portavoce.test/slack/events", content=endless())
        announced = await door.post(
            "http://portavoce.test/slack/events", content=b"x", headers={"Content-Length": "9" * 30}
        )
    assert (answer.status_code, announced.status_code) == (413, 413)
    assert [(line["event"], line["problem"]) for line in lines] == [
        ("slack request refused", "the body is too long")
    ] * 2


async def test_other_methods_are_refused(door: httpx.AsyncClient) -> None:
    assert (await door.get("http://portavoce.test/slack/events")).status_code == 405


async def test_a_storage_that_hangs_is_told_in_time(office: SlackOffice) -> None:
    impatient = Endpoint(office.slack.app, secret=Secret(SECRET), clock=office.house.clock, patience=0.05)
    web = Starlette(routes=[Route("/slack/events", impatient.handle, methods=["POST"])])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(web)) as http:
        async with office.database.begin():  # SQLite has one writer; whoever waits for it waits too long
            answer = await http.post("http://portavoce.test/slack/events", content=BODY, headers=signed(office, BODY))
            assert answer.status_code == 503
        while not await stored(office):  # it was only late: what it stores stays, and Slack's next try finds it there
            pass
        answer = await http.post("http://portavoce.test/slack/events", content=BODY, headers=signed(office, BODY))
        assert answer.status_code == 200
