"""The page where a customer reads the answer and writes again."""

from importlib.resources import files

import httpx
import pytest

from tests.bots.forms.memory import RememberedConversations
from tests.bots.forms.visitor import ADA, BROWSER, fill_in, read_page, send
from tests.clock import TestClock

SCRIPT = files("bots.forms").joinpath("templates", "conversation.js").read_text("utf-8")
HOSTILE = [
    "<script>alert(1)</script>",
    "</p></li></ol><h1>APPROVED</h1>",
    "</textarea><script>alert(1)</script>",
    '" autofocus onfocus="alert(1)',
    "{{ 7 * 7 }} {% raw %} {# gone #} ${x} %(y)s {name}",
    "&lt;b&gt; &amp;amp; &#60;",
    "\u202etxt.exe\u202c \u2066isolated\u2069 \u200f",
    "line\u2028separator\u2029 zero\u200bwidth\ufeff \u00a0",
    "e\u0301 \u00e9 \U0001f468\u200d\U0001f469\u200d\U0001f467 \U000e0041",
    "\N{GRINNING FACE}" * 10_000,
    "\n\n  two line ends first\n\ttab\n\n",
    "']]>--><!-- <![CDATA[",
    "=HYPERLINK(1)\nSet-Cookie: a=b\nContent-Length: 0",
    "שלום עולם\nمرحبا",
]


async def start(client: httpx.AsyncClient, **changes: str) -> str:
    """Open a conversation; return its address."""
    address: str = (await client.post("/forms/contact", json=ADA | changes)).json()["status_url"]
    return address


async def test_conversation_shows_both_sides_with_times(
    client: httpx.AsyncClient, conversations: RememberedConversations, clock: TestClock
) -> None:
    address = await start(client)
    waiting = read_page(await client.get(address, headers=BROWSER))
    assert "We have your message." in waiting.one("p", role="status").text

    clock.forward(seconds=3_600)
    conversations.answer("token-of-conversation-1", "It left today.")
    page = read_page(await client.get(address, headers=BROWSER))

    assert page.said == ["Please send it again.", "It left today."]
    assert [one.attributes["class"] for one in page.all("li")] == ["customer", "brand"]
    assert [one.text for one in page.all("strong")] == ["You", "Acme"]
    assert [one.attributes["datetime"] for one in page.all("time")] == ["2026-11-21T09:15:07Z", "2026-11-21T10:15:07Z"]
    assert [one.text for one in page.all("time")] == ["21 November 2026, 09:15 UTC", "21 November 2026, 10:15 UTC"]
    assert "Acme has answered you." in page.one("p", role="status").text
    assert page.one("bdi").text == "Invoice"


async def test_conversation_as_json(
    client: httpx.AsyncClient, conversations: RememberedConversations, clock: TestClock
) -> None:
    address = await start(client)
    clock.forward(seconds=0.25)
    conversations.answer("token-of-conversation-1", "It left today.")

    response = await client.get(address, headers={"accept": "application/json"})
    assert response.json() == {
        "case": "case-1",
        "messages": [
            {"from": "customer", "text": "Please send it again.", "at": "2026-11-21T09:15:07Z"},
            {"from": "brand", "text": "It left today.", "at": "2026-11-21T09:15:07.250000Z"},
        ],
    }


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("sent_as", ["json", "data"])
async def test_any_text_comes_back_whole_and_harmless(
    client: httpx.AsyncClient, conversations: RememberedConversations, text: str, sent_as: str
) -> None:
    first_line = text.partition("\n")[0].partition("\u2028")[0]
    typed = ADA | {"message": text, "subject": first_line[:200].strip()}
    address = (await client.post("/forms/contact", **{sent_as: typed})).json()["status_url"]  # type: ignore[arg-type]
    conversations.answer("token-of-conversation-1", text)

    answered = (await client.get(address, headers={"accept": "application/json"})).json()
    assert [one["text"] for one in answered["messages"]] == [text, text]

    page = read_page(await client.get(address, headers=BROWSER))
    assert page.said == [text, text]
    assert [one.text for one in page.all("script")] == [SCRIPT]
    assert len(page.all("h1")) == 1
    assert len(page.all("textarea")) == 1

    # and into the fields of a page that is shown again
    again = await send(client, "/forms/contact", typed | {"email": "no address"})
    assert again.status_code == 400
    assert read_page(again).values["message"] == text
    assert read_page(again).values["subject"] == typed["subject"]


async def test_an_unchanged_conversation_is_not_sent_again(
    client: httpx.AsyncClient, conversations: RememberedConversations
) -> None:
    address = await start(client)
    for accept in (BROWSER, {"accept": "application/json"}):
        first = await client.get(address, headers=accept)
        known = accept | {"if-none-match": first.headers["etag"]}
        again = await client.get(address, headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert again.headers["cache-control"] == "no-store"
        conversations.answer("token-of-conversation-1", "It left today.")
        changed = await client.get(address, headers=known)
        assert changed.status_code == 200
        assert changed.headers["etag"] != first.headers["etag"]


async def test_what_a_page_knows_of_its_version_spares_it_the_next_one(client: httpx.AsyncClient) -> None:
    address = await start(client)
    version = read_page(await client.get(address, headers=BROWSER)).one("ol").attributes["data-version"]
    look = {"if-none-match": f'"{version}"'}
    assert (await client.get(address, headers=BROWSER | look)).status_code == 304
    other_language = BROWSER | look | {"accept-language": "it"}
    assert (await client.get(address, headers=other_language)).status_code == 200
    assert (await client.get(address, headers=look | {"accept": "application/json"})).status_code == 200


async def test_line_ends_are_kept_as_sent(client: httpx.AsyncClient) -> None:
    text = "one\r\ntwo\nthree\rfour\r\n"
    address = await start(client, message=text)
    answered = (await client.get(address, headers={"accept": "application/json"})).json()
    assert answered["messages"][0]["text"] == text
    assert text.encode() in (await client.get(address)).content


async def test_customer_writes_again_from_the_page(client: httpx.AsyncClient) -> None:
    address = (await fill_in(client, **ADA)).headers["location"]
    response = await fill_in(client, address, message="And the date?")

    assert (response.status_code, response.headers["location"]) == (303, address)
    assert read_page(await client.get(address)).said == ["Please send it again.", "And the date?"]


@pytest.mark.parametrize("sent_as", ["json", "data"])
async def test_customer_writes_again_by_program(
    client: httpx.AsyncClient, conversations: RememberedConversations, sent_as: str
) -> None:
    address = await start(client)
    response = await client.post(address, **{sent_as: {"message": "And the date?"}})  # type: ignore[arg-type]

    assert response.status_code == 201
    assert response.json() == {"case": "case-1", "status_url": address}
    assert len(conversations.raw) == 2


async def test_writing_again_twice_from_one_page_is_one_message(client: httpx.AsyncClient) -> None:
    address = await start(client)
    page = read_page(await client.get(address))
    for _ in range(2):
        response = await send(client, address, page.values | {"message": "Hello?"})
        assert response.status_code == 303
    assert read_page(await client.get(address)).said == ["Please send it again.", "Hello?"]


async def test_the_same_words_from_two_pages_are_two_messages(client: httpx.AsyncClient) -> None:
    address = await start(client)
    for _ in range(2):
        await fill_in(client, address, message="Hello?")
    assert read_page(await client.get(address)).said == ["Please send it again.", "Hello?", "Hello?"]


async def test_idempotency_key_adds_once(client: httpx.AsyncClient) -> None:
    address = await start(client)
    for _ in range(2):
        answer = await client.post(address, json={"message": "Hello?"}, headers={"idempotency-key": "a"})
        assert answer.status_code == 201
    assert len(read_page(await client.get(address)).said) == 2


async def test_the_same_key_in_two_conversations_adds_to_both(client: httpx.AsyncClient) -> None:
    addresses = [await start(client) for _ in range(2)]
    for address in addresses:
        await client.post(address, json={"message": "Hello?"}, headers={"idempotency-key": "a"})
    assert [read_page(await client.get(one)).said[1:] for one in addresses] == [["Hello?"], ["Hello?"]]


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("", "Write your message."),
        (" \u200b\n ", "Write your message."),
        ("x" * 10_001, "Shorten your message to 10000 characters; it has 10001."),
        ("bell \x07", "Remove the invisible control character (U+0007) and send again."),
    ],
    ids=["empty", "blank", "long", "control"],
)
async def test_refused_message_stays_in_the_box(client: httpx.AsyncClient, message: str, sentence: str) -> None:
    address = await start(client)
    response = await fill_in(client, address, message=message)
    page = read_page(response)

    assert response.status_code == 400
    assert page.values["message"] == message
    assert page.by_id("message-problem").text == sentence
    assert page.said == ["Please send it again."]

    told = await client.post(address, json={"message": message})
    assert told.status_code == 400
    assert told.json()["fields"] == {"message": sentence}


@pytest.mark.parametrize(
    "token", ["unknown", "token-of-conversation-2", "%00", "a b", "x" * 500, "..%2e", "%F0%9F%98%80"]
)
async def test_unknown_conversation(
    client: httpx.AsyncClient, conversations: RememberedConversations, token: str
) -> None:
    await start(client)
    address = f"/forms/contact/{token}"
    page = await client.get(address, headers=BROWSER)
    program = await client.get(address, headers={"accept": "application/json"})
    written = await client.post(address, json={"message": "Hello?"})

    assert (page.status_code, program.status_code, written.status_code) == (404, 404, 404)
    assert "There is no conversation at this address." in read_page(page).one("main").text
    assert program.json()["error"] == written.json()["error"]
    assert len(conversations.raw) == 1


async def test_conversation_belongs_to_its_account(client: httpx.AsyncClient) -> None:
    await start(client)
    assert (await client.get("/forms/press/token-of-conversation-1")).status_code == 404


async def test_text_for_a_lost_conversation_is_given_back(client: httpx.AsyncClient) -> None:
    for text in ("A long story", "A story with a bell \x07"):
        response = await send(client, "/forms/contact/unknown", {"message": text})
        assert response.status_code == 404
        area = read_page(response).one("textarea")
        assert area.text.removeprefix("\n") == text
        assert "readonly" in area.attributes
