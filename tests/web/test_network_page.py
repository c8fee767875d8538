"""The network's page: served whole from this machine; its pure modules count as the network does."""

import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from bots.sandbox.network import EXAMPLE, Network, create_network_app, plant
from bots.sandbox.network.text import graphemes
from tests.bots.sandbox.network.hands import HandClock

PREFIX = "/sandbox/network"
STATIC = Path("bots/sandbox/network/pages/static")
MODULES = {file.name for file in STATIC.glob("*.mjs")}
BROWSER = {"accept": "text/html,application/xhtml+xml"}
IMPORT = re.compile(r'^import (?:.* from )?"([^"]+)";', re.MULTILINE)


@pytest.fixture
async def visitor() -> AsyncIterator[httpx.AsyncClient]:
    network = Network(clock=HandClock(), public_url=f"http://network.test{PREFIX}")
    plant(network, EXAMPLE)
    network.write("ada", "Where is my parcel, @acme?")
    network.write("acme", "May we have the number, in private?", in_reply_to="p1", visibility="private")
    app = Starlette(routes=[Mount(PREFIX, create_network_app(network))])
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://network.test") as client:
        yield client
    await network.close()


async def import_map(visitor: httpx.AsyncClient) -> dict[str, str]:
    page = (await visitor.get(f"{PREFIX}/", headers=BROWSER)).text
    found = re.search(r'<script type="importmap">(.*?)</script>', page)
    assert found is not None
    imports: dict[str, str] = json.loads(found[1])["imports"]
    return imports


async def test_the_page_lets_nothing_in_from_elsewhere(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get(f"{PREFIX}/", headers=BROWSER)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'self'" in policy
    assert '<html lang="en">' in answer.text
    assert "{{" not in answer.text
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", answer.text)


async def test_everything_that_the_page_names_is_there(visitor: httpx.AsyncClient) -> None:
    page = (await visitor.get(f"{PREFIX}/", headers=BROWSER)).text
    named = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert {name.rpartition(".")[2] for name in named} == {"svg", "css", "mjs"}
    for name in named:
        assert name.startswith(PREFIX)
        assert (await visitor.get(name)).status_code == 200, name
    for name, target in (await import_map(visitor)).items():
        if not name.endswith("/"):
            assert (await visitor.get(target)).status_code == 200, name


async def test_every_module_is_reached_and_every_import_is_there(visitor: httpx.AsyncClient) -> None:
    imports = await import_map(visitor)
    waiting, seen = [f"{PREFIX}/static/main.mjs"], set[str]()
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        answer = await visitor.get(address)
        assert answer.status_code == 200, address
        assert "javascript" in answer.headers["content-type"]
        if "/vendor/" not in address:
            waiting += [resolved(name, address, imports) for name in IMPORT.findall(answer.text)]
    reached = {Path(address).name for address in seen if "/static/" in address}
    assert reached == MODULES


def resolved(name: str, address: str, imports: dict[str, str]) -> str:
    if name.startswith("."):
        return urljoin(address, name)
    if name in imports:
        return imports[name]
    folder = name.partition("/")[0] + "/"
    return imports[folder] + name.removeprefix(folder)


@pytest.mark.parametrize("file", sorted(STATIC.iterdir()), ids=lambda file: file.name)
def test_no_file_writes_markup_or_asks_elsewhere(file: Path) -> None:
    text = file.read_text("utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|\beval\(|new Function", text)
    assert not re.search(r"""url\(["']?(?:https?:)?//|@import|from "https?:""", text)
    assert len(text.splitlines()) < 300


async def test_addresses_of_posts_lead_a_browser_to_the_page(visitor: httpx.AsyncClient) -> None:
    for path, place in (
        ("posts/p1", "post=p1"),
        ("posts/p2", "person=ada&view=messages&post=p2"),
        ("posts/p99", "post=p99"),
        ("accounts/acme", "account=acme"),
    ):
        answer = await visitor.get(f"{PREFIX}/{path}", headers=BROWSER)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{PREFIX}/#{place}")
    assert (await visitor.get(f"{PREFIX}/posts/p1")).json()["id"] == "p1"
    assert (await visitor.get(f"{PREFIX}/accounts/acme")).json()["handle"] == "acme"


# --- pure modules


def run(script: str) -> Any:
    """Run a module in Node with the page's files at hand as ``page``; return what it prints, as JSON."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed: the page's pure modules were NOT tried")
    folder = STATIC.resolve().as_uri()
    done = subprocess.run(
        [node, "--input-type=module", "-e", script.replace("page:", f"{folder}/")],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


TEXTS = ["", "plain", "e\u0301tude", "👨‍👩‍👧‍👦 and 🇮🇹🇫🇷", "line\nend\r\n", "שלום", "नमस्ते", "a\u200db", "👍🏽", "각"]


def test_the_page_counts_characters_as_the_network_does() -> None:
    counted = run(
        f'import {{ length }} from "page:words.mjs"; console.log(JSON.stringify({json.dumps(TEXTS)}.map(length)));'
    )
    assert counted == [graphemes(text) for text in TEXTS]


def test_followers_and_happenings_in_words() -> None:
    said = run("""
        import { beginning, followers, whatHappened, whatHappenedTo } from "page:words.mjs";
        const like = { kind: "like" }, reply = { kind: "reply" };
        console.log(JSON.stringify([followers(12400), followers(1), followers(0), whatHappened(like),
            whatHappenedTo(like, "Ada"), whatHappenedTo(reply, "Ada"), beginning("one\\n two " + "x".repeat(90), 10)]));
    """)
    assert said == [
        *("12,400 followers", "1 follower", "0 followers", "liked your post", "liked Ada's post", "replied to Ada"),
        "one two xx…",
    ]


def test_threads_are_trees_newest_first_and_messages_go_by_their_other_side() -> None:
    threads, others, hidden = run("""
        import { correspondence, hiddenFrom, threads } from "page:conversations.mjs";
        const usual = { visibility: "public", in_reply_to: null };
        const post = (id, author, more) => [id, { ...usual, id, author: { handle: author }, ...more }];
        const posts = new Map([
            post("p1", "ada"), post("p2", "acme", { in_reply_to: "p1" }), post("p3", "ben"),
            post("p4", "ada", { in_reply_to: "p2" }), post("p5", "ada", { in_reply_to: "gone" }),
            post("p6", "acme", { visibility: "private", to: "ada", in_reply_to: "p1" }),
            post("p7", "ada", { visibility: "private", to: "ben" }),
        ]);
        const accounts = new Map(["acme", "ada", "ben"].map((handle) =>
            [handle, { handle, kind: handle === "acme" ? "brand" : "person" }]));
        const shape = (node) => [node.post.id, node.replies.map(shape)];
        const letters = correspondence({ person: "ada", posts, accounts });
        const one = { hidden: true, hidden_by: ["acme"], author: { handle: "ada" } };
        console.log(JSON.stringify([threads(posts).map(shape),
            [...letters].map(([handle, all]) => [handle, all.map((letter) => letter.id)]),
            ["ada", "acme", "ben"].map((handle) => hiddenFrom(one, handle))]));
    """)
    assert threads == [["p5", []], ["p3", []], ["p1", [["p2", [["p4", []]]]]]]
    assert others == [["acme", ["p6"]], ["ben", ["p7"]]]
    assert hidden == [False, False, True]
