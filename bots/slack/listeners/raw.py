"""The raw body of a request, for the row that keeps it."""

import json

from slack_bolt.async_app import AsyncBoltRequest


def raw_body(request: AsyncBoltRequest) -> bytes:
    """Return the body as it came; by Socket Mode, where Bolt has parsed it already, as JSON."""
    text = request.raw_body or json.dumps(request.body, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")
