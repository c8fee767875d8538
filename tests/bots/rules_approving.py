"""The approvals card: what is seen is what is sent, once."""

from dataclasses import replace

from escalation.ports import Edited, Uncertain
from models.vocabulary import CaseState, DraftState, Idempotency
from tests.bots.harness import Dialog, SurfaceHarness
from tests.bots.story import approved, draft_of, file_of, leave, submitted


class Approving:
    """Rules about approval."""

    async def test_the_approver_sees_the_exact_text_account_and_warnings(self, office: SurfaceHarness) -> None:
        _, approval = await submitted(office, "Write to ada@example.org for your refund.")
        assert "PUBLIC · Acme on Plain (acme)" in approval.pieces
        assert "@ada Write to ada@example.org for your refund." in approval.pieces
        assert "Bruno Neri" in approval.text
        assert "personal data" in approval.text
        assert approval.buttons[:4] == ("Approve and send", "Edit and send", "Send back", "Reject")

    async def test_what_was_approved_is_what_is_sent(self, office: SurfaceHarness) -> None:
        case, approval = await submitted(office)
        told = await office.press("carla", approval, "Approve and send")
        assert told.acknowledged
        assert told.commits == 1
        assert "Undo stands on the card" in told.text
        network = office.house.networks["acme"]
        assert network.posts == []
        await leave(office)
        assert [post.text for post in network.posts] == ["@ada It is on its way."]
        [approval] = office.shown("approval", case)
        assert "Sent. Approved by Carla Rossi" in approval.text
        assert "Sent. The customer can read the reply now." in office.shown("thread", case)[-1].text

    async def test_a_second_approval_is_told_who_was_first(self, office: SurfaceHarness) -> None:
        _, approval = await submitted(office)
        await office.press("carla", approval, "Approve and send")
        told = await office.press_as_it_was("anna", approval, "Approve and send")
        assert told.text == "Carla Rossi approved this 1 second ago."
        await leave(office)
        assert len(office.house.networks["acme"].posts) == 1

    async def test_four_eyes(self, office: SurfaceHarness) -> None:
        case, approval = await submitted(office, who="anna")
        told = await office.press("anna", approval, "Approve and send")
        assert "Four eyes" in told.text
        assert (await draft_of(office, case)).state is DraftState.PENDING

    async def test_edit_and_send_keeps_and_shows_the_difference(self, office: SurfaceHarness) -> None:
        case, approval = await submitted(office, "It is on its way.")
        dialog = await office.open("carla", approval, "Edit and send")
        assert isinstance(dialog, Dialog)
        assert dialog.values == ("It is on its way.",)
        told = await office.submit("carla", {dialog.fields[0]: "It is surely on its way."})
        assert told.commits == 1
        await leave(office)
        assert [post.text for post in office.house.networks["acme"].posts] == ["@ada It is surely on its way."]
        old, new = office.shown("approval", case)
        assert "A newer version of this answer stands below." in old.text
        assert "changed by Carla Rossi" in new.text
        note = next(note for note in office.shown("thread", case) if "Carla Rossi changed the answer" in note.text)
        assert "It is surely on its way." in note.text

    async def test_send_back_with_a_reason(self, office: SurfaceHarness) -> None:
        case, approval = await submitted(office)
        dialog = await office.open("carla", approval, "Send back")
        assert isinstance(dialog, Dialog)
        assert len(dialog.fields) == 1
        refused = await office.submit("carla", {dialog.fields[0]: "  "})
        assert refused.dialog_open
        assert "Say what should change" in refused.text
        told = await office.submit("carla", {dialog.fields[0]: "Name the day."})
        assert told.text == "Sent back to Bruno Neri."
        await office.carry()
        await office.carry()
        file = await file_of(office, case)
        assert (file.case.state, file.case.owner) == (CaseState.WAITING_ANSWER, "bruno")
        [card] = office.shown("card", case)
        assert "Name the day." in card.text
        assert any(
            "Name the day." in note.text and "U0BRUNO" in note.notification for note in office.shown("thread", case)
        )

    async def test_reject_frees_the_case(self, office: SurfaceHarness) -> None:
        case, approval = await submitted(office)
        dialog = await office.open("carla", approval, "Reject")
        assert isinstance(dialog, Dialog)
        await office.submit("carla", {dialog.fields[0]: "Wrong tone."})
        assert (await file_of(office, case)).case.owner is None
        told = await office.press_as_it_was("anna", approval, "Approve and send")
        assert "Carla Rossi rejected this" in told.text

    async def test_undo_within_the_window(self, office: SurfaceHarness) -> None:
        case, _ = await approved(office)
        await office.courier_turn()
        approval = office.shown("approval", case)[-1]
        assert approval.buttons == ("Undo", "Details", "Explain")
        told = await office.press("anna", approval, "Undo")
        assert "Nothing was sent" in told.text
        await leave(office)
        assert office.house.networks["acme"].posts == []
        assert (await file_of(office, case)).case.state is CaseState.IN_REVIEW
        assert "Approve and send" in office.shown("approval", case)[-1].buttons

    async def test_an_undo_of_an_older_answer_undoes_nothing(self, office: SurfaceHarness) -> None:
        case, _ = await approved(office)
        await office.courier_turn()
        first = office.shown("approval", case)[-1]
        await office.press("anna", first, "Undo")
        await office.carry()
        await office.press("carla", office.shown("approval", case)[-1], "Approve and send")
        told = await office.press_as_it_was("anna", first, "Undo")
        assert "newer version" in told.text
        await leave(office)
        assert len(office.house.networks["acme"].posts) == 1

    async def test_a_card_that_the_customer_overtook_approves_nothing(self, office: SurfaceHarness) -> None:
        case, approval = await submitted(office)
        mention = (await file_of(office, case)).mention
        await office.house.desk.intake(
            "acme", [Edited(mention.external_id, "I found my invoice, thanks!", office.house.clock.now())]
        )
        told = await office.press_as_it_was("carla", approval, "Approve and send")
        assert "The customer changed the conversation after you read it" in told.text
        [approval] = office.shown("approval", case)
        assert "I found my invoice, thanks!" in approval.pieces, "the card is brought up to date at once"
        await office.press("carla", approval, "Approve and send")
        await leave(office)
        assert len(office.house.networks["acme"].posts) == 1

    async def test_a_person_says_what_became_of_a_doubtful_reply(self, office: SurfaceHarness) -> None:
        network = office.house.networks["acme"]
        network.capabilities = replace(network.capabilities, idempotency=Idempotency.NONE)
        network.faults.append(("after", Uncertain("timeout")))
        case, _ = await approved(office)
        await leave(office)
        office.house.clock.forward(seconds=150)
        await office.carry()
        await office.carry()
        approval = office.shown("approval", case)[-1]
        assert approval.buttons == ("It is there", "Not there, send again", "Details", "Explain")
        told = await office.press("bruno", approval, "It is there")
        assert "Only an approver" in told.text
        await office.press("carla", approval, "It is there")
        assert (await file_of(office, case)).case.state is CaseState.ANSWERED
        await leave(office)
        assert len(network.posts) == 1

    async def test_a_freeze_is_seen_and_holds(self, office: SurfaceHarness) -> None:
        case, _ = await approved(office)
        refused = await office.command("bruno", "freeze")
        assert "Only approvers and managers" in refused.text
        told = await office.command("marta", "freeze acme")
        assert told.text.startswith("Frozen: acme.")
        await leave(office)
        assert office.house.networks["acme"].posts == []
        assert "FROZEN by Marta Bianchi" in office.shown("approval", case)[-1].text
        assert "FROZEN" in (await office.command("anna", "status")).text
        assert "no brand or account “nothing”" in (await office.command("marta", "freeze nothing")).text
        assert (await office.command("carla", "release acme")).text.startswith("Released: acme.")
        await leave(office)
        assert len(office.house.networks["acme"].posts) == 1

    async def test_private_instead(self, office: SurfaceHarness) -> None:
        case, approval = await submitted(office)
        told = await office.press("carla", approval, "Private instead of public")
        assert told.text == "It will be sent in private once approved."
        await office.carry()
        approval = office.shown("approval", case)[-1]
        assert "PRIVATE · Acme on Plain (acme)" in approval.pieces
        assert "Private instead of public" not in approval.buttons

    async def test_like_only(self, office: SurfaceHarness) -> None:
        _, approval = await submitted(office)
        assert (await office.press("carla", approval, "Like only")).text == "Liked; no reply will be sent."
        await leave(office)
        network = office.house.networks["acme"]
        assert (len(network.posts), len(network.acts)) == (0, 1)
