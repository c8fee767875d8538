"""What a person did, named the same in the world that saw it acknowledged and in the rows that must hold it."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

Payload = Mapping[str, Any]


def act_of(payload: Payload) -> str:
    """Name an act by what Slack sends of it. A text counts once for each place, every other click for itself."""
    if payload["type"] == "event_callback":
        return f"message {payload['event']['client_msg_id']}"
    user = payload["user"]["id"]
    if payload["type"] == "view_submission":
        return f"{user} in dialog {payload['view']['id']}: {_written(payload['view']['state'])}"
    action = payload["actions"][0]
    where = f"{user} on {payload['container']['message_ts']}: {action['action_id']}"
    is_text = action["action_id"] == "portavoce:submit"
    return f"{where} {_written(payload['state'])}" if is_text else f"{where} at {action['action_ts']}"


def act_in(body: bytes) -> str | None:
    """Name the act in a stored body; ``None`` for what is not kept, and for what is not of Slack."""
    if body.startswith(b"payload="):
        return act_of(json.loads(parse_qs(body.decode())["payload"][0]))
    document = json.loads(body) if body.startswith(b"{") else {}
    return act_of(document) if "client_msg_id" in document.get("event", {}) else None


def _written(state: Mapping[str, Any]) -> str:
    return " ".join(str(entered.get("value")) for fields in state["values"].values() for entered in fields.values())
