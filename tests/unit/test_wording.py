"""Making a text fit: limits, splitting that loses nothing, prefix and signature once, warnings that mean something."""

import re

import pytest
import regex
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from escalation.wording import Frame, fit, language_of, warnings
from models.vocabulary import Visibility


def frame(limit: int = 50, *, prefix: str = "@ada ", signature: str = "", parts: int = 3, count=len) -> Frame:
    return Frame(prefix, signature, limit, "letters", parts, count)


def words_of(text: str) -> str:
    return "".join(text.split())


def body(parts: tuple[str, ...], prefix: str = "@ada ", signature: str = "") -> list[str]:
    """The pieces of the writer's text, without what sending adds."""
    found = []
    for part in parts:
        piece = part.removeprefix(prefix)
        piece = piece.removesuffix(f"\n{signature}") if signature else piece
        found.append(re.sub(r" \(\d/\d\)\Z", "", piece))
    return found


# --- limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", [0, 1, 30])
def test_what_fits_is_one_part_and_unchanged(missing: int):
    text = "x" * (45 - missing)
    fitted = fit(text, frame())
    assert (fitted.parts, fitted.counts, fitted.problem) == ((f"@ada {text}",), (50 - missing,), None)


def test_one_letter_too_many_makes_two_parts():
    fitted = fit("word " * 9 + "x", frame())
    assert fitted.problem is None
    assert len(fitted.parts) == 2
    assert [part[-6:] for part in fitted.parts] == [" (1/2)", " (2/2)"]
    assert str(fitted.warnings[-1]) == "It will be sent in 2 parts."


def test_where_one_part_is_all_there_is_the_overlength_is_told():
    fitted = fit("x" * 46, frame(parts=1))
    assert str(fitted.problem) == "This is 51 letters long; the network takes 50. Please shorten it by 1."


def test_more_than_all_parts_together_is_refused_with_the_overlength():
    fitted = fit("x" * 400, frame())
    assert str(fitted.problem) == "This is 405 letters long; the network takes 122. Please shorten it by 283."
    assert fit("x" * (400 - 282), frame()).problem is not None
    assert fit("x" * (400 - 283), frame()).problem is None, "shortened as it was told, and still refused"


@pytest.mark.parametrize("text", ["See {link}", "{link}", "Here it is: {link} and much more of it. " + "word " * 9])
def test_a_link_that_no_part_has_room_for_is_named(text: str):
    link = "https://acme.example/" + "p" * 30
    fitted = fit(text.format(link=link), frame())
    assert str(fitted.problem) == (
        "“https://acme.example/ppppppppppppppppppp…” is 51 letters long and cannot be cut in two; "
        "one part has room for 39. Please use a shorter link."
    )


def test_a_link_as_long_as_a_part_has_room_for_is_sent():
    link = "https://acme.example/" + "p" * 18
    assert len(link) == 39
    assert fit(f"Here it is for you: {link}", frame()).problem is None


def test_a_link_that_the_network_counts_as_short_is_short():
    link = "https://acme.example/" + "p" * 300
    fitted = fit(f"{'word ' * 10}{link}", frame(count=lambda text: len(re.sub(r"https?://\S+", "x" * 23, text))))
    assert fitted.problem is None


def test_where_there_is_one_part_only_a_long_link_is_part_of_the_overlength():
    fitted = fit("https://acme.example/" + "p" * 30, frame(parts=1))
    assert str(fitted.problem) == "This is 56 letters long; the network takes 50. Please shorten it by 6."


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_an_empty_answer_is_refused(text: str):
    assert "empty" in str(fit(text, frame()).problem)


@pytest.mark.parametrize("bad", ["\x00", "\x1b", "\x7f", "\ud800"])
def test_control_characters_are_refused(bad: str):
    assert "invisible control characters" in str(fit(f"Hello{bad}", frame()).problem)


@pytest.mark.parametrize("text", ["a\tb", "a\nb", "a\r\nb", " leading", "trailing ", "\u2028x", "👩‍👩‍👧"])
def test_everything_else_goes_out_as_it_was_typed(text: str):
    assert fit(text, frame()).parts == (f"@ada {text}",)


# --- splitting --------------------------------------------------------------------------------------------------------

LETTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])
MARK = "\u0301"
JOINER = "\u200d"
PIECES = st.one_of(
    st.text(LETTERS, min_size=1, max_size=12),
    st.sampled_from(
        [
            *("https://x.example/a?b=c", "@bob@x.example", "👩‍👩‍👧", f"e{MARK}", "🇮🇹"),
            *("\r\n", "\n\n", "\r\n\r\n", " ", ". ", "  ", MARK, f" {MARK}", JOINER),
        ]
    ),
)
TEXTS = st.lists(PIECES, min_size=1, max_size=60).map("".join)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS, st.sampled_from(["", "^AV"]))
@example("0" * 54 + "https://x.example/a?b=c" * 2 + "\r\n\n\n" + "0" * 12, "")
@example("0" * 100 + f"\r\n{MARK}" + "1" * 30, "")
@example("0" * 108 + f" {MARK}" + "1" * 30, "")
@example("0" * 100 + f" {JOINER}" + "1" * 30, "")
@example("0" * 100 + "\u0600 " + "1" * 30, "")
def test_splitting_loses_nothing_keeps_the_limit_and_cuts_between_letters_only(text: str, signature: str):
    fitted = fit(text, frame(120, signature=signature))
    if fitted.problem is not None:
        unsplittable = max(map(len, text.split()), default=0) > 100
        assert not text.strip() or len(text) > 200 or unsplittable or _is_forbidden(text)
        return
    assert all(len(part) <= 120 for part in fitted.parts)
    assert fitted.counts == tuple(len(part) for part in fitted.parts)
    assert [part.endswith(signature) for part in fitted.parts][-1]
    if len(fitted.parts) == 1:
        return
    pieces = body(fitted.parts, signature=signature)
    assert words_of("".join(pieces)) == words_of(text)
    edges = {match.end() for match in regex.finditer(r"\X", text)}
    at = 0
    for piece in pieces:
        at = text.index(piece, at)
        assert at in edges | {0}, "a letter was cut"
        at += len(piece)
        assert at in edges, "a letter was cut"


def _is_forbidden(text: str) -> bool:
    return re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text) is not None


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.sampled_from(["word", "https://shop.example/a/b?c=d", "@bob@x.example", "Ende."]), min_size=8, max_size=20
    )
)
def test_links_and_names_are_never_cut(tokens: list[str]):
    fitted = fit(" ".join(tokens), frame(100, parts=9))
    assert fitted.problem is None
    assert [token for piece in body(fitted.parts) for token in piece.split()] == tokens


@pytest.mark.parametrize("gap", ["\n\n", "\r\n\r\n", "\n \r\n\n"])
def test_a_paragraph_is_preferred_to_a_sentence_and_a_sentence_to_a_word(gap: str):
    text = f"One two. Three four five.{gap}Six seven eight. Nine ten eleven twelve."
    assert body(fit(text, frame(60)).parts)[0] == "One two. Three four five."
    assert body(fit(text.replace(gap, " "), frame(60)).parts)[0] == "One two. Three four five. Six seven eight."


@pytest.mark.parametrize(
    "text",
    [
        "Short.\n\n" + "x" * 30 + "\n\n" + "y " * 36,
        "aaaa bbbb " * 12,
        "Ja. " * 29,
        "x" * 110,
    ],
)
def test_a_text_that_fits_into_the_parts_is_never_refused_for_the_sake_of_neatness(text: str):
    fitted = fit(text, frame(50, parts=4))
    assert fitted.problem is None
    assert words_of("".join(body(fitted.parts))) == words_of(text)


def test_no_part_is_only_white_space():
    fitted = fit("x" * 40 + " " * 60, frame())
    assert fitted.problem is not None or all(piece.strip() for piece in body(fitted.parts))


def test_only_the_signature_being_too_much_still_leaves_words_for_the_last_part():
    fitted = fit("word " * 8 + "end", frame(50, signature="^Anna Verdi of Acme", parts=2))
    assert fitted.problem is None
    assert fitted.parts[1].endswith("(2/2)\n^Anna Verdi of Acme")
    assert words_of("".join(body(fitted.parts, signature="^Anna Verdi of Acme"))) == "word" * 8 + "end"


def test_a_long_link_before_the_last_words_goes_into_a_part_without_them():
    link = "https://x.example/" + "p" * 80
    fitted = fit(f"{'0' * 50} {link} letters", frame(120, signature="^AV"))
    assert fitted.problem is None
    assert body(fitted.parts, signature="^AV") == ["0" * 50, link, "letters"]


def test_the_networks_own_count_decides():
    fitted = fit("é" * 30, frame(50, count=lambda text: len(text.encode())))
    assert len(fitted.parts) == 2
    assert all(count <= 50 for count in fitted.counts)


# --- prefix and signature ---------------------------------------------------------------------------------------------


def test_a_prefix_that_was_typed_is_not_added_again():
    assert fit("@ada hello", frame()).parts == ("@ada hello",)
    assert fit("@ada, hello", frame()).parts == ("@ada, hello",)
    assert fit("@ada", frame()).parts == ("@ada",)


@pytest.mark.parametrize("text", ["@adam hello", "@ada@other.example hello", "@ada.b hello", "@ada-b hello"])
def test_a_longer_name_is_somebody_else(text: str):
    assert fit(text, frame()).parts == (f"@ada {text}",)


def test_every_part_has_the_prefix_for_without_it_nobody_is_told():
    for text in ("word " * 20, "@ada " + "word " * 20):
        parts = fit(text, frame()).parts
        assert all(part.startswith("@ada ") and not part.startswith("@ada @ada") for part in parts)


def test_no_prefix_is_no_prefix():
    assert fit("hello", frame(prefix="")).parts == ("hello",)
    assert fit("@bob hello", frame(prefix="")).parts == ("@bob hello",)


def test_the_signature_stands_once_and_last():
    assert fit("Hello", frame(signature="^AV")).parts == ("@ada Hello\n^AV",)
    assert fit("Hello ^AV", frame(signature="^AV")).parts == ("@ada Hello ^AV",)
    parts = fit("word " * 20, frame(signature="^AV")).parts
    assert [part.count("^AV") for part in parts] == [0] * (len(parts) - 1) + [1]
    assert parts[-1].endswith("\n^AV")


# --- warnings ---------------------------------------------------------------------------------------------------------


def warned(text: str, **facts: object) -> list[str]:
    values = {
        "visibility": Visibility.PUBLIC,
        "customer_language": None,
        "banned_phrases": ["free of charge"],
        "other_brands": ["Beta"],
    }
    return [str(warning) for warning in warnings(text, **(values | facts))]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Write to ada.b+x@mail.example please", "personal data"),
        ("Call +39 02 1234 5678", "personal data"),
        ("Call 02-1234-5678", "personal data"),
        ("IBAN IT60 X054 2811 1010 0000 0123 456", "personal data"),
        ("It is free of charge.", "banned phrase “free of charge”"),
        ("It is FREE OF CHARGE.", "banned phrase"),
        ("It is \uff46ree of charge", "banned phrase"),
        ("Ask Beta for that", "another brand: Beta"),
        ("ask beta!", "another brand: Beta"),
        ("Dear [Name],", "placeholder seems to be left: [Name]"),
        ("Dear {first_name}", "placeholder"),
        ("It costs XXX euro", "placeholder"),
        ("TODO say when", "placeholder"),
        ("Order ____", "placeholder"),
        ("Pay \u202e123\u202c", "reading direction"),
        ("zero\u200bwidth", "invisible characters"),
        ("https://p\u0430ypal.example/x", "look-alike"),
        ("https://xn--pypal-4ve.example", "look-alike"),
        ("https://shop.xn--80ak6aa92e.example", "look-alike"),
    ],
)
def test_what_an_approver_should_look_at_twice_is_named(text: str, words: str):
    assert any(words in warning for warning in warned(text)), warned(text)


@pytest.mark.parametrize(
    "text",
    [
        "It is on its way, thank you!",
        "It comes on 2026-03-02 or on 02.03.2026 at 10:30.",
        "It comes between 2026-03-02 10:30 and noon.",
        "See https://shop.example/orders/123456789 or https://shop.example/?id=123456789",
        "Ask @ada@mastodon.example or @bob.",
        "It costs 1.234.567 euro, 3 < 5 > 1, [1], {x: 1}?",
        "Beautiful alphabets, betas and betamax.",
        "It is freely of charged interest.",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f wins! 👩‍👩‍👧",
        "XXL shirts, max. 12345 pieces",
        "https://shop.example/città?x=è",
        "Perché no? Così è più bello.",
    ],
)
def test_what_is_harmless_is_left_alone(text: str):
    assert warned(text) == []


def test_in_private_personal_data_is_no_matter():
    assert warned("Write to ada@mail.example", visibility=Visibility.PRIVATE) == []


@pytest.mark.parametrize("visibility", [Visibility.UNLISTED, Visibility.FOLLOWERS])
def test_half_public_is_public(visibility: Visibility):
    assert warned("Write to ada@mail.example", visibility=visibility)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Thank you, we are looking into this for you and will be back", "en"),
        ("Grazie, la sua fattura è già in arrivo e non deve fare altro per questo", "it"),
        ("Vielen Dank, wir haben die Rechnung und sie ist nicht verloren", "de"),
        ("Bonjour, votre facture est dans les mails que nous avons envoyés", "fr"),
        ("Hola, su factura está en el correo que le enviamos por la tarde, gracias", "es"),
        ("OK", None),
        ("12345", None),
    ],
)
def test_a_language_is_told_by_its_small_words(text: str, language: str | None):
    assert language_of(text) == language


def test_an_answer_in_another_language_than_the_customers_is_named():
    english = "Thank you, we are looking into this for you and will be back"
    assert warned(english, customer_language="it") == ["The customer writes it, this answer is en."]
    assert warned(english, customer_language="en-GB") == []
    assert warned("OK", customer_language="it") == []
