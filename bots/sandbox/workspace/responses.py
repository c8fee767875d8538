"""What an app may answer to an interaction, by response_url or in the acknowledgement of a slash command.

Facts: docs.slack.dev/interactivity/handling-user-interaction, message responses.
"""

from bots.sandbox.workspace.errors import ApiError
from bots.sandbox.workspace.records import Channel, Json, Message
from bots.sandbox.workspace.state import WorkspaceState
from bots.sandbox.workspace.triggers import ResponseAddress
from bots.sandbox.workspace.web_api.arguments import Arguments
from bots.sandbox.workspace.web_api.chat import checked_content


def respond(workspace: WorkspaceState, address: ResponseAddress, body: Json) -> Message | None:
    """Do what the body asks: delete or replace the original, or show something new.

    Answers the message, None when deleted.
    """
    arguments = Arguments(body)
    channel = workspace.channels[address.channel]
    if arguments.flag("delete_original"):
        _delete(workspace, channel, address)
        return None
    content = checked_content(workspace, arguments)
    if not content["text"] and not content["blocks"] and not content["attachments"]:
        raise ApiError("no_text")
    if arguments.flag("replace_original"):
        return _replace(workspace, channel, address, content)
    in_channel = arguments.text("response_type") == "in_channel"
    thread_ts = arguments.text("thread_ts") or (address.thread_ts if address.is_ephemeral else None)
    message = Message(
        channel.id,
        workspace.ids.ts(),
        workspace.app.bot_user,
        bot_id=workspace.app.bot_id,
        app_id=workspace.app.id,
        thread_ts=thread_ts,
        only_for=None if in_channel else address.user,
        **content,
    )
    return workspace.add_message(message) if in_channel else workspace.add_ephemeral(message)


def _delete(workspace: WorkspaceState, channel: Channel, address: ResponseAddress) -> None:
    if address.is_ephemeral:
        if channel.ephemerals.pop(address.message_ts, None) is None:
            raise ApiError("message_not_found")
        workspace.changes.tell("ephemeral_deleted", channel=channel.id, ts=address.message_ts, user=address.user)
        return
    message = channel.messages.get(address.message_ts)
    if message is None:
        raise ApiError("message_not_found")
    workspace.remove_message(message)


def _replace(workspace: WorkspaceState, channel: Channel, address: ResponseAddress, content: Json) -> Message:
    if content["metadata"] is None:
        del content["metadata"]
    known = channel.ephemerals if address.is_ephemeral else channel.messages
    message = known.get(address.message_ts)
    if message is None:
        raise ApiError("message_not_found")
    if not address.is_ephemeral:
        return workspace.change_message(message, **content)
    for name, value in content.items():
        setattr(message, name, value)
    workspace.changes.tell("ephemeral", channel=channel.id, ts=message.ts, user=address.user)
    return message
