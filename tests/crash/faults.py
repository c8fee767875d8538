"""What goes wrong outside, on both sides at once: lines for the fault scripts of the network and of Slack."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

POST, UPDATE = "chat.postMessage", "chat.update"


@dataclass(frozen=True)
class Fault:
    """Lines for the network's and the workspace's fault scripts, and the product's patience (s)."""

    name: str
    network: tuple[dict[str, Any], ...] = ()
    slack: tuple[dict[str, Any], ...] = ()
    answer_within: float = 5.0


def _on_network(kind: str, *, times: int = 2, number: float | None = None) -> tuple[dict[str, Any], ...]:
    return ({"fault": kind, "method": "POST", "path": "/api/posts", "times": times, "number": number},)


def _on_slack(kind: str, *, posts: int = 3, **details: Any) -> tuple[dict[str, Any], ...]:
    """Strike the first post of as many messages, and one edit."""
    struck = {"match": POST, "fault": kind, "times": 1, **details}
    spared = {"match": POST, "fault": "none", "times": 1}
    again = (struck, spared) if kind == "http_429" else (struck,)  # posted again; the others are found, not repeated
    return (*again * posts, {**struck, "match": UPDATE})


FAULTS: Mapping[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault("none"),
        Fault("reset after", _on_network("reset_after"), _on_slack("drop_after")),
        Fault("500 after", _on_network("error_500_after"), _on_slack("error_500_after")),
        Fault(
            "timeout after",
            _on_network("timeout_after", times=1),
            _on_slack("timeout_after", posts=1)[:1],
            answer_within=0.25,
        ),
        # an old drawing that Slack does late, over a newer one, cannot be told from here: edits are not struck
        Fault("act late", _on_network("act_late", number=60), _on_slack("act_late", seconds=5)[:-1]),
        Fault("429", _on_network("throttle_429", number=45), _on_slack("http_429", retry_after=7)),
    )
}
