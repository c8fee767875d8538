"""What ``portavoce doctor`` asks Slack."""

from collections.abc import Awaitable
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bots.slack.verdicts import UNREADABLE, error_word
from escalation.ports import Finding
from escalation.secret import Secret
from escalation.settings import ChannelAddress, Settings

_TOKEN_WORDS = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"})
_APP_TOKEN_WORDS = _TOKEN_WORDS | {"not_allowed_token_type", "missing_scope"}
_RENEWAL = "Install the app again and renew SLACK_BOT_TOKEN."
_CONNECTIONS_ADVICE = "Make an app-level token with connections:write (xapp-…) and give it as app_token."
_REACH = "Ask Slack's status page, and whether this machine reaches chat.slack.api_url."
_LAST_KNOWN = "Until then whoever was in it when it could be read last stays on call."
_GROUP_ADVICE = {
    "no_such_subteam": "Check the id, and that the group is not disabled.",
    "missing_scope": "Give the app usergroups:read and install it again.",
    "plan_upgrade_required": "This workspace's plan has no user groups; name members in the rota instead.",
}
_INVITE = "Invite the bot to the channel: /invite @portavoce"


class Examination:
    """Asks about the token, each channel and each member; never raises for a Slack that does not answer."""

    def __init__(self, settings: Settings, client: AsyncWebClient) -> None:
        """Keep both; nothing is asked yet."""
        self._settings = settings
        self._client = client

    async def findings(self) -> list[Finding]:
        """Return one line a question. Where the token is refused nothing else is asked."""
        found = [await self.token()]
        if not found[0].ok:
            return found
        if self._settings.chat.slack is not None and (token := self._settings.chat.slack.app_token) is not None:
            found.append(await self._socket_mode(token))
        found += [await self._channel(channel, ", ".join(purposes)) for channel, purposes in self._channels().items()]
        members = [(member.name, member.slack) for member in self._settings.members.values() if member.slack]
        found += [await self._member(name, user) for name, user in members]
        return [*found, *[await self._group(group, ", ".join(rotas)) for group, rotas in self._groups().items()]]

    async def token(self) -> Finding:
        """Ask whether the bot's token is taken."""
        answer, problem = await self._ask("auth.test")
        if answer is None:
            advice = _RENEWAL if problem in _TOKEN_WORDS else _REACH
            return Finding(ok=False, what=f"Slack's token: {problem}", advice=advice)
        who, where = answer.get("user", "bot"), answer.get("team", "the workspace")
        return Finding(ok=True, what=f"Slack's token works: {who} in {where}")

    async def _socket_mode(self, token: Secret) -> Finding:
        answer, problem = await self._answer(self._client.apps_connections_open(app_token=token.reveal()))
        if answer is None:
            advice = _CONNECTIONS_ADVICE if problem in _APP_TOKEN_WORDS else _REACH
            return Finding(ok=False, what=f"Slack's app token, for Socket Mode: {problem}", advice=advice)
        return Finding(ok=True, what="Slack's app token opens Socket Mode")

    def _groups(self) -> dict[str, list[str]]:
        groups: dict[str, list[str]] = {}
        for rota in self._settings.rotas.values():
            for group in sorted(rota.slack_groups):
                groups.setdefault(group, []).append(rota.name)
        return groups

    def _channels(self) -> dict[str, list[str]]:
        named: list[tuple[ChannelAddress | None, str]] = [
            *((one.channel, f"department {one.key}") for one in self._settings.departments.values()),
            (self._settings.approval.channel, "approvals"),
            *((one.approval.channel, f"approvals of {one.key}") for one in self._settings.brands.values()),
            (self._settings.managers.channel, "managers"),
        ]
        channels: dict[str, list[str]] = {}
        for address, purpose in named:
            if address is not None and address.surface == "slack":
                channels.setdefault(address.channel, []).append(purpose)
        return channels

    async def _channel(self, channel: str, purpose: str) -> Finding:
        what = f"Slack channel {channel} ({purpose})"
        answer, problem = await self._ask("conversations.info", channel=channel)
        if answer is None:
            return Finding(ok=False, what=f"{what}: {problem}", advice=f"Check the id. {_INVITE}")
        described = answer.get("channel") or {}
        if described.get("is_archived"):
            return Finding(
                ok=False, what=f"{what} is archived", advice="Unarchive it, or name another one in the configuration."
            )
        if not described.get("is_member"):
            return Finding(ok=False, what=f"{what}: the bot is not in it", advice=_INVITE)
        if described.get("is_ext_shared"):
            return Finding(
                ok=False,
                what=f"{what} is shared with another company",
                advice="Drafts would be read there; use a channel of your own.",
            )
        answer, problem = await self._ask("conversations.history", channel=channel, limit=1)
        if answer is None:
            return Finding(
                ok=False,
                what=f"{what} cannot be read: {problem}",
                advice="Give the app channels:history and groups:history.",
            )
        return Finding(ok=True, what=what)

    async def _member(self, name: str, user: str) -> Finding:
        what = f"{name} is {user} in Slack"
        answer, problem = await self._ask("users.info", user=user)
        if answer is None:
            return Finding(ok=False, what=f"{what}: {problem}", advice="Copy the member id from their Slack profile.")
        if (answer.get("user") or {}).get("deleted"):
            return Finding(ok=False, what=f"{what}: deactivated", advice="Remove them from the configuration.")
        return Finding(ok=True, what=what)

    async def _group(self, group: str, rotas: str) -> Finding:
        what = f"Slack user group {group} (on call: {rotas})"
        answer, problem = await self._ask("usergroups.users.list", usergroup=group)
        if answer is None:
            advice = _GROUP_ADVICE.get(problem, _REACH)
            return Finding(ok=False, what=f"{what} cannot be read: {problem}", advice=f"{advice} {_LAST_KNOWN}")
        users = [str(user) for user in answer.get("users") or ()]
        strangers = [user for user in users if self._settings.member_by_slack(user) is None]
        if strangers:
            return Finding(
                ok=False,
                what=f"{what}: not in [members]: {', '.join(strangers)}",
                advice="Add them to the configuration, or nobody pings them when they are on call.",
            )
        if not users:
            return Finding(ok=False, what=f"{what} is empty", advice="Put somebody into it.")
        return Finding(ok=True, what=what)

    async def _ask(self, method: str, **arguments: Any) -> tuple[dict[str, Any] | None, str]:
        verb = "POST" if method == "auth.test" else "GET"
        return await self._answer(self._client.api_call(method, params=arguments, http_verb=verb))

    async def _answer(self, call: Awaitable[Any]) -> tuple[dict[str, Any] | None, str]:
        try:
            answer = await call
        except SlackApiError as error:
            return None, error_word(error) or "an answer that is not Slack's"
        except UNREADABLE as error:
            return None, f"no answer ({type(error).__name__})"
        data = answer.data
        return (data, "") if isinstance(data, dict) else (None, "an answer that is not Slack's")
