"""``outbox list``, and what a person may do to one effect: ``retry``, ``park``, ``confirm``."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bots.commands.command import USAGE, HouseCommand, Refused
from bots.commands.configuration import member_who_acts
from bots.commands.facts import effect_facts
from bots.commands.options import DEFAULT_FILE, AsOption, ConfigOption, JsonOption, LimitOption
from bots.commands.storage import Opened, opened
from bots.printing import line, moment, short_moment, show_json, table
from escalation import commands as c
from escalation.desk import Order, case_file
from models.outbox import Effect
from models.store import Transaction
from models.vocabulary import CHAT_EFFECTS, CaseState, EffectKind, EffectState

EffectArgument = Annotated[
    str, typer.Argument(help="The effect's id, as `portavoce outbox list` shows it.", metavar="ID")
]


def list_(
    config: ConfigOption = DEFAULT_FILE,
    state: Annotated[
        list[EffectState] | None, typer.Option("--state", help="Only in this state; may be given several times.")
    ] = None,
    limit: LimitOption = 100,
    json: JsonOption = False,
) -> None:
    """List intended acts outside, newest first: replies, cards, messages. Times are UTC."""
    effects = asyncio.run(_list(config, state, limit))
    if json:
        show_json([effect_facts(effect) for effect in effects])
        return
    if not effects:
        line("There is nothing in the outbox." if not state else "There is nothing in this state in the outbox.")
        return
    table(
        ("effect", "kind", "state", "to", "tries", "not before", "reason"),
        [
            (e.id, e.kind.value, e.state.value, e.target, e.attempts, short_moment(e.not_before), e.reason or "")
            for e in effects
        ],
        whole=("effect", "kind", "state"),
    )


def retry(effect: EffectArgument, config: ConfigOption = DEFAULT_FILE, json: JsonOption = False) -> None:
    """Try a parked effect again, or a waiting one at once; its account counts as mended."""
    said, fresh = asyncio.run(_retry(config, effect))
    _tell(said, fresh, json=json)


def park(effect: EffectArgument, config: ConfigOption = DEFAULT_FILE, json: JsonOption = False) -> None:
    """Hold one waiting effect back until `portavoce outbox retry`; to hold a whole account back, freeze it."""
    said, fresh = asyncio.run(_park(config, effect))
    _tell(said, fresh, json=json)


def confirm(
    effect: EffectArgument,
    config: ConfigOption = DEFAULT_FILE,
    posted: Annotated[
        bool | None, typer.Option("--posted/--not-posted", help="Whether it stands on the network.")
    ] = None,
    as_: AsOption = None,
    json: JsonOption = False,
) -> None:
    """Say, after looking on the network, whether a reply of unknown outcome stands there."""
    if posted is None:
        raise Refused("look on the network, then say --posted or --not-posted", code=USAGE)
    said, fresh = asyncio.run(_confirm(config, effect, posted=posted, as_=as_))
    _tell(said, fresh, json=json)


def _tell(said: str, effect: Effect, *, json: bool) -> None:
    if json:
        show_json({**effect_facts(effect), "said": said})
    else:
        line(said)


async def _list(config: Path, states: list[EffectState] | None, limit: int) -> list[Effect]:
    async with opened(config) as here, here.database.read() as tx:
        return list(await tx.outbox.list(states=states or None, limit=limit))


async def _get(tx: Transaction, effect_id: str) -> Effect:
    effect = await tx.outbox.get(effect_id)
    if effect is None:
        raise Refused(f"there is no effect “{effect_id}”; `portavoce outbox list` shows them")
    return effect


async def _fresh(here: Opened, effect_id: str) -> Effect:
    async with here.database.read() as tx:
        return await _get(tx, effect_id)


async def _park(config: Path, effect_id: str) -> tuple[str, Effect]:
    async with opened(config) as here:
        async with here.database.begin() as tx:
            effect = await _get(tx, effect_id)
            changes = {"state": EffectState.PARKED, "reason": "parked by hand", "token": None, "lease_until": None}
            if not await tx.outbox.move(effect.id, from_=[EffectState.READY], changes=changes):
                raise Refused(_not_waiting(effect))
        return f"Parked. Let it go with: portavoce outbox retry {effect.id}", await _fresh(here, effect_id)


def _looked_into(effect: Effect) -> str:
    return f"nobody knows yet whether this left; it is looked into by itself at {moment(effect.not_before)} UTC"


def _not_waiting(effect: Effect) -> str:
    if effect.state is EffectState.UNKNOWN:
        return f"{_looked_into(effect)}, so it cannot be parked"
    return f"only what still waits can be parked; this one is {effect.state.value}"


async def _retry(config: Path, effect_id: str) -> tuple[str, Effect]:
    async with opened(config) as here:
        said = await here.database.retrying(lambda: _retry_once(here, effect_id))
        return said, await _fresh(here, effect_id)


async def _retry_once(here: Opened, effect_id: str) -> str:
    now = here.clock.now()
    async with here.database.begin() as tx:
        effect = await _get(tx, effect_id)
        if (reason := _no_retry(effect)) is not None:
            raise Refused(reason)
        if effect.kind is EffectKind.REPLY and effect.case_id:
            file = case_file((await tx.cases.lock([effect.case_id]))[effect.case_id])
            draft = file.draft_by_id(effect.draft_id or "")
            if draft is None or draft is not file.draft or file.case.state is not CaseState.RELAYING:
                raise Refused("this reply is not the case's approved answer any more; it stays where it is")
            if draft.context_version != file.case.context_version:
                changes = {"state": EffectState.CANCELLED, "settled_at": now, "reason": "overtaken by the customer"}
                await tx.outbox.move(effect.id, from_=[effect.state], changes=changes)
                await here.desk.run(tx, [Order(effect.case_id, c.VoidApproval())])
                return "The customer has acted since the approval, so it is void; the answer waits for approval again."
        changes = {
            "state": EffectState.READY,
            "not_before": now,
            "settled_at": None,
            "token": None,
            "lease_until": None,
        }
        if not await tx.outbox.move(effect.id, from_=[effect.state], changes=changes):
            raise Refused("somebody else changed this effect just now; look at it again")
        mended = await tx.outbox.mended(effect.pace)
    return "It will be tried at once." + (
        f" {effect.pace.removeprefix('account:')} counts as mended." if mended else ""
    )


def _no_retry(effect: Effect) -> str | None:
    """Return why an effect cannot be tried again, or ``None``."""
    match effect.state:
        case EffectState.READY | EffectState.PARKED:
            return None
        case EffectState.REFUSED if effect.kind in CHAT_EFFECTS:
            return None
        case EffectState.REFUSED:
            return "the network refused this reply and its case is back in review; change and approve the answer there"
        case EffectState.NEEDS_CHECK:
            return (
                "this reply may stand on the network already, so it is not sent again blindly; look there, then press "
                "“It is there” or “Not there, send again” on the approvals card "
                f"(or: portavoce outbox confirm {effect.id} --posted)"
            )
        case EffectState.UNKNOWN:
            return _looked_into(effect)
        case EffectState.SENDING:
            return "it is being sent right now"
        case _:
            return f"this is {effect.state.value} and settled; there is nothing to try again"


async def _confirm(config: Path, effect_id: str, *, posted: bool, as_: str | None) -> tuple[str, Effect]:
    async with opened(config) as here:
        actor = member_who_acts(here.settings, as_)
        async with here.database.read() as tx:
            effect = await _get(tx, effect_id)
            if effect.state is not EffectState.NEEDS_CHECK or effect.case_id is None:
                raise Refused(f"nobody has to look for this one; it is {effect.state.value}")
            file = case_file((await tx.cases.read([effect.case_id]))[effect.case_id])
        draft = file.draft_by_id(effect.draft_id or "")
        is_last = draft is None or effect.part >= len(draft.parts) - 1
        command: c.Command = c.ConfirmNotPosted()
        if posted:
            command = c.ConfirmPosted() if is_last else c.ConfirmPartPosted()
        outcome = await here.desk.handle(effect.case_id, command, actor=actor)
        if outcome.refusal is not None:
            raise Refused(str(outcome.refusal))
        said = str(outcome.said) if outcome.said else "Noted."
        return said, await _fresh(here, effect_id)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(help="Look at what leaves, and mend it.", no_args_is_help=True)
    group.command("list", cls=HouseCommand)(list_)
    group.command(cls=HouseCommand)(retry)
    group.command(cls=HouseCommand)(park)
    group.command(cls=HouseCommand)(confirm)
    app.add_typer(group, name="outbox")
