"""The transition table: complete, reachable, printable, and quick to notice when somebody breaks it."""

import dataclasses
import typing

import pytest

from escalation import commands as c
from escalation.lifecycle import FINAL, INITIAL, TABLE, Right, Transition, _index, check, lines, mermaid, transition
from models.vocabulary import OPEN_STATES, CaseState, Step

COMMANDS = typing.get_args(c.Command)
BY_THE_CUSTOMER = {c.CustomerWrote, c.CustomerEdited, c.CustomerDeleted}


def row(command: type[c.Command], from_: set[CaseState], to: CaseState | None) -> Transition:
    return Transition(command, frozenset(from_), to, Right.SYSTEM)


def test_every_command_has_a_row():
    assert {row.command for row in TABLE} == set(COMMANDS)


def test_no_pair_of_state_and_command_has_two_rows():
    with pytest.raises(ValueError, match="two rows for Claim in snoozed"):
        _index((*TABLE, row(c.Claim, {CaseState.SNOOZED}, None)))


def test_a_state_that_nothing_leads_to_is_noticed():
    with pytest.raises(ValueError, match=r"nothing leads to.*needs_check"):
        check(tuple(row for row in TABLE if row.to is not CaseState.NEEDS_CHECK))


@pytest.mark.parametrize("stuck", sorted(set(CaseState) - FINAL))
def test_a_state_without_a_way_out_is_noticed(stuck: CaseState):
    table = [dataclasses.replace(row, from_=row.from_ - {stuck}) for row in TABLE]
    with pytest.raises(ValueError, match=r"without a way out|nothing leads to"):
        check(tuple(table))


def test_a_lonely_trap_is_noticed():
    table = (
        *(row(c.Claim, {INITIAL}, state) for state in CaseState if state is not INITIAL),
        *(row(c.Wake, {state}, INITIAL) for state in CaseState if state not in FINAL | {CaseState.SNOOZED}),
    )
    with pytest.raises(ValueError, match=r"without a way out.*snoozed"):
        check(table)


@pytest.mark.parametrize("state", CaseState)
@pytest.mark.parametrize("command", sorted(BY_THE_CUSTOMER, key=lambda command: command.__name__))
def test_the_customer_is_listened_to_in_every_state(state: CaseState, command: type[c.Command]):
    assert transition(state, command) is not None


@pytest.mark.parametrize("state", CaseState)
def test_a_card_may_become_visible_in_every_state(state: CaseState):
    assert transition(state, c.CardShown) is not None


def test_nothing_but_the_customer_opens_a_finished_case():
    openers = {row.command for row in TABLE for state in row.from_ & FINAL if row.target(state) in OPEN_STATES}
    assert openers == {c.CustomerWrote}


def test_only_an_approval_leads_to_sending():
    ways = {row.command: row.who for row in TABLE if row.to is CaseState.RELAYING and row.from_ != {CaseState.RELAYING}}
    assert set(ways) == {c.Approve, c.EditAndSend, c.ConfirmNotPosted, c.ConfirmPartPosted}
    assert set(ways.values()) == {Right.APPROVER}


def test_no_row_both_ends_a_step_as_done_and_drops_it():
    assert [row for row in TABLE if set(row.stops) & set(row.drops)] == []


def test_a_row_that_leaves_a_state_for_good_stops_the_clocks_of_its_work():
    for row in TABLE:
        if row.to in FINAL:
            assert Step.RESOLUTION in row.stops, row.command
        if CaseState.IN_REVIEW in row.from_ and row.to not in {CaseState.IN_REVIEW, None}:
            assert Step.APPROVE in (*row.stops, *row.drops), row.command
        if row.from_ <= {CaseState.RELAYING, CaseState.NEEDS_CHECK} and row.to in {
            CaseState.IN_REVIEW,
            CaseState.ANSWERED,
        }:
            assert Step.RELAY in (*row.stops, *row.drops), row.command


def test_the_table_can_be_printed():
    printed = list(lines())
    assert len(printed) == len(TABLE)
    assert ("in_review", "Approve", "approver", "relaying (or same)") in [line[:4] for line in printed]
    claim = next(line for line in printed if line[1] == "Claim")
    assert claim == (
        "snoozed, waiting_answer",
        "Claim",
        "colleague",
        "waiting_answer",
        "-route -acknowledge +answer",
        "card",
    )
    edited = next(line for line in printed if line[1] == "CustomerEdited")
    assert edited[0] == "any but relaying"


def test_the_diagram_shows_every_move():
    text = mermaid()
    assert text.startswith("stateDiagram-v2\n    [*] --> waiting_answer: OpenCase\n")
    assert "    in_review --> relaying: Approve, EditAndSend" in text
    assert text.endswith("    closed --> [*]\n    dismissed --> [*]")
    moves = {(state, row.to) for row in TABLE for state in row.from_ if row.to is not None and row.to != state}
    assert sum(f"    {from_} --> {to}: " in text for from_, to in moves) == len(moves)
