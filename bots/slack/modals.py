"""The dialogs that ask for one thing: a reason, a department, a moment. Pure."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from bots.slack.blocks import INPUT_CHARACTERS, Block, context, option, plain
from bots.slack.reading import ChatReader
from bots.slack.references import PREFIX, Reference
from bots.slack.text import label
from escalation.language import Sentence, say
from escalation.views import Act
from models.vocabulary import PauseReason

View = dict[str, Any]

REASON_BLOCK, REASON_ACTION = "reason", f"{PREFIX}reason"
DEPARTMENT_BLOCK, DEPARTMENT_ACTION = "department", f"{PREFIX}department"
SNOOZE_BLOCK, SNOOZE_ACTION = "snooze", f"{PREFIX}snooze_choice"
WHY_BLOCK, WHY_ACTION = "why", f"{PREFIX}snooze_why"
MOMENT_BLOCK, MOMENT_ACTION = "moment", f"{PREFIX}snooze_moment"
WORDS_BLOCK, WORDS_ACTION = "words", f"{PREFIX}snooze_words"
WORDS_CHARACTERS: Final = 200

TITLE_CHARACTERS: Final = 24
SNOOZES: Final[Mapping[str, Sentence]] = {
    "1h": say("1 hour"),
    "4h": say("4 hours"),
    "tomorrow": say("Tomorrow at 9:00"),
    "3d": say("In three days at 9:00"),
    "monday": say("Next Monday at 9:00"),
    "7d": say("In a week at 9:00"),
    "own": say("At the date and time below"),
}
WHYS: Final[Mapping[PauseReason, tuple[Sentence, Sentence]]] = {
    PauseReason.SNOOZED: (say("Later"), say("Its targets wait; nobody is asked meanwhile.")),
    PauseReason.WAITING_CUSTOMER: (
        say("Waiting for the customer"),
        say("It comes back at once when the customer writes."),
    ),
}
_MORNING: Final = time(9, 0)
_DAYS: Final = {"tomorrow": 1, "3d": 3, "7d": 7}


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
    """Return the dialog that asks why an answer is sent back or rejected, or why pings about a step shall stop."""
    note: list[Block] = []
    match act:
        case Act.SEND_BACK:
            title, ask = say("Send back"), say("What should the author change?")
        case Act.MUTE:
            title, ask = say("Mute"), say("Why shall nobody be told about this step any more?")
            runs_on = say("The clock runs on, and reports count it. Your reason stands in the thread of the card.")
            note = [context([reader.read(runs_on)], "note")]
        case _:
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
        f"{PREFIX}{act.value}",
        title=words,
        blocks=[field, *note],
        reference=reference,
        submit=words,
        close=cancel(reader),
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
            "options": [option(label(name, 70), key) for key, name in departments.items()][:100],
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


def snooze_dialog(
    reference: Reference, reader: ChatReader, *, longest: Mapping[PauseReason, int], now: datetime
) -> View:
    """Return the dialog that asks why and until when; moments are meant in the reader's time zone.

    ``longest``: how many seconds the case's policy allows for each reason; what none of them allows is not offered.
    """
    furthest = now + timedelta(seconds=max(longest.values()))
    options = [
        option(reader.read(words), key)
        for key, words in SNOOZES.items()
        if (until := snoozed_until(key, None, timezone=reader.timezone, now=now)) is None or until <= furthest
    ]
    whys = [
        option(
            reader.read(say("{why} (at most {longest})", why=why, longest=timedelta(seconds=longest[reason]))),
            reason.value,
            reader.read(meaning),
        )
        for reason, (why, meaning) in WHYS.items()
    ]
    reasons: Block = {
        "type": "input",
        "block_id": WHY_BLOCK,
        "label": plain(reader.read(say("Why does it wait?"))),
        "element": {"type": "radio_buttons", "action_id": WHY_ACTION, "options": whys, "initial_option": whys[0]},
    }
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
    own_words: Block = {
        "type": "input",
        "block_id": WORDS_BLOCK,
        "optional": True,
        "label": plain(reader.read(say("In your words"))),
        "element": {"type": "plain_text_input", "action_id": WORDS_ACTION, "max_length": WORDS_CHARACTERS},
    }
    zone = context([reader.read(say("Times are in {zone}.", zone=reader.timezone))], "zone")
    words = reader.read(say("Snooze"))
    return modal(
        f"{PREFIX}{Act.SNOOZE.value}",
        title=words,
        blocks=[reasons, own_words, choice, moment, zone],
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
    days = _DAYS.get(choice) or 7 - today.weekday()
    return datetime.combine(today + timedelta(days=days), _MORNING, ZoneInfo(timezone)).astimezone(now.tzinfo)
