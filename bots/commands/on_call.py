"""``oncall``: who is on call, the coming shifts, and swaps and overrides for when chat is not at hand."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import typer

from bots.commands.command import USAGE, HouseCommand, Refused
from bots.commands.configuration import known_member
from bots.commands.moments import moment_given
from bots.commands.options import DEFAULT_FILE, AsOption, ConfigOption, JsonOption
from bots.commands.storage import Opened, opened
from bots.printing import line, show_json, table, visible
from escalation.business_time import zone
from escalation.duty_changes import SHORT_ID, Changed, DutyChanges, Wanted, unknown_rota
from escalation.language import Reader
from escalation.on_call import Duty, Shift
from escalation.on_call.ical import ical
from escalation.settings import Settings
from models.vocabulary import OPERATOR

NOBODY: Final = "nobody"

RotaOption = Annotated[str | None, typer.Option("--rota", metavar="NAME", help="Which rota; needless with only one.")]
SinceOption = Annotated[
    str, typer.Option("--since", metavar="TIME", help="From when: 2026-12-01 09:00 (organisation's zone) or ISO 8601.")
]
UntilOption = Annotated[str, typer.Option("--until", metavar="TIME", help="Until when, written as --since.")]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Why; those whom it concerns are told.")]


def who(
    config: ConfigOption = DEFAULT_FILE,
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help="When; now, unless given.")] = None,
    department: Annotated[str | None, typer.Option("--department", help="Only by this department's rota.")] = None,
    rota: Annotated[str | None, typer.Option("--rota", metavar="NAME", help="Only by this rota.")] = None,
    json: JsonOption = False,
) -> None:
    """Say who is on call, until when, and who comes then."""
    if department is not None and rota is not None:
        raise Refused("give --department or --rota, not both", code=USAGE)
    settings, moment, duty, names = asyncio.run(_who(config, at, department=department, rota=rota))
    facts = [_watch_facts(settings, duty, name, moment) for name in names]
    if json:
        show_json(facts)
    elif not facts:
        line("No rota is configured; write a section [on_call.NAME].")
    else:
        timezone = settings.organisation.timezone
        rows = [
            (one["label"], _people(one["on_call"]), _local(one["until"], timezone), _people(one["next"]))
            for one in facts
        ]
        table(("rota", "on call", f"until ({timezone})", "then"), rows)


def calendar(
    config: ConfigOption = DEFAULT_FILE,
    rota: Annotated[str | None, typer.Option("--rota", metavar="NAME", help="Only of this rota.")] = None,
    weeks: Annotated[int, typer.Option("--weeks", min=1, max=104, help="So many weeks from now.")] = 4,
    to: Annotated[
        str | None, typer.Option("--ical", metavar="FILE", help="Write them as an iCal file; - is standard output.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """List the coming shifts, in the organisation's time zone, or write them as iCal."""
    if json and to is not None:
        raise Refused("give --json or --ical, not both", code=USAGE)
    settings, now, duty, names = asyncio.run(_who(config, None, department=None, rota=rota))
    until = now + timedelta(weeks=weeks)
    if to is not None:
        shifts = [shift for name in names for shift in duty.shifts(name, now, until)]
        _write(to, _ical(settings, shifts, now))
        return
    facts = sorted(
        (fact for name in names for fact in _shift_facts(settings, duty, name, now, until)),
        key=lambda fact: (fact["since"], fact["rota"]),
    )
    if json:
        show_json(facts)
    elif not names:
        line("No rota is configured; write a section [on_call.NAME].")
    else:
        timezone = settings.organisation.timezone
        rows = [
            (
                _local(fact["since"], timezone),
                _local(fact["until"], timezone),
                fact["label"],
                _people(fact["on_call"]),
                ", ".join(change[-SHORT_ID:] for change in fact["changes"]),
            )
            for fact in facts
        ]
        table((f"from ({timezone})", "until", "rota", "on call", "change"), rows)


def swap(
    member: Annotated[str, typer.Option("--member", metavar="MEMBER", help="Whose shifts.")],
    other: Annotated[str, typer.Option("--with", metavar="MEMBER", help="Who takes them, and gives their own.")],
    since: SinceOption,
    until: UntilOption,
    config: ConfigOption = DEFAULT_FILE,
    rota: RotaOption = None,
    reason: ReasonOption = None,
    as_: AsOption = None,
    json: JsonOption = False,
) -> None:
    """Let two people take each other's shifts within a time."""
    work = _standing_in(
        member=other, instead_of=member, mutual=True, rota=rota, since=since, until=until, reason=reason
    )
    _change(config, as_, work, json=json)


def override(
    member: Annotated[str, typer.Option("--member", metavar="MEMBER", help="Who is on call then.")],
    since: SinceOption,
    until: UntilOption,
    config: ConfigOption = DEFAULT_FILE,
    rota: RotaOption = None,
    instead_of: Annotated[
        str | None,
        typer.Option("--instead-of", metavar="MEMBER", help="Only where this one would be; anybody, unless given."),
    ] = None,
    reason: ReasonOption = None,
    as_: AsOption = None,
    json: JsonOption = False,
) -> None:
    """Put somebody on call within a time, whatever the rota says."""
    work = _standing_in(member=member, instead_of=instead_of, rota=rota, since=since, until=until, reason=reason)
    _change(config, as_, work, json=json)


def cancel(
    change: Annotated[
        str,
        typer.Argument(help="The change's id, or the end of it (oncall calendar shows it).", metavar="ID"),
    ],
    config: ConfigOption = DEFAULT_FILE,
    as_: AsOption = None,
    json: JsonOption = False,
) -> None:
    """End a swap or an override; what it was until now stays so."""

    async def work(_: Opened, changes: DutyChanges, actor: str) -> Changed:
        return await changes.cancel(change, actor=actor)

    _change(config, as_, work, json=json)


_Work = Callable[[Opened, DutyChanges, str], Awaitable[Changed]]


def _standing_in(
    *,
    member: str,
    instead_of: str | None,
    mutual: bool = False,
    rota: str | None,
    since: str,
    until: str,
    reason: str | None,
) -> _Work:
    """Return the work of putting a member on call for another one or for anybody, from the words that were typed.

    It raises ``Refused`` for a rota or a member that is not configured and for a time that cannot be read.
    """

    async def work(here: Opened, changes: DutyChanges, actor: str) -> Changed:
        timezone = here.settings.organisation.timezone
        wanted = Wanted(
            rota=_rota(here.settings, rota),
            member=known_member(here.settings, member),
            instead_of=None if instead_of is None else known_member(here.settings, instead_of),
            mutual=mutual,
            since=moment_given(since, timezone),
            until=moment_given(until, timezone),
            reason=reason,
        )
        return await changes.change(wanted, actor=actor)

    return work


def _change(config: Path, as_: str | None, work: _Work, *, json: bool) -> None:
    changed, sentence = asyncio.run(_changed(config, as_, work))
    if json:
        show_json({"done": changed.done, "sentence": sentence, "id": changed.id or None})
        if not changed.done:
            raise typer.Exit(1)
    elif not changed.done:
        raise Refused(sentence)
    else:
        line(visible(f"{sentence} ({changed.id[-SHORT_ID:]})"))


async def _changed(config: Path, as_: str | None, work: _Work) -> tuple[Changed, str]:
    async with opened(config) as here:
        actor = OPERATOR if as_ is None else known_member(here.settings, as_)
        changed = await work(here, DutyChanges(here.desk), actor)
        reader = Reader(timezone=here.settings.organisation.timezone, now=here.clock.now())
        return changed, reader.read(changed.said)


async def _who(
    config: Path, at: str | None, *, department: str | None, rota: str | None
) -> tuple[Settings, datetime, Duty, list[str]]:
    async with opened(config) as here:
        settings = here.settings
        moment = here.clock.now() if at is None else moment_given(at, settings.organisation.timezone)
        names = _names(settings, department, rota)
        return settings, moment, await DutyChanges(here.desk).duty(moment), names


def _names(settings: Settings, department: str | None, rota: str | None) -> list[str]:
    """Return the rotas that were asked for; all where none was named."""
    if department is not None:
        if department not in settings.departments:
            known = ", ".join(settings.departments)
            raise Refused(f"there is no department “{department}” in the configuration; known are: {known}", code=USAGE)
        rota = settings.departments[department].on_call
        if rota is None:
            raise Refused(f"[departments.{department}] has no on_call, so nobody in particular is on call there")
    return list(settings.rotas) if rota is None else [_rota(settings, rota)]


def _rota(settings: Settings, name: str | None) -> str:
    if name is None and len(settings.rotas) == 1:
        return next(iter(settings.rotas))
    if name is None and settings.rotas:
        raise Refused(f"say which: --rota {' or --rota '.join(settings.rotas)}", code=USAGE)
    if name not in settings.rotas or name is None:
        raise Refused(str(unknown_rota(name or "", settings)), code=USAGE)
    return name


def _watch_facts(settings: Settings, duty: Duty, rota: str, at: datetime) -> dict[str, Any]:
    watch = duty.rosters[rota].watch(at)
    return {
        "rota": rota,
        "label": settings.rotas[rota].label,
        "departments": [key for key, one in settings.departments.items() if one.on_call == rota],
        "approval": settings.approval.on_call == rota,
        "at": at,
        "on_call": _named(settings, watch.members),
        "until": watch.until,
        "next": _named(settings, watch.then),
    }


def _shift_facts(settings: Settings, duty: Duty, rota: str, since: datetime, until: datetime) -> list[dict[str, Any]]:
    roster = duty.rosters[rota]
    free = [Shift(rota=rota, members=(), since=begins, until=ends) for begins, ends in roster.gaps(since, until)]
    return [
        {
            "rota": rota,
            "label": settings.rotas[rota].label,
            "since": shift.since,
            "until": shift.until,
            "on_call": _named(settings, shift.members),
            "changes": list(shift.changes),
        }
        for shift in [*roster.shifts(since, until), *free]
    ]


def _named(settings: Settings, members: Iterable[str]) -> list[dict[str, str]]:
    return [{"member": key, "name": _name(settings, key)} for key in members]


def _name(settings: Settings, key: str) -> str:
    return settings.members[key].name if key in settings.members else key


def _people(named: list[dict[str, str]]) -> str:
    return ", ".join(one["name"] for one in named) or NOBODY


def _local(at: datetime | None, timezone: str) -> str:
    return f"{at.astimezone(zone(timezone)):%a %Y-%m-%d %H:%M}" if at else "further notice"


def _ical(settings: Settings, shifts: list[Shift], now: datetime) -> bytes:
    return ical(
        shifts,
        settings.rotas,
        name=lambda key: _name(settings, key),
        title=f"{settings.organisation.name}: on call",
        host=urlsplit(settings.organisation.public_url).hostname or "portavoce",
        now=now,
    )


def _write(to: str, content: bytes) -> None:
    if to == "-":
        sys.stdout.write(content.decode().replace("\r\n", "\n") if sys.stdout.isatty() else content.decode())
        return
    try:
        Path(to).write_bytes(content)
    except OSError as error:
        raise Refused(f"{to} cannot be written ({(error.strerror or 'refused').lower()})") from None
    line(f"{to} is written.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(help="Who is on call, and changes of it.", no_args_is_help=True)
    for command in (who, calendar, swap, override, cancel):
        group.command(cls=HouseCommand)(command)
    app.add_typer(group, name="oncall")
