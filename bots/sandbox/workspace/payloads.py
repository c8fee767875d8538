"""Writes interaction payloads as Slack sends them (docs.slack.dev/reference/interaction-payloads)."""

from dataclasses import dataclass

from bots.sandbox.workspace.elements import state_values
from bots.sandbox.workspace.events import VERIFICATION_TOKEN
from bots.sandbox.workspace.records import Channel, Json, Message
from bots.sandbox.workspace.state import WorkspaceState
from bots.sandbox.workspace.triggers import ResponseAddress


@dataclass(frozen=True)
class MessagePlace:
    """Where a person acts: in a message of a channel."""

    channel: Channel
    message: Message

    @property
    def blocks(self) -> list[Json]:
        """What stands there, blocks of attachments included."""
        return self.message.all_blocks

    @property
    def versions(self) -> list[list[Json]]:
        """What stands there, and what stood there before it was changed, newest first."""
        return [self.blocks, *reversed(self.message.earlier)]

    @property
    def key(self) -> str:
        """Under which what is entered here is kept."""
        return f"{self.channel.id}:{self.message.ts}"


@dataclass(frozen=True)
class ViewPlace:
    """Where a person acts: in a dialog or on the Home tab."""

    view: Json

    @property
    def blocks(self) -> list[Json]:
        """What stands there."""
        blocks: list[Json] = self.view["blocks"]
        return blocks

    @property
    def versions(self) -> list[list[Json]]:
        """What stands there: a dialog's window is never behind, its hash sees to that."""
        return [self.blocks]

    @property
    def key(self) -> str:
        """Under which what is entered here is kept."""
        return str(self.view["id"])


Place = MessagePlace | ViewPlace


class Payloads:
    """Builds payloads for one workspace; hands out trigger ids and response addresses on the way."""

    def __init__(self, workspace: WorkspaceState) -> None:
        self._workspace = workspace

    def _common(self, kind: str, user: str, *, trigger: bool = True) -> Json:
        workspace = self._workspace
        person = workspace.people[user]
        payload: Json = {
            "type": kind,
            "team": {"id": workspace.seed.team_id, "domain": workspace.seed.team_domain},
            "user": {"id": user, "username": person.name, "name": person.name, "team_id": workspace.seed.team_id},
            "api_app_id": workspace.app.id,
            "token": VERIFICATION_TOKEN,
            "enterprise": None,
            "is_enterprise_install": False,
        }
        return {**payload, "trigger_id": workspace.triggers.give(user)} if trigger else payload

    def response_url(self, user: str, channel: Channel, message: Message | None) -> str:
        """Answer a fresh response_url for an act in a channel."""
        workspace = self._workspace
        address = ResponseAddress(
            user,
            channel.id,
            message.ts if message else "",
            message.thread_ts if message else None,
            is_ephemeral=message is not None and message.only_for is not None,
            at=workspace.clock.now(),
        )
        return f"{workspace.own_url}/response/{workspace.addresses.give(address)}"

    def channel(self, channel: Channel) -> Json:
        """Name a channel as interaction payloads do."""
        names = {"im": "directmessage", "group": "privategroup", "mpim": "privategroup"}
        return {"id": channel.id, "name": names.get(channel.kind, channel.name)}

    def view(self, view: Json, entered: Json) -> Json:
        """Copy a view with what its person entered."""
        return {**view, "state": {"values": state_values(view["blocks"], entered)}}

    def block_actions(self, user: str, place: Place, actions: list[Json], entered: Json) -> Json:
        """Somebody touched an element in a message, a dialog or the Home tab."""
        payload = {**self._common("block_actions", user), "actions": actions}
        if isinstance(place, ViewPlace):
            payload["container"] = {"type": "view", "view_id": place.view["id"]}
            payload["view"] = self.view(place.view, entered)
            return payload
        message, channel = place.message, place.channel
        is_ephemeral = message.only_for is not None
        payload["container"] = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel.id,
            "is_ephemeral": is_ephemeral,
        }
        if message.thread_ts is not None:
            payload["container"]["thread_ts"] = message.thread_ts
        if not is_ephemeral:
            payload["message"] = self._workspace.shown(message)
        payload["channel"] = self.channel(channel)
        payload["state"] = {"values": state_values(place.blocks, entered)}
        payload["response_url"] = self.response_url(user, channel, message)
        return payload

    def view_submission(self, user: str, view: Json, entered: Json) -> Json:
        """Somebody submitted a dialog."""
        return {**self._common("view_submission", user), "view": self.view(view, entered), "response_urls": []}

    def view_closed(self, user: str, view: Json, entered: Json, *, cleared: bool) -> Json:
        """Somebody closed a dialog that asked to be told."""
        common = self._common("view_closed", user, trigger=False)
        return {**common, "view": self.view(view, entered), "is_cleared": cleared}

    def shortcut(self, user: str, callback_id: str, place: MessagePlace | None) -> Json:
        """Somebody used a shortcut, on a message or globally."""
        action_ts = self._workspace.ids.ts()
        if place is None:
            return {**self._common("shortcut", user), "callback_id": callback_id, "action_ts": action_ts}
        return {
            **self._common("message_action", user),
            "callback_id": callback_id,
            "action_ts": action_ts,
            "message_ts": place.message.ts,
            "message": self._workspace.shown(place.message),
            "channel": self.channel(place.channel),
            "response_url": self.response_url(user, place.channel, place.message),
        }

    def block_suggestion(self, user: str, place: Place, *, block_id: str, action_id: str, typed: str) -> Json:
        """Somebody typed into a menu whose choices the app provides."""
        payload = {
            **self._common("block_suggestion", user, trigger=False),
            "block_id": block_id,
            "action_id": action_id,
            "value": typed,
        }
        if isinstance(place, ViewPlace):
            return {
                **payload,
                "container": {"type": "view", "view_id": place.view["id"]},
                "view": self.view(place.view, {}),
            }
        container = {"type": "message", "message_ts": place.message.ts, "channel_id": place.channel.id}
        return {
            **payload,
            "container": container,
            "channel": self.channel(place.channel),
            "message": self._workspace.shown(place.message),
        }

    def command(self, user: str, channel: Channel, command: str, text: str) -> dict[str, str]:
        """Somebody used a slash command; sent as a form, so everything is text."""
        workspace = self._workspace
        return {
            "token": VERIFICATION_TOKEN,
            "team_id": workspace.seed.team_id,
            "team_domain": workspace.seed.team_domain,
            "channel_id": channel.id,
            "channel_name": self.channel(channel)["name"],
            "user_id": user,
            "user_name": workspace.people[user].name,
            "command": command,
            "text": text,
            "api_app_id": workspace.app.id,
            "is_enterprise_install": "false",
            "response_url": self.response_url(user, channel, None),
            "trigger_id": workspace.triggers.give(user),
        }
