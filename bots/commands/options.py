"""Options that several commands take."""

from pathlib import Path
from typing import Annotated, Final

import typer

DEFAULT_FILE: Final = Path("portavoce.toml")

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.", metavar="FILE")]
UnusedConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Taken for symmetry; this command needs none.", metavar="FILE", hidden=True),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
LOCAL: Final = "127.0.0.1"
HostOption = Annotated[str, typer.Option("--host", help="The address to listen on.")]
PortOption = Annotated[
    int | None, typer.Option("--port", "-p", min=0, max=65_535, help="The port to listen on; 0 takes a free one.")
]
JsonLogsOption = Annotated[bool, typer.Option("--json-logs", help="Write each log line as one JSON object.")]
AsOption = Annotated[str | None, typer.Option("--as", metavar="MEMBER", help="Which member does this.")]
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, max=100_000, help="At most so many rows.")]
