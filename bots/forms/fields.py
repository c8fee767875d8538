"""What may stand in each field of the form, and the sentence for what may not."""

import unicodedata
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

from bots.forms.wording import Words
from connectors.form import MESSAGE_LIMIT, message_length

NAME_LIMIT: Final = 200
SUBJECT_LIMIT: Final = 200
EMAIL_LIMIT: Final = 254
"""The longest address that mail can carry (RFC 3696, erratum 1690)."""

TRAP: Final = "homepage_confirm"
"""A field that people do not see; only programs that fill in everything fill it in."""

_LINE_ENDS: Final = frozenset({"Zl", "Zp"})
_INVISIBLE: Final = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})
_MESSAGE_CONTROLS: Final = frozenset("\t\n\r")


@dataclass(frozen=True)
class Typed:
    """What a visitor typed, to be shown again; names, addresses and subjects without spaces around them."""

    name: str = ""
    email: str = ""
    subject: str = ""
    message: str = ""

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> "Typed":
        """Take the four fields; what is absent or no text is empty."""
        return cls(
            name=_text(fields, "name").strip(),
            email=_text(fields, "email").strip(),
            subject=_text(fields, "subject").strip(),
            message=_text(fields, "message"),
        )


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def submission_problems(
    fields: Mapping[str, Any], typed: Typed, *, email_required: bool, words: Words
) -> dict[str, str]:
    """Return a sentence for each field of a new message that cannot be taken, in the order of the page."""
    found = {
        "name": _name_problem(typed.name, words),
        "email": _email_problem(typed.email, words, required=email_required),
        "subject": _subject_problem(typed.subject, words),
        "message": _message_problem(typed.message, words),
    }
    return _collected(fields, found, words)


def message_problems(fields: Mapping[str, Any], typed: Typed, *, words: Words) -> dict[str, str]:
    """Return a sentence for the message of a running conversation if it cannot be taken."""
    return _collected(fields, {"message": _message_problem(typed.message, words)}, words)


def _collected(fields: Mapping[str, Any], found: Mapping[str, str | None], words: Words) -> dict[str, str]:
    problems = {}
    for name, problem in found.items():
        if not isinstance(fields.get(name), str | None):
            problems[name] = words.not_text
        elif problem is not None:
            problems[name] = problem
    return problems


def _name_problem(name: str, words: Words) -> str | None:
    if _is_empty(name):
        return words.missing_name
    if len(name) > NAME_LIMIT:
        return words.too_long_name.format(limit=NAME_LIMIT, length=len(name))
    return _one_line_problem(name, words)


def _subject_problem(subject: str, words: Words) -> str | None:
    if len(subject) > SUBJECT_LIMIT:
        return words.too_long_subject.format(limit=SUBJECT_LIMIT, length=len(subject))
    return _one_line_problem(subject, words)


def _email_problem(email: str, words: Words, *, required: bool) -> str | None:
    if not email:
        return words.missing_email if required else None
    if len(email) > EMAIL_LIMIT:
        return words.too_long_email.format(limit=EMAIL_LIMIT)
    unshowable = _control_problem(email, words)
    if unshowable:
        return unshowable
    before, _, after = email.partition("@")
    spaced = any(character.isspace() for character in email)
    return words.bad_email if not before or not after or "@" in after or spaced else None


def _message_problem(message: str, words: Words) -> str | None:
    if _is_empty(message):
        return words.missing_message
    length = message_length(message)
    if length > MESSAGE_LIMIT:
        return words.too_long_message.format(limit=MESSAGE_LIMIT, length=length)
    return _control_problem(message, words, allowed=_MESSAGE_CONTROLS)


def _one_line_problem(text: str, words: Words) -> str | None:
    if any(character in "\r\n" or unicodedata.category(character) in _LINE_ENDS for character in text):
        return words.several_lines
    return _control_problem(text, words)


def _control_problem(text: str, words: Words, *, allowed: AbstractSet[str] = frozenset()) -> str | None:
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in allowed:
            return words.unshowable.format(code=f"U+{ord(character):04X}")
    return None


def _is_empty(text: str) -> bool:
    return all(unicodedata.category(character) in _INVISIBLE for character in text)
