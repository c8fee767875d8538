"""What strangers write is shown exactly, and does nothing."""

from dataclasses import replace
from datetime import timedelta

from escalation.cards import approval_view, card_view
from escalation.carrying import Carrier
from escalation.language import Sentence, Value, say
from escalation.ports import AuthorFacts, Media
from escalation.views import Act, Action, ApprovalView, CardView, Excerpt, Fact, GatheringView, NoteView, PingView
from tests.bots.harness import ShownMessage, SurfaceHarness
from tests.bots.hostile import corpus, on_screen
from tests.bots.story import file_of, new_card, submitted
from tests.fidelity.product_pings import gathered, pinged

SHORT = 1_000
LINES = 25
MOST_LINES_TOLD = 6
"""How many lines a notification of targets has, whatever people are called."""
OPEN_A_CASE = Action(Act.OPEN, say("Open a case"))
OVER_THE_WIRE = (
    "<!channel> <@U0ANNA> <https://evil.example|https://bank.example> &lt;!here&gt;",
    "\u202eturned\u2069\u2069 שלום *bold* :smile: `code`",
    "\x00\x1b[31mred\ud800 \ufeff\u200b",
    "APPROVED by Legal\n⚠ FROZEN by nobody",
    "x\n" * 2_000,
    "a" * 100_000,
)


def hostile_card(view: CardView, text: str) -> CardView:
    name = text[:500]
    post = replace(
        view.post,
        author=name,
        handle=name,
        account=view.post.account,
        text=text,
        subject=name,
        language=name[:20],
        url=f"https://evil.example/{name}",
        context=(Excerpt(name, is_brand=False, text=text, at=view.post.posted_at),),
    )
    headline = Sentence(view.headline.text, {**view.headline.values, "author": name})
    return replace(view, headline=headline, post=post, notices=(Sentence("{who}", {"who": name}),))


def hostile_approval(view: ApprovalView, text: str) -> ApprovalView:
    headline = Sentence(view.headline.text, {**view.headline.values, "author": text})
    parts = tuple(text[start : start + 4_000] for start in range(0, min(len(text), 8_000), 4_000)) or (" ",)
    post = replace(view.post, author=text, handle=text, text=text)
    return replace(
        view, headline=headline, post=post, parts=parts, counts=tuple(map(len, parts)), reason=text, edited_by=text
    )


def hostile_ping(view: PingView, text: str) -> PingView:
    facts = tuple(
        Fact(fact.label, hostile_sentence(fact.value, text) if isinstance(fact.value, Sentence) else text)
        for fact in view.facts
    )
    notes = tuple(hostile_sentence(note, text) for note in view.notes)
    return replace(view, headline=hostile_sentence(view.headline, text), facts=facts, notes=notes)


def hostile_gathering(view: GatheringView, text: str) -> GatheringView:
    lines = tuple(replace(line, customer=text, sentence=hostile_sentence(line.sentence, text)) for line in view.lines)
    return replace(view, headline=hostile_sentence(view.headline, text), lines=lines)


def hostile_sentence(sentence: Sentence, text: str) -> Sentence:
    """The same sentence in which everybody and everything is called by a text."""
    values: dict[str, Value] = {}
    for name, value in sentence.values.items():
        if isinstance(value, Sentence):
            values[name] = hostile_sentence(value, text)
        else:
            values[name] = text if isinstance(value, str) else value
    return Sentence(sentence.text, values)


def shows_quote(drawn: ShownMessage, text: str) -> bool:
    """Whether a customer's text stands there: whole where it is short, else its beginning and that there is more."""
    whole = on_screen(text)
    if len(text) <= SHORT and len(text.splitlines()) <= LINES:
        return whole in drawn.pieces
    cut = [piece for piece in drawn.pieces if piece.strip() and whole.startswith(piece)]
    return "… (whole text under Details)" in drawn.pieces and (bool(cut) or not whole[:SHORT].strip())


class Strangers:
    """Rules about hostile text."""

    async def test_every_text_of_the_corpus_is_shown_exactly_and_does_nothing(self, office: SurfaceHarness) -> None:
        case, _ = await submitted(office)
        file = await file_of(office, case)
        shown = Carrier(office.house.desk.rulebook, {}, office.house.clock).shown(file, None)
        card = card_view(file, file.cards[0], shown)
        approval = approval_view(file, file.drafts[0], shown)
        ping, over, many = pinged()["breach answer"], pinged()["breach late"], gathered()["storm 27"]
        harmless = office.draw(hostile_card(card, "harmless"), "card")
        texts = corpus()
        assert len(texts) >= 500
        for text in texts:
            drawn = office.draw(hostile_card(card, text), "card")
            office.check_drawing(drawn)
            assert shows_quote(drawn, text), repr(text[:80])
            assert drawn.buttons == harmless.buttons
            view = hostile_approval(approval, text)
            drawn = office.draw(view, "approval")
            office.check_drawing(drawn)
            everything = "".join(drawn.pieces)
            assert all(on_screen(part) in everything for part in view.parts), repr(text[:80])
            for told in (hostile_ping(ping, text), hostile_ping(over, text), hostile_gathering(many, text)):
                drawn = office.draw(told, "ping")
                office.check_drawing(drawn)
                assert drawn.buttons == tuple(str(action.label) for action in getattr(told, "actions", (OPEN_A_CASE,)))
                assert len(drawn.notification.splitlines()) <= MOST_LINES_TOLD, repr(text[:80])
            note = office.draw(
                NoteView(Sentence("{who} wrote:", {"who": text[:400]}), case, (), (), text, "https://plain.example/1"),
                "thread",
            )
            office.check_drawing(note)
            assert shows_quote(note, text), repr(text[:80])

    async def test_the_worst_of_it_over_the_wire(self, office: SurfaceHarness) -> None:
        for number, text in enumerate(OVER_THE_WIRE):
            author = AuthorFacts(
                f"stranger-{number}",
                text[:300].replace("\x00", "").replace("\ud800", ""),
                text[:80].replace("\x00", "").replace("\ud800", ""),
            )
            media = (
                Media("image", "https://evil.example/p.png", "<!here>"),
                Media("file", "javascript:alert(1)", None),
            )
            storable = text.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
            case, card = await new_card(office, storable, author=author, media=media, subject="*invoice*")
            office.check_drawing(card)
            assert shows_quote(card, storable)
            told = await office.press(
                "anna" if "Not ours" in card.buttons and card.channel == "billing" else "dario", card, "Claim"
            )
            assert told.acknowledged
            assert (await file_of(office, case)).case.owner is not None
            office.house.clock.forward(seconds=timedelta(minutes=1).total_seconds())
