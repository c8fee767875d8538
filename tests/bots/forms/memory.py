"""The product behind the form, in memory: stores each key once, opens conversations by their token."""

from dataclasses import replace

from escalation.conversations import Conversation, Line, Opened, StorageUnavailable, Submission
from escalation.ports import Clock


class RememberedConversations:
    """`away` makes storage unavailable."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.away = False
        self.submissions: list[Submission] = []
        self.raw: list[bytes] = []
        self.conversations: dict[str, Conversation] = {}
        self._answers: dict[str, Opened] = {}

    async def open(self, submission: Submission) -> Opened:
        self._reach()
        known = self._answers.get(submission.key)
        if known is not None:
            return known
        self.submissions.append(submission)
        self.raw.append(submission.raw)
        number = len(self.submissions)
        opened = Opened(case=f"case-{number}", token=f"token-of-conversation-{number}")
        first = Line("customer", submission.message, self.clock.now())
        self.conversations[opened.token] = Conversation(opened.case, submission.account, submission.subject, (first,))
        self._answers[submission.key] = opened
        return opened

    async def read(self, account: str, token: str) -> Conversation | None:
        self._reach()
        if "\0" in token or not token.isascii():
            raise ValueError("a database would choke on this token")
        conversation = self.conversations.get(token)
        return conversation if conversation and conversation.account == account else None

    async def add(self, account: str, token: str, message: str, *, key: str, raw: bytes) -> Opened | None:
        conversation = await self.read(account, token)
        if conversation is None:
            return None
        if key not in self._answers:
            self.raw.append(raw)
            self._write(token, Line("customer", message, self.clock.now()))
            self._answers[key] = Opened(conversation.case, token)
        return self._answers[key]

    def answer(self, token: str, text: str) -> None:
        """Let the brand answer."""
        self._write(token, Line("brand", text, self.clock.now()))

    def _write(self, token: str, line: Line) -> None:
        conversation = self.conversations[token]
        self.conversations[token] = replace(conversation, lines=(*conversation.lines, line))

    def _reach(self) -> None:
        if self.away:
            raise StorageUnavailable
