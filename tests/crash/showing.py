"""What must stand in the workspace after every run: each message once, in its place, and saying what is true."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
Read = Callable[[str], Sequence[Row]]
"""Returns all rows of one table."""


def cards(read: Read, world: Mapping[str, Any]) -> list[str]:
    """One live card for each case and place, the one that is remembered, showing the newest state."""
    rows = read("card")
    standing = [one for one in world["messages"] if _payload(one)["kind"] in {"card", "approval"}]
    wanted = Counter((row["case_id"], row["channel"], row["kind"], row["message_id"]) for row in rows)
    found = Counter((_payload(one)["case"], one["channel"], _payload(one)["kind"], one["ts"]) for one in standing)
    problems = [] if wanted == found else [f"cards wanted {dict(wanted)}, cards standing {dict(found)}"]
    for message in standing:
        texts = list(_texts(message["blocks"]))
        if not any(text in texts for text in world["questions"]):
            problems.append(f"the {_payload(message)['kind']} does not show what the customer wrote: {texts}")
        if _payload(message)["kind"] != "card":
            continue
        if world["questions"][-1] not in texts:
            problems.append(f"the card does not show {world['questions'][-1]!r}: {texts}")
        if not any(text.startswith("Answered by") for text in texts):
            problems.append(f"the card does not say who answered: {texts}")
    return problems + _approvals(read, standing)


def _approvals(read: Read, standing: Sequence[Mapping[str, Any]]) -> list[str]:
    """The card of the approved draft says so, and quotes exactly the texts that left."""
    drafts = {f"draft:{row['version']}": row for row in read("draft") if row["state"] == "approved"}
    messages = {one["ts"]: one for one in standing}
    problems = []
    for row in read("card"):
        draft, message = drafts.get(row["subject"]), messages.get(row["message_id"])
        if draft is None or message is None or row["kind"] != "approval":
            continue
        parts = json.loads(draft["parts"]) if isinstance(draft["parts"], str) else draft["parts"]
        quoted = list(_quoted(message["blocks"]))
        if not set(parts) <= set(quoted):
            problems.append(f"approved were {parts}, the approvals card shows {quoted}")
        if not any("Sent. Approved by" in text for text in _texts(message["blocks"])):
            problems.append(f"the approvals card does not say that it was sent: {list(_texts(message['blocks']))}")
    return problems


def notes(read: Read, world: Mapping[str, Any]) -> list[str]:
    """Every line in a thread and every ping stands once; a line in a thread hangs below its card."""
    standing = [one for one in world["messages"] if _payload(one)["kind"] in {"thread", "ping"}]
    counted = Counter(_payload(one)["effect"] for one in standing)
    problems = [f"the note {effect} stands {number} times" for effect, number in counted.items() if number > 1]
    sent = {row["id"]: row for row in read("effect") if row["kind"] in {"thread", "ping"} and row["state"] == "sent"}
    if set(sent) != set(counted):
        problems.append(f"{len(sent)} notes were sent, {len(counted)} stand")
    roots = {row["id"]: row["message_id"] for row in read("card")}
    for message in standing:
        effect = sent.get(_payload(message)["effect"])
        if effect is not None and effect["kind"] == "thread" and message.get("thread_ts") != roots[effect["card_id"]]:
            problems.append("a line hangs below another message than its card")
    return problems


def _payload(message: Mapping[str, Any]) -> Mapping[str, str]:
    metadata: Mapping[str, Any] = message["metadata"]
    return {"case": "", "kind": "", "effect": "", **metadata["event_payload"]}


def _texts(value: Any) -> Iterator[str]:
    """Yield every text that blocks show; what is marked in pieces is put together."""
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        elif str(value.get("type", "")).startswith("rich_text_"):
            yield "".join(_texts(value.get("elements")))
        else:
            for name in ("text", "elements", "label"):
                yield from _texts(value.get(name))


def _quoted(blocks: list[Any]) -> Iterator[str]:
    for block in blocks:
        for part in block.get("elements", ()) if block["type"] == "rich_text" else ():
            if part["type"] == "rich_text_quote":
                yield "".join(_texts(part["elements"]))
