"""What stands in the workspace and the few ways in which it changes.

Every change tells the watchers and, where Slack would, the app.
"""

from dataclasses import asdict
from typing import Any

import httpx

from bots.sandbox.clock import Clock, WallClock
from bots.sandbox.workspace import events
from bots.sandbox.workspace.calls import Calls
from bots.sandbox.workspace.changes import Changes
from bots.sandbox.workspace.deliveries import Deliveries
from bots.sandbox.workspace.errors import CannotDo
from bots.sandbox.workspace.faults import FaultScript
from bots.sandbox.workspace.identifiers import Identifiers
from bots.sandbox.workspace.records import Channel, Json, Message, Upload
from bots.sandbox.workspace.seed import Person, Seed, UserGroup
from bots.sandbox.workspace.socket_mode import SocketLinks
from bots.sandbox.workspace.throttle import Throttle
from bots.sandbox.workspace.triggers import ResponseAddresses, Triggers
from bots.sandbox.workspace.views import Views

CHANNEL_TYPES = {"channel": "message.channels", "group": "message.groups", "im": "message.im", "mpim": "message.mpim"}
SNAPSHOT_VERSION = 1
EARLIER_KEPT = 5  # versions of a message that a window may be behind


class WorkspaceState:
    """People, channels, messages and views, and the way out to the app.

    `deliver_to` is the app's one URL for events, interactivity and commands. `own_url` is where this workspace can be
    reached, with the mount prefix and without a slash at the end; it is learnt from the first request when empty.
    `http` carries the deliveries: a real client by default; for an app in the same process a client on
    `httpx.ASGITransport(app, raise_app_exceptions=False)`. `signing_clock` stamps signatures when it must differ from
    `clock`, as when `clock` is set by hand but the app checks signatures against the machine's time.
    """

    def __init__(
        self,
        seed: Seed | dict[str, Any],
        *,
        clock: Clock | None = None,
        signing_clock: Clock | None = None,
        deliver_to: str | None = None,
        own_url: str = "",
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self.seed = seed if isinstance(seed, Seed) else Seed.from_dict(seed)
        self.app = self.seed.app
        self.clock: Clock = clock or WallClock()
        self.own_url = own_url
        self.ids = Identifiers(self.clock)
        self.changes = Changes()
        self.calls = Calls()
        self.faults = FaultScript()
        self.throttle = Throttle()
        self.triggers = Triggers(self.clock)
        self.addresses = ResponseAddresses(self.clock)
        self.links = SocketLinks(self.app.id, self.changes)
        self.deliveries = Deliveries(
            clock=self.clock,
            signing_clock=signing_clock or self.clock,
            secret=self.app.signing_secret,
            links=self.links,
            deliver_to=deliver_to,
            http=http,
        )
        self.people: dict[str, Person] = {person.id: person for person in self.seed.people}
        self.groups = {group.id: group for group in self.seed.usergroups}
        self.channels: dict[str, Channel] = {}
        self.uploads: dict[str, Upload] = {}
        self.looks_at_files = 0
        self.views = Views(self.seed, self.ids)
        self.codes: set[str] = set()
        self.scheduled: dict[str, Json] = {}
        self.marks: dict[str, dict[str, str]] = {}  # how far each person has read each channel
        self.revoked = False
        created = int(self.clock.now().timestamp())
        for one in self.seed.channels:
            self.channels[one.id] = Channel(
                one.id,
                one.name,
                "group" if one.private else "channel",
                list(one.members),
                created,
                archived=one.archived,
                topic=one.topic,
                purpose=one.purpose,
            )
        self._by_name = {channel.name: channel for channel in self.channels.values()}

    # ---- looking up
    # ----------------------------------------------------------------------------------------------------

    def find_channel(self, name: str) -> Channel | None:
        """Find a channel by id, by name or by `#name`."""
        return self.channels.get(name) or self._by_name.get(name.removeprefix("#"))

    def bot_is_in(self, channel: Channel) -> bool:
        """Whether the app's bot user is a member."""
        return self.app.bot_user in channel.members

    def shown(self, message: Message, *, with_metadata: bool = False) -> Json:
        """Write a message as Slack does, with the bot's profile on the bot's own."""
        shown = message.as_slack(team=self.seed.team_id, with_metadata=with_metadata)
        if message.bot_id == self.app.bot_id:
            shown["bot_profile"] = {
                "id": self.app.bot_id,
                "app_id": self.app.id,
                "name": self.app.name,
                "icons": {},
                "deleted": False,
                "updated": 0,
                "team_id": self.seed.team_id,
            }
        if message.is_reply:
            parent = self.channels[message.channel].messages.get(str(message.thread_ts))
            if parent is not None:
                shown["parent_user_id"] = parent.user
                if message.broadcast:
                    shown["root"] = self.shown(parent)
        return shown

    def direct(self, user: str) -> Channel:
        """Answer the direct conversation between the bot and a person, opening it if need be."""
        identifier = f"D{user[1:]}"
        if identifier not in self.channels:
            created = int(self.clock.now().timestamp())
            self.channels[identifier] = Channel(identifier, "", "im", [user, self.app.bot_user], created)
        return self.channels[identifier]

    def group_direct(self, users: list[str]) -> Channel:
        """Answer the direct conversation between the bot and several people, opening it if need be."""
        members = sorted({*users, self.app.bot_user})
        for channel in self.channels.values():
            if channel.kind == "mpim" and sorted(channel.members) == members:
                return channel
        channel = Channel(self.ids.object("C"), "mpdm-1", "mpim", members, int(self.clock.now().timestamp()))
        self.channels[channel.id] = channel
        return channel

    # ---- messages
    # ------------------------------------------------------------------------------------------------------

    def add_message(self, message: Message) -> Message:
        """Store a message, count it in its thread, tell the watchers and the app."""
        channel = self.channels[message.channel]
        channel.messages[message.ts] = message
        parent = channel.messages.get(message.thread_ts) if message.is_reply and message.thread_ts else None
        if parent is not None:
            parent.replies.append(message.ts)
            if message.user not in parent.reply_users:
                parent.reply_users.append(message.user)
        self.changes.tell("message", channel=channel.id, ts=message.ts, thread_ts=message.thread_ts, user=message.user)
        self._tell_posted(channel, message)
        return message

    def _tell_posted(self, channel: Channel, message: Message) -> None:
        if not self.deliveries.connected or not self.bot_is_in(channel):
            return
        shown = self.shown(message)
        self.tell_app(
            events.message_posted(shown, channel=channel.id, channel_type=channel.kind), CHANNEL_TYPES[channel.kind]
        )
        if f"<@{self.app.bot_user}>" in message.text and message.user != self.app.bot_user and not channel.is_direct:
            self.tell_app(events.app_mention(shown, channel=channel.id), "app_mention")

    def change_message(self, message: Message, **new: Any) -> Message:
        """Change fields of a message in place, tell the watchers and the app (message_changed)."""
        channel = self.channels[message.channel]
        tells = self.deliveries.connected and self.bot_is_in(channel)
        previous = self.shown(message) if tells else {}
        if "blocks" in new:
            message.earlier = [*message.earlier, message.all_blocks][-EARLIER_KEPT:]
        for name, value in new.items():
            setattr(message, name, value)
        self.changes.tell("message_changed", channel=channel.id, ts=message.ts)
        if tells:
            event = events.message_changed(
                self.shown(message), previous, channel=channel.id, channel_type=channel.kind, ts=self.ids.ts()
            )
            self.tell_app(event, CHANNEL_TYPES[channel.kind])
        return message

    def remove_message(self, message: Message) -> None:
        """Delete a message; one with replies leaves a tombstone, as in Slack."""
        channel = self.channels[message.channel]
        previous = self.shown(message)
        if message.replies:
            message.text, message.subtype, message.user = "This message was deleted.", "tombstone", "USLACKBOT"
            message.blocks, message.attachments, message.metadata, message.files = [], [], None, []
            message.bot_id = message.app_id = None
            message.earlier = []
        else:
            del channel.messages[message.ts]
            parent = channel.messages.get(str(message.thread_ts)) if message.is_reply else None
            if parent is not None and message.ts in parent.replies:
                parent.replies.remove(message.ts)
        self.changes.tell("message_deleted", channel=channel.id, ts=message.ts, thread_ts=message.thread_ts)
        if self.bot_is_in(channel):
            event = events.message_deleted(previous, channel=channel.id, channel_type=channel.kind, ts=self.ids.ts())
            self.tell_app(event, CHANNEL_TYPES[channel.kind])

    def add_ephemeral(self, message: Message) -> Message:
        """Show a message to one person only; Slack keeps it nowhere else and sends no event."""
        self.channels[message.channel].ephemerals[message.ts] = message
        self.changes.tell("ephemeral", channel=message.channel, ts=message.ts, user=message.only_for)
        return message

    def add_reaction(self, message: Message, *, user: str, name: str) -> bool:
        """Add a reaction; answer whether it was new."""
        users = message.reactions.setdefault(name, [])
        if user in users:
            return False
        users.append(user)
        self._tell_reaction("reaction_added", message, user, name)
        return True

    def remove_reaction(self, message: Message, *, user: str, name: str) -> bool:
        """Take a reaction back; answer whether there was one."""
        users = message.reactions.get(name, [])
        if user not in users:
            return False
        users.remove(user)
        if not users:
            del message.reactions[name]
        self._tell_reaction("reaction_removed", message, user, name)
        return True

    def _tell_reaction(self, kind: str, message: Message, user: str, name: str) -> None:
        self.changes.tell(kind, channel=message.channel, ts=message.ts, user=user, reaction=name)
        if self.bot_is_in(self.channels[message.channel]):
            event = events.reaction(
                kind,
                user=user,
                name=name,
                item_user=message.user,
                channel=message.channel,
                ts=message.ts,
                event_ts=self.ids.ts(),
            )
            self.tell_app(event, kind)

    # ---- channels
    # ------------------------------------------------------------------------------------------------------

    def add_member(self, channel: Channel, user: str, *, inviter: str | None = None) -> None:
        """Bring somebody in and tell the app (member_joined_channel) if it is in there."""
        if user in channel.members:
            return
        channel.members.append(user)
        self.changes.tell("member_joined", channel=channel.id, user=user)
        if self.bot_is_in(channel):
            event = events.member_joined(
                user=user,
                channel=channel.id,
                channel_type="G" if channel.kind == "group" else "C",
                team=self.seed.team_id,
                inviter=inviter,
                event_ts=self.ids.ts(),
            )
            self.tell_app(event, "member_joined_channel")

    def set_archived(self, channel: Channel, *, user: str, archived: bool) -> None:
        """Archive or unarchive a channel and tell the app if it is in there."""
        channel.archived = archived
        kind = ("group" if channel.kind == "group" else "channel") + ("_archive" if archived else "_unarchive")
        self.changes.tell(kind, channel=channel.id)
        if self.bot_is_in(channel):
            self.tell_app(events.channel_archived(kind, user=user, channel=channel.id, event_ts=self.ids.ts()), kind)

    # ---- the app
    # -------------------------------------------------------------------------------------------------------

    def tell_app(self, event: Json, subscription: str) -> None:
        """Deliver an event to the app if it subscribed to it and is installed."""
        if self.revoked or (self.app.events and subscription not in self.app.events) or not self.deliveries.connected:
            return
        wrapped = events.envelope(event, seed=self.seed, event_id=self.ids.event(), at=self.clock.now())
        self.deliveries.event(wrapped)

    def uninstall(self) -> None:
        """Take the app out: it is told (tokens_revoked, app_uninstalled) and its tokens stop working."""
        for event in (
            {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [self.app.bot_user]}},
            {"type": "app_uninstalled"},
        ):
            self.tell_app({**event, "event_ts": self.ids.ts()}, str(event["type"]))
        self.revoked = True

    # ---- snapshots
    # -----------------------------------------------------------------------------------------------------

    def snapshot(self) -> Json:
        """Write what survives a restart: channels, messages, Home tabs, files, events that the app has not taken yet.

        Open dialogs, triggers, response addresses and ephemerals do not.
        """
        return {
            "version": SNAPSHOT_VERSION,
            "seed": self.seed.as_dict(),
            "people": [asdict(person) for person in self.people.values()],
            "usergroups": [asdict(group) for group in self.groups.values()],
            "channels": [channel.as_dict() for channel in self.channels.values()],
            "homes": dict(self.views.homes),
            "uploads": [asdict(upload) for upload in self.uploads.values()],
            "marks": {user: dict(marks) for user, marks in self.marks.items()},
            "undelivered": self.deliveries.snapshot(),
        }

    def restore(self, given: Json) -> None:
        """Load what `snapshot` wrote, in place of everything there; `deliveries.resume` then delivers its events.

        Raises CannotDo for a snapshot of another kind.
        """
        if given.get("version") != SNAPSHOT_VERSION:
            raise CannotDo(f"this is no snapshot of version {SNAPSHOT_VERSION}")
        self.people = {one["id"]: Person(**one) for one in given["people"]}
        groups = [UserGroup(**{**one, "members": tuple(one["members"])}) for one in given.get("usergroups", ())]
        self.groups = {group.id: group for group in groups or self.groups.values()}
        self.channels = {one["id"]: Channel.from_dict(one) for one in given["channels"]}
        self._by_name = {channel.name: channel for channel in self.channels.values() if channel.name}
        self.views.homes = dict(given["homes"])
        self.uploads = {one["id"]: Upload(**one) for one in given["uploads"]}
        self.marks = {user: dict(marks) for user, marks in given.get("marks", {}).items()}
        self.deliveries.restore(given.get("undelivered", []))
        for channel in self.channels.values():
            if channel.messages:
                self.ids.not_before(max(channel.messages))
        self.changes.tell("restored")
