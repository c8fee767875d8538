"""``run``, ``web`` and ``worker``: processes that stay."""

import asyncio
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

import typer

from bots.commands.command import HouseCommand, Refused
from bots.commands.configuration import read_settings, warn
from bots.commands.options import DEFAULT_FILE, LOCAL, ConfigOption, HostOption, JsonLogsOption, PortOption
from bots.commands.storage import claim, require_migrated
from bots.printing import line
from bots.telemetry import set_up_logs
from escalation.settings import Settings

_Command = Callable[[Path, str, int | None, bool], None]


def _staying(purpose: str, *, port: int | None, work: bool = False, create: bool = False) -> _Command:
    """Return a command that stays until it is stopped; ``purpose`` is its help.

    ``port``: where it listens unless told otherwise, ``None`` for nowhere. ``work``: it carries, sweeps and polls.
    ``create``: it makes a new SQLite file itself.
    """

    def command(
        config: ConfigOption = DEFAULT_FILE,
        host: HostOption = LOCAL,
        port: PortOption = port,
        json_logs: JsonLogsOption = False,
    ) -> None:
        listening = None if port is None else (host, port)
        _stay(config, listening=listening, work=work, create=create, json_logs=json_logs)

    command.__doc__ = purpose
    return command


COMMANDS: Final = {
    "run": _staying(
        "Run everything in one process; a new SQLite file is made and migrated.", port=8000, work=True, create=True
    ),
    "web": _staying(
        "Answer HTTP only: Slack, webhooks, forms, health and metrics. Any number of these may run over one "
        "PostgreSQL.",
        port=8000,
    ),
    "worker": _staying(
        "Carry effects, sweep deadlines and poll networks, with --port answering health and metrics as well. Any "
        "number of these may run over one PostgreSQL.",
        port=None,
        work=True,
    ),
}


def _stay(config: Path, *, listening: tuple[str, int] | None, work: bool, create: bool, json_logs: bool) -> None:
    from bots.app import build  # noqa: PLC0415 - slow to import, and only commands that stay need it
    from bots.serving import run as serve  # noqa: PLC0415 - as above
    from bots.serving import settle_in  # noqa: PLC0415 - as above

    settings = read_settings(config)
    set_up_logs(json=json_logs)
    listener = bind(*listening) if listening else None
    app = build(settings)
    claim(app.database)
    require_migrated(settings, config=config, create=create)

    settle_in()

    async def stay() -> None:
        stop = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)  # from the first line we print on
        introduce(settings, listener)
        await serve(app, listener=listener, work=work, stop=stop)

    asyncio.run(stay())
    line("Portavoce has stopped.")


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises ``Refused`` with a sentence."""
    from bots.serving import PortTakenError, listen  # noqa: PLC0415 - as above

    try:
        return listen(host, port)
    except (PortTakenError, OSError) as error:
        raise Refused(str(error)) from None


def address_of(listener: socket.socket) -> str:
    """Return the address that a browser would use."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def introduce(settings: Settings, listener: socket.socket | None) -> None:
    """Print where this process listens, for which accounts and channels, and what looks wrong in the configuration."""
    warn(settings)
    line(f"Portavoce listens on {address_of(listener)}" if listener else "Portavoce works without listening anywhere")
    line(f"  public address  {settings.organisation.public_url}")
    line(f"  database        {settings.database.sqlite_path or 'PostgreSQL'}")
    for key, account in settings.accounts.items():
        line(f"  account         {key} ({account.connector}, {settings.brand_label(key)})")
    for department in settings.departments.values():
        line(f"  channel         {department.channel} ({department.label})")
    line(f"  channel         {settings.approval.channel} (approvals)")
    if settings.managers.channel:
        line(f"  channel         {settings.managers.channel} (managers)")
    line("Stop it with Ctrl-C." if listener else "Stop it with Ctrl-C or SIGTERM.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for name, command in COMMANDS.items():
        app.command(name, cls=HouseCommand)(command)
