"""What a person's own client needs beyond messages: the list at its side, how far they have read, files they attach."""

import base64
import binascii

from bots.sandbox.workspace.errors import CannotDo
from bots.sandbox.workspace.hands import Hands
from bots.sandbox.workspace.records import Channel, Json, Message, Upload
from bots.sandbox.workspace.seen import Seen
from bots.sandbox.workspace.web_api.files import described

LARGEST_FILE = 10_000_000  # bytes; a toy workspace keeps files in memory
EVERYBODY = ("<!here", "<!channel", "<!everyone")


class Attending(Hands):
    """Reading as a person does it: what is new to them, and how much of it calls them."""

    def overview(self, user: str) -> Json:
        """Answer everything at the side of a person's window.

        `team`, `app`, `now` (seconds since 1970), `people` with the `unread` of each, `usergroups`, and `channels`:
        those they may see, each with `member`, `unread`, `mentions` (how many of the unread call them) and `read` (the
        ts up to which they have read).
        """
        if user not in self.people:
            raise CannotDo(f"there is no person {user!r}; there are: {', '.join(self.people)}")
        self.direct(user)
        seen = [one for one in self.channels.values() if one.kind == "channel" or user in one.members]
        app = self.app
        return {
            "team": {"id": self.seed.team_id, "name": self.seed.team_name, "url": self.seed.url},
            "now": self.clock.now().timestamp(),
            "app": {
                "id": app.id,
                "name": app.name,
                "bot_user": app.bot_user,
                "commands": [{"name": name, "hint": app.command_hints.get(name, "")} for name in app.commands],
                "message_shortcuts": _shortcuts(app.message_shortcuts),
                "global_shortcuts": _shortcuts(app.global_shortcuts),
            },
            "people": [
                {
                    "id": person.id,
                    "name": person.real_name or person.name,
                    "title": person.title,
                    "timezone": person.timezone,
                    "locale": person.locale,
                    "unread": sum(self._new_to(person.id, one)[0] for one in self._joined(person.id)),
                }
                for person in self.people.values()
                if not person.deleted
            ],
            "usergroups": [{"id": one.id, "handle": one.handle} for one in self.groups.values()],
            "channels": [self._as_seen_by(user, one) for one in seen],
        }

    def one_message(self, user: str, channel: str, ts: str) -> Json | None:
        """Answer one message as a person sees it, None when it is not there (any more).

        `at_top` says whether it stands in the channel itself and not only in a thread.
        """
        try:
            message = self._message_for(user, self._for(user, channel), ts)
        except CannotDo:
            return None
        return {**self.shown(message), "at_top": not message.is_reply or message.broadcast}

    async def mark(self, user: str, channel: str, ts: str) -> Seen:
        """Note that a person has read a channel up to `ts`; an earlier one makes the later messages new again."""
        known = self._for(user, channel)
        marks = self.marks.setdefault(user, {})
        if marks.get(known.id) != ts:
            marks[known.id] = ts
            self.changes.tell("marked", channel=known.id, ts=ts, user=user)
        return Seen(ok=True, ts=ts)

    async def attach(self, user: str, name: str, content: str) -> Json:
        """Take a file, its bytes as base64, for a file field; answers the file object that the field's value holds."""
        if user not in self.people:
            raise CannotDo(f"there is no person {user!r}")
        try:
            data = base64.b64decode(content, validate=True)
        except binascii.Error:
            raise CannotDo(f"the bytes of {name} did not arrive whole") from None
        if len(data) > LARGEST_FILE:
            raise CannotDo(f"{name} is larger than the {LARGEST_FILE // 1_000_000} MB that this workspace takes")
        upload = Upload(self.ids.object("F"), name, len(data), name, data.decode("latin-1"))
        self.uploads[upload.id] = upload
        return described(upload, user=user, base=self.own_url)

    def _joined(self, user: str) -> list[Channel]:
        return [one for one in self.channels.values() if user in one.members and not one.archived]

    def _as_seen_by(self, user: str, channel: Channel) -> Json:
        unread, mentions = self._new_to(user, channel) if user in channel.members else (0, 0)
        return {
            "id": channel.id,
            "name": channel.name,
            "kind": channel.kind,
            "topic": channel.topic,
            "archived": channel.archived,
            "members": list(channel.members),
            "member": user in channel.members,
            "unread": unread,
            "mentions": mentions,
            "read": self.marks.get(user, {}).get(channel.id, ""),
        }

    def _new_to(self, user: str, channel: Channel) -> tuple[int, int]:
        """Count what is new to a person at the top of a channel, and how much of it calls them."""
        read = self.marks.get(user, {}).get(channel.id, "")
        unread = mentions = 0
        for message in reversed(channel.messages.values()):
            if message.ts <= read:
                break
            if message.user == user or (message.is_reply and not message.broadcast):
                continue
            unread += 1
            mentions += channel.is_direct or _calls(user, message)
        return unread, mentions


def _calls(user: str, message: Message) -> bool:
    return f"<@{user}" in message.text or any(word in message.text for word in EVERYBODY)


def _shortcuts(given: dict[str, str]) -> list[Json]:
    return [{"callback_id": callback_id, "name": name} for callback_id, name in given.items()]
