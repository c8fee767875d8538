"""The auditor: silent on healthy stories, and for each kind of damage exactly the one rule that knows of it speaks."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from escalation.auditing import BY_NAME, RULES, check
from escalation.auditor import MOST_TOLD, Auditor
from escalation.language import Reader
from models.database import Database
from models.store.auditing import Auditing, Scope, Suspect
from models.vocabulary import EffectKind
from models.watching import KnownFinding
from tests.budget.counting import counted
from tests.clock import TestClock
from tests.house import House, build_house
from tests.scenarios.steps import answered, configured, notes, quiet
from tests.watch.planting import PLANTS, WATCHED, Plant, by_hand, done, healthy, stored

PLANTED = [
    pytest.param(rule, plant, id=f"{rule}-{plant.__name__}") for rule, plants in PLANTS.items() for plant in plants
]


@pytest.fixture
def house(database: Database, clock: TestClock) -> House:
    """A house in which deputies may be called."""
    return build_house(database, clock=clock, configuration=WATCHED)


async def spoken(house: House, **asked: timedelta) -> list[str]:
    """The rules that complain."""
    return sorted({finding.rule for finding in (await Auditor(house.desk).audit(**asked)).findings})


async def standing(house: House) -> Sequence[KnownFinding]:
    async with house.database.read() as tx:
        return await tx.watching.standing()


async def test_nothing_speaks_on_a_healthy_day(house: House):
    await healthy(house)
    audit = await Auditor(house.desk).audit(window=timedelta(days=30))
    assert [str(finding.sentence) for finding in audit.findings] == []
    assert audit.asked == len(RULES)


@pytest.mark.parametrize(("rule", "plant"), PLANTED)
async def test_exactly_the_rule_that_was_broken_speaks(house: House, rule: str, plant: Plant):
    case_id = await plant(house)
    findings = (await Auditor(house.desk).audit()).findings
    assert {finding.rule for finding in findings} == {rule}, [str(finding.sentence) for finding in findings]
    for finding in findings:
        assert finding.case_id == case_id
        assert finding.invariant == BY_NAME[rule].invariant
        for language in ("en", "it"):
            reader = Reader(language=language)
            assert reader.read(finding.sentence).strip()
            assert reader.read(finding.advice).strip()


def test_every_rule_is_planted_and_has_a_name_of_its_own():
    assert set(PLANTS) == {rule.name for rule in RULES}
    with pytest.raises(ValueError, match="four_eyes"):
        check([BY_NAME["four_eyes"], BY_NAME["four_eyes"]])


async def test_a_text_of_ones_own_may_be_approved_where_four_eyes_are_not_asked_for(house: House):
    await PLANTS["four_eyes"][0](house)
    relaxed = configured(("undo_seconds = 5", "undo_seconds = 5\nfour_eyes = false"))
    assert await spoken(build_house(house.database, clock=house.clock, configuration=relaxed)) == []


async def test_what_waits_for_a_release_a_paused_account_or_a_later_try_is_not_stuck(house: House):
    await PLANTS["effects_leave"][0](house)
    async with house.database.begin() as tx:
        await tx.freezes.set("*", member="carla", at=house.clock.now())
    assert await spoken(house) == []
    await by_hand(house, "UPDATE effect SET state = 'unknown' WHERE kind = 'reply'")
    assert await spoken(house) == []
    await by_hand(house, "UPDATE effect SET state = 'ready' WHERE kind = 'reply'")
    async with house.database.begin() as tx:
        await tx.freezes.lift("*")
        await tx.outbox.paces(["account:acme"])
        await tx.outbox.block("account:acme", house.clock.now() + timedelta(minutes=5))
    assert await spoken(house) == []
    house.clock.forward(minutes=6)
    assert await spoken(house) == ["effects_leave"]


async def test_a_card_whose_drawing_is_on_its_way_is_given_time(house: House):
    await done(house)
    house.clock.forward(minutes=2)
    await by_hand(house, "UPDATE card SET shown_version = 1 WHERE kind = 'card'")
    await by_hand(
        house,
        "UPDATE effect SET state = 'ready', created_at = :now, not_before = :now "
        "WHERE id = (SELECT max(id) FROM effect WHERE kind = 'card')",
        now=stored(house),
    )
    assert await spoken(house) == []
    house.clock.forward(minutes=11)
    assert "cards_are_current" in await spoken(house)


# --- telling ----------------------------------------------------------------------------------------------------------


async def test_a_finding_is_told_once_and_again_only_if_it_was_gone_for_a_day(house: House):
    await PLANTS["four_eyes"][0](house)
    auditor = Auditor(house.desk)
    for _ in range(3):
        await auditor.report()
        await quiet(house)
        house.clock.forward(minutes=15)
    [told] = notes(house, "C0MANAGERS", "ping")
    assert "anna approved a text of their own" in told
    await by_hand(house, "UPDATE review SET member = 'carla'")
    await auditor.report()
    assert await standing(house) == []
    await by_hand(house, "UPDATE review SET member = 'anna'")
    await auditor.report()
    await quiet(house)
    assert len(await standing(house)) == len(notes(house, "C0MANAGERS", "ping")) == 1


async def test_what_was_gone_for_a_day_is_news(house: House):
    await PLANTS["deliveries_finished"][0](house)
    auditor = Auditor(house.desk)
    await auditor.report()
    await by_hand(house, "UPDATE inbound SET handled_at = 1")
    await auditor.report()
    house.clock.forward(hours=25)
    await by_hand(house, "UPDATE inbound SET handled_at = NULL")
    # Another finding has the forgotten ones swept out, as any audit does that finds something.
    await PLANTS["networks_are_polled"][0](house)
    await by_hand(house, "UPDATE inbound SET handled_at = 1")
    await auditor.report()
    await by_hand(house, "UPDATE inbound SET handled_at = NULL")
    await auditor.report()
    await quiet(house)
    assert sum("slack:1" in told for told in notes(house, "C0MANAGERS", "ping")) == 2


async def test_old_damage_stands_until_it_is_mended_or_accepted_however_old_its_case_is(house: House):
    case_id = await PLANTS["sent_as_approved"][0](house)
    auditor = Auditor(house.desk)
    await auditor.report()
    await quiet(house)
    house.clock.forward(days=1)
    assert await spoken(house) == ["sent_as_approved"]
    await auditor.report()
    [row] = await standing(house)
    assert row.case_id == case_id
    async with house.database.begin() as tx:
        assert await tx.watching.accept(row.key, by="marta")
        assert not await tx.watching.accept("four_eyes:nothing", by="marta")
    audit = await auditor.report()
    assert [finding.accepted_by for finding in audit.findings] == ["marta"]
    assert audit.open == []
    async with house.database.read() as tx:
        assert await tx.watching.count_standing() == {}


async def test_many_findings_are_one_message(house: House):
    async with house.database.begin() as tx:
        rows = [
            {"key": f"slack:{n}", "source": "slack", "account": "", "body": b"{}", "received_at": house.clock.now(),
             "handled_at": None, "attempts": 0}
            for n in range(MOST_TOLD + 3)
        ]  # fmt: skip
        await tx.intake.store(rows)
    house.clock.forward(hours=2)
    await Auditor(house.desk).report()
    await quiet(house)
    [told] = notes(house, "C0MANAGERS", "ping")
    assert len(told.splitlines()) == 1 + MOST_TOLD + 1
    assert "3" in told.splitlines()[-1]


async def test_two_processes_that_audit_at_once_tell_it_once(house: House):
    await PLANTS["deliveries_finished"][0](house)
    one, other = Auditor(house.desk), Auditor(house.desk)
    first, second = await one.audit(), await other.audit()
    await one.report()
    await other.report()
    assert first.findings == second.findings
    async with house.database.read() as tx:
        pings = [effect for effect in await tx.outbox.list() if effect.kind is EffectKind.PING]
    assert len(pings) == 1


async def test_an_audit_without_findings_commits_nothing(house: House):
    await done(house)
    with counted(house.database) as cost:
        await Auditor(house.desk).report()
    assert (cost.commits, cost.writes) == (0, 0)
    assert cost.count <= 2 * len(RULES) + 10


async def test_an_audit_after_a_long_silence_looks_back_to_the_last_one(house: House):
    await PLANTS["four_eyes"][0](house)
    house.clock.forward(hours=6)
    auditor = Auditor(house.desk)
    assert (await auditor.report()).findings == ()
    audit = await auditor.report(since=house.clock.now() - timedelta(hours=7))
    assert [finding.rule for finding in audit.findings] == ["four_eyes"]


# --- time limits ------------------------------------------------------------------------------------------------------


async def _endless(auditing: Auditing, _: Scope) -> Sequence[Suspect]:
    counting = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    await auditing._all(text(counting))
    raise AssertionError("it ended")


class _Seconds:
    """Seconds that pass by one at every look."""

    def __init__(self) -> None:
        self.passed = 0.0

    def __call__(self) -> float:
        self.passed += 1
        return self.passed


async def test_a_question_that_takes_too_long_is_cut_off_and_is_a_finding(house: House):
    endless = replace(BY_NAME["four_eyes"], name="endless", query=_endless)
    house.clock.monotonic = _Seconds()
    auditor = Auditor(house.desk, rules=[endless, BY_NAME["networks_are_polled"]], seconds=0.2)
    await PLANTS["networks_are_polled"][0](house)
    audit = await auditor.report()
    assert [finding.key for finding in audit.findings] == ["auditor:endless", "networks_are_polled:acme"]
    assert "0.2 s" in str(audit.findings[0].sentence)
    healed = Auditor(house.desk, rules=[replace(endless, query=BY_NAME["four_eyes"].query)], seconds=30)
    await healed.report()
    assert [row.rule for row in await standing(house)] == ["networks_are_polled"]


async def test_all_statements_of_one_question_see_the_same_rows(house: House):
    now = house.clock.now()
    scope = Scope(now, now, now - timedelta(hours=1))
    async with house.database.read() as tx, tx.auditing.limited(30, monotonic=house.clock.monotonic):
        assert await tx.auditing.unfinished_deliveries(scope) == []
        await PLANTS["deliveries_finished"][0](house)
        assert await tx.auditing.unfinished_deliveries(scope) == []
    async with house.database.read() as tx:
        assert len(await tx.auditing.unfinished_deliveries(scope)) == 1


async def test_a_connection_that_was_limited_is_free_again(house: House):
    house.clock.monotonic = _Seconds()
    async with house.database.read() as tx, tx.auditing.limited(-1, monotonic=house.clock.monotonic):
        pass
    await answered(house)
