"""The approvals card after the decision: what became of its text, and why, in the reader's language."""

from datetime import UTC, datetime

import pytest

from bots.slack.approval_blocks import approval_blocks
from bots.slack.reading import ChatReader
from escalation.cards import Shown, approval_view
from escalation.views import ApprovalView
from models.vocabulary import CaseState, DraftState
from tests.bots.slack.office import pieces
from tests.unit.desk_table import NOW, PARTS, a_draft, a_file
from tests.unit.test_cards import shown

READERS = {language: ChatReader(language, "UTC", datetime(2026, 3, 2, 9, 30, tzinfo=UTC)) for language in ("en", "it")}


def view_of(draft: DraftState, *, reason: str | None = None, parts: list[str] = PARTS) -> ApprovalView:
    file = a_file(CaseState.WAITING_ANSWER)
    made = a_draft(parts, draft, reason=reason)
    what: Shown = shown(now=NOW)
    return approval_view(type(file)(**{**file.__dict__, "drafts": [made]}), made, what)


def read(view: ApprovalView, language: str) -> str:
    return "\n".join(pieces(approval_blocks(view, READERS[language])))


@pytest.mark.parametrize(
    ("language", "title", "why"),
    [("en", "Void, 25 of 280", "The customer wrote again."), ("it", "Annullata, 25 di 280", "Il cliente ha scritto")],
)
def test_a_void_card_says_so_and_why(language: str, title: str, why: str):
    page = read(view_of(DraftState.VOID, reason="customer_wrote"), language)
    assert title in page
    assert why in page
    assert "customer_wrote" not in page


@pytest.mark.parametrize(("language", "title"), [("en", "Sent back"), ("it", "Rimandata indietro")])
def test_a_card_that_was_sent_back_keeps_the_reviewers_words(language: str, title: str):
    page = read(view_of(DraftState.SENT_BACK, reason="Say when."), language)
    assert f"{title}, 25" in page
    assert "Say when." in page


def test_only_what_waits_is_called_text_to_be_published():
    assert "Text to be published, 25" in read(view_of(DraftState.PENDING), "en")
    for state in set(DraftState) - {DraftState.PENDING, DraftState.APPROVED}:
        assert "to be published" not in read(view_of(state), "en"), state


def test_several_parts_are_titled_once():
    page = read(view_of(DraftState.REJECTED, parts=["@ada One (1/2)", "@ada Two (2/2)"]), "en")
    assert page.splitlines().count("Rejected") == 1
    assert "Part 2 of 2, 14 of 280 letters" in page
