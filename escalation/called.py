"""Who is called to a case: whoever is on call as the rows have it, and whoever was told that something is due."""

from datetime import datetime

from escalation.on_call import Duty
from escalation.settings import Settings
from models.case import Case
from models.store import Transaction


async def duty_at(tx: Transaction, settings: Settings, at: datetime) -> Duty:
    """Return who is on call from ``at`` on, as the rows have it: one SELECT, and one more where groups are named.

    Nothing is asked where no rota is configured.
    """
    rotas = settings.rotas
    if not rotas:
        return Duty({})
    groups = await tx.on_call.groups() if any(rota.slack_groups for rota in rotas.values()) else ()
    return Duty.of_rows(rotas, await tx.on_call.standing(at), groups)


async def is_called(tx: Transaction, settings: Settings, case: Case, member: str, at: datetime) -> bool:
    """Tell whether a member (a key) was told that something of a case is due, or is on call for it at ``at``.

    Whoever was told may act, though their shift ended meanwhile, the case changed hands, or nobody but a Slack user
    group or a swap put them there.
    """
    if await tx.pings.told(case.id, f"member:{member}"):
        return True
    department = settings.departments.get(case.department)
    rotas = {settings.approval.on_call, department.on_call if department else None} - {None}
    if not rotas:
        return False
    duty = await duty_at(tx, settings, at)
    return any(member in duty.on_duty(rota, at) for rota in rotas if rota)
