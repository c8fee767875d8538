"""The story plays by itself for a visitor, can be stopped, and can be played again."""

from pathlib import Path

import pytest

from bots.demo.hands import Hands
from bots.demo.play import Play, PlayedHands
from bots.demo.scenes import Scene
from tests.demo.visit import Visit, visit


async def test_it_begins_on_request_and_stops_where_it_is(demo: Visit):
    assert (await demo.state())["play"]["state"] == "idle"
    await demo.do("switches", name="lost", on=True)
    state = await demo.do("play", on=True)
    assert state["play"]["state"] == "playing"
    assert not any(one["on"] for one in state["switches"])

    async def told() -> list:
        return (await demo.state())["play"]["lines"]

    [first, *_] = await demo.until(told, "the first line")
    assert first["what"].startswith("Elena asks")
    stopped = (await demo.do("play", on=False))["play"]
    assert stopped["state"] == "stopped"
    assert stopped["sentence"].startswith("Stopped.")
    assert (await demo.do("play", on=True))["play"]["lines"] == []


async def test_it_leads_to_where_each_act_happens(demo: Visit):
    scenes: list[Scene] = []
    hands = PlayedHands(demo.speaker, demo.stage.clock, show=scenes.append, pause=0)
    post = (await hands.write_post("ada", "@acme invoice 30?"))["id"]
    card = await hands.message("C0BILLING", text="invoice 30", kind="card", button="Answer")
    await hands.fill_in_dialog("U0ANNA", card, "Answer", "Yes.")
    await hands.published(post)
    await hands.published(post)
    assert scenes == [
        Scene("network", "ada"),
        Scene("workspace", "U0ANNA", channel="C0BILLING"),
        Scene("network", post=post),
    ]


async def test_a_story_that_cannot_go_on_says_why(demo: Visit):
    await demo.stage.bot.kill()
    stage = demo.stage
    play = Play(speaker=stage.speaker, clock=stage.clock, cases=stage.cases, changed=lambda: None, pause=0, patience=2)
    play.start()
    await demo.until(lambda: _state(play, "failed"), "the failure")
    assert "in vain for the case of Elena" in play.facts["sentence"]
    await play.stop()
    assert play.facts["state"] == "failed"


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_it_plays_to_its_good_end_and_begins_anew(tmp_path: Path):
    async with visit(tmp_path, undo_seconds=3) as demo:
        stage = demo.stage
        play = Play(speaker=stage.speaker, clock=stage.clock, cases=stage.cases, changed=lambda: None, pause=0.05)
        play.start()
        await demo.until(lambda: _state(play, "playing"), "the beginning")
        await demo.until(lambda: _is_over(play), "the end", patience=60)
        assert play.facts["sentence"].startswith("The end. 26 of 26 checks hold"), play.facts
        assert (await demo.counted(approved=4, sent=4, under_way=0))["holds"]
        play.start()
        await demo.until(lambda: _has_told(play, "answers in the dialog"), "an answer in the second play", patience=60)
        await play.stop()


async def _state(play: Play, wanted: str) -> bool:
    return play.facts["state"] == wanted


async def _is_over(play: Play) -> bool:
    return play.facts["state"] not in {"idle", "playing"}


async def _has_told(play: Play, words: str) -> bool:
    return any(words in line["what"] for line in play.facts["lines"])


def test_the_hands_are_those_of_the_script():
    assert issubclass(PlayedHands, Hands)
