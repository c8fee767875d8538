"""The hands of people over HTTP, and the public pages' data."""

import httpx
import pytest

from bots.sandbox.network import Network


@pytest.fixture
def page(acme: httpx.AsyncClient) -> httpx.AsyncClient:
    """A page has no token."""
    del acme.headers["Authorization"]
    return acme


async def test_a_conversation_by_hand(page: httpx.AsyncClient, network: Network) -> None:
    question = (await page.post("/people/ada/posts", json={"text": "Where is it, @acme?"})).json()
    answer = network.write("acme", "On its way", in_reply_to=question["id"])
    thanks = await page.post("/people/ada/posts", json={"text": "Thanks", "in_reply_to": answer.id})
    assert thanks.status_code == 201
    changed = await page.patch(f"/people/ada/posts/{question['id']}", json={"text": "Where is it now, @acme?"})
    assert changed.json()["edited_at"] is not None
    for act in ("like", "repost"):
        assert (await page.post(f"/people/ben/posts/{answer.id}/{act}")).status_code == 200
    assert (await page.post(f"/people/acme/posts/{question['id']}/hide")).json()["hidden"] is True
    thread = (await page.get(f"/posts/{answer.id}/thread")).json()["posts"]
    assert [post["text"] for post in thread] == ["Where is it now, @acme?", "On its way", "Thanks"]
    assert (thread[1]["liked_by"], thread[1]["reposted_by"], thread[1]["replies"]) == (["ben"], ["ben"], 1)
    assert (await page.delete(f"/people/ada/posts/{thanks.json()['id']}")).status_code == 204
    assert len((await page.get(f"/posts/{answer.id}/thread")).json()["posts"]) == 2


async def test_messages_by_hand(page: httpx.AsyncClient) -> None:
    body: dict[str, str] = {"text": "my address", "visibility": "private", "to": "acme"}
    sent = (await page.post("/people/ada/posts", json=body)).json()
    for handle, seen in (("ada", 1), ("acme", 1), ("ben", 0)):
        assert len((await page.get(f"/people/{handle}/messages")).json()["posts"]) == seen
    assert (await page.get("/timeline")).json() == {"posts": []}
    assert (await page.get(f"/posts/{sent['id']}")).status_code == 404
    assert (await page.get(f"/posts/{sent['id']}", params={"viewer": "ada"})).status_code == 200
    told = (await page.get("/people/acme/notifications")).json()["notifications"]
    assert [row["kind"] for row in told] == ["message"]


async def test_the_timeline_is_newest_first_and_hides_what_is_hidden(page: httpx.AsyncClient, network: Network) -> None:
    for number in range(5):
        network.write("ada", f"{number} @acme")
    network.hide("acme", "p2")
    shown = (await page.get("/timeline", params={"viewer": "ben", "limit": "3"})).json()["posts"]
    assert [post["text"] for post in shown] == ["4 @acme", "3 @acme", "2 @acme"]
    everybody, author = [
        (await page.get("/timeline", params=params)).json()["posts"] for params in ({}, {"viewer": "ada"})
    ]
    assert (len(everybody), len(author)) == (4, 5)


async def test_accounts_are_shown_without_tokens(page: httpx.AsyncClient, network: Network) -> None:
    network.write("ada", "hello")
    listed = await page.get("/people")
    assert [one["handle"] for one in listed.json()["accounts"]] == ["acme", "ada", "ben"]
    shown = (await page.get("/accounts/ada")).json()
    assert (shown["name"], shown["avatar"]["initials"]) == ("Ada Neri", "AN")
    assert [post["text"] for post in shown["posts"]] == ["hello"]
    assert "token" not in listed.text + str(shown)


async def test_a_new_account_gets_its_token_once(page: httpx.AsyncClient) -> None:
    made = await page.post("/people", json={"handle": "Zenith", "name": "Zenith", "kind": "brand"})
    assert (made.status_code, made.json()["handle"]) == (201, "zenith")
    headers = {"Authorization": f"Bearer {made.json()['token']}"}
    assert (await page.get("/api/accounts/me", headers=headers)).json()["handle"] == "zenith"
    assert (await page.post("/people", json={"handle": "zenith", "name": "Other"})).status_code == 409


async def test_hands_are_refused_with_a_sentence(page: httpx.AsyncClient, network: Network) -> None:
    post = network.write("ada", "hello")
    for method, path, body, status in (
        ("POST", "/people/nobody/posts", {"text": "x"}, 404),
        ("POST", "/people/ada/posts", {"text": ""}, 422),
        ("PATCH", f"/people/ben/posts/{post.id}", {"text": "x"}, 403),
        ("DELETE", f"/people/ben/posts/{post.id}", None, 403),
        ("POST", f"/people/ben/posts/{post.id}/shout", None, 404),
        ("GET", "/timeline?viewer=nobody", None, 404),
        ("GET", "/people/nobody/messages", None, 404),
    ):
        answer = await page.request(method, path, json=body)
        assert answer.status_code == status, path
        assert answer.json()["error"]["message"].endswith(".")


async def test_the_rules_may_change_while_it_runs(page: httpx.AsyncClient) -> None:
    changed = await page.patch("/rules", json={"max_characters": 5, "look_up": False})
    assert (changed.json()["max_characters"], changed.json()["look_up"]) == (5, False)
    assert (await page.post("/people/ada/posts", json={"text": "123456"})).status_code == 422
    for body in ({"max_characters": 0}, {"colour": 1}, [], {"idempotency": "maybe"}):
        assert (await page.patch("/rules", json=body)).status_code == 422
    assert (await page.get("/rules")).json()["max_characters"] == 5
