"""Whatever stands in a field of Slack's payloads instead of what belongs there: never a fault, never a silent no."""

import itertools
import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from structlog.testing import capture_logs

from bots.slack.references import PREFIX
from tests.bots.slack.office import SlackOffice
from tests.bots.slack.test_endpoint import send

VIEW = {
    "id": "V1", "hash": "1.a", "type": "modal", "callback_id": f"{PREFIX}answer", "private_metadata": "{}",
    "state": {"values": {"answer": {f"{PREFIX}answer_text": {"type": "plain_text_input", "value": "hi"}}}},
}  # fmt: skip
PERSON = {"team": {"id": "T1"}, "user": {"id": "U0ANNA", "team_id": "T1"}, "trigger_id": "t"}
MESSAGE = {"type": "message", "user": "U0ANNA", "text": "hi", "ts": "1.2", "thread_ts": "1.1"}
CLICKED = {
    "type": "block_actions",
    **PERSON,
    "channel": {"id": "C0BILLING"},
    "container": {"type": "message", "message_ts": "1.1", "channel_id": "C0BILLING"},
    "message": MESSAGE,
    "response_url": "",
}
MESSAGE_EVENT = MESSAGE | {
    "channel": "C0BILLING",
    "client_msg_id": "m",
    "message": MESSAGE,
    "subtype": "message_changed",
}
BUTTON = {"type": "button", "action_id": f"{PREFIX}claim", "block_id": "b", "value": "{}", "action_ts": "1"}
BODIES: dict[str, dict[str, Any]] = {
    "a click": CLICKED
    | {
        "actions": [{"type": "button", "action_id": f"{PREFIX}claim", "block_id": "b", "value": "{}", "action_ts": "1"}]
    },
    "a field": CLICKED
    | {"actions": [{"type": "input", "action_id": f"{PREFIX}field", "block_id": "b", "value": "hi", "action_ts": "1"}]},
    "a field of a dialog": {
        "type": "block_actions",
        **PERSON,
        "view": VIEW,
        "actions": [{"action_id": f"{PREFIX}answer_text", "block_id": "b", "value": "hi"}],
    },
    "a dialog": {"type": "view_submission", **PERSON, "view": VIEW, "response_urls": []},
    "a closed dialog": {"type": "view_closed", **PERSON, "view": VIEW},
    "a shortcut": {
        "type": "message_action",
        "callback_id": "use_as_reply",
        **PERSON,
        "channel": {"id": "C0BILLING"},
        "message": MESSAGE,
        "message_ts": "1.2",
    },
    "a message": {
        "type": "event_callback",
        "event_id": "Ev1",
        "team_id": "T1",
        "authorizations": [{"team_id": "T1", "user_id": "U0PORTAVOCE", "is_bot": True}],
        "event": MESSAGE
        | {"channel": "C0BILLING", "client_msg_id": "m", "message": MESSAGE, "subtype": "message_changed"},
    },
    "a mention": {
        "type": "event_callback",
        "event_id": "Ev1",
        "event": {"type": "app_mention", "user": "U0ANNA", "channel": "C0BILLING", "ts": "1.1"},
    },
    "a reaction": {
        "type": "event_callback",
        "event_id": "Ev1",
        "event": {
            "type": "reaction_added",
            "user": "U0ANNA",
            "item": {"type": "message", "channel": "C0", "ts": "1.1"},
        },
    },
    "an address to verify": {"type": "url_verification", "challenge": "c", "token": "t"},
    "a command": {"command": "/portavoce", "text": "status", "user_id": "U0ANNA", "channel_id": "C0BILLING"},
}
STRANGE = (None, 5, "x", [5], {})
REFUSALS = ("slack request not understood",)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


def changed(body: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    copy: Any = deepcopy(body)
    inner = copy
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return copy


async def test_a_strange_field_is_never_a_fault_and_refused_with_one_line_in_the_log(office: SlackOffice) -> None:
    wrong = []
    for (name, body), value in itertools.product(BODIES.items(), STRANGE):
        for path in places(body):
            with capture_logs() as lines:
                answer = await send(office, json.dumps(changed(body, path, value)).encode())
                await office.settle()
            told = tuple(line["event"] for line in lines if line["event"].startswith("slack "))
            if (answer.status_code, told) not in {(200, ()), (400, REFUSALS)}:
                wrong.append((name, path, value, answer.status_code, told))
    assert wrong == []


async def test_the_log_names_the_field_and_quotes_nothing(office: SlackOffice) -> None:
    body = changed(BODIES["a dialog"], ("view", "callback_id"), {"secret words": "of somebody"})
    with capture_logs() as lines:
        answer = await send(office, json.dumps(body).encode())
    assert [line["problem"] for line in lines] == ["view.callback_id: string_type"]
    assert answer.text == "The body is not understood: view.callback_id: string_type."
