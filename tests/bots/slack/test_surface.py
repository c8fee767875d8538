"""The surface against a workspace that fails in every way: what each failure means, and what is found again."""

from datetime import timedelta

import aiohttp
import pytest

from bots.slack.verdicts import verdict
from escalation.language import say
from escalation.ports import (
    AuthorFacts,
    ChatMessage,
    Gone,
    Media,
    OutsideError,
    Rejected,
    RetryLater,
    Surface,
    Throttled,
    Unauthorised,
    Uncertain,
)
from escalation.views import NoteView
from tests.bots.slack.office import SlackOffice


def note(
    text: str = "Hello.",
    *,
    effect: str = "e1",
    channel: str = "slack:C0BILLING",
    thread: str | None = None,
    to: tuple[str, ...] = (),
) -> ChatMessage:
    return ChatMessage(
        effect,
        "thread" if thread else "ping",
        channel,
        NoteView(say("{text}", text=text), "case1", to),
        "case1",
        thread,
    )


def test_it_is_a_surface(office: SlackOffice) -> None:
    surface: Surface = office.slack.surface
    assert isinstance(surface, Surface)
    assert surface.name == "slack"


async def test_a_message_carries_ids_and_no_text(office: SlackOffice) -> None:
    ts = await office.slack.surface.post(note("Look & see <here>", to=("anna", "marta")))
    call = office.workspace.calls.of("chat.postMessage")[-1].arguments
    assert call["metadata"] == {
        "event_type": "portavoce",
        "event_payload": {"case": "case1", "kind": "ping", "effect": "e1"},
    }
    assert (call["unfurl_links"], call["unfurl_media"]) == (False, False)
    assert call["text"] == "<@U0ANNA> <@U0MARTA> Look &amp; see &lt;here&gt;"
    message = office.message("billing", ts)
    assert message["blocks"][0]["elements"][0]["elements"][0] == {"type": "user", "user_id": "U0ANNA"}


async def test_a_direct_message_opens_its_conversation_once(office: SlackOffice) -> None:
    surface = office.slack.surface
    for effect in ("e1", "e2"):
        await surface.post(note(channel="member:anna", effect=effect))
    assert len(office.workspace.calls.of("conversations.open")) == 1
    assert len(office.workspace.channels["D0ANNA"].messages) == 2
    found = await surface.find(note(channel="member:anna", effect="e2"), since=office.workspace.clock.now())
    assert found == max(office.workspace.channels["D0ANNA"].messages)
    with pytest.raises(Rejected) as refused:
        await surface.post(note(channel="member:nobody"))
    assert "no Slack id" in str(refused.value.for_people)


FAULTS = [
    ("drop_before", {}, Uncertain, RetryLater),
    ("drop_after", {}, Uncertain, RetryLater),
    ("error_500_before", {}, Uncertain, RetryLater),
    ("error_500_after", {}, Uncertain, RetryLater),
    ("garbage_200", {}, Uncertain, RetryLater),
    ("http_429", {"retry_after": 7}, Throttled, Throttled),
    ("http_429_without_header", {}, Throttled, Throttled),
    ("token_revoked", {}, Unauthorised, Unauthorised),
    ("message_not_found", {}, Gone, Gone),
    *(
        ("ok_false", {"error": word}, posted, updated)
        for word, posted, updated in (
            ("ratelimited", Throttled, Throttled),
            ("invalid_auth", Unauthorised, Unauthorised),
            ("not_authed", Unauthorised, Unauthorised),
            ("account_inactive", Unauthorised, Unauthorised),
            ("missing_scope", Unauthorised, Unauthorised),
            ("channel_not_found", Rejected, Rejected),
            ("not_in_channel", Rejected, Rejected),
            ("is_archived", Rejected, Rejected),
            ("restricted_action_read_only_channel", Rejected, Rejected),
            ("thread_not_found", Gone, Gone),
            ("internal_error", Uncertain, RetryLater),
            ("fatal_error", Uncertain, RetryLater),
            ("service_unavailable", RetryLater, RetryLater),
            ("something_new", Rejected, Rejected),
        )
    ),
]


@pytest.mark.parametrize(("fault", "details", "posting", "updating"), FAULTS)
async def test_each_failure_has_its_meaning(
    office: SlackOffice,
    fault: str,
    details: dict[str, object],
    posting: type[OutsideError],
    updating: type[OutsideError],
) -> None:
    surface, workspace = office.slack.surface, office.workspace
    ts = await surface.post(note())
    workspace.faults.script([("chat.postMessage", fault, 1, details), ("chat.update", fault, 1, details)])
    with pytest.raises(OutsideError) as posted:
        await surface.post(note(effect="e2"))
    with pytest.raises(OutsideError) as updated:
        await surface.update(note("Changed."), ts)
    assert (type(posted.value), type(updated.value)) == (posting, updating)
    if isinstance(posted.value, Throttled):
        expected = {"http_429": 7}.get(fault, 30)
        assert posted.value.retry_at == office.house.clock.now() + timedelta(seconds=expected)
    assert len(workspace.calls.of("chat.postMessage")) == 2, "nothing is ever sent twice by the client"


async def test_advice_for_people(office: SlackOffice) -> None:
    office.workspace.channels["C0BILLING"].members.remove("U0PORTAVOCE")
    with pytest.raises(Rejected) as refused:
        await office.slack.surface.post(note())
    assert "/invite @portavoce" in str(refused.value.for_people)


async def test_an_answer_that_never_comes_is_uncertain(office: SlackOffice) -> None:
    office.slack.workplace.client.timeout = 1
    office.workspace.faults.script([("chat.postMessage", "timeout_after", 1), ("chat.update", "timeout_before", 1)])
    with pytest.raises(Uncertain):
        await office.slack.surface.post(note())
    ts = await office.slack.surface.find(note(), since=office.workspace.clock.now())
    assert ts is not None
    with pytest.raises(RetryLater):
        await office.slack.surface.update(note(), ts)


async def test_a_refused_connection_was_surely_not_sent(office: SlackOffice) -> None:
    office.slack.workplace.client.base_url = "http://127.0.0.1:1/api/"
    with pytest.raises(RetryLater) as refused:
        await office.slack.surface.post(note())
    assert type(refused.value) is RetryLater


def test_what_happens_before_the_first_byte_is_no_doubt(office: SlackOffice) -> None:
    now = office.house.clock.now()
    assert type(verdict(aiohttp.ConnectionTimeoutError(), now=now, may_have_acted=True)) is RetryLater
    assert type(verdict(aiohttp.SocketTimeoutError(), now=now, may_have_acted=True)) is Uncertain
    assert type(verdict(aiohttp.ServerDisconnectedError(), now=now, may_have_acted=True)) is Uncertain


@pytest.mark.parametrize("in_thread", [False, True])
async def test_a_message_whose_answer_was_lost_is_found(office: SlackOffice, in_thread: bool) -> None:
    surface, workspace = office.slack.surface, office.workspace
    since = workspace.clock.now()
    root = await surface.post(note("root", effect="e0")) if in_thread else None
    workspace.faults.script([("chat.postMessage", "drop_after", 1)])
    lost = note("lost", effect="e1", thread=root)
    with pytest.raises(Uncertain):
        await surface.post(lost)
    found = await surface.find(lost, since=since)
    assert found is not None
    assert "lost" in office.message("billing", found)["text"]
    assert await surface.find(note("other", effect="e9", thread=root), since=since) is None


async def test_a_message_is_found_that_was_posted_while_our_clock_was_hours_ahead(office: SlackOffice) -> None:
    surface, workspace = office.slack.surface, office.workspace
    posted = await surface.post(note())
    assert await surface.find(note(), since=workspace.clock.now() + timedelta(hours=14)) == posted


async def test_a_long_history_is_read_page_by_page(office: SlackOffice) -> None:
    surface, workspace = office.slack.surface, office.workspace
    since = workspace.clock.now()
    first = await surface.post(note(effect="e1"))
    for number in range(210):
        await workspace.type("U0ANNA", "C0BILLING", f"chatter {number}")
    assert await surface.find(note(effect="e1"), since=since) == first
    assert len(workspace.calls.of("conversations.history")) == 2


async def test_looking_in_a_thread_that_is_gone_finds_nothing(office: SlackOffice) -> None:
    assert await office.slack.surface.find(note(thread="1000000000.000001"), since=office.workspace.clock.now()) is None


async def test_blocks_that_slack_refuses_become_text(office: SlackOffice) -> None:
    office.workspace.faults.script([("chat.postMessage", "ok_false", 1, {"error": "invalid_blocks"})])
    ts = await office.slack.surface.post(note("still said"))
    message = office.message("billing", ts)
    assert (message["text"], message.get("blocks", [])) == ("still said", [])
    assert message["metadata"]["event_payload"]["effect"] == "e1"


async def test_text_that_slack_refuses_too_is_rejected(office: SlackOffice) -> None:
    office.workspace.faults.script([("chat.postMessage", "ok_false", 2, {"error": "msg_too_long"})])
    with pytest.raises(Rejected):
        await office.slack.surface.post(note())


async def test_the_doctor_names_what_is_wrong(office: SlackOffice) -> None:
    workspace = office.workspace
    assert all(finding.ok for finding in await office.slack.surface.doctor())
    workspace.channels["C0LEGAL"].members.remove("U0PORTAVOCE")
    workspace.channels["C0PRODUCT"].archived = True
    del workspace.channels["C0MANAGERS"], workspace.people["U0DARIO"]
    workspace.change_person("U0LEA", deleted=True)
    found = {finding.what: finding.advice for finding in await office.slack.surface.doctor() if not finding.ok}
    assert len(found) == 5
    assert (
        found["Slack channel C0LEGAL (department legal): the bot is not in it"]
        == "Invite the bot to the channel: /invite @portavoce"
    )
    assert "Slack channel C0PRODUCT (department product) is archived" in found
    assert "Slack channel C0MANAGERS (managers): channel_not_found" in found
    assert "Dario Blu is U0DARIO in Slack: user_not_found" in found
    assert "Lea Gialli is U0LEA in Slack: deactivated" in found
    workspace.revoked = True
    [finding] = await office.slack.surface.doctor()
    assert (finding.ok, finding.what) == (False, "Slack's token: token_revoked")


async def test_a_picture_that_slack_cannot_fetch_costs_only_the_picture(office: SlackOffice) -> None:
    case = await office.house.arrive(
        "Look at my invoice", media=(Media("image", "https://evil.example/p.png", "a torn invoice"),)
    )
    office.workspace.faults.script([("chat.postMessage", "ok_false", 1, {"error": "invalid_blocks"})])
    await office.carry()
    first, second = office.workspace.calls.of("chat.postMessage")
    assert "image" in {block["type"] for block in first.arguments["blocks"]}
    assert [block for block in first.arguments["blocks"] if block["type"] != "image"] == second.arguments["blocks"]
    assert len(office.shown("card", case)) == 1


async def test_a_long_name_leaves_room_for_the_rest_of_the_headline(office: SlackOffice) -> None:
    case = await office.house.arrive("my invoice", author=AuthorFacts("ada-2", "A" * 500, "ada"))
    await office.carry()
    [card] = office.shown("card", case)
    assert card.pieces[0].endswith("… wrote to Acme on Plain")


async def test_a_direct_message_is_in_its_readers_language(office: SlackOffice) -> None:
    member = office.house.settings.members["anna"]
    object.__setattr__(member, "timezone", "Asia/Kolkata")
    at = say("Due {at}.", at=office.house.clock.now())
    await office.slack.surface.post(ChatMessage("e1", "ping", "member:anna", NoteView(at), None))
    await office.slack.surface.post(ChatMessage("e2", "ping", "slack:C0MANAGERS", NoteView(at), None))
    texts = [call.arguments["text"] for call in office.workspace.calls.of("chat.postMessage")]
    assert texts == ["Due 14:30.", "Due 09:00."]
