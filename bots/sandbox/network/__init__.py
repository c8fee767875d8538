"""An imaginary social network with a server of its own: accounts, posts, messages, webhooks and faults on demand.

Knows nothing of the product. ``Network`` is the network as plain calls, ``create_network_app`` its HTTP doors,
``NetworkTransport`` an httpx transport that leads there without a socket.
"""

from bots.sandbox.clock import Clock, WallClock
from bots.sandbox.network.app import create_network_app
from bots.sandbox.network.calls import Call
from bots.sandbox.network.errors import NetworkRefusal
from bots.sandbox.network.faults import Fault, FaultKind, FaultScript
from bots.sandbox.network.in_process import NetworkTransport
from bots.sandbox.network.network import Network
from bots.sandbox.network.records import Account, Notification, Post, Rules
from bots.sandbox.network.seed import EXAMPLE, plant

__all__ = [
    "EXAMPLE",
    "Account",
    "Call",
    "Clock",
    "Fault",
    "FaultKind",
    "FaultScript",
    "Network",
    "NetworkRefusal",
    "NetworkTransport",
    "Notification",
    "Post",
    "Rules",
    "WallClock",
    "create_network_app",
    "plant",
]
