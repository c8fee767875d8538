"""What can be read in the workspace, by a checker who sees everything or as one person sees it."""

from collections.abc import Callable

from bots.sandbox.workspace.errors import CannotDo
from bots.sandbox.workspace.records import Channel, Json, Message
from bots.sandbox.workspace.state import WorkspaceState


class Readers(WorkspaceState):
    """The reading half of a workspace."""

    def channel_named(self, name: str) -> Channel:
        """Answer a channel by id or name; a person's id means the direct conversation between them and the app.

        Raises CannotDo with the names there are.
        """
        channel = self.direct(name) if name in self.people else self.find_channel(name)
        if channel is None:
            there = ", ".join(f"{one.id} {one.name}".strip() for one in self.channels.values())
            raise CannotDo(f"there is no channel {name!r}; there are: {there}")
        return channel

    def messages(self, channel: str, thread_ts: str | None = None) -> list[Json]:
        """List the messages of a channel by time, metadata included.

        Those at the top of the channel, or with `thread_ts` one whole thread.
        """
        known = self.channel_named(channel).messages.values()
        if thread_ts is None:
            found = [one for one in known if not one.is_reply or one.broadcast]
        else:
            found = [one for one in known if thread_ts in {one.ts, one.thread_ts}]
        return [self.shown(one, with_metadata=True) for one in found]

    def visible(self, user: str, channel: str, thread_ts: str | None = None) -> list[Json]:
        """List what one person sees in a channel by time.

        Their ephemerals, marked `is_ephemeral`, stand among the messages.
        """
        known = self._for(user, channel)
        here = [
            one
            for one in known.ephemerals.values()
            if one.only_for == user and (thread_ts is None or one.thread_ts == thread_ts)
        ]
        shown = [*self.messages(channel, thread_ts), *(self.shown(one) for one in here)]
        return sorted(shown, key=lambda one: str(one["ts"]))

    def ephemerals(self, user: str, channel: str) -> list[Json]:
        """List what only this person sees in a channel."""
        return [self.shown(one) for one in self._for(user, channel).ephemerals.values() if one.only_for == user]

    def open_view(self, user: str) -> Json | None:
        """Answer the dialog in front of a person."""
        view = self.views.top(user)
        return dict(view) if view is not None else None

    def home(self, user: str) -> Json | None:
        """Answer a person's Home tab of the app."""
        view = self.views.homes.get(user)
        return dict(view) if view is not None else None

    def find_message(
        self,
        channel: str,
        text: str | None = None,
        *,
        where: Callable[[Json], bool] | None = None,
        metadata: Callable[[Json], bool] | None = None,
    ) -> Json | None:
        """Find the latest message of a channel, its threads included; None when there is none.

        `text` may stand anywhere in text or blocks, `where` is asked with the whole message, `metadata` with its
        event_payload.
        """
        for message in reversed(self.channel_named(channel).messages.values()):
            shown = self.shown(message, with_metadata=True)
            payload = (message.metadata or {}).get("event_payload", {})
            if (
                (text is None or text in message.text or text in repr(message.blocks))
                and (where is None or where(shown))
                and (metadata is None or (message.metadata is not None and metadata(payload)))
            ):
                return shown
        return None

    def direct_messages(self, user: str) -> list[Json]:
        """List the direct messages between the app and a person."""
        return self.messages(self.direct(user).id)

    def _for(self, user: str, name: str) -> Channel:
        """Answer a channel this person may see. Raises CannotDo."""
        if user not in self.people:
            raise CannotDo(f"there is no person {user!r}; there are: {', '.join(self.people)}")
        channel = self.direct(user) if name == self.app.bot_user else self.channel_named(name)
        if channel.kind != "channel" and user not in channel.members:
            raise CannotDo(f"{user} is not in {channel.id} and cannot see it")
        return channel

    def _message_for(self, user: str, channel: Channel, ts: str) -> Message:
        message = channel.messages.get(ts) or channel.ephemerals.get(ts)
        if message is None or (message.only_for not in {None, user}):
            raise CannotDo(f"the message {ts} is not there (any more)")
        return message
