"""How many messages one client may send, and who a client is behind our own reverse proxies."""

from collections import OrderedDict, deque
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from starlette.requests import Request

from escalation.ports import Clock
from escalation.quantities import Rate

MOST_REMEMBERED: Final = 100_000
"""How many messages of all clients are remembered; past it, the client that has been quiet longest is forgotten."""

_IPV6_CUSTOMER_BITS: Final = 64


class AddressLimit:
    """A sliding window of messages per client: in any ``rate.seconds`` at most ``rate.count``, in this process."""

    def __init__(self, rate: Rate, *, clock: Clock, most: int = MOST_REMEMBERED) -> None:
        """Start with nobody remembered; ``most`` bounds the memory."""
        self._rate = rate
        self._clock = clock
        self._most = most
        self._sent: OrderedDict[str, deque[float]] = OrderedDict()
        self._remembered = 0

    def wait(self, client: str) -> float:
        """Count one message of ``client`` and return 0; or count none and return after how many seconds one may go."""
        if not self._rate.limited:
            return 0.0
        now = self._clock.monotonic()
        times = self._sent.setdefault(client, deque())
        self._sent.move_to_end(client)
        while times and times[0] <= now - self._rate.seconds:
            times.popleft()
            self._remembered -= 1
        if len(times) >= self._rate.count:
            return times[0] + self._rate.seconds - now
        times.append(now)
        self._remembered += 1
        while self._remembered > self._most:
            self._forget(times)
        return 0.0

    def _forget(self, newest: deque[float]) -> None:
        if len(self._sent) > 1:
            _, forgotten = self._sent.popitem(last=False)
            self._remembered -= len(forgotten)
        else:
            newest.popleft()
            self._remembered -= 1

    @property
    def remembered(self) -> int:
        """Return how many messages are remembered now."""
        return self._remembered


def client_address(request: Request, proxies: Sequence[IPv4Network | IPv6Network]) -> str:
    """Return who sends: the socket's address, or the nearest address in ``X-Forwarded-For`` that is no proxy of ours.

    An IPv6 customer owns a whole /64 network, so that is what is returned for one.
    """
    nearest = _parse(request.client.host if request.client else "")
    hops = [hop for header in request.headers.getlist("x-forwarded-for") for hop in header.split(",")]
    while nearest and hops and any(nearest in network for network in proxies):
        further = _parse(hops.pop())
        if further is None:
            break
        nearest = further
    if nearest is None:
        return "unknown"
    if nearest.version == 6:  # noqa: PLR2004
        return str(ip_network((nearest, _IPV6_CUSTOMER_BITS), strict=False))
    return str(nearest)


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
