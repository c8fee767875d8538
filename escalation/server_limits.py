"""The limits that servers set themselves (how long a post may be): read at the start, and again for ever.

A server that was away at the start would otherwise keep the usual limits of its network until the next restart, and one
that changed its mind would refuse what people were told would fit.
"""

from collections.abc import Mapping
from typing import Final

import structlog

from escalation.ports import Clock, Connector, OutsideError

EVERY_SECONDS: Final = 3600.0
AGAIN_SECONDS: Final = 60.0
"""How soon a server is asked again that did not answer."""

log = structlog.get_logger(__name__)


async def read_limits(connectors: Mapping[str, Connector]) -> Mapping[str, Connector]:
    """Ask each account's server; return those that did not answer, which keep the limits they had."""
    unread = {}
    for account, connector in connectors.items():
        try:
            await connector.prepare()
        except OutsideError as error:
            log.warning("limits not read", account=account, reason=error.reason)
            unread[account] = connector
    return unread


async def keep_reading_limits(
    connectors: Mapping[str, Connector], clock: Clock, unread: Mapping[str, Connector]
) -> None:
    """Ask every server each hour, and the ``unread`` ones each minute until they answer. Ends when cancelled."""
    next_round = clock.monotonic() + EVERY_SECONDS
    while True:
        await clock.sleep(AGAIN_SECONDS if unread else max(0.0, next_round - clock.monotonic()))
        if clock.monotonic() >= next_round:
            unread, next_round = connectors, clock.monotonic() + EVERY_SECONDS
        unread = await read_limits(unread)
