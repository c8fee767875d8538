"""``doctor``: asks every outside system whether it would work, one line a question."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx
import typer

from bots.commands.command import FAILED, HouseCommand, Refused
from bots.commands.configuration import read_settings, warn
from bots.commands.options import DEFAULT_FILE, ConfigOption, JsonOption
from bots.commands.storage import MEND, NOT_MIGRATED, can_be_made, is_new_file, of_another_machine, schema_of
from bots.printing import complain, line, show_json, span, visible
from escalation.auditor import Auditor
from escalation.ports import Checks, Finding
from escalation.watching import clock_skew, vitals
from models.database import StorageUnavailableError
from models.sqlite_file import damage

if TYPE_CHECKING:
    from bots.app import App

TOLERANCE: Final = timedelta(seconds=30)
"""How far our clock may be off; Slack refuses signatures that are five minutes old."""
CLOSE: Final = timedelta(seconds=2)
"""How far it may be off the database server's: several processes write times into one history."""
PATIENCE_SECONDS: Final = 60.0


def doctor(config: ConfigOption = DEFAULT_FILE, json: JsonOption = False) -> None:
    """Ask the database, the clock, the auditor, every network and the chat; exit code 1 if anything fails."""
    from bots.app import build  # noqa: PLC0415 - slow to import, and only this command needs it

    settings = read_settings(config)
    if not json:
        warn(settings)
    findings = asyncio.run(_examine(build(settings), quiet=json))
    failed = [finding for _, finding in findings if not finding.ok]
    if json:
        rows = [{"of": of, "ok": f.ok, "what": f.what, "advice": f.advice} for of, f in findings]
        show_json({"ok": not failed, "findings": rows})
    elif failed:
        complain(f"{len(failed)} of {len(findings)} checks failed.")
    else:
        line(f"All {len(findings)} checks passed.")
    if failed:
        raise typer.Exit(FAILED)


async def _examine(app: "App", *, quiet: bool) -> list[tuple[str, Finding]]:
    found: list[tuple[str, Finding]] = []
    try:
        async for of, finding in _findings(app):
            found.append((of, finding))
            if not quiet:
                line(f"{'ok    ' if finding.ok else 'FAILED'}  {of}: {visible(finding.what)}")
                if finding.advice and not finding.ok:
                    line(f"        {visible(finding.advice)}")
    finally:
        await app.close()
    return found


async def _findings(app: "App") -> AsyncIterator[tuple[str, Finding]]:
    database = await _database(app)
    yield "database", database
    yield "clock", await _clock(app)
    if database.ok and not is_new_file(app.settings.database.url):
        async for of, finding in _watch(app):
            yield of, finding
    for account, connector in app.connectors.items():
        if not isinstance(connector, Checks):
            yield account, Finding(ok=True, what=f"{connector.label} has nothing outside to ask")
            continue
        async for finding in _asked(connector):
            yield account, finding
    for name, surface in app.surfaces.items():
        async for finding in _asked(surface):
            yield name, finding


async def _asked(one: Checks) -> AsyncIterator[Finding]:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            findings = await one.doctor()
    except TimeoutError:
        yield Finding(ok=False, what=f"did not answer within {PATIENCE_SECONDS:g} s", advice="Try again later.")
        return
    for finding in findings:
        yield finding


async def _database(app: "App") -> Finding:
    settings = app.settings
    kind = "SQLite" if settings.database.is_sqlite else "PostgreSQL"
    file = settings.database.sqlite_path
    if file is not None and (sentence := of_another_machine(file)) is not None:
        return Finding(ok=False, what=f"{kind}: {sentence}")
    if is_new_file(settings.database.url):
        return _new_file(file or Path())
    if file is not None and (found := await asyncio.to_thread(damage, file)) is not None:
        return Finding(ok=False, what=f"{kind}: {file} is damaged ({found})", advice=MEND)
    try:
        state = await asyncio.to_thread(schema_of, settings)
    except Refused as error:
        return Finding(ok=False, what=f"{kind}: {error}")
    if not state.is_current:
        return Finding(ok=False, what=f"{kind}: {NOT_MIGRATED}")
    try:
        await app.database.ping()
    except StorageUnavailableError as error:
        return Finding(ok=False, what=f"{kind}: {error}")
    return Finding(ok=True, what=f"{kind} answers, schema {state.newest}")


def _new_file(file: Path) -> Finding:
    if file.exists() or can_be_made(file):
        return Finding(ok=True, what=f"SQLite: {file} does not exist yet; portavoce run makes it")
    return Finding(
        ok=False,
        what=f"SQLite: {file} does not exist and cannot be made",
        advice="Let whoever runs Portavoce write that folder, or name another one in [database] url.",
    )


async def _clock(app: "App") -> Finding:
    """Compare our clock with the database server's and with Slack's."""
    compared = []
    for source, read, tolerance in (("the database server", _server_skew, CLOSE), ("Slack", _slack_skew, TOLERANCE)):
        skew = await read(app)
        if skew is None:
            continue
        if abs(skew) > tolerance:
            advice = "Set this machine's clock by NTP; due times and Slack's signatures depend on it."
            return Finding(ok=False, what=f"differs from {source} by {abs(skew).total_seconds():.0f} s", advice=advice)
        compared.append(f"with {source} to {tolerance.total_seconds():.0f} s")
    return Finding(ok=True, what=f"agrees {', '.join(compared)}" if compared else "nobody to compare it with")


async def _server_skew(app: "App") -> timedelta | None:
    if app.settings.database.is_sqlite:
        return None
    try:
        async with app.database.read() as tx:
            return await clock_skew(tx, app.clock)
    except StorageUnavailableError:
        return None


async def _watch(app: "App") -> AsyncIterator[tuple[str, Finding]]:
    """Look when the standing duties were last done, and ask the auditor's rules."""
    from bots.app import limits_of  # noqa: PLC0415 - slow to import, and only this command needs it

    try:
        async with app.database.read() as tx:
            found = await vitals(tx, limits=limits_of(app.settings), now=app.clock.now())
        audit = await Auditor(app.desk).audit()
    except StorageUnavailableError as error:
        yield "watch", Finding(ok=False, what=str(error))
        return
    for mark in found.marks:
        if mark.age_seconds is None:
            yield "watch", Finding(ok=True, what=f"no {mark.duty} was done yet; portavoce run does it")
        elif mark.late:
            advice = "Start portavoce run or portavoce worker; where one is running, its log says what holds it up."
            what = f"the last {mark.duty} was {span(mark.age_seconds)} ago, by {mark.process}"
            yield "watch", Finding(ok=False, what=what, advice=advice)
    if not found.late:
        yield "watch", Finding(ok=True, what="no standing duty is late")
    for one in audit.open:
        yield "auditor", Finding(ok=False, what=f"{one.invariant} {one.sentence}", advice=str(one.advice))
    if not audit.open:
        yield "auditor", Finding(ok=True, what=f"{audit.asked} rules hold")


async def _slack_skew(app: "App") -> timedelta | None:
    if app.settings.chat.slack is None:
        return None
    try:
        async with httpx.AsyncClient(timeout=5) as client:
            answer = await client.post(f"{app.settings.chat.slack.api_url}api.test")
        return app.clock.now() - parsedate_to_datetime(answer.headers["date"]).astimezone(UTC)
    except (httpx.HTTPError, KeyError, ValueError):
        return None


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(cls=HouseCommand)(doctor)
