"""``freeze`` and ``release``, for the moment when chat is not at hand."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bots.commands.command import HouseCommand, Refused
from bots.commands.configuration import known_member
from bots.commands.options import DEFAULT_FILE, AsOption, ConfigOption, JsonOption
from bots.commands.storage import opened
from bots.printing import line, show_json
from escalation.freezing import Freezing
from escalation.language import Reader
from models.vocabulary import OPERATOR

ScopeArgument = Annotated[
    str, typer.Argument(help="A brand or an account; everything, unless given.", metavar="[BRAND OR ACCOUNT]")
]


def freeze(
    scope: ScopeArgument = "", config: ConfigOption = DEFAULT_FILE, as_: AsOption = None, json: JsonOption = False
) -> None:
    """Stop every outgoing reply at once, until it is released; for approvers and managers."""
    _turn(config, scope, as_, on=True, json=json)


def release(
    scope: ScopeArgument = "", config: ConfigOption = DEFAULT_FILE, as_: AsOption = None, json: JsonOption = False
) -> None:
    """Let replies leave again; for approvers and managers."""
    _turn(config, scope, as_, on=False, json=json)


def _turn(config: Path, scope: str, as_: str | None, *, on: bool, json: bool) -> None:
    done, sentence, standing = asyncio.run(_turned(config, scope, as_, on=on))
    if json:
        show_json({"done": done, "sentence": sentence, "frozen": standing})
        if not done:
            raise typer.Exit(1)
    elif not done:
        raise Refused(sentence)
    else:
        line(sentence)


async def _turned(config: Path, scope: str, as_: str | None, *, on: bool) -> tuple[bool, str, list[str]]:
    async with opened(config) as here:
        freezing = Freezing(here.desk)
        actor = OPERATOR if as_ is None else known_member(here.settings, as_)
        turn = freezing.freeze if on else freezing.release
        done, sentence = await turn(scope, actor=actor)
        reader = Reader(timezone=here.settings.organisation.timezone, now=here.clock.now())
        return done, reader.read(sentence), [name for name, _, _ in await freezing.standing()]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(cls=HouseCommand)(freeze)
    app.command(cls=HouseCommand)(release)
