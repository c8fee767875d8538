"""The contact form's conversations, kept as ordinary cases.

The page's token is the thread, its messages are mentions and replies.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from escalation.conversations import Conversation, Line, Opened, StorageUnavailable, Submission
from escalation.desk import Delivery, Desk, case_file
from escalation.inbox import Inbox
from escalation.ports import Arrived, AuthorFacts
from escalation.rulebook import author_facts
from models.columns import new_token
from models.store import Transaction
from models.vocabulary import EffectState, Visibility

PATIENCE_SECONDS = 2.5
"""How long a customer's request may wait for the database before it is told to come back."""


class FormConversations:
    """Implements ``escalation.conversations.Conversations`` over the desk."""

    def __init__(self, desk: Desk, inbox: Inbox, *, unavailable: type[Exception]) -> None:
        """Keep the collaborators. ``unavailable`` is what the storage raises when it cannot be reached."""
        self._desk = desk
        self._inbox = inbox
        self._unavailable = unavailable

    async def open(self, submission: Submission) -> Opened:
        """Store a new message as a new case; a known key gives the first answer again."""
        token = new_token()
        author = AuthorFacts(
            external_id=(submission.email or f"form-{token}").lower(),
            name=submission.name,
            handle=submission.email or submission.name,
        )
        arrived = self._arrived(submission.account, token, submission.key, author, submission.message)
        arrived = Arrived(**{**arrived.__dict__, "subject": submission.subject, "language": submission.language})
        return await self._store(submission.account, arrived, submission.raw)

    async def add(self, account: str, token: str, message: str, *, key: str, raw: bytes) -> Opened | None:
        """Store a further message of a conversation, once per key."""
        async with self._patiently(), self._desk.storage.read() as tx:
            case = (await tx.cases.of_threads(account, [token])).get(token)
            rows = (await tx.cases.read([case.id])).get(case.id) if case else None
        if rows is None:
            return None
        return await self._store(account, self._arrived(account, token, key, author_facts(rows.author), message), raw)

    async def read(self, account: str, token: str) -> Conversation | None:
        """Return what the customer and the brand wrote, oldest first."""
        async with self._patiently(), self._desk.storage.read() as tx:
            case = (await tx.cases.of_threads(account, [token])).get(token)
            rows = (await tx.cases.read([case.id])).get(case.id) if case else None
        if rows is None:
            return None
        file = case_file(rows)
        lines = [Line("customer", mention.text, mention.posted_at) for mention in file.mentions]
        for effect in file.replies:
            draft = file.draft_by_id(effect.draft_id or "")
            if effect.state is EffectState.SENT and draft is not None and effect.settled_at is not None:
                lines.append(Line("brand", draft.parts[effect.part], effect.settled_at))
        return Conversation(file.case.id, account, file.case.subject, tuple(sorted(lines, key=lambda line: line.at)))

    def _arrived(self, account: str, token: str, key: str, author: AuthorFacts, message: str) -> Arrived:
        base = self._desk.rulebook.settings.organisation.public_url.rstrip("/")
        return Arrived(
            external_id=key,
            thread_id=token,
            author=author,
            text=message,
            visibility=Visibility.PRIVATE,
            posted_at=self._desk.clock.now(),
            url=f"{base}/forms/{account}/{token}",
        )

    async def _store(self, account: str, arrived: Arrived, raw: bytes) -> Opened:
        delivery = Delivery(f"form:{account}:{arrived.external_id}", "form", account, raw)

        async def remember(tx: Transaction) -> bool:
            return await self._desk.remember(tx, delivery)

        async with self._patiently():
            taken = await self._desk.intake(account, [arrived], also=remember)
        if taken is not None:
            self._inbox.count("form")
            return Opened(taken.cases[arrived.external_id], arrived.thread_id)
        async with self._patiently(), self._desk.storage.read() as tx:
            known = (await tx.cases.mentions_by_external_id(account, [arrived.external_id]))[arrived.external_id]
            case = (await tx.cases.read([known.case_id]))[known.case_id].case
        return Opened(case.id, case.thread_id)

    @asynccontextmanager
    async def _patiently(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                yield
        except (TimeoutError, self._unavailable) as error:
            raise StorageUnavailable from error
