"""The App Home tab: one's own queue."""

from bots.slack.home_blocks import MOST_CASES
from tests.bots.slack.office import SlackOffice, buttons, pieces
from tests.bots.story import file_of, new_card


async def opened(office: SlackOffice, user: str) -> str:
    await office.workspace.open_home(user)
    await office.settle()
    return "\n".join(pieces(office.workspace.home(user)["blocks"]))


async def test_one_sees_ones_own_cases_first_and_what_is_free(office: SlackOffice) -> None:
    await new_card(office, "invoice one")
    case, card = await new_card(office, "invoice two")
    await office.press("anna", card, "Claim")
    text = await opened(office, "U0ANNA")
    assert text.index("Yours") < text.index("invoice two") < text.index("Free to take") < text.index("invoice one")
    assert buttons(office.workspace.home("U0ANNA")["blocks"]) == ["Answer", "Details", "Claim", "Answer", "Details"]
    assert "Nothing waits for you." in await opened(office, "U0DARIO")
    assert "U0NOBODY" in await opened(office, "U0NOBODY")
    assert case


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


async def test_a_long_queue_is_cut_and_says_so(office: SlackOffice) -> None:
    for number in range(MOST_CASES + 3):
        await office.house.arrive(f"invoice {number}", thread_id=f"t{number}")
    text = await opened(office, "U0ANNA")
    assert "3 more are open." in text
    assert text.count("Ada wrote to Acme") == MOST_CASES
