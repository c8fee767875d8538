"""The clock goes from one due moment to the next: everybody hears of everything in its time, once."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bots.demo.configuration import ANNA, BILLING, BRUNO, DIRECT_TO_MARTA, MANAGERS, MARTA, PRODUCT
from bots.demo.hands import Json, lines
from bots.demo.travel import Travel
from tests.demo.visit import Visit

ROME = ZoneInfo("Europe/Rome")


async def asked(demo: Visit, about: str) -> str:
    """Have Ada ask, and the clock of claiming run; give the case."""
    await demo.ask(about)
    card = await demo.hands.message(BILLING, text=about, kind="card", button="Claim")
    case = card["metadata"]["event_payload"]["case"]
    await demo.until(lambda: demo.hands.due(case, "acknowledge"), "the clock")
    return case


async def claiming(demo: Visit, case: str) -> dict[str, datetime | None]:
    [facts] = [one for one in (await demo.state())["cases"] if one["id"] == case]
    clock = facts["steps"]["acknowledge"]
    return {name: datetime.fromisoformat(clock[name]) if clock[name] else None for name in ("started_at", "due_at")}


def told_at(message: Json) -> datetime:
    return datetime.fromtimestamp(float(message["ts"]), UTC)


def heads(messages: list[Json]) -> list[str]:
    return [lines(message["blocks"])[0] for message in messages]


async def gathered(demo: Visit) -> list[str]:
    """What was told of many things at once, in the channels that hear of billing's."""
    found: list[str] = []
    for channel in (BILLING, MANAGERS):
        answer = await demo.speaker.get(f"/sandbox/slack/channels/{channel}/messages")
        found += [m["text"] for m in answer.json() if m["metadata"]["event_payload"].get("kind") == "digest"]
    return found


async def test_a_question_that_nobody_claims_is_told_to_each_in_its_time_on_a_saturday_too(demo: Visit):
    await demo.do("clock", to="saturday")
    case = await asked(demo, "9100")
    clock = await claiming(demo, case)
    assert timedelta(seconds=59) < clock["due_at"] - clock["started_at"] <= timedelta(seconds=60)
    await demo.do("clock", to="due")
    [warning] = await demo.hands.pings(ANNA, BILLING, case)
    assert timedelta(0) < clock["due_at"] - told_at(warning) < timedelta(seconds=25)
    await demo.do("clock", to="due")
    on_call = [*await demo.hands.pings(ANNA, "D0ANNA", case), *await demo.hands.pings(BRUNO, "D0BRUNO", case)]
    assert [head.split(":")[0] for head in heads(on_call)] == ["nobody has claimed it"]
    assert not await demo.hands.pings(MARTA, DIRECT_TO_MARTA, case)
    await demo.do("clock", to="due")
    for channel in (DIRECT_TO_MARTA, MANAGERS):
        [breach] = await demo.hands.pings(MARTA, channel, case)
        assert timedelta(0) <= told_at(breach) - clock["due_at"] < timedelta(seconds=5)
        assert heads([breach])[0].startswith("⚠ LATE: nobody has claimed it")
    assert len(await demo.hands.pings(ANNA, BILLING, case)) == 1


async def test_a_long_way_stops_wherever_something_falls_due(demo: Visit):
    case = await asked(demo, "9200")
    other = await asked(demo, "9201")
    await demo.do("clock", to="1h")
    for one in (case, other):
        due_at = (await claiming(demo, one))["due_at"]
        told = await demo.hands.pings(MARTA, DIRECT_TO_MARTA, one)
        assert [head.split(";")[0] for head in heads(told)] == [
            "⚠ LATE: nobody has claimed it",
            "⚠ LATE: the customer has no reply yet",
        ]
        assert told_at(told[0]) - due_at < timedelta(seconds=5)
        assert "Noticed at" not in repr([*told, *await demo.hands.pings(ANNA, BILLING, one)])
    assert await gathered(demo) == []


async def test_after_many_stops_things_are_told_together_but_never_as_an_outage(demo: Visit):
    stage = demo.stage

    async def keep() -> None:
        pass

    travel = Travel(clock=stage.clock, bot=stage.bot, ledger=stage.ledger, zone=ROME, keep=keep, exact_stops=0)
    cases = [await asked(demo, about) for about in ("9300", "9301")]
    await travel.go("1h")
    for case in cases:
        [unclaimed, unanswered] = await demo.hands.pings(MARTA, DIRECT_TO_MARTA, case)
        assert "nobody has claimed it" in heads([unclaimed])[0]
        assert "the customer has no reply yet" in heads([unanswered])[0]
        assert "Noticed at" not in repr([unclaimed, unanswered])
    assert await gathered(demo) == []


async def test_a_bot_that_was_dead_meanwhile_tells_of_an_outage(demo: Visit):
    cases = [await asked(demo, about) for about in ("9400", "9401")]
    await demo.do("switches", name="killed", on=True)
    await demo.do("clock", to="15m")
    assert not await demo.hands.pings(MARTA, DIRECT_TO_MARTA, cases[0])
    await demo.do("switches", name="killed", on=False)

    async def told() -> list[str]:
        return [text for text in await gathered(demo) if text.startswith("Nobody watched the clocks for a while.")]

    await demo.until(told, "the message about the outage", patience=30)


async def test_the_office_is_closed_for_who_fills_in_the_form(demo: Visit):
    await demo.do("clock", to="saturday")
    sent = await demo.hands.fill_in_form(name="Ben", email="ben@customer.example", subject="", message="Where is it?")
    await demo.hands.message(PRODUCT, text="Where is it?", kind="card", button="Claim")
    due_at = await demo.until(lambda: demo.hands.due(sent["case"], "acknowledge"), "the clock")
    there = due_at.astimezone(ROME)
    assert (there.weekday(), there.hour, there.minute) == (0, 9, 15)
    now = datetime.fromisoformat((await demo.do("clock", to="due"))["clock"]["now"]).astimezone(ROME)
    assert (now.weekday(), now.hour, now.minute) == (0, 9, 12)
    [warning] = await demo.hands.pings("U0DARIO", PRODUCT, sent["case"])
    assert heads([warning])[0].startswith("nobody has claimed it: due 09:15")


async def test_a_reply_leaves_when_its_undo_window_ends_and_not_when_the_clock_arrives(demo: Visit):
    await demo.do("switches", name="down", on=True)
    await demo.approved_answer("9500", "On the way.")
    await demo.do("clock", to="15m")
    [held] = (await demo.state())["cases"]
    assert held["waits"]["attempts"] > 3, "it was tried again all along"
    await demo.do("switches", name="down", on=False)
    await demo.do("clock", to="15m")
    await demo.counted(approved=1, sent=1, doubled=0, lost=0)
    [sent] = (await demo.state())["cases"]
    assert sent["steps"]["relay"]["wall_seconds"] < 20 * 60, "it left at the first try after that"


async def test_without_anything_due_it_says_so(demo: Visit):
    answer = await demo.speaker.post("/sandbox/demo/clock", json={"to": "due"})
    assert (answer.status_code, answer.json()) == (
        409,
        {"error": "Nothing falls due any more. Ask something as a customer first."},
    )


async def test_a_snoozed_case_wakes_at_its_time_on_the_way(demo: Visit):
    case = await asked(demo, "9600")
    card = await demo.hands.message(BILLING, text="9600", kind="card", button="Snooze")
    view = await demo.hands.open_dialog(ANNA, card, "Snooze")
    choice = next(block for block in view["blocks"] if "options" in block.get("element", {}))
    until: Any = choice["element"]["options"][0]["value"]
    await demo.hands.act(ANNA, "submit_view", values={choice["block_id"]: until})
    await demo.until(lambda: _is(demo, case, "snoozed"), "the snooze")
    asleep = datetime.fromisoformat(next(one for one in (await demo.state())["cases"])["snoozed_until"])
    for _ in range(3):
        await demo.do("clock", to="morning")
    assert await _is(demo, case, "waiting_answer")
    told = await demo.hands.pings(MARTA, DIRECT_TO_MARTA, case)
    assert told, "its clocks ran on from when it woke"
    assert told_at(told[0]) - asleep < timedelta(minutes=11)


async def _is(demo: Visit, case: str, state: str) -> bool:
    return next(one["state"] for one in (await demo.state())["cases"] if one["id"] == case) == state
