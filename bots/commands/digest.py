"""``digest``: see what a digest would say, keep its picture, or send it now."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from bots.commands.command import HouseCommand, Refused
from bots.commands.options import DEFAULT_FILE, ConfigOption, JsonOption
from bots.commands.storage import opened
from bots.printing import line, show_json, visible
from escalation.digest import digest_view
from escalation.digesting import Counting, Digests, NoManagersChannelError
from escalation.language import Reader, Sentence
from escalation.reports import counting_by_rows
from escalation.settings import Settings
from escalation.views import Chart, DigestView, FigureLine
from models.database import Database
from models.vocabulary import DigestKind

KindArgument = Annotated[DigestKind, typer.Argument(help="Of yesterday, or of the seven days before today.")]
PreviewOption = Annotated[
    Path | None, typer.Option("--preview", metavar="FILE", help="Write the picture, a PNG file, to look at.")
]
SendOption = Annotated[bool, typer.Option("--send", help="Post it in the managers' channel now, though it was before.")]
CountingOver = Callable[[Database, Settings], Counting]


def register(app: typer.Typer, counting: CountingOver = counting_by_rows) -> None:
    """Add this command; ``counting``: who counts."""

    def digest(
        kind: KindArgument = DigestKind.DAILY,
        config: ConfigOption = DEFAULT_FILE,
        preview: PreviewOption = None,
        send: SendOption = False,
        json: JsonOption = False,
    ) -> None:
        """Show the figures of the digest in the organisation's language; --send posts them."""
        shown = asyncio.run(_digest(config, kind, counting, send=send))
        drawn = _drawn(shown, preview) if preview is not None else None
        if json:
            show_json(shown.facts | {"effect": shown.effect, "picture": drawn})
            return
        _print(shown.view, shown.reader)
        if preview is not None:
            line(
                f"\n{visible(drawn)} is written." if drawn else "\nThere is nothing to draw, so no picture is written."
            )
        if shown.effect is not None:
            line(f"\nIt is in the outbox as {shown.effect}.")

    app.command(cls=HouseCommand)(digest)


class _Shown:
    """A digest as it would be sent, and the effect that sends it."""

    def __init__(self, view: DigestView, reader: Reader, facts: dict[str, Any], effect: str | None) -> None:
        self.view = view
        self.reader = reader
        self.facts = facts
        self.effect = effect


async def _digest(config: Path, kind: DigestKind, counting: CountingOver, *, send: bool) -> _Shown:
    async with opened(config) as here:
        digests = Digests(here.desk, counting(here.database, here.settings))
        digest = await digests.counted(kind)
        try:
            effect = await digests.send(digest) if send else None
        except NoManagersChannelError:
            raise Refused("there is no channel for it; write channel in [managers] of the configuration") from None
        organisation = here.settings.organisation
        reader = Reader(organisation.language, organisation.timezone, here.clock.now())
        return _Shown(digest_view(digest, here.desk.rulebook.label), reader, digest.payload(), effect)


def _drawn(shown: _Shown, preview: Path) -> str | None:
    chart: Chart | None = shown.view.chart
    if chart is None:
        return None
    from bots.charts import draw  # noqa: PLC0415 - what it draws with is slow to import

    try:
        preview.write_bytes(draw(chart, shown.reader))
    except OSError as error:
        raise Refused(f"{preview} cannot be written ({(error.strerror or 'refused').lower()})") from None
    return str(preview)


def _print(view: DigestView, reader: Reader) -> None:
    read = reader.read
    line(read(view.headline))
    line()
    for figure in view.figures:
        change = f" ({read(figure.change)})" if figure.change else ""
        line(f"{read(figure.value):>12}  {read(figure.label)}{change}")
    line()
    _print_lines(view.urgent, reader)
    line(read(view.slowest))
    for lines in (view.steps, view.departments, view.days):
        if lines:
            line()
            _print_lines(lines, reader)
    if view.further is not None:
        line(read(view.further))
    line()
    line(" ".join(read(note) for note in view.notes))


def _print_lines(lines: tuple[FigureLine, ...], reader: Reader) -> None:
    for shown in lines:
        line(f"{_said(shown.name, reader)}: {', '.join(_said(part, reader) for part in shown.parts)}")


def _said(part: Sentence | str, reader: Reader) -> str:
    return visible(reader.read(part) if isinstance(part, Sentence) else part)
