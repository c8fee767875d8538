"""The demo's page and its own doors."""

import json
import re

from tests.demo.visit import Visit


async def test_the_page_and_everything_it_loads_is_served(demo: Visit):
    assert (await demo.speaker.get("/sandbox")).headers["location"].endswith("/sandbox/")
    page = await demo.speaker.get("/sandbox/")
    assert page.status_code == 200
    assert "frame-ancestors 'self'" in page.headers["content-security-policy"]
    assert "http://" not in page.text
    assert "https://" not in page.text
    waiting = set(re.findall(r'(?:src|href)="(/sandbox/[^"]+)"', page.text))
    imports = json.loads(re.search(r'<script type="importmap">(.*?)</script>', page.text)[1])["imports"]
    waiting |= {address for address in imports.values() if not address.endswith("/")}
    seen: set[str] = set()
    while waiting:
        path = waiting.pop()
        found = await demo.speaker.get(path)
        assert found.status_code == 200, path
        seen.add(path)
        for name in re.findall(r'from "([^"]+)"', found.text) if path.endswith(".mjs") else []:
            if name.startswith("./"):
                waiting.add(f"{path.rpartition('/')[0]}/{name[2:]}")
            elif name.startswith("foundation/"):
                waiting.add(f"{imports['foundation/']}{name.removeprefix('foundation/')}")
            else:
                assert name in imports, f"{path} imports {name}"
        waiting -= seen
    assert {"/sandbox/static/strip.mjs", "/sandbox/foundation/html.mjs", "/sandbox/static/trouble.css"} <= seen


async def test_the_panes_lead_to_pages_that_may_stand_in_a_frame(demo: Visit):
    script = (await demo.speaker.get("/sandbox/static/panes.mjs")).text
    links = dict(re.findall(r'const (NETWORK|WORKSPACE|FORM) = "([^"#]+)', script))
    assert set(links) == {"NETWORK", "WORKSPACE", "FORM"}
    for link in links.values():
        page = await demo.speaker.get(link, headers={"Accept": "text/html"})
        assert page.status_code == 200, link
        own = {"'self'", demo.stage.address}
        allowed = re.search(r"frame-ancestors ([^;]*)", page.headers["content-security-policy"])
        assert own & set(allowed[1].split()), link
        assert "x-frame-options" not in page.headers


async def test_a_case_shows_its_steps(demo: Visit):
    assert (await demo.speaker.get("/sandbox/demo/cases")).json() == {"cases": []}
    await demo.ask("17")

    async def routed() -> dict | None:
        [*found] = (await demo.speaker.get("/sandbox/demo/cases")).json()["cases"]
        return found[0] if found and found[0]["strip"][2]["started_at"] else None

    case = await demo.until(routed, "the case")
    assert case["customer"] == "Ada Neri"
    assert case["channel"] == "C0BILLING"
    assert [step["label"] for step in case["strip"]] == [
        "received",
        "routed",
        "claimed",
        "drafted",
        "approved",
        "sent",
    ]
    received, routed_step, claimed, *rest = case["strip"]
    assert received["wall_seconds"] is not None
    assert routed_step["ended_at"] is not None
    assert claimed["ended_at"] is None
    assert claimed["due_at"] > claimed["started_at"]
    assert [step["started_at"] for step in rest] == [None, None, None]


async def test_the_stream_tells_what_has_changed(demo: Visit):
    async with demo.speaker.stream("GET", "/sandbox/demo/stream") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        states = (json.loads(line[6:]) async for line in stream.aiter_lines() if line.startswith("data: "))
        first = await anext(states)
        assert first["cases"] == []
        await demo.do("switches", name="lost", on=True)
        second = await anext(states)
        assert [one["name"] for one in second["switches"] if one["on"]] == ["lost"]
        await demo.ask("18")
        third = await anext(states)
        while not third["cases"]:
            third = await anext(states)
        assert third["tour"]["current"] != "post"


async def test_a_bad_request_gets_a_sentence(demo: Visit):
    json_type = {"Content-Type": "application/json"}
    for door, sent, status, sentence in (
        ("clock", {"json": {"to": "yesterday"}}, 400, "to: one of 15m, 1h, morning, saturday, due"),
        ("switches", {"json": {"name": "gravity", "on": True}}, 409, "There is no switch “gravity”."),
        ("switches", {"json": {"name": "down"}}, 400, "on: true or false"),
        ("switches", {"json": {"on": True}}, 400, "name: which switch"),
        ("play", {"json": {"on": True, "piece": "opera"}}, 400, "piece: one of story, lapse"),
        ("play", {"json": []}, 400, "send one JSON object"),
        ("play", {"content": "{", "headers": json_type}, 400, "the body is no JSON"),
        ("tour", {"data": {"x": "1"}}, 400, "send JSON (Content-Type: application/json)"),
        ("tour", {"json": {"x": "1" * 20_000}}, 400, "the body is too long"),
    ):
        answer = await demo.speaker.post(f"/sandbox/demo/{door}", **sent)
        assert (answer.status_code, answer.json()) == (status, {"error": sentence})


async def test_the_bot_does_not_know_of_the_demo(demo: Visit):
    assert (await demo.speaker.get("/healthz")).text == "ok\n"
    paths = {getattr(route, "path", "") for route in demo.stage.bot.app.web.routes}
    assert not any(path.startswith("/sandbox") for path in paths)
