"""The bot is killed at bad moments and started again: nothing is lost, nothing is doubled."""

import asyncio

import pytest

from bots.demo.life import Life, count_lives
from tests.demo.visit import Visit


async def test_a_life_ends_with_everything_it_began():
    count_lives(asyncio.get_running_loop())
    ended: list[str] = []

    async def child(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    async def parent() -> None:
        held = {asyncio.create_task(child("first")), asyncio.create_task(child("second"))}
        await asyncio.wait(held)

    life = Life()
    stranger = asyncio.create_task(child("stranger"))
    life.begin(parent())
    for _ in range(3):
        await asyncio.sleep(0)
    await life.end()
    assert sorted(ended) == ["first", "second"]
    assert not stranger.done()
    stranger.cancel()


async def test_a_dead_bot_answers_503_and_the_rest_goes_on(demo: Visit):
    before = demo.stage.bot.app
    assert (await demo.do("switches", name="killed", on=True))["bot"] == {"alive": False}
    for path in ("/healthz", "/forms/contact", "/hooks/acme_sandbox"):
        answer = await demo.speaker.get(path)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5"), path
    page = await demo.speaker.get("/forms/contact", headers={"Accept": "text/html"})
    assert "not running" in page.text
    assert page.headers["content-type"].startswith("text/html")
    refused = await demo.speaker.post("/sandbox/demo/switches", json={"name": "frozen", "on": True})
    assert refused.status_code == 409
    await demo.ask("5000")
    await demo.do("clock", to="1h")
    assert (await demo.state())["cases"] == []
    assert (await demo.do("switches", name="killed", on=False))["bot"] == {"alive": True}
    assert demo.stage.bot.app is not before
    await demo.hands.message("C0BILLING", text="5000", kind="card", button="Claim")


async def test_a_bot_killed_while_it_sends_neither_loses_nor_doubles_the_reply(demo: Visit):
    await demo.fault("slow", number=5)
    post = await demo.approved_answer("6000", "Sent in the middle.")
    await demo.until(lambda: _stands(demo, post), "the reply on the network")
    await demo.do("switches", name="killed", on=True)
    dead = await demo.state()
    assert dead["evidence"]["sentence"] == "approved 1 · sent 1 · doubled 0 · lost 0"
    assert dead["cases"][0]["state"] == "relaying"
    await demo.do("switches", name="killed", on=False)
    await demo.do("clock", to="15m")  # its lease has run out by then

    async def answered() -> bool:
        return (await demo.state())["cases"][0]["state"] == "answered"

    await demo.until(answered, "the bot to see that its reply stands")
    assert (await demo.counted(approved=1, sent=1, doubled=0, lost=0))["holds"]


async def test_a_bot_killed_before_the_network_acted_sends_after_all(demo: Visit):
    await demo.do("switches", name="down", on=True)
    post = await demo.approved_answer("7000", "Late but once.")
    await demo.until(lambda: _tried(demo), "a try in vain")
    await demo.do("switches", name="killed", on=True)
    assert (await demo.state())["evidence"]["sentence"] == "approved 1 · sent 0 · on the way 1 · doubled 0 · lost 0"
    await demo.do("switches", on=False)
    await demo.do("clock", to="15m")
    await demo.until(lambda: _stands(demo, post), "the reply on the network")
    await demo.counted(approved=1, sent=1, under_way=0, doubled=0, lost=0)


@pytest.mark.timeout(300)
async def test_killed_again_and_again_amid_work_everything_arrives_once(demo: Visit):
    for number in range(4):
        await demo.ask(f"80{number}0")
        await demo.do("switches", name="killed", on=True)
        await demo.do("switches", name="killed", on=False)
    await demo.do("clock", to="15m")
    for number in range(4):
        approval = await demo.answer(f"80{number}0", f"Answer {number}.")
        await demo.approve(approval)
        await demo.do("switches", name="killed", on=True)
        await demo.do("switches", name="killed", on=False)
    await demo.do("clock", to="15m")
    assert (await demo.counted(approved=4, sent=4, under_way=0))["holds"]
    assert len((await demo.state())["cases"]) == 4


async def _stands(demo: Visit, post: str) -> bool:
    return len(await demo.hands.published(post)) == 1


async def _tried(demo: Visit) -> bool:
    [case] = (await demo.state())["cases"]
    return case["waits"] is not None
