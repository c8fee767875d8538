"""What the network remembers: accounts, posts, notifications, subscriptions. All of it goes through JSON unchanged."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Visibility = Literal["public", "private"]
AccountKind = Literal["person", "brand"]
NotificationKind = Literal["mention", "reply", "message", "edit", "delete", "echo", "like", "repost"]


class Record(BaseModel):
    """A row of the network; unknown fields are refused so that a snapshot of another version is noticed."""

    model_config = ConfigDict(extra="forbid")


class Account(Record):
    """A person or a brand; ``initials`` and ``colour`` draw the avatar.

    ``handle`` is lower case and unique; ``id`` never changes; ``seen`` is the number of the last notification
    that was looked at.
    """

    id: str
    handle: str
    name: str
    kind: AccountKind
    token: str = Field(repr=False)
    followers: int = 0
    initials: str
    colour: str
    revoked: bool = False
    seen: int = 0


class Media(Record):
    """A picture of a post: what is to be seen on it, in words, and where it lies if it lies anywhere."""

    alt: str
    url: str | None = None


class Version(Record):
    """A text that a post had once, and when it was written (UTC)."""

    text: str
    at: datetime


class Post(Record):
    """One post or private message. Deleted ones stay as tombstones; ``history`` holds earlier texts, oldest first.

    ``thread_id`` is the root of everything said below one post. ``conversation_id`` is the same, except that under a
    brand's own post every comment begins a conversation of its own.
    """

    id: str
    author: str
    text: str
    visibility: Visibility
    at: datetime
    thread_id: str
    conversation_id: str
    in_reply_to: str | None = None
    to: str | None = None
    mentions: list[str] = Field(default_factory=list)
    media: list[Media] = Field(default_factory=list)
    likes: list[str] = Field(default_factory=list)
    reposts: list[str] = Field(default_factory=list)
    hidden_by: list[str] = Field(default_factory=list)
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    history: list[Version] = Field(default_factory=list)

    def readable_by(self, viewer: str | None) -> bool:
        """Return whether ``viewer`` (``None``: anybody) may see it, were it not deleted."""
        return self.visibility == "public" or viewer in {self.author, self.to}


class Notification(Record):
    """Something that happened to an account; ``post`` is the post as it was then (without text once deleted)."""

    number: int
    account: str
    kind: NotificationKind
    at: datetime
    by: str
    post: dict[str, Any]

    def view(self) -> dict[str, Any]:
        """Return what the API and the webhooks say of it."""
        return {"id": f"n{self.number}", "kind": self.kind, "at": self.at.isoformat(), "by": self.by, "post": self.post}


class Subscription(Record):
    """Where an account's notifications are delivered, and the secret that signs them."""

    account: str
    url: str
    secret: str = Field(repr=False)


class RememberedKey(Record):
    """An Idempotency-Key that was seen: what was asked with it and which post came of it."""

    account: str
    key: str
    asked: str
    post_id: str
    at: datetime


class Rules(Record):
    """How this network behaves; may be changed while it runs.

    ``idempotency``: whether an Idempotency-Key is honoured (for ``key_seconds``) or ignored. ``look_up``: whether an
    account may list its own posts and the replies to a post. ``recent_seconds``: how far back a first poll reaches.
    """

    max_characters: int = Field(default=500, ge=1, le=100_000)
    idempotency: Literal["native", "ignored"] = "native"
    look_up: bool = True
    key_seconds: int = Field(default=3600, ge=0)
    recent_seconds: int = Field(default=86_400, ge=0)
