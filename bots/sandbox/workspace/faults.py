"""Scripts of things that go wrong: between the app's request and our answer, and between an event and its delivery."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, Self

FAULTS = {
    "none": "answer as usual; counts against `times`, so that a later line strikes the n-th request",
    "drop_before": "close the connection, nothing done",
    "drop_after": "do it, then close the connection without an answer",
    "error_500_before": "answer 500, nothing done",
    "error_500_after": "do it, then answer 500",
    "act_late": "close the connection now and do it after `seconds`",
    "timeout_before": "do nothing and never answer",
    "timeout_after": "do it and never answer",
    "http_429": "answer 429 with Retry-After of `retry_after` seconds, nothing done",
    "http_429_without_header": "answer 429 without Retry-After, nothing done",
    "ok_false": "answer ok: false with `error`, nothing done",
    "garbage_200": "do it, then answer 200 with something that is no JSON",
    "token_revoked": "answer ok: false with token_revoked, nothing done",
    "message_not_found": "answer ok: false with message_not_found, nothing done",
    "slow": "wait `seconds`, then do it and answer",
}
DELIVERY_FAULTS = {
    "none": "deliver as usual; counts against `times`",
    "lost": "never deliver",
    "duplicate": "deliver `copies` more times with the same event_id",
    "late": "deliver after `seconds`",
    "reorder": "hold back until `after` later deliveries have left",
}


# `slow(2)` and its like: the one detail that may stand in brackets.
CALLED = re.compile(r"(?P<fault>\w+)\((?P<detail>[^()]*)\)")
BRACKETS: dict[str, tuple[str, type]] = {
    "act_late": ("seconds", float),
    "slow": ("seconds", float),
    "late": ("seconds", float),
    "http_429": ("retry_after", int),
    "ok_false": ("error", str),
    "duplicate": ("copies", int),
    "reorder": ("after", int),
}


class FaultProblem(ValueError):  # noqa: N818 - it reads as what it says
    """A line of a fault script cannot be understood; the sentence says why."""


@dataclass
class Fault:
    """One line of a script.

    `match` is a method, an event type, or a glob; `fault` what goes wrong, `times` how often still. The rest are
    details of single faults: durations in seconds, `after` in deliveries.
    """

    match: str
    fault: str
    times: int = 1
    seconds: float = 0.0
    retry_after: int = 1
    error: str = "internal_error"
    copies: int = 1
    after: int = 1

    @classmethod
    def read(cls, line: Any, known: dict[str, str]) -> Self:
        """Read `(match, fault, times)`, the same with a dict of details as fourth, a dict, or a Fault.

        The fault may carry its detail in brackets: `slow(2)`, `ok_false(fatal_error)`.
        """
        if isinstance(line, cls):
            one = replace(line)
        elif isinstance(line, dict):
            try:
                one = cls(**line)
            except TypeError as error:
                raise FaultProblem(f"a fault has no such key: {error}") from error
        elif isinstance(line, list | tuple) and len(line) in {2, 3, 4}:
            details = line[3] if len(line) == 4 else {}  # noqa: PLR2004 - match, fault, times, details
            one = cls.read({"match": line[0], "fault": line[1], "times": (*line, 1)[2], **details}, known)
        else:
            raise FaultProblem("a fault is (method or glob, fault, times) or an object with match, fault and times")
        if called := CALLED.fullmatch(one.fault):
            one.fault = called["fault"]
            one.in_brackets(called["detail"])
        if one.fault not in known:
            raise FaultProblem(f"unknown fault {one.fault!r}; known are {', '.join(known)}")
        return one

    def in_brackets(self, given: str) -> None:
        """Take the detail that stood in brackets behind the fault. Raises FaultProblem."""
        name, kind = BRACKETS.get(self.fault, ("", str))
        if not name:
            raise FaultProblem(f"the fault {self.fault!r} takes nothing in brackets")
        try:
            setattr(self, name, kind(given))
        except ValueError:
            raise FaultProblem(f"{self.fault}({given}): {name} must be a number") from None


class FaultScript:
    """An ordered list of faults; the first line that matches and has times left strikes."""

    def __init__(self, known: dict[str, str] | None = None) -> None:
        self._known = FAULTS if known is None else known
        self.lines: list[Fault] = []

    def script(self, lines: Iterable[Any]) -> None:
        """Replace the script. Raises FaultProblem with a sentence and leaves the old one in place."""
        self.lines = [Fault.read(line, self._known) for line in lines]

    def add(self, match: str, fault: str, times: int = 1, **details: Any) -> None:
        """Add one line at the end."""
        self.lines.append(Fault.read({"match": match, "fault": fault, "times": times, **details}, self._known))

    def clear(self) -> None:
        """Let everything go well again."""
        self.lines = []

    def take(self, name: str) -> Fault | None:
        """Answer the fault that strikes this request, if any, and use up one of its times."""
        for line in self.lines:
            if line.times > 0 and fnmatchcase(name, line.match):
                line.times -= 1
                return None if line.fault == "none" else line
        return None
