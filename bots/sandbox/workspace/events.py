"""Writes event payloads as the Events API sends them (docs.slack.dev/apis/events-api and /reference/events)."""

from datetime import datetime
from typing import Any

from bots.sandbox.workspace.seed import Seed

Json = dict[str, Any]
VERIFICATION_TOKEN = "sandbox-verification-token"  # noqa: S105 - Slack's deprecated constant, kept for the shape


def envelope(event: Json, *, seed: Seed, event_id: str, at: datetime) -> Json:
    """Wrap an event as `event_callback`."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": seed.team_id,
        "context_team_id": seed.team_id,
        "context_enterprise_id": None,
        "api_app_id": seed.app.id,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(at.timestamp()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": seed.team_id,
                "user_id": seed.app.bot_user,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{event_id}",
    }


def message_posted(message: Json, *, channel: str, channel_type: str) -> Json:
    """Write that a message has been posted."""
    return {**message, "channel": channel, "channel_type": channel_type, "event_ts": message["ts"]}


def message_changed(message: Json, previous: Json, *, channel: str, channel_type: str, ts: str) -> Json:
    """Write that a message has been edited."""
    return {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "message": message,
        "previous_message": previous,
        "channel": channel,
        "channel_type": channel_type,
        "ts": ts,
        "event_ts": ts,
    }


def message_deleted(previous: Json, *, channel: str, channel_type: str, ts: str) -> Json:
    """Write that a message has been deleted."""
    return {
        "type": "message",
        "subtype": "message_deleted",
        "hidden": True,
        "deleted_ts": previous["ts"],
        "previous_message": previous,
        "channel": channel,
        "channel_type": channel_type,
        "ts": ts,
        "event_ts": ts,
    }


def app_mention(message: Json, *, channel: str) -> Json:
    """Write that the app has been mentioned; comes beside the `message` event of the same ts."""
    return {**message, "type": "app_mention", "channel": channel, "event_ts": message["ts"]}


def reaction(kind: str, *, user: str, name: str, item_user: str, channel: str, ts: str, event_ts: str) -> Json:
    """Write `reaction_added` or `reaction_removed`."""
    return {
        "type": kind,
        "user": user,
        "reaction": name,
        "item": {"type": "message", "channel": channel, "ts": ts},
        "item_user": item_user,
        "event_ts": event_ts,
    }


def member_joined(*, user: str, channel: str, channel_type: str, team: str, inviter: str | None, event_ts: str) -> Json:
    """Write that somebody joined a channel the app is in, or the app itself was brought in.

    `channel_type` is one letter, C or G.
    """
    event = {
        "type": "member_joined_channel",
        "user": user,
        "channel": channel,
        "channel_type": channel_type,
        "team": team,
        "event_ts": event_ts,
    }
    return {**event, "inviter": inviter} if inviter else event


def channel_archived(kind: str, *, user: str, channel: str, event_ts: str) -> Json:
    """Write `channel_archive`, `channel_unarchive` and the like."""
    return {"type": kind, "channel": channel, "user": user, "event_ts": event_ts}


def home_opened(*, user: str, channel: str, view: Json | None, event_ts: str) -> Json:
    """Write that somebody opened the app's Home tab."""
    event: Json = {"type": "app_home_opened", "user": user, "channel": channel, "tab": "home", "event_ts": event_ts}
    return {**event, "view": view} if view else event
