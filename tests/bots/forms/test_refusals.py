"""What cannot be taken is told in a sentence where it was written, and nothing typed is lost."""

import json
from typing import Any

import httpx
import pytest

from bots.forms.wording import ENGLISH, ITALIAN
from tests.bots.forms.conftest import OpenForm
from tests.bots.forms.memory import RememberedConversations
from tests.bots.forms.visitor import ADA, BROWSER, fill_in, read_page, send
from tests.clock import TestClock

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}

BAD_FIELDS = [
    ("name", "", "Write your name."),
    ("name", " \u200b ", "Write your name."),
    ("name", "n" * 201, "Shorten your name to 200 characters; it has 201."),
    ("name", "Ada\nBcc: all@example.org", "Write this on one line."),
    ("name", "Ada\u2028Jones", "Write this on one line."),
    ("name", "Ada\x00", "Remove the invisible control character (U+0000) and send again."),
    ("name", "Ada\tJones", "Remove the invisible control character (U+0009) and send again."),
    ("email", "", "Write your e-mail address."),
    ("email", "ada", ENGLISH.bad_email),
    ("email", "@example.org", ENGLISH.bad_email),
    ("email", "ada@", ENGLISH.bad_email),
    ("email", "ada@home@example.org", ENGLISH.bad_email),
    ("email", "ada lovelace@example.org", ENGLISH.bad_email),
    ("email", "ada@example\u00a0.org", ENGLISH.bad_email),
    ("email", "a@b.example\nBcc:c@d.example", "Remove the invisible control character (U+000A) and send again."),
    ("email", "a" * 243 + "@example.org", "This e-mail address is longer than 254 characters. Check it, please."),
    ("subject", "s" * 201, "Shorten the subject to 200 characters; it has 201."),
    ("subject", "two\r\nlines", "Write this on one line."),
    ("message", "", "Write your message."),
    ("message", "\r\n\u200b\u00a0", "Write your message."),
    ("message", "x" * 10_001, "Shorten your message to 10000 characters; it has 10001."),
    ("message", "nul \x00", "Remove the invisible control character (U+0000) and send again."),
    ("message", "next line \x85", "Remove the invisible control character (U+0085) and send again."),
    ("message", "escape \x1b[31m", "Remove the invisible control character (U+001B) and send again."),
]


@pytest.mark.parametrize(("field", "value", "sentence"), BAD_FIELDS, ids=range(len(BAD_FIELDS)))
async def test_each_field_has_its_sentence(
    client: httpx.AsyncClient, conversations: RememberedConversations, field: str, value: str, sentence: str
) -> None:
    response = await fill_in(client, **ADA | {field: value})
    page = read_page(response)
    told = await client.post("/forms/contact", json=ADA | {field: value})

    assert response.status_code == 400
    assert page.one("title").text == "Error: Write to Acme"
    assert page.by_id(f"{field}-problem").text == sentence
    assert page.by_id(field).attributes["aria-invalid"] == "true"
    assert f"{field}-problem" in page.by_id(field).attributes["aria-describedby"].split()
    summary = page.one("div", role="alert")
    assert {"tabindex", "autofocus"} <= set(summary.attributes)
    assert page.one("a", href=f"#{field}").text == sentence
    kept = {name: page.values[name] for name in ADA}
    assert kept == ADA | {field: value if field == "message" else value.strip()}
    assert told.status_code == 400
    assert told.json() == {"error": ENGLISH.check_fields, "fields": {field: sentence}}
    assert conversations.submissions == []


async def test_all_problems_are_told_at_once_in_the_readers_language(client: httpx.AsyncClient) -> None:
    page = read_page(await fill_in(client, "/forms/contact?lang=it", name="", email="", message=""))
    assert page.one("title").text == "Errore: Scrivi a Acme"
    assert [one.text for one in page.all("a") if one.attributes["href"].startswith("#")] == [
        ITALIAN.missing_name,
        ITALIAN.missing_email,
        ITALIAN.missing_message,
    ]


async def test_a_corrected_page_can_be_sent(client: httpx.AsyncClient, conversations: RememberedConversations) -> None:
    refused = read_page(await fill_in(client, **ADA | {"email": "ada"}))
    corrected = await send(client, "/forms/contact", refused.values | {"email": "ada@example.org"})
    assert corrected.status_code == 303
    assert [one.message for one in conversations.submissions] == [ADA["message"]]


@pytest.mark.parametrize(
    ("value", "field"), [(17, "name"), (["a@b.example"], "email"), ({"a": 1}, "subject"), (True, "message")]
)
async def test_json_fields_must_be_texts(client: httpx.AsyncClient, value: Any, field: str) -> None:
    response = await client.post("/forms/contact", json=ADA | {field: value})
    assert response.status_code == 400
    assert response.json()["fields"] == {field: "This must be a text."}


async def test_half_a_character_is_refused(client: httpx.AsyncClient, conversations: RememberedConversations) -> None:
    body = json.dumps(ADA | {"message": "broken \ud83d"}).encode()
    response = await client.post("/forms/contact", content=body, headers=JSON)
    assert response.status_code == 400
    assert "U+D83D" in response.json()["fields"]["message"]
    assert conversations.submissions == []


BAD_JSON = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"17",
    b"{'name': 'Ada'}",
    b"[" * 30_000,
    b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    b'{"name": ' + b"9" * 5_000 + b"}",
    b"\xef\xbb\xbf\x00{}",
]


@pytest.mark.parametrize("body", BAD_JSON, ids=range(len(BAD_JSON)))
async def test_json_that_is_no_object(client: httpx.AsyncClient, body: bytes) -> None:
    for address in ("/forms/contact", "/forms/contact/unknown"):
        response = await client.post(address, content=body, headers=JSON)
        assert response.status_code == 400
        assert response.json() == {"error": ENGLISH.not_json, "fields": {}}


@pytest.mark.parametrize("body", [b'{"name": "\xff"}', '{"name": "Ada"}'.encode("utf-16"), b'{"name": "\xed\xa0\xbd"}'])
async def test_json_that_is_not_utf8(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post("/forms/contact", content=body, headers=JSON)
    assert (response.status_code, response.json()["error"]) == (400, ENGLISH.not_utf8)


@pytest.mark.parametrize("message", [b"caf%E9", b"caf\xe9"])
async def test_form_that_is_not_utf8_is_shown_again(client: httpx.AsyncClient, message: bytes) -> None:
    body = b"name=Ada&email=ada%40example.org&message=" + message
    program = await client.post("/forms/contact", content=body, headers=FORM)
    browser = await client.post("/forms/contact", content=body, headers=FORM | BROWSER)

    assert (program.status_code, program.json()["error"]) == (400, ENGLISH.not_utf8)
    assert browser.status_code == 400
    page = read_page(browser)
    assert ENGLISH.not_utf8 in page.one("div", role="alert").text
    assert (page.values["name"], page.values["message"]) == ("Ada", "caf\ufffd")


async def test_form_with_too_many_fields(client: httpx.AsyncClient) -> None:
    for last, sentence in ((b"message=caf%C3%A9", ENGLISH.not_form), (b"message=caf\xe9", ENGLISH.not_utf8)):
        response = await client.post("/forms/contact", content=b"a=1&" * 200 + last, headers=FORM)
        assert (response.status_code, response.json()["error"]) == (400, sentence)


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/xml", ""])
async def test_other_kinds_of_body(client: httpx.AsyncClient, kind: str) -> None:
    for address in ("/forms/contact", "/forms/contact/unknown"):
        response = await client.post(address, content=b"hello", headers={"content-type": kind})
        assert (response.status_code, response.json()["error"]) == (415, ENGLISH.wrong_type)
        assert "application/json" in response.headers["accept-post"]
    page = await client.post("/forms/contact", content=b"hello", headers={"content-type": kind} | BROWSER)
    assert page.status_code == 415
    assert ENGLISH.wrong_type in read_page(page).one("div", role="alert").text


@pytest.mark.parametrize("key", ["", "k" * 256, "caf\u00e9"])
async def test_unusable_idempotency_key(client: httpx.AsyncClient, key: str) -> None:
    headers = [(b"idempotency-key", key.encode("latin-1"))]
    response = await client.post("/forms/contact", json=ADA, headers=headers)
    assert (response.status_code, response.json()["error"]) == (400, ENGLISH.bad_key)


async def test_unknown_account(client: httpx.AsyncClient) -> None:
    page = await client.get("/forms/nobody?lang=it", headers=BROWSER)
    assert page.status_code == 404
    assert ITALIAN.no_form in read_page(page).one("main").text
    for response in (
        await client.post("/forms/nobody", json=ADA),
        await client.get("/forms/nobody/token", headers={"accept": "application/json"}),
    ):
        assert response.status_code == 404
        assert response.json() == {"error": ENGLISH.no_form, "fields": {}}


async def test_storage_away_keeps_the_text_and_says_when_to_come_back(
    client: httpx.AsyncClient, conversations: RememberedConversations
) -> None:
    conversations.away = True
    response = await fill_in(client, **ADA)
    page = read_page(response)
    told = await client.post("/forms/contact", json=ADA)

    assert (response.status_code, response.headers["retry-after"]) == (503, "30")
    assert {name: page.values[name] for name in ADA} == ADA
    assert ENGLISH.unavailable in page.one("div", role="alert").text
    assert (told.status_code, told.headers["retry-after"]) == (503, "30")
    assert told.json() == {"error": ENGLISH.unavailable, "fields": {}}

    conversations.away = False
    sent = await send(client, "/forms/contact", page.values)
    assert sent.status_code == 303
    assert len(conversations.submissions) == 1


async def test_storage_away_on_the_conversation_page(
    client: httpx.AsyncClient, conversations: RememberedConversations
) -> None:
    address = (await fill_in(client, **ADA)).headers["location"]
    before = read_page(await client.get(address)).values
    conversations.away = True

    read = await client.get(address, headers=BROWSER)
    program = await client.get(address, headers={"accept": "application/json"})
    written = await send(client, address, before | {"message": "Hello?"})
    told = await client.post(address, json={"message": "Hello?"})

    assert {one.status_code for one in (read, program, written, told)} == {503}
    assert {one.headers["retry-after"] for one in (read, program, written, told)} == {"30"}
    assert program.json()["error"] == ENGLISH.not_shown
    assert read_page(read).all("textarea")
    kept = read_page(written).values
    assert kept["message"] == "Hello?"

    conversations.away = False
    assert (await send(client, address, kept)).status_code == 303
    assert read_page(await client.get(address)).said == [ADA["message"], "Hello?"]


async def test_minimum_fill_time(open_form: OpenForm, conversations: RememberedConversations, clock: TestClock) -> None:
    client = open_form(minimum_fill="3s", rate_limit="off")
    page = read_page(await client.get("/forms/contact"))
    clock.forward(seconds=2)
    early = await send(client, "/forms/contact", page.values | ADA)
    kept = read_page(early)

    assert early.status_code == 400
    assert ENGLISH.too_quick in kept.one("div", role="alert").text
    assert conversations.submissions == []
    clock.forward(seconds=1)
    assert (await send(client, "/forms/contact", kept.values)).status_code == 303

    for token in ("", "made-up", "ffffffff-x", "ffffffffffff-x", "-", "zz-zz"):
        refused = await client.post("/forms/contact", data=ADA | {"token": token})
        assert (refused.status_code, refused.json()["error"]) == (400, ENGLISH.too_quick)
        fresh = read_page(await send(client, "/forms/contact", ADA | {"token": token})).values
        assert fresh["token"] != token
        clock.forward(seconds=3)
        assert (await send(client, "/forms/contact", fresh)).status_code == 303
    assert (await client.post("/forms/contact", json=ADA)).status_code == 201


@pytest.mark.parametrize("address", ["/forms/contact", "/forms/contact/token"])
async def test_other_methods(client: httpx.AsyncClient, address: str) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        response = await client.request(method, address)
        assert response.status_code == 405
        assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}


async def test_head(client: httpx.AsyncClient) -> None:
    address = (await fill_in(client, **ADA)).headers["location"]
    for path in ("/forms/contact", address):
        response = await client.head(path, headers=BROWSER)
        assert (response.status_code, response.content) == (200, b"")
        assert response.headers["content-type"] == "text/html; charset=utf-8"
