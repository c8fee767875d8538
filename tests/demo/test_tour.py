"""The tour recognises by the state of things that a step is done, whoever did it."""

from tests.demo.visit import Visit

SCENE = {"pane": "workspace", "person": "U0MARTA", "post": None, "page": None}


async def current(demo: Visit) -> str | None:
    return (await demo.state())["tour"]["current"]


async def at(demo: Visit, step: str | None) -> None:
    async def look() -> bool:
        return await current(demo) == step

    await demo.until(look, f"the step {step}")


async def test_five_steps_from_question_to_reply(demo: Visit):
    tour = (await demo.state())["tour"]
    assert [lesson["key"] for lesson in tour["lessons"]] == ["post", "card", "answer", "approve", "reply"]
    assert [lesson["scene"]["pane"] for lesson in tour["lessons"]] == [
        "network",
        "workspace",
        "workspace",
        "workspace",
        "network",
    ]
    assert all(lesson["sentence"].endswith((".", "?")) for lesson in tour["lessons"])
    await at(demo, "post")
    await demo.do("switches", name="down", on=True)
    await demo.ask("10")
    await at(demo, "answer")
    approval = await demo.answer("10", "Like this.")
    await at(demo, "approve")
    await demo.hands.fill_in_dialog("U0CARLA", approval, "Send back", "Not like this")
    await at(demo, "answer")
    await demo.approve(await demo.answer("10", "Like that."))
    await at(demo, "reply")
    await demo.do("switches", name="down", on=False)
    await demo.do("clock", to="15m")
    await at(demo, None)
    tour = (await demo.state())["tour"]
    assert [lesson["done"] for lesson in tour["lessons"]] == [True] * 5


async def test_it_begins_again_with_the_next_question(demo: Visit):
    await demo.ask("20")
    await at(demo, "answer")
    assert (await demo.do("tour"))["tour"]["current"] == "post"
    await demo.hands.write_post("chiara", "@acme my lawyer has a question")
    await at(demo, "answer")
    answer = next(one for one in (await demo.state())["tour"]["lessons"] if one["key"] == "answer")
    assert answer["scene"] == {"pane": "workspace", "person": "U0LEA", "channel": "C0LEGAL", "post": None, "page": None}
    assert answer["sentence"].startswith("As Lea,")


async def test_the_contact_form_is_no_step_of_it(demo: Visit):
    await demo.hands.fill_in_form(name="Ben", email="ben@customer.example", subject="", message="Where is it?")
    assert await current(demo) == "post"


async def test_after_it_a_clock_may_run_out_before_the_visitor_who_then_takes_over(demo: Visit):
    assert (await demo.state())["lapse"] is None
    assert (await demo.do("play", on=True, piece="lapse"))["play"]["state"] == "playing"

    async def over(wanted: bool) -> dict | None:
        lapse = (await demo.state())["lapse"]
        return lapse if lapse and lapse["over"] is wanted and await ended() else None

    async def ended() -> bool:
        return (await demo.state())["play"]["state"] == "ended"

    late = await demo.until(lambda: over(False), "the clock to run out", patience=40)
    assert late["title"] == "Nobody claimed Elena's question"
    assert late["scene"] == {**SCENE, "channel": "D0MARTA"}
    [breach] = await demo.hands.pings("U0MARTA", "D0MARTA", late["case"])
    await demo.hands.click("U0MARTA", breach, "Take over")
    had = await demo.until(lambda: over(True), "Marta to have it")
    assert had["scene"] == {**SCENE, "channel": "C0BILLING"}
    assert "Explain" in had["sentence"]
