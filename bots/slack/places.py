"""Where in Slack somebody acted, from the payloads that Slack signs.

Their shapes: docs.slack.dev/reference/interaction-payloads.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bots.slack.references import Reference


@dataclass(frozen=True)
class Place:
    """Who acted, and where they can be told something: in a channel or thread, at an address, or on their Home tab."""

    user: str
    channel: str = ""
    message: str = ""
    thread: str = ""
    response_url: str = ""
    at_home: bool = False


def place_of(body: Mapping[str, Any]) -> Place:
    """Return the place of an interaction: a click, a shortcut or a dialog."""
    container = _mapping(body.get("container"))
    message = _mapping(body.get("message"))
    return Place(
        user=str(_mapping(body.get("user")).get("id") or ""),
        channel=str(_mapping(body.get("channel")).get("id") or container.get("channel_id") or ""),
        message=str(container.get("message_ts") or body.get("message_ts") or message.get("ts") or ""),
        thread=str(container.get("thread_ts") or message.get("thread_ts") or ""),
        response_url=str(body.get("response_url") or ""),
        at_home=_mapping(body.get("view")).get("type") == "home",
    )


def place_of_dialog(body: Mapping[str, Any], reference: Reference) -> Place:
    """Return the place from which a dialog was opened."""
    return Place(
        user=str(_mapping(body.get("user")).get("id") or ""),
        channel=reference.channel,
        message=reference.message,
        thread=reference.thread,
    )


def entered(body: Mapping[str, Any], block_id: str, action_id: str) -> dict[str, Any]:
    """Return what stands in one field, as Slack keeps it in ``state.values``."""
    view = _mapping(body.get("view"))
    state = _mapping(view.get("state") if view else body.get("state"))
    values = _mapping(state.get("values"))
    return dict(_mapping(_mapping(values.get(block_id)).get(action_id)))


def typed(body: Mapping[str, Any], block_id: str, action_id: str) -> str:
    """Return the text in one field; plain, as it was typed."""
    value = entered(body, block_id, action_id).get("value")
    return value if isinstance(value, str) else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
