"""What the log of requests keeps."""

from dataclasses import dataclass
from datetime import datetime

CALLS = 10_000  # requests that the log keeps


@dataclass(frozen=True)
class Call:
    """One request; ``acted_status`` is what the network did, ``status`` what left (``None``: nothing).

    ``body`` holds the message text.
    """

    at: datetime
    method: str
    path: str
    query: str
    account: str | None
    key: str | None
    body: str
    fault: str
    acted_status: int | None
    status: int | None
