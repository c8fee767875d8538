"""The dialogs that ask for one thing: a reason, a department, a moment. Pure."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from bots.slack.blocks import INPUT_CHARACTERS, Block, Element, context, plain
from bots.slack.reading import ChatReader
from bots.slack.references import PREFIX, Reference
from bots.slack.text import label
from escalation.language import Sentence, say
from escalation.views import Act

View = dict[str, Any]

REASON_BLOCK, REASON_ACTION = "reason", f"{PREFIX}reason"
DEPARTMENT_BLOCK, DEPARTMENT_ACTION = "department", f"{PREFIX}department"
SNOOZE_BLOCK, SNOOZE_ACTION = "snooze", f"{PREFIX}snooze_choice"
MOMENT_BLOCK, MOMENT_ACTION = "moment", f"{PREFIX}snooze_moment"

TITLE_CHARACTERS: Final = 24
SNOOZES: Final[Mapping[str, Sentence]] = {
    "1h": say("1 hour"),
    "4h": say("4 hours"),
    "tomorrow": say("Tomorrow at 9:00"),
    "monday": say("Next Monday at 9:00"),
    "own": say("At the date and time below"),
}
_MORNING: Final = time(9, 0)


def modal(
    callback: str, *, title: str, blocks: list[Block], reference: Reference | None, submit: str | None, close: str
) -> View:
    """Return a dialog; what it carries is ids and versions only."""
    view: View = {
        "type": "modal",
        "callback_id": callback,
        "title": plain(title, TITLE_CHARACTERS),
        "close": plain(close, TITLE_CHARACTERS),
        "blocks": blocks[:100],
    }
    if submit:
        view["submit"] = plain(submit, TITLE_CHARACTERS)
    if reference:
        view["private_metadata"] = reference.text()
    return view


def cancel(reader: ChatReader) -> str:
    """Return the word on the button that closes a dialog without doing anything."""
    return reader.read(say("Cancel"))


def reason_dialog(act: Act, reference: Reference, reader: ChatReader) -> View:
    """Return the dialog that asks why an answer is sent back or rejected."""
    if act is Act.SEND_BACK:
        title, ask = say("Send back"), say("What should the author change?")
    else:
        title, ask = say("Reject"), say("Why is this not the right answer?")
    field: Block = {
        "type": "input",
        "block_id": REASON_BLOCK,
        "label": plain(reader.read(ask)),
        "element": {
            "type": "plain_text_input",
            "action_id": REASON_ACTION,
            "multiline": True,
            "max_length": INPUT_CHARACTERS,
        },
    }
    words = reader.read(title)
    return modal(
        f"{PREFIX}{act.value}", title=words, blocks=[field], reference=reference, submit=words, close=cancel(reader)
    )


def reassign_dialog(departments: Mapping[str, str], reference: Reference, reader: ChatReader) -> View:
    """Return the dialog that asks for the department; ``departments`` are those to choose from, key to label."""
    field: Block = {
        "type": "input",
        "block_id": DEPARTMENT_BLOCK,
        "label": plain(reader.read(say("Which department knows better?"))),
        "element": {
            "type": "static_select",
            "action_id": DEPARTMENT_ACTION,
            "options": [_option(label(name, 70), key) for key, name in departments.items()][:100],
        },
    }
    words = reader.read(say("Reassign"))
    return modal(
        f"{PREFIX}{Act.REASSIGN.value}",
        title=words,
        blocks=[field],
        reference=reference,
        submit=words,
        close=cancel(reader),
    )


def snooze_dialog(reference: Reference, reader: ChatReader) -> View:
    """Return the dialog that asks until when; moments are meant in the reader's time zone."""
    options = [_option(reader.read(words), key) for key, words in SNOOZES.items()]
    choice: Block = {
        "type": "input",
        "block_id": SNOOZE_BLOCK,
        "label": plain(reader.read(say("Bring it back"))),
        "element": {
            "type": "static_select",
            "action_id": SNOOZE_ACTION,
            "options": options,
            "initial_option": options[0],
        },
    }
    moment: Block = {
        "type": "input",
        "block_id": MOMENT_BLOCK,
        "optional": True,
        "label": plain(reader.read(say("Date and time"))),
        "element": {"type": "datetimepicker", "action_id": MOMENT_ACTION},
    }
    zone = context([reader.read(say("Times are in {zone}.", zone=reader.timezone))], "zone")
    words = reader.read(say("Snooze"))
    return modal(
        f"{PREFIX}{Act.SNOOZE.value}",
        title=words,
        blocks=[choice, moment, zone],
        reference=reference,
        submit=words,
        close=cancel(reader),
    )


def snoozed_until(choice: str, moment: datetime | None, *, timezone: str, now: datetime) -> datetime | None:
    """Return the UTC moment of a choice (a key of ``SNOOZES``); ``None`` where the date and time are missing.

    A date and time that were given count, whatever else is chosen.
    """
    if moment is not None or choice == "own":
        return moment
    if choice in {"1h", "4h"}:
        return now + timedelta(hours=int(choice[0]))
    today = now.astimezone(ZoneInfo(timezone)).date()
    days = 1 if choice == "tomorrow" else 7 - today.weekday()
    return datetime.combine(today + timedelta(days=days), _MORNING, ZoneInfo(timezone)).astimezone(now.tzinfo)


def _option(text: str, value: str) -> Element:
    return {"text": plain(text, 75), "value": value}
