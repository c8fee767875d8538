"""decide: for every state, command and person either a decision along the table or a sentence; never a surprise."""

import copy
import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from escalation import commands as c
from escalation.decide import SYSTEM, decide, text_hash
from escalation.decision import Decision, Refusal
from escalation.language import say
from escalation.lifecycle import CUSTOMERS_STEPS, FINAL, Right, transition
from models.case import Draft
from models.vocabulary import (
    CaseState,
    DismissReason,
    DraftSource,
    DraftState,
    EffectKind,
    EffectState,
    NetworkAct,
    Step,
    StepOutcome,
    TimerKind,
    Verdict,
    Visibility,
)
from tests.unit.desk_table import (
    APPROVER,
    AUTHOR,
    COLLEAGUE,
    LAST,
    MANAGER,
    NOW,
    PARTS,
    SECOND,
    SEEN,
    STRANGER,
    a_draft,
    a_file,
    an_effect,
    everything,
    rules,
    second,
)

ALL = list(everything())
FILES = {state: a_file(state) for state in CaseState}
"""One case per state, shared by the tests that only read; that decisions change nothing is a test of its own."""
RULES = rules()


def taken(state: CaseState, command: c.Command, actor: str, **facts: object) -> Decision:
    decided = decide(a_file(state, **facts), command, rules(), actor=actor, now=NOW)
    assert isinstance(decided, Decision), decided
    return decided


def sentence(state: CaseState, command: c.Command, actor: str, **facts: object) -> str:
    decided = decide(a_file(state, **facts), command, rules(), actor=actor, now=NOW)
    assert isinstance(decided, Refusal), decided
    return str(decided.sentence)


# --- everything with everything ---------------------------------------------------------------------------------------


def test_the_whole_product_is_tried():
    assert len(ALL) == 8 * 49 * 7
    assert {type(command) for _, command, _ in ALL} >= {c.Approve, c.VoidApproval, c.CustomerWrote}


@pytest.mark.parametrize("ruling", [rules, second])
def test_there_is_always_a_lawful_decision_a_sentence_or_nothing(ruling):
    ruled = ruling()
    for state, command, actor in ALL:
        file = FILES[state]
        decided = decide(file, command, ruled, actor=actor, now=NOW)
        where = (state, command, actor)
        row = transition(state, type(command))
        if isinstance(decided, Refusal):
            assert str(decided.sentence).strip(), where
            assert "{" not in str(decided.sentence), where
        elif decided is None:
            assert isinstance(command, c.CardShown | c.TargetsDue | c.ReleaseClaim), where
        else:
            assert row is not None or isinstance(command, c.ConfirmPartPosted), where
            _follows_its_row(file, decided, where)


def _follows_its_row(file, decided: Decision, where: tuple) -> None:
    state = file.case.state
    row = next(r for r in [transition(state, t) for t in c.Command.__args__] if r and r.command.__name__ == decided.act)
    if row.who is Right.SYSTEM:
        assert decided.actor == SYSTEM, where
    else:
        assert decided.actor not in {SYSTEM, STRANGER}, where
    stays = decided.to_state == state and row.or_stay
    assert stays or decided.to_state == row.target(state), where
    assert decided.changes["version"] == file.case.version + 1
    assert decided.changes["state"] == decided.to_state
    assert decided.at == decided.changes["last_at"] >= file.case.last_at
    assert {clock.step for clock in decided.stopped} <= set(row.stops) | set(row.drops), where
    assert {clock.step for clock in decided.started} <= set(row.starts), where
    for clock in decided.stopped:
        assert clock.ended_at == decided.at >= clock.started_at
        assert clock.wall_seconds == (clock.ended_at - clock.started_at).total_seconds()
        unanswered = clock.step is Step.RESOLUTION and file.case.answered_at is None
        done = StepOutcome.AT_ONCE if clock.is_new else StepOutcome.CANCELLED if unanswered else StepOutcome.DONE
        assert clock.outcome is (done if clock.step in row.stops else StepOutcome.CANCELLED)
        assert clock.is_new or file.running(clock.step).cycle == clock.cycle
    for clock in decided.started:
        assert clock.started_at == decided.at or clock.step in CUSTOMERS_STEPS
        assert clock.started_at <= decided.at
        latest = max([x.cycle for x in (*file.clocks, *decided.stopped) if x.step is clock.step], default=0)
        assert clock.cycle == latest + 1, where
    _says_enough(decided)
    _owes_somebody_something(file, decided, where)
    json.dumps(decided.details)
    for intent in decided.intents:
        json.dumps(intent.payload)


def _says_enough(decided: Decision) -> None:
    """The journal entry alone tells which clocks turned."""
    assert decided.details.get("stopped", []) == [[x.step.value, x.cycle, x.outcome.value] for x in decided.stopped]
    assert decided.details.get("started", []) == [[x.step.value, x.cycle] for x in decided.started]


def _owes_somebody_something(file, decided: Decision, where: tuple) -> None:
    ended = {clock.step for clock in decided.stopped}
    running = {x.step for x in file.clocks if x.ended_at is None} - ended | {x.step for x in decided.started}
    assert running if decided.to_state not in FINAL else not running, where


def test_nothing_that_is_read_is_changed():
    for state, command, actor in ALL[::3]:
        file = a_file(state)
        before = copy.deepcopy([row.model_dump() for row in (file.case, *file.drafts, *file.clocks, *file.replies)])
        decide(file, command, rules(), actor=actor, now=NOW)
        assert [row.model_dump() for row in (file.case, *file.drafts, *file.clocks, *file.replies)] == before


def test_the_same_arguments_give_the_same_decision():
    for state, command, actor in ALL[::5]:
        first, again = (decide(FILES[state], command, RULES, actor=actor, now=NOW) for _ in range(2))
        if isinstance(first, Decision) and first.new_draft is not None:
            assert first.new_draft.model_dump() == again.new_draft.model_dump()
            first, again = replace(first, new_draft=None), replace(again, new_draft=None)
        assert first == again


def test_a_clock_that_was_set_back_never_takes_time_back():
    earlier = LAST - timedelta(hours=5)
    for state, command, actor in ALL:
        decided = decide(FILES[state], command, RULES, actor=actor, now=earlier)
        if isinstance(decided, Decision):
            assert decided.at == LAST
            assert all(clock.wall_seconds >= 0 for clock in decided.stopped)


def test_nobody_acts_as_the_program_and_the_program_as_nobody():
    for state, command, actor in ALL:
        row = transition(state, type(command))
        decided = decide(FILES[state], command, RULES, actor=actor, now=NOW)
        if row is not None and (row.who is Right.SYSTEM) != (actor == SYSTEM):
            assert isinstance(decided, Refusal), (state, command, actor)


def test_no_reply_is_ever_intended_but_by_an_approval():
    for state, command, actor in ALL:
        decided = decide(FILES[state], command, RULES, actor=actor, now=NOW)
        replies = isinstance(decided, Decision) and any(i.kind is EffectKind.REPLY for i in decided.intents)
        if replies:
            assert isinstance(command, c.Approve | c.EditAndSend)
            assert (state, actor) == (CaseState.IN_REVIEW, APPROVER)


# --- who may ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("actor", [COLLEAGUE, AUTHOR, APPROVER, MANAGER])
def test_colleagues_approvers_and_managers_may_claim(actor: str):
    assert taken(CaseState.WAITING_ANSWER, c.Claim(), actor).changes["owner"] == actor


def test_a_stranger_is_told_whom_to_ask():
    assert "belongs to Billing" in sentence(CaseState.WAITING_ANSWER, c.Claim(), STRANGER)


@pytest.mark.parametrize("actor", [COLLEAGUE, MANAGER, STRANGER, SECOND])
def test_only_approvers_approve(actor: str):
    assert "Only an approver" in sentence(CaseState.IN_REVIEW, c.Approve(SEEN), actor)


def test_four_eyes_stand_in_the_decision_itself():
    decided = taken(CaseState.IN_REVIEW, c.Approve(SEEN), APPROVER)
    assert [d.forbid_author for d in decided.decided] == [APPROVER]
    relaxed = decide(a_file(CaseState.IN_REVIEW), c.Approve(SEEN), rules(four_eyes=False), actor=AUTHOR, now=NOW)
    assert isinstance(relaxed, Decision)
    assert [d.forbid_author for d in relaxed.decided] == [None]


def test_an_author_who_is_an_approver_does_not_approve_their_own_text():
    assert "Four eyes" in sentence(CaseState.IN_REVIEW, c.Approve(SEEN), AUTHOR)
    assert "Four eyes" in sentence(CaseState.IN_REVIEW, c.EditAndSend(SEEN, "Mine"), AUTHOR)


def test_the_second_approval_is_given_by_another_person_and_then_it_is_sent():
    file = a_file(CaseState.IN_REVIEW)
    first = decide(file, c.Approve(SEEN), second(), actor=APPROVER, now=NOW)
    assert first.to_state is CaseState.IN_REVIEW
    assert (first.stopped, first.started) == ((), ())
    assert [(d.verdict, d.first_approver) for d in first.decided] == [(Verdict.FIRST_APPROVED, APPROVER)]
    assert [card.channel for card in first.cards] == ["slack:C0LEGAL"]
    drafted = a_draft(PARTS, DraftState.PENDING, first_approver=APPROVER, decided_at=NOW)
    approved_once = replace(file, drafts=[drafted])
    then = decide(approved_once, c.Approve(SEEN), second(), actor=SECOND, now=NOW)
    assert then.to_state is CaseState.RELAYING
    again = decide(approved_once, c.Approve(SEEN), second(), actor=APPROVER, now=NOW)
    assert "second approval" in str(again.sentence)


# --- what is told to whoever came too late ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "command", "words"),
    [
        (CaseState.RELAYING, c.Approve(SEEN), "Carla approved this"),
        (CaseState.ANSWERED, c.Approve(SEEN), "Carla approved this"),
        (CaseState.ANSWERED, c.Undo(), "already left"),
        (CaseState.IN_REVIEW, c.Claim(), "An answer by Anna is waiting"),
        (CaseState.CLOSED, c.Claim(), "was closed"),
        (CaseState.DISMISSED, c.Claim(), "no reply needed"),
        (CaseState.WAITING_ANSWER, c.Approve(SEEN), "moved on"),
        (CaseState.IN_REVIEW, c.Approve(c.DraftSeen(1, SEEN.hash, 9)), "changed the conversation"),
        (CaseState.IN_REVIEW, c.Approve(c.DraftSeen(7, SEEN.hash, 1)), "newer version"),
        (CaseState.IN_REVIEW, c.Approve(c.DraftSeen(1, "x", 1)), "newer version"),
    ],
)
def test_a_late_click_says_who_was_first(state: CaseState, command: c.Command, words: str):
    assert words in sentence(state, command, APPROVER)


def test_spam_is_named_to_whoever_asks():
    assert "spam" in sentence(CaseState.DISMISSED, c.Claim(), COLLEAGUE, dismiss_reason=DismissReason.SPAM)


# --- single commands --------------------------------------------------------------------------------------------------


def test_approving_intends_every_part_in_order_after_the_time_for_undoing():
    decided = taken(CaseState.IN_REVIEW, c.Approve(c.DraftSeen(1, _hash_of(3), 1)), APPROVER, parts=3)
    replies = [intent for intent in decided.intents if intent.kind is EffectKind.REPLY]
    assert [intent.part for intent in replies] == [0, 1, 2]
    assert {intent.not_before for intent in replies} == {NOW + timedelta(seconds=5)}
    assert {intent.lane for intent in replies} == {"reply:case1"}
    assert all(intent.of_review for intent in replies)


def _hash_of(parts: int) -> str:
    return text_hash([f"@ada Part ({n}/{parts})" for n in range(1, parts + 1)], Visibility.PUBLIC)


def test_the_hash_covers_every_part_and_who_can_read_it():
    hashes = {
        text_hash(["a", "b"], Visibility.PUBLIC),
        text_hash(["a", "b"], Visibility.PRIVATE),
        text_hash(["ab"], Visibility.PUBLIC),
        text_hash(["b", "a"], Visibility.PUBLIC),
        text_hash(["a", "b "], Visibility.PUBLIC),
        text_hash(["a\ud800"], Visibility.PUBLIC),
    }
    assert len(hashes) == 6


def test_editing_keeps_the_author_and_sends_the_new_words():
    decided = taken(CaseState.IN_REVIEW, c.EditAndSend(SEEN, "It is on its way."), APPROVER)
    draft = decided.new_draft
    assert (draft.author, draft.edited_by, draft.based_on, draft.version) == (AUTHOR, APPROVER, 1, 2)
    assert (draft.state, draft.decided_by, draft.source) == (DraftState.APPROVED, APPROVER, DraftSource.EDIT)
    assert [d.state for d in decided.decided] == [DraftState.SUPERSEDED]


def test_a_new_answer_sets_the_waiting_one_aside():
    decided = taken(CaseState.IN_REVIEW, c.SubmitDraft("Better.", DraftSource.DIALOG), COLLEAGUE)
    assert [(d.state, d.version) for d in decided.decided] == [(DraftState.SUPERSEDED, 1)]
    assert (decided.new_draft.version, decided.new_draft.author) == (2, COLLEAGUE)


def test_an_answer_without_a_claim_ends_both_steps_at_once():
    decided = taken(CaseState.WAITING_ANSWER, c.SubmitDraft("Here.", DraftSource.THREAD), COLLEAGUE)
    steps = {clock.step: (clock.wall_seconds, clock.is_new) for clock in decided.stopped}
    assert steps == {Step.ACKNOWLEDGE: (60.0, False), Step.ANSWER: (0.0, True)}
    assert decided.changes["owner"] == COLLEAGUE


@pytest.mark.parametrize("reply", [EffectState.SENDING, EffectState.UNKNOWN, EffectState.SENT])
def test_what_has_left_is_not_undone(reply: EffectState):
    assert "already left" in sentence(CaseState.RELAYING, c.Undo(), APPROVER, reply=reply)


@pytest.mark.parametrize("command", [c.CustomerWrote("m1"), c.CustomerEdited("m1"), c.CustomerDeleted("m1")])
def test_what_has_left_stays_approved_when_the_customer_moves(command: c.Command):
    decided = taken(CaseState.RELAYING, command, SYSTEM, reply=EffectState.SENDING)
    assert (decided.to_state, decided.new_draft, decided.recall) == (CaseState.RELAYING, None, None)
    assert decided.changes["context_version"] == 2


@pytest.mark.parametrize("command", [c.CustomerWrote("m1"), c.CustomerEdited("m1"), c.CustomerDeleted("m1")])
def test_what_waits_is_void_when_the_customer_moves(command: c.Command):
    decided = taken(CaseState.RELAYING, command, SYSTEM)
    assert (decided.to_state, decided.recall, decided.recall_all) == (CaseState.IN_REVIEW, "d1", True)
    assert [d.state for d in decided.decided] == [DraftState.VOID]
    renewed = decided.new_draft
    assert (renewed.parts, renewed.hash, renewed.state) == (PARTS, SEEN.hash, DraftState.PENDING)
    assert renewed.context_version == decided.changes["context_version"] == 2


def test_a_reply_that_is_partly_public_is_renewed_without_what_stands_there():
    file = a_file(CaseState.RELAYING, parts=3)
    file.replies[0].state = EffectState.SENT
    for command in (c.VoidApproval(), c.Undeliverable("rude", say("No."), 1)):
        decided = decide(file, command, rules(), actor=SYSTEM, now=NOW)
        assert decided.new_draft.parts == ["@ada Part (2/3)", "@ada Part (3/3)"]
        assert not decided.recall_all


def test_delivery_ends_the_relay_and_the_first_response_and_sets_the_closing_timer():
    decided = taken(CaseState.RELAYING, c.Delivered("out-1", None, 1), SYSTEM)
    assert {clock.step for clock in decided.stopped} == {Step.RELAY, Step.FIRST_RESPONSE}
    assert [(timer.kind, timer.due_at) for timer in decided.timers] == [(TimerKind.CLOSE, NOW + timedelta(days=1))]
    assert decided.then is None


def test_a_message_that_came_while_the_reply_left_is_taken_up_right_after():
    file = a_file(CaseState.RELAYING)
    later = file.mentions[0].model_copy(update={"id": "m2", "received_at": LAST + timedelta(seconds=1)})
    decided = decide(
        replace(file, mentions=[*file.mentions, later]), c.Delivered("o", None, 1), rules(), actor=SYSTEM, now=NOW
    )
    assert decided.then == c.CustomerWrote("m2")


@pytest.mark.parametrize(
    ("states", "act"),
    [
        ([EffectState.NEEDS_CHECK], "ConfirmPosted"),
        ([EffectState.NEEDS_CHECK, EffectState.READY], "ConfirmPartPosted"),
        ([EffectState.SENT, EffectState.NEEDS_CHECK], "ConfirmPosted"),
    ],
)
@pytest.mark.parametrize("command", [c.ConfirmPosted(), c.ConfirmPartPosted()])
def test_it_is_there_means_the_part_that_was_looked_for(states: list[EffectState], act: str, command: c.Command):
    file = a_file(CaseState.NEEDS_CHECK, parts=len(states))
    replies = [an_effect(part, state) for part, state in enumerate(states)]
    decided = decide(replace(file, replies=replies), command, rules(), actor=APPROVER, now=NOW)
    assert (decided.act, decided.check, decided.check_state) == (act, "d1", EffectState.SENT)


def test_the_same_delay_is_told_once():
    first = taken(CaseState.RELAYING, c.Delayed("busy", NOW), SYSTEM)
    notice = first.changes["notice"]
    assert (
        decide(a_file(CaseState.RELAYING, notice=notice), c.Delayed("busy", NOW), rules(), actor=SYSTEM, now=NOW)
        is None
    )


@pytest.mark.parametrize("wait", [timedelta(0), -timedelta(hours=1), timedelta(days=30) + timedelta(seconds=1)])
def test_a_snooze_ends_in_the_next_thirty_days(wait: timedelta):
    assert "the next 30 d" in sentence(CaseState.WAITING_ANSWER, c.Snooze(NOW + wait), COLLEAGUE)


def test_the_longest_snooze_is_taken():
    decided = taken(CaseState.WAITING_ANSWER, c.Snooze(NOW + timedelta(days=30)), COLLEAGUE)
    assert [timer.kind for timer in decided.timers] == [TimerKind.WAKE]


def test_not_ours_remembers_who_declined():
    decided = taken(CaseState.WAITING_ANSWER, c.NotOurs(), COLLEAGUE, declined=["legal"])
    assert decided.changes["declined"] == ["legal", "billing"]
    assert decided.changes["department"] == "product"
    assert [clock.department for clock in decided.started] == ["product"]


def test_a_network_that_cannot_do_something_says_so():
    assert "cannot do that" in sentence(CaseState.WAITING_ANSWER, c.Perform(NetworkAct.HIDE), APPROVER)


def test_a_draft_of_a_damaged_case_is_an_error_not_a_guess():
    broken = replace(a_file(CaseState.RELAYING), drafts=[])
    with pytest.raises(LookupError, match="relaying without a draft"):
        decide(broken, c.VoidApproval(), rules(), actor=SYSTEM, now=NOW)


def test_a_new_draft_has_no_id_until_it_is_written():
    decided = taken(CaseState.WAITING_ANSWER, c.SubmitDraft("Here.", DraftSource.DIALOG), COLLEAGUE)
    assert isinstance(decided.new_draft, Draft)
    assert decided.new_draft.id == ""


# --- customers who were never answered --------------------------------------------------------------------------------


def wrote_later(state: CaseState, *, posted: datetime, **facts: object) -> Decision:
    """A further message of the customer, written at ``posted`` and received now."""
    file = a_file(state, **facts)
    second = file.mention.model_copy(update={"id": "m2", "posted_at": posted, "received_at": NOW})
    file = replace(file, mentions=[*file.mentions, second])
    decided = decide(file, c.CustomerWrote("m2"), rules(), actor=SYSTEM, now=NOW)
    assert isinstance(decided, Decision)
    return decided


def test_a_dismissed_case_that_begins_again_owes_a_first_response_since_the_new_post():
    posted = NOW - timedelta(seconds=30)
    decided = wrote_later(CaseState.DISMISSED, posted=posted)
    started = {clock.step: clock for clock in decided.started}
    assert set(started) == {Step.ACKNOWLEDGE, Step.FIRST_RESPONSE, Step.RESOLUTION}
    assert started[Step.FIRST_RESPONSE].started_at == started[Step.RESOLUTION].started_at == posted
    timing = started[Step.FIRST_RESPONSE].timing
    assert timing.due_at(posted) == posted + timedelta(hours=1)
    assert started[Step.FIRST_RESPONSE].cycle == 2
    assert started[Step.ACKNOWLEDGE].started_at == NOW
    assert decided.details["since"] == dict.fromkeys(("first_response", "resolution"), posted.isoformat())


def test_a_dismissed_case_whose_customer_was_answered_once_owes_no_second_first_response():
    decided = wrote_later(CaseState.DISMISSED, posted=NOW, answered_at=LAST)
    assert {clock.step for clock in decided.started} == {Step.ACKNOWLEDGE, Step.NEXT_RESPONSE, Step.RESOLUTION}


def test_a_closed_case_is_resolved_from_the_new_post_on():
    posted = NOW - timedelta(seconds=30)
    decided = wrote_later(CaseState.CLOSED, posted=posted, answered_at=LAST)
    started = {clock.step: clock.started_at for clock in decided.started}
    assert started == {Step.ANSWER: NOW, Step.NEXT_RESPONSE: posted, Step.RESOLUTION: posted}


@pytest.mark.parametrize(("posted", "since"), [(LAST - timedelta(hours=1), LAST), (NOW + timedelta(hours=1), NOW)])
def test_a_clock_begins_neither_inside_what_was_counted_nor_in_the_future(posted: datetime, since: datetime):
    decided = wrote_later(CaseState.DISMISSED, posted=posted)
    assert {clock.started_at for clock in decided.started if clock.step is not Step.ACKNOWLEDGE} == {since}


def test_spam_that_writes_again_starts_nothing():
    assert wrote_later(CaseState.DISMISSED, posted=NOW, dismiss_reason=DismissReason.SPAM).started == ()


# --- why an approval is void ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "actor", "because"),
    [
        (c.Undo(), APPROVER, "undone"),
        (c.CustomerWrote("m1"), SYSTEM, "customer_wrote"),
        (c.CustomerEdited("m1"), SYSTEM, "customer_edited"),
        (c.CustomerDeleted("m1"), SYSTEM, "customer_deleted"),
        (c.VoidApproval(), SYSTEM, "conversation_changed"),
        (c.Undeliverable("rude", say("The network refused it: {why}", why="rude"), 0), SYSTEM, "refused"),
        (c.Undeliverable("rude", say("The network refused it: {why}", why="rude"), 1), SYSTEM, "refused_in_part"),
    ],
)
def test_a_void_draft_remembers_a_word_in_nobodys_language(command: c.Command, actor: str, because: str):
    decided = taken(CaseState.RELAYING, command, actor)
    assert [(old.state, old.reason) for old in decided.decided] == [(DraftState.VOID, because)]
