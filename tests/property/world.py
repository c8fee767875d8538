"""A network and a chat that misbehave on order, and the questions that must be answered alike after every step."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import SQLModel, select

from escalation import commands as c
from escalation.business_time import BusinessCalendar
from escalation.courier import Courier
from escalation.decide import text_hash
from escalation.facets import route_name
from escalation.ladder import Timing, rungs
from escalation.ports import Arrival, ChatMessage, OutgoingReply, Posted, PostFacts, Uncertain
from escalation.retelling import TimedBy, ToldClock, retell
from models.case import Case, Draft, JournalEntry, PolicySnapshot, Review
from models.clocks import CalendarSnapshot, StepClock
from models.database import Database
from models.outbox import Effect
from models.pings import Announcement, Ping
from models.store.auditing import OWED
from models.vocabulary import (
    OPEN_STATES,
    UNSETTLED_EFFECTS,
    CaseState,
    DraftSource,
    DraftState,
    EffectKind,
    EffectState,
    Idempotency,
    PingFate,
    Step,
    Verdict,
)
from tests.house import CONFIGURATION, House, PlainChat, PlainNetwork, TestClock, build_house

LATENESS = timedelta(seconds=60)
"""How late the network may act after it seemed to fail; shorter than the quarantine."""


_TOLD = (
    "started_at",
    "department",
    "ended_at",
    "outcome",
    "wall_seconds",
    "business_seconds",
    "calendar",
    "target_seconds",
    "due_at",
    "next_at",
    "rungs_passed",
    "acknowledged_rung",
    "muted_by",
    "paused_at",
    "paused_seconds",
)
"""Everything of a clock that the journal tells."""
_TARGETS = 'relay = "5m"\nfirst_response = "2h"'
_LADDER = """
next_response = "90m"
resolution = "2d"
remind_claim = "30m"
release_claim = "50m"
[[policies.standard.ladder]]
at = "50%"
ping = "owner"
[[policies.standard.ladder]]
at = "100%"
ping = "manager"
repeat_every = "10m"
repeats = 3
[[policies.standard.ladder]]
at = "+1h"
ping = "managers"
"""
BEFORE = CONFIGURATION.replace(_TARGETS, _TARGETS + _LADDER)
EDITED = (
    BEFORE.replace('acknowledge = "15m"', 'acknowledge = "40m"')
    .replace('first_response = "2h"', 'first_response = "1h"')
    .replace('monday = ["09:00-13:00", "14:00-18:00"]', 'monday = ["08:00-11:00"]\nwednesday = ["24h"]')
    .replace('at = "50%"', 'at = "75%"')
)
"""The same house after somebody has edited its targets, its ladder and its opening hours."""
assert len({CONFIGURATION, BEFORE, EDITED}) == 3


@dataclass
class WaywardNetwork(PlainNetwork):
    """Faults are planned for the replies to one customer: (when it acts, what it answers)."""

    planned: dict[str, list[tuple[str, Exception]]] = field(default_factory=dict)
    unsaid: dict[str, list[Arrival]] = field(default_factory=dict)
    acting_later: list[tuple[datetime, OutgoingReply]] = field(default_factory=list)
    watch: Callable[[OutgoingReply], Awaitable[None]] | None = None
    clock: TestClock = field(default_factory=TestClock)

    def catch_up(self) -> None:
        """Act on what was left undone and is due now."""
        due = [item for item in self.acting_later if item[0] <= self.clock.now()]
        self.acting_later = [item for item in self.acting_later if item not in due]
        for _, reply in due:
            self._act(reply)

    def _act(self, reply: OutgoingReply) -> None:
        native = self.capabilities.idempotency is Idempotency.NATIVE
        if not (native and any(posted.key == reply.key for posted in self.posts)):
            self.posts.append(reply)

    async def post(self, reply: OutgoingReply) -> Posted:
        self.catch_up()
        if self.watch is not None:
            await self.watch(reply)
        faults = self.planned.get(reply.to.author.external_id, [])
        when, error = faults.pop(0) if faults else ("now", None)
        if when == "now":
            self._act(reply)
        elif when == "late":
            self.acting_later.append((self.clock.now() + LATENESS, reply))
        if error is not None:
            raise error
        return Posted(f"out-{reply.key}", f"https://plain.example/{reply.key}")

    async def find(self, reply: OutgoingReply) -> Posted | None:
        self.catch_up()
        found = any(posted.key == reply.key for posted in self.posts)
        return Posted(f"out-{reply.key}", f"https://plain.example/{reply.key}") if found else None

    async def changes(self, to: PostFacts) -> Sequence[Arrival]:
        return self.unsaid.pop(to.author.external_id, [])


@dataclass
class WaywardChat(PlainChat):
    """Loses answers when told to, for cards as for everything."""

    lose: int = 0

    async def post(self, message: ChatMessage) -> str:
        message_id = await super().post(message)
        if self.lose:
            self.lose -= 1
            raise Uncertain("timeout")
        return message_id


class World:
    """One house over one database, driven from plain functions."""

    def __init__(self, database: Database, runner: asyncio.Runner, idempotency: Idempotency) -> None:
        self.runner = runner
        self.clock = TestClock()
        self.latest = self.clock.at
        self.configuration = BEFORE
        self.house: House = build_house(database, clock=self.clock, configuration=BEFORE)
        self.network = WaywardNetwork("acme", clock=self.clock, watch=self._watch)
        able = dict(self.network.capabilities.__dict__) | {"idempotency": idempotency, "limit": 60}
        self.network.capabilities = type(self.network.capabilities)(**able)
        self.house.networks["acme"] = self.network
        self.house.desk.rulebook.connectors = self.house.networks
        self.chat = WaywardChat()
        self.house.chat = self.chat
        self.courier = Courier(desk=self.house.desk, surfaces={"slack": self.chat})
        self.sent_into: list[tuple[int, int]] = []
        self._calendars: dict[str, BusinessCalendar] = {}
        self._policies: dict[str, Mapping[str, Any]] = {}

    def restart(self, configuration: str) -> None:
        """Start a new process over the same rows, perhaps with an edited configuration."""
        self.configuration = configuration
        self.house = build_house(self.house.database, clock=self.clock, configuration=configuration)
        self.house.networks["acme"] = self.network
        self.house.desk.rulebook.connectors = self.house.networks
        self.house.chat = self.chat
        self.courier = Courier(desk=self.house.desk, surfaces={"slack": self.chat})

    def set_back(self, span: timedelta) -> None:
        """Set the wall clock back."""
        self.latest = max(self.latest, self.clock.at)
        self.clock.at -= span

    def do(self, work: Awaitable[Any]) -> Any:
        async def waiting() -> Any:
            return await work

        return self.runner.run(waiting())

    async def _watch(self, reply: OutgoingReply) -> None:
        """Note, when a first part leaves, the conversation that was approved and the one that stands."""
        if reply.part:
            return
        async with self.house.database.read() as tx:
            effect = await tx.outbox.get(reply.key)
            rows = (await tx.cases.read([effect.case_id]))[effect.case_id]
            draft = next(draft for draft in rows.drafts if draft.id == effect.draft_id)
            self.sent_into.append((draft.context_version, rows.case.context_version))

    # --- what happens -------------------------------------------------------------------------------------------------

    def case_ids(self) -> list[str]:
        """Cases in the order in which their customers first wrote; ids of one moment sort at random."""
        return [case.id for case in sorted(self.rows(Case), key=lambda case: case.thread_id)]

    def file(self, case_id: str) -> Any:
        return self.do(self.house.desk.file(case_id))

    def handle(self, case_id: str, command: c.Command, actor: str) -> tuple[bool, str]:
        outcome = self.do(self.house.desk.handle(case_id, command, actor=actor))
        return outcome.done, str(outcome.refusal or "")

    def intake(self, *arrivals: Arrival) -> None:
        self.do(self.house.desk.intake("acme", arrivals))

    def carry(self, seconds: int = 6) -> None:
        """Carry for some seconds; chat channels take their time."""
        for _ in range(seconds):
            self.network.catch_up()
            if not self.do(self.courier.drain()):
                return
            self.clock.forward(seconds=1)

    def die(self, *, acted: bool) -> None:
        """Let a courier claim what is due and die before or after it acted, but before it could write that down."""

        async def claiming() -> None:
            await self.courier._start_due()
            if acted and self.courier._running:
                await asyncio.wait([*self.courier._running])
            for task in self.courier._running:
                task.cancel()
            await asyncio.gather(*self.courier._running, return_exceptions=True)

        self.do(claiming())
        self.courier = Courier(desk=self.house.desk, surfaces={"slack": self.chat})

    def pings(self) -> list[Ping]:
        """Pings in the order of conversations, steps and rungs, which is the same in every world."""
        threads = {case.id: case.thread_id for case in self.rows(Case)}
        cycles = {clock.id: clock.cycle for clock in self.rows(StepClock)}

        def place(ping: Ping) -> tuple[object, ...]:
            return threads[ping.case_id], ping.step.value, cycles[ping.clock_id], ping.rung, ping.repeat

        return sorted(self.rows(Ping), key=place)  # type: ignore[arg-type, type-var]

    def rows(self, model: type[SQLModel]) -> list[Any]:
        async def reading() -> list[Any]:
            async with self.house.database.read() as tx:
                return list(await tx.session.exec(select(model)))

        return self.do(reading())

    def shape(self) -> Any:
        """Everything that must be the same on both databases: no ids, and no times that depend on who went first."""
        cases = {case.id: case for case in self.rows(Case)}
        acts: dict[str, list[str]] = {}
        for entry in sorted(self.rows(JournalEntry), key=lambda entry: entry.case_version):
            if entry.act != "CardShown":
                acts.setdefault(cases[entry.case_id].thread_id, []).append(
                    f"{entry.actor} {entry.act} {entry.to_state}"
                )
        replies = [
            (cases[effect.case_id].thread_id, effect.part, effect.state.value, effect.attempts)
            for effect in self.rows(Effect)
            if effect.kind is EffectKind.REPLY
        ]
        clocks = {clock.id: clock for clock in self.rows(StepClock)}
        pings = [
            (cases[ping.case_id].thread_id, ping.step.value, clocks[ping.clock_id].cycle, ping.rung, ping.repeat)
            for ping in self.rows(Ping)
            if ping.step is not Step.ACKNOWLEDGE  # it begins with the card, and which comes first is left to chance
        ]
        return acts, sorted(replies), sorted(posted.text for posted in self.network.posts), sorted(pings)

    # --- what always holds --------------------------------------------------------------------------------------------

    def check(self) -> None:
        cases = {case.id: case for case in self.rows(Case)}
        drafts = {draft.id: draft for draft in self.rows(Draft)}
        effects = {effect.id: effect for effect in self.rows(Effect)}
        reviews = {review.id: review for review in self.rows(Review)}
        self._nothing_unapproved(drafts, effects, reviews)
        self._nothing_twice(drafts, effects)
        self._approved_is_never_lost(drafts, effects, reviews, cases)
        self._time_is_told_once(cases)
        self._one_live_card()

    def _nothing_unapproved(self, drafts: dict, effects: dict, reviews: dict) -> None:
        for posted in self.network.posts:
            effect = effects[posted.key]
            draft, review = drafts[effect.draft_id], reviews[effect.review_id]
            assert review.verdict is Verdict.APPROVED
            assert (review.draft_id, review.draft_hash) == (draft.id, text_hash(draft.parts, draft.visibility))
            assert posted.text == draft.parts[effect.part]
            assert posted.visibility is draft.visibility
            assert review.member != draft.author, "somebody approved their own text"
            assert review.member in {"anna", "carla", "lea"}
        for approved_for, stood in self.sent_into:
            assert approved_for == stood, "a reply left into another conversation than it was approved for"

    def _nothing_twice(self, drafts: dict, effects: dict) -> None:
        keys = [posted.key for posted in self.network.posts]
        assert len(keys) == len(set(keys)), "one part stands on the network twice"
        last: dict[str, int] = {}
        for key in keys:
            effect = effects[key]
            assert effect.sequence > last.get(effect.case_id, 0), "replies overtook each other"
            last[effect.case_id] = effect.sequence
        public: dict[str, set[str]] = {}
        for posted in self.network.posts:
            public.setdefault(effects[posted.key].draft_id, set()).add(posted.text)
        by_version = {(draft.case_id, draft.version): draft for draft in drafts.values()}
        for draft in drafts.values():
            older = by_version.get((draft.case_id, draft.based_on))
            if draft.source is DraftSource.RENEWED and older is not None and older.visibility is draft.visibility:
                assert not public.get(draft.id, set()) & public.get(older.id, set()), "a renewed answer repeats itself"

    def _approved_is_never_lost(self, drafts: dict, effects: dict, reviews: dict, cases: dict) -> None:
        for review in reviews.values():
            if review.verdict is not Verdict.APPROVED:
                continue
            draft = drafts[review.draft_id]
            parts = sorted((e for e in effects.values() if e.review_id == review.id), key=lambda e: e.part)
            assert [effect.part for effect in parts] == list(range(len(draft.parts)))
            if all(effect.state is EffectState.SENT for effect in parts):
                assert draft.state is DraftState.APPROVED
            elif any(effect.state in UNSETTLED_EFFECTS for effect in parts):
                assert cases[draft.case_id].state in {CaseState.RELAYING, CaseState.NEEDS_CHECK}
            else:
                assert draft.state is DraftState.VOID, "an approved reply ended in silence"

    def _time_is_told_once(self, cases: dict) -> None:
        journal: dict[str, list[JournalEntry]] = {}
        for entry in self.rows(JournalEntry):
            journal.setdefault(entry.case_id, []).append(entry)
        pings: dict[str, list[Ping]] = {}
        for ping in self.rows(Ping):
            pings.setdefault(ping.clock_id, []).append(ping)
        self._announced(pings)
        clocks: dict[str, list[StepClock]] = {}
        for clock in self.rows(StepClock):
            clocks.setdefault(clock.case_id, []).append(clock)
        for case_id, case in cases.items():
            entries = sorted(journal[case_id], key=lambda entry: entry.case_version)
            assert [entry.case_version for entry in entries] == list(range(1, case.version + 1))
            assert all(a.at <= b.at for a, b in itertools.pairwise(entries))
            assert entries[-1].to_state is case.state
            told = retell(entries, self._timing)
            assert told.keys() == {(clock.step, clock.cycle) for clock in clocks[case_id]}
            for clock in clocks[case_id]:
                as_told = told[clock.step, clock.cycle]
                for name in _TOLD:
                    of_row, of_journal = getattr(clock, name), getattr(as_told, name)
                    assert of_row == of_journal, f"{clock.step}: {name} is {of_row}, the journal tells {of_journal}"
                assert clock.next_at is None or (clock.ended_at is None and clock.paused_at is None)
                self._told_once(clock, as_told, pings.pop(clock.id, []), entries)
            for clock in clocks[case_id]:
                if clock.ended_at is not None:
                    assert clock.wall_seconds == (clock.ended_at - clock.started_at).total_seconds() >= 0
                    assert 0 <= clock.business_seconds <= clock.wall_seconds + 1
            if case.state in OPEN_STATES and case.answered_at is None:
                assert Step.FIRST_RESPONSE in {c.step for c in clocks[case_id] if c.ended_at is None}
            running = [clock.step for clock in clocks[case_id] if clock.ended_at is None]
            assert len(running) == len(set(running)), "one step runs twice"
            here = (case.department, route_name(case.route))
            for clock in clocks[case_id]:
                if clock.ended_at is None:
                    assert (clock.department, clock.route) == here, f"{clock.step} counts where the case is not"
            if case.state in OPEN_STATES:
                assert OWED[case.state] & set(running), f"nobody owes anything in {case.state}"
            else:
                assert not running, f"{running} run on in {case.state}"

    def _timing(self, by: TimedBy) -> Timing:
        """How a clock is timed that the journal tells of: from what was written down, not from the configuration."""
        if by.calendar not in self._calendars:
            kept = {snapshot.version: snapshot.definition for snapshot in self.rows(CalendarSnapshot)}
            self._calendars[by.calendar] = BusinessCalendar.from_definition(kept[by.calendar])
        if by.policy not in self._policies:
            self._policies |= {snapshot.digest: snapshot.content for snapshot in self.rows(PolicySnapshot)}
        calendar, policy = self._calendars[by.calendar], self._policies[by.policy]
        return Timing(calendar, by.target_seconds, rungs(policy, by.step, by.target_seconds))

    def _told_once(self, clock: StepClock, told: ToldClock, pings: list[Ping], entries: Sequence[JournalEntry]) -> None:
        """Every rung that was noticed is a ping, once; none of a clock that had ended, and none that was waved away."""
        noticed: dict[tuple[int, int], datetime] = {}
        for rung, repeat, due_at in told.told:
            noticed.setdefault((rung, repeat), due_at)
        found = {(ping.rung, ping.repeat): ping.due_at for ping in pings}
        assert len(found) == len(pings), "a rung was told twice"
        assert found == noticed, f"{clock.step}: told {found}, noticed {noticed}"
        of_clock = [entry for entry in entries if entry.details.get("step") == clock.step.value]
        seen = {(e.details["rung"], e.at) for e in of_clock if e.act == "AcknowledgePing" and e.at >= clock.started_at}
        for ping in pings:
            assert ping.due_at <= ping.at
            assert clock.ended_at is None or ping.at <= clock.ended_at, "a ping of a clock that had ended"
            waved = any(rung == ping.rung and at < ping.at for rung, at in seen)
            assert not (waved and ping.repeat), "a ping that somebody had seen was repeated"
        if not any("recomputed" in entry.details for entry in entries):
            policy = entries[0].details["policy_digest"]
            by = TimedBy(clock.step, policy, clock.calendar or "", clock.target_seconds, clock.department)
            passed = self._timing(by).rungs[: clock.rungs_passed] if clock.calendar else ()
            gaps = [rung for rung in passed if (rung.number, rung.repeat) not in found and not rung.repeat]
            assert not gaps, f"{clock.step}: {gaps} were left out"
            ordered = [(rung.number, rung.repeat) for rung in passed if (rung.number, rung.repeat) in found]
            assert [found[key] for key in ordered] == sorted(found.values()), "rungs out of order"

    def _announced(self, pings: Mapping[str, list[Ping]]) -> None:
        """What is announced is announced somewhere, once in each place; what is folded or muted alone nowhere."""
        places = Counter((one.ping_id, one.channel) for one in self.rows(Announcement))
        assert all(number == 1 for number in places.values())
        somewhere = {ping_id for ping_id, _ in places}
        for ping in itertools.chain.from_iterable(pings.values()):
            if ping.fate in {PingFate.ANNOUNCED, PingFate.GATHERED}:
                assert ping.id in somewhere, "a ping that nobody hears"
            elif ping.fate in {PingFate.FOLDED, PingFate.UNADDRESSED}:
                assert ping.id not in somewhere, "a folded ping that somebody hears"

    def _one_live_card(self) -> None:
        seen: set[tuple[Any, ...]] = set()
        for message in self.chat.messages.values():
            if message.kind in {"card", "approval"}:
                key = (message.case_id, message.channel, message.kind, getattr(message.view, "draft_version", 0))
                assert key not in seen, "two cards of one case in one channel"
                seen.add(key)
