"""A digest is sent once: whoever notices it, whatever dies, however long nobody was there."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from bots.app import build
from connectors import settings_models
from escalation import commands as c
from escalation.digest import Digest
from escalation.digesting import Digests, NoManagersChannelError
from escalation.language import Reader
from escalation.ports import ChatMessage, Uncertain
from escalation.rulebook import author_facts
from escalation.secret import SecretSource
from escalation.settings import Settings, parse_settings
from escalation.views import DigestView
from models.database import Database, StorageUnavailableError
from models.digests import DigestRun
from models.outbox import Effect
from models.vocabulary import DigestKind, DismissReason, EffectKind, EffectState
from tests.clock import TestClock
from tests.counting import PlainCounting
from tests.house import CONFIGURATION, House, build_house
from tests.scenarios.steps import answered, do, in_review

MANAGERS = '[managers]\nchannel = "slack:C0MANAGERS"\n'
ROME = CONFIGURATION.replace('timezone = "UTC"', 'timezone = "Europe/Rome"')
DAILY = ROME.replace(MANAGERS, f'{MANAGERS}daily_digest = "08:30"\n')
BOTH = DAILY.replace(MANAGERS, f'{MANAGERS}weekly_digest = "monday 08:30"\n')
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def office(database: Database, text: str = DAILY, *, at: datetime = MONDAY) -> tuple[House, Digests]:
    house = build_house(database, clock=TestClock(at), configuration=text)
    return house, Digests(house.desk, PlainCounting(database))


async def runs(database: Database) -> list[tuple[DigestKind, date, bool]]:
    async with database.read() as tx:
        rows = (await tx.session.exec(select(DigestRun).order_by(col(DigestRun.at), col(DigestRun.kind)))).all()
    return [(row.kind, row.local_date, row.effect_id is not None) for row in rows]


async def effects(database: Database) -> Sequence[Effect]:
    async with database.read() as tx:
        query = select(Effect).where(col(Effect.kind) == EffectKind.DIGEST).order_by(col(Effect.created_at))
        return (await tx.session.exec(query)).all()


def headline(message: ChatMessage) -> str:
    assert isinstance(message.view, DigestView)
    return Reader().read(message.view.headline)


async def test_a_new_installation_sends_nothing_about_the_time_before_it(database: Database):
    house, digests = office(database, BOTH)
    assert await digests.send_due() == 0
    assert await effects(database) == []
    assert await runs(database) == [
        (DigestKind.DAILY, date(2026, 3, 2), False),
        (DigestKind.WEEKLY, date(2026, 3, 2), False),
    ]
    house.clock.forward(hours=22, minutes=29)
    assert await digests.send_due() == 0
    house.clock.forward(minutes=1)
    assert await digests.send_due() == 1
    [effect] = await effects(database)
    assert Digest.of(effect.payload).last == date(2026, 3, 2)


async def test_one_installed_before_the_time_of_its_day_waits_for_the_next(database: Database):
    house, digests = office(database, at=MONDAY.replace(hour=4))
    await digests.send_due()
    house.clock.forward(hours=10)
    assert await digests.send_due() == 0
    assert await effects(database) == []


async def test_it_goes_to_the_managers_channel_and_says_what_happened(database: Database):
    house, digests = office(database)
    await digests.send_due()
    await answered(house)
    await in_review(house)
    house.clock.at = datetime(2026, 3, 3, 7, 30, tzinfo=UTC)
    assert await digests.send_due() == 1
    await house.courier.drain()
    [message] = house.chat.in_channel("C0MANAGERS", "digest")
    assert message.case_id is None
    assert headline(message) == "Daily digest: Monday 2 March"
    assert isinstance(message.view, DigestView)
    read = Reader().read
    assert [read(figure.value) for figure in message.view.figures][:3] == ["2", "1", "50 %"]
    assert read(message.view.urgent[0].parts[0]) == "approved: 1"
    assert read(message.view.urgent[1].parts[0]).startswith("22 h")
    assert "Ada" not in str(message.view)
    assert "invoice" not in str(message.view)


async def test_four_processes_notice_at_once_and_one_sends(database: Database):
    first, digests = office(database, BOTH, at=datetime(2026, 2, 28, 9, 0, tzinfo=UTC))
    await digests.send_due()
    first.clock.at = MONDAY
    others = [office(database, BOTH)[1] for _ in range(3)]
    sent = await asyncio.gather(*(one.send_due() for one in (digests, *others)))
    assert sum(sent) == 2
    assert {Digest.of(effect.payload).kind for effect in await effects(database)} == set(DigestKind)
    assert len(await effects(database)) == 2


async def test_four_transactions_race_for_one_day(database: Database):
    async def write(number: int) -> bool:
        async with database.begin() as tx:
            return await tx.digests.record(DigestKind.DAILY, date(2026, 3, 2), effect_id=f"e{number}", at=MONDAY)

    assert sorted(await asyncio.gather(*map(write, range(4)))) == [False, False, False, True]


async def test_an_older_day_is_not_recorded_after_a_newer_one(database: Database):
    async with database.begin() as tx:
        assert await tx.digests.record(DigestKind.DAILY, date(2026, 3, 3), effect_id="e1", at=MONDAY)
        assert not await tx.digests.record(DigestKind.DAILY, date(2026, 3, 2), effect_id="e2", at=MONDAY)
        assert await tx.digests.record(DigestKind.WEEKLY, date(2026, 3, 2), effect_id="e3", at=MONDAY)


async def test_after_days_of_outage_only_the_newest_of_each_kind_is_sent(database: Database):
    house, digests = office(database, BOTH, at=datetime(2026, 2, 13, 9, 0, tzinfo=UTC))
    await digests.send_due()
    late = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
    house, digests = office(database, BOTH, at=late)
    assert await digests.send_due() == 2
    assert await digests.send_due() == 0
    await house.courier.drain()
    house.clock.forward(seconds=5)
    await house.courier.drain()
    assert sorted(headline(message) for message in house.chat.in_channel("C0MANAGERS", "digest")) == [
        "Daily digest: Tuesday 3 March",
        "Weekly digest: Monday 23 February to Sunday 1 March",
    ]
    house, digests = office(database, BOTH, at=late + timedelta(hours=1))
    assert await digests.send_due() == 0, "a process that starts now finds nothing due"


@pytest.mark.parametrize(
    ("timezone", "time", "day"),
    [
        ("Europe/Rome", "02:30", date(2026, 3, 29)),
        ("Europe/Rome", "02:30", date(2026, 10, 25)),
        ("Australia/Lord_Howe", "02:10", date(2026, 10, 4)),
        ("Australia/Lord_Howe", "01:40", date(2026, 4, 5)),
    ],
)
async def test_it_is_sent_once_on_the_day_the_clock_jumps(database: Database, timezone: str, time: str, day: date):
    text = DAILY.replace("Europe/Rome", timezone).replace("08:30", time)
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=36)
    house, digests = office(database, text, at=start)
    sent: dict[date, int] = {}
    for _ in range(60 * 4):
        before = len(await effects(database)) if await digests.send_due() else None
        if before is not None:
            newest = Digest.of((await effects(database))[-1].payload)
            sent[newest.last + timedelta(days=1)] = sent.get(newest.last + timedelta(days=1), 0) + 1
        house.clock.forward(minutes=15)
    assert sent[day] == 1
    assert set(sent.values()) == {1}


async def test_a_message_whose_answer_was_lost_is_found_and_not_sent_again(database: Database):
    house, digests = office(database)
    await digests.send_due()
    house.clock.forward(hours=24)
    house.chat.faults.append(("after", Uncertain("the answer was lost")))
    assert await digests.send_due() == 1
    await house.courier.drain()
    [effect] = await effects(database)
    assert effect.state is EffectState.UNKNOWN
    house.clock.forward(seconds=60)
    await house.courier.drain()
    [effect] = await effects(database)
    assert effect.state is EffectState.SENT
    assert len(house.chat.in_channel("C0MANAGERS", "digest")) == 1


async def test_what_cannot_be_counted_is_due_again(database: Database):
    house, digests = office(database)
    await digests.send_due()
    house.clock.forward(hours=24)

    class Away(PlainCounting):
        async def __call__(self, **_: object):
            raise StorageUnavailableError("the database is away")

    with pytest.raises(StorageUnavailableError):
        await Digests(house.desk, Away(database)).send_due()
    assert await effects(database) == []
    assert await digests.send_due() == 1


async def test_the_figures_are_those_of_when_they_were_counted(database: Database):
    house, digests = office(database)
    await digests.send_due()
    house.clock.forward(hours=24)
    await digests.send_due()
    await house.arrive()
    house.clock.forward(hours=3)
    await house.courier.drain()
    [message] = house.chat.in_channel("C0MANAGERS", "digest")
    assert isinstance(message.view, DigestView)
    assert Reader().read(message.view.summary) == "No customer wrote. Open breaches: 0."


async def test_what_another_version_counted_is_parked_and_harms_nobody(database: Database):
    house, digests = office(database)
    await digests.send(await digests.counted(DigestKind.DAILY))
    [effect] = await effects(database)
    async with database.begin() as tx:
        await tx.outbox.move(effect.id, from_=[EffectState.READY], changes={"payload": {"kind": "hourly"}})
    await house.courier.drain()
    [effect] = await effects(database)
    assert (effect.state, effect.reason) == (EffectState.PARKED, "a digest that another version has counted")


async def test_a_digest_by_hand_counts_for_nothing(database: Database):
    house, digests = office(database)
    await digests.send_due()
    await digests.send(await digests.counted(DigestKind.WEEKLY))
    house.clock.forward(hours=24)
    assert await digests.send_due() == 1
    assert len(await effects(database)) == 2


async def test_without_a_channel_there_is_no_place_for_it(database: Database):
    _house, digests = office(database, ROME.replace('channel = "slack:C0MANAGERS"\n', ""))
    assert await digests.send_due() == 0
    digest = await digests.counted(DigestKind.DAILY)
    with pytest.raises(NoManagersChannelError):
        await digests.send(digest)


async def test_a_week_is_counted_day_by_day_and_as_a_whole(database: Database):
    house, _ = office(database, BOTH)
    counting = PlainCounting(database)
    digest = await Digests(house.desk, counting).counted(DigestKind.WEEKLY, date(2026, 3, 30))
    assert [day for day, _ in digest.days] == [date(2026, 3, 23 + number) for number in range(7)]
    lengths = [until - since for since, until, _ in counting.asked]
    assert lengths[:2] == [timedelta(hours=167), timedelta(hours=168)]
    assert lengths[-1] == timedelta(hours=23)


async def waiting_case(database: Database) -> tuple[str, bool, datetime] | None:
    async with database.read() as tx:
        waiting = await tx.digests.longest_waiting()
    return (waiting.case_id, waiting.snoozed, waiting.since) if waiting else None


async def test_who_has_waited_longest(database: Database):
    house, _ = office(database)
    assert await waiting_case(database) is None
    first = await answered(house)
    assert await waiting_case(database) is None, "an answered customer waits for nothing"
    house.clock.forward(minutes=10)
    second, asked = await house.arrive("my invoice again"), house.clock.now() - timedelta(seconds=10)
    house.clock.forward(minutes=10)
    file = await house.desk.file(first)
    thread = {"thread_id": file.case.thread_id, "author": author_facts(file.author)}
    await house.arrive("and another thing", **thread)
    assert await waiting_case(database) == (second, False, asked)
    await do(house, second, c.Snooze(house.clock.now() + timedelta(days=1)), actor="anna")
    assert await waiting_case(database) == (second, True, asked)
    await do(house, second, c.Dismiss(DismissReason.SPAM), actor="anna")
    again = house.clock.now() - timedelta(seconds=10)
    assert await waiting_case(database) == (first, False, again), "counted from the message that has had no reply"


async def test_whoever_counts_is_wired_to_the_worker_and_to_slack(tmp_path: Path):
    text = DAILY.replace('connector = "plain"', 'connector = "form"')
    source = SecretSource(environ={"SLACK_BOT_TOKEN": "xoxb-test", "SLACK_SIGNING_SECRET": "shh"}, folder=tmp_path)
    settings = parse_settings(text, file="portavoce.toml", source=source, connector_settings=settings_models())
    wired: list[Settings] = []

    def counting(database: Database, settings: Settings) -> PlainCounting:
        wired.append(settings)
        return PlainCounting(database)

    app = build(settings, counting=counting)
    assert app.slack is not None
    assert wired == [settings]
    assert app.slack.workplace.digests is app.digests
    await app.close()
