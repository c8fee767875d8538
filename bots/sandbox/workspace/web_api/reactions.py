"""reactions.* (docs.slack.dev/reference/methods/reactions.add and its neighbours)."""

from bots.sandbox.workspace.errors import ApiError
from bots.sandbox.workspace.records import Json, Message
from bots.sandbox.workspace.state import WorkspaceState
from bots.sandbox.workspace.web_api.arguments import Arguments
from bots.sandbox.workspace.web_api.chat import TS, channel_for
from bots.sandbox.workspace.web_api.registry import method


def _item(workspace: WorkspaceState, arguments: Arguments) -> Message:
    if not arguments.has("channel") or not arguments.has("timestamp"):
        raise ApiError("no_item_specified")
    channel, timestamp = channel_for(workspace, arguments.text("channel")), arguments.text("timestamp")
    if not TS.fullmatch(timestamp):
        raise ApiError("bad_timestamp")
    message = channel.messages.get(timestamp)
    if message is None:
        raise ApiError("message_not_found")
    return message


def _name(arguments: Arguments) -> str:
    name = arguments.text("name").strip(":")
    if not name or not all(character.isalnum() or character in "_+-:'" for character in name):
        raise ApiError("invalid_name")
    return name


@method("reactions.add", tier=3, scopes=("reactions:write",))
def add(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """React as the bot."""
    name, message = _name(arguments), _item(workspace, arguments)
    if workspace.channels[message.channel].archived:
        raise ApiError("is_archived")
    if not workspace.add_reaction(message, user=workspace.app.bot_user, name=name):
        raise ApiError("already_reacted")
    return {}


@method("reactions.remove", tier=2, scopes=("reactions:write",))
def remove(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Take back the bot's reaction."""
    name, message = _name(arguments), _item(workspace, arguments)
    if not workspace.remove_reaction(message, user=workspace.app.bot_user, name=name):
        raise ApiError("no_reaction")
    return {}


@method("reactions.get", tier=3, scopes=("reactions:read",))
def get(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Answer a message with its reactions."""
    message = _item(workspace, arguments)
    return {"type": "message", "channel": message.channel, "message": workspace.shown(message)}
