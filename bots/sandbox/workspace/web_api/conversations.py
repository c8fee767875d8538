"""conversations.*: channels, their members and their history.

(docs.slack.dev/reference/methods/conversations.list and its neighbours).
"""

from bots.sandbox.workspace.errors import ApiError
from bots.sandbox.workspace.records import Channel, Json, Message
from bots.sandbox.workspace.state import WorkspaceState
from bots.sandbox.workspace.web_api.arguments import Arguments, page
from bots.sandbox.workspace.web_api.chat import channel_for
from bots.sandbox.workspace.web_api.registry import method

MOST_USERS = 8
TYPES = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}
READ = ("channels:read", "groups:read", "im:read", "mpim:read")
HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")


def described(workspace: WorkspaceState, channel: Channel) -> Json:
    """Write a channel as Slack's conversation object."""
    common: Json = {
        "id": channel.id,
        "created": channel.created,
        "is_archived": channel.archived,
        "is_im": channel.kind == "im",
        "is_mpim": channel.kind == "mpim",
        "is_org_shared": False,
        "context_team_id": workspace.seed.team_id,
        "updated": channel.created * 1000,
    }
    if channel.kind == "im":
        other = next((member for member in channel.members if member != workspace.app.bot_user), workspace.app.bot_user)
        return {**common, "user": other, "is_user_deleted": False, "priority": 0}
    return {
        **common,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "group",
        "is_private": channel.kind != "channel",
        "is_general": False,
        "is_shared": False,
        "is_ext_shared": False,
        "is_pending_ext_shared": False,
        "is_member": workspace.bot_is_in(channel),
        "creator": channel.members[0] if channel.members else workspace.app.bot_user,
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": channel.purpose, "creator": "", "last_set": 0},
        "previous_names": [],
        "unlinked": 0,
    }


@method("conversations.list", tier=2, scopes=READ)
def list_conversations(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """List the channels the bot can know of."""
    found = [one for one in _of_kinds(workspace, arguments) if one.kind == "channel" or workspace.bot_is_in(one)]
    shown, cursor = page(found, arguments, default=100)
    return {
        "channels": [{**described(workspace, channel), "num_members": len(channel.members)} for channel in shown],
        "response_metadata": {"next_cursor": cursor},
    }


@method("users.conversations", tier=3, scopes=READ)
def conversations_of(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """List the channels that the bot is in, or those of a person that the bot can know of."""
    user = arguments.text("user", workspace.app.bot_user)
    found = [
        one
        for one in _of_kinds(workspace, arguments)
        if user in one.members and (one.kind == "channel" or workspace.bot_is_in(one))
    ]
    shown, cursor = page(found, arguments, default=100)
    return {
        "channels": [described(workspace, channel) for channel in shown],
        "response_metadata": {"next_cursor": cursor},
    }


def _of_kinds(workspace: WorkspaceState, arguments: Arguments) -> list[Channel]:
    wanted = arguments.names("types") or ["public_channel"]
    if any(name not in TYPES for name in wanted):
        raise ApiError("invalid_types")
    kinds = {TYPES[name] for name in wanted}
    return [
        channel
        for channel in workspace.channels.values()
        if channel.kind in kinds and not (channel.archived and arguments.flag("exclude_archived"))
    ]


@method("conversations.info", tier=3, scopes=READ)
def info(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Describe one channel."""
    channel = channel_for(workspace, arguments.needed("channel"))
    shown = described(workspace, channel)
    if arguments.flag("include_num_members"):
        shown["num_members"] = len(channel.members)
    return {"channel": shown}


@method("conversations.members", tier=4, scopes=READ)
def members(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """List the members of a channel."""
    channel = channel_for(workspace, arguments.needed("channel"))
    shown, cursor = page(channel.members, arguments, default=100)
    return {"members": shown, "response_metadata": {"next_cursor": cursor}}


@method("conversations.open", tier=3, scopes=("im:write", "mpim:write", "chat:write"))
def open_conversation(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Open the direct conversation with one person or a few."""
    if arguments.has("channel"):
        channel, known = channel_for(workspace, arguments.text("channel")), True
    else:
        users = arguments.names("users")
        if not users:
            raise ApiError("users_list_not_supplied")
        if len(users) > MOST_USERS:
            raise ApiError("too_many_users")
        if any(user not in workspace.people for user in users):
            raise ApiError("user_not_found")
        before = len(workspace.channels)
        channel = workspace.direct(users[0]) if len(users) == 1 else workspace.group_direct(users)
        known = before == len(workspace.channels)
    shown = described(workspace, channel) if arguments.flag("return_im") else {"id": channel.id}
    return {"no_op": known, "already_open": known, "channel": shown}


@method("conversations.join", tier=3, scopes=("channels:join",))
def join(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Bring the bot into a public channel."""
    channel = channel_for(workspace, arguments.needed("channel"))
    if channel.archived:
        raise ApiError("is_archived")
    if channel.kind != "channel":
        raise ApiError("method_not_supported_for_channel_type")
    already = workspace.bot_is_in(channel)
    workspace.add_member(channel, workspace.app.bot_user)
    answer: Json = {"channel": described(workspace, channel)}
    return {**answer, "warning": "already_in_channel"} if already else answer


def _within(messages: list[Message], arguments: Arguments) -> list[Message]:
    oldest, latest = arguments.text("oldest"), arguments.text("latest")
    inclusive = arguments.flag("inclusive")
    try:
        low = float(oldest) if oldest and oldest != "0" else None
        high = float(latest) if latest and latest != "now" else None
    except ValueError:
        raise ApiError(
            "invalid_ts_oldest" if latest.replace(".", "").isdigit() or not latest else "invalid_ts_latest"
        ) from None
    kept = messages
    if low is not None:
        kept = [one for one in kept if float(one.ts) > low or (inclusive and float(one.ts) == low)]
    if high is not None:
        kept = [one for one in kept if float(one.ts) < high or (inclusive and float(one.ts) == high)]
    return kept


def _readable(workspace: WorkspaceState, arguments: Arguments) -> Channel:
    channel = channel_for(workspace, arguments.needed("channel"))
    if not workspace.bot_is_in(channel):
        raise ApiError("not_in_channel")
    return channel


@method("conversations.history", tier=3, scopes=HISTORY)
def history(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """List the messages of a channel without its threads, newest first."""
    channel = _readable(workspace, arguments)
    found = [one for one in reversed(channel.messages.values()) if not one.is_reply or one.broadcast]
    shown, cursor = page(_within(found, arguments), arguments, default=100, most=999)
    with_metadata = arguments.flag("include_all_metadata")
    answer: Json = {
        "messages": [workspace.shown(one, with_metadata=with_metadata) for one in shown],
        "has_more": bool(cursor),
        "pin_count": 0,
        "channel_actions_ts": None,
        "channel_actions_count": 0,
    }
    if cursor:
        answer["response_metadata"] = {"next_cursor": cursor}
    return answer


@method("conversations.replies", tier=3, scopes=HISTORY)
def replies(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """List a thread, the message it hangs on first and then the replies by time."""
    channel = _readable(workspace, arguments)
    root = channel.messages.get(arguments.needed("ts"))
    if root is None:
        raise ApiError("thread_not_found")
    under = [channel.messages[ts] for ts in root.replies if ts in channel.messages]
    shown, cursor = page([root, *_within(under, arguments)], arguments, default=1000)
    with_metadata = arguments.flag("include_all_metadata")
    answer: Json = {
        "messages": [workspace.shown(one, with_metadata=with_metadata) for one in shown],
        "has_more": bool(cursor),
    }
    if cursor:
        answer["response_metadata"] = {"next_cursor": cursor}
    return answer
