"""The workspace's page: served whole from this machine; its pure modules read markup and dates as chats do."""

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

from bots.sandbox.workspace import App, ChannelSeed, Person, Seed, Workspace, create_workspace_app

PREFIX = "/sandbox/slack"
STATIC = Path("bots/sandbox/workspace/pages/static")
FILES = sorted(file for file in STATIC.rglob("*") if file.is_file())
IMPORT = re.compile(r'^import (?:.* from )?"([^"]+)";', re.MULTILINE)


@pytest.fixture
async def visitor() -> AsyncIterator[httpx.AsyncClient]:
    seed = Seed(
        people=(Person("U0ANNA", "anna", "Anna Verdi"),),
        channels=(ChannelSeed("C0BILLING", "billing", ("U0ANNA", "U0BOT")),),
        app=App(),
    )
    async with Workspace(seed, own_url=f"http://sandbox.test{PREFIX}") as workspace:
        app = Starlette(routes=[Mount(PREFIX, create_workspace_app(workspace))])
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as client:
            yield client


async def imports_of(visitor: httpx.AsyncClient) -> dict[str, str]:
    page = (await visitor.get(f"{PREFIX}/")).text
    found = re.search(r'<script type="importmap">(.*?)</script>', page)
    assert found is not None
    imports: dict[str, str] = json.loads(found[1])["imports"]
    return imports


async def test_the_page_lets_nothing_in_from_elsewhere(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get(f"{PREFIX}/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'self'" in policy
    assert '<html lang="en">' in answer.text
    assert "{{" not in answer.text
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", answer.text)
    assert not re.search(r"""<[^>]*\son\w+=""", answer.text)


async def test_the_page_is_served_at_the_root_too() -> None:
    async with Workspace(Seed(), own_url="http://sandbox.test") as workspace:
        transport = httpx.ASGITransport(app=create_workspace_app(workspace))
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as client:
            assert 'src="/static/main.mjs"' in (await client.get("/")).text
            assert (await client.get("/static/main.mjs")).status_code == 200


async def test_everything_that_the_page_names_is_there(visitor: httpx.AsyncClient) -> None:
    page = (await visitor.get(f"{PREFIX}/")).text
    named = [name for name in re.findall(r'(?:href|src)="([^"]+)"', page) if not name.startswith("data:")]
    assert {name.rpartition(".")[2] for name in named} == {"css", "mjs"}
    modules = {name.partition("/static/")[2] for name in named if "/static/" in name and name.endswith(".mjs")}
    assert modules == {str(file.relative_to(STATIC)) for file in FILES if file.suffix == ".mjs"}
    for name in named:
        assert name.startswith(PREFIX)
        assert (await visitor.get(name)).status_code == 200, name
    styles = {Path(name).name for name in named if "/static/" in name and name.endswith(".css")}
    assert styles == {file.name for file in FILES if file.suffix == ".css"}
    for name, target in (await imports_of(visitor)).items():
        if not name.endswith("/"):
            assert (await visitor.get(target)).status_code == 200, name


async def test_every_module_is_reached_and_every_import_is_there(visitor: httpx.AsyncClient) -> None:
    imports = await imports_of(visitor)
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
            waiting += [_resolved(name, address, imports) for name in IMPORT.findall(answer.text)]
    reached = {address.partition("/static/")[2] for address in seen if "/static/" in address}
    assert reached == {str(file.relative_to(STATIC)) for file in FILES if file.suffix == ".mjs"}


async def test_the_list_of_emoji_is_there(visitor: httpx.AsyncClient) -> None:
    found = re.search(r'"\.\./\.\./(vendor/[\w.-]+\.json)"', (STATIC / "words/emoji.mjs").read_text("utf-8"))
    assert found is not None
    names = (await visitor.get(f"{PREFIX}/{found[1]}")).json()
    assert names["1F389"] == "tada"


def _resolved(name: str, address: str, imports: dict[str, str]) -> str:
    if name.startswith("."):
        return urljoin(address, name)
    if name in imports:
        return imports[name]
    folder = name.partition("/")[0] + "/"
    return imports[folder] + name.removeprefix(folder)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(STATIC)))
def test_no_file_writes_markup_or_asks_elsewhere(file: Path) -> None:
    text = file.read_text("utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|\beval\(|new Function", text)
    assert not re.search(r"""url\(["']?(?:https?:)?//|@import|from "https?:""", text)
    assert not re.search(r"\b(?:window|globalThis)\.\w+ = ", text)
    assert len(text.splitlines()) < 300


# --- pure modules


def run(script: str) -> Any:
    """Run a script in Node, `page:` standing for the folder of the page's modules; return what it prints, as JSON."""
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


def text(words: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": words, **({"style": style} if style else {})}


INLINE: list[tuple[str, list[dict[str, Any]]]] = [
    ("plain", [text("plain")]),
    ("a *bold* word", [text("a "), text("bold", bold=True), text(" word")]),
    ("_it_, ~no~.", [text("it", italic=True), text(", "), text("no", strike=True), text(".")]),
    ("*_both_*", [text("both", bold=True, italic=True)]),
    ("snake_case_name 2*3*4", [text("snake_case_name 2*3*4")]),
    ("* no * _ no _ **", [text("* no * _ no _ **")]),
    ("*not\nover lines*", [text("*not\nover lines*")]),
    ("`*code* &lt;b&gt;`", [text("*code* <b>", code=True)]),
    ("&lt;b&gt; &amp;amp;", [text("<b> &amp;")]),
    ("<https://x.example/?a=1&amp;b|words>", [{"type": "link", "url": "https://x.example/?a=1&b", "text": "words"}]),
    ("see https://x.example/a.", [text("see "), {"type": "link", "url": "https://x.example/a"}, text(".")]),
    ("<javascript:alert(1)|x>", [text("x")]),
    ("<@U1> <#C1|general>", [
        {"type": "user", "user_id": "U1", "label": ""}, text(" "),
        {"type": "channel", "channel_id": "C1", "label": "general"},
    ]),
    ("<!here> <!subteam^S1|@on-call>", [
        {"type": "broadcast", "range": "here"}, text(" "),
        {"type": "usergroup", "usergroup_id": "S1", "label": "@on-call"},
    ]),
    ("<!date^1795308910^{date} at {time}|then>", [
        {"type": "date", "timestamp": 1795308910, "format": "{date} at {time}", "fallback": "then"},
    ]),
    (":wave::skin-tone-2: at 10:30", [{"type": "emoji", "name": "wave::skin-tone-2"}, text(" at 10:30")]),
]  # fmt: skip


def test_markup_is_read_as_chats_read_it() -> None:
    given = json.dumps([words for words, _ in INLINE])
    found = run(
        'import { inline } from "page:words/mrkdwn.mjs";'
        f"console.log(JSON.stringify({given}.map((one) => inline(one))));"
    )
    for (words, wanted), elements in zip(INLINE, found, strict=True):
        assert elements == wanted, words


def test_lines_become_quotations_and_code() -> None:
    given = "one\n&gt; two\n&gt; three\nfour\n```\nif *x*:\n  &lt;b&gt;\n```\nfive\n&gt;&gt;&gt; six\nseven"
    found = run(
        f'import {{ parts }} from "page:words/mrkdwn.mjs"; console.log(JSON.stringify(parts({json.dumps(given)})));'
    )
    shown = [(part["type"].removeprefix("rich_text_"), part["elements"][0]["text"]) for part in found]
    assert shown == [
        ("section", "one"),
        ("quote", "two\nthree"),
        ("section", "four"),
        ("preformatted", "if *x*:\n  <b>"),
        ("section", "five"),
        ("quote", "six\nseven"),
    ]


def test_a_stored_message_is_edited_as_it_was_typed() -> None:
    found = run(
        'import { asTyped } from "page:words/mrkdwn.mjs";'
        'const names = { U1: "Anna Verdi", C1: "billing" };'
        'console.log(JSON.stringify(asTyped("<@U1> in <#C1> &lt;3 <http://a.eu|a.eu>", (id) => names[id])));'
    )
    assert found == {
        "text": "@Anna Verdi in #billing <3 a.eu",
        "mentions": {"@Anna Verdi": "U1", "#billing": "C1"},
    }


def test_times_are_told_in_the_zone_of_the_reader() -> None:
    now = 1_795_308_910  # Sunday 22 November 2026, 00:55:10 UTC
    found = run(
        f'import * as dates from "page:words/dates.mjs"; const now = {now};'
        "console.log(JSON.stringify([dates.timeOf(now, 'Europe/Rome'), dates.dayOf(now, 'Europe/Rome', now),"
        "dates.dayOf(now - 7200, 'Europe/Rome', now), dates.dayOf(now - 7200, 'America/New_York', now),"
        "dates.dayOf(now - 3 * 86400, 'UTC', now), dates.ago(now - 7300, now),"
        "dates.dateBy('{date_short_pretty} {time} {nothing}', now - 86400, 'UTC', now),"
        "dates.dateBy('{date_num}', now, 'UTC', now),"
        "dates.localOf(now, 'Europe/Rome'), dates.secondsOf('2026-07-01T09:30', 'Europe/Rome')]));"
    )
    assert found == [
        "01:55",
        "Today",
        "Yesterday",
        "Today",
        "Thursday 19 November",
        "2 hours ago",
        "Yesterday 00:55 {nothing}",
        "2026-11-22",
        "2026-11-22T01:55",
        1_782_891_000,
    ]


def test_an_answer_that_comes_late_does_not_take_away_what_came_after_it() -> None:
    found = run("""
        import { Conversation } from "page:conversation.mjs";
        let replies = 0, asked = 0;
        const card = (extra) => ({ ts: "1", at_top: true, ...extra });
        globalThis.fetch = (address) => {
            const { searchParams } = new URL(address);
            const told = searchParams.get("ts") === "2" ? { ts: "2", thread_ts: "1", at_top: false }
                : searchParams.has("ts") ? card(replies && { reply_count: replies }) : [card()];
            const late = searchParams.get("ts") && (asked += 1) === 1 ? 150 : 0;
            const answer = { ok: true, json: async () => told };
            return new Promise((resolve) => setTimeout(() => resolve(answer), late));
        };
        const drawn = [];
        const onChange = () => drawn.push(billing.list[0].reply_count ?? 0);
        const billing = new Conversation({ person: "U0ANNA", channel: "C0BILLING", onChange });
        await billing.load();
        billing.follow({ kind: "message_changed", channel: "C0BILLING", ts: "1" });
        while (!asked) await new Promise(setImmediate);
        replies = 1;
        billing.follow({ kind: "message", channel: "C0BILLING", ts: "2", thread_ts: "1" }, () => undefined);
        while (drawn.length < 3) await new Promise(setImmediate);
        console.log(JSON.stringify(drawn));
    """)
    assert found == [0, 0, 1]  # and never 1 and then 0 again: a visitor's pointer may be over what would go
