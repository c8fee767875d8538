"""What Slack accepts as blocks and views, as tables.

The facts are from docs.slack.dev: /reference/block-kit/blocks (one page a block), /reference/block-kit/block-elements,
/reference/block-kit/composition-objects, /reference/views/modal-views, /reference/views/home-tab-views and
/reference/methods/chat.postMessage. `block_check` walks a document along these tables; a change of Slack's is a change
here only.
"""

from bots.sandbox.workspace.block_kinds import (
    EVERYWHERE,
    HOME,
    MESSAGE,
    MODAL,
    Anything,
    Flag,
    Kind,
    Many,
    Nested,
    Number,
    OneOf,
    Rule,
    Shape,
    String,
    Text,
)

BLOCKS_PER_SURFACE = {MESSAGE: 50, MODAL: 100, HOME: 100}
MARKDOWN_CHARACTERS_PER_MESSAGE = (
    12_000  # over all markdown blocks together: /reference/block-kit/blocks/markdown-block
)
CHARACTERS_PER_MESSAGE = 13_200  # over all blocks; undocumented, seen as msg_blocks_too_long near this figure
TABLES = ("table", "data_table")  # one of either per message: /reference/block-kit/blocks/table-block
VIEW_BYTES = 250_000  # /reference/methods/views.open, view_too_large

PLAIN = ("plain_text",)
IDENTIFIER = String(255, least=1)
DATE = String(pattern=r"\d{4}-\d{2}-\d{2}")
TIME = String(pattern=r"([01]\d|2[0-3]):[0-5]\d")
PLACEHOLDER = Text(150, PLAIN)
OPTIONS = Many(Shape("option"), 100)
GROUPS = Many(Shape("option_group"), 100)

# ---- composition objects
# -------------------------------------------------------------------------------------------------

SHAPES: dict[str, Rule] = {
    "option": Rule(
        {"text": Text(75), "value": String(150, least=1), "description": Text(75), "url": String(3000)},
        ("text", "value"),
    ),
    "option_group": Rule({"label": Text(75, PLAIN), "options": OPTIONS}, ("label", "options")),
    "confirm": Rule(
        {
            "title": Text(100, PLAIN),
            "text": Text(300),
            "confirm": Text(30, PLAIN),
            "deny": Text(30, PLAIN),
            "style": String(choices=("primary", "danger")),
        },
        ("title", "text", "confirm", "deny"),
    ),
    "dispatch_action_config": Rule(
        {"trigger_actions_on": Many(String(choices=("on_enter_pressed", "on_character_entered")), 2)},
        ("trigger_actions_on",),
    ),
    "conversation_filter": Rule(
        {
            "include": Many(String(choices=("im", "mpim", "private", "public")), 4),
            "exclude_external_shared_channels": Flag(),
            "exclude_bot_users": Flag(),
        }
    ),
    "slack_file": Rule(
        {"id": String(pattern="F[A-Z0-9]{8,}"), "url": String(3000)}, any_of=("id", "url"), not_both=(("id", "url"),)
    ),
    "workflow": Rule({"trigger": Anything()}, ("trigger",)),
    "feedback_button": Rule(
        {"text": Text(75, PLAIN), "value": String(2000), "accessibility_label": String(75)}, ("text", "value")
    ),
    "column_setting": Rule({"align": String(choices=("left", "center", "right")), "is_wrapped": Flag()}),
}

# ---- elements
# ------------------------------------------------------------------------------------------------------------

ACTION: dict[str, Kind] = {"action_id": IDENTIFIER}
CONFIRM: dict[str, Kind] = {"confirm": Shape("confirm")}
ASKING: dict[str, Kind] = {"placeholder": PLACEHOLDER, "focus_on_load": Flag()}
DISPATCH: dict[str, Kind] = {"dispatch_action_config": Shape("dispatch_action_config")}
PICKING: dict[str, Kind] = {**ACTION, **CONFIRM, **ASKING}
SEVERAL: dict[str, Kind] = {**PICKING, "max_selected_items": Number(1)}
LISTED: dict[str, Kind] = {"options": OPTIONS, "option_groups": GROUPS}
CHOSEN = Many(Shape("option"), 100)
CHART: dict[str, Kind] = {"series": Many(Anything(), 6), "axis_config": Anything()}
STYLE: dict[str, Kind] = {"style": Anything()}

ELEMENTS: dict[str, Rule] = {
    "button": Rule(
        {
            **ACTION,
            **CONFIRM,
            "text": Text(75, PLAIN),
            "url": String(3000),
            "value": String(2000),
            "style": String(choices=("primary", "danger")),
            "accessibility_label": String(75),
            "agent_prompt": String(4000),
            "agent_prompt_display": String(),
            "visible_to_user_ids": Many(String(), 10),
        },
        ("text",),
    ),
    "workflow_button": Rule(
        {
            **ACTION,
            "text": Text(75, PLAIN),
            "workflow": Shape("workflow"),
            "style": String(choices=("primary", "danger")),
            "accessibility_label": String(75),
        },
        ("text", "workflow"),
    ),
    "icon_button": Rule(
        {
            **ACTION,
            **CONFIRM,
            "icon": String(choices=("trash",)),
            "text": Text(75, PLAIN),
            "value": String(2000),
            "accessibility_label": String(75),
            "visible_to_user_ids": Many(String(), 10),
        },
        ("icon", "text"),
    ),
    "feedback_buttons": Rule(
        {**ACTION, "positive_button": Shape("feedback_button"), "negative_button": Shape("feedback_button")},
        ("positive_button", "negative_button"),
    ),
    "image": Rule(
        {"image_url": String(3000, least=1), "alt_text": String(2000, least=1), "slack_file": Shape("slack_file")},
        ("alt_text",),
        any_of=("image_url", "slack_file"),
        not_both=(("image_url", "slack_file"),),
    ),
    "overflow": Rule({**ACTION, **CONFIRM, "options": Many(Shape("option"), 5)}, ("options",)),
    "checkboxes": Rule(
        {**ACTION, **CONFIRM, "options": Many(Shape("option"), 10), "initial_options": CHOSEN, "focus_on_load": Flag()},
        ("options",),
    ),
    "radio_buttons": Rule(
        {
            **ACTION,
            **CONFIRM,
            "options": Many(Shape("option"), 10),
            "initial_option": Shape("option"),
            "focus_on_load": Flag(),
        },
        ("options",),
    ),
    "datepicker": Rule({**PICKING, "initial_date": DATE}),
    "timepicker": Rule({**PICKING, "initial_time": TIME, "timezone": String()}),
    "datetimepicker": Rule(
        {**ACTION, **CONFIRM, "focus_on_load": Flag(), "initial_date_time": Number(1_000_000_000, 9_999_999_999)}
    ),
    "static_select": Rule(
        {**PICKING, **LISTED, "initial_option": Shape("option")},
        any_of=("options", "option_groups"),
        not_both=(("options", "option_groups"),),
    ),
    "external_select": Rule({**PICKING, "initial_option": Shape("option"), "min_query_length": Number(0)}),
    "users_select": Rule({**PICKING, "initial_user": String()}),
    "channels_select": Rule({**PICKING, "initial_channel": String(), "response_url_enabled": Flag()}),
    "conversations_select": Rule(
        {
            **PICKING,
            "initial_conversation": String(),
            "default_to_current_conversation": Flag(),
            "response_url_enabled": Flag(),
            "filter": Shape("conversation_filter"),
        }
    ),
    "multi_static_select": Rule(
        {**SEVERAL, **LISTED, "initial_options": CHOSEN},
        any_of=("options", "option_groups"),
        not_both=(("options", "option_groups"),),
    ),
    "multi_external_select": Rule({**SEVERAL, "initial_options": CHOSEN, "min_query_length": Number(0)}),
    "multi_users_select": Rule({**SEVERAL, "initial_users": Many(String(), 100)}),
    "multi_channels_select": Rule({**SEVERAL, "initial_channels": Many(String(), 100)}),
    "multi_conversations_select": Rule(
        {
            **SEVERAL,
            "initial_conversations": Many(String(), 100),
            "default_to_current_conversation": Flag(),
            "filter": Shape("conversation_filter"),
        }
    ),
    "plain_text_input": Rule(
        {
            **ACTION,
            **ASKING,
            **DISPATCH,
            "initial_value": String(3000),
            "multiline": Flag(),
            "min_length": Number(0, 3000),
            "max_length": Number(1, 3000),
        }
    ),
    "rich_text_input": Rule(
        {
            **ACTION,
            **ASKING,
            **DISPATCH,
            "initial_value": Nested(("rich_text",)),
            "min_lines": Number(1, 100),
            "max_lines": Number(1, 100),
        }
    ),
    "email_text_input": Rule({**ACTION, **ASKING, **DISPATCH, "initial_value": String()}),
    "url_text_input": Rule({**ACTION, **ASKING, **DISPATCH, "initial_value": String()}),
    "number_input": Rule(
        {
            **ACTION,
            **ASKING,
            **DISPATCH,
            "is_decimal_allowed": Flag(),
            "initial_value": String(),
            "min_value": String(),
            "max_value": String(),
        },
        ("is_decimal_allowed",),
    ),
    "file_input": Rule({**ACTION, "filetypes": Many(String(), 100), "max_files": Number(1, 10)}),
    # rich text: /reference/block-kit/blocks/rich-text-block
    "rich_text_section": Rule({"elements": Many(OneOf(("inline",)), 10_000, 0)}, ("elements",)),
    "rich_text_list": Rule(
        {
            "elements": Many(OneOf(("rich_text_section",)), 10_000),
            "style": String(choices=("bullet", "ordered")),
            "indent": Number(0),
            "offset": Number(0),
            "border": Number(0),
        },
        ("elements", "style"),
    ),
    "rich_text_preformatted": Rule(
        {"elements": Many(OneOf(("inline",)), 10_000, 0), "border": Number(0), "language": String()}, ("elements",)
    ),
    "rich_text_quote": Rule({"elements": Many(OneOf(("inline",)), 10_000, 0), "border": Number(0)}, ("elements",)),
    "text": Rule({**STYLE, "text": String(least=1)}, ("text",)),
    "link": Rule({**STYLE, "url": String(least=1), "text": String(), "unsafe": Flag()}, ("url",)),
    "emoji": Rule(
        {**STYLE, "name": String(least=1), "unicode": String(), "skin_tone": Number(), "url": String()}, ("name",)
    ),
    "user": Rule({**STYLE, "user_id": String(least=1)}, ("user_id",)),
    "channel": Rule({**STYLE, "channel_id": String(least=1)}, ("channel_id",)),
    "usergroup": Rule({**STYLE, "usergroup_id": String(least=1)}, ("usergroup_id",)),
    "team": Rule({**STYLE, "team_id": String(least=1)}, ("team_id",)),
    "color": Rule({**STYLE, "value": String(least=1)}, ("value",)),
    "broadcast": Rule({**STYLE, "range": String(choices=("here", "channel", "everyone"))}, ("range",)),
    "date": Rule(
        {**STYLE, "timestamp": Number(), "format": String(least=1), "url": String(), "fallback": String()},
        ("timestamp", "format"),
    ),
    # charts: /reference/block-kit/blocks/data-visualization-block
    "pie": Rule({"segments": Many(Anything(), 6)}, ("segments",)),
    "bar": Rule(CHART, ("series", "axis_config")),
    "area": Rule(CHART, ("series", "axis_config")),
    "line": Rule(CHART, ("series", "axis_config")),
    # cells and sources
    "raw_text": Rule({"text": String()}, ("text",)),
    "raw_number": Rule({"value": Anything(), "text": String()}, ("value",)),
    "url": Rule({"url": String(3000, least=1), "text": String(least=1)}, ("url", "text")),
}

INLINE = ("text", "link", "emoji", "user", "channel", "usergroup", "team", "color", "broadcast", "date")
SELECTS = ("static_select", "external_select", "users_select", "channels_select", "conversations_select")
MULTI_SELECTS = tuple(f"multi_{name}" for name in SELECTS)
PRESSED = ("button", "workflow_button", "overflow", "checkboxes", "radio_buttons")
PICKERS = ("datepicker", "timepicker")
TYPED = ("plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input")
STATEFUL = (*SELECTS, *MULTI_SELECTS, *PICKERS, *TYPED, "datetimepicker", "checkboxes", "radio_buttons", "file_input")

# ---- blocks
# --------------------------------------------------------------------------------------------------------------

BLOCK_ID: dict[str, Kind] = {"block_id": IDENTIFIER}
MESSAGE_ONLY = frozenset({MESSAGE})
RICH_PARTS = ("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote")
CELL = OneOf(("raw_text", "raw_number", "rich_text"))

BLOCKS: dict[str, Rule] = {
    "section": Rule(
        {
            **BLOCK_ID,
            "text": Text(3000),
            "fields": Many(Text(2000), 10),
            "accessory": OneOf((*PRESSED, *PICKERS, *SELECTS, *MULTI_SELECTS, "image")),
            "expand": Flag(),
        },
        any_of=("text", "fields"),
    ),
    "divider": Rule({**BLOCK_ID}),
    "header": Rule({**BLOCK_ID, "text": Text(150, PLAIN), "level": Number(1, 4)}, ("text",)),
    "context": Rule({**BLOCK_ID, "elements": Many(OneOf(("image", "plain_text", "mrkdwn")), 10)}, ("elements",)),
    "actions": Rule(
        {
            **BLOCK_ID,
            "elements": Many(
                OneOf((*PRESSED, *PICKERS, "datetimepicker", *SELECTS, *MULTI_SELECTS, "rich_text_input")), 25
            ),
        },
        ("elements",),
    ),
    "context_actions": Rule(
        {**BLOCK_ID, "elements": Many(OneOf(("feedback_buttons", "icon_button")), 5)},
        ("elements",),
        surfaces=MESSAGE_ONLY,
    ),
    "image": Rule(
        {
            **BLOCK_ID,
            "image_url": String(3000, least=1),
            "alt_text": String(2000, least=1),
            "title": Text(2000, PLAIN),
            "slack_file": Shape("slack_file"),
        },
        ("alt_text",),
        any_of=("image_url", "slack_file"),
        not_both=(("image_url", "slack_file"),),
    ),
    "input": Rule(
        {
            **BLOCK_ID,
            "label": Text(2000, PLAIN),
            "hint": Text(2000, PLAIN),
            "optional": Flag(),
            "dispatch_action": Flag(),
            "element": OneOf(STATEFUL),
        },
        ("label", "element"),
    ),
    "rich_text": Rule({**BLOCK_ID, "elements": Many(OneOf(RICH_PARTS), 10_000, 0)}, ("elements",)),
    "markdown": Rule({**BLOCK_ID, "text": String(12_000, least=1)}, ("text",), surfaces=MESSAGE_ONLY),
    "video": Rule(
        {
            **BLOCK_ID,
            "alt_text": String(2000, least=1),
            "title": Text(199, PLAIN),
            "video_url": String(3000, least=1),
            "thumbnail_url": String(3000, least=1),
            "title_url": String(3000),
            "description": Text(200, PLAIN),
            "provider_name": String(),
            "provider_icon_url": String(3000),
            "author_name": String(49),
        },
        ("alt_text", "title", "video_url", "thumbnail_url"),
    ),
    "table": Rule(
        {**BLOCK_ID, "rows": Many(Many(CELL, 20), 100), "column_settings": Many(Shape("column_setting"), 20)},
        ("rows",),
        surfaces=MESSAGE_ONLY,
    ),
    "data_table": Rule(
        {
            **BLOCK_ID,
            "rows": Many(Many(CELL, 20), 101, 2),
            "caption": String(least=1),
            "page_size": Number(1, 100),
            "row_header_column_index": Number(0, 19),
        },
        ("rows", "caption"),
        surfaces=MESSAGE_ONLY,
    ),
    "data_visualization": Rule(
        {**BLOCK_ID, "title": String(50, least=1), "chart": OneOf(("pie", "bar", "area", "line"))},
        ("title", "chart"),
        surfaces=MESSAGE_ONLY,
    ),
    "alert": Rule(
        {**BLOCK_ID, "text": Text(3000), "level": String(choices=("default", "info", "warning", "error", "success"))},
        ("text",),
        surfaces=frozenset({MODAL}),
    ),
    "card": Rule(
        {
            **BLOCK_ID,
            "hero_image": OneOf(("image",)),
            "icon": OneOf(("image",)),
            "title": Text(150),
            "subtitle": Text(150),
            "body": Text(200),
            "actions": Many(OneOf(("button",)), 5),
        },
        any_of=("hero_image", "title", "actions", "body"),
        surfaces=EVERYWHERE,
    ),
    "carousel": Rule(
        {**BLOCK_ID, "elements": Many(Nested(("card",)), 10)}, ("elements",), surfaces=frozenset({MESSAGE, HOME})
    ),
    "container": Rule(
        {
            **BLOCK_ID,
            "title": Text(150, PLAIN),
            "rich_text_title": Nested(("rich_text",)),
            "subtitle": Text(150),
            "child_blocks": Many(
                Nested(
                    (
                        "section",
                        "divider",
                        "header",
                        "context",
                        "actions",
                        "image",
                        "rich_text",
                        "markdown",
                        "table",
                        "video",
                    )
                ),
                10,
            ),
            "width": String(choices=("narrow", "standard", "wide", "full")),
            "icon": OneOf(("image",)),
            "is_collapsible": Flag(),
            "default_collapsed": Flag(),
            "has_header_divider": Flag(),
        },
        ("child_blocks",),
        any_of=("title", "rich_text_title"),
        surfaces=MESSAGE_ONLY,
    ),
    "task_card": Rule(
        {
            **BLOCK_ID,
            "task_id": String(least=1),
            "title": String(least=1),
            "details": Nested(("rich_text",)),
            "output": Nested(("rich_text",)),
            "sources": Many(OneOf(("url",)), 100, 0),
            "status": String(choices=("pending", "in_progress", "complete", "error")),
        },
        ("task_id", "title", "status"),
        surfaces=MESSAGE_ONLY,
    ),
    "plan": Rule(
        {**BLOCK_ID, "title": String(least=1), "tasks": Many(Nested(("task_card",)), 50, 0)},
        ("title",),
        surfaces=MESSAGE_ONLY,
    ),
}

# ---- views
# ---------------------------------------------------------------------------------------------------------------

VIEW: dict[str, Kind] = {
    "private_metadata": String(3000),
    "callback_id": String(255),
    "external_id": String(255),
    "blocks": Anything(),
}
VIEWS: dict[str, Rule] = {
    MODAL: Rule(
        {
            **VIEW,
            "title": Text(24, PLAIN),
            "close": Text(24, PLAIN),
            "submit": Text(24, PLAIN),
            "clear_on_close": Flag(),
            "notify_on_close": Flag(),
        },
        ("title", "blocks"),
    ),
    HOME: Rule(VIEW, ("blocks",)),
}
