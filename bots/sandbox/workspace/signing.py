"""Signs deliveries as Slack does (docs.slack.dev/authentication/verifying-requests-from-slack)."""

import hashlib
import hmac
from datetime import datetime


def signed_headers(body: bytes, *, secret: str, at: datetime) -> dict[str, str]:
    """Answer the two headers that prove a body: HMAC-SHA256 over `v0:{seconds}:{raw bytes}`."""
    seconds = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), b"v0:" + seconds.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": seconds, "X-Slack-Signature": f"v0={digest}"}
