"""The tree of all commands: ``portavoce …``. Exit codes: 0 ok, 1 refused or failed, 2 usage or configuration."""

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from bots.commands import (
    auditor,
    cases,
    configuration,
    demo,
    digest,
    doctor,
    freezing,
    lifecycle,
    networks,
    on_call,
    outbox,
    policies,
    report,
    running,
    storage,
)

app = typer.Typer(
    name="portavoce",
    help="The people who know the answer give it, from Slack, to customers who asked on social networks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
for group in (
    demo,
    running,
    configuration,
    doctor,
    auditor,
    storage,
    cases,
    policies,
    report,
    digest,
    outbox,
    freezing,
    on_call,
    networks,
    lifecycle,
):
    group.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        try:
            typer.echo(version("portavoce"))
        except PackageNotFoundError:
            typer.echo("not installed; run from a checkout")
        raise typer.Exit


@app.callback()
def portavoce(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Take what stands before the command."""
