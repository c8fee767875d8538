"""The fault script: which request or delivery goes wrong, how, and how often.

Faults on requests (``method`` and ``path`` are those of the request, the path without the network's prefix):

========================== ======= ==================================================================================
fault                      acted   what the caller sees
========================== ======= ==================================================================================
none                       yes     the normal answer (a place holder in an ordered script)
reset_before               no      connection reset
reset_after                yes     connection reset, no answer
close_mid_body             yes     headers and half the body, then the connection closes
error_500_before           no      500
error_500_after            yes     500
timeout_after              yes     no answer at all until the caller gives up
act_late(seconds)          later   connection reset at once; acted upon that much later
slow(seconds)              yes     the normal answer, that much later
throttle_429(retry_after)  no      429 with Retry-After in seconds
throttle_429_no_header     no      429 without it
garbage_200                yes     200 with a page that is not JSON
truncated_gzip             yes     the normal status, half of a compressed body
redirect                   no      302 to another path
token_revoked              no      401
webhook_before_response    yes     the normal answer, after the webhooks it caused were delivered
========================== ======= ==================================================================================

Faults on deliveries (``method`` is ``DELIVER``, ``path`` is ``/`` and the handle of the subscriber):
``duplicate_webhook(times)`` sends the same delivery that many times more; ``reorder_webhooks`` reverses a delivery's
events and holds the delivery back until the one after it went out, at most two seconds.
"""

from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bots.sandbox.network.errors import NetworkRefusal

DELIVER = "DELIVER"


class FaultKind(StrEnum):
    """The names of the faults."""

    NONE = "none"
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    CLOSE_MID_BODY = "close_mid_body"
    ERROR_500_BEFORE = "error_500_before"
    ERROR_500_AFTER = "error_500_after"
    TIMEOUT_AFTER = "timeout_after"
    ACT_LATE = "act_late"
    SLOW = "slow"
    THROTTLE_429 = "throttle_429"
    THROTTLE_429_NO_HEADER = "throttle_429_no_header"
    GARBAGE_200 = "garbage_200"
    TRUNCATED_GZIP = "truncated_gzip"
    REDIRECT = "redirect"
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - the name of a fault
    WEBHOOK_BEFORE_RESPONSE = "webhook_before_response"
    DUPLICATE_WEBHOOK = "duplicate_webhook"
    REORDER_WEBHOOKS = "reorder_webhooks"


_NUMBER_MEANS = {
    FaultKind.ACT_LATE: "seconds",
    FaultKind.SLOW: "seconds",
    FaultKind.THROTTLE_429: "seconds to wait",
    FaultKind.DUPLICATE_WEBHOOK: "extra deliveries",
}
_ON_DELIVERIES = frozenset({FaultKind.DUPLICATE_WEBHOOK, FaultKind.REORDER_WEBHOOKS})


class Fault(BaseModel):
    """One line of the script. ``times`` is how often it still applies (``None``: for ever).

    ``number`` is the fault's own figure. ``method`` and ``path`` are globs; ``*`` also covers slashes.
    """

    model_config = ConfigDict(extra="forbid")

    fault: FaultKind
    method: str = "*"
    path: str = "/api/*"
    times: int | None = Field(default=1, ge=1)
    number: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        means = _NUMBER_MEANS.get(self.fault)
        if means is not None and self.number is None:
            raise ValueError(f"{self.fault} needs a number ({means})")
        if means is None and self.number is not None:
            raise ValueError(f"{self.fault} takes no number")
        if self.fault in _ON_DELIVERIES:
            if self.method not in {"*", DELIVER}:
                raise ValueError(
                    f"{self.fault} is a fault of deliveries: its method is {DELIVER}, its path / and a handle"
                )
            self.method = DELIVER
            self.path = "*" if "path" not in self.model_fields_set else self.path
        elif self.method == DELIVER and self.fault is not FaultKind.NONE:
            raise ValueError(f"{self.fault} is a fault of requests, not of deliveries")
        return self


NO_FAULT = Fault(fault=FaultKind.NONE)


class FaultScript:
    """An ordered list of faults. The first line that fits and is not used up applies."""

    def __init__(self) -> None:
        """Start without faults."""
        self._lines: list[Fault] = []

    def __bool__(self) -> bool:
        return bool(self._lines)

    def add(
        self,
        fault: FaultKind | str,
        number: float | None = None,
        *,
        method: str = "*",
        path: str | None = None,
        times: int | None = 1,
    ) -> Fault:
        """Append a line. Raises a 422 refusal with a sentence for one that makes no sense."""
        row: dict[str, Any] = {"fault": fault, "number": number, "method": method, "times": times}
        return self.add_row(row if path is None else {**row, "path": path})

    def add_row(self, row: object) -> Fault:
        """Append a line given as JSON. Raises a 422 refusal."""
        try:
            line = Fault.model_validate(row)
        except ValidationError as error:
            problem = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in problem["loc"]) or "fault"
            raise NetworkRefusal(422, "bad_fault", f"{place}: {problem['msg']}") from None
        self._lines.append(line)
        return line

    def clear(self) -> None:
        """Forget all lines."""
        self._lines.clear()

    def lines(self) -> list[Fault]:
        """Return what is left of the script, in order."""
        return [line.model_copy() for line in self._lines]

    def take(self, method: str, path: str) -> Fault:
        """Return the fault for a request or delivery and use it up once; ``none`` where no line fits."""
        for line in self._lines:
            if (method == DELIVER) != (line.method == DELIVER):
                continue
            if fnmatchcase(method, line.method) and fnmatchcase(path, line.path):
                taken = line.model_copy()
                if line.times is not None:
                    line.times -= 1
                    if line.times == 0:
                        self._lines.remove(line)
                return taken
        return NO_FAULT
