"""The configuration and the connectors, brought to bear on one case."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from escalation import routing, wording
from escalation.addressees import Addressees
from escalation.business_time import ALWAYS, BusinessCalendar
from escalation.casefile import CaseFile, Fitted, PolicyChosen, RouteMatch, Rules
from escalation.ladder import Rung, Timing, rungs
from escalation.ports import AuthorFacts, Connector, PostFacts
from escalation.settings import STANDARD, Route, Settings
from models.case import Case
from models.clocks import StepClock
from models.mention import Author, Mention
from models.vocabulary import PauseReason, Priority, Step, Visibility

_LONGEST_PAUSE: Final = {PauseReason.SNOOZED: 30 * 86_400, PauseReason.WAITING_CUSTOMER: 14 * 86_400}
"""Seconds, for policies of before pauses had limits of their own."""


class UnknownAccountError(LookupError):
    """A case belongs to an account that the configuration no longer has."""


class Rulebook:
    """Settings and connectors in one place. ``connectors`` is by account name."""

    def __init__(self, settings: Settings, connectors: Mapping[str, Connector]) -> None:
        """Keep both; nothing is asked outside."""
        self.settings = settings
        self.connectors = connectors
        self.calendars: dict[str, BusinessCalendar] = {}
        self._addressees = Addressees(settings)
        self._labels = {key: department.label for key, department in settings.departments.items()}
        self._channels = {key: str(department.channel) for key, department in settings.departments.items()}
        self._rungs: dict[tuple[str, Step, int | None], tuple[Rung, ...]] = {}

    def connector(self, account: str) -> Connector:
        """Return the connector of an account.

        Raises:
            UnknownAccountError: it is not configured any more.

        """
        if account not in self.connectors:
            raise UnknownAccountError(
                f"account {account} is not in the configuration; add it again, or park its effects"
            )
        return self.connectors[account]

    def route_of(self, case: Case) -> Route:
        """Return the route that the case came by, else the default route."""
        number = case.route.get("route")
        routes = self.settings.routes
        return routes[number - 1] if isinstance(number, int) and 0 < number <= len(routes) else routes[-1]

    def rules_for(self, file: CaseFile, policy: Mapping[str, Any]) -> Rules:
        """Return the rules for one case; ``policy`` is the snapshot it began under.

        Raises:
            UnknownAccountError: the account is not configured any more.

        """
        settings, case = self.settings, file.case
        capabilities = self.connector(case.account).capabilities
        route = self.route_of(case)
        approvals = settings.approval_for(case.account)
        seconds = settings.second_approvers(route, case.account)
        departments = {case.department, *case.also}
        second_channels = tuple(
            str(settings.departments[name].channel)
            for name in (route.second_approval if isinstance(route.second_approval, tuple) else ())
            if name in settings.departments
        )

        def is_colleague(member: str) -> bool:
            return (
                any(
                    name in settings.departments and member in settings.departments[name].members
                    for name in departments
                )
                or settings.is_approver(member, case.account)
                or settings.is_manager(member)
                or self._may_be_told(member, case, policy)
            )

        def fit(text: str, author: str, visibility: Visibility) -> Fitted:
            return self.fitter(file)(text, author, visibility)  # made when it is wanted, for most acts write no text

        def timing_of(clock: StepClock) -> Timing:
            calendar = self.calendars.get(clock.calendar or "") or self.calendar(clock.department, policy)
            return Timing(calendar, clock.target_seconds, self._rungs_of(file.case.policy_digest, policy, clock))

        def timing_today(step: Step, department: str) -> Timing:
            return timing_under(policy_today(), step, department)

        def timing_under(chosen: PolicyChosen, step: Step, department: str) -> Timing:
            return self.timing(step, department, chosen.digest, chosen.content, case.account)

        def policy_today() -> PolicyChosen:
            return self.policy_today(case, route)

        pauses = policy.get("pauses")
        close_after = policy.get("close_after")
        return Rules(
            is_colleague=is_colleague,
            is_approver=lambda member: settings.is_approver(member, case.account),
            is_second_approver=lambda member: member in seconds,
            is_manager=settings.is_manager,
            is_deputy=lambda member: member in settings.deputies(case.account),
            name=self.name,
            label=self.label,
            departments=self._labels,
            next_route=lambda: self._next_route(file),
            route_to=lambda name: routing.route_to(settings, name, account=case.account, network=case.network),
            fit=fit,
            timing=lambda step, department: self.timing(step, department, case.policy_digest, policy, case.account),
            timing_of=timing_of,
            timing_today=timing_today,
            policy_today=policy_today,
            policy_of=lambda match: self._policy(match.policy, Priority(match.priority), case.network),
            timing_under=timing_under,
            addressees=self._addressees.of,
            reachable=self._addressees.reachable,
            longest_pause=_LONGEST_PAUSE | (dict(pauses) if isinstance(pauses, Mapping) else {}),
            capabilities=capabilities,
            channels=self._channels,
            approval_channel=str(approvals.channel),
            managers_channel=str(settings.managers.channel) if settings.managers.channel else None,
            undo_seconds=settings.approval.undo_seconds,
            close_after_seconds=close_after if isinstance(close_after, int) else 3 * 86_400,
            four_eyes=settings.four_eyes(route),
            second_approval=tuple(sorted(seconds)),
            second_channels=second_channels,
        )

    def _may_be_told(self, member: str, case: Case, policy: Mapping[str, Any]) -> bool:
        """Tell whether a ladder may tell a member of a case though no department lists them: who is told may act.

        This is what the configuration alone says; whom Slack user groups and swaps put on call, the rows know.
        """
        settings = self.settings
        if member in settings.deputies(case.account):
            return True
        if any(entry.get("ping") == member for entry in policy.get("ladder", ())):
            return True
        department = settings.departments.get(case.department)
        rotas = {settings.approval.on_call, department.on_call if department else None}
        if any(member in rota.members for name, rota in settings.on_call.items() if name in rotas):
            return True
        managers = {department.manager for department in settings.departments.values()}
        return any(boss.manager == member for key, boss in settings.members.items() if key in managers)

    def name(self, member: str) -> str:
        """Return what people call a member; the key of one who left the configuration."""
        return self.settings.members[member].name if member in self.settings.members else member

    def label(self, department: str) -> str:
        """Return what people call a department."""
        return self.settings.departments[department].label if department in self.settings.departments else department

    def calendar(self, department: str, policy: Mapping[str, Any]) -> BusinessCalendar:
        """Return the calendar in which a policy's targets run for a department."""
        always = policy.get("hours") == "always" or department not in self.settings.departments
        calendar = ALWAYS if always else self.settings.calendar_for(department)
        return self.calendars.setdefault(calendar.version, calendar)

    def restore(self, definition: Mapping[str, Any]) -> None:
        """Know a calendar again under which clocks began that still run."""
        calendar = BusinessCalendar.from_definition(definition)
        self.calendars.setdefault(calendar.version, calendar)

    def calendar_as_kept(self, version: str, definitions: Mapping[str, Mapping[str, Any]]) -> BusinessCalendar:
        """Return a calendar by its version; ``definitions`` are those that were kept.

        Raises:
            KeyError: it is neither known nor kept.

        """
        if version not in self.calendars:
            self.restore(definitions[version])
        return self.calendars[version]

    def timing(self, step: Step, department: str, digest: str, policy: Mapping[str, Any], account: str) -> Timing:
        """Return how a clock is timed that begins under a policy snapshot; ``digest`` is the snapshot's."""
        if step is Step.REPLY_WINDOW:
            window = self.connector(account).capabilities.reply_window
            calendar, target = ALWAYS, int(window.total_seconds()) if window is not None else None
            self.calendars.setdefault(calendar.version, calendar)
        else:
            calendar, target = self.calendar(department, policy), policy.get("targets", {}).get(step.value)
        return Timing(calendar, target, self.ladder(digest, policy, step, target))

    def _rungs_of(self, digest: str, policy: Mapping[str, Any], clock: StepClock) -> tuple[Rung, ...]:
        return self.ladder(digest, policy, clock.step, clock.target_seconds)

    def ladder(self, digest: str, policy: Mapping[str, Any], step: Step, target: int | None) -> tuple[Rung, ...]:
        """Return the rungs of a step's clock under a policy snapshot; ``target`` is in seconds."""
        key = (digest, step, target)
        if key not in self._rungs:
            self._rungs[key] = rungs(policy, step, target)
        return self._rungs[key]

    def policy_today(self, case: Case, route: Route) -> PolicyChosen:
        """Return the policy of a case as the configuration has it now; of its route where its own is gone."""
        settings = self.settings
        name = case.policy if case.policy in {*settings.policies, STANDARD} else route.policy
        return self._policy(name, case.priority, case.network)

    def _policy(self, name: str, priority: Priority, network: str) -> PolicyChosen:
        settings, of = self.settings, {"priority": priority.value, "network": network}
        return PolicyChosen(name, settings.policy_digest(name, **of), settings.policy_snapshot(name, **of))

    def route(
        self, *, account: str, author: AuthorFacts, text: str, language: str | None, visibility: Visibility
    ) -> RouteMatch:
        """Return where a new post goes; the last route takes everything."""
        match = routing.route(
            self.settings,
            account=account,
            network=self.connector(account).name,
            text=text,
            language=language,
            followers=author.followers,
            visibility=visibility,
        )
        if match is None:
            raise LookupError("the last route of the configuration has a condition")
        return match

    def _next_route(self, file: CaseFile) -> RouteMatch | None:
        case = file.case
        return routing.route(
            self.settings,
            account=case.account,
            network=case.network,
            text=_all_text(file),
            language=case.language,
            followers=file.author.followers,
            visibility=case.visibility,
            declined=case.declined,
            after=case.department,
        )

    def fitter(self, file: CaseFile) -> Callable[[str, str, Visibility], Fitted]:
        """Return the function that makes an answer of this case fit its network."""
        settings, case = self.settings, file.case
        connector = self.connector(case.account)
        to = post_facts(file.mention, file.author, thread_id=case.thread_id)
        brand = settings.brand_of(case.account)
        others = [settings.brand_label(name) for name in settings.accounts if settings.brand_of(name).key != brand.key]

        def fit(text: str, author: str, visibility: Visibility) -> Fitted:
            member = settings.members.get(author)
            words = {"brand": settings.brand_label(case.account)}
            if member:
                words |= {"initials": member.initials, "name": member.name, "first_name": member.name.split()[0]}
            frame = wording.Frame(
                prefix=connector.address(to, visibility),
                signature=brand.signature.format_map(_Blank(words)).strip(),
                limit=connector.capabilities.limit,
                unit=connector.capabilities.unit,
                max_parts=connector.capabilities.max_parts,
                count=lambda whole: connector.count(whole, to=to),
            )
            found = wording.warnings(
                text,
                visibility=visibility,
                customer_language=file.mention.language or case.language or wording.language_of(file.mention.text),
                banned_phrases=settings.approval.banned_phrases,
                other_brands=dict.fromkeys(others),
            )
            return wording.fit(text, frame, found)

        return fit


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def _all_text(file: CaseFile) -> str:
    return "\n".join([file.case.subject or "", *(mention.text for mention in file.mentions)])


def author_facts(author: Author) -> AuthorFacts:
    """Return a stored customer as a connector describes one."""
    return AuthorFacts(
        author.external_id,
        author.name,
        author.handle,
        url=author.url,
        avatar_url=author.avatar_url,
        followers=author.followers,
    )


def post_facts(mention: Mention, author: Author, *, thread_id: str) -> PostFacts:
    """Return a stored post as a connector needs it for an answer."""
    return PostFacts(
        external_id=mention.external_id,
        thread_id=thread_id,
        author=author_facts(author),
        text=mention.text,
        visibility=mention.visibility,
        posted_at=mention.posted_at,
        edited_at=mention.edited_at,
        language=mention.language,
        url=mention.url,
        extra=mention.extra,
    )
