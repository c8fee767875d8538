"""The whole configuration as one frozen value, with the questions that the rest of the product asks it."""

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from pydantic import Field, PrivateAttr, SerializeAsAny, model_validator

from escalation.business_time import ALWAYS, BusinessCalendar
from escalation.on_call import Rota
from escalation.settings.calendars import calendar_of
from escalation.settings.problems import Problem
from escalation.settings.rotas import OnCallRota
from escalation.settings.sections import (
    Account,
    Approval,
    Brand,
    Chat,
    Database,
    Department,
    Managers,
    Member,
    NamedSection,
    Organisation,
    Policy,
    Route,
    Section,
    Watching,
)
from escalation.settings.values import ChannelAddress

STANDARD: Final = "standard"
"""Give the policy of routes that name none; without a section of its own it promises nothing."""

HOUSE_BRAND: Final = "organisation"
"""The brand of accounts that name none, unless the file has exactly one; labelled with the organisation's name."""


@dataclass(frozen=True, slots=True)
class ApprovalChannel:
    """Where the drafts of one account are decided, and the keys of the members who may decide."""

    channel: ChannelAddress
    approvers: tuple[str, ...]


class Settings(Section, title="Portavoce configuration"):
    """`portavoce.toml`, checked. Keys of mappings are the names in the section headers."""

    organisation: Organisation
    database: Database = Field(default_factory=Database)
    chat: Chat = Chat()
    members: Mapping[str, Member]
    departments: Mapping[str, Department]
    approval: Approval
    managers: Managers = Managers()
    watch: Watching = Watching()
    routes: tuple[Route, ...]
    policies: Mapping[str, Policy] = {}
    on_call: Mapping[str, OnCallRota] = {}
    brands: Mapping[str, Brand] = {}
    accounts: Mapping[str, SerializeAsAny[Account]] = {}

    _warnings: tuple[Problem, ...] = PrivateAttr(default=())
    _calendars: dict[str, tuple[Department, Organisation, BusinessCalendar]] = PrivateAttr(default_factory=dict)
    _by_slack: dict[str, Member] = PrivateAttr(default_factory=dict)
    _by_teams: dict[str, Member] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _index(self) -> Self:
        named: tuple[Mapping[str, NamedSection], ...] = (
            self.members,
            self.departments,
            self.policies,
            self.on_call,
            self.brands,
            self.accounts,
        )
        for sections in named:
            for key, section in sections.items():
                section._key = key  # noqa: SLF001 - a section learns its name from the mapping it stands in
        self._by_slack = {member.slack: member for member in self.members.values() if member.slack}
        self._by_teams = {member.teams: member for member in self.members.values() if member.teams}
        return self

    def with_warnings(self, warnings: Iterable[Problem]) -> Self:
        """Give the same settings with what the loader found suspicious."""
        self._warnings = tuple(warnings)
        return self

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is allowed and yet probably not meant, in the order of the file."""
        return self._warnings

    @property
    def default_department(self) -> Department:
        """The department of the last route, which takes everything that no other route took."""
        return self.departments[self.routes[-1].department]

    def member_by_slack(self, user_id: str) -> Member | None:
        """Give the member with this Slack user id."""
        return self._by_slack.get(user_id)

    def member_by_teams(self, user_id: str) -> Member | None:
        """Give the member with this Teams id."""
        return self._by_teams.get(user_id)

    def departments_of(self, member: str) -> tuple[Department, ...]:
        """Every department that lists this member (a key), in the order of the file."""
        return tuple(department for department in self.departments.values() if member in department.members)

    def department_of(self, member: str) -> Department | None:
        """Give the first department that lists this member (a key)."""
        return next(iter(self.departments_of(member)), None)

    def brand_of(self, account: str) -> Brand:
        """Give the brand of an account; one without a section of its own is labelled with the brand's name."""
        name = self.accounts[account].brand
        return self.brands.get(name) or _implied_brand(name, self.organisation.name if name == HOUSE_BRAND else name)

    def brand_label(self, account: str) -> str:
        """Say what the customer calls the brand of an account."""
        brand = self.brand_of(account)
        return brand.label or brand.key

    def approval_for(self, account: str) -> ApprovalChannel:
        """Channel and approvers of the account's brand, of [approval] where the brand has none."""
        own = self.brand_of(account).approval
        return ApprovalChannel(own.channel or self.approval.channel, own.approvers or self.approval.approvers)

    def unknown_after(self, account: str) -> int:
        """Seconds to wait before an unknown outcome of this account is looked up."""
        own = self.accounts[account].unknown_after
        return self.approval.unknown_after if own is None else own

    def is_approver(self, member: str, account: str) -> bool:
        """Say whether this member (a key) may approve replies of this account."""
        return member in self.approval_for(account).approvers

    def is_manager(self, member: str) -> bool:
        """Say whether this member (a key) stands in [managers] or manages a department."""
        return member in self.managers.members or any(
            department.manager == member for department in self.departments.values()
        )

    def four_eyes(self, route: Route) -> bool:
        """Say whether the author of a draft on this route may not approve it."""
        return self.approval.four_eyes if route.four_eyes is None else route.four_eyes

    def second_approvers(self, route: Route, account: str) -> frozenset[str]:
        """Members (keys) of whom one must approve as well; empty when the route asks for no second approval."""
        if route.second_approval is False:
            return frozenset()
        if route.second_approval is True:
            return frozenset(self.approval_for(account).approvers)
        names: set[str] = set()
        for name in route.second_approval:
            names.update(self.departments[name].members if name in self.departments else (name,))
        return frozenset(names)

    def policy(self, name: str = STANDARD) -> Policy:
        """Give the policy of this name; `standard` exists even when the file has none. `KeyError` for another name."""
        if name == STANDARD and STANDARD not in self.policies:
            return _implied_policy()
        return self.policies[name]

    def language_of(self, member: str) -> str:
        """Give the language in which a member (a key) reads our sentences."""
        return self.members[member].language or self.organisation.language

    def timezone_of(self, member: str) -> str:
        """Give the zone in which a member (a key) reads our times."""
        return self.members[member].timezone or self.organisation.timezone

    def calendar_for(self, department: str) -> BusinessCalendar:
        """Give the business calendar of a department (a key): its own hours and zone, else the organisation's."""
        own, house = self.departments[department], self.organisation
        made = self._calendars.get(department)
        if made is None or made[0] is not own or made[1] is not house:  # a copy of the settings may have others
            made = self._calendars[department] = own, house, calendar_of(house, own)
        return made[2]

    @functools.cached_property
    def calendar_of_the_house(self) -> BusinessCalendar:
        """The business calendar of the organisation."""
        return calendar_of(self.organisation)

    def calendar_of_policy(self, policy: str, department: str) -> BusinessCalendar:
        """Give the calendar in which a policy's targets run for a department: its hours, or round the clock."""
        return ALWAYS if self.policy(policy).hours == "always" else self.calendar_for(department)

    def deputies(self, account: str) -> frozenset[str]:
        """Members (keys) who may approve replies of this account once the ladder has called for a deputy."""
        return frozenset(self.named_deputies(account)) - frozenset(self.approval_for(account).approvers)

    def named_deputies(self, account: str) -> tuple[str, ...]:
        """Give the deputies of the account's brand; those of [approval] where it names neither these nor approvers."""
        own = self.brand_of(account).approval
        return own.deputies if own.approvers or own.deputies else self.approval.deputies

    @functools.cached_property
    def rotas(self) -> Mapping[str, Rota]:
        """Every rota, ready to be asked who is on duty, by its name."""
        return {name: rota.compiled(self.organisation.timezone) for name, rota in self.on_call.items()}

    def policy_snapshot(self, name: str = STANDARD, *, priority: str = "normal", network: str = "") -> dict[str, Any]:
        """Make a JSON-able copy of a policy as it holds for a case (lengths in seconds), to be kept with the case."""
        return _snapshot(self.policy(name), name, priority, network)[0]

    def policy_digest(self, name: str = STANDARD, *, priority: str = "normal", network: str = "") -> str:
        """SHA-256 in hex of the canonical JSON of the snapshot: equal exactly when the policies are."""
        return _snapshot(self.policy(name), name, priority, network)[1]


@functools.cache
def _implied_brand(name: str, label: str) -> Brand:
    brand = Brand(label=label)
    brand._key = name  # noqa: SLF001 - as for written brands
    return brand


@functools.cache
def _implied_policy() -> Policy:
    policy = Policy()
    policy._key = STANDARD  # noqa: SLF001 - as for written policies
    return policy


@functools.lru_cache(maxsize=1_000)
def _snapshot(policy: Policy, name: str, priority: str, network: str) -> tuple[dict[str, Any], str]:
    content = {
        "name": name,
        "targets": dict(policy.targets_for(priority, network)),
        "hours": policy.hours,
        "close_after": policy.close_after,
        "ladder": [
            {
                "percent": step.at.percent,
                "after_seconds": step.at.after_seconds,
                "ping": step.ping,
                "steps": list(step.steps),
                "repeat_seconds": step.repeat_every,
                "repeats": step.repeats or (1 if step.repeat_every else 0),
                "page_anyway": step.page_anyway,
                "hold_until_duty": step.hold_until_duty,
            }
            for step in policy.ladder
        ],
        "claims": {"remind": policy.remind_claim, "release": policy.release_claim},
        "last_chance": policy.last_chance,
        "pauses": {"snoozed": policy.longest_snooze, "waiting_customer": policy.longest_wait},
    }
    if (entry := policy.entry_for(priority, network)) is not None:  # so that it can be told why a target is what it is
        content["when"] = {
            "priorities": list(entry.priorities),
            "networks": list(entry.networks),
            "targets": sorted(entry.targets),
        }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return content, hashlib.sha256(text.encode()).hexdigest()
