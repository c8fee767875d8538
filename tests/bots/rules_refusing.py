"""Refusals are sentences, in place; nothing changes and nothing is lost."""

import pytest

from models.vocabulary import CaseState
from tests.bots.harness import Dialog, SurfaceHarness
from tests.bots.story import file_of, new_card, submitted


class Refusing:
    """Rules about those who may not."""

    @pytest.mark.parametrize(
        "button", ["Claim", "Not ours", "No reply needed", "Spam", "Answer", "Reassign", "Snooze", "Details", "Explain"]
    )
    async def test_another_department_may_not(self, office: SurfaceHarness, button: str) -> None:
        case, card = await new_card(office)
        before = (await file_of(office, case)).case.version
        told = await office.press("dario", card, button)
        assert "This case belongs to Billing" in told.text
        assert not told.dialog_open
        assert (await file_of(office, case)).case.version == before

    @pytest.mark.parametrize(
        "button", ["Approve and send", "Edit and send", "Send back", "Reject", "Private instead of public", "Like only"]
    )
    async def test_only_approvers_decide(self, office: SurfaceHarness, button: str) -> None:
        case, approval = await submitted(office)
        told = await office.press("bruno", approval, button)
        assert told.text == "Only an approver can do this. Ask in the approvals channel."
        assert (await file_of(office, case)).case.state is CaseState.IN_REVIEW

    async def test_somebody_unknown_is_told_what_to_do(self, office: SurfaceHarness) -> None:
        case, card = await new_card(office)
        tries = [
            await office.press("nobody", card, "Claim"),
            await office.press("nobody", card, "Answer"),
            await office.answer_in_field("nobody", card, "hello"),
            await office.say_in_thread("nobody", card, "reply: hello"),
            await office.command("nobody", "freeze"),
        ]
        for told in tries:
            assert office.id_of_nobody in told.text
            assert "administrator" in told.text
            assert not told.dialog_open
        assert (await file_of(office, case)).case.version <= 2

    async def test_an_answer_to_a_closed_case_stays_in_the_dialog(self, office: SurfaceHarness) -> None:
        case, card = await new_card(office)
        dialog = await office.open("anna", card, "Answer")
        assert isinstance(dialog, Dialog)
        await office.press("bruno", card, "Spam")
        told = await office.submit("anna", {dialog.fields[0]: "Too late"})
        assert told.dialog_open
        assert "closed" in told.text
        assert (await file_of(office, case)).draft is None

    async def test_nothing_is_acknowledged_without_storage(self, office: SurfaceHarness) -> None:
        case, card = await new_card(office)
        version = (await file_of(office, case)).case.version
        async with office.without_storage():
            for told in (
                await office.press("anna", card, "Claim"),
                await office.press("anna", card, "Answer"),
                await office.answer_in_field("anna", card, "hello"),
                await office.command("marta", "freeze"),
            ):
                assert not told.acknowledged
                assert not told.dialog_open
        assert (await file_of(office, case)).case.version == version
        assert (await office.press("anna", card, "Claim")).acknowledged
