"""A local server that speaks the part of Slack that a Bolt app uses, so that an unmodified Bolt app runs against it.

    workspace = Workspace(Seed(people=..., channels=..., app=App(...)), deliver_to="http://127.0.0.1:8000/slack/events")
    app = create_workspace_app(workspace)      # point the app's client at {where it is served}/api/
    seen = await workspace.click("U0ANNA", "C0BILLING", ts, "Claim")

It is a stranger to the product that is tried against it and imports nothing of it.
"""

from bots.sandbox.clock import Clock, WallClock
from bots.sandbox.workspace.application import create_workspace_app
from bots.sandbox.workspace.calls import Call
from bots.sandbox.workspace.deliveries import Acknowledgement, Delivery
from bots.sandbox.workspace.errors import ApiError, CannotDo
from bots.sandbox.workspace.faults import DELIVERY_FAULTS, FAULTS, Fault, FaultProblem
from bots.sandbox.workspace.records import Channel, Message
from bots.sandbox.workspace.seed import App, ChannelSeed, Person, Seed, SeedProblem, UserGroup
from bots.sandbox.workspace.seen import Seen
from bots.sandbox.workspace.workspace import Workspace

__all__ = [
    "DELIVERY_FAULTS",
    "FAULTS",
    "Acknowledgement",
    "ApiError",
    "App",
    "Call",
    "CannotDo",
    "Channel",
    "ChannelSeed",
    "Clock",
    "Delivery",
    "Fault",
    "FaultProblem",
    "Message",
    "Person",
    "Seed",
    "SeedProblem",
    "Seen",
    "UserGroup",
    "WallClock",
    "Workspace",
    "create_workspace_app",
]
