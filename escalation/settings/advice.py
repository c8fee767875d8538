"""Warnings: a configuration that works and yet probably does not do what was meant."""

import datetime as dt
from collections.abc import Collection, Iterator

from escalation.public_holidays import FROZEN_YEARS, has_half_days
from escalation.settings.calendars import holidays_of
from escalation.settings.explain import Explainer
from escalation.settings.ladder_advice import ladder_advice
from escalation.settings.positions import KeyPath
from escalation.settings.problems import Problem
from escalation.settings.rota_advice import rota_advice
from escalation.settings.sections import CLOCK_TARGETS, Department, Organisation
from escalation.settings.settings import STANDARD, Settings
from escalation.settings.spelling import nearest
from escalation.settings.values import ChannelAddress


def advice(
    settings: Settings, explainer: Explainer, networks: Collection[str], now: dt.datetime | None
) -> list[Problem]:
    """Find what is allowed but suspicious; `networks` are the names of the known connectors.

    What depends on the coming weeks is looked at where `now` is known.
    """
    found = [
        *_unreachable_members(settings, explainer),
        *_lonely_approvers(settings, explainer),
        *_long_business_days(settings, explainer),
        *_pings_for_nobody(settings, explainer),
        *ladder_advice(settings, explainer),
        *_policy_cases_without_effect(settings, explainer),
        *_unknown_networks(settings, explainer, networks),
        *_brands(settings, explainer),
        *_unused_policies(settings, explainer),
        *_dates_without_effect(settings, explainer),
        *_defaults_worth_a_look(settings, explainer),
        *rota_advice(settings, explainer, now),
    ]
    return sorted(found, key=lambda problem: problem.line)


def _unreachable_members(settings: Settings, explainer: Explainer) -> Iterator[Problem]:
    places: list[tuple[KeyPath, ChannelAddress | None, tuple[str, ...]]] = [
        (("approval", "approvers"), settings.approval.channel, settings.approval.approvers),
        (("managers", "members"), settings.managers.channel, settings.managers.members),
    ]
    for key, department in settings.departments.items():
        places.append((("departments", key, "members"), department.channel, department.members))
        if department.manager:
            places.append((("departments", key, "manager"), department.channel, (department.manager,)))
    places += [
        (("brands", key, "approval", "approvers"), brand.approval.channel, brand.approval.approvers)
        for key, brand in settings.brands.items()
    ]
    for path, channel, members in places:
        for index, name in enumerate(members):
            if channel is not None and getattr(settings.members[name], channel.surface) is None:
                label = channel.surface.capitalize()
                exact: KeyPath = (*path, index) if len(members) > 1 else path
                yield explainer.problem(
                    exact,
                    f"{name} works on a {label} channel but members.{name} has no {channel.surface} id, "
                    "so nobody can recognise or ping them there",
                )


def _lonely_approvers(settings: Settings, explainer: Explainer) -> Iterator[Problem]:
    places: list[tuple[KeyPath, tuple[str, ...]]] = [(("approval", "approvers"), settings.approval.approvers)]
    places += [
        (("brands", key, "approval", "approvers"), brand.approval.approvers)
        for key, brand in settings.brands.items()
        if brand.approval.approvers
    ]
    for path, approvers in places:
        for key, department in settings.departments.items():
            if settings.approval.four_eyes and set(approvers) == set(department.members) and len(set(approvers)) == 1:
                yield explainer.problem(
                    path,
                    f"{approvers[0]} is the only approver and the only member of departments.{key}; with four_eyes "
                    "nobody could approve what they write",
                )


def _long_business_days(settings: Settings, explainer: Explainer) -> Iterator[Problem]:
    for key, policy in settings.policies.items():
        for clock in CLOCK_TARGETS:
            written = explainer.value(("policies", key, clock))
            if policy.hours == "business" and isinstance(written, str) and "d" in written:
                yield explainer.problem(
                    ("policies", key, clock),
                    f'"{written}" counts a day as 24 opening hours, several working days; write opening hours such as '
                    '"16h", or hours = "always"',
                )


def _pings_for_nobody(settings: Settings, explainer: Explainer) -> Iterator[Problem]:
    without = [key for key, department in settings.departments.items() if department.manager is None]
    if settings.managers.members or settings.managers.channel or not settings.policies:
        return
    for key, policy in settings.policies.items():
        for index, step in enumerate(policy.ladder):
            if step.ping == "managers" or (step.ping == "manager" and without):
                reason = f"departments.{without[0]} has no manager" if step.ping == "manager" else "there are none"
                yield explainer.problem(
                    ("policies", key, "ladder", index, "ping"),
                    f"pings {step.ping}, but {reason} and [managers] is missing, so nobody hears of it",
                )
                return


def _policy_cases_without_effect(settings: Settings, explainer: Explainer) -> Iterator[Problem]:
    for key, policy in settings.policies.items():
        for index, other in enumerate(policy.when):
            if all(getattr(other, name) is None for name in CLOCK_TARGETS):
                yield explainer.problem(("policies", key, "when", index), "changes no target")


def _unknown_networks(settings: Settings, explainer: Explainer, networks: Collection[str]) -> Iterator[Problem]:
    for index, route in enumerate(settings.routes):
        for position, network in enumerate(route.networks):
            if network not in networks:
                yield explainer.problem(
                    ("routes", index, "networks", position),
                    f'no connector is called "{network}", so this may never match',
                    suggestions=nearest(network, networks),
                )


def _brands(settings: Settings, explainer: Explainer) -> Iterator[Problem]:
    used = {account.brand for account in settings.accounts.values()}
    for key, account in settings.accounts.items():
        likely = nearest(account.brand, settings.brands) if account.brand not in settings.brands else ()
        if likely:
            yield explainer.problem(
                ("accounts", key, "brand"), f"there is no section [brands.{account.brand}]", suggestions=likely
            )
        if key in settings.brands:
            yield explainer.problem(
                ("accounts", key), "is also the name of a brand; freeze and release would stop the whole brand"
            )
    for key in settings.brands:
        if key not in used:
            yield explainer.problem(("brands", key), "no account belongs to this brand")


def _unused_policies(settings: Settings, explainer: Explainer) -> Iterator[Problem]:
    used = {route.policy for route in settings.routes}
    for key in settings.policies:
        if key not in used:
            yield explainer.problem(("policies", key), "no route uses this policy")
    if STANDARD in used and STANDARD not in settings.policies:
        yield explainer.problem(
            ("routes",),
            "there is no [policies.standard], so cases of these routes have no targets and nobody is pinged",
        )


def _dates_without_effect(settings: Settings, explainer: Explainer) -> Iterator[Problem]:
    house = settings.organisation
    sections: list[tuple[KeyPath, Organisation | Department]] = [(("organisation",), house)]
    sections += [(("departments", key), department) for key, department in settings.departments.items()]
    for path, section in sections:
        if section.company_days is not None and not section.company_days.days and not section.company_days.hours:
            yield explainer.problem(
                (*path, "company_days"),
                f"{section.company_days.file} closes nothing from {FROZEN_YEARS[0]} to {FROZEN_YEARS[-1]}",
            )
        region = holidays_of(house, section if isinstance(section, Department) else None)
        if section.holiday_half_days and (region is None or not has_half_days(region)):
            reason = f"no half holidays are known for {region}" if region else "no holidays are given"
            yield explainer.problem((*path, "holiday_half_days"), f"changes nothing: {reason}")


def _defaults_worth_a_look(settings: Settings, explainer: Explainer) -> Iterator[Problem]:
    if not settings.accounts:
        yield explainer.problem(("accounts",), "there is no account, so nothing comes in")
    if not explainer.positions.written(("organisation", "public_url")):
        yield explainer.problem(
            ("organisation", "public_url"),
            f"is not given; links and webhooks use {settings.organisation.public_url}, good on this machine only",
        )
    own_hours = all(department.hours for department in settings.departments.values())
    counts_business = any(policy.hours == "business" and policy.targets for policy in settings.policies.values())
    if settings.organisation.hours is None and not own_hours and counts_business:
        yield explainer.problem(
            ("organisation", "hours"), "is not given, so business hours mean round the clock, holidays apart"
        )
