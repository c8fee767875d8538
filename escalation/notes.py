"""What a thread message or a ping tells, as JSON that keeps no customer text.

Sentences, and pointers to drafts and mentions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from escalation.language import Ago, Day, Sentence, Value


@dataclass(frozen=True)
class Note:
    """One message to colleagues. ``to``: members who shall notice it.

    ``diff``: two draft versions whose words are compared.

    ``quote``: the id of a customer's message to show. ``url``: where the reply stands.
    """

    sentence: Sentence
    to: tuple[str, ...] = ()
    diff: tuple[int, int] | None = None
    quote: str | None = None
    url: str | None = None

    def payload(self) -> dict[str, Any]:
        """Return the note as JSON."""
        return {
            "sentence": sentence_payload(self.sentence),
            "to": list(self.to),
            "diff": list(self.diff) if self.diff else None,
            "quote": self.quote,
            "url": self.url,
        }

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "Note":
        """Return the note that ``payload`` holds."""
        diff = payload.get("diff")
        return cls(
            sentence_of(payload["sentence"]),
            tuple(payload.get("to", ())),
            (diff[0], diff[1]) if diff else None,
            payload.get("quote"),
            payload.get("url"),
        )


def sentence_payload(sentence: Sentence) -> dict[str, Any]:
    """Return a sentence as JSON; it stays in nobody's language."""
    return {"text": sentence.text, "values": {name: _value_payload(value) for name, value in sentence.values.items()}}


def sentence_of(payload: Mapping[str, Any]) -> Sentence:
    """Return the sentence that ``payload`` holds."""
    return Sentence(payload["text"], {name: _value_of(value) for name, value in payload["values"].items()})


def _value_payload(value: Value) -> Any:
    if isinstance(value, Sentence):
        return {"sentence": sentence_payload(value)}
    if isinstance(value, Ago):
        return {"ago": value.at.isoformat()}
    if isinstance(value, Day):
        return {"day": value.on.isoformat(), "short": value.short}
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    if isinstance(value, timedelta):
        return {"seconds": value.total_seconds()}
    return value


def _value_of(value: Any) -> Value:
    if not isinstance(value, Mapping):
        plain: str | int | float = value
        return plain
    if "sentence" in value:
        return sentence_of(value["sentence"])
    if "ago" in value:
        return Ago(datetime.fromisoformat(value["ago"]))
    if "day" in value:
        return Day(date.fromisoformat(value["day"]), value["short"])
    if "at" in value:
        return datetime.fromisoformat(value["at"])
    return timedelta(seconds=value["seconds"])
