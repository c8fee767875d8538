"""Every sentence that colleagues read stands in the Italian catalogue, and can be filled in.

Code and templates mark a sentence with ``say("... {name} ...", name=value)``. The marks are found by Babel's
extractor (https://babel.pocoo.org/en/latest/api/messages/extract.html).
"""

import ast
import io
from collections.abc import Callable, Iterator
from string import Formatter
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from tests.architecture import names, tree

CATALOGUE = "escalation/locale/it/LC_MESSAGES/portavoce.po"
MARK = "say"
STRANGERS = ("bots/sandbox/",)  # not part of the product; its sentences are not for colleagues
METHODS: dict[str, str | Callable[..., Any]] = {".py": "python", ".html": babel_extract, ".txt": babel_extract}


def extracted(name: str, content: str) -> Iterator[tuple[str, int]]:
    """The marked sentences of one file, with their lines."""
    method = METHODS[f".{name.rpartition('.')[2]}"]
    for line, message, _, _ in extract(method, io.BytesIO(content.encode()), keywords={MARK: None}):
        yield (message if isinstance(message, str) else message[0]), line


def sources() -> list[str]:
    """The product's Python files and templates."""
    return [
        name
        for name in tree.files()
        if name.startswith(tuple(f"{package}/" for package in tree.PACKAGES))
        and name.endswith(tuple(METHODS))
        and not name.startswith(STRANGERS)
    ]


def fields(sentence: str) -> set[str]:
    """The names in braces."""
    return {field for _, field, _, _ in Formatter().parse(sentence) if field is not None}


def catalogue() -> Catalog:
    if CATALOGUE not in tree.files():
        pytest.skip(f"LOUDLY: {CATALOGUE} does not exist yet, so no sentence is checked")
    return read_po(io.BytesIO(tree.text(CATALOGUE).encode()), locale="it", abort_invalid=True)


def gaps(sentences: set[str], translations: Catalog) -> Iterator[str]:
    """One line per sentence that an Italian reader would not get, and per translation nobody uses."""
    for sentence in sorted(sentences):
        message = translations.get(sentence)
        if message is None or not message.string:
            yield f"not translated: {sentence}"
        elif message.fuzzy:
            yield f"marked as fuzzy: {sentence}"
        elif fields(str(message.string)) != fields(sentence):
            yield f"other {{names}} than in English: {message.string}"
    for message in translations:
        if message.id and message.id not in sentences:
            yield f"nobody says this any more: {message.id}"


def unfillable(module: ast.Module) -> Iterator[str]:
    """One line per call of ``say`` whose text is not written out, or whose values are not the names in it."""
    marks = {id(node) for node, name in names.uses(module) if name.rpartition(".")[2] == MARK}
    for call in ast.walk(module):
        if not isinstance(call, ast.Call) or id(call.func) not in marks:
            continue
        text = call.args[0] if len(call.args) == 1 else None
        if not isinstance(text, ast.Constant) or not isinstance(text.value, str):
            yield f"line {call.lineno}: say() takes one sentence, written out"
        elif None not in (given := {keyword.arg for keyword in call.keywords}) and given != fields(text.value):
            yield f"line {call.lineno}: values {sorted(map(str, given))} for {text.value!r}"


def test_extraction_sees_code_and_templates() -> None:
    assert list(extracted("a.py", 'x = 1\nsay("One {n}"\n    " two.", n=1)')) == [("One {n} two.", 2)]
    assert list(extracted("a.html", '<p>\n{{ say("Hello.") }}</p>')) == [("Hello.", 2)]
    assert list(extracted("a.py", "say(text)\nanswer('x')")) == []


def test_a_planted_gap_is_seen() -> None:
    translations = Catalog(locale="it")
    translations.add("Claimed by {who}.", "Preso in carico da {chi}.")
    translations.add("Old.", "Vecchio.")
    translations.add("Guessed.", "Indovinato.", flags=["fuzzy"])
    translations.add("Good {n}.", "Bene {n}.")
    assert list(gaps({"Claimed by {who}.", "New.", "Guessed.", "Good {n}."}, translations)) == [
        "other {names} than in English: Preso in carico da {chi}.",
        "marked as fuzzy: Guessed.",
        "not translated: New.",
        "nobody says this any more: Old.",
    ]


@pytest.mark.parametrize(
    ("call", "seen"),
    [
        ("say(text)", 1),
        ('say(f"Hello {who}")', 1),
        ('say("Hello {who}")', 1),
        ('say("Hello", who=1)', 1),
        ('say("Hello {who}", who=1)', 0),
        ('say("Hello {who}", **values)', 0),
    ],
)
def test_an_unfillable_sentence_is_seen(call: str, seen: int) -> None:
    assert len(list(unfillable(ast.parse(f"from escalation.language import say\n{call}")))) == seen


def test_sentences_can_be_filled_in() -> None:
    modules = [name for name in sources() if name.endswith(".py")]
    assert [f"{name} {problem}" for name in modules for problem in unfillable(tree.tree(name))] == []


def test_every_sentence_is_translated() -> None:
    translations = catalogue()
    sentences = {sentence for name in sources() for sentence, _ in extracted(name, tree.text(name))}
    assert sentences
    assert list(gaps(sentences, translations)) == []
