"""Every answer keeps to itself: no caches, no referrer, no foreign frames or scripts; private pages unindexed."""

import base64
import hashlib
import re

import httpx
import pytest

from tests.bots.forms.conftest import OpenForm
from tests.bots.forms.memory import RememberedConversations
from tests.bots.forms.visitor import ADA, BROWSER, fill_in, read_page


def policy(response: httpx.Response) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in response.headers["content-security-policy"].split(";"))
    return {name: value for name, _, value in parts}


async def every_answer(client: httpx.AsyncClient) -> list[httpx.Response]:
    sent = await fill_in(client, **ADA)
    address = sent.headers["location"]
    return [
        sent,
        await client.get("/forms/contact", headers=BROWSER),
        await client.get(address, headers=BROWSER),
        await client.get(address, headers={"accept": "application/json"}),
        await client.post("/forms/contact", json=ADA),
        await client.post("/forms/contact", json={}),
        await fill_in(client, name=""),
        await client.get("/forms/contact/unknown"),
        await client.get("/forms/nobody"),
        await client.post("/forms/nobody", json=ADA),
    ]


async def test_every_answer_is_private(client: httpx.AsyncClient) -> None:
    for response in await every_answer(client):
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["x-frame-options"] == "DENY"
        rules = policy(response)
        assert rules["default-src"] == "'none'"
        assert rules["frame-ancestors"] == "'none'"
        assert rules["form-action"] == "'self'"
        assert rules["base-uri"] == "'none'"
        assert "unsafe" not in str(rules)


async def test_the_style_is_the_one_the_policy_names(client: httpx.AsyncClient) -> None:
    response = await client.get("/forms/contact")
    style = re.search(r"<style>(.*?)</style>", response.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy(response)["style-src"] == f"'sha256-{digest}'"
    assert "prefers-color-scheme: dark" in style[1]
    assert re.search(r"\.text \{[^}]*white-space: pre-wrap", style[1])
    assert "http" not in style[1]


async def test_only_a_conversation_runs_a_script_and_only_ours(client: httpx.AsyncClient) -> None:
    address = (await fill_in(client, **ADA)).headers["location"]
    response = await client.get(address, headers=BROWSER)
    script = re.search(r"<script>(.*?)</script>", response.text, re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    rules = policy(response)
    assert (rules["script-src"], rules["connect-src"]) == (f"'sha256-{digest}'", "'self'")
    for other in (
        await client.get("/forms/contact", headers=BROWSER),
        await fill_in(client, name=""),
        await client.get("/forms/contact/unknown", headers=BROWSER),
    ):
        assert "script-src" not in policy(other)
        assert "<script" not in other.text


async def test_search_engines_see_the_form_but_no_conversation(client: httpx.AsyncClient) -> None:
    sent, form, *conversation = (await every_answer(client))[:5]
    assert "x-robots-tag" not in form.headers
    for response in (sent, *conversation):
        assert response.headers["x-robots-tag"] == "noindex"


async def test_frames_are_allowed_on_named_sites_only(open_form: OpenForm) -> None:
    client = open_form(embed_on=["https://www.acme.example", "https://*.acme.example:8443"], rate_limit="off")
    address = (await fill_in(client, "/forms/contact?embed=1", **ADA)).headers["location"]
    for path in ("/forms/contact?embed=1", "/forms/contact", address):
        response = await client.get(path, headers=BROWSER)
        assert policy(response)["frame-ancestors"] == "https://www.acme.example https://*.acme.example:8443"
        assert "x-frame-options" not in response.headers
    assert policy(await client.get("/forms/press"))["frame-ancestors"] == "'none'"


async def test_framed_page_is_compact(open_form: OpenForm) -> None:
    client = open_form(embed_on=["https://www.acme.example"])
    framed = read_page(await client.get("/forms/contact?embed=1"))
    alone = read_page(await client.get("/forms/contact?embed=0"))
    assert framed.one("body").attributes == {"class": "embedded"}
    assert alone.one("body").attributes == {}


async def test_nothing_typed_is_logged(
    open_form: OpenForm,
    conversations: RememberedConversations,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = open_form(rate_limit="1/h")
    caplog.set_level("DEBUG")
    canary = {name: f"canary-{name}" for name in ADA} | {"email": "canary@example.org"}
    trap = read_page(await client.get("/forms/contact")).one("input", tabindex="-1").attributes["name"]
    await client.post("/forms/contact", json=canary | {trap: "canary-trap"})
    conversations.away = True
    await client.post("/forms/contact", json=canary)
    await client.post("/forms/press", json=canary)
    shown = "".join(capfd.readouterr()) + caplog.text
    assert "trap_filled" in shown
    assert "unavailable" in shown
    assert "canary" not in shown
