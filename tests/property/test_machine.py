"""Whatever happens, in whatever order: what must always hold, holds. On SQLite at length, and on both databases alike.

``PORTAVOCE_EXAMPLES`` sets how many stories are told (12 by default) and has a failing one made shorter, slowly.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text
from sqlmodel import SQLModel

from escalation import commands as c
from escalation.freezing import Freezing
from escalation.ports import (
    Arrived,
    AuthorFacts,
    Deleted,
    Edited,
    Gone,
    Rejected,
    RetryLater,
    Throttled,
    Unauthorised,
    Uncertain,
)
from models.database import Database
from models.vocabulary import CaseState, DismissReason, DraftSource, Idempotency, NetworkAct, PauseReason, Visibility
from tests.property.world import BEFORE, EDITED, World
from tests.watch.holding import broken

EXAMPLES = int(os.environ.get("PORTAVOCE_EXAMPLES", "12"))
PHASES = [Phase.generate, Phase.shrink] if "PORTAVOCE_EXAMPLES" in os.environ else [Phase.generate]
PEOPLE = ("anna", "bruno", "carla", "dario", "lea", "marta")
CUSTOMERS = ("ada", "bob")
QUESTIONS = ("Where is my invoice?", "My lawyer will write", "It is broken")
ANSWERS = (
    "It is in your inbox.",
    "We are looking into it. Please give us a day, and we will come back to you here. " * 2,
)

DEPARTMENTS = ("billing", "legal", "product")
MOST_POSTS = 6

customers, people, numbers = st.sampled_from(CUSTOMERS), st.sampled_from(PEOPLE), st.integers(0, 5)
changes = st.sampled_from(["delete", "edited once", "edited twice"])
faults = st.sampled_from(
    [
        ("never", Uncertain("timeout")),
        ("now", Uncertain("timeout")),
        ("late", Uncertain("timeout")),
        ("never", RetryLater("busy")),
        ("never", Rejected("rude")),
        ("never", Gone("deleted")),
        ("never", Unauthorised("token")),
        ("never", Throttled("slow down")),
        ("never", ValueError("a defect of the adapter")),
    ]
)


class Story(RuleBasedStateMachine):
    """Customers, colleagues, networks and clocks, each doing what they like."""

    worlds: tuple[World, ...]
    compare: ClassVar[bool] = False
    make: ClassVar = None

    @initialize(
        idempotency=st.sampled_from(Idempotency), words=st.sampled_from(ANSWERS), trouble=st.lists(faults, max_size=2)
    )
    def begin(self, idempotency: Idempotency, words: str, trouble: list) -> None:
        self.worlds = tuple(World(database, runner, idempotency) for database, runner in type(self).make())
        self.posts: list[tuple[str, str]] = []
        self.customer_writes("ada", "Where is my invoice?", twice=False)
        self.answer_into_trouble(0, words, trouble, None)
        self.customer_writes("bob", "My lawyer will write", twice=False)

    @property
    def world(self) -> World:
        return self.worlds[0]

    def _cases(self) -> Iterator[tuple[World, list[str]]]:
        for world in self.worlds:
            yield world, world.case_ids()

    def _arrive(self, *make: object) -> None:
        for world in self.worlds:
            world.intake(*(one(world.clock.now()) for one in make))

    # --- the customer -------------------------------------------------------------------------------------------------

    def _post(self, customer: str, words: str) -> partial:
        number = f"{len(self.posts):03}"
        root = next((name for name, who in self.posts if who == customer), None)
        self.posts.append((number, customer))
        return partial(_arrived, number, root or number, root, customer, words)

    @rule(customer=customers, words=st.sampled_from(QUESTIONS), twice=st.booleans())
    def customer_writes(self, customer: str, words: str, *, twice: bool) -> None:
        if len(self.posts) < MOST_POSTS:
            post = self._post(customer, words)
            self._arrive(*([post, post] if twice else [post]))

    @rule(customer=customers, change=st.sampled_from(["edit", "delete", "both"]))
    def customer_writes_but_the_change_comes_first(self, customer: str, change: str) -> None:
        if len(self.posts) < MOST_POSTS:
            post = self._post(customer, "Where is my refund?")
            number = self.posts[-1][0]
            if change in {"edit", "both"}:
                self._arrive(partial(_edited, number, "early words"))
            if change in {"delete", "both"}:
                self._arrive(partial(_deleted, number))
            self._arrive(post)

    @rule(which=numbers, change=changes, silently=st.booleans())
    def customer_changes_a_post(self, which: int, change: str, *, silently: bool) -> None:
        number, customer = self.posts[which % len(self.posts)]
        for world in self.worlds:
            now = world.clock.now()
            arrival = _deleted(number, now) if change == "delete" else _edited(number, change, now)
            if silently:
                world.network.unsaid.setdefault(customer, []).append(arrival)
            else:
                world.intake(arrival)

    # --- colleagues ---------------------------------------------------------------------------------------------------

    def _act(self, which: int, actor: str, make) -> None:
        told = []
        for world, case_ids in self._cases():
            case_id = case_ids[which % len(case_ids)]
            told.append(world.handle(case_id, make(world, world.file(case_id)), actor))
        assert all(done or sentence.strip() for done, sentence in told)
        assert len(set(told)) == 1, f"the databases differ: {told}"

    @rule(which=numbers, actor=people, words=st.sampled_from(ANSWERS), privately=st.booleans())
    def submit(self, which: int, actor: str, words: str, *, privately: bool) -> None:
        self._act(which, actor, lambda *_: c.SubmitDraft(words, DraftSource.DIALOG, privately=privately))

    @rule(which=numbers, words=st.sampled_from(ANSWERS))
    def answer_and_approve(self, which: int, words: str) -> None:
        """The everyday way: somebody of the department answers, and it is approved by all who must."""
        world, case_ids = next(self._cases())
        case = world.file(case_ids[which % len(case_ids)]).case
        actor = {"billing": "bruno", "legal": "marta", "product": "dario"}[case.department]
        self._act(which, actor, lambda *_: c.SubmitDraft(words, DraftSource.FIELD))
        self.approve(which)

    @rule(which=numbers)
    def approve(self, which: int) -> None:
        for actor in ("carla", "lea"):
            self.review(which, actor, "approve", 0)

    @rule(
        which=numbers, words=st.sampled_from(ANSWERS), trouble=st.lists(faults, max_size=3), change=st.none() | changes
    )
    def answer_into_trouble(self, which: int, words: str, trouble: list, change: str | None) -> None:
        """An approved reply meets a network that fails, and perhaps a customer who moves on."""
        self.answer_and_approve(which, words)
        world, case_ids = next(self._cases())
        file = world.file(case_ids[which % len(case_ids)])
        for fault in trouble:
            self.network_will_fail(file.author.external_id, fault)
        self.time_passes(timedelta(seconds=6))
        self.carry()
        if change is not None:
            wrote = [name for name, who in self.posts if who == file.author.external_id]
            make = partial(_deleted, wrote[0]) if change == "delete" else partial(_edited, wrote[0], change)
            self._arrive(make)

    @rule(
        which=numbers,
        actor=people,
        act=st.sampled_from(["approve", "approve", "edit", "back", "reject", "private", "like"]),
        stale=st.sampled_from([0, 0, 0, 1]),
    )
    def review(self, which: int, actor: str, act: str, stale: int) -> None:
        def make(_: World, file) -> c.Command:
            draft = file.draft
            version, text_hash = (draft.version, draft.hash) if draft else (1, "")
            seen = c.DraftSeen(version, text_hash, file.case.context_version - stale)
            return {
                "approve": c.Approve(seen),
                "edit": c.EditAndSend(seen, "Other words."),
                "back": c.SendBack(seen, "Say when."),
                "reject": c.Reject(seen, "No."),
                "private": c.MakePrivate(seen),
                "like": c.LikeOnly(seen),
            }[act]

        self._act(which, actor, make)

    @rule(which=numbers, actor=people)
    def undo(self, which: int, actor: str) -> None:
        self._act(which, actor, lambda *_: c.Undo())

    @rule(
        which=numbers,
        actor=people,
        aside=st.sampled_from([c.Claim(), c.NotOurs(), *map(c.Reassign, DEPARTMENTS), *map(c.Perform, NetworkAct)])
        | st.sampled_from(DismissReason).map(c.Dismiss)
        | st.just(c.TakeOver()),
    )
    def do_something_else(self, which: int, actor: str, aside: c.Command) -> None:
        self._act(which, actor, lambda *_: aside)

    @rule(
        which=numbers,
        hours=st.sampled_from([0, 1, 3, 30, 1000]),
        reason=st.sampled_from(PauseReason),
        minutes=st.sampled_from([0, 20, 70]),
    )
    def snooze(self, which: int, hours: int, reason: PauseReason, minutes: int) -> None:
        """Put a case away, and perhaps let some time pass before and after."""
        self.time_passes(timedelta(minutes=minutes))
        self._act(which, self._colleague(which), lambda w, _: c.Snooze(w.clock.now() + timedelta(hours=hours), reason))
        self.time_passes(timedelta(minutes=minutes))

    def _colleague(self, which: int) -> str:
        world, case_ids = next(self._cases())
        department = world.file(case_ids[which % len(case_ids)]).case.department
        return {"billing": "bruno", "legal": "lea", "product": "dario"}[department]

    # --- targets ------------------------------------------------------------------------------------------------------

    @rule(which=numbers, hours=st.sampled_from([1, 2, 4]))
    def nobody_does_anything(self, which: int, hours: int) -> None:
        """Somebody claims a case, perhaps, and then time passes in small pieces: the everyday way to a ping."""
        if which % 2:
            self._act(which, self._colleague(which), lambda *_: c.Claim())
        for _ in range(4 * hours):
            self.time_passes(timedelta(minutes=15))

    @precondition(lambda self: bool(self.world.pings()))
    @rule(
        which=st.integers(0, 30),
        actor=people,
        why=st.sampled_from([None, None, "The bank is closed.", " "]),
    )
    def somebody_has_seen_a_ping(self, which: int, actor: str, why: str | None) -> None:
        """And says so, or silences the clock and says why."""
        told = []
        for world in self.worlds:
            pings = world.pings()
            ping = pings[which % len(pings)]
            seen = c.AcknowledgePing(ping.id, ping.clock_id, ping.rung)
            command = seen if why is None else c.MutePings(ping.clock_id, why)
            told.append((ping.step, ping.rung, ping.repeat, world.handle(ping.case_id, command, actor)))
        assert len(set(told)) == 1, f"the databases differ: {told}"

    @rule(which=numbers)
    def time_anew(self, which: int) -> None:
        self._act(which, "marta", lambda *_: c.Recompute())

    @rule(edited=st.booleans())
    def the_process_starts_again(self, *, edited: bool) -> None:
        """And perhaps with other targets, another ladder and other opening hours."""
        for world in self.worlds:
            world.restart(EDITED if edited else BEFORE)

    @rule(span=st.sampled_from([timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)]))
    def the_clock_is_set_back(self, span: timedelta) -> None:
        for world in self.worlds:
            world.set_back(span)
        self.time_passes(timedelta(seconds=1))

    @precondition(lambda self: any(self._checks()))
    @rule(which=numbers)
    def look_and_say(self, which: int) -> None:
        """Somebody looks on the network and says truly what stands there."""
        checks = list(self._checks())
        index = checks[which % len(checks)]
        for world, case_ids in self._cases():
            file = world.file(case_ids[index])
            part = next(effect for effect in file.current_replies if effect.state.value == "needs_check")
            stands = any(posted.key == part.id for posted in world.network.posts)
            world.handle(case_ids[index], c.ConfirmPosted() if stands else c.ConfirmNotPosted(), "carla")

    def _checks(self) -> Iterator[int]:
        for number, case_id in enumerate(self.world.case_ids()):
            if self.world.file(case_id).case.state is CaseState.NEEDS_CHECK:
                yield number

    @rule(actor=st.sampled_from(["carla", "marta", "bruno"]), scope=st.sampled_from(["", "acme"]), on=st.booleans())
    def freeze(self, actor: str, scope: str, *, on: bool) -> None:
        told = set()
        for world in self.worlds:
            switch = Freezing(world.house.desk)
            done, said = world.do((switch.freeze if on else switch.release)(scope, actor=actor))
            told.add((done, str(said)))
        assert len(told) == 1, f"the databases differ: {told}"

    # --- the outside and time -----------------------------------------------------------------------------------------

    @rule(customer=customers, fault=faults)
    def network_will_fail(self, customer: str, fault: tuple[str, Exception]) -> None:
        for world in self.worlds:
            when, error = fault
            if isinstance(error, Throttled):
                error = Throttled("slow down", retry_at=world.clock.now() + timedelta(minutes=3))
            world.network.planned.setdefault(customer, []).append((when, error))

    @precondition(lambda self: not self.compare)
    @rule(lost=st.booleans())
    def chat_makes_trouble(self, *, lost: bool) -> None:
        if lost:
            self.world.chat.lose += 1
        else:
            self.world.chat.messages.clear()

    @rule()
    def carry(self) -> None:
        for world in self.worlds:
            world.carry()

    @rule(acted=st.booleans())
    def courier_dies(self, *, acted: bool) -> None:
        for world in self.worlds:
            world.die(acted=acted)

    @rule(
        span=st.sampled_from(
            [timedelta(seconds=s) for s in (1, 6, 31, 121, 600, 900)]
            + [timedelta(hours=2), timedelta(days=1), timedelta(days=4)]
        )
    )
    def time_passes(self, span: timedelta) -> None:
        for world in self.worlds:
            world.clock.at += span
            world.network.catch_up()
        assert len({world.do(world.house.sweeper.sweep()) for world in self.worlds}) == 1

    # --- what holds ---------------------------------------------------------------------------------------------------

    @invariant()
    def always(self) -> None:
        for world in getattr(self, "worlds", ()):
            world.check()
        if self.compare and getattr(self, "worlds", ()):
            first, second = (world.shape() for world in self.worlds)
            assert first == second, "the databases differ"

    def teardown(self) -> None:
        """When everything works again, nothing that was approved is left behind."""
        for world in getattr(self, "worlds", ()):
            self._mend(world)
            world.check()
            found = world.do(broken(world.house.desk))
            assert found == [], found
            for case_id in world.case_ids():
                state = world.file(case_id).case.state
                assert state is not CaseState.RELAYING, (
                    "an approved reply is still under way after everything was mended"
                )
            world.do(world.house.database.close())

    def _mend(self, world: World) -> None:
        world.clock.at = max(world.clock.at, world.latest)  # what a clock ahead has put off would wait for that
        world.network.planned.clear()
        world.chat.lose = 0
        for scope in ("", "acme"):
            world.do(Freezing(world.house.desk).release(scope, actor="carla"))
        for _ in range(5):
            world.clock.forward(minutes=7)
            world.carry(20)


def _arrived(number: str, root: str, parent: str | None, customer: str, words: str, now) -> Arrived:
    author = AuthorFacts(customer, customer.title(), customer)
    return Arrived(number, root, author, words, Visibility.PUBLIC, now - timedelta(seconds=3), parent_id=parent)


def _edited(number: str, words: str, now) -> Edited:
    return Edited(number, words, now)


def _deleted(number: str, now) -> Deleted:
    return Deleted(number, now)


def _settings(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        phases=PHASES,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def _empty_sqlite(runner: asyncio.Runner, folder: Path) -> Database:
    """A new file with all tables, copied from the first one."""
    template = folder / "template.db"
    if not template.exists():
        database = Database(f"sqlite:///{template}")
        runner.run(_create(database))
        runner.run(database.close())
    number = len(list(folder.iterdir()))
    shutil.copy(template, folder / f"{number}.db")
    return Database(f"sqlite:///{folder}/{number}.db")


async def _create(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)


async def _emptied(database: Database) -> None:
    tables = ", ".join(f'"{name}"' for name in SQLModel.metadata.tables)
    async with database.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
        await connection.execute(text(f"TRUNCATE {tables} CASCADE"))


@pytest.mark.slow
def test_what_must_always_hold_holds(runner: asyncio.Runner, folder: Path):
    class OnSqlite(Story):
        make = staticmethod(lambda: [(_empty_sqlite(runner, folder), runner)])

    run_state_machine_as_test(OnSqlite, settings=_settings(EXAMPLES, 25))


def test_a_clock_that_ends_while_it_stands_still_is_told_alike_by_row_and_journal(runner: asyncio.Runner, folder: Path):
    class OnSqlite(Story):
        make = staticmethod(lambda: [(_empty_sqlite(runner, folder), runner)])

    story = OnSqlite()
    story.begin(words="It is in your inbox.", trouble=[], idempotency=Idempotency.NATIVE)
    story.carry()
    story.snooze(which=1, reason=PauseReason.SNOOZED, hours=1, minutes=20)
    story.do_something_else(which=5, actor="anna", aside=c.Claim())
    story.always()
    story.teardown()


@pytest.mark.slow
@pytest.mark.postgresql
def test_both_databases_tell_the_same_story(runner: asyncio.Runner, folder: Path, postgresql_database: str):
    def both():
        postgresql = Database(postgresql_database)
        runner.run(_emptied(postgresql))
        return [(_empty_sqlite(runner, folder), runner), (postgresql, runner)]

    class OnBoth(Story):
        compare = True
        make = staticmethod(both)

    run_state_machine_as_test(OnBoth, settings=_settings(max(2, EXAMPLES // 5), 20))
