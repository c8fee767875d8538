"""Whatever the product can show, hostile text included, passes three judges; and each judge notices what is wrong."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from models.vocabulary import CaseState, Visibility
from tests.bots.hostile import corpus
from tests.fidelity import judges
from tests.fidelity.product_cases import CHANGES, networks
from tests.fidelity.product_views import HOME, MESSAGE, MODAL, Drawn, everything

pytestmark = [pytest.mark.xdist_group("product views"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def drawn() -> list[Drawn]:
    """Everything, drawn once."""
    return everything()


def complaints(judge: Callable[[Drawn], list[str]], drawn: list[Drawn]) -> dict[str, list[str]]:
    return {one.name: wrong for one in drawn if (wrong := judge(one))}


def test_nothing_is_left_out(drawn: list[Drawn]) -> None:
    names = [one.name for one in drawn]
    for state in CaseState:
        assert sum(f" {state} " in name for name in names if name.startswith("card: ")) >= 2 * len(CHANGES)
        for network in networks():
            for visibility in Visibility:
                for language in ("en", "it"):
                    assert f"card: {network.name} {state} {visibility} {language}" in names
    for kind in ("card", "approval", "note", "digest", "answer", "edit_and_send", "send_back", "reject", "reassign",
                 "snooze", "details", "explain", "home", "stranger", "whisper"):  # fmt: skip
        assert any(name.startswith((f"{kind}:", f"{kind} ")) for name in names), kind
    for number in range(len(corpus())):
        shown = {name.partition(":")[0].split()[0] for name in names if f"hostile {number} " in name}
        assert shown >= {"card", "approval", "note", "home", "stranger", "whisper", "details", "explain"}, number
    assert {one.surface for one in drawn} == {MESSAGE, MODAL, HOME}


def test_the_sandbox_takes_everything(drawn: list[Drawn]) -> None:
    assert complaints(judges.sandbox, drawn) == {}


def test_slacks_own_model_classes_take_everything(drawn: list[Drawn]) -> None:
    assert complaints(judges.sdk, drawn) == {}


@pytest.mark.node
def test_slacks_official_types_take_everything(drawn: list[Drawn], node_packages) -> None:
    shapes = judges.of_each_shape(drawn)
    assert len(shapes) > 50
    assert judges.official_types(shapes, node_packages) == {}


# --- each judge sees what is wrong ------------------------------------------------------------------------------------


def planted(drawn: list[Drawn], change: Callable[[dict[str, Any]], None]) -> Drawn:
    """A real card with one mistake in its first button."""
    card = next(one for one in drawn if one.name.startswith("card: ") and "waiting_answer" in one.name)
    blocks = copy.deepcopy(card.document)
    change(next(block for block in blocks if block["type"] == "actions")["elements"][0])
    return Drawn("planted", MESSAGE, blocks)


MISTAKES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "text that is no object": lambda button: button.update(text="Claim"),
    "an unknown style": lambda button: button.update(style="warning"),
    "an unknown field": lambda button: button.update(colour="red"),
    "no text": lambda button: button.pop("text"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("judge", [judges.sandbox, judges.sdk])
def test_a_planted_mistake_is_seen(drawn: list[Drawn], judge: Callable[[Drawn], list[str]], mistake: str) -> None:
    assert judge(planted(drawn, lambda _: None)) == []
    assert judge(planted(drawn, MISTAKES[mistake]))


@pytest.mark.node
def test_planted_mistakes_are_seen_by_the_official_types(drawn: list[Drawn], node_packages) -> None:
    wrong = [Drawn(name, MESSAGE, planted(drawn, change).document) for name, change in MISTAKES.items()]
    right = planted(drawn, lambda _: None)
    assert set(judges.official_types([right, *wrong], node_packages)) == set(MISTAKES)


@pytest.mark.parametrize(
    ("document", "judge"),
    [
        ([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], judges.sandbox),
        ([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], judges.sdk),
        ([{"type": "divider"}] * 51, judges.sandbox),
        ([{"type": "section", "text": {"type": "plain_text", "text": "x" * 2_900}}] * 5, judges.sandbox),
        ([{"type": "divider", "block_id": "one"}] * 2, judges.sandbox),
        ([{"type": "fanfare"}], judges.sdk),
    ],
)
def test_what_only_a_count_shows_is_seen(document: Any, judge: Callable[[Drawn], list[str]]) -> None:
    assert judge(Drawn("too much", MESSAGE, document))


def test_a_wrong_dialog_and_a_wrong_tab_are_seen(drawn: list[Drawn]) -> None:
    for surface in (MODAL, HOME):
        view = copy.deepcopy(next(one.document for one in drawn if one.surface == surface))
        view["blocks"] = [{"type": "divider"}] * 101
        for judge in (judges.sandbox, judges.sdk):
            assert judge(Drawn("too many", surface, view)), (surface, judge.__name__)
