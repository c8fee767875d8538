"""Warnings about ladders: rungs that reach nobody, and repetitions that a later rung cuts short."""

from collections.abc import Iterator

from escalation.quantities import duration_text
from escalation.settings.explain import Explainer
from escalation.settings.problems import Problem
from escalation.settings.rota_advice import on_call_clocks
from escalation.settings.sections import LadderStep, Policy, Route
from escalation.settings.settings import Settings


def ladder_advice(settings: Settings, explainer: Explainer) -> Iterator[Problem]:
    """Find what is allowed but suspicious about ladders."""
    yield from _rungs_that_reach_nobody(settings, explainer)
    yield from _repetitions_cut_short(settings, explainer)


def _rungs_that_reach_nobody(settings: Settings, explainer: Explainer) -> Iterator[Problem]:
    """Find rungs whose role has nobody, so that they go to the next one."""
    for key, policy in settings.policies.items():
        for index, step in enumerate(policy.ladder):
            match step.ping:
                case "on_call":
                    reason = _nobody_on_call(settings, policy, step)
                case "deputy":
                    reason = _nobody_deputises(settings, policy)
                case "managers_manager":
                    reason = _nobody_above(settings)
                case _:
                    reason = None
            if reason:
                yield explainer.problem(
                    ("policies", key, "ladder", index, "ping"),
                    f"pings {step.ping}, but {reason}; it goes to whom the next step of the ladder means",
                )


def _nobody_on_call(settings: Settings, policy: Policy, step: LadderStep) -> str | None:
    """Say why a rung finds nobody on call: a route by which its policy comes to a department without a rota."""
    if not settings.approval.on_call and not any(own.on_call for own in settings.departments.values()):
        return "no department has on_call, so nobody ever is"
    if not on_call_clocks(settings, policy, step, rota_of="departments"):
        return None
    for number, route in enumerate(settings.routes, start=1):
        if route.policy == policy.key and not settings.departments[route.department].on_call:
            return (
                f"departments.{route.department}, to which route no. {number} leads, has no on_call, so nobody there "
                "ever is"
            )
    return None


def _nobody_deputises(settings: Settings, policy: Policy) -> str | None:
    """Say why a rung finds no deputy: an account whose cases come by the policy has none."""
    brands = settings.brands.values()
    if not settings.approval.deputies and not any(brand.approval.deputies for brand in brands):
        return "[approval] has no deputies"
    routes = [route for route in settings.routes if route.policy == policy.key]
    for account in settings.accounts:
        if settings.named_deputies(account) or not any(_takes(route, account, settings) for route in routes):
            continue
        brand = settings.brand_of(account)
        if brand.approval.approvers:
            return f"brands.{brand.key} has approvers of its own and no deputies"
        return f"[approval] has no deputies, for {account}"
    return None


def _takes(route: Route, account: str, settings: Settings) -> bool:
    """Tell whether a route may take cases of an account."""
    network = settings.accounts[account].connector
    return account in (route.accounts or (account,)) and network in (route.networks or (network,))


def _nobody_above(settings: Settings) -> str | None:
    managers = (settings.members.get(own.manager) for own in settings.departments.values() if own.manager)
    if any(manager is not None and manager.manager for manager in managers):
        return None
    return "no department's manager has a manager in [members]"


def _repetitions_cut_short(settings: Settings, explainer: Explainer) -> Iterator[Problem]:
    """Find rungs that a later one ends before they were repeated as often as the file says."""
    for key, policy in settings.policies.items():
        for index, step in enumerate(policy.ladder):
            cut = min(_cuts(policy, step), key=lambda one: one[0], default=None)
            if cut is None or not step.repeat_every:
                continue
            left, later = cut
            few = f"only {left} come" if left > 1 else "only 1 comes" if left else "none comes"
            wanted, every = step.repeats or 1, duration_text(step.repeat_every)
            yield explainer.problem(
                ("policies", key, "ladder", index, "repeats" if step.repeats else "repeat_every"),
                f"is cut short: of {wanted} repetition{'s' if wanted > 1 else ''} every {every} {few} before the step "
                f'at "{later.at}", which ends them',
            )


def _cuts(policy: Policy, step: LadderStep) -> Iterator[tuple[int, LadderStep]]:
    """Yield how many repetitions of a rung are left, and by which later rung, for each target that cuts them short."""
    every, wanted = step.repeat_every, step.repeats or 1
    if not every:
        return
    promised = [*policy.targets.items(), *(promise for other in policy.when for promise in other.targets.items())]
    for clock, target in promised:
        if step.steps and clock not in step.steps:
            continue
        first = step.at.seconds(target)
        others = [other for other in policy.ladder if not other.steps or clock in other.steps]
        later = min(
            (other for other in others if other.at.seconds(target) > first),
            key=lambda other: other.at.seconds(target),
            default=None,
        )
        if later is not None and (left := (later.at.seconds(target) - first - 1) // every) < wanted:
            yield left, later
