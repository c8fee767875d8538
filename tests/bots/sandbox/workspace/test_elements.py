"""Every kind of field takes what a person enters in Slack's shape, and refuses what Slack's client would not let in."""

import pytest

from bots.sandbox.workspace import CannotDo
from bots.sandbox.workspace.elements import find_button, find_input, missing_fields, state_values, touchables, value_of
from tests.bots.sandbox.workspace.stage import button, section


def option(text, value):
    return {"text": {"type": "plain_text", "text": text}, "value": value}


NOON, ONE = option("Noon", "12"), option("One", "13")
BOTH = {"options": [NOON, ONE]}


@pytest.mark.parametrize(
    ("element", "entered", "kept"),
    [
        ({"type": "plain_text_input"}, "soup", {"value": "soup"}),
        ({"type": "plain_text_input"}, "", {"value": None}),
        ({"type": "number_input"}, 7, {"value": "7"}),
        ({"type": "email_text_input"}, "a@acme.example", {"value": "a@acme.example"}),
        ({"type": "datepicker"}, "2026-11-21", {"selected_date": "2026-11-21"}),
        ({"type": "timepicker"}, "09:30", {"selected_time": "09:30"}),
        ({"type": "datetimepicker"}, 1_800_000_000, {"selected_date_time": 1_800_000_000}),
        ({"type": "users_select"}, "U0ANNA", {"selected_user": "U0ANNA"}),
        ({"type": "conversations_select"}, "C0LUNCH", {"selected_conversation": "C0LUNCH"}),
        ({"type": "multi_users_select"}, ["U0ANNA"], {"selected_users": ["U0ANNA"]}),
        ({"type": "multi_channels_select"}, "C0LUNCH", {"selected_channels": ["C0LUNCH"]}),
        ({"type": "static_select", **BOTH}, "One", {"selected_option": ONE}),
        ({"type": "static_select", **BOTH}, "12", {"selected_option": NOON}),
        ({"type": "static_select", **BOTH}, None, {"selected_option": None}),
        ({"type": "radio_buttons", **BOTH}, "Noon", {"selected_option": NOON}),
        ({"type": "checkboxes", **BOTH}, ["One", "Noon"], {"selected_options": [ONE, NOON]}),
        ({"type": "checkboxes", **BOTH}, [], {"selected_options": []}),
        ({"type": "checkboxes", **BOTH}, "One", {"selected_options": [ONE]}),
        ({"type": "multi_static_select", "option_groups": [BOTH]}, ["13"], {"selected_options": [ONE]}),
        ({"type": "external_select"}, ONE, {"selected_option": ONE}),
    ],
)
def test_what_is_entered(element, entered, kept):
    assert value_of(element, entered) == {"type": element["type"], **kept}


def test_rich_text_is_written_as_rich_text():
    kept = value_of({"type": "rich_text_input"}, "soup")
    assert kept["rich_text_value"]["elements"][0]["elements"] == [{"type": "text", "text": "soup"}]


@pytest.mark.parametrize(
    ("element", "entered", "sentence"),
    [
        ({"type": "static_select", **BOTH}, "Two", "no choice 'Two' here; there are: Noon, One"),
        ({"type": "plain_text_input", "max_length": 3}, "soup", "takes 3 characters, not 4"),
        ({"type": "plain_text_input"}, "x" * 3001, "takes 3000 characters, not 3001"),
        ({"type": "button"}, "x", "nothing can be entered into a button"),
    ],
)
def test_what_cannot_be_entered(element, entered, sentence):
    with pytest.raises(CannotDo, match=sentence):
        value_of(element, entered)


BLOCKS = [
    section("x"),
    {"type": "section", "block_id": "s", "accessory": button("Beside", "beside")},
    {
        "type": "actions",
        "block_id": "a",
        "elements": [button("Go", "go"), {"type": "static_select", "action_id": "hour", **BOTH}],
    },
    {
        "type": "input",
        "block_id": "i",
        "label": {"type": "plain_text", "text": "Dish"},
        "element": {"type": "plain_text_input", "action_id": "dish", "initial_value": "soup", "min_length": 3},
    },
    {
        "type": "input",
        "block_id": "days",
        "label": {"type": "plain_text", "text": "Days"},
        "element": {"type": "checkboxes", "action_id": "days", **BOTH},
    },
    {
        "type": "container",
        "block_id": "c",
        "child_blocks": [{"type": "actions", "block_id": "d", "elements": [button("In", "in")]}],
    },
    {
        "type": "carousel",
        "block_id": "e",
        "elements": [{"type": "card", "block_id": "f", "actions": [button("Card", "card")]}],
    },
]


def test_everything_that_can_be_touched_is_found():
    assert [one.action_id for one in touchables(BLOCKS)] == ["beside", "go", "hour", "dish", "days", "in", "card"]
    assert find_button(BLOCKS, button="Card", action_id=None).block_id == "f"
    assert find_button(BLOCKS, button=None, action_id="in").label == "In"
    for name in ("dish", "i", "i/dish", "Dish"):
        assert find_input(BLOCKS, name).action_id == "dish"
    with pytest.raises(CannotDo, match=r"no field 'Wine' here; there are: '' \(a/hour\), 'Dish' \(i/dish\)"):
        find_input(BLOCKS, "Wine")
    with pytest.raises(CannotDo, match="no button action_id 'fly'"):
        find_button(BLOCKS, button=None, action_id="fly")


def test_state_holds_every_field_entered_or_not():
    assert state_values(BLOCKS, {"a": {"hour": {"type": "static_select", "selected_option": ONE}}}) == {
        "a": {"hour": {"type": "static_select", "selected_option": ONE}},
        "i": {"dish": {"type": "plain_text_input", "value": "soup"}},
        "days": {"days": {"type": "checkboxes", "selected_options": []}},
    }
    # A field that changed its type under the same ids starts anew.
    assert state_values(BLOCKS, {"i": {"dish": {"type": "number_input", "value": "1"}}})["i"]["dish"]["value"] == "soup"


def test_what_slacks_client_asks_for_before_it_submits():
    values = state_values(BLOCKS, {"i": {"dish": {"type": "plain_text_input", "value": "so"}}})
    assert missing_fields(BLOCKS, values) == {
        "i": "Must be at least 3 characters long.",
        "days": "Please complete this required field.",
    }
