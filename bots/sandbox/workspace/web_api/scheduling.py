"""Messages posted later (docs.slack.dev/reference/methods/chat.scheduleMessage and its neighbours).

What is scheduled is forgotten when the workspace stops.
"""

from datetime import UTC, datetime, timedelta

from bots.sandbox.workspace.errors import ApiError
from bots.sandbox.workspace.records import Json, Message
from bots.sandbox.workspace.state import WorkspaceState
from bots.sandbox.workspace.web_api.arguments import Arguments, page
from bots.sandbox.workspace.web_api.chat import WRITE, channel_to_post, checked_content, thread_of
from bots.sandbox.workspace.web_api.registry import method

FURTHEST = timedelta(days=120)
LISTED = ("id", "channel_id", "post_at", "date_created", "text")


@method("chat.scheduleMessage", tier=3, scopes=WRITE)
def schedule(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Post a message as the bot at `post_at` (seconds since 1970)."""
    channel = channel_to_post(workspace, arguments.text("channel"))
    at, now = _moment(arguments.text("post_at")), workspace.clock.now()
    if at <= now:
        raise ApiError("time_in_past")
    if at - now > FURTHEST:
        raise ApiError("time_too_far")
    content = checked_content(workspace, arguments)
    if not content["text"] and not content["blocks"] and not content["attachments"]:
        raise ApiError("no_text")
    made: Json = {
        "id": workspace.ids.object("Q"),
        "channel_id": channel.id,
        "post_at": int(at.timestamp()),
        "date_created": int(now.timestamp()),
        "text": content["text"],
        "content": content,
        "thread_ts": thread_of(arguments, channel),
    }
    workspace.scheduled[made["id"]] = made
    workspace.deliveries.later(_post_later(workspace, made["id"], (at - now).total_seconds()))
    return {
        "channel": channel.id,
        "scheduled_message_id": made["id"],
        "post_at": made["post_at"],
        "message": {"text": made["text"], "bot_id": workspace.app.bot_id, "type": "delayed_message"},
    }


@method("chat.scheduledMessages.list", tier=3)
def list_scheduled(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """List what is still to be posted."""
    channel = arguments.text("channel")
    found = [one for one in workspace.scheduled.values() if channel in {"", one["channel_id"]}]
    shown, cursor = page(found, arguments, default=100)
    return {
        "scheduled_messages": [{name: one[name] for name in LISTED} for one in shown],
        "response_metadata": {"next_cursor": cursor},
    }


@method("chat.deleteScheduledMessage", tier=3, scopes=WRITE)
def delete_scheduled(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Call a message off."""
    identifier = arguments.needed("scheduled_message_id")
    made = workspace.scheduled.get(identifier)
    if made is None or made["channel_id"] != arguments.text("channel"):
        raise ApiError("invalid_scheduled_message_id")
    del workspace.scheduled[identifier]
    return {}


def _moment(given: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(given), UTC)
    except (ValueError, OverflowError, OSError):
        raise ApiError("invalid_time") from None


async def _post_later(workspace: WorkspaceState, identifier: str, seconds: float) -> None:
    """Post when it is time, unless it was called off; one with metadata is never posted, as Slack's reference says."""
    await workspace.clock.sleep(seconds)
    made = workspace.scheduled.pop(identifier, None)
    if made is None or made["content"]["metadata"] is not None:
        return
    app = workspace.app
    workspace.add_message(
        Message(
            made["channel_id"],
            workspace.ids.ts(),
            app.bot_user,
            bot_id=app.bot_id,
            app_id=app.id,
            thread_ts=made["thread_ts"],
            **made["content"],
        )
    )
