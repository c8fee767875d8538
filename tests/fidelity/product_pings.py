"""Every ping and every message about many: each kind, each end, each note, and each of the reasons to gather."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache

from escalation.casefile import CaseFile
from escalation.language import say
from escalation.notes import sentence_payload
from escalation.ping_views import MOST_LINES, gathering_view, ping_view
from escalation.views import GatheringView, PingView
from models.clocks import StepClock
from models.pings import Gathering, Ping
from models.store.gatherings import Gathered, GatheringRows
from models.vocabulary import CaseState, GatheringKind, PingFate, PingKind, Step, StepOutcome
from tests.fidelity.product_cases import networks, shown
from tests.unit.desk_table import AUTHOR, LAST, MANAGER, NOW, a_file

_STEPS = {
    PingKind.LAST_CHANCE: Step.REPLY_WINDOW,
    PingKind.WINDOW_CLOSED: Step.REPLY_WINDOW,
    PingKind.CLAIM_REMINDER: Step.ANSWER,
    PingKind.CLAIM_RELEASED: Step.ANSWER,
}


def a_clock(step: Step, **values: object) -> StepClock:
    """A clock that was due a minute ago."""
    given = {"due_at": NOW - timedelta(minutes=1), "started_at": LAST, "target_seconds": 600}
    return StepClock(id="k", case_id="case1", step=step, cycle=9, department="billing", **(given | values))


def a_ping(step: Step, kind: PingKind, **values: object) -> Ping:
    given = {"due_at": NOW - timedelta(minutes=1), "at": NOW, "fate": PingFate.ANNOUNCED}
    return Ping(
        id="ping1", case_id="case1", clock_id="k", step=step, rung=1, kind=kind, percent=100, policy="standard",
        **(given | values),
    )  # fmt: skip


def a_case(clock: StepClock, *, owner: str | None = None) -> CaseFile:
    """A case with one clock that a ping is about."""
    file = a_file(CaseState.WAITING_ANSWER, owner=owner)
    file.author.followers = 1_250_000
    file.cards[0].message_id = "1.1"
    return replace(file, clocks=[*file.clocks, clock])


ENDS: dict[str, dict[str, object]] = {
    "runs": {},
    "in time": {"ended_at": NOW, "outcome": StepOutcome.DONE, "due_at": NOW + timedelta(hours=1)},
    "late": {"ended_at": NOW, "outcome": StepOutcome.DONE},
    "cancelled": {"ended_at": NOW, "outcome": StepOutcome.CANCELLED},
    "stands still": {"paused_at": NOW},
    "muted": {"muted_by": MANAGER},
    "seen elsewhere": {"acknowledged_rung": 1},
}
NOTES: dict[str, dict[str, object]] = {
    "repeated": {"repeat": 3},
    "seen": {"acknowledged_by": MANAGER, "acknowledged_at": NOW},
    "noticed late": {"due_at": NOW - timedelta(hours=9)},
}


@cache
def pinged() -> Mapping[str, PingView]:
    """Every ping there can be, by what it tells."""
    return dict(_pinged())


@cache
def gathered() -> Mapping[str, GatheringView]:
    """Every message about many pings, by its reason and their number: few, as many as it shows, and more."""
    return dict(_gathered())


def _pinged() -> Iterator[tuple[str, PingView]]:
    look = shown(networks()[-1])
    for step in Step:
        view = ping_view(a_case(a_clock(step)), a_ping(step, PingKind.BREACH), ("anna", "dario"), look)
        yield f"breach {step}", view
    for kind in PingKind:
        step = _STEPS.get(kind, Step.ACKNOWLEDGE)
        for name, end in ENDS.items():
            file = a_case(a_clock(step, **end), owner=AUTHOR)
            yield f"{kind} {name}", ping_view(file, a_ping(step, kind), (), look)
    for name, values in NOTES.items():
        ping = a_ping(Step.ANSWER, PingKind.LATER, **values)
        yield name, ping_view(a_case(a_clock(Step.ANSWER), owner=AUTHOR), ping, ("marta",), look)
    yield "gone", ping_view(a_file(CaseState.CLOSED), a_ping(Step.ANSWER, PingKind.BREACH), (), look)


def _gathered() -> Iterator[tuple[str, GatheringView]]:
    for kind in GatheringKind:
        why = sentence_payload(say("{account} is frozen by {who}", account="acme", who="Marta"))
        gathering = Gathering(
            id="g1", channel="slack:C0MANAGERS", kind=kind, subject="standard", began_at=NOW, effect_id="effect1",
            why=why if kind is GatheringKind.STANDSTILL else None,
        )  # fmt: skip
        for count in (0, 1, MOST_LINES, MOST_LINES + 7):
            told = [_one(number) for number in range(count)]
            rows = GatheringRows(gathering, told, ("anna",))
            yield f"{kind} {count}", gathering_view(rows, name=str.title, label=str.title)
            over = replace(rows, lines=[_one(3 * number) for number in range(count)], message_id="1.1")
            yield f"{kind} {count} over", gathering_view(over, name=str.title, label=str.title)


def _one(number: int) -> Gathered:
    over = {"ended_at": NOW, "outcome": StepOutcome.DONE} if number % 3 == 0 else {}
    file = a_case(a_clock(Step.ANSWER, **over), owner=AUTHOR if number % 2 else None)
    file.case.id = f"01kjpwd6m0a1kce3f{number:03}"
    kind = PingKind.WARNING if number % 2 else PingKind.BREACH
    return Gathered(a_ping(Step.ANSWER, kind), file.case, file.clocks[-1], file.author)
