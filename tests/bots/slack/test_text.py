"""Characters of strangers stay in their place."""

import pytest

from bots.slack.references import Reference, UnreadableReferenceError
from bots.slack.text import beginning, chunks, cut, escaped, isolated, label, visible
from tests.bots.hostile import corpus, on_screen


def depth_beside(text: str) -> int:
    """How deep isolates are still open behind the text; below zero: it closed one of ours."""
    depth = 0
    for character in text:
        if character in "\u2066\u2067\u2068":
            depth += 1
        elif character == "\u2069":
            depth -= 1
            assert depth >= 0, "it closes an isolate that is not its own"
    return depth


def test_every_text_of_the_corpus_stays_inside_its_isolate() -> None:
    for text in corpus():
        assert depth_beside(isolated(text)) == 0
        assert text in isolated(text)
        assert visible(text) == on_screen(text)
        shown = label(text)
        assert len(shown.splitlines()) <= 1, repr(text[:40])
        assert len(shown) < 200 + 50


@pytest.mark.parametrize("text", ["Ada", "Ünïcödé", "日本語", "a-b (c)", "👨‍👩‍👧", ""])
def test_what_turns_nothing_is_left_alone(text: str) -> None:
    assert isolated(text) == text


def test_stray_ends_are_matched_inside() -> None:
    assert isolated("\u2069\u2069x") == "\u2068\u2068\u2068\u2069\u2069x\u2069"
    assert isolated("\u2067x") == "\u2068\u2067x\u2069\u2069"


def test_cutting_keeps_letters_whole() -> None:
    assert beginning("abe\u0301", 3) == "ab"
    assert cut("abcdef", 4) == "abc…"
    assert cut("abcd", 4) == "abcd"


@pytest.mark.parametrize("size", [10, 50, 2_900])
def test_chunks_lose_nothing(size: int) -> None:
    for text in corpus():
        pieces = chunks(text, size)
        assert "".join(pieces) == text
        assert all(len(piece) <= size for piece in pieces)


def test_escaping_is_exact() -> None:
    assert escaped("<!here> & &amp;") == "&lt;!here&gt; &amp; &amp;amp;"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        '{"case":""}',
        '{"case":1}',
        '{"case":"a","role":"approver"}',
        '{"case":"a","version":true}',
        "[" * 100_000,
    ],
)
def test_a_forged_reference_is_refused(text: str) -> None:
    with pytest.raises(UnreadableReferenceError):
        Reference.of(text)


def test_a_reference_survives() -> None:
    reference = Reference("01case", 3, draft=2, hash="abc", context=4, channel="C1", private=True)
    assert Reference.of(reference.text()) == reference
    assert len(reference.text()) < 200
