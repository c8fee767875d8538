"""``doctor``: asks every outside system whether it would work, one line a question."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx
import typer
from sqlalchemy import text

from bots.commands.command import FAILED, HouseCommand, Refused
from bots.commands.configuration import read_settings, warn
from bots.commands.options import DEFAULT_FILE, ConfigOption, JsonOption
from bots.commands.storage import NOT_MIGRATED, can_be_made, is_new_file, schema_of
from bots.printing import complain, line, show_json, visible
from escalation.ports import Checks, Finding
from models.database import StorageUnavailableError

if TYPE_CHECKING:
    from bots.app import App

TOLERANCE: Final = timedelta(seconds=30)
"""How far our clock may be off; Slack refuses signatures that are five minutes old."""
PATIENCE_SECONDS: Final = 60.0


def doctor(config: ConfigOption = DEFAULT_FILE, json: JsonOption = False) -> None:
    """Ask the database, the clock, every network and the chat; exit code 1 if anything fails."""
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
    yield "database", await _database(app)
    yield "clock", await _clock(app)
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
    if is_new_file(settings.database.url):
        return _new_file(settings.database.sqlite_path or Path())
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
    for source, read in (("the database server", _server_time), ("Slack", _slack_time)):
        theirs = await read(app)
        if theirs is None:
            continue
        off = abs(app.clock.now() - theirs)
        if off > TOLERANCE:
            advice = "Set this machine's clock by NTP; due times and Slack's signatures depend on it."
            return Finding(ok=False, what=f"differs from {source} by {off.total_seconds():.0f} s", advice=advice)
        return Finding(ok=True, what=f"agrees with {source} to {TOLERANCE.total_seconds():.0f} s")
    return Finding(ok=True, what="nobody to compare it with")


async def _server_time(app: "App") -> datetime | None:
    if app.settings.database.is_sqlite:
        return None
    try:
        async with app.database.read() as tx:
            connection = await tx.session.connection()
            at: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
    except StorageUnavailableError:
        return None
    return at.astimezone(UTC)


async def _slack_time(app: "App") -> datetime | None:
    if app.settings.chat.slack is None:
        return None
    try:
        async with httpx.AsyncClient(timeout=5) as client:
            answer = await client.post(f"{app.settings.chat.slack.api_url}api.test")
        return parsedate_to_datetime(answer.headers["date"]).astimezone(UTC)
    except (httpx.HTTPError, KeyError, ValueError):
        return None


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(cls=HouseCommand)(doctor)
