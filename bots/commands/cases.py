"""``case list``, ``case show``, ``case explain``: reading only, beside whatever process works."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from bots.commands import recomputing
from bots.commands.clock_facts import clock_facts, print_clock
from bots.commands.command import HouseCommand
from bots.commands.configuration import known_name
from bots.commands.facts import case_facts, effect_facts, whole_case_facts
from bots.commands.options import DEFAULT_FILE, ConfigOption, JsonOption, LimitOption
from bots.commands.storage import SHORT_ID, Opened, find_case, opened
from bots.printing import day_moment, line, moment, short_moment, show_json, span, table, visible
from connectors import registry
from escalation.called import duty_at
from escalation.cards import Shown, details_view, draft_reason, journal_line, route_reason, status, timer_line
from escalation.case_records import read_record
from escalation.casefile import CaseFile
from escalation.desk import case_file
from escalation.explaining import CaseRecord, ClockExplained
from escalation.explaining import explain as explain_clocks
from escalation.explanation_views import clock_view, policy_lines
from escalation.language import Reader
from escalation.rulebook import UnknownAccountError
from escalation.views import ClockView
from models.case import JournalEntry
from models.outbox import Attempt
from models.vocabulary import CaseState

CaseArgument = Annotated[
    str, typer.Argument(help="The case's id, or the end of it (at least four characters).", metavar="ID")
]


def list_(
    config: ConfigOption = DEFAULT_FILE,
    state: Annotated[
        list[CaseState] | None, typer.Option("--state", help="Only in this state; may be given several times.")
    ] = None,
    department: Annotated[str | None, typer.Option("--department", help="Only of this department.")] = None,
    account: Annotated[str | None, typer.Option("--account", help="Only of this account.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Only of this member.")] = None,
    limit: LimitOption = 100,
    json: JsonOption = False,
) -> None:
    """List cases, newest first. Times are UTC."""
    files = asyncio.run(_list(config, states=state, department=department, account=account, owner=owner, limit=limit))
    if json:
        show_json([case_facts(file) for file in files])
        return
    rows = []
    for file in files:
        due = min(case_facts(file)["due"].items(), key=lambda item: item[1], default=None)
        case = file.case
        rows.append(
            (
                case.id[-SHORT_ID:],
                case.state.value,
                case.account,
                case.department,
                case.owner or "",
                short_moment(case.received_at),
                f"{short_moment(due[1])} {due[0]}" if due else "",
            )
        )
    if rows:
        table(("case", "state", "account", "department", "owner", "received", "due"), rows, whole=("case", "state"))
    else:
        line("There is no such case." if state or department or account or owner else "There is no case yet.")


def show(case: CaseArgument, config: ConfigOption = DEFAULT_FILE, json: JsonOption = False) -> None:
    """Show one case: where it stands, its step times, its messages and every version of the answer."""
    found = asyncio.run(_explained(config, case))
    file = found.record.file
    if json:
        show_json(whole_case_facts(file))
        return
    reader = Reader(timezone=found.timezone)
    line(f"{file.case.id}  {file.case.state.value}  {reader.read(status(file, found.shown))}")
    department = found.shown.label(file.case.department)
    line(f"{visible(file.author.name)} on {found.shown.network} ({file.case.account}), to {department}")
    facts = case_facts(file)
    rows = [
        (
            step,
            day_moment(times["started_at"]),
            day_moment(times["ended_at"]) or "running",
            span(times["wall_seconds"]),
            span(times["business_seconds"]),
            short_moment(facts["due"].get(step)),
        )
        for step, times in facts["steps"].items()
    ]
    line()
    table(
        ("step", "started (UTC)", "ended (UTC)", "took", "in hours", "due"),
        rows,
        whole=("step", "started (UTC)", "ended (UTC)"),
    )
    for mention in file.mentions:
        line(f"\n{visible(file.author.name)}, {moment(mention.posted_at)}{' (deleted)' if mention.deleted_at else ''}:")
        _quote(mention.text)
    for draft in file.drafts:
        decided = f", {draft.state.value} by {draft.decided_by}" if draft.decided_by else f", {draft.state.value}"
        reason = f": {visible(str(told))}" if (told := draft_reason(draft)) else ""
        line(f"\nAnswer no. {draft.version} by {draft.author}{decided}{reason}")
        for part in draft.parts:
            _quote(part)


def explain(case: CaseArgument, config: ConfigOption = DEFAULT_FILE, json: JsonOption = False) -> None:
    """Explain one case: why it came here, what happened and by whom, what is due and why, every timer and effect.

    For each clock: which rule set its target, what counted, pauses, days skipped, what is to come and who has heard.
    """
    found = asyncio.run(_explained(config, case))
    record = found.record
    file, reader = record.file, Reader(timezone=found.timezone, now=found.shown.now)
    details = details_view(file, record.journal, record.effects, found.shown)
    route = reader.read(route_reason(file.case.route, found.shown.label(file.case.department)))
    reasons = [reader.read(reason) for reason in details.reasons]
    tries: dict[str, list[Attempt]] = {}
    for attempt in found.attempts:
        tries.setdefault(attempt.effect_id, []).append(attempt)
    if json:
        events = [
            {**_entry_facts(entry), "sentence": str(journal_line(entry, found.shown))} for entry in record.journal
        ]
        effects = [effect_facts(effect, tries.get(effect.id, [])) for effect in record.effects]
        timers = [
            {"kind": timer.kind.value, "due_at": timer.due_at, "sentence": str(timer_line(timer))}
            for timer in record.timers
        ]
        show_json(
            {
                **case_facts(file),
                "route": route,
                "events": events,
                "reasons": reasons,
                "clocks": [clock_facts(clock) for clock in found.clocks],
                "timers": timers,
                "effects": effects,
            }
        )
        return
    line(f"{file.case.id}  {file.case.state.value}  {reader.read(status(file, found.shown))}")
    line(route)
    for sentence in policy_lines(record, found.shown):
        line(visible(reader.read(sentence)))
    line(f"Times below are in {found.timezone}.")
    line()
    rows = [
        (
            reader.time(entry.at),
            found.shown.name(entry.actor),
            reader.read(journal_line(entry, found.shown)),
            f"{entry.from_state.value} -> {entry.to_state.value}" if entry.from_state else entry.to_state.value,
        )
        for entry in record.journal
    ]
    table(("when", "who", "what", "state"), rows)
    if reasons:
        line()
    for reason in reasons:
        line(visible(reason))
    if found.unexplained:
        line(f"\n{found.unexplained}, so its clocks cannot be explained.")
    for view in found.views:
        print_clock(view, reader)
    if record.timers:
        line()
        to_come = [(reader.time(timer.due_at), reader.read(timer_line(timer))) for timer in record.timers]
        table(("timer due", "what will happen"), to_come, whole=("timer due",))
    line()
    table(
        ("effect", "kind", "state", "to", "tries", "reason"),
        [(e.id[-SHORT_ID:], e.kind.value, e.state.value, e.target, e.attempts, e.reason or "") for e in record.effects],
    )


class _Explained:
    """Everything about one case, read in one transaction.

    ``unexplained``: why nothing can be said about its clocks.
    """

    def __init__(self, here: Opened, record: CaseRecord) -> None:
        self.record = record
        self.timezone = here.settings.organisation.timezone
        self.attempts: list[Attempt] = []
        self.clocks: tuple[ClockExplained, ...] = ()
        self.views: list[ClockView] = []
        self.unexplained = ""
        case, rulebook = record.file.case, here.desk.rulebook
        label = next((kind.label for name, kind in registry().items() if name == case.network), case.network)
        known = case.account in rulebook.connectors
        self.shown = Shown(
            name=rulebook.name,
            label=rulebook.label,
            network=label,
            brand=here.settings.brand_label(case.account) if known else case.account,
            capabilities=rulebook.connectors[case.account].capabilities if known else None,  # type: ignore[arg-type]
            count=len,
            now=here.clock.now(),
        )


async def _explained(config: Path, name: str) -> _Explained:
    async with opened(config) as here, here.database.read() as tx:
        case_id = await find_case(tx, name)
        file = case_file((await tx.cases.read([case_id]))[case_id])
        found = _Explained(here, await read_record(tx, here.desk, file))
        found.attempts = list(await tx.cases.attempts(file.case.id))
        try:
            rules = await here.desk.rules(tx, file)
        except UnknownAccountError:
            found.unexplained = f"The account {file.case.account} is not in the configuration any more"
            return found
        duty = await duty_at(tx, here.settings, found.shown.now)
        found.clocks = explain_clocks(found.record, rules, duty, found.shown.now)
        found.views = [clock_view(clock, rules, found.shown.now) for clock in found.clocks]
        return found


async def _list(config: Path, *, states: list[CaseState] | None, **filters: Any) -> list[CaseFile]:
    async with opened(config) as here:
        for option, names in (("department", here.settings.departments), ("owner", here.settings.members)):
            known_name(option, filters[option], names)  # a typo would look like an empty list
        async with here.database.read() as tx:
            ids = await tx.cases.list(states=states or None, **filters)
            rows = await tx.cases.read(ids)
    return [case_file(rows[case_id]) for case_id in ids]


def _entry_facts(entry: JournalEntry) -> dict[str, Any]:
    return {
        "at": entry.at,
        "actor": entry.actor,
        "act": entry.act,
        "from": entry.from_state.value if entry.from_state else None,
        "to": entry.to_state.value,
        "details": entry.details,
    }


def _quote(text: str) -> None:
    for row in text.splitlines() or [""]:
        line(f"  | {visible(row)}")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(help="Look at cases.", no_args_is_help=True)
    group.command("list", cls=HouseCommand)(list_)
    group.command(cls=HouseCommand)(show)
    group.command(cls=HouseCommand)(explain)
    group.command(cls=HouseCommand)(recomputing.recompute)
    app.add_typer(group, name="case")
