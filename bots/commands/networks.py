"""``connectors``: what each network can do, as the connectors themselves declare it."""

from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from pydantic import BaseModel, ValidationError

from bots.clock import SystemClock
from bots.commands.command import USAGE, HouseCommand, Refused
from bots.commands.configuration import read_without_secrets
from bots.commands.options import JsonOption
from bots.printing import line, markdown_table, show_json, table
from connectors import registry
from escalation.ports import Capabilities, Checks, Looks, Rereads
from escalation.secret import Secret
from models.vocabulary import Visibility

COLUMNS = ("network", "reads", "length", "parts", "private", "acts", "sees", "if unsure")


def connectors(
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", metavar="FILE", help="Show the accounts of this file instead of the bare networks."
        ),
    ] = None,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print a Markdown table.")] = False,
    json: JsonOption = False,
) -> None:
    """Show what each network can do; with --config, what each account can."""
    if as_markdown and json:
        raise Refused("choose one of --markdown and --json", code=USAGE)
    found = _of_accounts(config) if config else _of_networks()
    if json:
        show_json([_facts(name, made) for name, made in found.items()])
    elif as_markdown:
        line(markdown_table(COLUMNS, [_row(name, made) for name, made in found.items()]))
    else:
        table(COLUMNS, [_row(name, made) for name, made in found.items()])


def _of_networks() -> dict[str, Any]:
    made = {}
    for name, kind in registry().items():
        settings = _sample(kind.settings_model)
        if settings is not None:
            made[name] = kind("example", settings, clock=SystemClock())
    return made


def _of_accounts(config: Path) -> dict[str, Any]:
    settings, kinds = read_without_secrets(config), registry()
    return {
        name: kinds[account.connector](name, account.settings, clock=SystemClock())
        for name, account in settings.accounts.items()
    }


def _sample(model: type[BaseModel]) -> BaseModel | None:
    """Return settings with stand-ins, so that a connector can say what it can do; ``None`` if that fails."""
    given: dict[str, object] = {}
    for name, field in model.model_fields.items():
        if _is_secret(field.annotation):
            given[name] = Secret("stand-in")  # the optional ones too: they open doors
        elif field.is_required():
            given[name] = "https://network.example"
    try:
        return model.model_validate(given)
    except ValidationError:
        return None


def _is_secret(kind: Any) -> bool:
    return kind is Secret or any(_is_secret(part) for part in get_args(kind))


def _row(name: str, made: Any) -> tuple[object, ...]:
    able: Capabilities = made.capabilities
    return (
        name,
        ", ".join(sorted(able.ingest)),
        f"{able.limit} {able.unit}",
        able.max_parts,
        _private(able),
        ", ".join(sorted(able.acts)) or "none",
        _edits(able),
        _unknown(able),
    )


def _private(able: Capabilities) -> str:
    if able.visibilities == {Visibility.PRIVATE}:
        return "always"
    return "possible" if able.private_reply else "no"


def _edits(able: Capabilities) -> str:
    seen = [word for word, sees in (("edits", able.sees_edits), ("deletions", able.sees_deletions)) if sees]
    return ", ".join(seen) or "no"


def _unknown(able: Capabilities) -> str:
    return {
        "native": "same key again",
        "lookup": "looked up",
        "none": "a person looks",
    }[able.idempotency.value]


def _facts(name: str, made: Any) -> dict[str, object]:
    able: Capabilities = made.capabilities
    return {
        "name": name,
        "connector": made.name,
        "label": made.label,
        "ingest": able.ingest,
        "limit": able.limit,
        "unit": able.unit,
        "max_parts": able.max_parts,
        "visibilities": able.visibilities,
        "private_reply": able.private_reply,
        "acts": able.acts,
        "sees_edits": able.sees_edits,
        "sees_deletions": able.sees_deletions,
        "idempotency": able.idempotency.value,
        "key_lifetime_seconds": able.key_lifetime.total_seconds() if able.key_lifetime else None,
        "reply_window_seconds": able.reply_window.total_seconds() if able.reply_window else None,
        "lookup_delay_seconds": able.lookup_delay.total_seconds(),
        "can_be_looked_up": isinstance(made, Looks),
        "rereads_before_sending": isinstance(made, Rereads),
        "has_doctor": isinstance(made, Checks),
    }


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(cls=HouseCommand)(connectors)
