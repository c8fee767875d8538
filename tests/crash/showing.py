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
    notes = _notes(read)
    standing = [
        one
        for one in world["messages"]
        if _payload(one)["kind"] in {"card", "approval", "ping"} and _payload(one)["effect"] not in notes
    ]
    withdrawn = _withdrawn(read)
    wanted = Counter(
        (row["case_id"], row["channel"], row["kind"], row["message_id"])
        for row in read("card")
        if row["id"] not in withdrawn and row["kind"] != "line"
    )
    found = Counter((_payload(one)["case"], one["channel"], _payload(one)["kind"], one["ts"]) for one in standing)
    problems = [] if wanted == found else [f"cards wanted {dict(wanted)}, cards standing {dict(found)}"]
    for message in standing:
        kind, texts = _payload(message)["kind"], list(_texts(message["blocks"]))
        if kind != "ping" and not any(text in texts for text in world["questions"]):
            problems.append(f"the {kind} does not show what the customer wrote: {texts}")
        if kind != "card":
            continue
        if world["questions"][-1] not in texts:
            problems.append(f"the card does not show {world['questions'][-1]!r}: {texts}")
        if not any(text.startswith("Answered by") for text in texts):
            problems.append(f"the card does not say who answered: {texts}")
    return problems + _approvals(read, standing) + _pings(read, standing) + _gatherings(read, world["messages"])


def _withdrawn(read: Read) -> set[str]:
    """Return the cards of pings that nobody was shown, since what they warned of was done before they left."""
    superseded = {row["card_id"] for row in read("effect") if row["state"] == "superseded"}
    return {row["id"] for row in read("card") if row["kind"] == "ping" and row["message_id"] is None} & superseded


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


def _pings(read: Read, standing: Sequence[Mapping[str, Any]]) -> list[str]:
    """Every rung is told once in each channel that was to hear of it, and struck through once its clock has ended."""
    clocks, told = {row["id"]: row for row in read("step_clock")}, {row["id"]: row for row in read("ping")}
    announced = Counter(
        (_subject(told[row["ping_id"]]), row["channel"]) for row in read("announcement") if not row["gathering_id"]
    )
    cards = [row for row in read("card") if row["kind"] == "ping"]
    drawn = Counter((row["subject"], row["channel"]) for row in cards)
    problems = [] if announced == drawn else [f"announced were {dict(announced)}, there are cards {dict(drawn)}"]
    ended = {row["message_id"]: clocks[row["subject"].partition(":")[0]]["ended_at"] is not None for row in cards}
    problems += [
        f"a ping tells the wrong thing of its clock: {list(_texts(message['blocks']))}"
        for message in standing
        if _payload(message)["kind"] == "ping" and ended.get(message["ts"], False) != _is_struck(message["blocks"])
    ]
    return problems


def _gatherings(read: Read, messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each message about many pings stands once, or never left since its clocks had ended; it shows that they have."""
    effects = {row["id"]: row["lane"] for row in read("effect")}
    standing: dict[str, list[Mapping[str, Any]]] = {f"gathering:{row['id']}": [] for row in read("gathering")}
    for message in messages:
        if _payload(message)["kind"] == "digest":
            standing[effects[_payload(message)["effect"]]].append(message)
    clocks, pings = {row["id"]: row for row in read("step_clock")}, {row["id"]: row for row in read("ping")}
    problems = []
    for gathering in read("gathering"):
        told = [pings[row["ping_id"]] for row in read("announcement") if row["gathering_id"] == gathering["id"]]
        over = all(clocks[ping["clock_id"]]["ended_at"] is not None for ping in told)
        found = standing[f"gathering:{gathering['id']}"]
        if len(found) > 1 or (not found and not over):
            problems.append(f"a message about {len(told)} pings stands {len(found)} times")
        problems += [
            f"a message about many does not tell what became of it: {list(_texts(message['blocks']))}"
            for message in found
            if _is_struck(message["blocks"]) != over
        ]
    return problems


def _subject(ping: Row) -> str:
    return f"{ping['clock_id']}:{ping['rung']}:{ping['repeat']}"


def _is_struck(blocks: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether the headline of a ping is struck through."""
    words = [word for element in blocks[0]["elements"] for word in element["elements"] if word["type"] == "text"]
    return all(word.get("style", {}).get("strike", False) for word in words)


def notes(read: Read, world: Mapping[str, Any]) -> list[str]:
    """Every line in a thread and every notice stands once; a line in a thread hangs below its card."""
    sent = {effect: row for effect, row in _notes(read).items() if row["state"] == "sent"}
    drawn = {row["id"] for row in read("effect")} - set(sent)
    standing = [
        one
        for one in world["messages"]
        if _payload(one)["kind"] in {"thread", "ping"} and _payload(one)["effect"] not in drawn
    ]
    counted = Counter(_payload(one)["effect"] for one in standing)
    problems = [f"the note {effect} stands {number} times" for effect, number in counted.items() if number > 1]
    if set(sent) != set(counted):
        problems.append(f"{len(sent)} notes were sent, {len(counted)} stand")
    roots = {row["id"]: row["message_id"] for row in read("card")}
    for message in standing:
        effect = sent.get(_payload(message)["effect"])
        if effect is not None and effect["kind"] == "thread" and message.get("thread_ts") != roots[effect["card_id"]]:
            problems.append("a line hangs below another message than its card")
    return problems


def _notes(read: Read) -> Mapping[str, Row]:
    """Return what is said once and never edited, by effect: lines in threads, and notices that belong to no clock."""
    return {
        row["id"]: row
        for row in read("effect")
        if row["kind"] == "thread" or (row["kind"] == "ping" and row["card_id"] is None)
    }


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
