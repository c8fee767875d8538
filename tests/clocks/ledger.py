"""What must stand at the end of a bad day: each rung once in the rows, and each told once in every place."""

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import SQLModel, select

from models.case import Case
from models.clocks import StepClock
from models.mention import Author
from models.outbox import Attempt, Card, Effect
from models.pings import Announcement, Gathering, Ping
from models.store import Transaction
from models.vocabulary import CardKind, PingFate
from tests.clocks.company import RUNGS, Promise

_LINE = re.compile(r" · ([0-9a-z]{8})\n")
_MORE = re.compile(r"and (\d+) more")


class Ledger:
    """All rows that matter here, and what stands in the workspace's ``channels``."""

    models: tuple[type[SQLModel], ...] = (Case, StepClock, Author, Ping, Announcement, Gathering, Card, Effect, Attempt)

    def __init__(
        self,
        cases: list[Case],
        clocks: list[StepClock],
        authors: list[Author],
        pings: list[Ping],
        announcements: list[Announcement],
        gatherings: list[Gathering],
        cards: list[Card],
        effects: list[Effect],
        attempts: list[Attempt],
        channels: Sequence[Mapping[str, Any]],
    ) -> None:
        self._channels = channels
        self.unended = sum(attempt.ended_at is None for attempt in attempts)
        self.cases = {case.id: case for case in cases}
        self.clocks = {clock.id: clock for clock in clocks}
        self.authors = {author.id: author for author in authors}
        self.pings = {ping.id: ping for ping in pings}
        self.announcements, self.gatherings = announcements, {gathering.id: gathering for gathering in gatherings}
        self.cards = [card for card in cards if card.kind is CardKind.PING]
        self.effects = {effect.id: effect for effect in effects}

    @classmethod
    async def of(cls, tx: Transaction, channels: Sequence[Mapping[str, Any]]) -> "Ledger":
        """Read everything."""
        rows = [list(await tx.session.exec(select(model))) for model in cls.models]
        return cls(*rows, channels)  # type: ignore[arg-type]

    def broken(self) -> Iterator[str]:
        """Yield a sentence for everything that is wrong."""
        yield from _recorded(self)
        yield from _announced(self)
        yield from _told(self, self._channels)

    def counted(self) -> Mapping[str, int]:
        """Return how much was told, and how."""
        together = sum(one.gathering_id is not None for one in self.announcements)
        return {
            "cases": len(self.cases),
            "pings": len(self.pings),
            "alone": len(self.announcements) - together,
            "together": together,
            "messages about many": len(self.gatherings),
            "tries that nobody ended": self.unended,
        }

    def pings_of(self) -> Mapping[str, list[Ping]]:
        """Return the pings of each clock, in the order of its ladder."""
        found: dict[str, list[Ping]] = defaultdict(list)
        for ping in sorted(self.pings.values(), key=lambda ping: (ping.due_at, ping.rung, ping.repeat)):
            found[ping.clock_id].append(ping)
        return found


def _recorded(rows: Ledger) -> Iterator[str]:
    """Each rung that was due while its clock ran is written once, at its own time; none of a clock that had ended."""
    pings = rows.pings_of()
    for clock in rows.clocks.values():
        promised = [(one.rung, one.repeat, _due(clock, one)) for one in RUNGS.get(clock.step.value, ())]
        found = [(ping.rung, ping.repeat, ping.due_at) for ping in pings[clock.id]]
        name = f"{clock.step.value} of {rows.cases[clock.case_id].thread_id}"
        if twice := [key for key, number in Counter(key[:2] for key in found).items() if number > 1]:
            yield f"{name}: doubled {twice}"
        if clock.ended_at is None:
            if found != promised:
                yield f"{name}: LOST {_keys(promised, found)}, invented {_keys(found, promised)}"
            if clock.next_at is not None or clock.rungs_passed != len(promised):
                yield f"{name}: has passed {clock.rungs_passed} and waits for {clock.next_at}"
            continue
        if found != promised[: len(found)] or any(due > clock.ended_at for _, _, due in found):
            yield f"{name}: ended {clock.ended_at}, promised was {promised}, written {found}"
        if any(ping.at > clock.ended_at for ping in pings[clock.id]):
            yield f"{name}: a ping after it had ended"


def _keys(these: Sequence[tuple[int, int, datetime]], those: Sequence[tuple[int, int, datetime]]) -> list[str]:
    return [f"{rung}.{repeat} due {due:%H:%M:%S}" for rung, repeat, due in these if (rung, repeat, due) not in those]


def _due(clock: StepClock, promise: Promise) -> datetime:
    return clock.started_at.replace(microsecond=0) + timedelta(seconds=promise.seconds)  # targets count whole seconds


def _announced(rows: Ledger) -> Iterator[str]:
    """What was noticed together is told once, by its highest rung, wherever any of the rungs would have been told."""
    told: dict[str, list[str]] = defaultdict(list)
    for one in rows.announcements:
        told[one.ping_id].append(one.channel)
    for clock_id, pings in rows.pings_of().items():
        clock = rows.clocks[clock_id]
        promises = {(one.rung, one.repeat): one for one in RUNGS[clock.step.value]}
        for _, group in itertools.groupby(pings, key=lambda ping: ping.at):
            *folded, loudest = group
            wanted = set[str]()
            for ping in (*folded, loudest):
                wanted |= promises[ping.rung, ping.repeat].channels(clock.department)
            if any(ping.fate is not PingFate.FOLDED or told[ping.id] for ping in folded):
                yield f"{clock.step.value}: a rung below the highest was told: {[ping.fate.value for ping in folded]}"
            if loudest.fate not in {PingFate.ANNOUNCED, PingFate.GATHERED} or sorted(told[loudest.id]) != sorted(
                wanted
            ):
                yield f"{clock.step.value} rung {loudest.rung}: {loudest.fate}, in {told[loudest.id]}, not in {wanted}"


def _told(rows: Ledger, channels: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Each announcement stands once in the workspace: as a message of its own, or as a line of one about many."""
    standing = list(_messages(channels))
    alone: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    gathered: dict[str, list[tuple[str, Mapping[str, Any]]]] = defaultdict(list)
    for address, ts, payload, message in standing:
        effect = rows.effects.get(payload["effect"])
        if effect is None:
            yield f"a message of no effect: {message['text'][:80]}"
        elif payload["kind"] == "ping":
            alone[effect.card_id or ""].append((address, ts, message["text"]))
        elif payload["kind"] == "digest":
            gathered[effect.payload["gathering"]].append((address, message))
    yield from _alone(rows, alone)
    yield from _gathered(rows, gathered)


def _alone(rows: Ledger, standing: Mapping[str, Sequence[tuple[str, str, str]]]) -> Iterator[str]:
    by_subject = {f"{ping.clock_id}:{ping.rung}:{ping.repeat}": ping for ping in rows.pings.values()}
    wanted = Counter((one.ping_id, one.channel) for one in rows.announcements if one.gathering_id is None)
    cards = Counter((by_subject[card.subject].id, card.channel) for card in rows.cards)
    if wanted != cards:
        yield f"{sum((wanted - cards).values())} pings without a card, {sum((cards - wanted).values())} cards too many"
    for card in rows.cards:
        ping, found = by_subject[card.subject], standing.get(card.id, ())
        clock, case = rows.clocks[ping.clock_id], rows.cases[ping.case_id]
        name = f"{ping.step.value} rung {ping.rung}.{ping.repeat} of {case.thread_id} in {card.channel}"
        if len(found) > 1:
            yield f"DOUBLED {name}: {len(found)} messages"
        elif not found and clock.ended_at is None:
            yield f"LOST {name}: nobody was told"
        for address, ts, text in found:
            if address != card.channel or ts != card.message_id:
                yield f"{name} stands in {address} as {ts}, remembered is {card.message_id}"
            if rows.authors[case.author_id].name not in text:
                yield f"{name} does not name its customer: {text}"


def _gathered(rows: Ledger, standing: Mapping[str, Sequence[tuple[str, Mapping[str, Any]]]]) -> Iterator[str]:
    members: dict[str, list[Announcement]] = defaultdict(list)
    for one in rows.announcements:
        if one.gathering_id is not None:
            members[one.gathering_id].append(one)
    for gathering in rows.gatherings.values():
        found, name = standing.get(gathering.id, ()), f"{gathering.kind.value} in {gathering.channel}"
        told = [rows.pings[one.ping_id] for one in members[gathering.id]]
        over = Counter(ping.case_id[-8:] for ping in told if rows.clocks[ping.clock_id].ended_at is not None)
        if not found and sum(over.values()) == len(told):
            continue  # all of it was done before it left
        if len(found) != 1:
            wrong = "DOUBLED" if found else "LOST"
            yield f"{wrong} {name}: {len(found)} messages about {len(members[gathering.id])} pings"
            continue
        [(address, message)] = found
        text = "".join(_texts(message["blocks"]))
        lines, more = _LINE.findall(text), sum(int(number) for number in _MORE.findall(text))
        cases = Counter(ping.case_id[-8:] for ping in told)
        struck = Counter(_LINE.findall("".join(_struck(message["blocks"]))))
        if struck - over or sum((over - struck).values()) > more:
            yield f"{name} strikes {sum(struck.values())} lines through of {sum(over.values())} that are done"
        if address != gathering.channel or Counter(lines) - cases or len(lines) + more != sum(cases.values()):
            yield f"{name} of {sum(cases.values())} pings shows {len(lines)} lines and {more} more in {address}"


def _messages(channels: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, Mapping[str, str], Mapping[str, Any]]]:
    """Yield what the bot has posted: the channel's address, the message's ``ts``, its metadata, and all of it."""
    for channel in channels:
        boss = next((user for user in channel["members"] if user.startswith("U0BOSS")), "")
        address = f"member:{boss.removeprefix('U0').lower()}" if channel["kind"] == "im" else f"slack:{channel['id']}"
        for message in channel["messages"]:
            if message.get("metadata"):
                yield address, message["ts"], message["metadata"]["event_payload"], message


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        else:
            for name in ("text", "elements"):
                yield from _texts(value.get(name))


def _struck(value: Any) -> Iterator[str]:
    """Yield every text that is struck through."""
    if isinstance(value, list):
        for item in value:
            yield from _struck(item)
    elif isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"] if value.get("style", {}).get("strike") else ""
        else:
            for name in ("text", "elements"):
                yield from _struck(value.get(name))
