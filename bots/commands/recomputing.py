"""``case recompute``: time the running clocks of cases by today's policies and calendars, journalled."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from bots.commands.command import FAILED, USAGE, Refused
from bots.commands.configuration import known_member, known_name
from bots.commands.options import DEFAULT_FILE, AsOption, ConfigOption, JsonOption
from bots.commands.storage import SHORT_ID, Opened, find_case, opened
from bots.printing import complain, line, show_json, table, visible
from escalation import commands as c
from escalation.decide import decide
from escalation.decision import Decision, Refusal
from escalation.desk import Order, Outcome, case_file
from escalation.language import Reader, Sentence, say
from escalation.rulebook import UnknownAccountError
from models.store import Transaction
from models.vocabulary import OPERATOR

_BATCH: Final = 100
"""How many cases are timed anew in one transaction; other processes wait for no more than that."""


@dataclass(frozen=True)
class Moved:
    """One clock that was timed anew; the moments are those at which it is due, if it has a target."""

    step: str
    cycle: int
    before: datetime | None
    after: datetime | None


@dataclass(frozen=True)
class Recomputed:
    """What became of one case."""

    case_id: str
    moved: tuple[Moved, ...] = ()
    refusal: Sentence | None = None


def recompute(
    cases: Annotated[
        list[str] | None,
        typer.Argument(help="Ids of cases, or the ends of them (at least four characters).", metavar="[ID]..."),
    ] = None,
    config: ConfigOption = DEFAULT_FILE,
    all_: Annotated[bool, typer.Option("--all", help="Every open case.")] = False,
    department: Annotated[str | None, typer.Option("--department", help="With --all: only of this department.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would move.")] = False,
    as_: AsOption = None,
    json: JsonOption = False,
) -> None:
    """Time running clocks by today's policies and calendars; without this they keep those that they began with.

    What is past by then is not told again. Exit code 1 if a case was refused; the others are timed all the same.
    """
    if bool(cases) == all_:
        raise Refused("name cases, or give --all for every open one", code=USAGE)
    if department is not None and not all_:
        raise Refused("--department narrows --all; leave it out where cases are named", code=USAGE)
    found, timezone = asyncio.run(
        _recomputed(config, list(cases or []), department=department, dry_run=dry_run, as_=as_)
    )
    if json:
        show_json({"dry_run": dry_run, "cases": [_facts(one) for one in found]})
    else:
        _print(found, timezone, dry_run=dry_run)
    if any(one.refusal for one in found):
        raise typer.Exit(FAILED)


async def _recomputed(
    config: Path, names: Sequence[str], *, department: str | None, dry_run: bool, as_: str | None
) -> tuple[list[Recomputed], str]:
    async with opened(config) as here:
        known_name("department", department, here.settings.departments)
        actor = OPERATOR if as_ is None else known_member(here.settings, as_)
        async with here.database.read() as tx:
            if names:
                ids = list(dict.fromkeys([await find_case(tx, name) for name in names]))
            else:
                ids = list(await tx.clocks.cases_to_recompute(department=department))
        found: list[Recomputed] = []
        for first in range(0, len(ids), _BATCH):
            batch = ids[first : first + _BATCH]
            found += await (_tried(here, batch, actor) if dry_run else _done(here, batch, actor))
        return found, here.settings.organisation.timezone


async def _done(here: Opened, ids: Sequence[str], actor: str) -> list[Recomputed]:
    async def work() -> list[Outcome]:
        async with here.database.begin() as tx:
            return await here.desk.run(tx, [Order(case_id, c.Recompute(), actor) for case_id in ids])

    outcomes: list[Outcome] = await here.database.retrying(work)
    here.desk.committed()
    return [Recomputed(outcome.case_id, tuple(_moved(outcome.decision)), outcome.refusal) for outcome in outcomes]


async def _tried(here: Opened, ids: Sequence[str], actor: str) -> list[Recomputed]:
    """Return what would become of cases; nothing is written."""
    async with here.database.read() as tx:
        return [await _try(here, tx, case_id, rows, actor) for case_id, rows in (await tx.cases.read(ids)).items()]


async def _try(here: Opened, tx: Transaction, case_id: str, rows: Any, actor: str) -> Recomputed:
    file = case_file(rows)
    try:
        rules = await here.desk.rules(tx, file)
    except UnknownAccountError:
        gone = say("The account {account} is not in the configuration any more.", account=file.case.account)
        return Recomputed(case_id, refusal=gone)
    decided = decide(file, c.Recompute(), rules, actor=actor, now=here.clock.now())
    if isinstance(decided, Refusal):
        return Recomputed(case_id, refusal=decided.sentence)
    return Recomputed(case_id, tuple(_moved(decided)))


def _moved(decision: Decision | None) -> Iterator[Moved]:
    """Yield the clocks that a decision timed anew, as the journal has them."""
    for step, cycle, before, after in decision.details["recomputed"] if decision is not None else ():
        yield Moved(step, cycle, *(datetime.fromisoformat(at) if at else None for at in (before, after)))


def _facts(one: Recomputed) -> dict[str, Any]:
    return {
        "case": one.case_id,
        "refusal": str(one.refusal) if one.refusal else None,
        "moved": [
            {"step": moved.step, "cycle": moved.cycle, "before": moved.before, "after": moved.after}
            for moved in one.moved
        ],
    }


def _print(found: Sequence[Recomputed], timezone: str, *, dry_run: bool) -> None:
    reader = Reader(timezone=timezone)
    rows = [
        (one.case_id[-SHORT_ID:], moved.step, _day(moved.before, timezone), _day(moved.after, timezone))
        for one in found
        for moved in one.moved
    ]
    if rows:
        table(("case", "step", "was due", "is due"), rows, whole=("case", "was due", "is due"))
        line()
    anew = sum(bool(one.moved) for one in found)
    alike = sum(not one.moved and one.refusal is None for one in found)
    would = "would be" if dry_run else "were"
    line(f"{anew} cases {would} timed anew, {alike} stay as they are. Times are in {timezone}.")
    for one in found:
        if one.refusal is not None:
            complain(f"{one.case_id[-SHORT_ID:]}: {visible(reader.read(one.refusal))}")


def _day(at: datetime | None, timezone: str) -> str:
    """Return a moment with its day, which a reader leaves out on the day itself."""
    return Reader(timezone=timezone, now=at - timedelta(days=1)).time(at) if at else "no target"
