"""Slack's request signature, over the raw bytes and before anything is parsed.

Facts: docs.slack.dev/authentication/verifying-requests-from-slack.
"""

import hashlib
import hmac
from typing import Final

MOST_SECONDS: Final = 300


def problem_with(*, secret: str, timestamp: str | None, signature: str | None, body: bytes, now: float) -> str | None:
    """Return what is wrong with a request, ``None`` if Slack signed it within 300 s of ``now`` (Unix seconds)."""
    if not secret:
        return "no signing secret"
    if not timestamp or not signature:
        return "signature missing"
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 11:  # noqa: PLR2004 - eleven digits last until 5138
        return "timestamp malformed"
    if abs(now - int(timestamp)) > MOST_SECONDS:
        return "timestamp stale"
    expected = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(f"v0={expected}".encode(), signature.encode("utf-8", "surrogatepass")):
        return "signature wrong"
    return None
