"""Lengths as each network counts them, with worked examples and properties."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.counting import code_points, graphemes, mastodon_characters, utf8_bytes, utf16_units
from tests.connectors.corpus import COMBINED, FAMILY, FLAG

EXAMPLES = {
    # text: graphemes, code points, UTF-16 units, UTF-8 bytes
    "": (0, 0, 0, 0),
    "hello": (5, 5, 5, 5),
    "caffè": (5, 5, 5, 6),
    "caffe\N{COMBINING GRAVE ACCENT}": (5, 6, 6, 7),
    COMBINED: (1, 3, 3, 5),
    "\N{GRINNING FACE}": (1, 1, 2, 4),
    FAMILY: (1, 5, 8, 18),
    FLAG: (1, 2, 4, 8),
    FLAG * 3: (3, 6, 12, 24),
    "\N{THUMBS UP SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-5}": (1, 2, 4, 8),
    "\N{HEAVY BLACK HEART}\N{VARIATION SELECTOR-16}": (1, 2, 2, 6),
    "שָׁלוֹם": (4, 7, 7, 14),
    "مرحبا": (5, 5, 5, 10),
    "नमस्ते": (3, 6, 6, 18),
    "한국": (2, 2, 2, 6),
    "\N{HANGUL CHOSEONG HIEUH}\N{HANGUL JUNGSEONG A}\N{HANGUL JONGSEONG NIEUN}": (1, 3, 3, 9),
    "a\r\nb": (3, 4, 4, 4),
    "\N{RIGHT-TO-LEFT OVERRIDE}ab": (3, 3, 3, 5),
}


@pytest.mark.parametrize("text", EXAMPLES)
def test_worked_examples(text):
    assert (graphemes(text), code_points(text), utf16_units(text), utf8_bytes(text)) == EXAMPLES[text]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_units_agree_with_python(text):
    assert utf16_units(text) == len(text.encode("utf-16-le")) // 2
    assert utf8_bytes(text) == len(text.encode())
    assert graphemes(text) <= code_points(text) <= utf16_units(text) <= utf8_bytes(text)


def test_half_a_surrogate_pair_is_counted_not_refused():
    assert utf8_bytes("\ud800") == 3


LINK = "https://example.org/" + "very/long/" * 20


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("hello", 5),
        (LINK, 23),
        ("http://a.co", 23),
        ("HTTPS://EXAMPLE.ORG/PATH", 23),
        (f"see {LINK}", 27),
        (f"see {LINK}.", 28),
        (f"see {LINK}, then {LINK}!", 4 + 23 + 7 + 23 + 1),
        (f"({LINK})", 25),
        ("https://example.org/wiki/Name_(place)", 23),
        ("https://example.org:8443/a?b=c&d=e#f", 23),
        ("https://bücher.example/straße", 23),
        ("https://xn--bcher-kva.example/", 23),
        ("two\nhttps://example.org/a\nlines", 4 + 23 + 6),
        ("https://localhost/a/very/long/path/indeed", 41),
        ("https://", 8),
        ("xhttps://example.org/abc", 24),
        ("example.org/very/long/without/a/scheme", 38),
        ("ftp://example.org/very/long/other/scheme", 40),
        ("@ada hello", 10),
        ("@ada@other.example hello", 10),
        ("@ada@other.example @bob@third.example hi", 4 + 1 + 4 + 3),
        ("@ada@other.example:8443 hello", 10),
        ("(@ada.b-c@other.example)", 10),
        ("mail ada@other.example", 22),
        ("https://other.example/@ada@third.example", 23),
        ("=@ada@other.example", 19),
        ("@ada@", 5),
        (FAMILY * 3 + COMBINED, 4),
        ("שלום @ada@other.example", 9),
    ],
)
def test_mastodon(text, length):
    assert mastodon_characters(text) == length


def test_mastodon_counts_the_content_warning_and_the_instance_own_link_length():
    assert mastodon_characters("hello", spoiler_text=f"warning {FAMILY}") == 5 + 9
    assert mastodon_characters(f"{LINK} {LINK}", per_link=40) == 81


@settings(max_examples=60)
@given(st.text(alphabet="a@.:/ht ps()?#\N{GRINNING FACE}-_", max_size=60))
def test_mastodon_never_fails_and_never_counts_more_than_links_add(text):
    assert 0 <= mastodon_characters(text, per_link=1) <= graphemes(text)


@pytest.mark.timeout(5)
@pytest.mark.parametrize(
    "text",
    [
        "(" * 50_000,
        "https://a.co/" + "(" * 20_000,
        "a." * 50_000,
        "@a-" * 30_000,
        "@" * 50_000,
        "https://" + "a." * 30_000,
        "https://" + "a-" * 30_000,
    ],
)
def test_counting_is_quick_on_hostile_text(text):
    mastodon_characters(text)
