"""What the workspace keeps: channels, messages, uploaded files.

Plain records, written and read as JSON for a restart.
"""

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

Json = dict[str, Any]
PICTURES = ("\x89PNG\r\n", "\xff\xd8\xff", "GIF8")
"""How the pictures that a block may show begin, as latin-1 text."""


@dataclass(slots=True)
class Message:
    """One message.

    `ts` identifies it within its channel; times are Slack's: seconds since 1970 in UTC, six decimals, as text.
    """

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    bot_id: str | None = None
    app_id: str | None = None
    username: str | None = None
    subtype: str | None = None
    metadata: Json | None = None
    client_msg_id: str | None = None
    edited: Json | None = None
    broadcast: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict)
    files: list[Json] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    reply_users: list[str] = field(default_factory=list)
    only_for: str | None = None
    earlier: list[list[Json]] = field(default_factory=list)
    """What stood there before it was changed, newest last: a window that has not heard of it shows that still."""

    @property
    def is_reply(self) -> bool:
        """Whether it stands in a thread under another message."""
        return self.thread_ts is not None and self.thread_ts != self.ts

    @property
    def all_blocks(self) -> list[Json]:
        """What stands there, blocks of attachments included."""
        return [*self.blocks, *(block for one in self.attachments for block in one.get("blocks", ()))]

    def as_slack(self, *, team: str, with_metadata: bool = False) -> Json:
        """Write as Slack's message object (docs.slack.dev/reference/events/message)."""
        shown: Json = {"type": "message", "user": self.user, "ts": self.ts, "text": self.text, "team": team}
        for name in ("subtype", "client_msg_id", "bot_id", "app_id", "username", "edited"):
            value = getattr(self, name)
            if value is not None:
                shown[name] = value
        for name in ("blocks", "attachments", "files"):
            value = getattr(self, name)
            if value:
                shown[name] = value
        if self.reactions:
            shown["reactions"] = [
                {"name": name, "users": list(users), "count": len(users)} for name, users in self.reactions.items()
            ]
        if self.thread_ts is not None:
            shown["thread_ts"] = self.thread_ts
        if self.replies:
            shown |= {
                "thread_ts": self.ts,
                "reply_count": len(self.replies),
                "reply_users_count": len(self.reply_users),
                "reply_users": list(self.reply_users),
                "latest_reply": self.replies[-1],
                "is_locked": False,
                "subscribed": False,
            }
        if with_metadata and self.metadata is not None:
            shown["metadata"] = self.metadata
        if self.only_for is not None:
            shown["is_ephemeral"] = True
        return shown

    def as_dict(self) -> Json:
        """Write as plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, given: Json) -> Self:
        """Read back what `as_dict` wrote."""
        return cls(**{one.name: given[one.name] for one in fields(cls) if one.name in given})


@dataclass(slots=True)
class Channel:
    """A channel, a private channel or a direct conversation with its messages in order of time."""

    id: str
    name: str
    kind: str  # channel, group, im or mpim, as Slack's channel_type
    members: list[str]
    created: int
    archived: bool = False
    topic: str = ""
    purpose: str = ""
    messages: dict[str, Message] = field(default_factory=dict)
    ephemerals: dict[str, Message] = field(default_factory=dict)

    @property
    def is_direct(self) -> bool:
        """Whether it is a conversation of two people or of a few."""
        return self.kind in {"im", "mpim"}

    def as_dict(self) -> Json:
        """Write as plain data, with the messages and without the ephemerals, which Slack does not keep either."""
        plain = {
            one.name: getattr(self, one.name) for one in fields(self) if one.name not in {"messages", "ephemerals"}
        }
        return {
            **plain,
            "members": list(self.members),
            "messages": [message.as_dict() for message in self.messages.values()],
        }

    @classmethod
    def from_dict(cls, given: Json) -> Self:
        """Read back what `as_dict` wrote."""
        messages = [Message.from_dict(one) for one in given["messages"]]
        plain = {name: value for name, value in given.items() if name != "messages"}
        return cls(**plain, messages={message.ts: message for message in messages})


@dataclass(slots=True)
class Upload:
    """A file on its way or arrived. `content` is the bytes in a snapshot-friendly latin-1 text.

    `completed`: the app has said that the file is all there, so that its messages may show it; `looks_left`: how many
    messages that show it are refused before, because it is being looked through.
    """

    id: str
    name: str
    length: int
    title: str = ""
    content: str | None = None
    shared: bool = False
    alt_text: str = ""
    completed: bool = False
    looks_left: int = 0

    @property
    def is_picture(self) -> bool:
        """Whether a block may show it: its first bytes say png, jpg or gif, whatever it is called."""
        return (self.content or "").startswith(PICTURES)
