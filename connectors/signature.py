"""Proofs that a webhook call comes from the network: HMAC over the raw bytes, compared in constant time."""

import base64
import binascii
import hmac
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from escalation.ports import Forged
from escalation.secret import Secret

FRESH_FOR: Final = timedelta(minutes=5)
"""How far a signed timestamp may lie from our clock, either way (Slack's and Stripe's own figure)."""


def check_signature(
    signed: bytes,
    presented: Iterable[str],
    *,
    secrets: Sequence[Secret],
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256",
    encoding: Literal["hex", "base64"] = "hex",
) -> None:
    """Check that one of the ``presented`` signatures is an HMAC of ``signed`` under one of ``secrets``.

    Several secrets let a secret be rotated, several signatures let the network rotate. ``signed`` is made of the raw
    bytes of the request, never of re-written JSON. Raises ``Forged``: ``no_signature`` or ``wrong_signature``.
    """
    offered = [digest for digest in (_decoded(one, encoding) for one in presented) if digest]
    if not offered:
        raise Forged("no_signature")
    holds = False
    for secret in secrets:
        expected = hmac.digest(secret.reveal().encode(), signed, algorithm)
        for digest in offered:
            # no early way out: the time taken tells nothing about which secret or signature matched
            holds |= hmac.compare_digest(expected, digest)
    if not holds:
        raise Forged("wrong_signature")


def check_fresh(timestamp: str, now: datetime, *, window: timedelta = FRESH_FOR) -> datetime:
    """Return the signed moment (Unix seconds) as UTC; ``Forged`` unless it lies within ``window`` of ``now``."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 11):  # noqa: PLR2004 - year 5138
        raise Forged("no_timestamp")
    moment = datetime.fromtimestamp(0, UTC) + timedelta(seconds=int(timestamp))
    if abs(now - moment) > window:
        raise Forged("stale_timestamp")
    return moment


def same(presented: str, secret: Secret) -> bool:
    """Compare a token that the network sends back (a verification token) with ours in constant time."""
    return hmac.compare_digest(presented.encode("utf-8", "surrogatepass"), secret.reveal().encode())


def _decoded(signature: str, encoding: Literal["hex", "base64"]) -> bytes:
    try:
        text = signature.encode("ascii")
        return bytes.fromhex(signature) if encoding == "hex" else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b""
