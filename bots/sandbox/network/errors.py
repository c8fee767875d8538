"""What the network answers when it will not do something."""

from typing import Any


class NetworkRefusal(Exception):  # noqa: N818 - a lawful "no" with a status and a code, not a fault of the program
    """A refusal: an HTTP status, a code for programs, a sentence for people; ``facts`` stand beside them."""

    def __init__(self, status: int, code: str, sentence: str, **facts: Any) -> None:
        """Keep what the answer will say."""
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.sentence = sentence
        self.facts = facts

    def body(self) -> dict[str, Any]:
        """Return the JSON of the answer."""
        return {"error": {"code": self.code, "message": self.sentence, **self.facts}}
