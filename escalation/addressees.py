"""Who hears of a target, and when they may be told: from the roles of a ladder to people and channels. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from escalation.business_time import BusinessCalendar, zone
from escalation.casefile import Addressee, CaseFile
from escalation.ladder import OWES, Rung
from escalation.on_call import GROUP, Duty
from escalation.settings import Member, Settings
from models.clocks import StepClock
from models.vocabulary import CaseState, Step

_RESPONDERS: Final = frozenset({Step.ACKNOWLEDGE, Step.ANSWER, Step.ROUTE, Step.DETECT})


class Addressees:
    """Answers both questions for one configuration."""

    def __init__(self, settings: Settings) -> None:
        """Keep the configuration."""
        self._settings = settings

    def of(self, role: str, file: CaseFile, clock: StepClock, duty: Duty, at: datetime) -> tuple[Addressee, ...]:
        """Return whom a role means for a clock at a moment (UTC); nobody, where nobody can be told."""
        settings, case = self._settings, file.case
        department = settings.departments.get(case.department)
        match role:
            case _ if role == OWES:
                return self._owing(file, clock)
            case "department":
                return (Addressee(str(department.channel)),) if department else ()
            case "on_call":
                rota = department.on_call if department else None
                if clock.step is Step.APPROVE:
                    rota = settings.approval.on_call or rota
                return self._direct(duty.on_duty(rota, at), rota=rota) if rota else ()
            case "approvers":
                approvals = settings.approval_for(case.account)
                return (Addressee(str(approvals.channel), approvals.approvers),)
            case "deputy":
                return self._direct(sorted(settings.deputies(case.account)))
            case "manager":
                return self._direct([department.manager]) if department and department.manager else self._managers()
            case "managers_manager":
                manager = settings.members.get(department.manager) if department and department.manager else None
                return self._direct([manager.manager]) if manager and manager.manager else ()
            case "managers":
                return self._managers()
            case _ if ":" in role:
                return (Addressee(role),)
            case _:
                return self._direct([role])

    def _owing(self, file: CaseFile, clock: StepClock) -> tuple[Addressee, ...]:
        """Return whoever owes the step: by the step, or by where the case stands for the clocks over all steps."""
        case, settings = file.case, self._settings
        step = clock.step
        if step is Step.RELAY or (
            step not in _RESPONDERS and case.state in {CaseState.RELAYING, CaseState.NEEDS_CHECK}
        ):
            return self._managers()
        if step is Step.APPROVE or (step not in _RESPONDERS and case.state is CaseState.IN_REVIEW):
            approvals = settings.approval_for(case.account)
            return (Addressee(str(approvals.channel), approvals.approvers),)
        if case.owner is not None and step is not Step.ACKNOWLEDGE and (found := self._direct([case.owner])):
            return found
        department = settings.departments.get(case.department)
        return (Addressee(str(department.channel)),) if department else ()

    def _managers(self) -> tuple[Addressee, ...]:
        managers = self._settings.managers
        if managers.channel is not None:
            return (Addressee(str(managers.channel), managers.members),)
        return self._direct(managers.members)

    def _direct(self, members: Iterable[str], *, rota: str | None = None) -> tuple[Addressee, ...]:
        """Return direct messages to those members whom a chat knows; a group that stands for its members is kept."""
        found: list[Addressee] = []
        for key in members:
            member = self._settings.members.get(key)
            if key.startswith(GROUP):
                found.append(Addressee(key, (), rota))
            elif member and (member.slack or member.teams):
                found.append(Addressee(f"member:{key}", (key,), rota))
        return tuple(found)

    def reachable(self, addressee: Addressee, rung: Rung, duty: Duty, at: datetime) -> datetime:
        """Return the first moment (UTC) from ``at`` on at which an addressee may be told; only people are quiet."""
        kind, _, key = addressee.channel.partition(":")
        member = self._settings.members.get(key) if kind == "member" else None
        if member is None:
            return self._channel_opens(addressee.channel, at) if rung.hold_until_duty else at
        moment = at
        if rung.hold_until_duty:
            moment = self._on_duty(key, addressee.rota, duty, moment)
        if not rung.page_anyway:
            moment = quiet_until(member, self._settings.timezone_of(key), moment)
        return moment

    def _channel_opens(self, channel: str, at: datetime) -> datetime:
        """Return when those whose channel it is are there: a department in its hours, approvers in the organisation's.

        The managers' channel is never held, nor one that is nobody's.
        """
        settings = self._settings
        if channel == str(settings.managers.channel):
            return at
        calendars = [
            settings.calendar_for(key) for key, own in settings.departments.items() if str(own.channel) == channel
        ]
        approvals = [settings.approval.channel, *(brand.approval.channel for brand in settings.brands.values())]
        if channel in map(str, approvals):
            calendars.append(settings.calendar_of_the_house)
        return min((_opening(calendar, at) for calendar in calendars), default=at)

    def _on_duty(self, member: str, rota: str | None, duty: Duty, at: datetime) -> datetime:
        """Return when a member's duty begins: their shift of a rota, else a department of theirs that opens."""
        if rota is not None and (begins := duty.duty_begins(member, at, rota=rota)) is not None:
            return begins
        calendars = [self._settings.calendar_for(own.key) for own in self._settings.departments_of(member)]
        calendars += [
            self._settings.calendar_for(key)
            for key, department in self._settings.departments.items()
            if department.manager == member
        ]
        return min((_opening(calendar, at) for calendar in calendars), default=at)


def _opening(calendar: BusinessCalendar, at: datetime) -> datetime:
    opening: datetime = calendar.next_opening(at)
    return opening


def quiet_until(member: Member, timezone: str, at: datetime) -> datetime:
    """Return the end (UTC) of the quiet hours that a member is in at ``at``, or ``at`` itself.

    Quiet hours are told in the member's own zone; they are followed through midnight and through several spans.
    """
    moment = at
    for _ in range(len(member.quiet_hours) + 1):
        ends = [end for span in member.quiet_hours if (end := _end_of(span, timezone, moment)) is not None]
        if not ends:
            return moment
        moment = max(ends)
    return at  # quiet around the clock is no rest but a mistake: tell them


def _end_of(span: Sequence[int], timezone: str, at: datetime) -> datetime | None:
    """Return when a daily span (local minutes, maybe over midnight) that holds ``at`` ends, ``None`` outside of it."""
    local = at.astimezone(zone(timezone))
    start, end = span[0], span[1]
    for days in (-1, 0):
        midnight = datetime(local.year, local.month, local.day) + timedelta(days=days)  # noqa: DTZ001 - wall time
        begins, ends = (
            (midnight + timedelta(minutes=minute)).replace(tzinfo=zone(timezone)).astimezone(at.tzinfo)
            for minute in (start, end)
        )
        if begins <= at < ends:
            return ends
    return None
