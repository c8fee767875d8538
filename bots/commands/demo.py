"""``demo``: the whole product in one process, to try or to watch."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from bots.commands.command import HouseCommand, Refused
from bots.commands.options import JsonOption, UnusedConfigOption
from bots.telemetry import set_up_logs
from models.database import SecondProcessError


def demo(
    port: Annotated[
        int | None,
        typer.Option(
            "--port", "-p", min=0, max=65_535, help="The port to listen on.", show_default="8000, or the next free one"
        ),
    ] = None,
    script: Annotated[
        bool, typer.Option("--script", help="Play the whole story by itself; exit code 0 only if it ends well.")
    ] = False,
    keep: Annotated[
        Path | None,
        typer.Option(
            "--keep",
            metavar="DIR",
            file_okay=False,
            help="Keep database, configuration and what was said in this folder.",
        ),
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Open no browser.")] = False,
    json: JsonOption = False,
    config: UnusedConfigOption = None,
) -> None:
    """Try everything without any account: a workspace, a network and a contact form in this one process."""
    from bots.demo.memory import ForeignMemoryError  # noqa: PLC0415 - as below
    from bots.demo.performance import Wishes, perform  # noqa: PLC0415 - slow to import, and only this command needs it
    from bots.serving import PortTakenError  # noqa: PLC0415 - as above

    del config
    set_up_logs(json=False, level=logging.ERROR)
    wishes = Wishes(port=port, script=script, keep=keep, browser=not no_browser and not script, json=json)
    try:
        code = perform(wishes)
    except (PortTakenError, SecondProcessError, ForeignMemoryError) as error:
        raise Refused(str(error)) from None
    except OSError as error:
        where = f"{error.filename} cannot be used: " if error.filename else ""
        raise Refused(f"the demo cannot be set up ({where}{(error.strerror or 'refused').lower()})") from None
    if code:
        raise typer.Exit(code)


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(cls=HouseCommand)(demo)
