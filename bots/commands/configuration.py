"""Reading the configuration for a command, and the commands about it: ``init``, ``check``, ``config schema``."""

import os
import tomllib
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from bots.clock import SystemClock
from bots.commands.command import USAGE, HouseCommand, Refused
from bots.commands.options import DEFAULT_FILE, ConfigOption, JsonOption, UnusedConfigOption
from bots.printing import complain, line, show_json
from connectors import settings_models
from escalation.secret import SecretSource
from escalation.settings import ConfigurationError, Settings, load_settings
from escalation.settings.company_days import CompanyDays
from escalation.settings.example import example, json_schema
from escalation.settings.sections import Database
from escalation.settings.spelling import nearest


def read_settings(file: Path) -> Settings:
    """Return the configuration with its secrets.

    Raises:
        ConfigurationError: it cannot be used, or a secret is missing.

    """
    return load_settings(file, environ=os.environ, connector_settings=settings_models(), now=SystemClock().now())


def read_alone(file: Path) -> Settings:
    """Return the configuration for commands that need nothing else, no database and no secret."""
    return load_settings(file, environ=os.environ, connector_settings=settings_models(), resolve_secrets=False)


def read_without_secrets(file: Path) -> Settings:
    """Return the configuration for commands that ask nobody outside: only the database's address is looked up."""
    settings = read_alone(file)
    if settings.database.url:
        return settings
    section = tomllib.loads(file.read_bytes().decode("utf-8-sig"))["database"]
    try:
        database = Database.model_validate(section, context=SecretSource(environ=os.environ, folder=file.parent))
    except ValidationError:
        return read_settings(file)  # it says which secret is missing, with the line
    return settings.model_copy(update={"database": database})


def member_who_acts(settings: Settings, named: str | None) -> str:
    """Return the key of the member in whose name a command acts: the one named, else the only approver.

    Raises:
        Refused: nobody of this name, or several approvers and none named.

    """
    if named is not None:
        return known_member(settings, named)
    approvers = list(settings.approval.approvers)
    if len(approvers) == 1:
        return approvers[0]
    raise Refused(f"say who does this: --as {' or --as '.join(approvers)}", code=USAGE)


def known_member(settings: Settings, named: str) -> str:
    """Return the key of a member.

    Raises:
        Refused: nobody of this name.

    """
    known_name("member", named, settings.members)
    return named


def known_name(kind: str, named: str | None, known: Iterable[str]) -> None:
    """Refuse a name that the configuration does not have, and say which it has. Raises ``Refused``."""
    names = list(known)
    if named is not None and named not in names:
        listed, near = ", ".join(names) or "none", nearest(named, names)
        known_are = f"did you mean {' or '.join(near)}? Known are" if near else "known are"
        raise Refused(f"there is no {kind} “{named}” in the configuration; {known_are}: {listed}", code=USAGE)


def warn(settings: Settings) -> None:
    """Print what the loader found suspicious, on standard error."""
    for problem in settings.warnings:
        complain(f"warning: {problem}")


def init(
    config: ConfigOption = DEFAULT_FILE,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
) -> None:
    """Write a commented configuration to start from; a file that is there stays as it is."""
    text = example(settings_models())
    try:
        with config.open("w" if force else "x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        if config.is_dir():
            raise Refused(f"{config} is a folder; give a file with --config") from None
        raise Refused(
            f"{config} is there already and was not changed; choose another with --config, or overwrite it with --force"
        ) from None
    except OSError as error:
        raise Refused(f"{config} cannot be written ({(error.strerror or 'refused').lower()})") from None
    line(f"{config} is written. Fill it in, set the secrets it names, then run: portavoce check")


def check(config: ConfigOption = DEFAULT_FILE, json: JsonOption = False) -> None:
    """Check the configuration without asking anybody outside; exit code 2 if it cannot be used."""
    try:
        settings = read_settings(config)
    except ConfigurationError as error:
        if not json:
            raise
        show_json({"ok": False, "problems": [_problem(problem) for problem in error.problems], "warnings": []})
        raise typer.Exit(USAGE) from None
    if json:
        show_json(
            {
                "ok": True,
                "problems": [],
                "warnings": [_problem(problem) for problem in settings.warnings],
                "company_days": [_closes(company) for company in _with_company_days(settings)],
            }
        )
        return
    warn(settings)
    counts = (
        (len(settings.accounts), "account", "accounts"),
        (len(settings.departments), "department", "departments"),
        (len(settings.members), "member", "members"),
        (len(settings.routes), "route", "routes"),
    )
    for company in _with_company_days(settings):
        closes = _closes(company)
        days = _counted((closes["days"], "day", "days"))
        told = f"from {closes['first_day']} to {closes['last_day']}" if closes["days"] else ""
        more = f"and hours of {_counted((closes['events'], 'event', 'events'))}" if closes["events"] else ""
        line(" ".join(filter(None, (f"{closes['file']} closes {days}", told, more))) + ".")
    line(f"{config} is good: {', '.join(map(_counted, counts))}.")


def schema(config: UnusedConfigOption = None) -> None:
    """Print the JSON Schema of the configuration, for editors."""
    del config
    show_json(json_schema(settings_models()))


def manifest(
    config: ConfigOption = DEFAULT_FILE,
    socket_mode: Annotated[
        bool, typer.Option("--socket-mode", help="For machines that the internet cannot reach: no addresses.")
    ] = False,
) -> None:
    """Print the manifest of the Slack app, with this configuration's public address."""
    from bots.slack.manifest import http_manifest, socket_mode_manifest  # noqa: PLC0415 - slow to import, rarely needed

    settings = read_without_secrets(config)
    text = socket_mode_manifest() if socket_mode else http_manifest(settings.organisation.public_url)
    line(text.rstrip("\n"))


def _with_company_days(settings: Settings) -> list[CompanyDays]:
    sections = (settings.organisation, *settings.departments.values())
    return list(dict.fromkeys(section.company_days for section in sections if section.company_days))


def _closes(company: CompanyDays) -> dict[str, object]:
    days = [day.isoformat() for day, _ in company.days]
    return {
        "file": company.file,
        "days": len(days),
        "first_day": days[0] if days else None,
        "last_day": days[-1] if days else None,
        "events": len(company.hours),
    }


def _counted(count: tuple[object, str, str]) -> str:
    number, one, many = count
    return f"{number} {one if number == 1 else many}"


def _problem(problem: object) -> dict[str, object]:
    return {**asdict(problem), "text": str(problem)}  # type: ignore[call-overload]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(cls=HouseCommand)(init)
    app.command(cls=HouseCommand)(check)
    config = typer.Typer(help="About the configuration file.", no_args_is_help=True)
    config.command(cls=HouseCommand)(schema)
    config.command(cls=HouseCommand)(manifest)
    app.add_typer(config, name="config")
