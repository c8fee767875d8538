"""The REST interface: tokens, limits, keys, look-ups, pages; every text comes back as it was sent."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from bots.sandbox.network import Network, Rules
from tests.bots.sandbox.network.hands import START, HandClock

FAMILY = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"
HOSTILE = [
    "<script>alert(1)</script> & &amp; \"x\" 'y'",
    "\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe\N{POP DIRECTIONAL FORMATTING}",
    "a\x00b\x1b[31m\x7f\u2028\u2029\ufeff",
    " spaces \t and\r\nline\nends \n",
    "e\N{COMBINING ACUTE ACCENT} is not \N{LATIN SMALL LETTER E WITH ACUTE}",
    "{{ 7*7 }} ${x} %s \\u0041 \\n '; DROP TABLE posts; --",
    FAMILY * 40,
    "\U0010ffff\ufffe\ufffd",
]


def error(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.mark.parametrize("text", HOSTILE)
async def test_text_is_kept_byte_for_byte(acme: httpx.AsyncClient, network: Network, text: str) -> None:
    made = (await acme.post("/api/posts", json={"text": text})).json()
    assert made["text"] == text
    assert network.post(made["id"]).text.encode() == text.encode()
    assert (await acme.get(f"/api/posts/{made['id']}")).json()["text"] == text
    edited = (await acme.patch(f"/api/posts/{made['id']}", json={"text": text + "!"})).json()
    assert (edited["text"], edited["edited_at"]) == (text + "!", START.isoformat())
    history = (await acme.get(f"/posts/{made['id']}/history")).json()["versions"]
    assert [version["text"] for version in history] == [text, text + "!"]


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "token_missing"),
        ("", "token_missing"),
        ("Basic acme-token", "token_missing"),
        ("Bearer ", "token_missing"),
        ("Bearer nonsense", "token_invalid"),
    ],
)
async def test_without_a_good_token_nothing_opens(acme: httpx.AsyncClient, header: str | None, code: str) -> None:
    del acme.headers["Authorization"]
    headers = {} if header is None else {"Authorization": header}
    for method, path in (
        ("GET", "/api/accounts/me"),
        ("GET", "/api/notifications"),
        ("GET", "/api/posts/p1"),
        ("GET", "/api/posts/p1/replies"),
        ("GET", "/api/accounts/ada/posts"),
        ("POST", "/api/posts"),
        ("PATCH", "/api/posts/p1"),
        ("DELETE", "/api/posts/p1"),
        ("POST", "/api/posts/p1/like"),
        ("GET", "/api/subscription"),
        ("POST", "/api/subscription"),
    ):
        assert error(await acme.request(method, path, headers=headers)) == (401, code), path
    assert (await acme.get("/api/server")).status_code == 200


async def test_a_revoked_token_is_refused_until_given_back(acme: httpx.AsyncClient, network: Network) -> None:
    network.revoke("acme")
    assert error(await acme.get("/api/accounts/me")) == (401, "token_revoked")
    network.revoke("acme", revoked=False)
    assert (await acme.get("/api/accounts/me")).json()["handle"] == "acme"


@pytest.mark.parametrize("unit", ["a", FAMILY, "e\N{COMBINING ACUTE ACCENT}", "字"])
async def test_the_limit_counts_what_people_see(acme: httpx.AsyncClient, network: Network, unit: str) -> None:
    network.rules.max_characters = 20
    assert (await acme.get("/api/server")).json()["max_characters"] == 20
    assert (await acme.post("/api/posts", json={"text": unit * 20})).status_code == 201
    refused = await acme.post("/api/posts", json={"text": unit * 21})
    assert error(refused) == (422, "text_too_long")
    assert refused.json()["error"]["length"] == 21
    assert len(network.posts_by("acme")) == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"text": ""}', (422, "text_empty")),
        (b'{"text": " \\n\\t "}', (422, "text_empty")),
        (b'{"text": "\\ud800"}', (422, "text_invalid")),
        (b'{"text": 1}', (422, "bad_field")),
        (b'{"text": null}', (422, "bad_field")),
        (b"{}", (422, "bad_field")),
        (b"[]", (422, "bad_field")),
        (b'{"text": "x", "colour": "red"}', (422, "bad_field")),
        (b'{"text": "x", "visibility": "unlisted"}', (422, "bad_field")),
        (b'{"text": "x", "in_reply_to": "nope"}', (404, "post_not_found")),
        (b'{"text": "\xff"}', (400, "bad_json")),
        (b'{"text": ', (400, "bad_json")),
        (b"", (400, "bad_json")),
        (b"[" * 60_000, (400, "bad_json")),
        (b'{"text": "' + b"x" * 66_000 + b'"}', (413, "too_large")),
    ],
    ids=lambda value: value[:24].decode("latin-1") if isinstance(value, bytes) else None,
)
async def test_bad_bodies(acme: httpx.AsyncClient, network: Network, body: bytes, expected: tuple[int, str]) -> None:
    answer = await acme.post("/api/posts", content=body, headers={"Content-Type": "application/json"})
    assert error(answer) == expected
    assert answer.json()["error"]["message"]
    assert network.posts_by("acme") == []


async def test_only_json_is_taken(acme: httpx.AsyncClient) -> None:
    assert error(await acme.post("/api/posts", data={"text": "x"})) == (415, "not_json")


async def test_unknown_places(acme: httpx.AsyncClient, network: Network) -> None:
    post = network.write("ada", "hello")
    assert error(await acme.get("/api/nothing")) == (404, "not_found")
    assert error(await acme.put(f"/api/posts/{post.id}")) == (405, "method_not_allowed")
    assert error(await acme.post(f"/api/posts/{post.id}/shout")) == (404, "no_such_act")
    assert error(await acme.get("/api/accounts/nobody/posts")) == (404, "account_not_found")
    network.delete("ada", post.id)
    gone = await acme.get(f"/api/posts/{post.id}")
    assert error(gone) == (410, "post_deleted")
    assert gone.json()["error"]["deleted_at"] == START.isoformat()
    assert error(await acme.post(f"/api/posts/{post.id}/like")) == (410, "post_deleted")


async def test_acts_and_deletion(acme: httpx.AsyncClient, network: Network) -> None:
    post = network.write("ada", "hello @acme")
    for act in ("like", "repost", "hide"):
        for _ in range(2):
            assert (await acme.post(f"/api/posts/{post.id}/{act}")).status_code == 200
    assert (post.likes, post.reposts, post.hidden_by) == (["acme"], ["acme"], ["acme"])
    ours = (await acme.post("/api/posts", json={"text": "hi", "in_reply_to": post.id})).json()
    assert error(await acme.delete(f"/api/posts/{post.id}")) == (403, "not_yours")
    assert (await acme.delete(f"/api/posts/{ours['id']}")).status_code == 204
    assert error(await acme.delete(f"/api/posts/{ours['id']}")) == (410, "post_deleted")


# --- keys and look-ups


async def write(acme: httpx.AsyncClient, key: str, text: str = "hello") -> dict[str, Any]:
    answer = await acme.post("/api/posts", json={"text": text}, headers={"Idempotency-Key": key})
    assert answer.status_code == 201
    made: dict[str, Any] = answer.json()
    return made


async def test_a_key_makes_one_post_for_an_hour(acme: httpx.AsyncClient, network: Network, clock: HandClock) -> None:
    first = await write(acme, "k1")
    assert (await write(acme, "k1"))["id"] == first["id"]
    await clock.advance(3600)
    assert (await write(acme, "k1"))["id"] == first["id"]
    await clock.advance(1)
    assert (await write(acme, "k1"))["id"] != first["id"]
    assert (await write(acme, "k2"))["id"] != first["id"]
    assert len(network.posts_by("acme")) == 3


async def test_eight_at_once_with_one_key_are_one_post(acme: httpx.AsyncClient, network: Network) -> None:
    made = await asyncio.gather(*(write(acme, "k") for _ in range(8)))
    assert len({post["id"] for post in made}) == len(network.posts_by("acme")) == 1


async def test_a_key_is_the_accounts_own_and_for_one_post(acme: httpx.AsyncClient, network: Network) -> None:
    first = await write(acme, "k")
    other = await acme.post("/api/posts", json={"text": "other"}, headers={"Idempotency-Key": "k"})
    assert error(other) == (409, "key_reused")
    by_ada = {"Idempotency-Key": "k", "Authorization": "Bearer ada-token"}
    assert (await acme.post("/api/posts", json={"text": "hello"}, headers=by_ada)).json()["id"] != first["id"]
    network.delete("acme", first["id"])
    assert (await write(acme, "k"))["id"] == first["id"]


async def test_a_network_may_ignore_keys(acme: httpx.AsyncClient, network: Network) -> None:
    network.rules = Rules(idempotency="ignored")
    assert (await write(acme, "k"))["id"] != (await write(acme, "k"))["id"]
    assert (await acme.get("/api/server")).json()["idempotency"] == "ignored"


async def test_own_posts_and_replies_can_be_looked_up_unless_that_is_off(
    acme: httpx.AsyncClient, network: Network, clock: HandClock
) -> None:
    question = network.write("ada", "hello @acme")
    network.write("acme", "early")
    await clock.advance(60)
    late = network.write("acme", "late", in_reply_to=question.id)
    network.write("ben", "me too", in_reply_to=question.id)
    since = {"since": clock.now().isoformat()}
    ours = (await acme.get("/api/accounts/acme/posts", params=since)).json()["posts"]
    assert [post["id"] for post in ours] == [late.id]
    replies = (await acme.get(f"/api/posts/{question.id}/replies")).json()["posts"]
    assert [post["text"] for post in replies] == ["late", "me too"]
    network.delete("ada", question.id)
    assert len((await acme.get(f"/api/posts/{question.id}/replies")).json()["posts"]) == 2
    network.rules = Rules(look_up=False)
    assert error(await acme.get("/api/accounts/acme/posts")) == (403, "look_up_off")
    assert error(await acme.get(f"/api/posts/{late.id}/replies")) == (403, "look_up_off")
    assert (await acme.get("/api/accounts/ada/posts")).status_code == 200


@pytest.mark.parametrize("since", ["yesterday", "2026-11-02T09:00:00", "1", ""])
async def test_a_time_needs_its_zone(acme: httpx.AsyncClient, since: str) -> None:
    assert error(await acme.get("/api/accounts/ada/posts", params={"since": since})) == (422, "bad_time")


# --- notifications


async def test_pages_are_complete_and_in_order(acme: httpx.AsyncClient, network: Network) -> None:
    wrote = [network.write("ada", f"@acme {number}").id for number in range(95)]
    seen: list[str] = []
    cursor: str | None = None
    sizes = []
    while True:
        params = {"limit": "40"} | ({"after": cursor} if cursor else {})
        page = (await acme.get("/api/notifications", params=params)).json()
        sizes.append(len(page["notifications"]))
        seen += [row["post"]["id"] for row in page["notifications"]]
        cursor = page["cursor"]
        if not page["more"]:
            break
    assert (seen, sizes) == (wrote, [40, 40, 15])
    exactly = (await acme.get("/api/notifications", params={"limit": "80"})).json()["cursor"]
    rest = (await acme.get("/api/notifications", params={"limit": "15", "after": exactly})).json()
    assert (len(rest["notifications"]), rest["more"]) == (15, False)
    again = (await acme.get("/api/notifications", params={"after": cursor})).json()
    assert (again["notifications"], again["cursor"], again["more"]) == ([], cursor, False)
    network.write("ben", "@acme new")
    later = (await acme.get("/api/notifications", params={"after": cursor})).json()
    assert [row["post"]["text"] for row in later["notifications"]] == ["@acme new"]


async def test_a_first_page_is_what_is_recent(acme: httpx.AsyncClient, network: Network, clock: HandClock) -> None:
    network.write("ada", "@acme old")
    await clock.advance(86_401)
    empty = (await acme.get("/api/notifications")).json()
    assert (empty["notifications"], empty["more"]) == ([], False)
    network.write("ada", "@acme new")
    assert len((await acme.get("/api/notifications", params={"after": empty["cursor"]})).json()["notifications"]) == 1
    first = (await acme.get("/api/notifications")).json()["notifications"]
    assert [row["post"]["text"] for row in first] == ["@acme new"]


@pytest.mark.parametrize("after", ["0", "hello", "YWZ0ZXI6eA", "♥", "bjox"])
async def test_a_foreign_cursor_is_refused(acme: httpx.AsyncClient, after: str) -> None:
    assert error(await acme.get("/api/notifications", params={"after": after})) == (422, "bad_cursor")


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1.5", "", "٣"])
async def test_a_limit_is_a_number(acme: httpx.AsyncClient, limit: str) -> None:
    assert error(await acme.get("/api/notifications", params={"limit": limit})) == (422, "bad_number")


async def test_every_request_is_logged_without_tokens(acme: httpx.AsyncClient, network: Network) -> None:
    await write(acme, "k1", "logged")
    await acme.get("/api/accounts/nobody/posts")
    made, missed = network.calls
    assert (made.method, made.path, made.account, made.key, made.status) == ("POST", "/api/posts", "acme", "k1", 201)
    assert json.loads(made.body) == {"text": "logged"}
    assert (missed.path, missed.status, missed.acted_status) == ("/api/accounts/nobody/posts", 404, 404)
    shown = (await acme.get("/calls")).text
    assert "logged" in shown
    assert "acme-token" not in shown
