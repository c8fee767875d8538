"""The two ways to be refused: an app gets Slack's error word, a person gets a sentence."""

from typing import Any

from bots.sandbox.workspace.block_check import Problem


class ApiError(Exception):
    """Slack's `ok: false`: the error word, the problems with their pointers, and what else stands in the answer."""

    def __init__(self, word: str, *problems: Problem, **more: Any) -> None:
        super().__init__(word)
        self.word = word
        self.problems = problems
        self.more = more

    def answer(self) -> dict[str, Any]:
        """Write the body of the answer (docs.slack.dev/apis/web-api, evaluating responses)."""
        body: dict[str, Any] = {"ok": False, "error": self.word}
        if self.problems:
            body["errors"] = [str(problem) for problem in self.problems]
            body["response_metadata"] = {"messages": [f"[ERROR] {problem}" for problem in self.problems]}
        return {**body, **self.more}


class CannotDo(Exception):  # noqa: N818 - it reads as what it says
    """A person tried something the workspace does not offer: no such button, message gone, not a member.

    The text says which.
    """
