"""The configuration and the connectors, brought to bear on one case."""

from collections.abc import Callable, Mapping
from datetime import datetime

from escalation import routing, wording
from escalation.business_time import ALWAYS, BusinessCalendar
from escalation.casefile import CaseFile, Fitted, RouteMatch, Rules
from escalation.ports import AuthorFacts, Connector, PostFacts
from escalation.settings import Route, Settings
from models.case import Case
from models.mention import Author, Mention
from models.vocabulary import Step, Visibility


class UnknownAccountError(LookupError):
    """A case belongs to an account that the configuration no longer has."""


class Rulebook:
    """Settings and connectors in one place. ``connectors`` is by account name."""

    def __init__(self, settings: Settings, connectors: Mapping[str, Connector]) -> None:
        """Keep both; nothing is asked outside."""
        self.settings = settings
        self.connectors = connectors

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

    def rules_for(self, file: CaseFile, policy: Mapping[str, object]) -> Rules:
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
        calendar = self.calendar(case.department, policy)
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
            )

        def due(step: Step, start: datetime) -> datetime | None:
            targets = policy.get("targets")
            target = targets.get(step.value) if isinstance(targets, Mapping) else None
            return calendar.due(start, int(target)) if target is not None else None

        close_after = policy.get("close_after")
        return Rules(
            is_colleague=is_colleague,
            is_approver=lambda member: settings.is_approver(member, case.account),
            is_second_approver=lambda member: member in seconds,
            name=self.name,
            label=self.label,
            departments={key: department.label for key, department in settings.departments.items()},
            next_route=lambda: self._next_route(file),
            fit=self.fitter(file),
            due=due,
            calendar=calendar,
            capabilities=capabilities,
            channels={key: str(department.channel) for key, department in settings.departments.items()},
            approval_channel=str(approvals.channel),
            undo_seconds=settings.approval.undo_seconds,
            close_after_seconds=close_after if isinstance(close_after, int) else 3 * 86_400,
            four_eyes=settings.four_eyes(route),
            second_approval=tuple(sorted(seconds)),
            second_channels=second_channels,
        )

    def name(self, member: str) -> str:
        """Return what people call a member; the key of one who left the configuration."""
        return self.settings.members[member].name if member in self.settings.members else member

    def label(self, department: str) -> str:
        """Return what people call a department."""
        return self.settings.departments[department].label if department in self.settings.departments else department

    def calendar(self, department: str, policy: Mapping[str, object]) -> BusinessCalendar:
        """Return the calendar in which a policy's targets run for a department."""
        if policy.get("hours") == "always" or department not in self.settings.departments:
            return ALWAYS
        return self.settings.calendar_for(department)

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
