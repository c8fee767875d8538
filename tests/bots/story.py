"""The usual steps of a story, told once."""

from escalation.casefile import CaseFile
from models.case import Draft
from tests.bots.harness import ShownMessage, SurfaceHarness


async def new_card(
    office: SurfaceHarness, text: str = "Where is my invoice?", **facts: object
) -> tuple[str, ShownMessage]:
    """Let a customer write; return the case and its card."""
    case = await office.house.arrive(text, **facts)
    await office.carry()
    [card] = office.shown("card", case)
    return case, card


async def submitted(
    office: SurfaceHarness, text: str = "It is on its way.", *, who: str = "bruno"
) -> tuple[str, ShownMessage]:
    """Let Bruno answer a customer; return the case and the approvals card."""
    case, card = await new_card(office)
    told = await office.answer_in_field(who, card, text)
    assert told.acknowledged
    await office.carry()
    return case, office.shown("approval", case)[-1]


async def approved(office: SurfaceHarness, text: str = "It is on its way.") -> tuple[str, ShownMessage]:
    """Let Carla approve an answer by Bruno; nothing has left yet."""
    case, approval = await submitted(office, text)
    await office.press("carla", approval, "Approve and send")
    return case, office.shown("approval", case)[-1]


async def leave(office: SurfaceHarness) -> None:
    """Let the undo window pass and replies leave."""
    office.house.clock.forward(seconds=6)
    await office.carry()
    await office.carry()


async def pass_time(office: SurfaceHarness, **span: float) -> None:
    """Let time pass, and what became due be told."""
    office.house.clock.forward(**span)
    await office.house.sweeper.sweep()
    await office.carry()


async def overdue(office: SurfaceHarness, *, minutes: float = 16) -> tuple[str, dict[str, ShownMessage]]:
    """Let nobody claim a case for a while; return it and the pings about it, by where they stand."""
    case, _ = await new_card(office)
    await pass_time(office, minutes=minutes)
    return case, pings(office, case)


def pings(office: SurfaceHarness, case: str) -> dict[str, ShownMessage]:
    """Return the newest ping about a case in each channel and with each person."""
    return {message.channel: message for message in office.shown("ping", case)}


async def file_of(office: SurfaceHarness, case: str) -> CaseFile:
    file = await office.house.desk.file(case)
    assert file is not None
    return file


async def draft_of(office: SurfaceHarness, case: str) -> Draft:
    draft = (await file_of(office, case)).draft
    assert draft is not None
    return draft
