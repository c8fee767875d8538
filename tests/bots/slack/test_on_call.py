"""``/portavoce oncall`` and the dialog in which two people swap their shifts; user groups, and what the doctor says."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bots.sandbox.workspace import UserGroup
from escalation.group_reading import GroupReader
from escalation.ports import KnowsGroups, OutsideError, Rejected, Unauthorised
from models.database import Database
from tests.bots.slack.office import PEOPLE, SlackOffice, check_blocks, pieces, slack_office
from tests.house import MONDAY, TestClock
from tests.rotas import with_rotas

WEEK = timedelta(days=7)


@pytest.fixture
async def office(database: Database, clock: TestClock) -> AsyncIterator[SlackOffice]:
    """Give the house with rotas in the sandbox workspace, which has one user group; Anna's week begins now."""
    async with slack_office(database, clock, text=with_rotas()) as office:
        office.workspace.groups["S0NIGHTS"] = UserGroup("S0NIGHTS", "nights", "Nights", ("U0LEA", "U0NOBODY"))
        yield office


def dialog(office: SlackOffice, who: str) -> dict:
    view = office.workspace.open_view(PEOPLE[who][0])
    assert view is not None
    return view


def start_of(view: dict, block: str) -> object:
    [element] = [one["element"] for one in view["blocks"] if one.get("block_id") == block]
    return next((value for key, value in element.items() if key.startswith("initial_")), None)


# --- who


async def test_it_says_who_is_on_call_until_when_and_who_comes_then(office: SlackOffice) -> None:
    told = await office.command("dario", "oncall")
    assert told.text.splitlines() == [
        "Front desk: Anna Verdi until Mon 9 Mar 09:00, then Bruno Neri.",
        "nights: Marta Bianchi, until further notice.",
    ]
    assert told.commits == 0


async def test_it_is_said_in_the_readers_language_and_zone(office: SlackOffice) -> None:
    member = office.house.settings.members["anna"]
    object.__setattr__(member, "language", "it")
    object.__setattr__(member, "timezone", "Asia/Kolkata")
    told = await office.command("anna", "oncall")
    assert told.text.splitlines()[0] == "Front desk: Anna Verdi fino a lun 9 mar 14:30, poi Bruno Neri."


async def test_strangers_and_other_words(office: SlackOffice) -> None:
    assert "U0NOBODY" in (await office.command("nobody", "oncall")).text
    assert "U0NOBODY" in (await office.command("nobody", "oncall swap")).text
    assert "/portavoce oncall swap" in (await office.command("anna", "oncall please")).text
    assert "/portavoce oncall swap" in (await office.command("anna", "help")).text


async def test_without_rotas_that_is_what_is_said(database: Database, clock: TestClock) -> None:
    async with slack_office(database, clock) as plain:
        for words in ("oncall", "oncall swap"):
            told = await plain.command("anna", words)
            assert told.text == "No rota is configured; write a section [on_call.NAME]."
            assert not told.dialog_open


# --- swaps


async def test_the_dialog_starts_with_ones_own_next_shift(office: SlackOffice) -> None:
    assert (await office.command("bruno", "oncall swap @anna")).dialog_open
    view = dialog(office, "bruno")
    check_blocks(view["blocks"])
    assert view["title"]["text"] == "Swap shifts"
    assert start_of(view, "rota") == {
        "text": {"type": "plain_text", "text": "Front desk", "emoji": False},
        "value": "front",
    }
    assert [start_of(view, block) for block in ("whose", "taker")] == ["U0BRUNO", "U0ANNA"]
    assert [datetime.fromtimestamp(start_of(view, block), UTC) for block in ("since", "until")] == [
        MONDAY + WEEK,
        MONDAY + 2 * WEEK,
    ]


async def test_of_a_shift_that_is_under_way_what_is_left_is_proposed(office: SlackOffice) -> None:
    office.house.clock.forward(days=2, seconds=30)
    await office.command("anna", "oncall swap")
    view = dialog(office, "anna")
    assert datetime.fromtimestamp(start_of(view, "since"), UTC) == MONDAY + timedelta(days=2)
    assert start_of(view, "taker") is None


@pytest.mark.parametrize("named", ["@bruno", "bruno", "Bruno Neri", "BRUNO", "<@U0BRUNO>", "<@U0BRUNO|bruno>"])
async def test_a_colleague_may_be_named_in_many_ways(office: SlackOffice, named: str) -> None:
    await office.command("anna", f"oncall swap {named}")
    assert start_of(dialog(office, "anna"), "taker") == "U0BRUNO"


async def test_an_unknown_colleague_is_told(office: SlackOffice) -> None:
    told = await office.command("anna", "oncall swap @brunhilde")
    assert told.text == "There is no colleague “@brunhilde” in the configuration."
    assert not told.dialog_open


async def test_a_swap_is_made_confirmed_and_told(office: SlackOffice) -> None:
    await office.command("anna", "oncall swap bruno")
    until = int((MONDAY + 2 * WEEK).timestamp())
    told = await office.submit("anna", {"Until": until, "Why": "Wedding & feast"})
    assert told.acknowledged
    assert told.commits == 1
    confirmed = "\n".join(pieces(dialog(office, "anna")["blocks"]))
    assert confirmed == (
        "Anna Verdi and Bruno Neri take each other's shifts of Front desk from 09:00 until Mon 16 Mar 09:00."
    )
    assert (await office.command("marta", "oncall")).text.startswith("Front desk: Bruno Neri until Mon 9 Mar 09:00, ")
    await office.carry()
    [posted] = office.workspace.calls.of("chat.postMessage")
    assert posted.arguments["metadata"]["event_payload"]["kind"] == "ping"
    assert posted.arguments["text"].startswith("Anna Verdi changed who is on call. ")
    assert posted.arguments["text"].endswith("Reason: Wedding &amp; feast")
    direct = office.workspace.channels[posted.arguments["channel"]]
    assert set(direct.members) == {"U0BRUNO", "U0PORTAVOCE"}


@pytest.mark.parametrize(
    ("who", "values", "sentence"),
    [
        ("anna", {"Until": int((MONDAY - WEEK).timestamp())}, "The end must come after the beginning."),
        ("dario", {"Whose shifts": "U0ANNA"}, "Only those who are on call then, or a manager, can change this."),
        ("anna", {"Who takes them": "U0NOBODY"}, "This person is not in Portavoce's configuration"),
        ("anna", {"Who takes them": "U0ANNA"}, "Two different people are needed."),
        ("anna", {"On call for": "nights"}, "Anna Verdi is never on call by nights."),
    ],
)
async def test_a_refused_swap_keeps_the_dialog_open(office: SlackOffice, who: str, values: dict, sentence: str) -> None:
    await office.command(who, "oncall swap bruno")
    times = {"From": int(MONDAY.timestamp()), "Until": int((MONDAY + WEEK).timestamp())}
    told = await office.submit(who, times | values)
    assert told.dialog_open
    assert told.text.startswith(sentence)
    assert "Front desk: Anna Verdi" in (await office.command("marta", "oncall")).text


async def test_after_a_refusal_the_same_dialog_can_be_submitted_again(office: SlackOffice) -> None:
    await office.command("marta", "oncall swap bruno")
    times = {"From": int(MONDAY.timestamp()), "Until": int((MONDAY + WEEK).timestamp())}
    assert (await office.submit("marta", {"On call for": "front", "Whose shifts": "U0LEA", **times})).text
    told = await office.submit("marta", {"Whose shifts": "U0ANNA"})
    assert told.text == ""
    assert "Front desk: Bruno Neri" in (await office.command("marta", "oncall")).text


async def test_a_dialog_that_slack_does_not_open_is_told(office: SlackOffice) -> None:
    office.workspace.faults.script([("views.open", "ok_false", 1, {"error": "expired_trigger_id"})])
    told = await office.command("anna", "oncall swap")
    assert told.text == "Slack did not open the dialog in time. Please click again."


async def test_without_the_database_nothing_is_acknowledged(office: SlackOffice) -> None:
    await office.command("anna", "oncall swap bruno")
    async with office.without_storage():
        assert not (await office.submit("anna", {})).acknowledged
    assert "Front desk: Anna Verdi" in (await office.command("marta", "oncall")).text


# --- user groups


async def test_the_members_of_a_group_are_read_and_strangers_left_out(office: SlackOffice) -> None:
    surface = office.slack.surface
    assert isinstance(surface, KnowsGroups)
    assert list(await surface.group_members("S0NIGHTS")) == ["lea"]
    office.house.clock.forward(hours=12)
    assert await GroupReader(office.slack.workplace.desk, {"slack": surface}).read_due() == 1
    assert (
        "nights: Lea Gialli until Tue 3 Mar 08:00, then Marta Bianchi." in (await office.command("anna", "oncall")).text
    )


@pytest.mark.parametrize(
    ("word", "kind"),
    [("no_such_subteam", Rejected), ("missing_scope", Unauthorised), ("plan_upgrade_required", Rejected)],
)
async def test_a_group_that_cannot_be_read_is_a_verdict(
    office: SlackOffice, word: str, kind: type[OutsideError]
) -> None:
    office.workspace.faults.script([("usergroups.users.list", "ok_false", 1, {"error": word})])
    with pytest.raises(kind):
        await office.slack.surface.group_members("S0NIGHTS")


async def test_a_disabled_group_is_not_found(office: SlackOffice) -> None:
    office.workspace.change_group("S0NIGHTS", disabled=True)
    with pytest.raises(Rejected, match="no_such_subteam"):
        await office.slack.surface.group_members("S0NIGHTS")


async def told_by_the_doctor(office: SlackOffice) -> list[tuple[bool, str, str]]:
    findings = await office.slack.surface.doctor()
    return [(one.ok, one.what, one.advice) for one in findings if "user group" in one.what]


async def test_the_doctor_looks_at_every_group(office: SlackOffice) -> None:
    what = "Slack user group S0NIGHTS (on call: nights)"
    [(ok, told, advice)] = await told_by_the_doctor(office)
    assert (ok, told) == (False, f"{what}: not in [members]: U0NOBODY")
    assert advice.startswith("Add them to the configuration")
    office.workspace.change_group("S0NIGHTS", members=("U0LEA",))
    assert await told_by_the_doctor(office) == [(True, what, "")]
    office.workspace.change_group("S0NIGHTS", members=())
    assert [one[:2] for one in await told_by_the_doctor(office)] == [(False, f"{what} is empty")]
    office.workspace.change_group("S0NIGHTS", disabled=True)
    [(ok, told, advice)] = await told_by_the_doctor(office)
    assert (ok, told) == (False, f"{what} cannot be read: no_such_subteam")
    assert advice.endswith("Until then whoever was in it when it could be read last stays on call.")
