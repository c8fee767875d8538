"""``/portavoce oncall``: who is on call, and the dialog in which two people swap their shifts."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltRequest

from bots.slack.listeners.dialog_openers import TOO_LATE
from bots.slack.listeners.raw import raw_body
from bots.slack.modals import View
from bots.slack.places import Place, entered, place_of, typed
from bots.slack.swap_dialog import (
    ROTA_ACTION,
    ROTA_BLOCK,
    SINCE_ACTION,
    SINCE_BLOCK,
    SWAP,
    TAKER_ACTION,
    TAKER_BLOCK,
    UNTIL_ACTION,
    UNTIL_BLOCK,
    WHOSE_ACTION,
    WHOSE_BLOCK,
    WHY_ACTION,
    WHY_BLOCK,
    Proposal,
    swap_dialog,
    swapped_dialog,
)
from bots.slack.text import cut
from bots.slack.workplace import Workplace, digest
from escalation.duty_changes import DutyChanges, Wanted
from escalation.language import Sentence, say
from escalation.on_call import Duty, Watch
from escalation.settings import Member

SWAP_WORD: Final = "swap"
NO_ROTA: Final = say("No rota is configured; write a section [on_call.NAME].")
HELP: Final = say(
    "/portavoce oncall says who is on call and who comes next; "
    "/portavoce oncall swap lets you and a colleague take each other's shifts."
)
_ERROR_CHARACTERS: Final = 1_500
_INSTANT: Final = timedelta(microseconds=1)

log = structlog.get_logger(__name__)


class OnCall:
    """Answers who is on call, and takes swaps."""

    def __init__(self, workplace: Workplace) -> None:
        """Keep the collaborators."""
        self._workplace = workplace
        self._changes = DutyChanges(workplace.desk)

    def register(self, app: AsyncApp) -> None:
        """Listen for the dialog; the command's first word is told apart by ``Commands``."""
        app.view(SWAP)(self.on_swap)

    async def standing(self, rest: str, _: Member, __: Place) -> list[Sentence]:
        """Return one sentence a rota: who is on call, until when, and who comes then."""
        if rest:
            return [HELP]
        rotas = self._workplace.settings.rotas
        if not rotas:
            return [NO_ROTA]
        now = self._workplace.clock.now()
        duty = await self._changes.duty(now)
        return [self._watch(rotas[name].label, roster.watch(now)) for name, roster in duty.rosters.items()]

    def _watch(self, rota: str, watch: Watch) -> Sentence:
        if watch.until is None:
            return say("{rota}: {people}, until further notice.", rota=rota, people=self._people(watch.members))
        return say(
            "{rota}: {people} until {until}, then {then}.",
            rota=rota,
            people=self._people(watch.members),
            until=watch.until,
            then=self._people(watch.then),
        )

    def _people(self, members: tuple[str, ...]) -> str | Sentence:
        return ", ".join(map(self._workplace.rulebook.name, members)) or say("nobody")

    # --- swapping -----------------------------------------------------------------------------------------------------

    async def begin_swap(self, ack: AsyncAck, body: dict[str, Any], rest: str, member: Member) -> None:
        """Open the dialog; ``rest`` may name the colleague. What stands in the way is told instead."""
        place = Place(
            user=member.slack or "",
            channel=str(body.get("channel_id") or ""),
            response_url=str(body.get("response_url") or ""),
        )
        prepared = await self._prepared(rest.strip(), member)
        await ack()
        if isinstance(prepared, Sentence):
            self._workplace.later(self._workplace.tell(place, prepared))
        else:
            self._workplace.later(self._open(place, str(body.get("trigger_id") or ""), prepared))

    async def _open(self, place: Place, trigger: str, view: View) -> None:
        if not await self._workplace.open(trigger, view):
            await self._workplace.tell(place, TOO_LATE)

    async def _prepared(self, named: str, member: Member) -> View | Sentence:
        settings = self._workplace.settings
        if not settings.rotas:
            return NO_ROTA
        taker = self._colleague(named) if named else None
        if named and taker is None:
            return say("There is no colleague “{name}” in the configuration.", name=named)
        now = self._workplace.clock.now()
        duty = await self._changes.duty(now)
        rota, since, until = _next_shift(duty, member.key, now)
        proposal = Proposal(
            rotas={name: one.label for name, one in settings.rotas.items()},
            rota=rota,
            whose=member.slack or "",
            taker=taker.slack if taker else None,
            since=since,
            until=until,
        )
        return swap_dialog(proposal, self._workplace.reader(member.slack or ""))

    def _colleague(self, named: str) -> Member | None:
        """Return who was meant by a key, a name, a first name, or a mention as Slack writes it."""
        plain = named.removeprefix("<@").removesuffix(">").partition("|")[0]
        known = self._workplace.settings.member_by_slack(plain)
        if known is not None:
            return known
        wanted = named.removeprefix("@").casefold()
        members = self._workplace.settings.members.values()
        whole = [one for one in members if wanted in {one.key.casefold(), one.name.casefold()}]
        found = whole or [one for one in members if one.name.split()[0].casefold() == wanted]
        return found[0] if len(found) == 1 else None

    async def on_swap(self, ack: AsyncAck, body: dict[str, Any], request: AsyncBoltRequest) -> None:
        """Swap, committed before Slack gets its acknowledgement; a refusal keeps the dialog open."""
        workplace = self._workplace
        user = place_of(body).user
        reader, member = workplace.reader(user), workplace.member(user)

        async def refuse(sentence: Sentence, block: str = UNTIL_BLOCK) -> None:
            await ack(response_action="errors", errors={block: cut(reader.read(sentence), _ERROR_CHARACTERS)})

        if member is None:
            await refuse(workplace.stranger(user))
            return
        for block, action in ((WHOSE_BLOCK, WHOSE_ACTION), (TAKER_BLOCK, TAKER_ACTION)):
            if self._chosen(body, block, action) is None:
                await refuse(say("This person is not in Portavoce's configuration, so nobody could ping them."), block)
                return
        wanted = self._wanted(body)
        if wanted is None:
            await refuse(say("Give the date and the time."))
            return
        raw = raw_body(request)
        key = digest(str(body.get("trigger_id") or "") + raw.decode("utf-8", "replace"))
        delivery = workplace.delivery("view", (str(body["view"]["id"]), key), raw)
        changed = await self._changes.change(wanted, actor=member.key, delivery=delivery)
        log.info("swap", member=member.key, done=changed.done, change=changed.id)
        if not changed.done:
            await refuse(changed.said)
            return
        await ack(response_action="update", view=swapped_dialog(changed.said, reader))

    def _wanted(self, body: dict[str, Any]) -> Wanted | None:
        since, until = _moment(body, SINCE_BLOCK, SINCE_ACTION), _moment(body, UNTIL_BLOCK, UNTIL_ACTION)
        whose, taker = (
            self._chosen(body, WHOSE_BLOCK, WHOSE_ACTION),
            self._chosen(body, TAKER_BLOCK, TAKER_ACTION),
        )
        if since is None or until is None or whose is None or taker is None:
            return None
        chosen = entered(body, ROTA_BLOCK, ROTA_ACTION).get("selected_option")
        return Wanted(
            rota=str(chosen.get("value") or "") if isinstance(chosen, dict) else "",
            member=taker.key,
            instead_of=whose.key,
            mutual=True,
            since=since,
            until=until,
            reason=typed(body, WHY_BLOCK, WHY_ACTION),
        )

    def _chosen(self, body: dict[str, Any], block_id: str, action_id: str) -> Member | None:
        return self._workplace.member(str(entered(body, block_id, action_id).get("selected_user") or ""))


def _next_shift(duty: Duty, member: str, now: datetime) -> tuple[str, datetime | None, datetime | None]:
    """Return the rota by which somebody is on call next, and what is left of that shift; the first rota if none."""
    begins = {name: at for name, roster in duty.rosters.items() if (at := roster.duty_begins(member, now)) is not None}
    if not begins:
        return next(iter(duty.rosters)), None, None
    rota = min(begins, key=begins.__getitem__)
    [shift] = duty.shifts(rota, begins[rota], begins[rota] + _INSTANT)
    return rota, max(shift.since, now.replace(second=0, microsecond=0)), shift.until


def _moment(body: dict[str, Any], block_id: str, action_id: str) -> datetime | None:
    given = entered(body, block_id, action_id).get("selected_date_time")
    try:
        return datetime.fromtimestamp(given, UTC) if isinstance(given, int) else None
    except (ValueError, OverflowError, OSError):
        return None
