"""The whole story, played only by clicking and typing in the frames of the demo's page."""

import re
from collections.abc import Callable

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.browser.panes import ANNA, APPROVE, CARLA, DAVIDE, MARTA, SUBMIT
from tests.browser.reading import overlap
from tests.browser.steps import answer, ask, to_approve
from tests.browser.visitor import Visitor, visiting

pytestmark = [pytest.mark.xdist_group("browser-stories"), pytest.mark.asyncio(loop_scope="session")]

WISHES = {"reduced_motion": "no-preference"}  # what most people see


async def test_question_to_reply_by_way_of_a_claim_a_sending_back_and_an_edit(visitor: Visitor, about: str) -> None:
    workspace = visitor.workspace
    card = await ask(visitor, about)
    await expect(card.get_by_text("Waiting for somebody to claim it.")).to_be_visible()
    await card.get_by_role("button", name="Claim").click()
    await expect(card.get_by_text("Anna Verdi is answering.")).to_be_visible()
    await expect(card.get_by_role("button", name="Claim")).to_have_count(0)

    await card.get_by_role("button", name="Answer", exact=True).click()
    await workspace.fill_in_dialog("Answer", f"Sorry, Ada! We pay {about} back soon.", SUBMIT)
    approval = await to_approve(visitor, f"{about} back soon")
    await expect(approval.get_by_text("^AV")).to_be_visible()
    await approval.get_by_role("button", name="Send back").click()
    await workspace.fill_in_dialog("Send back", "Please name the day", "Send back")

    await workspace.be(ANNA, "billing")
    await expect(card.get_by_text("Sent back to Anna Verdi: Please name the day")).to_be_visible()
    await answer(visitor, card, f"Sorry, Ada! We pay {about} back on Monday.")
    approval = await to_approve(visitor, "back on Monday")
    await approval.get_by_role("button", name="Edit and send").click()
    await expect(workspace.dialog("Edit and send").get_by_role("textbox")).to_have_value(
        f"Sorry, Ada! We pay {about} back on Monday."
    )
    final = f"Sorry, Ada! We pay {about} back on Tuesday."
    await workspace.fill_in_dialog("Edit and send", final, APPROVE)

    sent = workspace.approval("back on Tuesday")
    await expect(sent.get_by_text("What was changed:")).to_be_visible()
    await expect(sent.get_by_role("button", name="Undo")).to_be_visible()
    await expect(visitor.network.reply(final)).to_be_visible()
    await expect(visitor.network.reply(final).get_by_text("^AV")).to_be_visible()
    await expect(
        visitor.network.reply(final).get_by_role("link", name=re.compile(f"In reply to Ada Neri.*{about}"))
    ).to_be_visible()
    await expect(visitor.network.news).to_contain_text("replied to you")
    assert not await overlap(visitor.network.news, visitor.network.reply(final))
    await expect(sent.get_by_role("link", name="Open the reply")).to_be_visible()
    await expect(visitor.network.reply(about)).to_have_count(1)


async def test_answer_costs_an_expert_one_text_and_one_click_and_an_approver_one_click(
    visitor: Visitor, about: str, record_property: Callable[[str, str], None]
) -> None:
    card = await ask(visitor, about)
    begun = await visitor.mark()
    field = card.get_by_role("textbox", name="Your answer")
    await field.click()
    await field.press_sequentially(f"Sorry! {about} is paid back.")
    await card.get_by_role("button", name=SUBMIT).click()
    await expect(card.get_by_text("waits for approval")).to_be_visible()
    expert = visitor.gestures.since(begun)

    begun = await visitor.mark()
    approval = await to_approve(visitor, f"{about} is paid back")
    await approval.get_by_role("button", name=APPROVE).click()
    await expect(visitor.workspace.approval(about).get_by_role("button", name="Undo")).to_be_visible()
    await visitor.mark()
    approver = visitor.gestures.since(begun)

    record_property("expert", str(expert))
    record_property("approver", str(approver))
    assert (expert.texts, expert.clicks) == (("Your answer",), (SUBMIT,))
    assert (approver.texts, approver.clicks) == ((), (APPROVE,))


async def by_dialog(visitor: Visitor, card: Locator, text: str) -> None:
    await card.get_by_role("button", name="Answer", exact=True).click()
    await visitor.workspace.fill_in_dialog("Answer", text, SUBMIT)


async def by_field_and_enter(visitor: Visitor, card: Locator, text: str) -> None:
    field = card.get_by_role("textbox", name="Your answer")
    await field.fill(text)
    await field.press("Enter")


async def by_field_and_button(visitor: Visitor, card: Locator, text: str) -> None:
    await card.get_by_role("textbox", name="Your answer").fill(text)
    await card.get_by_role("button", name=SUBMIT).click()


async def by_use_as_reply(visitor: Visitor, card: Locator, text: str) -> None:
    workspace = visitor.workspace
    await card.hover()
    await card.get_by_role("link", name="Reply in thread").click()
    await workspace.reply_in_thread(text)
    said = workspace.thread.get_by_role("article").filter(has_text=text)
    await said.hover()
    await said.get_by_role("button", name="More actions").click()
    await workspace.frame.get_by_role("menuitem", name="Use as reply").click()
    dialog = workspace.dialog("Answer")
    await expect(dialog.get_by_role("textbox")).to_have_value(text)
    await dialog.get_by_role("button", name=SUBMIT).click()
    await expect(dialog).to_be_hidden()


async def by_prefix(visitor: Visitor, card: Locator, text: str) -> None:
    await card.hover()
    await card.get_by_role("link", name="Reply in thread").click()
    await visitor.workspace.reply_in_thread("This chatter stays among us")
    await visitor.workspace.reply_in_thread(f"reply: {text}")


@pytest.mark.parametrize("way", [by_dialog, by_field_and_enter, by_field_and_button, by_use_as_reply, by_prefix])
async def test_each_way_of_answering_leads_to_the_same_approval(visitor: Visitor, about: str, way) -> None:
    card = await ask(visitor, about)
    text = f"This is how {about} is settled."
    await way(visitor, card, text)
    await expect(visitor.at.strip.get_by_text("The answer by Anna Verdi waits for approval.")).to_be_visible()
    approval = await to_approve(visitor, text)
    await expect(approval.get_by_text(re.compile("^written by Anna Verdi"))).to_be_visible()
    await expect(approval.get_by_role("blockquote").filter(has_text=text)).to_contain_text(
        f"{text}\n^AV", use_inner_text=True
    )
    await expect(visitor.network.reply(about)).to_have_count(0)


async def test_undo_within_the_window_keeps_the_reply_back(visitor: Visitor, about: str) -> None:
    card = await ask(visitor, about)
    await answer(visitor, card, f"Too early about {about}.")
    approval = await to_approve(visitor, f"Too early about {about}")
    await approval.get_by_role("button", name=APPROVE).click()
    await visitor.workspace.approval(f"Too early about {about}").get_by_role("button", name="Undo").click()
    await expect(visitor.workspace.waiting(f"Too early about {about}")).to_be_visible()
    await expect(
        visitor.workspace.waiting(f"Too early about {about}").get_by_role("button", name="Undo")
    ).to_have_count(0)
    await expect(visitor.network.reply(about)).to_have_count(0)


async def test_late_click_is_told_who_was_faster(
    visitor: Visitor, about: str, browser: Browser, demo_address: str
) -> None:
    card = await ask(visitor, about)
    await answer(visitor, card, f"Once and only once: {about}.")
    approval = await to_approve(visitor, f"only once: {about}")
    async with visiting(browser, demo_address) as sleeper:  # Carla's other window, whose stream has been cut
        sleeper.complaints.excuse(r"/sandbox/slack/stream", because="this test cuts the window's stream")
        await sleeper.at.page.route("**/sandbox/slack/stream", lambda route: route.abort())
        await sleeper.at.page.reload()
        stale = await to_approve(sleeper, f"only once: {about}")
        await approval.get_by_role("button", name=APPROVE).click()
        await expect(visitor.workspace.approval(about).get_by_role("button", name="Undo")).to_be_visible()
        await stale.get_by_role("button", name=APPROVE).click()
        await sleeper.at.page.unroute("**/sandbox/slack/stream")
        await expect(sleeper.workspace.only_you(re.compile(r"Carla Bianchi approved this .* ago"))).to_be_visible()
    await expect(visitor.at.trouble.get_by_text("doubled 0 · lost 0")).to_be_visible()


async def test_click_without_the_right_is_refused_where_it_was_made(visitor: Visitor, about: str) -> None:
    workspace = visitor.workspace
    card = await ask(visitor, about)
    await answer(visitor, card, f"May I approve {about} myself?")
    for name, sentence in ((ANNA, "Only an approver can do this"), (MARTA, "Only an approver can do this")):
        await workspace.be(name)
        await workspace.open("approvals")
        await workspace.waiting(f"May I approve {about}").get_by_role("button", name=APPROVE).click()
        await expect(workspace.only_you(sentence).last).to_be_visible()
    await workspace.be(CARLA, "approvals")
    await expect(workspace.waiting(f"May I approve {about}")).to_be_visible()


async def test_edit_by_the_customer_voids_the_approval(visitor: Visitor, about: str) -> None:
    workspace, network = visitor.workspace, visitor.network
    card = await ask(visitor, about, who=DAVIDE)
    await answer(visitor, card, f"Yes, {about} is on its way.")
    approval = await to_approve(visitor, f"Yes, {about}")
    await approval.get_by_role("button", name=APPROVE).click()
    await expect(workspace.approval(f"Yes, {about}").get_by_role("button", name="Undo")).to_be_visible()

    post = network.post(about)
    await post.get_by_role("button", name="Edit").click()
    await network.frame.get_by_role("textbox", name="Change your post").fill(
        f"@acme Where are the 2000 euro of {about}?"
    )
    await network.frame.get_by_role("button", name="Save").click()
    await expect(network.post("2000 euro").get_by_role("button", name="edited")).to_be_visible()

    await expect(workspace.waiting("2000 euro")).to_be_visible()
    await expect(
        workspace.approval(about).filter(has_text=re.compile("void|changed", re.IGNORECASE)).first
    ).to_be_visible()
    await expect(network.reply(about)).to_have_count(0)


async def test_home_lists_what_is_mine(visitor: Visitor, about: str) -> None:
    card = await ask(visitor, about)
    await card.get_by_role("button", name="Claim").click()
    await expect(card.get_by_text("Anna Verdi is answering.")).to_be_visible()
    await visitor.workspace.rail.get_by_role("link", name=re.compile("^portavoce")).click()
    await visitor.workspace.main.get_by_role("link", name="Home").click()
    home = visitor.workspace.main.get_by_role("region", name="Home")
    await expect(home.get_by_text(about)).to_be_visible()
