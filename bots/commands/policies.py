"""``policy list`` and ``policy preview``: what is promised, and what would come of a case that nobody touches.

Both work from the configuration alone: no database, no secret, nobody outside.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Annotated, Any, Final

import typer

from bots.clock import SystemClock
from bots.commands.clock_facts import clock_facts
from bots.commands.command import USAGE, HouseCommand, Refused
from bots.commands.configuration import known_name, read_alone
from bots.commands.options import DEFAULT_FILE, ConfigOption, JsonOption
from bots.printing import line, show_json, table, visible
from connectors import registry
from escalation.business_time import zone
from escalation.cards import route_reason
from escalation.casefile import RouteMatch
from escalation.explanation_views import hours, policy_cases
from escalation.foretelling import ToCome
from escalation.hearing_words import reached_words, rung_words
from escalation.language import Reader, Sentence, joined, say
from escalation.on_call import Duty
from escalation.ports import AuthorFacts
from escalation.previewing import Foreseen, Preview, Supposed, is_for_the_claimer, preview
from escalation.quantities import duration_text
from escalation.routing import route_to
from escalation.rulebook import Rulebook
from escalation.settings import STANDARD, Policy, Settings
from escalation.settings.sections import PolicyCase
from escalation.steps import STEP_LABELS
from escalation.time_words import skipped, sum_of
from escalation.wording import language_of
from models.vocabulary import PingKind, Priority, Visibility

_CLAIMER: Final = say("whoever has claimed it")


def list_(config: ConfigOption = DEFAULT_FILE, json: JsonOption = False) -> None:
    """List the policies: what each promises, in which hours, who hears of it, and which routes choose it."""
    settings = read_alone(config)
    names = [*([] if STANDARD in settings.policies else [STANDARD]), *settings.policies]
    if json:
        show_json([_policy_facts(settings, name) for name in names])
        return
    rows: list[tuple[str, ...]] = []
    for name in names:
        policy = settings.policy(name)
        routes = ", ".join(map(str, _routes(settings, name))) or "none"
        rows.append((name, policy.hours, _targets(policy.targets), _ladder(policy), routes))
        rows += [
            ("", "", f"for {policy_cases(_when(entry))}: {_targets(entry.targets)}", "", "") for entry in policy.when
        ]
    table(("policy", "hours", "targets", "ladder", "routes"), rows, whole=("policy", "hours", "routes"))


def preview_(
    config: ConfigOption = DEFAULT_FILE,
    received: Annotated[
        str | None,
        typer.Option(
            "--received",
            metavar="TIME",
            help="When the case arrives: 2026-03-02T16:20, with an offset or in the organisation's zone; 16:20 is "
            "today. Now, unless given.",
        ),
    ] = None,
    department: Annotated[
        str | None, typer.Option("--department", help="The department it goes to, by the first route that leads there.")
    ] = None,
    text: Annotated[str | None, typer.Option("--text", help="What the customer writes; the routes decide.")] = None,
    account: Annotated[str | None, typer.Option("--account", help="The account it comes to; else the first.")] = None,
    priority: Annotated[
        Priority | None, typer.Option("--priority", help="How urgent it is; else what the route says.")
    ] = None,
    network: Annotated[
        str | None, typer.Option("--network", help="The network it comes from, by the first account there.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show what would come of a case if nobody did anything: what is due when, and whom it would reach."""
    settings, clock = read_alone(config), SystemClock()
    if department is not None and text is not None:
        raise Refused("give --department or --text; with a text the routes choose the department", code=USAGE)
    known_name("department", department, settings.departments)
    timezone = settings.organisation.timezone
    at = clock.now() if received is None else moment_of(received, timezone, clock.now())
    chosen = _account(settings, account, network)
    kinds = registry()
    connectors = {
        name: kinds[one.connector](name, one.settings, clock=clock) for name, one in settings.accounts.items()
    }
    rulebook = Rulebook(settings, connectors)
    able = connectors[chosen].capabilities
    visibility = Visibility.PUBLIC if Visibility.PUBLIC in able.visibilities else Visibility.PRIVATE
    match = _match(rulebook, chosen, department, text or "", visibility)
    if priority is not None:
        match = replace(match, priority=priority.value)
    supposed = Supposed(chosen, match, at, text or "", visibility)
    try:
        seen = preview(rulebook, supposed, Duty.of_configuration(settings.rotas))
    except ValueError as error:  # a calendar that never opens, or a year that no calendar knows
        raise Refused(str(error)) from error
    except OverflowError as error:
        raise Refused(f"{received} is too near to the end of the year 9999") from error
    if json:
        show_json(_facts(seen, supposed, timezone))
    else:
        _print(seen, supposed, timezone, by_text=department is None)


def moment_of(text: str, timezone: str, now: datetime) -> datetime:
    """Return the moment (UTC) that somebody wrote: ISO 8601, or a time of today; local in ``timezone`` without offset.

    Raises:
        Refused: it is neither.

    """
    local, written = zone(timezone), text.strip()
    for read in (
        datetime.fromisoformat,
        lambda of_day: datetime.combine(now.astimezone(local), time.fromisoformat(of_day)),
    ):
        try:
            found = read(written)
            return (found if found.tzinfo is not None else found.replace(tzinfo=local)).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    raise Refused(
        f"“{text}” is no time; write 2026-03-02T16:20 (local in {timezone}), 2026-03-02T16:20Z, or 16:20 for today",
        code=USAGE,
    )


def _account(settings: Settings, account: str | None, network: str | None) -> str:
    """Return the account that a case comes to: the one named, else the first one on the network. Raises ``Refused``."""
    accounts = settings.accounts
    if not accounts:
        raise Refused("there is no account in the configuration that a case could come to; add [accounts.NAME]")
    known_name("account", account, accounts)
    known_name("network", network, dict.fromkeys(one.connector for one in accounts.values()))
    if account is not None and network is not None and accounts[account].connector != network:
        raise Refused(f"{account} is an account on {accounts[account].connector}, not on {network}", code=USAGE)
    fitting = [name for name, one in accounts.items() if network in {None, one.connector}]
    return account or fitting[0]


def _match(rulebook: Rulebook, account: str, department: str | None, text: str, visibility: Visibility) -> RouteMatch:
    if department is None:
        author = AuthorFacts("preview", "", "")
        return rulebook.route(
            account=account, author=author, text=text, language=language_of(text), visibility=visibility
        )
    network = rulebook.connector(account).name
    found = route_to(rulebook.settings, department, account=account, network=network)
    if found is not None:
        return found
    default = rulebook.settings.routes[-1]
    return RouteMatch(department, (), default.policy, default.priority, {"by": "hand"})


# --- for programs -----------------------------------------------------------------------------------------------------


def _facts(seen: Preview, supposed: Supposed, timezone: str) -> dict[str, Any]:
    match = supposed.match
    return {
        "received_at": supposed.at,
        "timezone": timezone,
        "account": supposed.account,
        "network": seen.file.case.network,
        "department": match.department,
        "priority": match.priority,
        "policy": seen.policy.name,
        "route": dict(match.reason),
        "clocks": [_clock_facts(one) for one in seen.clocks],
    }


def _clock_facts(one: Foreseen) -> dict[str, Any]:
    told = {"counted", "counted_seconds", "adjusted_seconds", "pauses", "goes_on_at", "due_today", "muted_by", "told"}
    facts = {name: value for name, value in clock_facts(one.explained).items() if name not in told}
    return facts | {"begins": str(one.begins) if one.begins is not None else None}


def _policy_facts(settings: Settings, name: str) -> dict[str, Any]:
    policy, snapshot = settings.policy(name), settings.policy_snapshot(name)
    return {
        "name": name,
        "hours": policy.hours,
        "targets": dict(policy.targets),
        "when": [{**_when(entry), "targets": dict(entry.targets)} for entry in policy.when],
        "ladder": snapshot["ladder"],
        "claims": snapshot["claims"],
        "routes": _routes(settings, name),
    }


# --- for people -------------------------------------------------------------------------------------------------------


def _print(seen: Preview, supposed: Supposed, timezone: str, *, by_text: bool) -> None:
    reader, match = Reader(timezone=timezone, now=supposed.at), supposed.match
    department = seen.rules.label(match.department)
    arrives = supposed.at.astimezone(zone(timezone)).strftime("%Y-%m-%d %H:%M")
    line(f"A case that {supposed.account} receives {arrives} ({timezone}), if nobody does anything.")
    if "route" not in match.reason:
        line(visible(f"No route leads to {department}; cases come there by hand, with the policy that they have."))
    elif by_text:
        line(visible(f"Route no. {match.reason['route']}: {reader.read(route_reason(match.reason, department))}"))
    else:
        line(visible(f"Route no. {match.reason['route']} leads to {department}."))
    when = seen.policy.content.get("when")
    line(f"Policy {seen.policy.name}{f', for {policy_cases(when)}' if when else ''}; priority {match.priority}.")
    if any(event.rung.role == "on_call" for one in seen.clocks for event in one.explained.to_come):
        line("On call: as the configuration has it; swaps and overrides in the database are not looked at.")
    for counts in dict.fromkeys(reader.read(hours(one.explained, seen.rules)) for one in seen.clocks):
        line(visible(f"Counted: {counts}."))
    line()
    table(("when", "step", "what", "to whom"), list(_rows(seen, reader)), whole=("when",))
    latest = max(seen.clocks, key=lambda one: len(one.explained.skipped), default=None)
    for number, sentence in enumerate(skipped(latest.explained.skipped) if latest is not None else ()):
        if not number:
            line()
        line(visible(f"Skipped: {reader.read(sentence)}"))


def _rows(seen: Preview, reader: Reader) -> Iterator[tuple[str, str, str, str]]:
    """Yield what happens by itself in the order of time, then what follows when somebody begins a step."""
    by_itself = [event for one in seen.clocks if one.begins is None for event in _events(one, seen)]
    begun = [sorted(_events(one, seen), key=_when_due) for one in seen.clocks if one.begins is not None]
    for event in (*sorted(by_itself, key=_when_due), *(event for group in begun for event in group)):
        yield (
            reader.time(event.at) if event.at is not None else "",
            reader.read(event.step),
            reader.read(event.what),
            reader.read(event.whom) if event.whom is not None else "",
        )


@dataclass(frozen=True)
class _Event:
    at: datetime | None
    step: Sentence
    what: Sentence
    whom: Sentence | None = None


def _when_due(event: _Event) -> datetime:
    return event.at if event.at is not None else datetime.max.replace(tzinfo=UTC)


def _events(one: Foreseen, seen: Preview) -> Iterator[_Event]:
    explained = one.explained
    step = STEP_LABELS[explained.clock.step]
    if one.begins is not None:
        step = joined([step, one.begins], ", ")
    target = explained.clock.target_seconds
    if explained.due_at is None or target is None:
        yield _Event(None, step, say("no target"))
    else:
        due = say("due: {sum}", sum=sum_of(target, explained.until_due))
        told = [event for event in explained.to_come if _is_the_due(event)]
        yield _Event(explained.due_at, step, due, _whom(told, one, seen) if told else None)
    for event in explained.to_come:
        if not _is_the_due(event):
            yield _Event(event.at, step, rung_words(event.rung, target), _whom([event], one, seen))


def _is_the_due(event: ToCome) -> bool:
    """Tell whether an event is that the target passes, which stands in the line of the due time."""
    return event.rung.kind in {PingKind.BREACH, PingKind.WINDOW_CLOSED} and not event.rung.repeat


def _whom(events: Sequence[ToCome], one: Foreseen, seen: Preview) -> Sentence:
    """Return whom events at one moment reach together, each place once."""
    known = [event for event in events if not is_for_the_claimer(one.explained.clock.step, event.rung.role)]
    reached = {where.channel: where for event in known for where in event.reached}
    words = [reached_words(tuple(reached.values()), seen.rules)] if reached or len(known) == len(events) else []
    return joined([*([_CLAIMER] if len(known) < len(events) else ()), *words], ", ")


def _targets(targets: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {duration_text(seconds)}" for name, seconds in targets.items()) or "nothing"


def _ladder(policy: Policy) -> str:
    return ", ".join(f"{step.at} {step.ping}" for step in policy.ladder) or "nobody"


def _routes(settings: Settings, policy: str) -> list[int]:
    return [number for number, route in enumerate(settings.routes, start=1) if route.policy == policy]


def _when(entry: PolicyCase) -> dict[str, Any]:
    return {"priorities": list(entry.priorities), "networks": list(entry.networks)}


def register(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(help="What is promised, and what would come of it.", no_args_is_help=True)
    group.command("list", cls=HouseCommand)(list_)
    group.command("preview", cls=HouseCommand)(preview_)
    app.add_typer(group, name="policy")
