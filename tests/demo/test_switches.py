"""What a visitor may break, what the proof line says of it, and that it would notice."""

from bots.demo.evidence import Evidence
from tests.demo.visit import Visit


async def on(demo: Visit) -> list[str]:
    return [one["name"] for one in (await demo.state())["switches"] if one["on"]]


async def test_each_switch_says_what_to_expect(demo: Visit):
    switches = (await demo.state())["switches"]
    assert [one["name"] for one in switches] == ["down", "lost", "throttled", "killed", "frozen"]
    assert all(one["expect"].endswith(".") and len(one["expect"]) < 130 for one in switches)
    assert await on(demo) == []


async def test_a_network_that_is_down_delays_and_loses_nothing(demo: Visit):
    await demo.do("switches", name="lost", on=True)
    await demo.do("switches", name="down", on=True)
    assert await on(demo) == ["down", "lost"]
    await demo.approved_answer("100", "After the storm.")
    held = await demo.counted(approved=1, sent=0, under_way=1)
    assert held["holds"]
    assert held["sentence"] == "approved 1 · sent 0 · on the way 1 · doubled 0 · lost 0"
    await demo.do("switches", name="down", on=False)
    assert await on(demo) == ["lost"]
    await demo.do("clock", to="15m")
    assert (await demo.counted(approved=1, sent=1, under_way=0))["holds"]
    assert await on(demo) == []


async def test_a_lost_answer_is_looked_up_and_not_sent_again(demo: Visit):
    await demo.do("switches", name="lost", on=True)
    post = await demo.approved_answer("200", "Only once.")
    await demo.counted(approved=1, sent=1, under_way=0)
    assert await on(demo) == []

    async def answered() -> bool:
        return (await demo.state())["cases"][0]["state"] == "answered"

    await demo.until(answered, "the bot to have looked")
    assert len(await demo.hands.published(post)) == 1


async def test_a_throttled_reply_waits_as_long_as_it_was_told(demo: Visit):
    await demo.do("switches", name="throttled", on=True)
    await demo.approved_answer("300", "In a while.")

    async def told_to_wait() -> bool:
        [case] = (await demo.state())["cases"]
        return case["waits"] is not None and case["waits"]["reason"] == "http_429"

    await demo.until(told_to_wait, "the refusal")
    await demo.do("clock", to="15m")
    await demo.counted(approved=1, sent=1, under_way=0)


async def test_a_freeze_by_a_colleague_holds_until_it_is_released(demo: Visit):
    await demo.do("switches", name="frozen", on=True)
    assert await on(demo) == ["frozen"]
    await demo.approved_answer("400", "Thawed.")
    await demo.counted(approved=1, sent=0, under_way=1)
    card = await demo.hands.message("C0BILLING", text="400", kind="card")
    assert "FROZEN by Carla Bianchi" in str(card["blocks"])
    await demo.do("switches", on=False)
    await demo.counted(approved=1, sent=1, under_way=0)


async def test_the_proof_notices_what_is_doubled_lost_or_never_approved(demo: Visit):
    network = demo.stage.network
    post = await demo.approved_answer("500", "Exactly this.")
    await demo.counted(sent=1, doubled=0)
    [reply] = [one for one in network.thread(post) if one.author == "acme"]
    again = network.write("acme", reply.text, in_reply_to=post)
    assert not (await demo.counted(approved=1, sent=1, doubled=1, lost=0, unapproved=0))["holds"]
    network.delete("acme", again.id)
    await demo.counted(doubled=0)
    network.write("acme", "Something else.", in_reply_to=post)
    network.write("acme", "News for everybody.")
    found = await demo.counted(approved=1, sent=1, doubled=0, lost=0, unapproved=2)
    assert found["sentence"].endswith("never approved 2")
    assert not found["holds"]
    network.delete("acme", reply.id)
    assert not (await demo.counted(approved=1, sent=0, under_way=0, lost=1))["holds"]


def test_the_proof_in_words():
    assert Evidence(approved=3, sent=3).sentence == "approved 3 · sent 3 · doubled 0 · lost 0"
    assert Evidence(approved=3, sent=3).holds
