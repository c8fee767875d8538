"""``auditor``: asks of the rows what must hold among them, and says what does not."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from bots.commands.command import FAILED, USAGE, HouseCommand, Refused
from bots.commands.configuration import member_who_acts
from bots.commands.options import DEFAULT_FILE, AsOption, ConfigOption, JsonOption
from bots.commands.storage import opened
from bots.printing import line, show_json, table, visible
from escalation.auditing import RULES
from escalation.auditor import Audit, AuditFinding, Auditor
from escalation.quantities import parse_duration

SECONDS = 60.0
"""How long one question may take here, where a person waits for it and may have asked for a long time back."""


def auditor(
    config: ConfigOption = DEFAULT_FILE,
    json: JsonOption = False,
    window: Annotated[
        str, typer.Option("--window", metavar="TIME", help="How far back cases are looked at, such as 1h or 30d.")
    ] = "1d",
    rules: Annotated[bool, typer.Option("--rules", help="Only list the rules.")] = False,
    accept: Annotated[
        str | None,
        typer.Option("--accept", metavar="FINDING", help="Have a finding that was looked into count no more."),
    ] = None,
    as_: AsOption = None,
) -> None:
    """Ask what must hold: nothing lost, doubled, unapproved, untimed or late; exit code 1 if something does not.

    Changes nothing. Workers ask the same every quarter of an hour.
    """
    if rules:
        _list(json=json)
    elif accept is not None:
        _accept(config, accept, as_, json=json)
    else:
        _audit(config, _length(window), json=json)


def _list(*, json: bool) -> None:
    if json:
        show_json([{"invariant": r.invariant, "rule": r.name, "holds": r.holds} for r in RULES])
        return
    rows = [(r.invariant, r.name, r.holds) for r in RULES]
    table(("", "rule", "what must hold"), rows, whole=("", "rule"))


def _length(text: str) -> timedelta:
    try:
        return timedelta(seconds=parse_duration(text))
    except ValueError as error:
        raise Refused(f"--window: {error}", code=USAGE) from None


def _audit(config: Path, window: timedelta, *, json: bool) -> None:
    audit = asyncio.run(_audited(config, window))
    if json:
        show_json(
            {
                "ok": not audit.open,
                "at": audit.at,
                "rules": audit.asked,
                "findings": [_facts(finding) for finding in audit.findings],
            }
        )
    else:
        _tell(audit)
    if audit.open:
        raise typer.Exit(FAILED)


async def _audited(config: Path, window: timedelta) -> Audit:
    async with opened(config) as here:
        return await Auditor(here.desk, seconds=SECONDS).audit(window=window)


def _tell(audit: Audit) -> None:
    for finding in audit.findings:
        accepted = f" (accepted by {finding.accepted_by})" if finding.accepted_by else ""
        line(f"{finding.invariant}  {visible(str(finding.sentence))}{accepted}")
        if not accepted:
            line(f"    {visible(str(finding.advice))}")
            line(f"    {finding.key}")
    if audit.open:
        line(f"{len(audit.open)} found by {audit.asked} rules.")
    else:
        line(f"All {audit.asked} rules hold.")


def _facts(finding: AuditFinding) -> dict[str, Any]:
    return {
        "finding": finding.key,
        "invariant": finding.invariant,
        "rule": finding.rule,
        "case": finding.case_id,
        "effect": finding.effect_id,
        "wrong": str(finding.sentence),
        "advice": str(finding.advice),
        "accepted_by": finding.accepted_by,
    }


def _accept(config: Path, key: str, as_: str | None, *, json: bool) -> None:
    by = asyncio.run(_accepted(config, key, as_))
    if json:
        show_json({"finding": key, "accepted_by": by})
    else:
        line("It counts no more, and the heartbeat is not held back for it.")


async def _accepted(config: Path, key: str, as_: str | None) -> str:
    async with opened(config) as here:
        by = member_who_acts(here.settings, as_)
        async with here.database.begin() as tx:
            if not await tx.watching.accept(key, by=by):
                raise Refused(
                    f"no finding “{key}” is remembered; workers remember what they find every quarter of an hour, and "
                    "`portavoce auditor` shows what each is called"
                )
        return by


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(cls=HouseCommand)(auditor)
