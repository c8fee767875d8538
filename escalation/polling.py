"""Asks networks for news.

What a poll brings and how far it came are written in one transaction, so nothing is skipped or doubled.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import structlog

from escalation.desk import Desk
from escalation.language import Sentence, say
from escalation.patience import BROKEN_PAUSE
from escalation.ports import OutsideError, Page, Polls, RetryLater, Unauthorised
from escalation.writing import managers_notice
from models.columns import new_token
from models.store import Transaction

LEASE = timedelta(seconds=120)
DEFAULT_SECONDS = 60
_LONGEST_PAUSE = timedelta(minutes=10)

log = structlog.get_logger(__name__)


class Poller:
    """Polls every account whose network is asked rather than calls; one process at a time per account, by lease."""

    def __init__(self, desk: Desk) -> None:
        """Keep the desk; connectors come from its rulebook."""
        self._desk = desk
        self._failures: dict[str, int] = {}

    @property
    def accounts(self) -> Mapping[str, Polls]:
        """Return the accounts that are polled."""
        return {
            name: connector
            for name, connector in self._desk.rulebook.connectors.items()
            if isinstance(connector, Polls) and "poll" in connector.capabilities.ingest
        }

    async def poll(self) -> int:
        """Poll every account that is due; return how many arrivals were taken in."""
        accounts = self.accounts
        if not accounts:
            return 0
        now = self._desk.clock.now()
        async with self._desk.storage.read() as tx:
            if not await tx.polling.any_due(list(accounts), now=now):
                return 0
        token = new_token()
        async with self._desk.storage.begin() as tx:
            due = await tx.polling.claim_due(list(accounts), now=now, lease_until=now + LEASE, token=token)
            positions = {cursor.account: cursor.position for cursor in due}
        counts = await asyncio.gather(
            *(self._poll(name, accounts[name], position, token) for name, position in positions.items())
        )
        return sum(counts)

    async def _poll(self, account: str, connector: Polls, position: str | None, token: str) -> int:
        taken_in = 0
        try:
            while True:
                page = await connector.fetch(position)
                taken_in += len(page.arrivals)
                await self._take_in(account, page, token)
                position = page.position
                if not page.more:
                    break
        except OutsideError as error:
            await self._failed(account, token, error)
        except Exception as error:
            log.exception("poll failed", account=account)
            await self._failed(account, token, RetryLater(f"defect: {type(error).__name__}"))
        else:
            self._failures.pop(account, None)
        return taken_in

    async def _take_in(self, account: str, page: Page, token: str) -> None:
        now = self._desk.clock.now()
        next_at = now if page.more else now + timedelta(seconds=self._seconds(account))

        async def advance(tx: Transaction) -> bool:
            held = await tx.polling.advance(
                account,
                token=token,
                position=page.position,
                next_at=next_at,
                polled_at=now,
                problem=None,
                keep_lease=page.more,
            )
            if held and await tx.outbox.mended(f"account:{account}"):
                await self._ping(tx, say("{account} works again.", account=account))
            return held

        await self._desk.intake(account, page.arrivals, also=advance)

    async def _failed(self, account: str, token: str, error: OutsideError) -> None:
        now = self._desk.clock.now()
        self._failures[account] = failures = self._failures.get(account, 0) + 1
        pause = min(_LONGEST_PAUSE, timedelta(seconds=self._seconds(account)) * 2 ** min(failures, 6))
        next_at = now + pause
        if isinstance(error, RetryLater) and error.retry_at is not None:
            next_at = error.retry_at
        log.warning("network does not answer", account=account, reason=error.reason, next_at=next_at.isoformat())
        async with self._desk.storage.begin() as tx:
            if isinstance(error, Unauthorised):
                next_at = now + BROKEN_PAUSE
                if await tx.outbox.break_down(f"account:{account}", problem=error.reason, at=now, until=next_at):
                    await self._ping(
                        tx,
                        say(
                            "{account} refuses our token ({why}). Nothing is read or sent until it is renewed.",
                            account=account,
                            why=error.reason,
                        ),
                    )
            await tx.polling.advance(
                account, token=token, position=None, next_at=next_at, polled_at=now, problem=error.reason
            )

    async def _ping(self, tx: Transaction, sentence: Sentence) -> None:
        row = managers_notice(self._desk.rulebook.settings, sentence, self._desk.clock.now())
        await tx.outbox.put([row])

    def _seconds(self, account: str) -> int:
        configured = self._desk.rulebook.settings.accounts[account]
        own = configured.setting("poll_seconds")
        return int(own or configured.poll_seconds or DEFAULT_SECONDS)
