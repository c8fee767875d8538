"""Reads who is in the user groups that rotas name, so that the answer stands in our own rows when it is needed.

A group that cannot be read keeps the members that it was last known to have.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import structlog

from escalation.desk import Desk
from escalation.ports import KnowsGroups, OutsideError, Surface

READ_EVERY_SECONDS: Final = 300.0
STALE: Final = timedelta(hours=1)
"""After this time a reading is written again though nothing changed, so that its age says that we still read."""

log = structlog.get_logger(__name__)


class GroupReader:
    """Asks the chat every five minutes, and writes only what changed."""

    def __init__(self, desk: Desk, surfaces: Mapping[str, Surface]) -> None:
        """Keep the collaborators; nothing is asked."""
        self._desk = desk
        self._surfaces = surfaces
        self._next = float("-inf")
        rotas = desk.rulebook.settings.rotas.values()
        self._groups = sorted({group for rota in rotas for group in rota.slack_groups})

    async def read_due(self) -> int:
        """Read the groups if five minutes have passed; return how many were written.

        Raises:
            StorageUnavailableError: nothing was written.

        """
        clock = self._desk.clock
        chat = next((one for one in self._surfaces.values() if isinstance(one, KnowsGroups)), None)
        if not self._groups or chat is None or clock.monotonic() < self._next:
            return 0
        async with self._desk.storage.read() as tx:
            known = {row.slack_group: row for row in await tx.on_call.groups()}
        self._next = clock.monotonic() + READ_EVERY_SECONDS
        now = clock.now()
        news: dict[str, list[str]] = {}
        for group in self._groups:
            try:
                members = sorted(await chat.group_members(group))
            except OutsideError as error:
                log.warning("user group not read", group=group, reason=error.reason)
                continue
            row = known.get(group)
            if row is None or row.members != members or now - row.read_at >= STALE:
                news[group] = members
        if news:
            async with self._desk.storage.begin() as tx:
                for group, members in news.items():
                    await tx.on_call.remember_group(group, members, now)
        return len(news)
