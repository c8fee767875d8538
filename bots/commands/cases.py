"""``case list``, ``case show``, ``case explain``: reading only, beside whatever process works."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from bots.commands.command import USAGE, HouseCommand, Refused
from bots.commands.facts import case_facts, effect_facts, whole_case_facts
from bots.commands.options import DEFAULT_FILE, ConfigOption, JsonOption, LimitOption
from bots.commands.storage import Opened, opened
from bots.printing import day_moment, line, moment, short_moment, show_json, span, table, visible
from connectors import registry
from escalation.cards import Shown, details_view, draft_reason, journal_line, route_reason, status, timer_line
from escalation.casefile import CaseFile
from escalation.desk import case_file
from escalation.language import Reader
from models.case import JournalEntry
from models.clocks import Timer
from models.outbox import Attempt, Effect
from models.store import Transaction
from models.vocabulary import CaseState

_SHORT = 8
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
                case.id[-_SHORT:],
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
    file = found.file
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
    """Explain one case: why it came here, what happened and by whom, what is due and why, every timer and effect."""
    found = asyncio.run(_explained(config, case))
    file, reader = found.file, Reader(timezone=found.timezone, now=found.shown.now)
    details = details_view(file, found.journal, found.effects, found.shown)
    route = reader.read(route_reason(file.case.route, found.shown.label(file.case.department)))
    reasons = [reader.read(reason) for reason in details.reasons]
    tries: dict[str, list[Attempt]] = {}
    for attempt in found.attempts:
        tries.setdefault(attempt.effect_id, []).append(attempt)
    if json:
        events = [{**_entry_facts(entry), "sentence": str(journal_line(entry, found.shown))} for entry in found.journal]
        effects = [effect_facts(effect, tries.get(effect.id, [])) for effect in found.effects]
        timers = [
            {"kind": timer.kind.value, "due_at": timer.due_at, "sentence": str(timer_line(timer))}
            for timer in found.timers
        ]
        show_json(
            {
                **case_facts(file),
                "route": route,
                "events": events,
                "reasons": reasons,
                "timers": timers,
                "effects": effects,
            }
        )
        return
    line(f"{file.case.id}  {file.case.state.value}  {reader.read(status(file, found.shown))}")
    line(route)
    line(f"Policy: {file.case.policy}. Times below are in {found.timezone}.")
    line()
    rows = [
        (
            reader.time(entry.at),
            found.shown.name(entry.actor),
            reader.read(journal_line(entry, found.shown)),
            f"{entry.from_state.value} -> {entry.to_state.value}" if entry.from_state else entry.to_state.value,
        )
        for entry in found.journal
    ]
    table(("when", "who", "what", "state"), rows)
    if reasons:
        line()
    for reason in reasons:
        line(visible(reason))
    if found.timers:
        line()
        to_come = [(reader.time(timer.due_at), reader.read(timer_line(timer))) for timer in found.timers]
        table(("timer due", "what will happen"), to_come, whole=("timer due",))
    line()
    table(
        ("effect", "kind", "state", "to", "tries", "reason"),
        [(e.id[-_SHORT:], e.kind.value, e.state.value, e.target, e.attempts, e.reason or "") for e in found.effects],
    )


class _Explained:
    """Everything about one case, read in one transaction."""

    def __init__(self, here: Opened, file: CaseFile) -> None:
        self.file = file
        self.timezone = here.settings.organisation.timezone
        self.journal: list[JournalEntry] = []
        self.effects: list[Effect] = []
        self.attempts: list[Attempt] = []
        self.timers: list[Timer] = []
        case, rulebook = file.case, here.desk.rulebook
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
        found = _Explained(here, await _find(tx, name))
        case_id = found.file.case.id
        found.journal = list(await tx.cases.journal(case_id))
        found.effects = list(await tx.cases.effects(case_id))
        found.attempts = list(await tx.cases.attempts(case_id))
        found.timers = list(await tx.clocks.pending(case_id))
        return found


async def _find(tx: Transaction, name: str) -> CaseFile:
    ids = await tx.cases.find(name)
    if not ids:
        raise Refused(f"there is no case “{name}”; give its id or at least the last four characters of it")
    if len(ids) > 1:
        raise Refused(f"several cases end with “{name}”; give more of the id")
    return case_file((await tx.cases.read(ids))[ids[0]])


async def _list(config: Path, *, states: list[CaseState] | None, **filters: Any) -> list[CaseFile]:
    async with opened(config) as here:
        _known(here, filters)
        async with here.database.read() as tx:
            ids = await tx.cases.list(states=states or None, **filters)
            rows = await tx.cases.read(ids)
    return [case_file(rows[case_id]) for case_id in ids]


def _known(here: Opened, filters: dict[str, Any]) -> None:
    """Refuse a department or member that the configuration does not know: a typo would look like an empty list."""
    for option, known in (("department", here.settings.departments), ("owner", here.settings.members)):
        if filters[option] is not None and filters[option] not in known:
            raise Refused(
                f"there is no {option} “{filters[option]}” in the configuration; known are: {', '.join(known)}",
                code=USAGE,
            )


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
    app.add_typer(group, name="case")
