"""What must hold after every run: the rows among themselves, and against what network and workspace really hold."""

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.crash.acts import act_in
from tests.crash.showing import cards, notes

Row = Mapping[str, Any]
Read = Callable[[str], Sequence[Row]]
"""Returns all rows of one table."""

LIVE = {"ready", "sending", "unknown", "needs_check", "parked"}


def broken(read: Read, world: Mapping[str, Any]) -> list[str]:
    """Return a sentence for every invariant that does not hold; none is good."""
    return [
        *_inbound(read, world),
        *_replies(read, world),
        *_approvals(read, world),
        *cards(read, world),
        *notes(read, world),
        *_clocks(read),
        *_journal(read),
        *_effects(read),
    ]


def _inbound(read: Read, world: Mapping[str, Any]) -> list[str]:
    """Acknowledged means stored, stored means handled once."""
    rows = read("inbound")
    stored = {":".join(row["key"].split(":")[:3]) for row in rows} | {act_in(bytes(row["body"])) for row in rows}
    acknowledged = [*world["acknowledged"], *(f"hook:acme:{delivery}" for delivery in world["delivered"])]
    problems = [f"{what} was acknowledged and is not stored" for what in acknowledged if what not in stored]
    problems += [f"webhook {delivery} was given up" for delivery in world["lost"]]
    problems += [f"{row['key']} was never finished" for row in rows if row["handled_at"] is None]
    mentions = Counter(row["external_id"] for row in read("mention"))
    if mentions != Counter(world["customer"]):
        problems.append(f"the customer's posts {world['customer']} became the mentions {dict(mentions)}")
    if len(read("cases")) != 1:
        problems.append(f"one conversation became {len(read('cases'))} cases")
    return problems


def _replies(read: Read, world: Mapping[str, Any]) -> list[str]:
    """No approved reply is lost, none is published twice, in order, byte for byte."""
    approved = [row for row in read("draft") if row["state"] == "approved"]
    if len(approved) != 1:
        return [f"{len(approved)} drafts stand approved at the end, not one"]
    parts = _json(approved[0]["parts"])
    posts = world["posts"]
    if [post["text"] for post in posts] != parts:
        return [f"approved were {parts}, published were {[post['text'] for post in posts]}"]
    above = [world["customer"][0], *(post["id"] for post in posts)]
    if [post["in_reply_to"] for post in posts] != above[:-1]:
        return [f"the parts do not hang below each other: {posts}"]
    sent = {row["part"]: row["external_id"] for row in read("effect") if row["draft_id"] == approved[0]["id"]}
    if sent != {part: post["id"] for part, post in enumerate(posts)}:
        return [f"remembered are {sent}, published are {[post['id'] for post in posts]}"]
    return []


def _approvals(read: Read, world: Mapping[str, Any]) -> list[str]:
    """Nothing leaves unapproved, for what the approver saw: text, version and the state of the conversation."""
    problems: list[str] = []
    [case] = read("cases")[:1] or [{}]
    drafts = {row["id"]: row for row in read("draft")}
    reviews = {row["id"]: row for row in read("review") if row["verdict"] == "approved"}
    for effect in read("effect"):
        if effect["kind"] != "reply" or effect["state"] != "sent":
            continue
        review, draft = reviews.get(effect["review_id"]), drafts.get(effect["draft_id"])
        if review is None or draft is None:
            problems.append("a reply left that nobody approved")
            continue
        exact = json.dumps([draft["visibility"], *_json(draft["parts"])], ensure_ascii=False)
        if (
            review["draft_hash"] != hashlib.sha256(exact.encode()).hexdigest()
            or review["draft_version"] != draft["version"]
        ):
            problems.append("the approval is for other bytes than those that left")
        if review["member"] == draft["author"]:
            problems.append("the author approved the own text")
        if review["context_version"] != case["context_version"]:
            problems.append("the approval was given before the customer changed the conversation")
    clicked = Counter((shown["draft"], shown["hash"]) for shown in world["approved"])
    given = Counter((row["draft_version"], row["draft_hash"]) for row in reviews.values())
    problems += [
        f"draft {version} was approved oftener than somebody clicked on its card" for version, _ in given - clicked
    ]
    return problems


def _clocks(read: Read) -> list[str]:
    """Each step's time is written once, never backwards, and the journal knows it."""
    problems: list[str] = []
    clocks = read("step_clock")
    for row in clocks:
        name = f"{row['step']} {row['cycle']}"
        if row["ended_at"] is None:
            if row["step"] != "resolution":
                problems.append(f"{name} never ended")
        elif (
            row["ended_at"] < row["started_at"]
            or abs((row["ended_at"] - row["started_at"]) / 1e6 - row["wall_seconds"]) > 1e-6
        ):
            problems.append(f"{name} runs backwards or has the wrong length")
    stopped: Counter[tuple[str, int]] = Counter()
    for entry in read("journal"):
        stopped.update((step, cycle) for step, cycle, _ in _json(entry["details"]).get("stopped", []))
    at_once = {("detect", 1)}
    ended = {(row["step"], row["cycle"]) for row in clocks if row["ended_at"] is not None} - at_once
    if any(number > 1 for number in stopped.values()) or set(stopped) - at_once != ended:
        problems.append(f"the journal stopped {dict(stopped)}, the clocks say {sorted(ended)}")
    for step in {row["step"] for row in clocks}:
        cycles = sorted(
            (row["cycle"], row["started_at"], row["ended_at"] or 0) for row in clocks if row["step"] == step
        )
        for (_, _, before), (_, after, _) in itertools.pairwise(cycles):
            if after < before:
                problems.append(f"{step} began again before it had ended")
    return problems


def _journal(read: Read) -> list[str]:
    """One journal row for each version of the case, in order of time."""
    problems: list[str] = []
    for case in read("cases"):
        rows = sorted(
            (row for row in read("journal") if row["case_id"] == case["id"]), key=lambda row: int(row["case_version"])
        )
        if [row["case_version"] for row in rows] != list(range(1, case["version"] + 1)):
            problems.append(f"version {case['version']} with journal rows {[row['case_version'] for row in rows]}")
        if [row["at"] for row in rows] != sorted(row["at"] for row in rows):
            problems.append("the journal goes back in time")
        if case["state"] != "answered":
            problems.append(f"the case ends as {case['state']}")
    return problems


def _effects(read: Read) -> list[str]:
    """Nothing is stuck, every act outside has its attempt, and every approval its effects."""
    problems: list[str] = []
    effects = read("effect")
    problems += [
        f"{row['kind']} is stuck as {row['state']}: {row['reason']}" for row in effects if row["state"] in LIVE
    ]
    attempts = Counter(row["effect_id"] for row in read("attempt"))
    for row in effects:
        if row["attempts"] != attempts[row["id"]]:
            problems.append(f"{row['kind']} counts {row['attempts']} tries and has {attempts[row['id']]} attempt rows")
        if row["state"] == "sent" and not attempts[row["id"]]:
            problems.append(f"{row['kind']} was sent without an attempt")
        if row["state"] == "sent" and row["token"] is not None:
            problems.append(f"{row['kind']} is sent and still leased")
    drafts = {row["id"]: row for row in read("draft")}
    for review in read("review"):
        if review["verdict"] == "approved":
            parts = {row["part"] for row in effects if row["review_id"] == review["id"]}
            if parts != set(range(len(_json(drafts[review["draft_id"]]["parts"])))):
                problems.append("an approval without its replies")
    return problems


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
