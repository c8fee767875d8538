"""Both languages say the same things."""

import string
from dataclasses import asdict

import pytest

from bots.forms.wording import ENGLISH, WORDS, Words


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_every_sentence_is_there_with_the_same_places(words: Words) -> None:
    english = asdict(ENGLISH)
    for name, text in asdict(words).items():
        assert text.strip() == text != "", name
        assert places(text) == places(english[name]), name


def test_languages_differ() -> None:
    english, italian = (asdict(WORDS[language]) for language in ("en", "it"))
    assert [name for name in english if english[name] == italian[name]] == []
