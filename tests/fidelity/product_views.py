"""Every card, note, dialog and Home tab that the product can produce, as what it would send to Slack."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from importlib.resources import files
from string import Formatter
from typing import Any

from babel.messages.pofile import read_po

from bots.slack.answer_dialog import AnswerDialog, Preview
from bots.slack.blocks import paragraph, words
from bots.slack.details_dialog import details_dialog
from bots.slack.explain_dialog import explain_dialog
from bots.slack.home_blocks import Part, Queue, Waiting, home_view, stranger_view
from bots.slack.modals import reason_dialog, reassign_dialog, snooze_dialog
from bots.slack.reading import ChatReader
from bots.slack.references import Reference
from bots.slack.rendering import render
from bots.slack.swap_dialog import Proposal, swap_dialog, swapped_dialog
from escalation.business_time import Skipped
from escalation.calendar_days import Cause
from escalation.cards import details_view
from escalation.casefile import Fitted
from escalation.digest import digest_view
from escalation.explaining import CaseRecord, explain
from escalation.explanation_views import explanation_view
from escalation.language import LANGUAGES, Sentence, say
from escalation.on_call import NOBODY_ON_CALL
from escalation.ports import ChatMessage
from escalation.views import Act, CardView, DiffPiece, NoteView, Post, View
from escalation.wording import UNITS, Frame, fit
from models.case import JournalEntry
from models.clocks import Timer
from models.vocabulary import CaseState, PauseReason, TimerKind
from tests.bots.hostile import corpus
from tests.bots.rules_strangers import hostile_approval, hostile_card, hostile_gathering, hostile_ping
from tests.fidelity.product_cases import Network, Seen, drafted, everywhere, networks, varied
from tests.fidelity.product_pings import gathered, pinged
from tests.unit.desk_table import LAST, NOW, RECEIVED, rules
from tests.unit.test_digest import digest, weekly

MESSAGE, MODAL, HOME = "message", "modal", "home"
PARTS_OF_HOME = ("own", "free", "decisions", "late")
CARD_URL = "https://acme.slack.example/archives/C0BILLING/p1"
ZONES = {"en": "UTC", "it": "Europe/Rome"}
READERS = tuple(ChatReader(language, ZONES[language], NOW) for language in LANGUAGES)
REFERENCE = Reference(
    "case1", 7, draft=2, hash="f" * 64, context=3, channel="C0BILLING", message="1.1", source="dialog"
)


@dataclass(frozen=True)
class Drawn:
    """One thing as Slack would get it: the blocks of a message, or a whole view."""

    name: str
    surface: str
    document: Any


Draw = Callable[[], Drawn]


def slack_id(member: str) -> str | None:
    """Everybody but Dario has a Slack id."""
    return None if member == "dario" else f"U0{member.upper()}"


def message(
    name: str, view: View, reader: ChatReader, kind: str = "card", *, channel: str = "slack:C0BILLING"
) -> Drawn:
    sent = ChatMessage("effect1", kind, channel, view, "case1")  # type: ignore[arg-type]
    reader = replace(reader, lines=isinstance(view, NoteView))
    rendered = render(sent, reader, slack_id, card_url=CARD_URL if channel.startswith("slack:") else None)
    return Drawn(f"{name} {reader.language}", MESSAGE, rendered.blocks)


def cards(seen: Seen, reader: ChatReader) -> Iterator[Drawn]:
    yield message(f"card: {seen.name}", seen.card, reader)
    for number, view in enumerate(seen.approvals):
        yield message(f"approval {number}: {seen.name}", view, reader, "approval")


def digests(name: str, text: str, reader: ChatReader) -> Iterator[Drawn]:
    """Digests of a day, of a week and of a day without anything, with and without their picture."""
    for number, shown in enumerate((digest(), weekly(), digest(steps=(), departments=(), late={}, waiting=None))):
        view = digest_view(shown, lambda key: text or key)
        for picture in ("F0123456789", None):
            sent = ChatMessage("effect1", "digest", "slack:C0MANAGERS", view)
            blocks = render(sent, reader, slack_id, picture=picture).blocks
            yield Drawn(f"digest {number}: {name} {bool(picture)} {reader.language}", MESSAGE, blocks)


def plain_ones() -> Iterator[Drawn]:
    """What is shown of cases in which nobody means harm."""
    for seen, reader in itertools.product([*everywhere(), *varied(), *drafted()], READERS):
        yield from cards(seen, reader)
    everyone = list(everywhere())
    for reader, network in itertools.product(READERS, networks()):
        for draw in dialogs(f"plain {network.name}", everyone[0], network, "It is in your inbox.", reader):
            yield draw()
    for reader in READERS:
        yield from (draw() for draw in notes("plain", "Where is my invoice?", reader))
        yield from digests("plain", "Billing", reader)
        yield from (draw() for draw in pings("plain", None, reader))
        yield from homes("plain", everyone, reader)
        yield from whispers("plain", "Acme", reader)


def hostile_ones() -> Iterator[Drawn]:
    """What is shown of what strangers and colleagues may write.

    Each text stands once in each kind of message, dialog and tab, going round the states, networks, visibilities,
    languages and variants; every fiftieth stands in all variants, and in the longest of them.
    """
    places, nets = list(everywhere()), networks()
    for number, text in enumerate(corpus()):
        turn = number // len(places)
        seen, network = places[number % len(places)], nets[(number + turn) % len(nets)]
        reader = READERS[(number + turn) % len(READERS)]
        name, whole = f"hostile {number} {text[:20]!r}", number % 50 == 0
        hostile = hostile_card(seen.card, text)
        yield message(f"card: {name}", hostile, reader)
        approval = next(itertools.chain(seen.approvals, *(one.approvals for one in places)))
        yield message(f"approval: {name}", hostile_approval(approval, text), reader, "approval")
        yield from _some(notes(name, text, reader), number, whole=whole)
        if whole:
            yield from digests(name, text, reader)
        yield from _some(answers(name, hostile.post, network, text, reader), number, whole=whole)
        yield from _some(questions(name, text, reader), number, whole=whole)
        yield from _some(details(name, seen, text, reader), 0, whole=whole)
        yield from _some(explanations(name, seen, text, reader), number, whole=whole)
        yield from _some(pings(name, text, reader), number, whole=whole)
        queue = Queue(*(_part([replace(hostile, case_id=part)], text) for part in PARTS_OF_HOME))
        if whole:
            queue = Queue(*(_part(_apart(hostile, part), text) for part in PARTS_OF_HOME))
        yield Drawn(f"home: {name}", HOME, home_view(queue, reader, notice=_said(text)))
        yield Drawn(f"stranger: {name}", HOME, stranger_view(text[:300] or " "))
        yield whisper(f"whisper: {name}", reader.read(_said(text)))


def everything() -> list[Drawn]:
    """All of it."""
    return [*plain_ones(), *hostile_ones()]


def _said(text: str) -> Sentence:
    return Sentence("{text}", {"text": text})


def _some(draws: Iterable[Draw], number: int, *, whole: bool) -> Iterator[Drawn]:
    """All variants, or the one whose turn it is."""
    known = tuple(draws)
    yield from (draw() for draw in (known if whole else [known[number % len(known)]]))


def _apart(view: CardView, name: str) -> list[CardView]:
    return [replace(view, case_id=f"{name}{number}") for number in range(9)]


def _part(views: Sequence[CardView], department: str, *, total: int = 40) -> Part:
    """A part of the Home tab: every second case with a link to the card on which it is decided."""
    links = itertools.cycle((None, CARD_URL))
    return Part([Waiting(view, department, url) for view, url in zip(views, links, strict=False)], total)


# --- notes ---------------------------------------------------------------------------------------------------------


def notes(name: str, text: str, reader: ChatReader) -> Iterator[Draw]:
    """Thread messages, pings and digests: with and without mentions, quotation, comparison and link."""
    diff = (DiffPiece("same", "It is "), DiffPiece("removed", text or "x"), DiffPiece("added", text[::-1] or "y"))
    sentence = say("{who} wrote:", who=text)
    for to, quoted, compared, url in (
        ((), None, (), None),
        (("anna", "dario", "marta"), text, (), None),
        (("anna",), None, diff, "https://plain.example/1"),
        ((), text, diff, "javascript:alert(1)"),
    ):
        view = NoteView(sentence, "case1", to, compared, quoted, url)
        yield partial(message, f"note: {name} {bool(to)} {bool(quoted)} {bool(url)}", view, reader, "thread")


def pings(name: str, text: str | None, reader: ChatReader) -> Iterator[Draw]:
    """Pings in channels and to one person, and messages about many of them; ``text``: what everybody is called."""
    for number, (kind, view) in enumerate(pinged().items()):
        told = view if text is None else hostile_ping(view, text)
        channel = "member:anna" if number % 2 else "slack:C0MANAGERS"
        yield partial(message, f"ping: {name} {kind}", told, reader, "ping", channel=channel)
    for kind, many in gathered().items():
        told_together = many if text is None else hostile_gathering(many, text)
        yield partial(message, f"gathering: {name} {kind}", told_together, reader, "digest")


# --- dialogs -------------------------------------------------------------------------------------------------------

FRAMES = {"plain": {}, "signed": {"signature": "\n^AV"}, "narrow": {"limit": 20, "max_parts": 1}, "empty": {}}


def dialogs(name: str, seen: Seen, network: Network, text: str, reader: ChatReader) -> Iterator[Draw]:
    """Every dialog there is."""
    yield from answers(name, seen.card.post, network, text, reader)
    yield from questions(name, text, reader)
    yield from details(name, seen, text, reader)
    yield from explanations(name, seen, text, reader)


def preview(network: Network, text: str, kind: str) -> Preview:
    """A text as the network would get it: as it is, with a signature, too long, or not written yet."""
    capabilities = network.capabilities
    frame = Frame("@ada ", "", capabilities.limit, capabilities.unit, capabilities.max_parts, len)
    frame = replace(frame, **FRAMES[kind])
    warning = say("A placeholder seems to be left: {what}", what=text[:200])
    is_empty = kind == "empty" or not text.strip()
    fitted = Fitted("…", ("@ada …",), (6,)) if is_empty else fit(text, frame, (warning,))
    return Preview(fitted, frame.limit, UNITS[frame.unit], private=kind == "plain", is_empty=is_empty)


def answers(name: str, post: Post, network: Network, text: str, reader: ChatReader) -> Iterator[Draw]:
    """Answer, Reply privately, Use as reply, and Edit and send."""

    def answer(act: Act, kind: str, initial: str | None) -> Drawn:
        reference = replace(REFERENCE, private=initial is not None)
        dialog = AnswerDialog(act, reference, post, preview(network, text, kind), initial)
        return Drawn(f"{act} {kind} {bool(initial)}: {name}", MODAL, dialog.view(reader))

    for kind in FRAMES:
        for act, initial in ((Act.ANSWER, None), (Act.ANSWER, text[:3_000]), (Act.EDIT_AND_SEND, text[:3_000])):
            yield partial(answer, act, kind, initial)


def questions(name: str, text: str, reader: ChatReader) -> Iterator[Draw]:
    """Reassign, Send back, Reject, Mute, Snooze, and swapping shifts."""

    def reassign(count: int) -> Drawn:
        departments = {f"d{n}": text or "x" for n in range(count)}
        return Drawn(f"reassign {count}: {name}", MODAL, reassign_dialog(departments, REFERENCE, reader))

    def reason(act: Act) -> Drawn:
        return Drawn(f"{act}: {name}", MODAL, reason_dialog(act, REFERENCE, reader))

    def snooze(hours: int) -> Drawn:
        longest = {PauseReason.SNOOZED: hours * 3_600, PauseReason.WAITING_CUSTOMER: 3_600}
        return Drawn(f"snooze {hours}: {name}", MODAL, snooze_dialog(REFERENCE, reader, longest=longest, now=NOW))

    yield from (partial(reason, act) for act in (Act.SEND_BACK, Act.REJECT, Act.MUTE))
    yield from (partial(snooze, hours) for hours in (0, 1, 720))
    yield partial(reassign, 2)
    yield partial(reassign, 120)

    def swap(count: int) -> Drawn:
        rotas = {f"r{n}": text or "x" for n in range(count)}
        when = {"since": LAST, "until": LAST, "taker": "U0ANNA"} if count == 1 else {}
        proposal = Proposal(rotas=rotas, rota=f"r{count - 1}", whose="U0DARIO", **when)
        return Drawn(f"swap {count}: {name}", MODAL, swap_dialog(proposal, reader))

    yield from (partial(swap, 1), partial(swap, 120))
    yield lambda: Drawn(f"swapped: {name}", MODAL, swapped_dialog(say("{who} wrote:", who=text), reader))


def details(name: str, seen: Seen, text: str, reader: ChatReader) -> Iterator[Draw]:
    """The Details of a young case, and of one in which much happened."""

    def drawn(times: int, parts: tuple[str, ...]) -> Drawn:
        journal = [
            JournalEntry(
                id=act,
                case_id="case1",
                case_version=1,
                at=LAST,
                actor=text or "anna",
                act=act,
                to_state=CaseState.WAITING_ANSWER,
                details={"department": text},
            )
            for act in ("OpenCase", "Claim", "Reassign", "Unheard")
        ]
        view = details_view(seen.file, journal, seen.file.replies, seen.shown)
        headline = Sentence(view.headline.text, {**view.headline.values, "author": text})
        view = replace(view, headline=headline, events=[*view.events] * times)
        post = hostile_card(seen.card, text).post
        return Drawn(f"details {times}: {name}", MODAL, details_dialog(view, post, parts, reader))

    yield partial(drawn, 1, ())
    yield partial(drawn, 60, (text or " ", text[:400] or " "))


def explanations(name: str, seen: Seen, text: str, reader: ChatReader) -> Iterator[Draw]:
    """Explain of a case as it stands, of one with a long life, and of one that has had more than a dialog takes."""

    def drawn(times: int) -> Drawn:
        told = rules(name=lambda member: text or "x", label=lambda department: text[::-1] or "x")
        record = CaseRecord(seen.file, _life(times), timers=[_wake()] if times else ())
        clocks = explain(record, told, NOBODY_ON_CALL, NOW)
        clocks = [replace(clock, skipped=_many_days(text)) for clock in clocks] * times if times else clocks
        view = explanation_view(record, clocks, told, seen.shown)
        headline = Sentence(view.headline.text, {**view.headline.values, "author": text})
        return Drawn(f"explain {times}: {name}", MODAL, explain_dialog(replace(view, headline=headline), reader))

    yield from (partial(drawn, 0), partial(drawn, 3), partial(drawn, 12))


def _life(times: int) -> list[JournalEntry]:
    """The journal of a case whose answer was put off as many times as a dialog can hardly tell."""
    entries = [("OpenCase", {"route": {"route": 2}, "department": "billing"})]
    for _ in range(times):
        entries.append(("Snooze", {"paused": [["first_response", 1]], "reason": "snoozed", "until": NOW.isoformat()}))
        entries.append(("Wake", {"resumed": [["first_response", 1]]}))
    return [
        JournalEntry(
            id=f"j{number}", case_id="case1", case_version=number, at=RECEIVED + timedelta(seconds=number),
            actor="anna", act=act, to_state=CaseState.WAITING_ANSWER, details=details,
        )
        for number, (act, details) in enumerate(entries)
    ]  # fmt: skip


def _wake() -> Timer:
    return Timer(id="t1", case_id="case1", kind=TimerKind.WAKE, cycle=1, due_at=NOW)


def _many_days(text: str) -> tuple[Skipped, ...]:
    first = NOW.date()
    return tuple(
        Skipped(
            first=first + timedelta(days=n), last=first + timedelta(days=n), cause=Cause.HOLIDAY, name=text, lost=()
        )
        for n in range(12)
    )


# --- the Home tab, and sentences shown to one person ----------------------------------------------------------------


def homes(name: str, seen: Sequence[Seen], reader: ChatReader) -> Iterator[Drawn]:
    """Empty, with few, with more than it shows, and for somebody who is in no configuration."""
    views = [replace(one.card, case_id=f"case{n}") for n, one in enumerate(seen)]
    for counts in ((0, 0, 0, 0), (0, 3, 0, 0), (3, 0, 1, 0), (0, 0, 0, 2), (9, 9, 3, 3), (15, 15, 15, 15)):
        several = itertools.cycle(views)
        parts = [
            [replace(next(several), case_id=f"{part}{n}") for n in range(count)]
            for part, count in zip(PARTS_OF_HOME, counts, strict=True)
        ]
        for notice in (None, say("Nothing waits for you.")):
            queue = Queue(*(_part(part, "Billing", total=2 * len(part)) for part in parts))
            drawn = home_view(queue, reader, notice=notice)
            yield Drawn(f"home {counts} {bool(notice)}: {name} {reader.language}", HOME, drawn)


def whisper(name: str, text: str) -> Drawn:
    """A refusal or another sentence for one person, as the product shows it where they acted."""
    return Drawn(name, MESSAGE, [paragraph([words(text)], "sentence")])


def whispers(name: str, value: str, reader: ChatReader) -> Iterator[Drawn]:
    """Every sentence of the catalogue, for any of them may be told."""
    path = files("escalation").joinpath("locale", "it", "LC_MESSAGES", "portavoce.po")
    with path.open("rb") as stream:
        texts = [str(one.id) for one in read_po(stream, locale="it") if one.id]
    for text in texts:
        wanted = {field: value for _, field, _, _ in Formatter().parse(text) if field}
        yield whisper(f"whisper {name} {reader.language}: {text[:60]}", reader.read(Sentence(text, wanted)))
