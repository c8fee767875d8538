"""The guided tour: five short steps. Each is done when the state of things says so, whoever did it and however."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from bots.demo.configuration import ACCOUNT, ANNA, APPROVALS, BILLING, CARLA, CHANNELS, NAMES
from bots.demo.scenes import Scene
from escalation.casefile import CaseFile
from escalation.settings import Settings
from models.vocabulary import CaseState, DraftState, Step

EXAMPLE: Final = "@acme I was charged twice for invoice 4711. Can you look into it?"
CUSTOMER: Final = "ada"
_ANSWERING: Final = frozenset({CaseState.WAITING_ANSWER, CaseState.SNOOZED})


@dataclass(frozen=True)
class Lesson:
    """One step: what to do, in one sentence, and where."""

    key: str
    title: str
    sentence: str
    scene: Scene


class Tour:
    """Where the visitor is. ``begun_at`` is the demo's time: the tour's case is the first that came after it."""

    def __init__(self, settings: Settings, begun_at: datetime) -> None:
        """Begin."""
        self._settings = settings
        self.begun_at = begun_at

    def progress(self, files: Sequence[CaseFile], *, answered: Collection[str]) -> dict[str, Any]:
        """Return the steps as JSON, each with whether it is done. ``answered``: where the brand has spoken."""
        file = self._case(files)
        done = _done(file, answered)
        lessons = self._lessons(file)
        return {
            "begun_at": self.begun_at.isoformat(),
            "case": file.case.id if file else None,
            "current": next((lesson.key for lesson in lessons if lesson.key not in done), None),
            "lessons": [
                {
                    "key": lesson.key,
                    "title": lesson.title,
                    "sentence": lesson.sentence,
                    "scene": lesson.scene.facts(),
                    "done": lesson.key in done,
                }
                for lesson in lessons
            ],
        }

    def _case(self, files: Sequence[CaseFile]) -> CaseFile | None:
        came = [file for file in files if file.case.received_at >= self.begun_at and file.case.account == ACCOUNT]
        return min(came, key=lambda file: (file.case.received_at, file.case.id), default=None)

    def _lessons(self, file: CaseFile | None) -> tuple[Lesson, ...]:
        channel, expert = self._place(file)
        name, room = NAMES[expert].split()[0], CHANNELS[channel][0]
        customer = (file.author.handle if file else "") or CUSTOMER
        desk = Scene("workspace", person=expert, channel=channel)
        approvals = Scene("workspace", person=CARLA, channel=APPROVALS)
        post = file.mentions[0].external_id if file else None
        return (
            Lesson("post", "Be a customer", f"Post something as Ada, such as: {EXAMPLE}", Scene("network", CUSTOMER)),
            Lesson("card", "See the card", f"The question is a card in #{room} now: look at it as {name}.", desk),
            Lesson("answer", "Claim and answer", f"As {name}, press Claim, then Answer, and write one line.", desk),
            Lesson("approve", "Approve as Carla", "Carla reads the exact text: press Approve and send.", approvals),
            Lesson(
                "reply",
                "See the reply arrive",
                "After a few seconds to undo it, the reply stands under the customer's post.",
                Scene("network", customer, post=post),
            ),
        )

    def _place(self, file: CaseFile | None) -> tuple[str, str]:
        """Return the channel of the case and an expert who is in it."""
        department = self._settings.departments.get(file.case.department) if file else None
        channel = str(department.channel).partition(":")[2] if department else BILLING
        return channel, CHANNELS[channel][1][0] if channel in CHANNELS else ANNA


def _done(file: CaseFile | None, answered: Collection[str]) -> set[str]:
    """Return the keys of the steps that are done; one that is done takes the earlier ones with it."""
    if file is None:
        return set()
    routed = file.latest(Step.ROUTE)
    facts = {
        "post": True,
        "card": routed is not None and routed.ended_at is not None,
        "answer": bool(file.drafts) and file.case.state not in _ANSWERING,
        "approve": any(draft.state is DraftState.APPROVED for draft in file.drafts),
        "reply": file.case.thread_id in answered,
    }
    keys = list(facts)
    last = max(number for number, key in enumerate(keys) if facts[key])
    return set(keys[: last + 1])
