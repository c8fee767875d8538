"""Who is on call when: layers of turns, what people changed about them, and the answers. Pure."""

from escalation.on_call.duty import GROUP, NOBODY_ON_CALL, Duty
from escalation.on_call.layer import FIRST_MONDAY, Layer
from escalation.on_call.rota import HORIZON, Override, Roster, Rota, Shift, Watch

__all__ = [
    "FIRST_MONDAY",
    "GROUP",
    "HORIZON",
    "NOBODY_ON_CALL",
    "Duty",
    "Layer",
    "Override",
    "Roster",
    "Rota",
    "Shift",
    "Watch",
]
