"""The card, and every way of answering on it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from models.vocabulary import CaseState, DraftSource, PauseReason
from tests.bots.harness import Dialog, SurfaceHarness
from tests.bots.story import draft_of, file_of, new_card, submitted

WAYS = {
    "dialog": DraftSource.DIALOG,
    "field": DraftSource.FIELD,
    "enter": DraftSource.FIELD,
    "shortcut": DraftSource.SHORTCUT,
    "thread": DraftSource.THREAD,
}
TEXT = "It is on its way & will be < 3 days. <b>Promised</b> at 100 %!"


class Answering:
    """Rules about the card."""

    async def test_a_card_says_who_wrote_what_where_and_why_it_came_here(self, office: SurfaceHarness) -> None:
        case, card = await new_card(office, "Where is my invoice?\nSecond line.")
        assert card.channel == "billing"
        for words in (
            "Ada wrote to Acme on Plain",
            "PUBLIC",
            "acme",
            "ada",
            "12 followers",
            "“invoice”",
            "first response – due 11:00",
        ):
            assert words in card.text, words
        assert "Where is my invoice?\nSecond line." in card.pieces
        for button in (
            "Claim",
            "Answer",
            "Reassign",
            "Not ours",
            "No reply needed",
            "Spam",
            "Snooze",
            "Details",
            "Explain",
            "Like",
            "Repost",
            "Hide",
        ):
            assert button in card.buttons, button
        assert "Ada" in card.notification
        assert card.case == case

    async def test_a_card_is_changed_in_its_place(self, office: SurfaceHarness) -> None:
        case, card = await new_card(office)
        told = await office.press("anna", card, "Claim")
        assert told.acknowledged
        assert told.commits == 1
        await office.carry()
        [now] = office.shown("card", case)
        assert now.id == card.id
        assert "Anna Verdi is answering." in now.text
        assert "Claim" not in now.buttons
        assert (await file_of(office, case)).case.owner == "anna"

    async def test_a_late_claim_names_who_was_first(self, office: SurfaceHarness) -> None:
        case, card = await new_card(office)
        await office.press("anna", card, "Claim")
        await office.carry()
        told = await office.press_as_it_was("bruno", card, "Claim")
        assert told.text == "Anna Verdi claimed this 1 second ago."
        assert (await file_of(office, case)).case.owner == "anna"
        [now] = office.shown("card", case)
        assert "Claim" not in now.buttons, "the card in front of the late one is brought up to date"

    @pytest.mark.parametrize("way", WAYS)
    async def test_every_way_of_answering_leads_to_the_same_approval(self, office: SurfaceHarness, way: str) -> None:
        case, card = await new_card(office)
        match way:
            case "dialog":
                dialog = await office.open("anna", card, "Answer")
                assert isinstance(dialog, Dialog)
                assert dialog.submit == "Submit for approval"
                assert len(dialog.fields) == 1
                assert "Where is my invoice?" in dialog.pieces
                assert "@ada …" in dialog.pieces, "the mention that sending adds is seen before anything is written"
                told = await office.submit("anna", {dialog.fields[0]: TEXT})
            case "field":
                told = await office.answer_in_field("anna", card, TEXT)
            case "enter":
                told = await office.answer_in_field("anna", card, TEXT, enter=True)
            case "shortcut":
                told = await office.use_as_reply("anna", card, TEXT)
            case _:
                told = await office.say_in_thread("anna", card, f"Reply: {TEXT}")
        assert told.acknowledged
        assert not told.dialog_open
        if way != "thread":
            assert told.commits == 1
        draft = await draft_of(office, case)
        assert (draft.text, draft.author, draft.source) == (TEXT, "anna", WAYS[way])
        await office.carry()
        [approval] = office.shown("approval", case)
        assert approval.channel == "approvals"
        assert f"@ada {TEXT}" in approval.pieces
        [card] = office.shown("card", case)
        assert "The answer by Anna Verdi waits for approval." in card.text
        assert "Anna Verdi submitted an answer for approval." in [note.text for note in office.shown("thread", case)]

    async def test_what_colleagues_say_under_a_card_stays_internal(self, office: SurfaceHarness) -> None:
        case, card = await new_card(office)
        for text in ("he is angry, be careful", "my reply: none", "the reply is ready"):
            told = await office.say_in_thread("anna", card, text)
            assert told.sentences == ()
        assert (await file_of(office, case)).draft is None

    async def test_an_answer_that_is_too_long_stays_in_the_dialog(self, office: SurfaceHarness) -> None:
        case, card = await new_card(office)
        dialog = await office.open("anna", card, "Answer")
        assert isinstance(dialog, Dialog)
        long = "word " * 200
        for _ in range(2):
            told = await office.submit("anna", {dialog.fields[0]: long})
            assert told.dialog_open
            assert "the network takes 812" in told.text
        assert (await file_of(office, case)).draft is None
        told = await office.submit("anna", {dialog.fields[0]: "short enough"})
        assert not told.dialog_open
        assert (await draft_of(office, case)).text == "short enough"

    async def test_an_answer_refused_once_can_be_given_again(self, office: SurfaceHarness) -> None:
        case, card = await new_card(office)
        told = await office.answer_in_field("dario", card, "not my department")
        assert "belongs to Billing" in told.text
        moved = await office.open("anna", card, "Reassign")
        assert isinstance(moved, Dialog)
        await office.submit("anna", {moved.fields[0]: "Product"})
        told = await office.answer_in_field("dario", card, "not my department")
        assert (await draft_of(office, case)).text == "not my department"

    async def test_the_same_answer_twice_is_one_answer(self, office: SurfaceHarness) -> None:
        case, card = await new_card(office)
        first = await office.answer_in_field("anna", card, "Once.")
        again = await office.answer_in_field("anna", card, "Once.")
        assert first.text == "Submitted for approval."
        assert again.acknowledged
        assert len((await file_of(office, case)).drafts) == 1

    async def test_several_parts_are_shown_one_by_one(self, office: SurfaceHarness) -> None:
        text = "A sentence of forty letters and a stop. " * 12
        case, approval = await submitted(office, text.strip())
        draft = await draft_of(office, case)
        assert len(draft.parts) == 2
        for number, part in enumerate(draft.parts, start=1):
            assert part in approval.pieces
            assert f"Part {number} of 2, {len(part)} of 280 letters" in approval.pieces

    async def test_reassign_moves_the_card(self, office: SurfaceHarness) -> None:
        case, card = await new_card(office)
        dialog = await office.open("anna", card, "Reassign")
        assert isinstance(dialog, Dialog)
        told = await office.submit("anna", {dialog.fields[0]: "Legal"})
        assert "Moved to Legal." in told.text
        await office.carry()
        old, new = office.shown("card", case)
        assert (old.channel, new.channel) == ("billing", "legal")
        assert "Moved to Legal." in old.text
        assert old.buttons == ()
        assert "Claim" in new.buttons

    async def test_not_ours_asks_the_next_route(self, office: SurfaceHarness) -> None:
        case, card = await new_card(office)
        told = await office.press("anna", card, "Not ours")
        assert told.text == "Moved to Product."
        assert (await file_of(office, case)).case.department == "product"

    async def test_snooze_brings_it_back(self, office: SurfaceHarness) -> None:
        case, card = await new_card(office)
        dialog = await office.open("anna", card, "Snooze")
        assert isinstance(dialog, Dialog)
        told = await office.submit("anna", {})
        assert "Snoozed until 10:00." in told.text
        assert (await file_of(office, case)).case.state is CaseState.SNOOZED

    @pytest.mark.parametrize(
        ("button", "words"), [("Spam", "Closed as spam."), ("No reply needed", "Closed: no reply needed.")]
    )
    async def test_closing_without_a_reply(self, office: SurfaceHarness, button: str, words: str) -> None:
        case, card = await new_card(office)
        await office.press("anna", card, button)
        await office.carry()
        [card] = office.shown("card", case)
        assert words in card.text
        assert card.buttons == ("Details", "Explain")

    async def test_details_tell_what_happened(self, office: SurfaceHarness) -> None:
        _, card = await new_card(office)
        await office.press("anna", card, "Claim")
        dialog = await office.open("anna", card, "Details")
        assert isinstance(dialog, Dialog)
        text = "\n".join(dialog.pieces)
        assert "Anna Verdi: claimed" in text
        assert "answered: due 10:00" in text
        assert "Where is my invoice?" in dialog.pieces
        assert dialog.submit == ""

    async def test_explain_tells_why_it_is_due_and_who_hears_of_it(self, office: SurfaceHarness) -> None:
        _, card = await new_card(office)
        await office.press("anna", card, "Claim")
        office.house.clock.forward(minutes=20)
        dialog = await office.open("anna", card, "Explain")
        assert isinstance(dialog, Dialog)
        text = "\n".join(dialog.pieces)
        for words in (
            "Policy standard, as it was when the case began.",
            "Route no. 2 chose it: To Billing, because it says “invoice”.",
            "answered: due 10:00",
            "Target: 1 h of opening hours from 09:00: policy standard",
            "Hours: opening hours of Billing, UTC (calendar ",
            "Counted: 20 min = Mon 09:00-09:20",
            "Until due: 40 min = Mon 09:20-10:00",
            "09:48: warning at 80 % of the target, to Anna Verdi",
            "10:00: target missed, to Marta Bianchi, the managers' channel",
            "claimed: after ",
        ):
            assert words in text, words
        assert dialog.submit == ""

    async def test_waiting_for_the_customer_is_said_on_the_card(self, office: SurfaceHarness) -> None:
        case, card = await new_card(office)
        dialog = await office.open("anna", card, "Snooze")
        assert isinstance(dialog, Dialog)
        assert dialog.fields == ("Why does it wait?", "In your words", "Bring it back", "Date and time")
        wait = {"Why does it wait?": "Waiting for the customer (at most 14 d)", "Bring it back": "Tomorrow at 9:00"}
        told = await office.submit("anna", wait)
        assert told.text == "Waiting for the customer, until Tue 3 Mar 09:00 at the latest."
        assert (await file_of(office, case)).case.pause_reason is PauseReason.WAITING_CUSTOMER
        await office.carry()
        [card] = office.shown("card", case)
        assert "Waiting for the customer, until Tue 3 Mar 09:00 at the latest." in card.text
        assert "first response – stands still" in card.text
        assert "Snooze" in card.buttons

    async def test_a_snooze_is_explained_in_the_words_of_whoever_asked_for_it(self, office: SurfaceHarness) -> None:
        _, card = await new_card(office)
        await office.open("anna", card, "Snooze")
        await office.submit("anna", {"In your words": "waits for the *warehouse*", "Bring it back": "4 hours"})
        for button in ("Explain", "Details"):
            dialog = await office.open("anna", card, button)
            assert isinstance(dialog, Dialog)
            text = "\n".join(dialog.pieces)
            assert "waits for the *warehouse*" in text, button
        dialog = await office.open("anna", card, "Explain")
        assert "snoozed by Anna Verdi: waits for the *warehouse*" in "\n".join(dialog.pieces)

    async def test_a_card_and_its_approval_say_when_the_network_takes_no_reply_any_more(
        self, office: SurfaceHarness
    ) -> None:
        network = office.house.networks["acme"]
        network.capabilities = replace(network.capabilities, reply_window=timedelta(hours=1))
        case, approval = await submitted(office)
        [card] = office.shown("card", case)
        for message in (card, approval):
            assert "⚠ Plain takes a reply until 09:59 only." in message.pieces
            assert "reply window – open until 09:59" in message.text
            office.check_drawing(message)
