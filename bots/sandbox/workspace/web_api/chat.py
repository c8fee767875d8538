"""chat.*: posting, changing and deleting messages (docs.slack.dev/reference/methods, one page a method)."""

import re
from typing import Any

from bots.sandbox.workspace.block_check import (
    Problem,
    characters_of,
    completed,
    has_two_tables,
    problems_of_blocks,
    problems_of_view,
)
from bots.sandbox.workspace.block_rules import CHARACTERS_PER_MESSAGE
from bots.sandbox.workspace.errors import ApiError
from bots.sandbox.workspace.records import Channel, Json, Message
from bots.sandbox.workspace.shown_files import problems_of_files
from bots.sandbox.workspace.state import WorkspaceState
from bots.sandbox.workspace.typed_text import sent_by_app, words_of
from bots.sandbox.workspace.web_api.arguments import Arguments
from bots.sandbox.workspace.web_api.registry import method

LONGEST_POST = 40_000
LONGEST_UPDATE = 4_000
LONGEST_MARKDOWN = 12_000
ATTACHMENTS = 100
TS = re.compile(r"\d{9,}\.\d{6}")
WRITE = ("chat:write",)


def channel_for(workspace: WorkspaceState, name: str) -> Channel:
    """Answer the channel if the bot can know of it.

    Raises channel_not_found, also for private channels the bot is not in.
    """
    channel = workspace.find_channel(name) if name else None
    if channel is None or (channel.kind != "channel" and not workspace.bot_is_in(channel)):
        raise ApiError("channel_not_found")
    return channel


def channel_to_post(workspace: WorkspaceState, name: str) -> Channel:
    """Answer the channel if the bot may write there; a user id opens the direct conversation."""
    if name in workspace.people:
        return workspace.direct(name)
    channel = channel_for(workspace, name)
    if channel.archived:
        raise ApiError("is_archived")
    if not workspace.bot_is_in(channel) and "chat:write.public" not in workspace.app.scopes:
        raise ApiError("not_in_channel")
    return channel


def checked_content(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Answer text, blocks, attachments and metadata as they will be stored. Raises ApiError in Slack's words."""
    blocks = arguments.document("blocks", word="invalid_blocks_format")
    attachments = arguments.document("attachments", word="invalid_attachments")
    text, markdown = arguments.text("text"), arguments.text("markdown_text")
    if markdown and (text or blocks):
        raise ApiError("markdown_text_conflict")
    if len(markdown) > LONGEST_MARKDOWN:
        raise ApiError("msg_too_long")
    text = text or markdown
    return {
        "text": sent_by_app(text) or words_of(blocks or []),
        "blocks": checked_blocks(workspace, blocks),
        "attachments": _attachments(workspace, attachments),
        "metadata": _metadata(arguments.document("metadata", word="invalid_metadata_format")),
    }


def checked_blocks(workspace: WorkspaceState, blocks: Any) -> list[Json]:
    """Answer blocks as stored. Raises invalid_blocks with pointers, or only_one_table_allowed."""
    if not blocks:
        return []
    if not isinstance(blocks, list):
        raise ApiError("invalid_blocks_format")
    if has_two_tables(blocks):
        raise ApiError("invalid_attachments", Problem("only_one_table_allowed", "/blocks"))
    if problems := problems_of_blocks(blocks) or problems_of_files(blocks, workspace.uploads):
        raise ApiError("invalid_blocks", *problems)
    if characters_of(blocks) > CHARACTERS_PER_MESSAGE:
        raise ApiError("msg_blocks_too_long")
    return completed(blocks, workspace.ids.short)


def _attachments(workspace: WorkspaceState, attachments: Any) -> list[Json]:
    if not attachments:
        return []
    if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
        raise ApiError("invalid_attachments")
    if len(attachments) > ATTACHMENTS:
        raise ApiError("too_many_attachments")
    stored: list[Json] = []
    for index, one in enumerate(attachments):
        blocks, pointer = one.get("blocks") or [], f"/attachments/{index}/blocks"
        if problems := problems_of_blocks(blocks, pointer=pointer) or problems_of_files(
            blocks, workspace.uploads, pointer
        ):
            raise ApiError("invalid_blocks", *problems)
        stored.append({"id": index + 1, **one, "blocks": completed(one.get("blocks") or [], workspace.ids.short)})
    return stored


def _metadata(given: Any) -> Json | None:
    if given is None:
        return None
    if (
        not isinstance(given, dict)
        or not isinstance(given.get("event_type"), str)
        or not isinstance(given.get("event_payload"), dict)
    ):
        raise ApiError("invalid_metadata_format")
    return {"event_type": given["event_type"], "event_payload": given["event_payload"]}


def thread_of(arguments: Arguments, channel: Channel) -> str | None:
    """Read thread_ts.

    A well-formed one that no message has is accepted by Slack and the reply is seen by nobody (python-slack-sdk#840).
    """
    thread_ts = arguments.text("thread_ts")
    if not thread_ts:
        return None
    if not TS.fullmatch(thread_ts):
        raise ApiError("invalid_thread_ts", Problem(f"{thread_ts} is not a valid thread_ts", ""))
    named = channel.messages.get(thread_ts)
    return named.thread_ts if named is not None and named.is_reply else thread_ts


@method("chat.postMessage", tier=None, scopes=WRITE, posts=True)
def post_message(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Post a message as the bot."""
    channel = channel_to_post(workspace, arguments.text("channel"))
    content = checked_content(workspace, arguments)
    if not content["text"] and not content["blocks"] and not content["attachments"]:
        raise ApiError("no_text")
    content["text"] = content["text"][:LONGEST_POST]
    thread_ts = thread_of(arguments, channel)
    broadcast = thread_ts is not None and arguments.flag("reply_broadcast")
    message = workspace.add_message(
        Message(
            channel.id,
            workspace.ids.ts(),
            workspace.app.bot_user,
            bot_id=workspace.app.bot_id,
            app_id=workspace.app.id,
            thread_ts=thread_ts,
            broadcast=broadcast,
            subtype="thread_broadcast" if broadcast else None,
            username=arguments.text("username") or None,
            **content,
        )
    )
    return {"channel": channel.id, "ts": message.ts, "message": workspace.shown(message, with_metadata=True)}


@method("chat.postEphemeral", tier=4, scopes=WRITE)
def post_ephemeral(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Show a message to one person in a channel."""
    channel = channel_to_post(workspace, arguments.needed("channel"))
    user = arguments.needed("user")
    if user not in channel.members:
        raise ApiError("user_not_in_channel")
    content = checked_content(workspace, arguments)
    if not content["text"] and not content["blocks"] and not content["attachments"]:
        raise ApiError("no_text")
    if len(content["text"]) > LONGEST_POST:
        raise ApiError("msg_too_long")
    del content["metadata"]
    message = workspace.add_ephemeral(
        Message(
            channel.id,
            workspace.ids.ts(),
            workspace.app.bot_user,
            bot_id=workspace.app.bot_id,
            app_id=workspace.app.id,
            thread_ts=thread_of(arguments, channel),
            only_for=user,
            **content,
        )
    )
    return {"message_ts": message.ts}


def _own(workspace: WorkspaceState, arguments: Arguments, *, word: str) -> Message:
    channel = channel_for(workspace, arguments.text("channel"))
    if channel.archived:
        raise ApiError("is_inactive" if word == "cant_update_message" else word)
    message = channel.messages.get(arguments.text("ts"))
    if message is None or message.subtype == "tombstone":
        raise ApiError("message_not_found")
    if message.bot_id != workspace.app.bot_id:
        raise ApiError(word)
    return message


@method("chat.update", tier=3, scopes=WRITE)
def update(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Change one of the bot's own messages; text alone removes the blocks, metadata stays unless replaced."""
    message = _own(workspace, arguments, word="cant_update_message")
    content = checked_content(workspace, arguments)
    if not content["text"] and not content["blocks"] and not content["attachments"]:
        raise ApiError("no_text")
    if len(arguments.text("text")) > LONGEST_UPDATE:
        raise ApiError("msg_too_long")
    if content["metadata"] is None:
        del content["metadata"]
    if not content["blocks"]:
        content["edited"] = {"user": workspace.app.bot_user, "ts": workspace.ids.ts()}
    workspace.change_message(message, **content)
    shown = workspace.shown(message, with_metadata=True)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": shown}


@method("chat.delete", tier=3, scopes=WRITE)
def delete(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Delete one of the bot's own messages."""
    message = _own(workspace, arguments, word="cant_delete_message")
    channel, ts = message.channel, message.ts
    workspace.remove_message(message)
    return {"channel": channel, "ts": ts}


@method("chat.getPermalink", tier=None)
def get_permalink(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Answer the address of a message."""
    channel = channel_for(workspace, arguments.text("channel"))
    message = channel.messages.get(arguments.text("message_ts"))
    if message is None:
        raise ApiError("message_not_found")
    address = f"{workspace.seed.url}archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.is_reply:
        address += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": address}


@method("blocks.validate", tier=None)
def validate_blocks(_workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Check blocks, a message or a view without sending them; exactly one of the three."""
    given = [name for name in ("blocks", "message", "view") if arguments.has(name)]
    if len(given) != 1:
        raise ApiError("invalid_arguments")
    document = arguments.document(given[0])
    if given[0] == "view":
        problems = problems_of_view(document, pointer="")
    else:
        blocks = document.get("blocks") if isinstance(document, dict) else document
        problems = problems_of_blocks(blocks or [], pointer="")
    if problems:
        listed = [{"pointer": one.pointer, "code": "failed_constraint", "message": one.sentence} for one in problems]
        raise ApiError(f"invalid_{given[0]}", errors=listed)
    return {}
