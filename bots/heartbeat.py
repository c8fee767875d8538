"""The outward heartbeat: a watchman outside is called while all is well, and hears nothing when something is not.

So it also notices what we could not tell ourselves: that no process is left to tell anything.
"""

import httpx
import structlog

from escalation.secret import Secret
from escalation.watching import Vitals

TIMEOUT_SECONDS = 10.0

log = structlog.get_logger(__name__)


class Heartbeat:
    """Calls one address with GET. The address may hold a secret: it stands in no log line, error or metric."""

    def __init__(self, address: Secret, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Keep the address; nothing is opened. ``transport``: another way to the outside."""
        self._address = address
        self._transport = transport
        self._client: httpx.AsyncClient | None = None
        self.counts = {"taken": 0, "failed": 0, "withheld": 0}
        """How many heartbeats of this process the watchman took, did not take, and how many were kept back."""

    async def __call__(self, vitals: Vitals) -> None:
        """Call if all is well. Nothing follows from a failure but a log line and a count."""
        if not vitals.well:
            self.counts["withheld"] += 1
            log.warning("heartbeat withheld", late=vitals.late, findings=vitals.findings, audited=vitals.audited)
            return
        problem = await self._call()
        self.counts["failed" if problem else "taken"] += 1
        if problem:
            log.warning("heartbeat not taken", problem=problem)

    async def _call(self) -> str | None:
        """Return why the watchman did not take it, in words without the address, or ``None``."""
        if self._client is None:
            self._client = httpx.AsyncClient(
                timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False, transport=self._transport
            )
        try:
            async with self._client.stream("GET", self._address.reveal()) as answer:
                status = answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return type(error).__name__  # the texts of these errors may name the address
        return None if answer.is_success else f"status {status}"

    async def close(self) -> None:
        """Release the connection."""
        if self._client is not None:
            await self._client.aclose()
