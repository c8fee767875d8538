"""What a page reads and does beyond the hands: one reading, what is unread, taking back, pictures, the whole stream."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from bots.sandbox.network import Network, NetworkRefusal, create_network_app
from bots.sandbox.network.records import Media
from tests.bots.sandbox.network.hands import PREFIX, settle


@pytest.fixture
def page(acme: httpx.AsyncClient) -> httpx.AsyncClient:
    """A page has no token."""
    del acme.headers["Authorization"]
    return acme


async def shown(page: httpx.AsyncClient, handle: str, **query: str) -> dict[str, Any]:
    answer = await page.get(f"/people/{handle}/page", params=query)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def test_a_page_holds_threads_whole_and_only_ones_own_messages(page: httpx.AsyncClient, network: Network) -> None:
    question = network.write("ada", "Where is it, @acme?")
    answer = network.write("acme", "On its way", in_reply_to=question.id)
    spam = network.write("ben", "@acme buy this", in_reply_to=question.id)
    network.write("acme", "Your number?", in_reply_to=question.id, visibility="private")
    network.write("ben", "hello", visibility="private", to="acme")
    network.hide("acme", spam.id)
    network.delete("ada", question.id)

    ada = await shown(page, "ada")
    assert [post["text"] for post in ada["posts"]] == [None, "On its way", "@acme buy this", "Your number?"]
    assert ada["posts"][0]["deleted_at"] is not None
    assert ada["posts"][2]["hidden_by"] == ["acme"]
    assert [told["kind"] for told in ada["notifications"]] == ["message", "reply", "reply"]
    assert ada["max_characters"] == 500
    assert [(one["handle"], one["unread"]) for one in ada["accounts"]][1:] == [("ada", 3), ("ben", 0)]
    assert "token" not in json.dumps(ada)

    ben = await shown(page, "ben")
    assert [post["text"] for post in ben["posts"]][-1] == "hello"
    assert "Your number?" not in json.dumps(ben)
    assert (await page.get("/people/nobody/page")).status_code == 404
    assert answer.id in {post["id"] for post in ben["posts"]}


async def test_a_page_holds_the_newest_threads_only(page: httpx.AsyncClient, network: Network) -> None:
    first = network.write("ada", "first")
    network.write("ada", "second")
    network.write("ben", "to the first", in_reply_to=first.id)
    assert [post["text"] for post in (await shown(page, "ada", limit="1"))["posts"]] == ["second"]
    assert len((await shown(page, "ada", limit="2"))["posts"]) == 3


async def test_looking_takes_the_badge_away_and_never_gives_it_back(page: httpx.AsyncClient, network: Network) -> None:
    question = network.write("ada", "@acme?")
    for text in ("one", "two"):
        network.write("acme", text, in_reply_to=question.id)
    newest, older = (await shown(page, "ada"))["notifications"]
    for told, left in ((older, 1), (newest, 0), (older, 0)):
        answer = await page.post("/people/ada/seen", json={"notification": told["id"]})
        assert answer.json() == {"account": "ada", "unread": left}
    await page.post("/people/ada/seen", json={"notification": "n999999"})
    network.write("acme", "three", in_reply_to=question.id)
    assert network.unread(network.account("ada")) == 1
    assert (await page.post("/people/ada/seen", json={"notification": "first"})).status_code == 422


async def test_marks_can_be_taken_back(page: httpx.AsyncClient, network: Network) -> None:
    post = network.write("ada", "hello")
    for act in ("like", "repost"):
        await page.post(f"/people/ben/posts/{post.id}/{act}")
        for _ in range(2):
            assert (await page.delete(f"/people/ben/posts/{post.id}/{act}")).status_code == 200
    assert (post.likes, post.reposts) == ([], [])
    assert (await page.delete(f"/people/ben/posts/{post.id}/hide")).status_code == 404


async def test_pictures_are_described(page: httpx.AsyncClient, network: Network) -> None:
    asked = {"text": "Look, @acme", "media": [{"alt": "A torn box"}, {"alt": "A mug", "url": "https://img.example/1"}]}
    sent = await page.post("/people/ada/posts", json=asked)
    assert sent.status_code == 201
    assert sent.json()["media"] == [
        {"alt": "A torn box", "url": None},
        {"alt": "A mug", "url": "https://img.example/1"},
    ]
    for wrong in ([{"alt": ""}], [{"alt": "x", "url": "javascript:alert(1)"}], [{"alt": "x"}] * 5):
        assert (await page.post("/people/ada/posts", json=asked | {"media": wrong})).status_code == 422
    network.delete("ada", sent.json()["id"])
    assert (await shown(page, "ben"))["posts"][0]["media"] == []


async def test_one_key_with_another_picture_is_another_post(network: Network) -> None:
    first = network.write("acme", "Look", media=[Media(alt="A box")], key="k")
    assert network.write("acme", "Look", media=[Media(alt="A box")], key="k") is first
    with pytest.raises(NetworkRefusal, match="used for another post"):
        network.write("acme", "Look", key="k")


async def test_what_was_seen_and_pictures_outlive_a_restart(network: Network) -> None:
    question = network.write("ada", "@acme?", media=[Media(alt="A box")])
    network.write("acme", "yes", in_reply_to=question.id)
    network.see("ada", 99)
    again = Network()
    again.restore(json.loads(json.dumps(network.snapshot())))
    assert again.unread(again.account("ada")) == 0
    assert again.view(again.post(question.id))["media"] == [{"alt": "A box", "url": None}]


async def test_a_stream_of_everything_tells_messages_notifications_and_looking(network: Network) -> None:
    everything, ben = network.watchers.open(None, everything=True), network.watchers.open("ben")
    network.write("acme", "psst", visibility="private", to="ada")
    network.see("ada", 1)
    await settle()
    told = [everything.queue.get_nowait() for _ in range(everything.queue.qsize())]
    assert [change and change["kind"] for change in told] == ["notification", "notification", "post", "seen"]
    assert told[0] is not None
    assert (told[0]["account"], told[0]["unread"], told[0]["notification"]["kind"]) == ("ada", 1, "message")
    assert told[3] == {"kind": "seen", "account": "ada", "seen": 1, "unread": 0}
    assert ben.queue.empty()


async def test_the_stream_opens_for_everything_on_request(network: Network) -> None:
    """The door itself: what it says is read from the first message on."""
    app = Starlette(routes=[Mount(PREFIX, create_network_app(network))])
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    gone = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        heard.put_nowait(message.get("body", b""))

    scope = {
        "type": "http",
        "method": "GET",
        "path": f"{PREFIX}/stream",
        "raw_path": b"",
        "root_path": "",
        "query_string": b"everything=1",
        "headers": [],
        "scheme": "http",
        "server": ("network.test", 80),
    }
    listening = asyncio.create_task(app(scope, receive, send))
    while b": open" not in await heard.get():
        pass
    network.write("ben", "psst", visibility="private", to="ada")
    assert b"event: notification" in await heard.get()
    assert b"event: post" in await heard.get()
    gone.set()
    network.watchers.close()
    await listening
    assert len(network.watchers) == 0
