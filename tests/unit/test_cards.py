"""What colleagues see of a case: the same case at the same moment gives the same cards, with what can be done."""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalation.cards import (
    Shown,
    approval_view,
    card_view,
    details_view,
    draft_reason,
    draft_title,
    journal_line,
    note_view,
    route_reason,
    timer_line,
)
from escalation.language import Reader, Sentence, say
from escalation.notes import Note
from escalation.ports import Capabilities
from escalation.views import Act
from models.case import JournalEntry
from models.clocks import Timer
from models.vocabulary import (
    CaseState,
    DraftState,
    EffectState,
    Idempotency,
    NetworkAct,
    Step,
    TimerKind,
    Visibility,
    VoidReason,
)
from tests.unit.desk_table import AUTHOR, COLLEAGUE, LAST, NOW, PARTS, POSTED, a_draft, a_file

EVERYTHING = Capabilities(
    ingest=frozenset({"poll"}),
    idempotency=Idempotency.LOOKUP,
    limit=280,
    unit="letters",
    private_reply=True,
    acts=frozenset(NetworkAct),
)
NOTHING = replace(EVERYTHING, private_reply=False, acts=frozenset())


def shown(capabilities: Capabilities = EVERYTHING, **changes: object) -> Shown:
    values = {
        "name": str.title,
        "label": str.title,
        "network": "Plain",
        "brand": "Acme",
        "capabilities": capabilities,
        "count": len,
        "now": NOW,
    }
    return Shown(**(values | changes))


def acts_of(state: CaseState, capabilities: Capabilities = EVERYTHING, **case: object) -> list[str]:
    file = a_file(state, **case)
    return [action.act.value for action in card_view(file, file.cards[0], shown(capabilities)).actions]


IDLE = ["claim", "answer", "reassign", "not_ours", "reply_privately", "no_reply_needed", "spam", "snooze"]
ON_THE_POST = ["like", "repost", "hide"]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (CaseState.WAITING_ANSWER, [*IDLE, *ON_THE_POST, "details", "explain"]),
        (CaseState.SNOOZED, [*IDLE, *ON_THE_POST, "details", "explain"]),
        (CaseState.IN_REVIEW, [*ON_THE_POST, "details", "explain"]),
        (CaseState.RELAYING, [*ON_THE_POST, "details", "explain"]),
        (CaseState.NEEDS_CHECK, [*ON_THE_POST, "details", "explain"]),
        (CaseState.ANSWERED, ["no_reply_needed", *ON_THE_POST, "details", "explain"]),
        (CaseState.DISMISSED, ["details", "explain"]),
        (CaseState.CLOSED, ["details", "explain"]),
    ],
)
def test_a_card_offers_what_the_state_allows(state: CaseState, expected: list[str]):
    assert acts_of(state) == expected


def test_a_claimed_case_is_not_offered_for_claiming():
    assert "claim" not in acts_of(CaseState.WAITING_ANSWER, owner=AUTHOR)


def test_what_the_network_cannot_do_is_not_offered():
    assert not {"like", "repost", "hide", "reply_privately"} & set(acts_of(CaseState.WAITING_ANSWER, NOTHING))


def test_what_was_done_or_would_break_a_confidence_is_not_offered():
    assert "like" not in acts_of(CaseState.WAITING_ANSWER, acts=["like"])
    assert "repost" not in acts_of(CaseState.WAITING_ANSWER, visibility=Visibility.FOLLOWERS)


def test_a_post_that_is_gone_is_not_liked():
    file = a_file(CaseState.WAITING_ANSWER)
    file.mentions[0].deleted_at = NOW
    view = card_view(file, file.cards[0], shown())
    assert not {Act.LIKE, Act.HIDE} & {action.act for action in view.actions}
    assert view.post.deleted
    assert [str(notice) for notice in view.notices] == ["The customer deleted the post."]


def test_dangerous_acts_ask_first():
    file = a_file(CaseState.WAITING_ANSWER)
    asked = {action.act for action in card_view(file, file.cards[0], shown()).actions if action.confirm}
    assert asked == {Act.SPAM, Act.REPOST, Act.HIDE}


def test_the_answer_field_is_there_while_an_answer_is_wanted_and_empties_with_each_round():
    keys = []
    for state in CaseState:
        file = a_file(state)
        view = card_view(file, file.cards[0], shown())
        assert view.answer_field == (state in {CaseState.WAITING_ANSWER, CaseState.SNOOZED})
    for changes in ({}, {"round": 2}):
        file = a_file(CaseState.WAITING_ANSWER, **changes)
        keys.append(card_view(file, file.cards[0], shown()).field_key)
    assert len(set(keys)) == 2


def test_a_card_of_a_department_that_gave_the_case_away_is_short():
    file = a_file(CaseState.WAITING_ANSWER, department="product")
    view = card_view(file, file.cards[0], shown())
    assert (view.moved, view.actions, view.answer_field) == (True, (), False)
    assert str(view.status) == "Moved to Product."


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (CaseState.WAITING_ANSWER, "Waiting for somebody to claim it."),
        (CaseState.IN_REVIEW, "The answer by Anna waits for approval."),
        (CaseState.RELAYING, "Approved by Carla; on its way."),
        (CaseState.NEEDS_CHECK, "Sent? Somebody has to look."),
        (CaseState.ANSWERED, "Answered by Anna, approved by Carla."),
        (CaseState.DISMISSED, "Closed: no reply needed."),
        (CaseState.CLOSED, "Closed."),
    ],
)
def test_the_status_says_who_has_it(state: CaseState, words: str):
    file = a_file(state)
    assert str(card_view(file, file.cards[0], shown()).status) == words


def test_a_freeze_is_shown_where_something_could_leave():
    for state in CaseState:
        file = a_file(state)
        notices = [str(n) for n in card_view(file, file.cards[0], shown(frozen_by="marta")).notices]
        could_leave = state in {CaseState.WAITING_ANSWER, CaseState.IN_REVIEW, CaseState.RELAYING}
        assert (notices == ["FROZEN by Marta: nothing leaves until it is released."]) == could_leave


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (
            CaseState.IN_REVIEW,
            ["approve", "edit_and_send", "send_back", "reject", "make_private", "like_only", "details", "explain"],
        ),
        (CaseState.RELAYING, ["undo", "details", "explain"]),
        (CaseState.NEEDS_CHECK, ["posted", "not_posted", "details", "explain"]),
        (CaseState.ANSWERED, ["details", "explain"]),
    ],
)
def test_the_approvals_card_offers_what_is_to_be_decided(state: CaseState, expected: list[str]):
    file = a_file(state)
    assert [action.act.value for action in approval_view(file, file.draft, shown()).actions] == expected


def test_a_reply_that_has_left_is_not_offered_for_undoing():
    file = a_file(CaseState.RELAYING, reply=EffectState.SENDING)
    assert [action.act.value for action in approval_view(file, file.draft, shown()).actions] == ["details", "explain"]


def test_an_older_version_offers_nothing_and_points_to_the_newer():
    file = a_file(CaseState.IN_REVIEW)
    older = a_draft(PARTS, DraftState.SUPERSEDED, id="d0")
    newer = a_draft(PARTS, DraftState.PENDING, version=2, based_on=1)
    file = replace(file, drafts=[older, newer])
    view = approval_view(file, older, shown())
    assert view.actions == ()
    assert str(view.status) == "A newer version of this answer stands below."


def test_the_approvals_card_shows_exactly_the_parts_with_their_counts():
    file = a_file(CaseState.IN_REVIEW, parts=3)
    view = approval_view(file, file.draft, shown())
    assert view.parts == tuple(file.draft.parts)
    assert view.counts == tuple(len(part) for part in view.parts)
    assert (view.draft_version, view.draft_hash, view.context_version) == (1, file.draft.hash, 1)


def test_the_strip_shows_each_step_and_what_is_late():
    file = a_file(CaseState.IN_REVIEW)
    running = next(clock for clock in file.clocks if clock.step is Step.APPROVE)
    running.due_at = NOW - timedelta(seconds=1)
    steps = {line.step: line for line in card_view(file, file.cards[0], shown()).steps}
    assert steps[Step.APPROVE].late
    assert not steps[Step.ACKNOWLEDGE].late
    assert list(steps) == [s for s in Step if s not in {Step.NEXT_RESPONSE, Step.REPLY_WINDOW, Step.RESOLUTION}]


def test_the_context_is_what_was_said_before_by_both_sides():
    file = a_file(CaseState.ANSWERED)
    file.replies[0].settled_at = LAST
    later = file.mentions[0].model_copy(update={"id": "m2", "text": "Thanks!", "posted_at": NOW})
    file = replace(file, mentions=[*file.mentions, later])
    post = card_view(file, file.cards[0], shown()).post
    assert post.text == "Thanks!"
    said = [(excerpt.sender, excerpt.text) for excerpt in post.context]
    assert said == [("Ada", "Where is my invoice?"), ("Acme", PARTS[0])]


def test_an_approvals_card_does_not_repeat_its_own_text_as_if_it_had_been_said_before():
    file = a_file(CaseState.ANSWERED)
    assert [excerpt.text for excerpt in card_view(file, file.cards[0], shown()).post.context] == [PARTS[0]]
    assert approval_view(file, file.draft, shown()).post.context == ()
    older = a_draft(["Next week."], DraftState.SENT_BACK, id="d0")
    assert [excerpt.text for excerpt in approval_view(file, older, shown()).post.context] == [PARTS[0]]


@pytest.mark.parametrize(
    ("route", "words"),
    [
        ({"route": 1, "word": "invoice"}, "because it says “invoice”"),
        ({"route": 1, "account": "acme"}, "because it came to acme"),
        ({"route": 1, "followers": 5000}, "because the author has 5000 followers"),
        ({"route": 3}, "the default"),
        ({"by": "hand"}, "by hand"),
    ],
)
def test_why_a_case_came_here_is_said(route: dict, words: str):
    assert words in str(route_reason(route, "Billing"))


def test_the_timeline_tells_everything_in_order_with_its_due_times():
    file = a_file(CaseState.WAITING_ANSWER)
    next(clock for clock in file.clocks if clock.step is Step.ACKNOWLEDGE).due_at = LAST + timedelta(minutes=15)
    entries = [
        JournalEntry(
            id="1",
            case_id="case1",
            case_version=1,
            at=POSTED,
            actor="portavoce",
            act="OpenCase",
            to_state=file.case.state,
        ),
        JournalEntry(
            id="2", case_id="case1", case_version=2, at=LAST, actor=COLLEAGUE, act="Claim", to_state=file.case.state
        ),
    ]
    view = details_view(file, entries, [], shown())
    assert [(event.actor, str(event.what)) for event in view.events] == [
        ("Portavoce", "received"),
        ("Bruno", "claimed"),
    ]
    assert [str(reason) for reason in view.reasons] == ["claimed: due 09:25, 15 min after 09:10."]


@pytest.mark.parametrize("because", VoidReason)
def test_why_an_approval_is_void_is_told_in_the_readers_language(because: VoidReason):
    told = draft_reason(a_draft(PARTS, DraftState.VOID, reason=because.value))
    assert isinstance(told, Sentence)
    english, italian = Reader("en").read(told), Reader("it").read(told)
    assert len({because.value, english, italian}) == 3


def test_a_reviewers_own_words_are_told_as_they_are():
    assert draft_reason(a_draft(PARTS, DraftState.SENT_BACK, reason="customer_wrote")) == "customer_wrote"
    assert draft_reason(a_draft(PARTS, DraftState.APPROVED, reason=None)) is None


@pytest.mark.parametrize(
    ("state", "draft", "title"),
    [
        (CaseState.IN_REVIEW, DraftState.PENDING, "Text to be published"),
        (CaseState.RELAYING, DraftState.APPROVED, "Text to be published"),
        (CaseState.NEEDS_CHECK, DraftState.APPROVED, "Perhaps published"),
        (CaseState.ANSWERED, DraftState.APPROVED, "Published"),
        (CaseState.CLOSED, DraftState.APPROVED, "Published"),
        (CaseState.WAITING_ANSWER, DraftState.SENT_BACK, "Sent back"),
        (CaseState.WAITING_ANSWER, DraftState.REJECTED, "Rejected"),
        (CaseState.IN_REVIEW, DraftState.SUPERSEDED, "Replaced"),
        (CaseState.IN_REVIEW, DraftState.VOID, "Void"),
    ],
)
def test_an_approvals_card_is_titled_by_what_became_of_its_text(state: CaseState, draft: DraftState, title: str):
    file = replace(a_file(state), drafts=[a_draft(PARTS, draft)])
    file = replace(file, replies=[effect for effect in file.replies if draft is DraftState.APPROVED])
    view = approval_view(file, file.draft, shown())
    assert str(view.title) == title
    assert Reader("it").read(view.title) != title


def test_an_earlier_answer_stays_published_while_the_next_one_is_on_its_way():
    file = a_file(CaseState.RELAYING)
    next_one = a_draft(PARTS, DraftState.APPROVED, id="d2", version=2)
    file = replace(file, drafts=[*file.drafts, next_one])
    assert [str(draft_title(file, draft)) for draft in file.drafts] == ["Published", "Text to be published"]


def test_a_void_answer_of_which_a_part_is_public_says_so():
    file = a_file(CaseState.ANSWERED)
    assert str(draft_title(file, a_draft(PARTS, DraftState.VOID))) == "Void, published in part"


@pytest.mark.parametrize(("kind", "words"), [(TimerKind.WAKE, "snooze"), (TimerKind.CLOSE, "closed")])
def test_every_timer_says_what_will_happen(kind: TimerKind, words: str):
    timer = Timer(id="t", case_id="case1", kind=kind, cycle=1, due_at=NOW)
    assert words in str(timer_line(timer))
    assert Reader("it").read(timer_line(timer)) != str(timer_line(timer))


def test_every_act_of_the_journal_has_words():
    for act in ("Reassign", "VoidApproval", "QuietPeriodPassed", "Perform"):
        entry = JournalEntry(
            id="1", case_id="c", case_version=1, at=NOW, actor="anna", act=act, to_state=CaseState.CLOSED
        )
        assert str(journal_line(entry, shown())) != act


def test_a_note_quotes_and_compares_what_it_points_to():
    file = a_file(CaseState.IN_REVIEW)
    newer = a_draft(PARTS, DraftState.PENDING, version=2, text="It is in your spam.")
    file = replace(file, drafts=[file.draft, newer])
    view = note_view(Note(say("Look:"), to=("anna",), diff=(1, 2), quote="m1"), file)
    assert (view.quote, view.to) == ("Where is my invoice?", ("anna",))
    assert ("added", "spam") in [(piece.kind, piece.text) for piece in view.diff]
    assert note_view(Note(say("Look:"), diff=(1, 9), quote="x"), file).diff == ()
