"""Pings: what they say, that every button works wherever they stand, and that late hands are told so."""

import pytest

from escalation import commands as c
from models.vocabulary import CaseState, Step
from tests.bots.harness import Dialog, SurfaceHarness
from tests.bots.story import file_of, new_card, overdue, pass_time, pings

EVERYWHERE = {"billing", "managers", "@marta"}
WHO_READS = [("managers", "marta"), ("@marta", "marta"), ("billing", "anna")]


async def carry_on(office: SurfaceHarness) -> None:
    """Let pass what the pace of a channel takes for a handful of messages."""
    for _ in range(12):
        await office.carry()


async def seven_overdue(office: SurfaceHarness) -> list[str]:
    """Cases that nobody claims, and which are told in one message for each place."""
    cases = [await office.house.arrive(f"Where is invoice {number}?") for number in range(7)]
    await carry_on(office)
    await pass_time(office, minutes=16)
    await carry_on(office)
    return cases


class Pinging:
    """Rules about pings."""

    async def test_a_ping_says_what_is_late_whose_it_is_and_who_waits(self, office: SurfaceHarness) -> None:
        case, told = await overdue(office)
        assert set(told) == EVERYWHERE
        for ping in told.values():
            assert ping.text.startswith("⚠ LATE: nobody has claimed it; it was due 09:15, 1 min")
            for words in (
                "Case: Ada wrote to Acme on Plain",
                "Waits for: a claim",
                "Owner: nobody has it yet",
                "Department: Billing",
                "Customer: Ada (ada)",
                "Reach: 12 followers",
            ):
                assert words in ping.text, words
            assert ping.buttons == ("Take over", "Reassign", "Got it", "Mute", "Open")
            assert ping.case == case
            office.check_drawing(ping)

    async def test_its_notification_begins_with_what_matters(self, office: SurfaceHarness) -> None:
        _, told = await overdue(office)
        for place in ("billing", "@marta"):
            first, second = told[place].notification.splitlines()
            assert first.startswith("LATE: nobody has claimed it; it was due 09:15, 1 min")
            assert second.startswith("Ada wrote to Acme on Plain · a claim · nobody has it yet · Billing")

    @pytest.mark.parametrize(("place", "who"), WHO_READS)
    async def test_take_over(self, office: SurfaceHarness, place: str, who: str) -> None:
        case, told = await overdue(office)
        answer = await office.press(who, told[place], "Take over")
        assert answer.acknowledged
        assert answer.commits == 1
        assert answer.text == "It is yours now."
        assert (await file_of(office, case)).case.owner == who
        await office.carry()
        for ping in pings(office, case).values():
            assert "Done at 09:16, 1 min" in ping.text
            assert ping.buttons == ("Open",)
        assert sum("is answering." in card.text for card in office.shown("card", case)) == 1

    async def test_what_is_met_is_struck_through_and_not_left_standing(self, office: SurfaceHarness) -> None:
        case, told = await overdue(office, minutes=12)
        assert set(told) == {"billing"}
        assert told["billing"].text.startswith("nobody has claimed it: due 09:15, in 2 min")
        assert office.struck(told["billing"]) == ""
        [card] = office.shown("card", case)
        await office.press("anna", card, "Claim")
        await office.carry()
        [ping] = pings(office, case).values()
        assert ping.id == told["billing"].id
        assert office.struck(ping).startswith("nobody has claimed it: due 09:15")
        assert "Done in time, at 09:12." in ping.pieces
        assert ping.notification.startswith("Done in time, at 09:12.")
        office.check_drawing(ping)

    @pytest.mark.parametrize(("place", "who"), WHO_READS)
    async def test_got_it(self, office: SurfaceHarness, place: str, who: str) -> None:
        case, told = await overdue(office)
        answer = await office.press(who, told[place], "Got it")
        assert answer.commits == 1
        assert answer.text == "Noted. It is not repeated; the clock runs on."
        await office.carry()
        name = office.house.settings.members[who].name
        for ping in pings(office, case).values():
            assert f"{name} has seen it; it is not repeated." in ping.text
            assert ping.buttons == ("Take over", "Reassign", "Mute", "Open")
        assert (await file_of(office, case)).running(Step.ACKNOWLEDGE) is not None
        again = await office.press_as_it_was("marta", told["managers"], "Got it")
        assert again.text == "Somebody has seen this already; it is not repeated."

    @pytest.mark.parametrize(("place", "who"), WHO_READS)
    async def test_mute_wants_a_reason(self, office: SurfaceHarness, place: str, who: str) -> None:
        case, told = await overdue(office)
        dialog = await office.open(who, told[place], "Mute")
        assert isinstance(dialog, Dialog)
        assert (dialog.title, dialog.submit) == ("Mute", "Mute")
        empty = await office.submit(who, {dialog.fields[0]: "  "})
        assert empty.dialog_open
        assert "Say why" in empty.text
        answer = await office.submit(who, {dialog.fields[0]: "The bank is closed <!here>."})
        assert not answer.dialog_open
        assert answer.text == "Muted. The clock runs on, and reports count it."
        await office.carry()
        await office.carry()
        name = office.house.settings.members[who].name
        for ping in pings(office, case).values():
            assert f"Muted by {name}." in ping.text
            assert "Mute" not in ping.buttons
        notes = office.shown("thread", case)
        assert f"{name} muted the pings: The bank is closed <!here>." in [note.text for note in notes]
        for note in notes:
            office.check_drawing(note)
        again = await office.press_as_it_was("marta", told["managers"], "Mute")
        assert again.text == f"{name} has muted this already."
        assert not again.dialog_open

    @pytest.mark.parametrize(("place", "who"), WHO_READS)
    async def test_reassign(self, office: SurfaceHarness, place: str, who: str) -> None:
        case, told = await overdue(office)
        dialog = await office.open(who, told[place], "Reassign")
        assert isinstance(dialog, Dialog)
        answer = await office.submit(who, {dialog.fields[0]: "Legal"})
        assert answer.text == "Moved to Legal."
        await office.carry()
        for ping in pings(office, case).values():
            assert "Not needed any more since 09:16." in ping.text
        assert {card.channel for card in office.shown("card", case)} == {"billing", "legal"}

    @pytest.mark.parametrize(("place", "who"), WHO_READS)
    async def test_open_shows_the_case(self, office: SurfaceHarness, place: str, who: str) -> None:
        _, told = await overdue(office)
        dialog = await office.open(who, told[place], "Open")
        assert isinstance(dialog, Dialog)
        assert "Where is my invoice?" in dialog.pieces

    @pytest.mark.parametrize("button", ["Take over", "Reassign", "Got it", "Mute", "Open"])
    async def test_others_may_not(self, office: SurfaceHarness, button: str) -> None:
        case, told = await overdue(office)
        before = (await file_of(office, case)).case.version
        for who, words in (("dario", "This case belongs to Billing"), ("nobody", office.id_of_nobody)):
            answer = await office.press(who, told["managers"], button)
            assert answer.acknowledged
            assert words in answer.text
            assert not answer.dialog_open
        assert (await file_of(office, case)).case.version == before

    @pytest.mark.parametrize(("place", "who"), WHO_READS)
    async def test_late_hands_are_told_what_came_of_it(self, office: SurfaceHarness, place: str, who: str) -> None:
        case, told = await overdue(office)
        [card] = office.shown("card", case)
        await office.answer_in_field("bruno", card, "It is on its way.")
        for button, words in (
            ("Take over", "An answer by Bruno Neri is waiting for approval."),
            ("Reassign", "An answer by Bruno Neri is waiting for approval."),
            ("Got it", "This step is done; nothing more will be said about it."),
            ("Mute", "This step is done; nothing more will be said about it."),
        ):
            answer = await office.press_as_it_was(who, told[place], button)
            assert answer.text == words
            assert not answer.dialog_open
        now = pings(office, case)[place]
        assert "Done at 09:16" in now.text, "the ping in front of the late one is brought up to date"
        assert now.buttons == ("Open",)
        assert (await file_of(office, case)).case.state is CaseState.IN_REVIEW

    async def test_a_press_repeated_does_nothing_again(self, office: SurfaceHarness) -> None:
        case, told = await overdue(office)
        await office.press("marta", told["@marta"], "Take over")
        version = (await file_of(office, case)).case.version
        again = await office.press_as_it_was("marta", told["@marta"], "Take over")
        assert again.text == "You have already claimed this."
        late = await office.press_as_it_was("anna", told["billing"], "Take over")
        assert late.text == "Marta Bianchi claimed this 1 second ago."
        file = await file_of(office, case)
        assert (file.case.owner, file.case.version) == ("marta", version)

    async def test_taking_over_from_somebody_tells_them(self, office: SurfaceHarness) -> None:
        case, card = await new_card(office)
        await office.press("anna", card, "Claim")
        await pass_time(office, minutes=61)
        told = pings(office, case)
        assert set(told) == {"@anna", "managers", "@marta"}
        assert "Owner: Anna Verdi" in told["@marta"].text
        answer = await office.press("marta", told["@marta"], "Take over")
        assert answer.text == "It is yours now."
        await office.carry()
        assert (await file_of(office, case)).case.owner == "marta"
        await office.carry()
        for ping in pings(office, case).values():
            assert "Owner: Marta Bianchi" in ping.text
            assert "Take over" in ping.buttons, "the answer is still late, whoever owes it"
        notes = [note.text for note in office.shown("thread", case)]
        assert any("Marta Bianchi took this over from Anna Verdi." in note for note in notes)

    async def test_nothing_is_acknowledged_without_storage_on_a_ping(self, office: SurfaceHarness) -> None:
        _, told = await overdue(office)
        async with office.without_storage():
            for button in ("Take over", "Got it", "Mute", "Open"):
                assert not (await office.press("marta", told["@marta"], button)).acknowledged

    async def test_a_message_about_many_is_struck_through_line_by_line(self, office: SurfaceHarness) -> None:
        cases = await seven_overdue(office)
        [first] = [message for message in office.shown("digest", "") if message.channel == "@marta"]
        assert office.struck(first) == ""
        for case in cases[1:]:
            await office.house.desk.handle(case, c.Claim(), actor="anna")
        await carry_on(office)
        [message] = [message for message in office.shown("digest", "") if message.channel == "@marta"]
        assert message.id == first.id, "edited, not posted again"
        assert office.struck(message).count("nobody has claimed it") == len(cases) - 1
        assert message.notification.count("nobody has claimed it") == 1, "what is still open"
        office.check_drawing(message)
        await office.house.desk.handle(cases[0], c.Claim(), actor="anna")
        await carry_on(office)
        [message] = [message for message in office.shown("digest", "") if message.channel == "@marta"]
        assert office.struck(message).startswith("7 things became due within a minute (policy standard):")
        assert "Nothing of this is open any more since 09:16." in message.pieces
        assert message.notification.startswith("Nothing of this is open any more since 09:16.")
        assert message.buttons == ("Open a case",)
        office.check_drawing(message)

    async def test_a_message_about_many_opens_each_of_its_cases(self, office: SurfaceHarness) -> None:
        await seven_overdue(office)
        [digest] = [message for message in office.shown("digest", "") if message.channel == "@marta"]
        office.check_drawing(digest)
        assert digest.text.startswith("7 things became due within a minute (policy standard):")
        assert digest.buttons == ("Open a case",)
        opened = []
        for choice in office.choices(digest, "Open a case"):
            dialog = await office.choose("marta", digest, "Open a case", choice)
            assert isinstance(dialog, Dialog)
            opened += [piece for piece in dialog.pieces if piece.startswith("Where is invoice")]
        assert sorted(opened) == [f"Where is invoice {number}?" for number in range(7)]
        [digest] = [message for message in office.shown("digest", "") if message.channel == "managers"]
        refused = await office.choose("dario", digest, "Open a case", office.choices(digest, "Open a case")[0])
        assert not isinstance(refused, Dialog)
        assert "This case belongs to Billing" in refused.text
