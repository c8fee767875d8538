"""The App Home tab: one's own queue, what is due first on top."""

from datetime import timedelta

import pytest

from bots.slack.home_blocks import MOST_BESIDES, MOST_CASES
from escalation import commands as c
from models.database import Database
from models.vocabulary import SYSTEM, CaseState
from tests.bots.slack.office import SlackOffice, buttons, pieces, slack_office, walk
from tests.bots.story import file_of, new_card, pass_time, submitted
from tests.house import CONFIGURATION, TestClock


async def opened(office: SlackOffice, user: str) -> str:
    await office.workspace.open_home(user)
    await office.settle()
    return shown(office, user)


def shown(office: SlackOffice, user: str) -> str:
    return "\n".join(pieces(office.workspace.home(user)["blocks"]))


def offered(office: SlackOffice, user: str) -> list[str]:
    return buttons(office.workspace.home(user)["blocks"])


def in_order(text: str, *words: str) -> bool:
    places = [text.find(word) for word in words]
    assert -1 not in places, (words, text)
    return places == sorted(places)


async def test_one_sees_ones_own_cases_first_and_what_is_free(office: SlackOffice) -> None:
    await new_card(office, "invoice one")
    case, card = await new_card(office, "invoice two")
    await office.press("anna", card, "Claim")
    text = await opened(office, "U0ANNA")
    assert in_order(text, "Yours", "invoice two", "Free to take", "invoice one")
    assert offered(office, "U0ANNA") == ["Answer", "Open", "Claim", "Answer", "Open"]
    assert "Nothing waits for you." in await opened(office, "U0DARIO")
    assert "U0NOBODY" in await opened(office, "U0NOBODY")
    assert case


async def test_what_is_due_first_stands_first_and_what_is_late_says_so(office: SlackOffice) -> None:
    old, _ = await new_card(office, "invoice that waits longest")
    await office.house.desk.handle(old, c.Snooze(office.house.clock.now() + timedelta(hours=1)), actor="anna")
    for words in ("invoice of nine", "invoice of ten past"):
        await new_card(office, words)
        office.house.clock.forward(minutes=10)
    text = await opened(office, "U0BRUNO")
    assert in_order(text, "invoice of nine", "invoice of ten past", "invoice that waits longest")
    assert in_order(
        text, "LATE: a claim, was due 09:15", "invoice of nine", "Next: a claim, due 09:25", "invoice of ten"
    )
    assert "Snoozed until 10:00." in text
    office.house.clock.forward(minutes=40)
    await office.house.sweeper.sweep()
    text = await opened(office, "U0BRUNO")
    assert in_order(text, "LATE: a claim, was due 09:15", "LATE: a claim, was due 09:25", "Next: a claim, due 10:15"), (
        "the snooze has moved what is due"
    )


async def test_approvers_see_what_waits_for_them_with_the_way_to_it(office: SlackOffice) -> None:
    case, approval = await submitted(office, who="anna")
    other, _ = await submitted(office, who="bruno")
    text = await opened(office, "U0CARLA")
    assert text.count("waits for approval") == 2
    assert in_order(text, "Waiting for your decision", "Next: the approval, due 09:20")
    channel, _, ts = approval.id.partition(":")
    links = [one["url"] for one in walk(office.workspace.home("U0CARLA")["blocks"]) if one.get("type") == "link"]
    assert len(links) == 2
    assert any(url.endswith(f"/archives/{channel}/p{ts.replace('.', '')}") for url in links)
    assert offered(office, "U0CARLA") == ["Open", "Open"]
    text = await opened(office, "U0ANNA")
    assert in_order(text, "Yours", "The answer by Anna Verdi", "Waiting for your decision", "The answer by Bruno Neri")
    assert text.count("Waiting for your decision") == 1, "four eyes: her own text is not hers to approve"
    await office.press("carla", next(iter(office.shown("approval", other))), "Approve and send")
    assert "Waiting for your decision" not in await opened(office, "U0ANNA")
    assert case


async def test_a_doubtful_reply_waits_for_approvers_too(office: SlackOffice) -> None:
    case, approval = await submitted(office)
    await office.press("carla", approval, "Approve and send")
    outcome = await office.house.desk.handle(case, c.CheckNeeded("timeout"), actor=SYSTEM)
    assert outcome.done, outcome.refusal
    assert (await file_of(office, case)).case.state is CaseState.NEEDS_CHECK
    assert in_order(await opened(office, "U0CARLA"), "Waiting for your decision", "Sent? Somebody has to look.")


async def test_managers_see_what_is_late_and_can_take_it_over(office: SlackOffice) -> None:
    _, card = await new_card(office, "invoice one")
    await office.press("anna", card, "Claim")
    await new_card(office, "invoice two")
    assert "Nothing waits for you." in await opened(office, "U0MARTA")
    await pass_time(office, minutes=61)
    text = await opened(office, "U0MARTA")
    assert in_order(text, "Late now", "invoice two", "invoice one"), "first what is late for longer"
    assert "owner: Anna Verdi" in text
    assert "Billing" in text
    assert offered(office, "U0MARTA") == ["Claim", "Reassign", "Open", "Take over", "Reassign", "Open"]
    seen = await office.workspace.click_at_home("U0MARTA", "Take over")
    assert seen.ok
    await office.settle()
    text = shown(office, "U0MARTA")
    assert in_order(text, "It is yours now.", "Yours", "invoice one", "Late now", "invoice two")
    assert text.count("invoice one") == 1, "no case stands in two parts"


async def test_a_manager_of_one_department_sees_that_one_only(database: Database, clock: TestClock) -> None:
    text = CONFIGURATION.replace('channel = "slack:C0MANAGERS"\nmembers = ["marta"]', 'channel = "slack:C0MANAGERS"', 1)
    async with slack_office(database, clock, text=text) as office:
        await new_card(office, "invoice one")
        await new_card(office, "something else")
        await pass_time(office, hours=3)
        text = await opened(office, "U0MARTA")
        assert "invoice one" in text
        assert "something else" not in text


async def test_a_claim_at_home(office: SlackOffice) -> None:
    case, _ = await new_card(office)
    await opened(office, "U0ANNA")
    seen = await office.workspace.click_at_home("U0ANNA", "Claim")
    assert seen.ok
    await office.settle()
    assert (await file_of(office, case)).case.owner == "anna"
    assert "Yours" in pieces(office.workspace.home("U0ANNA")["blocks"])


async def test_a_late_claim_at_home_is_told_there(office: SlackOffice) -> None:
    _, card = await new_card(office)
    await opened(office, "U0BRUNO")
    await office.press("anna", card, "Claim")
    await office.workspace.click_at_home("U0BRUNO", "Claim")
    await office.settle()
    assert "Anna Verdi claimed this 1 second ago." in pieces(office.workspace.home("U0BRUNO")["blocks"])


async def test_an_answer_from_home(office: SlackOffice) -> None:
    case, _ = await new_card(office)
    await opened(office, "U0ANNA")
    await office.workspace.click_at_home("U0ANNA", "Answer")
    await office.settle()
    told = await office.submit("anna", {"Your answer": "From home."})
    assert not told.dialog_open
    draft = (await file_of(office, case)).draft
    assert draft is not None
    assert draft.text == "From home."
    text = shown(office, "U0ANNA")
    assert in_order(text, "Submitted for approval.", "Yours", "The answer by Anna Verdi waits for approval.")
    assert "Free to take" not in text, "the tab is drawn anew after the dialog"


@pytest.mark.parametrize(("button", "title"), [("Open", "Details"), ("Reassign", "Reassign")])
async def test_a_dialog_opens_from_home(office: SlackOffice, button: str, title: str) -> None:
    await new_card(office, "invoice one")
    await pass_time(office, minutes=20)
    await opened(office, "U0MARTA")
    await office.workspace.click_at_home("U0MARTA", button)
    await office.settle()
    assert office.workspace.open_view("U0MARTA")["title"]["text"] == title
    if button == "Reassign":
        await office.submit("marta", {"Which department knows better?": "Legal"})
        assert in_order(shown(office, "U0MARTA"), "Moved to Legal.", "Nothing waits for you.")


async def test_a_long_queue_is_cut_and_says_so(office: SlackOffice) -> None:
    for number in range(MOST_CASES + 3):
        await office.house.arrive(f"invoice {number}", thread_id=f"t{number}")
    text = await opened(office, "U0ANNA")
    assert "3 more are open." in text
    assert text.count("Ada wrote to Acme") == MOST_CASES
    office.house.clock.forward(hours=3)
    text = await opened(office, "U0MARTA")
    assert f"{MOST_CASES + 3 - MOST_BESIDES} more are open." in text
    assert text.count("Ada wrote to Acme") == MOST_BESIDES
    assert len(office.workspace.home("U0MARTA")["blocks"]) <= 100


async def test_a_tab_is_drawn_though_slack_gives_no_links(office: SlackOffice) -> None:
    await submitted(office)
    office.workspace.faults.script([("chat.getPermalink", "ok_false(internal_error)", 9)])
    assert "Waiting for your decision" in await opened(office, "U0CARLA")
