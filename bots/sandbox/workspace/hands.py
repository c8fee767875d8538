"""People's hands on messages: writing, editing, reacting, coming and going."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bots.sandbox.workspace import events
from bots.sandbox.workspace.block_check import completed
from bots.sandbox.workspace.errors import CannotDo
from bots.sandbox.workspace.readers import Readers
from bots.sandbox.workspace.records import Channel, Message
from bots.sandbox.workspace.seed import Person, UserGroup
from bots.sandbox.workspace.seen import Seen
from bots.sandbox.workspace.typed_text import typed


class Hands(Readers):
    """What people do with messages and channels.

    Every act raises CannotDo with a sentence where Slack's client would not offer it.
    """

    async def type(
        self,
        user: str,
        channel: str,
        text: str,
        *,
        thread_ts: str | None = None,
        mentions: Sequence[str] | dict[str, str] = (),
        broadcast: bool = False,
    ) -> Seen:
        """Write a message; its delivery to the app goes on in the background.

        `mentions` are ids picked from the list while typing: `@name` in the text becomes the mention, and for an id
        whose name is not in the text the mention goes first. As a dict it says which words stand for which id.
        `channel` may be the bot's user id: the direct conversation with the app.
        """
        known = self._may_write(user, channel)
        if not text.strip():
            raise CannotDo("an empty message cannot be sent")
        root = known.messages.get(thread_ts) if thread_ts else None
        if thread_ts and root is None:
            raise CannotDo(f"there is no message {thread_ts} to answer to")
        whole, picked = self._picked(text, mentions)
        encoded = typed(whole, picked=picked)
        message = self.add_message(
            Message(
                known.id,
                self.ids.ts(),
                user,
                encoded.text,
                completed(encoded.blocks, self.ids.short),
                thread_ts=(root.thread_ts or root.ts) if root else None,
                client_msg_id=str(uuid.uuid4()),
                broadcast=broadcast and root is not None,
                subtype="thread_broadcast" if broadcast and root is not None else None,
            )
        )
        return Seen(ok=True, message=self.shown(message), ts=message.ts)

    async def edit(
        self, user: str, channel: str, ts: str, text: str, *, mentions: Sequence[str] | dict[str, str] = ()
    ) -> Seen:
        """Change one's own message."""
        message = self._own(user, channel, ts)
        whole, picked = self._picked(text, mentions)
        encoded = typed(whole, picked=picked)
        blocks = completed(encoded.blocks, self.ids.short)
        self.change_message(message, text=encoded.text, blocks=blocks, edited={"user": user, "ts": self.ids.ts()})
        return Seen(ok=True, message=self.shown(message), ts=ts)

    async def delete(self, user: str, channel: str, ts: str) -> Seen:
        """Delete one's own message; an administrator may delete any."""
        self.remove_message(self._own(user, channel, ts, admins=True))
        return Seen(ok=True, ts=ts)

    async def react(self, user: str, channel: str, ts: str, name: str, *, remove: bool = False) -> Seen:
        """Put an emoji under a message, or take it back."""
        message = self._message_for(user, self._for(user, channel), ts)
        if message.only_for is not None:
            raise CannotDo("nobody can react to a message that only one person sees")
        if not (self.remove_reaction if remove else self.add_reaction)(message, user=user, name=name.strip(":")):
            raise CannotDo(f"{user} has {'no' if remove else 'already a'} reaction {name} there")
        return Seen(ok=True, message=self.shown(message), ts=ts)

    async def dismiss(self, user: str, channel: str, ts: str) -> Seen:
        """Dismiss an ephemeral message, as a reload of the client does."""
        known = self._for(user, channel)
        if self._message_for(user, known, ts).only_for is None:
            raise CannotDo("only a message that nobody else sees can be dismissed")
        del known.ephemerals[ts]
        self.changes.tell("ephemeral_deleted", channel=known.id, ts=ts, user=user)
        return Seen(ok=True, ts=ts)

    async def join(self, user: str, channel: str, *, inviter: str | None = None) -> Seen:
        """Come into a channel, or be brought in by somebody who is there."""
        known = self.channel_named(channel)
        if known.kind != "channel" and (inviter is None or inviter not in known.members):
            raise CannotDo(f"{channel} is private: somebody who is in it must invite")
        self.add_member(known, user, inviter=inviter)
        return Seen(ok=True)

    async def leave(self, user: str, channel: str) -> Seen:
        """Go out of a channel."""
        known = self._for(user, channel)
        if user not in known.members:
            raise CannotDo(f"{user} is not in {channel}")
        known.members.remove(user)
        self.changes.tell("member_left", channel=known.id, user=user)
        return Seen(ok=True)

    async def archive(self, user: str, channel: str, *, undo: bool = False) -> Seen:
        """Archive a channel, or bring it back."""
        self.set_archived(self._for(user, channel), user=user, archived=not undo)
        return Seen(ok=True)

    async def open_home(self, user: str) -> Seen:
        """Open the app's Home tab; the app is told (app_home_opened).

        The tab is in `view` if it was published before.
        """
        known = self._for(user, self.app.bot_user)
        view = self.home(user)
        event = events.home_opened(user=user, channel=known.id, view=view, event_ts=self.ids.ts())
        self.tell_app(event, "app_home_opened")
        return Seen(ok=True, view=view)

    def change_person(self, user: str, **new: Any) -> Person:
        """Change somebody's profile (language, time zone, name); the app may look it up again."""
        self.people[user] = replace(self.people[user], **new)
        return self.people[user]

    def change_group(self, group: str, **new: Any) -> UserGroup:
        """Change a user group (its members, whether it is disabled); the app may ask for it again."""
        self.groups[group] = replace(self.groups[group], **new)
        return self.groups[group]

    # ---- what they may do
    # ----------------------------------------------------------------------------------------------

    def _may_write(self, user: str, name: str) -> Channel:
        channel = self._for(user, name)
        if channel.archived:
            raise CannotDo(f"{channel.name} is archived")
        if user not in channel.members:
            raise CannotDo(f"{user} is not in {channel.name or channel.id}")
        return channel

    def _own(self, user: str, channel: str, ts: str, *, admins: bool = False) -> Message:
        message = self._message_for(user, self._for(user, channel), ts)
        if message.user != user and not (admins and self.people[user].is_admin):
            raise CannotDo(f"{ts} is not {user}'s own message")
        return message

    def _picked(self, text: str, mentions: Sequence[str] | dict[str, str]) -> tuple[str, dict[str, str]]:
        if isinstance(mentions, dict):
            return text, mentions
        picked: dict[str, str] = {}
        for target in mentions:
            names = self._names_of(target)
            written = next((name for name in names if name in text), None)
            if written is None:
                written = names[0]
                text = f"{written} {text}"
            picked[written] = target
        return text, picked

    def _names_of(self, target: str) -> list[str]:
        """Answer how one may be written, the longest first."""
        if target == self.app.bot_user:
            return [f"@{self.app.name}"]
        if target in self.people:
            person = self.people[target]
            names = {f"@{name}" for name in (person.display_name, person.real_name, person.name) if name}
            return sorted(names, key=len, reverse=True)
        if target in self.groups:
            return [f"@{self.groups[target].handle}"]
        if target in self.channels:
            return [f"#{self.channels[target].name}"]
        raise CannotDo(f"nobody and nothing here has the id {target!r}")
