"""Every limit of Slack's blocks is refused with the right word and pointer, and its border accepted."""

import pytest
from slack_sdk.models.blocks import Block

from bots.sandbox.workspace.block_check import completed, problems_of_blocks, problems_of_view
from tests.bots.sandbox.workspace.stage import ANNA, LUNCH, POLL, button, section, wish_dialog


def plain(text):
    return {"type": "plain_text", "text": text}


def mrkdwn(text):
    return {"type": "mrkdwn", "text": text}


def option(text="o", value="v", **more):
    return {"text": plain(text), "value": value, **more}


def actions(*elements):
    return {"type": "actions", "elements": list(elements)}


def select(**more):
    return {"type": "static_select", "action_id": "s", "options": [option()], **more}


def asked(element, **more):
    return {"type": "input", "label": plain("Label"), "element": element, **more}


def text_input(**more):
    return {"type": "plain_text_input", "action_id": "t", **more}


def confirm(**more):
    return {"title": plain("t"), "text": plain("x"), "confirm": plain("y"), "deny": plain("n"), **more}


RAW = {"type": "raw_text", "text": "cell"}
IMAGE = {"type": "image", "image_url": "https://x.example/i.png", "alt_text": "i"}
LINES = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}]}
ACCEPTED = {
    "section": [section("x" * 3000)],
    "fields": [{"type": "section", "fields": [mrkdwn("x" * 2000)] * 10}],
    "header": [{"type": "header", "text": plain("x" * 150)}],
    "divider": [{"type": "divider", "block_id": "d" * 255}],
    "context": [{"type": "context", "elements": [IMAGE, *[plain("x")] * 9]}],
    "actions": [actions(*[button("b", f"a{number}") for number in range(25)])],
    "button": [actions(button("x" * 75, "a", value="v" * 2000, style="danger", url="u" * 3000, confirm=confirm()))],
    "select": [actions(select(options=[option("x" * 75, "v" * 150)] * 100, placeholder=plain("p" * 150)))],
    "groups": [
        actions({**select(option_groups=[{"label": plain("g"), "options": [option()]}] * 100), "options": None})
    ],
    "overflow": [actions({"type": "overflow", "action_id": "o", "options": [option()] * 5})],
    "checkboxes": [
        actions({"type": "checkboxes", "action_id": "c", "options": [option(description=mrkdwn("d"))] * 10})
    ],
    "pickers": [
        actions({"type": "datepicker", "initial_date": "2026-11-21"}, {"type": "timepicker", "initial_time": "09:30"})
    ],
    "input": [asked(text_input(min_length=0, max_length=3000, multiline=True), hint=plain("h" * 2000), optional=True)],
    "rich text": [LINES],
    "markdown": [{"type": "markdown", "text": "x" * 12_000}],
    "image": [{**IMAGE, "title": plain("t" * 2000)}],
    "table": [{"type": "table", "rows": [[RAW] * 20] * 100, "column_settings": [{"align": "left"}]}],
    "data table": [{"type": "data_table", "caption": "c", "rows": [[RAW], [{"type": "raw_number", "value": 1}]]}],
    "chart": [{"type": "data_visualization", "title": "t" * 50, "chart": {"type": "pie", "segments": [{}] * 6}}],
    "card": [{"type": "card", "title": mrkdwn("t"), "body": mrkdwn("b" * 200), "actions": [button("b", "a")]}],
    "carousel": [{"type": "carousel", "elements": [{"type": "card", "body": plain("b")}] * 10}],
    "container": [
        {"type": "container", "title": plain("t"), "child_blocks": [section("x")] * 10, "is_collapsible": True}
    ],
    "the poll": POLL,
    "fifty": [section("x")] * 50,
}
REFUSED = {
    "long section": ([section("x" * 3001)], "must be less than 3001 characters", "/blocks/0/text/text"),
    "empty section": ([section("")], "must be more than 0 characters", "/blocks/0/text/text"),
    "section without text": ([{"type": "section"}], "missing required field: text or fields", "/blocks/0"),
    "eleven fields": (
        [{"type": "section", "fields": [plain("x")] * 11}],
        "no more than 10 items allowed",
        "/blocks/0/fields",
    ),
    "long field": ([{"type": "section", "fields": [plain("x" * 2001)]}], "less than 2001", "/blocks/0/fields/0/text"),
    "long header": (
        [{"type": "header", "text": plain("x" * 151)}],
        "must be less than 151 characters",
        "/blocks/0/text/text",
    ),
    "mrkdwn header": ([{"type": "header", "text": mrkdwn("x")}], "must be one of: plain_text", "/blocks/0/text/type"),
    "eleven in context": (
        [{"type": "context", "elements": [plain("x")] * 11}],
        "no more than 10",
        "/blocks/0/elements",
    ),
    "26 actions": ([actions(*[button("b", f"a{n}") for n in range(26)])], "no more than 25", "/blocks/0/elements"),
    "long button": (
        [actions(button("x" * 76, "a"))],
        "must be less than 76 characters",
        "/blocks/0/elements/0/text/text",
    ),
    "long value": ([actions(button("x", "a", value="v" * 2001))], "less than 2001", "/blocks/0/elements/0/value"),
    "long action_id": ([actions(button("x", "a" * 256))], "less than 256", "/blocks/0/elements/0/action_id"),
    "style": ([actions(button("x", "a", style="default"))], "valid enum value", "/blocks/0/elements/0/style"),
    "same action_id": (
        [actions(button("x", "a"), button("y", "a"))],
        "already exists",
        "/blocks/0/elements/1/action_id",
    ),
    "confirm": (
        [actions(button("x", "a", confirm=confirm(text=plain("x" * 301))))],
        "less than 301",
        "/blocks/0/elements/0/confirm/text/text",
    ),
    "confirm parts": (
        [actions(button("x", "a", confirm={"title": plain("t")}))],
        "missing required field: deny",
        "/blocks/0/elements/0/confirm",
    ),
    "101 options": ([actions(select(options=[option()] * 101))], "no more than 100", "/blocks/0/elements/0/options"),
    "long option": (
        [actions(select(options=[option("x" * 76)]))],
        "less than 76",
        "/blocks/0/elements/0/options/0/text/text",
    ),
    "long option value": (
        [actions(select(options=[option("x", "v" * 151)]))],
        "less than 151",
        "/blocks/0/elements/0/options/0/value",
    ),
    "both lists": (
        [actions(select(option_groups=[]))],
        "only one of options and option_groups",
        "/blocks/0/elements/0",
    ),
    "no list": (
        [actions({"type": "static_select"})],
        "missing required field: options or option_groups",
        "/blocks/0/elements/0",
    ),
    "foreign initial": (
        [actions(select(initial_option=option("z", "z")))],
        "must be among its options",
        "/blocks/0/elements/0/initial_option",
    ),
    "six in overflow": (
        [actions({"type": "overflow", "options": [option()] * 6})],
        "no more than 5",
        "/blocks/0/elements/0/options",
    ),
    "placeholder": (
        [actions(select(placeholder=plain("x" * 151)))],
        "less than 151",
        "/blocks/0/elements/0/placeholder/text",
    ),
    "date": (
        [actions({"type": "datepicker", "initial_date": "21.11.2026"})],
        "expected pattern",
        "/blocks/0/elements/0/initial_date",
    ),
    "long label": ([asked(text_input(), label=plain("x" * 2001))], "less than 2001", "/blocks/0/label/text"),
    "max_length": ([asked(text_input(max_length=3001))], "must be no more than 3000", "/blocks/0/element/max_length"),
    "lengths crossed": (
        [asked(text_input(min_length=9, max_length=3))],
        "min_length must not be greater",
        "/blocks/0/element",
    ),
    "button as input": ([asked(button("b", "a"))], "unsupported type: button", "/blocks/0/element/type"),
    "input in section": (
        [{**section("x"), "accessory": text_input()}],
        "unsupported type: plain_text_input",
        "/blocks/0/accessory/type",
    ),
    "dispatch": (
        [asked(text_input(dispatch_action_config={"trigger_actions_on": ["on_enter_pressed"]}))],
        "needs dispatch_action",
        "/blocks/0/element",
    ),
    "file input in a message": (
        [asked({"type": "file_input"})],
        "unsupported type: file_input",
        "/blocks/0/element/type",
    ),
    "image without alt": (
        [{"type": "image", "image_url": "https://x.example"}],
        "missing required field: alt_text",
        "/blocks/0",
    ),
    "image of nothing": (
        [{"type": "image", "alt_text": "x"}],
        "missing required field: image_url or slack_file",
        "/blocks/0",
    ),
    "image of a file by two names": (
        [{"type": "image", "alt_text": "x", "slack_file": {"id": "F0ABCDEFGH", "url": "https://x.example/f"}}],
        "only one of id and url is allowed",
        "/blocks/0/slack_file",
    ),
    "image of no file's id": (
        [{"type": "image", "alt_text": "x", "slack_file": {"id": "https://x.example/f"}}],
        "must match the expected pattern",
        "/blocks/0/slack_file/id",
    ),
    "image of a file and an address": (
        [{"type": "image", "alt_text": "x", "slack_file": {"id": "F0ABCDEFGH"}, "image_url": "https://x.example"}],
        "only one of image_url and slack_file is allowed",
        "/blocks/0",
    ),
    "markdown together": (
        [{"type": "markdown", "text": "x" * 7000}] * 2,
        "less than 12001 characters together",
        "/blocks",
    ),
    "101 rows": ([{"type": "table", "rows": [[RAW]] * 101}], "no more than 100", "/blocks/0/rows"),
    "21 cells": ([{"type": "table", "rows": [[RAW] * 21]}], "no more than 20", "/blocks/0/rows/0"),
    "uneven rows": (
        [{"type": "data_table", "caption": "c", "rows": [[RAW], [RAW, RAW]]}],
        "same number of cells",
        "/blocks/0/rows",
    ),
    "long chart": (
        [{"type": "data_visualization", "title": "t" * 51, "chart": {"type": "pie", "segments": [{}]}}],
        "less than 51",
        "/blocks/0/title",
    ),
    "long card": ([{"type": "card", "body": plain("x" * 201)}], "less than 201", "/blocks/0/body/text"),
    "empty card": ([{"type": "card"}], "missing required field: hero_image or title", "/blocks/0"),
    "eleven cards": (
        [{"type": "carousel", "elements": [{"type": "card", "body": plain("b")}] * 11}],
        "no more than 10",
        "/blocks/0/elements",
    ),
    "container": ([{"type": "container", "child_blocks": [section("x")]}], "title or rich_text_title", "/blocks/0"),
    "input in container": (
        [{"type": "container", "title": plain("t"), "child_blocks": [asked(text_input())]}],
        "unsupported type: input",
        "/blocks/0/child_blocks/0/type",
    ),
    "alert in a message": ([{"type": "alert", "text": plain("x")}], "unsupported type: alert", "/blocks/0/type"),
    "unknown block": ([{"type": "marquee"}], "unsupported type: marquee", "/blocks/0/type"),
    "unknown property": ([{**section("x"), "colour": "red"}], "invalid additional property: colour", "/blocks/0"),
    "emoji in mrkdwn": (
        [{"type": "section", "text": {**mrkdwn("x"), "emoji": True}}],
        "invalid additional property: emoji",
        "/blocks/0/text",
    ),
    "misspelt mrkdwn": (
        [{"type": "section", "text": {"type": "mrkdown", "text": "x"}}],
        "must be one of: plain_text, mrkdwn",
        "/blocks/0/text/type",
    ),
    "same block_id": ([{"type": "divider", "block_id": "d"}] * 2, "already exists", "/blocks/1/block_id"),
    "51 blocks": ([section("x")] * 51, "no more than 50 items allowed", "/blocks"),
    "no list at all": ({"type": "divider"}, "must provide an array", "/blocks"),
    "text as a string": ([{"type": "section", "text": "x"}], "must provide an object", "/blocks/0/text"),
    "no type": ([{"text": plain("x")}], "missing required field: type", "/blocks/0"),
    "rich text element": (
        [{"type": "rich_text", "elements": [{"type": "text", "text": "x"}]}],
        "unsupported type: text",
        "/blocks/0/elements/0/type",
    ),
    "no string": ([actions(button("x", "a", value=7))], "must provide a string", "/blocks/0/elements/0/value"),
    "no number": ([asked(text_input(max_length="9"))], "must provide a number", "/blocks/0/element/max_length"),
    "too small": ([asked(text_input(max_length=0))], "must be at least 1", "/blocks/0/element/max_length"),
    "no object": (
        [actions(button("x", "a", confirm="sure?"))],
        "must provide an object",
        "/blocks/0/elements/0/confirm",
    ),
    "no array": ([{"type": "actions", "elements": {}}], "must provide an array", "/blocks/0/elements"),
    "too few": ([actions()], "no less than 1 items allowed", "/blocks/0/elements"),
    "no block": (["divider"], "must provide an object", "/blocks/0"),
    "flag": ([asked(text_input(), optional="yes")], "must provide a boolean", "/blocks/0/optional"),
}


@pytest.mark.parametrize("blocks", ACCEPTED.values(), ids=ACCEPTED)
def test_accepted(blocks):
    assert problems_of_blocks(blocks) == []
    assert problems_of_blocks(completed(blocks, iter(map(str, range(10_000))).__next__)) == []


@pytest.mark.parametrize(("blocks", "sentence", "pointer"), REFUSED.values(), ids=REFUSED)
def test_refused(blocks, sentence, pointer):
    problems = problems_of_blocks(blocks)
    assert [one for one in problems if sentence in one.sentence and one.pointer == pointer], problems


@pytest.mark.parametrize(
    "name", ["section", "fields", "header", "actions", "button", "overflow", "input", "card", "carousel", "the poll"]
)
def test_slack_sdk_takes_what_we_take(name):
    for block in ACCEPTED[name]:
        Block.parse(block).validate_json()


def dialog(**more):
    return {**wish_dialog(), **more}


VIEWS = {
    "long title": (dialog(title=plain("x" * 25)), "must be less than 25 characters", "/view/title/text"),
    "long submit": (dialog(submit=plain("x" * 25)), "must be less than 25 characters", "/view/submit/text"),
    "no submit": (dialog(submit=None), "missing required field: submit", "/view"),
    "no title": (dialog(title=None), "missing required field: title", "/view"),
    "metadata": (dialog(private_metadata="x" * 3001), "must be less than 3001 characters", "/view/private_metadata"),
    "callback": (dialog(callback_id="x" * 256), "must be less than 256 characters", "/view/callback_id"),
    "unknown": (dialog(submit_disabled=True), "invalid additional property: submit_disabled", "/view"),
    "blocks": (dialog(blocks=[section("x")] * 101), "no more than 100 items allowed", "/view/blocks"),
    "markdown": (
        dialog(blocks=[{"type": "markdown", "text": "x"}]),
        "unsupported type: markdown",
        "/view/blocks/0/type",
    ),
    "home with title": (
        {"type": "home", "title": plain("x"), "blocks": []},
        "invalid additional property: title",
        "/view",
    ),
    "alert at home": (
        {"type": "home", "blocks": [{"type": "alert", "text": plain("x")}]},
        "unsupported type: alert",
        "/view/blocks/0/type",
    ),
    "kind": ({"type": "window", "blocks": []}, "unsupported type: window", "/view/type"),
    "nothing": ({}, "missing required field: blocks", "/view"),
}


@pytest.mark.parametrize(("view", "sentence", "pointer"), VIEWS.values(), ids=VIEWS)
def test_views_refused(view, sentence, pointer):
    problems = problems_of_view(view)
    assert [one for one in problems if sentence in one.sentence and one.pointer == pointer], problems


def test_views_accepted():
    assert problems_of_view(wish_dialog()) == []
    assert problems_of_view(dialog(blocks=[section("x")] * 100, submit=None)) == []
    assert problems_of_view({"type": "home", "blocks": [section("x")] * 100}) == []


async def test_the_web_api_says_it_in_slacks_words(api, workspace):
    answer = await api("chat.postMessage", channel=LUNCH, blocks=[section("x" * 3001)])
    assert answer == {
        "ok": False,
        "error": "invalid_blocks",
        "errors": [
            "failed to match all allowed schemas [json-pointer:/blocks/0/text]",
            "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
        ],
        "response_metadata": {
            "messages": [
                "[ERROR] failed to match all allowed schemas [json-pointer:/blocks/0/text]",
                "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
            ]
        },
    }
    two = await api("chat.postMessage", channel=LUNCH, blocks=[{"type": "table", "rows": [[RAW]]}] * 2)
    assert two["response_metadata"]["messages"][0].startswith("[ERROR] only_one_table_allowed")
    assert workspace.messages(LUNCH) == []
    view = {"type": "home", "blocks": [{"type": "marquee"}]}
    published = await api("views.publish", user_id=ANNA, view=view)
    assert published["error"] == "invalid_arguments"
    assert published["response_metadata"]["messages"] == [
        "[ERROR] unsupported type: marquee [json-pointer:/view/blocks/0/type]"
    ]


async def test_blocks_validate(api):
    assert (await api("blocks.validate", blocks=POLL))["ok"] is True
    assert (await api("blocks.validate", view=wish_dialog()))["ok"] is True
    assert (await api("blocks.validate", message={"blocks": POLL}))["ok"] is True
    refused = await api("blocks.validate", blocks=[section("")])
    assert refused["error"] == "invalid_blocks"
    assert refused["errors"][-1]["pointer"] == "/0/text/text"
    assert (await api("blocks.validate", blocks=POLL, view=wish_dialog()))["error"] == "invalid_arguments"


async def test_missing_ids_are_given(api):
    answer = await api(
        "chat.postMessage",
        channel=LUNCH,
        text="x",
        blocks=[section("x"), actions({"type": "button", "text": plain("b")})],
    )
    first, second = answer["message"]["blocks"]
    assert first["block_id"] != second["block_id"]
    assert second["elements"][0]["action_id"]
    assert second["elements"][0]["text"]["emoji"] is True
    assert first["text"]["verbatim"] is False
