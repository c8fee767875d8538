"""Dialogs: the live count and preview, what they carry, when they open, and that Slack takes each of them."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from slack_sdk.models.views import View as SdkView

from bots.sandbox.workspace.block_check import problems_of_view
from bots.slack.answer_dialog import AnswerDialog
from bots.slack.details_dialog import details_dialog
from bots.slack.explain_dialog import MOST_CHARACTERS
from bots.slack.home_blocks import Part, Queue, Waiting, home_view, stranger_view
from bots.slack.listeners.dialog_openers import preview_of
from bots.slack.modals import SNOOZE_BLOCK, reason_dialog, reassign_dialog, snooze_dialog, snoozed_until
from bots.slack.reading import ChatReader
from bots.slack.references import Reference
from escalation import commands as c
from escalation.cards import approval_view, card_view, details_view
from escalation.language import Sentence
from escalation.views import Act
from models.database import Database
from models.vocabulary import PauseReason
from tests.bots.harness import Dialog
from tests.bots.hostile import corpus, on_screen
from tests.bots.rules_strangers import hostile_card
from tests.bots.slack.office import SlackOffice, pieces, slack_office, walk
from tests.bots.story import file_of, new_card, submitted
from tests.house import CONFIGURATION, TestClock

MONDAY = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
USUAL = {PauseReason.SNOOZED: 30 * 86_400, PauseReason.WAITING_CUSTOMER: 14 * 86_400}
READERS = [
    ChatReader("en", "UTC", datetime(2026, 3, 2, 9, 0, tzinfo=UTC)),
    ChatReader("it", "Europe/Rome", datetime(2026, 3, 2, 9, 0, tzinfo=UTC)),
]


def check_view(view: dict[str, object]) -> None:
    problems = problems_of_view(view)
    assert problems == [], [str(problem) for problem in problems]
    sdk = dict(view)
    SdkView(**sdk).to_dict()  # type: ignore[arg-type]
    assert all(element.get("type") not in {"mrkdwn", "markdown"} for element in walk(view))


async def test_slack_takes_every_dialog_whatever_strangers_write(office: SlackOffice) -> None:
    case, _ = await submitted(office)
    look = await office.slack.workplace.look(case)
    assert look is not None
    member = office.house.settings.members["anna"]
    card = card_view(look.file, look.file.cards[0], look.shown)
    details = details_view(look.file, [], [], look.shown)
    reference = Reference(case, 1)
    for number, text in enumerate(corpus()):
        reader = READERS[number % 2]
        hostile = hostile_card(card, text)
        preview = preview_of(look, author=member.key, text=text, private=False)
        dialog = AnswerDialog(Act.ANSWER, reference, hostile.post, preview)
        drawn = dialog.view(reader)
        check_view(drawn)
        if preview.fitted.problem is None and not preview.is_empty:
            everything = "".join(pieces(drawn["blocks"]))
            assert all(on_screen(part) in everything for part in preview.fitted.parts), repr(text[:80])
        check_view(replace(dialog, act=Act.EDIT_AND_SEND, initial=text[:3_000] or None).view(reader))
        headline = Sentence(details.headline.text, hostile.headline.values)
        check_view(details_dialog(replace(details, headline=headline), hostile.post, [text[:9_000] or " "], reader))
        check_view(
            home_view(
                Queue(
                    Part([Waiting(hostile, text[:80])], 9), Part([Waiting(replace(hostile, case_id="another"), "x")])
                ),
                reader,
                notice=Sentence("{text}", {"text": text[:300]}),
            )
        )
        check_view(stranger_view(text[:300] or " "))
        if number < 20:
            check_view(reassign_dialog({f"d{index}": text[:200] or "x" for index in range(120)}, reference, reader))
    for act in (Act.SEND_BACK, Act.REJECT, Act.MUTE):
        check_view(reason_dialog(act, reference, READERS[0]))
    check_view(snooze_dialog(reference, READERS[1], longest=USUAL, now=MONDAY))


async def test_a_dialog_carries_ids_only(office: SlackOffice) -> None:
    case, card = await new_card(office)
    await office.open("anna", card, "Answer")
    view = office.workspace.open_view("U0ANNA")
    carried = json.loads(view["private_metadata"])
    assert carried == {
        "case": case,
        "version": (await file_of(office, case)).case.version,
        "channel": "C0BILLING",
        "message": card.id.partition(":")[2],
        "source": "dialog",
        "band": "empty",
    }


async def typed(office: SlackOffice, text: str) -> list[str]:
    await office.workspace.type_in_view("U0ANNA", "Your answer", text)
    await office.settle()
    return pieces(office.workspace.open_view("U0ANNA")["blocks"])


async def test_the_count_is_drawn_when_another_part_of_the_room_is_used(office: SlackOffice) -> None:
    _, card = await new_card(office)
    await office.open("anna", card, "Answer")
    updates = office.workspace.calls.of("views.update")
    drawn = await typed(office, "Hello")
    assert "PUBLIC\N{NO-BREAK SPACE}· 10 of 280 letters" in drawn
    assert "@ada Hello" in drawn
    before = len(office.workspace.calls.of("views.update"))
    office.house.clock.forward(seconds=5)
    await typed(office, "Hello there")
    assert len(office.workspace.calls.of("views.update")) == before, "the same band is not drawn again"
    drawn = await typed(office, "x" * 230)
    assert "PUBLIC\N{NO-BREAK SPACE}· 235 of 280 letters" in drawn
    drawn = await typed(office, "word " * 80)
    assert any("It will be sent in 2 parts." in piece for piece in drawn)
    drawn = await typed(office, "word " * 200)
    assert any("the network takes 812" in piece for piece in drawn)
    view = office.workspace.open_view("U0ANNA")
    field = next(block for block in view["blocks"] if block["type"] == "input")
    assert "initial_value" not in field["element"], "so that what was typed stays"
    assert all(call.arguments["hash"] for call in office.workspace.calls.of("views.update"))
    assert updates == []
    told = await office.submit("anna", {"Your answer": "Done."})
    assert not told.dialog_open


class HeldClock(TestClock):
    """A clock on which whoever sleeps waits until told to wake."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self.wake = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        await self.wake.wait()
        self.forward(seconds=seconds)


async def test_several_keys_within_a_second_are_one_drawing_of_the_newest(office: SlackOffice) -> None:
    _, card = await new_card(office)
    await office.open("anna", card, "Answer")
    office.slack.workplace.clock = clock = HeldClock(office.house.clock.now())
    await typed(office, "a")
    before = len(office.workspace.calls.of("views.update"))
    for text in ("b" * 270, "c" * 400, "d" * 900):
        await office.workspace.type_in_view("U0ANNA", "Your answer", text)
    assert len(office.workspace.calls.of("views.update")) == before
    clock.wake.set()
    await office.settle()
    assert len(office.workspace.calls.of("views.update")) == before + 1
    assert json.loads(office.workspace.open_view("U0ANNA")["private_metadata"])["band"] == "over"


async def test_preview_shows_the_exact_parts_at_once(office: SlackOffice) -> None:
    _, card = await new_card(office)
    await office.open("anna", card, "Reply privately")
    await typed(office, "First thought")
    await office.workspace.type_in_view("U0ANNA", "Your answer", "Second thought")
    await office.workspace.click_in_view("U0ANNA", "Preview")
    await office.settle()
    drawn = pieces(office.workspace.open_view("U0ANNA")["blocks"])
    assert "@ada Second thought" in drawn
    assert "PRIVATE\N{NO-BREAK SPACE}· 19 of 280 letters" in drawn


async def test_a_race_between_two_drawings_is_left_to_slack(office: SlackOffice) -> None:
    _, card = await new_card(office)
    await office.open("anna", card, "Answer")
    office.workspace.faults.script([("views.update", "ok_false", 1, {"error": "hash_conflict"})])
    assert "Your answer" in await typed(office, "Hello")


async def test_a_signature_is_seen_before_it_is_added(office: SlackOffice) -> None:
    await office.house.arrive("Where is my refund?", account="other")
    await office.carry()
    [message] = office.workspace.channels["C0BILLING"].messages.values()
    case = office.workspace.shown(message, with_metadata=True)["metadata"]["event_payload"]["case"]
    [card] = office.shown("card", case)
    await office.open("anna", card, "Answer")
    assert "@ada …\n^AV" in pieces(office.workspace.open_view("U0ANNA")["blocks"])


@pytest.mark.parametrize("fault", ["drop_before", "error_500_before", "garbage_200"])
async def test_a_dialog_that_does_not_open_is_said(office: SlackOffice, fault: str) -> None:
    _, card = await new_card(office)
    office.workspace.faults.script([("views.open", fault, 1)])
    told = await office.press("anna", card, "Answer")
    assert told.acknowledged
    assert told.text == "Slack did not open the dialog in time. Please click again."


async def test_opening_a_dialog_only_reads(office: SlackOffice) -> None:
    case, card = await new_card(office)
    version = (await file_of(office, case)).case.version
    for button in ("Answer", "Reassign", "Snooze", "Details", "Explain"):
        told = await office.press("anna", card, button)
        assert (told.commits, told.dialog_open) == (0, True)
    assert (await file_of(office, case)).case.version == version


async def test_everybody_reads_their_own_language_and_zone(office: SlackOffice) -> None:
    case, card = await new_card(office)
    members = office.house.settings.members
    object.__setattr__(members["anna"], "language", "it")
    object.__setattr__(members["anna"], "timezone", "Europe/Rome")
    await office.open("anna", card, "Snooze")
    text = "\n".join(pieces(office.workspace.open_view("U0ANNA")["blocks"]))
    assert "Europe/Rome" in text
    told = await office.submit("anna", {})
    assert "11:00" in told.text
    [card] = office.shown("card", case)
    assert "Claim" in card.buttons


async def test_an_explanation_is_in_the_readers_language_and_zone(office: SlackOffice) -> None:
    _, card = await new_card(office)
    await office.press("anna", card, "Claim")
    members = office.house.settings.members
    object.__setattr__(members["anna"], "language", "it")
    object.__setattr__(members["anna"], "timezone", "Europe/Rome")
    dialog = await office.open("anna", card, "Explain")
    assert isinstance(dialog, Dialog)
    text = "\n".join(dialog.pieces)
    assert dialog.title == "Spiega"
    for words in ("ore di Europe/Rome", "scade 11:00", "Obiettivo: 1 h d’orario da 10:00: regola standard"):
        assert words in text, words
    assert "target" not in text


async def test_a_case_of_many_rounds_is_explained_within_a_dialog(office: SlackOffice) -> None:
    """The running clocks stand first; of a hundred that ended the oldest are left out, and it says so."""
    case, card = await new_card(office)
    for number in range(40):
        who, department = (("anna", "product"), ("dario", "billing"))[number % 2]
        await office.house.desk.handle(case, c.Claim(), actor=who)
        await office.house.desk.handle(case, c.Reassign(department), actor=who)
    dialog = await office.open("anna", card, "Explain")
    assert isinstance(dialog, Dialog)
    assert len(office.workspace.open_view("U0ANNA")["blocks"]) <= 100
    assert any("earlier clocks are not shown here; portavoce case explain has all." in one for one in dialog.pieces)
    assert sum(map(len, dialog.pieces)) <= MOST_CHARACTERS + 200


MONDAY = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("choice", "now", "until"),
    [
        ("1h", MONDAY, "2026-03-02T10:30"),
        ("4h", MONDAY, "2026-03-02T13:30"),
        ("tomorrow", MONDAY, "2026-03-03T08:00"),
        ("3d", MONDAY, "2026-03-05T08:00"),
        ("7d", MONDAY, "2026-03-09T08:00"),
        ("monday", MONDAY, "2026-03-09T08:00"),
        ("monday", datetime(2026, 3, 8, 23, 30, tzinfo=UTC), "2026-03-16T08:00"),
        ("tomorrow", datetime(2026, 3, 28, 12, 0, tzinfo=UTC), "2026-03-29T07:00"),
    ],
)
def test_when_a_snooze_ends(choice: str, now: datetime, until: str) -> None:
    found = snoozed_until(choice, None, timezone="Europe/Rome", now=now)
    assert found is not None
    assert found.isoformat().startswith(until)


def test_a_given_moment_counts_and_a_missing_one_is_noticed() -> None:
    assert snoozed_until("1h", MONDAY, timezone="UTC", now=MONDAY) == MONDAY
    assert snoozed_until("own", None, timezone="UTC", now=MONDAY) is None


ALL = ["1 hour", "4 hours", "Tomorrow at 9:00", "In three days at 9:00", "Next Monday at 9:00", "In a week at 9:00"]
OWN = "At the date and time below"


@pytest.mark.parametrize(
    ("hours", "offered"),
    [
        (30 * 24, [*ALL, OWN]),
        (3 * 24, [*ALL[:4], OWN]),
        (24, [*ALL[:3], OWN]),
        (4, [*ALL[:2], OWN]),
        (0.5, [OWN]),
    ],
)
def test_a_snooze_offers_what_the_policy_allows_for_one_of_the_reasons(hours: float, offered: list[str]) -> None:
    longest = {PauseReason.SNOOZED: int(hours * 3_600), PauseReason.WAITING_CUSTOMER: 1_800}
    view = snooze_dialog(Reference("case1"), READERS[0], longest=longest, now=MONDAY)
    check_view(view)
    menu = next(block["element"] for block in view["blocks"] if block["block_id"] == SNOOZE_BLOCK)
    assert [one["text"]["text"] for one in menu["options"]] == offered
    assert "Waiting for the customer (at most 30 min)" in pieces_of_choices(view)


def pieces_of_choices(view: dict[str, object]) -> list[str]:
    return [one["text"]["text"] for one in walk(view["blocks"]) if "value" in one and "text" in one]


async def test_a_policy_that_allows_little_is_told_in_the_dialog(database: Database, clock: TestClock) -> None:
    text = CONFIGURATION.replace('relay = "5m"', 'relay = "5m"\nlongest_snooze = "30m"\nlongest_wait = "2d"', 1)
    async with slack_office(database, clock, text=text) as office:
        case, card = await new_card(office)
        assert isinstance(await office.open("anna", card, "Snooze"), Dialog)
        told = await office.submit("anna", {})
        assert told.text == "Choose a moment within the next 30 min."
        told = await office.submit("anna", {"Why does it wait?": "Waiting for the customer (at most 2 d)"})
        assert told.text == "Waiting for the customer, until 10:00 at the latest."
        assert (await file_of(office, case)).case.pause_reason is PauseReason.WAITING_CUSTOMER


IN_TWENTY_DAYS = int(datetime(2026, 3, 22, 9, 0, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"Bring it back": "At the date and time below"}, "Give the date and the time below"),
        ({"Date and time": 1_000_000_000}, "within the next 30 d."),
        ({"Date and time": 9_999_999_999}, "within the next 30 d."),
        (
            {"Why does it wait?": "Waiting for the customer (at most 14 d)", "Date and time": IN_TWENTY_DAYS},
            "within the next 14 d.",
        ),
    ],
)
async def test_a_snooze_that_makes_no_sense_stays_open(
    office: SlackOffice, values: dict[str, object], words: str
) -> None:
    _, card = await new_card(office)
    await office.open("anna", card, "Snooze")
    told = await office.submit("anna", values)
    assert told.dialog_open
    assert words in told.text


async def test_a_text_longer_than_a_dialog_is_sent_back_instead_of_edited(office: SlackOffice) -> None:
    network = office.house.networks["acme"]
    network.capabilities = replace(network.capabilities, limit=9_000)
    case, card = await new_card(office)
    await office.say_in_thread("bruno", card, "reply: " + "word " * 700)
    await office.carry()
    [approval] = office.shown("approval", case)
    everything = "".join(approval.pieces)
    assert ("word " * 700).strip() in everything, "the approver sees every byte"
    told = await office.press("carla", approval, "Edit and send")
    assert "longer than the 3000 characters" in told.text


async def test_a_text_too_long_for_a_message_stands_whole_under_details(office: SlackOffice) -> None:
    network = office.house.networks["acme"]
    network.capabilities = replace(network.capabilities, limit=40_000)
    case, card = await new_card(office)
    text = " ".join(f"word{number}" for number in range(1_600))
    await office.say_in_thread("bruno", card, f"reply: {text}")
    await office.carry()
    [approval] = office.shown("approval", case)
    office.check_drawing(approval)
    assert "NOT ALL OF IT FITS HERE" in approval.text
    assert "Approve and send" in approval.buttons
    dialog = await office.open("carla", approval, "Details")
    assert isinstance(dialog, Dialog)
    assert text in "".join(dialog.pieces)


async def test_a_card_with_many_parts_keeps_its_buttons(office: SlackOffice) -> None:
    case, _ = await submitted(office)
    file = await file_of(office, case)
    look = await office.slack.workplace.look(case)
    assert look is not None
    view = approval_view(file, file.drafts[0], look.shown)
    parts = tuple(f"part {number} " * 30 for number in range(60))
    drawn = office.draw(replace(view, parts=parts, counts=tuple(map(len, parts))), "approval")
    office.check_drawing(drawn)
    assert "Approve and send" in drawn.buttons
    assert "NOT ALL OF IT FITS HERE" in drawn.text
