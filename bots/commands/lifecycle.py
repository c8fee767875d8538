"""``lifecycle``: the transition table, as it is in force."""

from typing import Annotated

import typer

from bots.commands.command import USAGE, HouseCommand, Refused
from bots.commands.options import JsonOption, UnusedConfigOption
from bots.printing import line, markdown_table, show_json, table
from escalation.lifecycle import lines, mermaid, pauses

COLUMNS = ("from", "command", "who", "to", "clocks", "effects")


def lifecycle(
    config: UnusedConfigOption = None,
    as_mermaid: Annotated[bool, typer.Option("--mermaid", help="Print a Mermaid state diagram.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print a Markdown table.")] = False,
    json: JsonOption = False,
) -> None:
    """Print what may happen to a case in which state. Clocks: - a step is done, x it is dropped, + it starts."""
    del config
    if as_mermaid + as_markdown + json > 1:
        raise Refused("choose one of --mermaid, --markdown and --json", code=USAGE)
    if as_mermaid:
        line(mermaid())
    elif as_markdown:
        line(markdown_table(COLUMNS, lines()))
    elif json:
        show_json([dict(zip(COLUMNS, row, strict=True)) for row in lines()])
    else:
        table(COLUMNS, lines())
        for state, steps in pauses():
            line(f"Targets that stand still while a case is {state}: {steps}.")


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(cls=HouseCommand)(lifecycle)
