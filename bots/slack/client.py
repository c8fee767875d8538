"""The one client that speaks with Slack's Web API."""

import ipaddress
import logging
import re
from typing import Final
from urllib.parse import urlsplit

from slack_sdk.web.async_client import AsyncWebClient

from escalation.settings import SlackChat

TIMEOUT_SECONDS: Final = 20
RESPONSE_HOST: Final = "hooks.slack.com"
_PLAIN_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+/[!-?A-\[\]-~]*")


def quiet_logger(name: str) -> logging.Logger:
    """Return a logger for vendor code, silent below warnings: at debug level it would print messages.

    What went wrong is one line; where in the vendor's code it happened helps nobody.
    """
    logger = logging.getLogger(f"portavoce.slack.{name}")
    logger.setLevel(logging.WARNING)
    logger.addFilter(_without_traceback)
    return logger


def _without_traceback(record: logging.LogRecord) -> bool:
    record.exc_info = None
    return True


def web_client(settings: SlackChat) -> AsyncWebClient:
    """Return a client that never sends anything twice by itself.

    The SDK's own retry repeats a request whose connection broke after Slack had acted, which posts a message twice; the
    outbox decides instead. Each call has a connection of its own, so that a kept-alive one that Slack closed is never
    taken for a doubt.
    """
    client = AsyncWebClient(
        token=settings.bot_token.reveal(),
        base_url=settings.api_url,
        timeout=TIMEOUT_SECONDS,
        retry_handlers=[],
        logger=quiet_logger("web"),
    )
    if is_loopback(settings.api_url):
        client.proxy = None  # a proxy from the environment cannot reach this machine's own workspace
    return client


def is_loopback(address: str) -> bool:
    """Tell whether an address leads to this machine."""
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def may_answer_at(address: str, api_url: str) -> bool:
    """Tell whether a ``response_url`` is Slack's own, so that nobody can make us call elsewhere.

    Addresses that programs read in different ways (a backslash, a user name, a line end) are none.
    """
    if not _PLAIN_ADDRESS.fullmatch(address):
        return False
    url, own = urlsplit(address), urlsplit(api_url)
    return (url.scheme, url.netloc) in {("https", RESPONSE_HOST), (own.scheme, own.netloc)}
