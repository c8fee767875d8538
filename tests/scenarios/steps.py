"""The acts that most stories are made of, each checked where it is done."""

from dataclasses import replace

from escalation import commands as c
from escalation.desk import Outcome
from escalation.ports import Capabilities, Uncertain
from models.case import Draft
from models.outbox import Attempt, Effect
from models.vocabulary import CaseState, DraftSource, EffectKind, Idempotency
from tests.house import CONFIGURATION, House

ANSWER = "It is in your inbox."


async def do(house: House, case_id: str, command: c.Command, *, actor: str) -> Outcome:
    """Give a command that must be taken."""
    outcome = await house.desk.handle(case_id, command, actor=actor)
    assert outcome.done, outcome.refusal
    return outcome


async def refused(house: House, case_id: str, command: c.Command, *, actor: str) -> str:
    """Give a command that must be refused; return the sentence."""
    outcome = await house.desk.handle(case_id, command, actor=actor)
    assert outcome.refusal is not None, "the command was taken"
    assert str(outcome.refusal).strip()
    return str(outcome.refusal)


async def draft_of(house: House, case_id: str) -> Draft:
    file = await house.desk.file(case_id)
    assert file is not None
    assert file.draft is not None
    return file.draft


async def seen(house: House, case_id: str) -> c.DraftSeen:
    """What a reviewer sees who looks at the newest card now."""
    file = await house.desk.file(case_id)
    assert file is not None
    assert file.draft is not None
    return c.DraftSeen(file.draft.version, file.draft.hash, file.case.context_version)


async def submit(
    house: House, case_id: str, text: str = ANSWER, *, actor: str = "anna", privately: bool = False
) -> None:
    await do(house, case_id, c.SubmitDraft(text, DraftSource.DIALOG, privately=privately), actor=actor)


async def approve(house: House, case_id: str, *, actor: str = "carla") -> None:
    await do(house, case_id, c.Approve(await seen(house, case_id)), actor=actor)


async def in_review(
    house: House, text: str = ANSWER, *, question: str = "Where is my invoice?", **facts: object
) -> str:
    """A case whose answer by Anna waits for approval."""
    case_id = await house.arrive(question, **facts)
    await submit(house, case_id, text, actor="anna")
    return case_id


async def approved(house: House, text: str = ANSWER, **facts: object) -> str:
    """A case whose answer was just approved; it leaves in five seconds."""
    case_id = await in_review(house, text, **facts)
    await approve(house, case_id)
    return case_id


async def approve_and_send(house: House, case_id: str, text: str = ANSWER) -> None:
    """Approve what waits; it leaves, and nothing else ever did."""
    await approve(house, case_id)
    await leave(house)
    assert texts(house) == [f"@ada {text}"]


async def in_doubt(house: House, text: str = ANSWER, *, arrived: bool) -> str:
    """A case whose answer left and was never heard of again; ``arrived``: whether the network took it all the same."""
    case_id = await approved(house, text)
    house.networks["acme"].faults = [("after" if arrived else "before", Uncertain("timeout"))]
    await leave(house)
    return case_id


async def answered(house: House, text: str = ANSWER, **facts: object) -> str:
    """A case whose answer stands on the network."""
    case_id = await approved(house, text, **facts)
    await leave(house)
    assert await state(house, case_id) is CaseState.ANSWERED
    return case_id


async def leave(house: House) -> None:
    """Let the time for undoing pass, and the reply go out; chat gets what its channels can take at once."""
    house.clock.forward(seconds=5)
    await house.courier.drain()


async def quiet(house: House, *, seconds: int = 15) -> None:
    """Carry until nothing more is due for now; chat channels take one message a second, so time passes."""
    for _ in range(seconds):
        done = await house.courier.drain()
        if not done and not await _paced(house):
            return
        house.clock.forward(milliseconds=999)


async def _paced(house: House) -> bool:
    async with house.database.read() as tx:
        return await tx.outbox.any_due(house.clock.now())


async def state(house: House, case_id: str) -> CaseState:
    file = await house.desk.file(case_id)
    assert file is not None
    return file.case.state


async def replies(house: House, case_id: str) -> list[Effect]:
    file = await house.desk.file(case_id)
    assert file is not None
    return list(file.replies)


async def effects(house: House, case_id: str, kind: EffectKind) -> list[Effect]:
    async with house.database.read() as tx:
        return [effect for effect in await tx.cases.effects(case_id) if effect.kind is kind]


async def attempts(house: House, case_id: str) -> list[Attempt]:
    """The tries at replies of a case, oldest first."""
    async with house.database.read() as tx:
        wanted = {effect.id for effect in await tx.cases.effects(case_id) if effect.kind is EffectKind.REPLY}
        return [attempt for attempt in await tx.cases.attempts(case_id) if attempt.effect_id in wanted]


async def acts(house: House, case_id: str) -> list[str]:
    """The journal, as the names of what happened."""
    async with house.database.read() as tx:
        return [entry.act for entry in await tx.cases.journal(case_id)]


def texts(house: House, account: str = "acme") -> list[str]:
    """What stands on the network."""
    return [posted.text for posted in house.networks[account].posts]


def notes(house: House, channel: str, kind: str = "thread") -> list[str]:
    """What was said in a channel."""
    return [str(message.view.sentence) for message in house.chat.in_channel(channel, kind)]


def able(house: House, *, account: str = "acme", **changes: object) -> Capabilities:
    """Change what a network can do."""
    network = house.networks[account]
    network.capabilities = replace(network.capabilities, **changes)
    return network.capabilities


def asking_nobody(house: House) -> None:
    """Make the network one that cannot be asked whether it has our reply."""
    able(house, idempotency=Idempotency.NONE)


def configured(*changes: tuple[str, str]) -> str:
    """The house's configuration with some words changed."""
    text = CONFIGURATION
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text
