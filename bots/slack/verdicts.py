"""What Slack's answers and silences mean for a message that we wanted to send.

Error words: docs.slack.dev/reference/methods, one list a method. What aiohttp raises, and when the request may have
been acted upon, is in docs.aiohttp.org/en/stable/client_reference.html (client exceptions).
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from escalation.language import Sentence, say
from escalation.ports import Gone, OutsideError, Rejected, RetryLater, Throttled, Unauthorised, Uncertain

UNREADABLE: Final = (aiohttp.ClientError, asyncio.TimeoutError, SlackClientError, OSError, ValueError)
"""Everything that a call may raise where Slack's answer never came, or came as something that is no answer."""

_THROTTLED: Final = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
_UNAUTHORISED: Final = frozenset({
    "invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "missing_scope",
    "not_allowed_token_type", "no_permission", "org_login_required", "team_access_not_granted", "ekm_access_denied",
})  # fmt: skip
_GONE: Final = frozenset({"message_not_found", "thread_not_found", "cant_update_message", "edit_window_closed"})
_TRANSIENT: Final = frozenset({"service_unavailable", "team_added_to_org", "accesslimited"})
_UNCLEAR: Final = frozenset({"internal_error", "fatal_error", "request_timeout"})
_UNSHOWABLE: Final = frozenset({
    "invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long", "too_many_attachments",
    "invalid_attachments", "only_one_table_allowed",
})  # fmt: skip

_ADVICE: Final[Mapping[str, Sentence]] = {
    "channel_not_found": say(
        "Slack knows no such channel, or the bot may not see it. Check its id, "
        "and invite the bot to the channel: /invite @portavoce"
    ),
    "not_in_channel": say("The bot is not in the channel. Invite the bot to the channel: /invite @portavoce"),
    "is_inactive": say("The channel is archived. Unarchive it, or name another channel in the configuration."),
    "is_archived": say("The channel is archived. Unarchive it, or name another channel in the configuration."),
    "restricted_action": say(
        "A workspace rule forbids the bot to post in the channel. Ask a workspace administrator to allow it."
    ),
    "user_not_found": say("Slack knows no such person. Check the member's Slack id in the configuration."),
    "user_disabled": say("This person's Slack account is deactivated. Remove them from the configuration."),
    "cannot_dm_bot": say("The member's Slack id in the configuration belongs to a bot."),
}  # fmt: skip
_RESTRICTED: Final = ("restricted_action",)
MISSING_RETRY_AFTER: Final = 30
"""Seconds to wait where Slack asks for a pause and does not say how long."""


def error_word(error: SlackApiError) -> str:
    """Return Slack's own word for what is wrong, or nothing where the answer was not Slack's."""
    data = getattr(error.response, "data", None)
    word = data.get("error") if isinstance(data, dict) else None
    return word if isinstance(word, str) else ""


def is_unshowable(error: SlackApiError) -> bool:
    """Tell whether Slack surely posted nothing because it does not like the blocks."""
    return error_word(error) in _UNSHOWABLE


def pointers(error: SlackApiError) -> list[str]:
    """Return where Slack says that the blocks are wrong (JSON pointers; they hold no text of ours)."""
    data = getattr(error.response, "data", None)
    described = data.get("response_metadata") if isinstance(data, dict) else None
    messages = described.get("messages") if isinstance(described, dict) else None
    return [str(message).rpartition("[")[2].rstrip("]")[:200] for message in messages or ()][:5]


def verdict(error: BaseException, *, now: datetime, may_have_acted: bool) -> OutsideError:
    """Return the verdict for what a call raised.

    ``may_have_acted``: the call posts something that must not stand there twice.
    """
    if isinstance(error, SlackApiError):
        return _of_answer(error, now=now, may_have_acted=may_have_acted)
    if _surely_not_sent(error):
        return RetryLater(f"slack unreachable: {type(error).__name__}")
    return _unclear(f"slack: {type(error).__name__}", may_have_acted=may_have_acted)


def _surely_not_sent(error: BaseException) -> bool:
    """No connection was made, so no byte has left: refused, unknown host, TLS not agreed, or no answer to the knock."""
    return isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | aiohttp.InvalidURL)


def _unclear(reason: str, *, may_have_acted: bool) -> OutsideError:
    return Uncertain(reason) if may_have_acted else RetryLater(reason)


def _of_answer(error: SlackApiError, *, now: datetime, may_have_acted: bool) -> OutsideError:
    word, status = error_word(error), _status(error)
    reason = f"slack: {word or f'HTTP {status}'}"
    if word in _THROTTLED or status == 429:  # noqa: PLR2004
        return Throttled(reason, retry_at=now + timedelta(seconds=_retry_after(error)))
    if word in _UNAUTHORISED:
        return Unauthorised(reason)
    if word in _GONE:
        return Gone(reason)
    if word in _TRANSIENT:
        return RetryLater(reason)
    if not word or word in _UNCLEAR or status >= 500:  # noqa: PLR2004
        return _unclear(reason, may_have_acted=may_have_acted)
    if word in _ADVICE:
        return Rejected(reason, for_people=_ADVICE[word])
    if word.startswith(_RESTRICTED):
        return Rejected(reason, for_people=_ADVICE["restricted_action"])
    return Rejected(reason)


def _status(error: SlackApiError) -> int:
    for name in ("status_code", "status"):
        status = getattr(error.response, name, None)
        if isinstance(status, int):
            return status
    return 0


def _retry_after(error: SlackApiError) -> int:
    headers = getattr(error.response, "headers", None) or {}
    given = next((str(value) for name, value in headers.items() if str(name).lower() == "retry-after"), "")
    return min(int(given), 3_600) if given.isascii() and given.isdigit() and len(given) < 6 else MISSING_RETRY_AFTER  # noqa: PLR2004
