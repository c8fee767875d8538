"""A customer opens the form and writes: pages for browsers, JSON for programs."""

import json

import httpx
import pytest

from bots.forms.wording import ENGLISH
from tests.bots.forms.conftest import BuildApp, OpenForm
from tests.bots.forms.memory import RememberedConversations
from tests.bots.forms.visitor import ADA, BROWSER, fill_in, read_page, send

FORM_ENCODED = "application/x-www-form-urlencoded"


async def test_page_has_labelled_fields_and_no_script(client: httpx.AsyncClient) -> None:
    response = await client.get("/forms/contact", headers=BROWSER)
    page = read_page(response)

    assert response.status_code == 200
    assert page.one("html").attributes["lang"] == "en"
    assert page.one("h1").text == "Write to Acme"
    for name in ("name", "email", "subject", "message"):
        assert page.one("label", for_=name).text
        assert page.by_id(name).attributes["name"] == name
    assert page.one("form").attributes["method"] == "post"
    assert not page.all("script")
    assert not [one for one in page.elements for name in one.attributes if name.startswith("on") or name == "style"]


async def test_browser_is_sent_to_its_conversation(
    client: httpx.AsyncClient, conversations: RememberedConversations
) -> None:
    response = await fill_in(client, **ADA)

    assert response.status_code == 303
    assert response.headers["location"] == "/forms/contact/token-of-conversation-1"
    page = read_page(await client.get(response.headers["location"], headers=BROWSER))
    assert page.said == ["Please send it again."]
    stored = conversations.submissions[0]
    assert (stored.account, stored.name, stored.email, stored.subject, stored.message) == (
        "contact",
        "Ada Jones",
        "ada@example.org",
        "Invoice",
        "Please send it again.",
    )
    assert b"name=Ada+Jones" in stored.raw


async def test_json_is_answered_with_case_and_address(
    client: httpx.AsyncClient, conversations: RememberedConversations
) -> None:
    body = json.dumps(ADA | {"order": 17, "nested": {"un": ["known"]}}).encode()
    response = await client.post("/forms/contact", content=body, headers={"content-type": "application/json"})

    assert response.status_code == 201
    assert response.json() == {
        "case": "case-1",
        "status_url": "http://form.example/forms/contact/token-of-conversation-1",
    }
    assert conversations.raw == [body]
    assert (await client.get(response.json()["status_url"])).status_code == 200


async def test_json_body_gets_json_even_from_a_browser(client: httpx.AsyncClient) -> None:
    response = await client.post("/forms/contact", json=ADA, headers=BROWSER)
    assert (response.status_code, response.headers["content-type"]) == (201, "application/json")


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/html;q=0.5", ""])
async def test_program_that_sends_a_form_gets_json(client: httpx.AsyncClient, accept: str) -> None:
    response = await client.post("/forms/contact", data=ADA, headers={"accept": accept})
    assert response.status_code == 201
    assert set(response.json()) == {"case", "status_url"}


async def test_public_address_is_used_for_the_conversation(open_form: OpenForm) -> None:
    client = open_form(public_url="https://portavoce.acme.example/desk/")
    answer = (await client.post("/forms/contact", json=ADA)).json()
    assert answer["status_url"] == "https://portavoce.acme.example/desk/forms/contact/token-of-conversation-1"


async def test_form_under_a_prefix_redirects_under_it(build_app: BuildApp) -> None:
    transport = httpx.ASGITransport(app=build_app(), root_path="/desk")
    async with httpx.AsyncClient(transport=transport, base_url="http://form.example") as client:
        page = read_page(await client.get("/desk/forms/contact"))
        assert page.one("a", hreflang="it").attributes["href"] == "/desk/forms/contact?lang=it"
        sent = await send(client, "/desk/forms/contact", ADA)
        assert sent.headers["location"] == "/desk/forms/contact/token-of-conversation-1"
        answer = (await client.post("/desk/forms/contact", json=ADA)).json()
    assert answer["status_url"] == "http://form.example/desk/forms/contact/token-of-conversation-2"


async def test_the_same_page_sent_twice_is_one_case(
    client: httpx.AsyncClient, conversations: RememberedConversations
) -> None:
    page = read_page(await client.get("/forms/contact", headers=BROWSER))
    first, second = [await send(client, "/forms/contact", page.values | ADA) for _ in range(2)]

    assert first.headers["location"] == second.headers["location"]
    assert len(conversations.submissions) == 1


async def test_two_pages_are_two_cases(client: httpx.AsyncClient, conversations: RememberedConversations) -> None:
    for _ in range(2):
        await fill_in(client, **ADA)
    assert len({one.key for one in conversations.submissions}) == 2


async def test_a_page_that_a_cache_gave_to_two_people_keeps_them_apart(
    client: httpx.AsyncClient, conversations: RememberedConversations
) -> None:
    page = read_page(await client.get("/forms/contact", headers=BROWSER))
    first = await send(client, "/forms/contact", page.values | ADA)
    second = await send(client, "/forms/contact", page.values | ADA | {"name": "Bob", "email": "bob@example.org"})

    assert first.headers["location"] != second.headers["location"]
    assert [one.name for one in conversations.submissions] == ["Ada Jones", "Bob"]


async def test_idempotency_key_makes_one_case(
    client: httpx.AsyncClient, conversations: RememberedConversations
) -> None:
    keyed = {"idempotency-key": "5b8d0c1e"}
    first, second = [(await client.post("/forms/contact", json=ADA, headers=keyed)) for _ in range(2)]
    other = await client.post("/forms/contact", json=ADA, headers={"idempotency-key": "5b8d0c1f"})

    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert other.json() != first.json()
    assert len(conversations.submissions) == 2


async def test_without_a_key_each_message_is_new(
    client: httpx.AsyncClient, conversations: RememberedConversations
) -> None:
    for _ in range(2):
        assert (await client.post("/forms/contact", json=ADA)).status_code == 201
    assert len(conversations.submissions) == 2


async def test_the_same_key_on_another_form_is_another_case(
    client: httpx.AsyncClient, conversations: RememberedConversations
) -> None:
    for address in ("/forms/contact", "/forms/press"):
        await client.post(address, json=ADA, headers={"idempotency-key": "one"})
    assert [one.account for one in conversations.submissions] == ["contact", "press"]


@pytest.mark.parametrize("sent_as", ["json", "data"])
async def test_a_filled_trap_stores_nothing_and_says_so(
    client: httpx.AsyncClient, conversations: RememberedConversations, sent_as: str
) -> None:
    trap = read_page(await client.get("/forms/contact")).one("input", tabindex="-1")
    assert "div" in trap.path
    response = await client.post("/forms/contact", **{sent_as: ADA | {trap.attributes["name"]: "https://spam.example"}})  # type: ignore[arg-type]
    assert (response.status_code, response.json()["error"]) == (400, ENGLISH.trap_filled)
    assert conversations.submissions == []


async def test_whose_browser_filled_the_trap_has_only_to_send_again(
    client: httpx.AsyncClient, conversations: RememberedConversations
) -> None:
    trap = read_page(await client.get("/forms/contact")).one("input", tabindex="-1").attributes["name"]
    page = read_page(await fill_in(client, **ADA, **{trap: "x"}))
    assert ENGLISH.trap_filled in page.one("div", role="alert").text
    assert page.values[trap] == ""
    assert (await send(client, "/forms/contact", page.values)).status_code == 303
    assert [one.message for one in conversations.submissions] == [ADA["message"]]


async def test_mail_address_and_subject_may_be_left_out(
    open_form: OpenForm, conversations: RememberedConversations
) -> None:
    client = open_form(email_required=False)
    page = read_page(await client.get("/forms/contact"))
    assert "required" not in page.by_id("email").attributes
    assert "(optional)" in page.one("label", for_="email").text

    answers = [
        await client.post("/forms/contact", json={"name": "Ada", "message": "Hello"}),
        await client.post("/forms/contact", json={"name": "Ada", "message": "Hello", "email": None, "subject": " "}),
    ]
    assert [one.status_code for one in answers] == [201, 201]
    assert [(one.email, one.subject) for one in conversations.submissions] == [(None, None)] * 2


async def test_spaces_around_short_fields_go_and_the_message_stays(
    client: httpx.AsyncClient, conversations: RememberedConversations
) -> None:
    typed = {"name": " Ada ", "email": " ada@example.org ", "subject": "\tInvoice ", "message": "\n  indented\r\n\r\n"}
    assert (await client.post("/forms/contact", data=typed)).status_code == 201
    stored = conversations.submissions[0]
    assert (stored.name, stored.email, stored.subject) == ("Ada", "ada@example.org", "Invoice")
    assert stored.message == "\n  indented\r\n\r\n"


async def test_limits_are_reached_exactly(client: httpx.AsyncClient, conversations: RememberedConversations) -> None:
    longest = {
        "name": "n" * 200,
        "email": "a" * 242 + "@example.org",
        "subject": "s" * 200,
        "message": "\N{GRINNING FACE}" * 9_999 + "\r\n",
    }
    for sent_as in ("json", "data"):
        response = await client.post("/forms/contact", **{sent_as: longest})  # type: ignore[arg-type]
        assert response.status_code == 201, sent_as
    escaped = json.dumps(longest).encode("ascii")
    response = await client.post("/forms/contact", content=escaped, headers={"content-type": "application/json"})
    assert response.status_code == 201
    assert [one.message for one in conversations.submissions] == [longest["message"]] * 3


@pytest.mark.parametrize(
    ("query", "accept_language", "page_language", "customer_language"),
    [
        ("", "it-IT,it;q=0.9,en;q=0.8", "it", "it"),
        ("", "en;q=0.5, it;q=0.7", "it", "it"),
        ("", "de-DE, it;q=0.2", "it", "de"),
        ("", "fr", "en", "fr"),
        ("", None, "en", None),
        ("", "*, ;;q=x, it;q=0", "en", None),
        ("?lang=it", "en", "it", "it"),
        ("?lang=xx", "it", "it", "it"),
    ],
)
async def test_language_of_page_and_customer(
    client: httpx.AsyncClient,
    conversations: RememberedConversations,
    query: str,
    accept_language: str | None,
    page_language: str,
    customer_language: str | None,
) -> None:
    headers = {"accept-language": accept_language} if accept_language else {}
    page = read_page(await client.get(f"/forms/contact{query}", headers=headers))
    assert page.one("html").attributes["lang"] == page_language
    assert page.one("h1").text == {"en": "Write to Acme", "it": "Scrivi a Acme"}[page_language]

    await client.post(f"/forms/contact{query}", json=ADA, headers=headers)
    assert conversations.submissions[0].language == customer_language


async def test_account_language_is_for_browsers_that_ask_for_none_of_ours(open_form: OpenForm) -> None:
    client = open_form(language="it")
    assert read_page(await client.get("/forms/contact")).one("html").attributes["lang"] == "it"
    in_finnish = open_form(language="fi")
    assert read_page(await in_finnish.get("/forms/contact")).one("html").attributes["lang"] == "en"


async def test_chosen_language_and_frame_last_through_the_conversation(open_form: OpenForm) -> None:
    client = open_form(embed_on=["https://www.acme.example"])
    page = read_page(await client.get("/forms/contact?embed=1", headers=BROWSER))
    other = page.one("a", hreflang="it").attributes["href"]
    assert other == "/forms/contact?embed=1&lang=it"

    response = await fill_in(client, other, **ADA)
    assert response.headers["location"] == "/forms/contact/token-of-conversation-1?embed=1&lang=it"
    conversation = read_page(await client.get(response.headers["location"], headers=BROWSER))
    assert conversation.one("html").attributes["lang"] == "it"
    assert conversation.one("body").attributes == {"class": "embedded"}
    own_window = conversation.one("a", target="_blank")
    assert own_window.attributes["href"] == "http://form.example/forms/contact/token-of-conversation-1"
    assert own_window.attributes["rel"] == "noopener noreferrer"
