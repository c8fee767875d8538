"""The digest in a workspace: one message with a picture, or without it where something fails; never two."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bots.charts import in_words
from bots.slack.digest_blocks import ALT_CHARACTERS, digest_blocks, digest_text
from bots.slack.reading import ChatReader
from bots.slack.surface import PICTURE_PAUSES
from escalation.digest import GroupFigures, digest_view
from escalation.ports import ChatMessage, Uncertain
from escalation.views import DigestView
from models.vocabulary import DigestKind
from tests.bots.slack.office import SlackOffice, check_blocks, pieces
from tests.unit.test_digest import NOW, digest, labelled, weekly

UPLOAD_CALLS = ("files.getUploadURLExternal", "files.upload", "files.completeUploadExternal")
READERS = [ChatReader(language, "Europe/Rome", NOW) for language in ("en", "it")]


def message(effect: str = "e1", view: DigestView | None = None) -> ChatMessage:
    return ChatMessage(effect, "digest", "slack:C0MANAGERS", view or digest_view(digest(), labelled))


def posted(office: SlackOffice) -> list[dict[str, Any]]:
    messages = office.workspace.channels["C0MANAGERS"].messages.values()
    return [office.workspace.shown(one, with_metadata=True) for one in messages]


def picture_of(shown: dict[str, Any]) -> dict[str, Any] | None:
    return next((block for block in shown["blocks"] if block["type"] == "image"), None)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("shown", [digest(), weekly(), digest(steps=(), late={}, waiting=None, departments=())])
def test_slack_takes_the_blocks_and_parses_nothing_in_them(shown, reader) -> None:
    view = digest_view(shown, lambda key: f"<!here> *{labelled(key)}* &amp;")
    blocks = digest_blocks(view, reader, "F0123456789" if view.chart else None)
    check_blocks(blocks)
    assert len(digest_text(view, reader)) < 300


def test_what_needs_somebody_stands_above_the_picture() -> None:
    view = digest_view(digest(), labelled)
    blocks = digest_blocks(view, READERS[0], "F0123456789")
    order = [block["block_id"] for block in blocks]
    assert order[:4] == ["digest:headline", "digest:figures", "digest:urgent", "digest:picture"]
    assert pieces(blocks)[:3] == [
        "Daily digest: Monday 2 March",
        (
            "12 cases received · 3 more\n10 have had a reply · 3 more\n83 % response rate · 5 points up\n"
            "14 min 10 s median first response · 2 min shorter\n"
            "1 h 3 min or less for 9 in 10 of them · 3 min 40 s longer"
        ),
        "Open breaches  answered: 2 · first response: 1Longest waiting  1 d 4 h · Billing · case cdefgh12",
    ]


def test_the_words_of_the_picture_keep_slacks_limit() -> None:
    days = tuple((day, replace(figures, median=863_999.0)) for day, figures in weekly().days)
    view = digest_view(replace(weekly(), days=days * 12), labelled)
    [picture] = [block for block in digest_blocks(view, READERS[1], "F0123456789") if block["type"] == "image"]
    assert len(picture["alt_text"]) == ALT_CHARACTERS
    assert picture["alt_text"].startswith(in_words(view.chart, READERS[1])[:1_000])


def test_two_hundred_departments_are_no_trouble() -> None:
    many = tuple(GroupFigures("d" * 300 + str(number), 10**6, 10**6, 863_999.0, 1.0, 10**6) for number in range(200))
    check_blocks(digest_blocks(digest_view(digest(departments=many), labelled), READERS[1], "F0123456789"))


async def test_it_stands_in_the_channel_once_with_its_picture(office: SlackOffice) -> None:
    ts = await office.slack.surface.post(message())
    [shown] = posted(office)
    assert shown["ts"] == ts
    assert shown["metadata"]["event_payload"] == {"case": "", "kind": "digest", "effect": "e1"}
    assert shown["text"].startswith("Daily digest: Monday 2 March. 12 received, 10 answered (83 %)")
    picture = picture_of(shown)
    assert picture is not None
    upload = office.workspace.uploads[picture["slack_file"]["id"]]
    assert upload.is_picture
    assert not upload.shared
    assert len(upload.content) == upload.length
    assert picture["alt_text"] == upload.alt_text
    assert "approved 56 % (5 of 9), slowest" in picture["alt_text"]


@pytest.mark.parametrize("call", UPLOAD_CALLS)
@pytest.mark.parametrize(
    ("fault", "details"),
    [
        ("drop_before", {}),
        ("drop_after", {}),
        ("error_500_before", {}),
        ("garbage_200", {}),
        ("http_429", {"retry_after": 7}),
        ("ok_false", {"error": "missing_scope"}),
        ("ok_false", {"error": "file_uploads_disabled"}),
    ],
)
async def test_without_a_picture_it_is_the_same_message(
    office: SlackOffice, call: str, fault: str, details: dict[str, Any]
) -> None:
    office.workspace.faults.script([(call, fault, 1, details)])
    await office.slack.surface.post(message())
    [shown] = posted(office)
    arrived = (call, fault) == ("files.upload", "garbage_200")  # what takes the bytes is believed by its status
    assert (picture_of(shown) is not None) == arrived
    assert pieces(shown["blocks"])[0] == "Daily digest: Monday 2 March"
    assert len(office.workspace.calls.of("chat.postMessage")) == 1


async def test_why_there_is_no_picture_stands_in_the_log_and_nowhere_else(office: SlackOffice) -> None:
    office.workspace.faults.script([("files.getUploadURLExternal", "ok_false", 1, {"error": "missing_scope"})])
    with capture_logs() as logs:
        await office.slack.surface.post(message())
    assert [(line["event"], line["problem"]) for line in logs] == [("digest without its picture", "missing_scope")]


async def test_a_picture_that_takes_too_long_is_left_out(office: SlackOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.slack.uploading.ALL_IN_ALL_SECONDS", 0.5)
    office.workspace.faults.script([("files.upload", "timeout_before", 1)])
    await office.slack.surface.post(message())
    [shown] = posted(office)
    assert picture_of(shown) is None


async def test_a_picture_that_slack_still_looks_through_is_waited_for(office: SlackOffice) -> None:
    office.workspace.looks_at_files = 2
    begun = office.house.clock.now()
    await office.slack.surface.post(message())
    [shown] = posted(office)
    assert picture_of(shown) is not None
    assert office.house.clock.now() - begun == timedelta(seconds=sum(PICTURE_PAUSES[:2]))


async def test_a_picture_that_slack_never_likes_costs_only_the_picture(office: SlackOffice) -> None:
    office.workspace.looks_at_files = 99
    await office.slack.surface.post(message())
    [shown] = posted(office)
    assert picture_of(shown) is None
    assert shown["blocks"]
    assert len(office.workspace.calls.of("chat.postMessage")) == len(PICTURE_PAUSES) + 2


async def test_where_no_blocks_are_taken_everything_is_said_in_text(office: SlackOffice) -> None:
    office.workspace.faults.script([("chat.postMessage", "ok_false", 2, {"error": "invalid_blocks"})])
    await office.slack.surface.post(message())
    [shown] = posted(office)
    assert "Slowest step: approved, 56 % within target" in shown["text"]
    assert "Longest waiting  1 d 4 h" in shown["text"]


async def test_another_try_shows_the_same_file(office: SlackOffice) -> None:
    office.workspace.faults.script([("chat.postMessage", "drop_before", 1)])
    with pytest.raises(Uncertain):
        await office.slack.surface.post(message())
    await office.slack.surface.post(message())
    await office.slack.surface.post(message("e2"))
    assert len(office.workspace.uploads) == 2
    files = [picture_of(shown)["slack_file"]["id"] for shown in posted(office)]
    assert files == list(office.workspace.uploads)


async def test_drawing_does_not_hold_up_the_others(office: SlackOffice) -> None:
    turns = 0
    posting = asyncio.ensure_future(office.slack.surface.post(message(view=digest_view(weekly(), labelled))))
    while not posting.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 100


@pytest.mark.parametrize("call", ["chat.postMessage", "files.completeUploadExternal"])
async def test_through_the_outbox_a_lost_answer_makes_one_message(office: SlackOffice, call: str) -> None:
    house = office.house
    await house.arrive()
    house.clock.forward(days=1)
    await office.digests.send(await office.digests.counted(DigestKind.DAILY))
    office.workspace.faults.script([(call, "drop_after", 1)])
    for _ in range(4):
        await office.carry()
        house.clock.forward(seconds=15)
    digests = [shown for shown in posted(office) if shown["metadata"]["event_payload"]["kind"] == "digest"]
    assert len(digests) == 1
    async with office.database.read() as tx:
        states = {effect.state for effect in await tx.outbox.list() if effect.kind == "digest"}
    assert states == {"sent"}


async def test_managers_ask_for_it_themselves(office: SlackOffice) -> None:
    await office.house.arrive()
    office.house.clock.forward(days=1)
    told = await office.command("marta", "digest")
    assert told.acknowledged
    assert any(sentence.startswith("Daily digest: Monday 2 March\n1 case received") for sentence in told.sentences)
    assert posted(office) == [], "for her alone"
    weekly_one = await office.command("marta", "digest weekly")
    assert any(
        sentence.startswith("Weekly digest: Tuesday 24 February to Monday 2 March") for sentence in weekly_one.sentences
    )
    assert office.workspace.uploads == {}


@pytest.mark.parametrize(
    ("who", "words", "sentence"),
    [
        ("anna", "digest", "Only managers can see the digest. Ask one of them."),
        ("marta", "digest hourly", "There is a daily and a weekly digest, but no “hourly”."),
    ],
)
async def test_others_are_told_why_not(office: SlackOffice, who: str, words: str, sentence: str) -> None:
    assert (await office.command(who, words)).sentences == (sentence,)


async def test_help_names_it(office: SlackOffice) -> None:
    assert "/portavoce digest" in (await office.command("marta", "help")).text
