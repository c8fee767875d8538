"""Each fault of the script does what it says: what the client sees, and whether the workspace acted."""

import asyncio

import httpx
import pytest

from bots.sandbox.workspace import FaultProblem, Workspace, create_workspace_app
from tests.bots.sandbox.workspace.stage import LUNCH, mounted, seed, served, turns

AS_BOT = {"Authorization": "Bearer xoxb-sandbox"}
POST = {"channel": LUNCH, "text": "x"}


@pytest.fixture
async def wire(real):
    """A plain HTTP client over a real socket."""
    async with httpx.AsyncClient(base_url=real.own_url, headers=AS_BOT, timeout=30, trust_env=False) as made:
        yield made


@pytest.mark.parametrize(("fault", "stored"), [("drop_before", 0), ("drop_after", 1)])
async def test_the_connection_is_cut_before_or_after_acting(real, wire, fault, stored):
    real.faults.script([("chat.*", fault, 1)])
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        await wire.post("/api/chat.postMessage", json=POST)
    assert len(real.messages(LUNCH)) == stored
    assert real.calls[-1].acted is bool(stored)
    assert real.calls[-1].fault == fault
    assert (await wire.post("/api/chat.postMessage", json=POST)).json()["ok"] is True


@pytest.mark.parametrize("protocol", ["h11", "httptools"])
async def test_cutting_works_with_both_protocols_of_uvicorn(clock, protocol, caplog):
    async with Workspace(seed(), clock=clock) as workspace:
        workspace.faults.script([("chat.postMessage", "drop_after", 1)])
        async with served(mounted(create_workspace_app(workspace)), http=protocol) as url, httpx.AsyncClient() as http:
            with pytest.raises(httpx.RemoteProtocolError):
                await http.post(f"{url}/sandbox/slack/api/chat.postMessage", json=POST, headers=AS_BOT)
        assert len(workspace.messages(LUNCH)) == 1
    assert "ASGI" not in caplog.text


@pytest.mark.parametrize(("fault", "stored"), [("timeout_before", 0), ("timeout_after", 1)])
async def test_no_answer_ever_comes(real, wire, fault, stored):
    real.faults.script([("chat.postMessage", fault, 1)])
    with pytest.raises(httpx.ReadTimeout):
        await wire.post("/api/chat.postMessage", json=POST, timeout=1)  # it has acted by then, however busy the machine
    assert len(real.messages(LUNCH)) == stored


@pytest.mark.parametrize(
    ("line", "status", "body", "stored"),
    [
        (("chat.postMessage", "error_500_before", 1), 500, "Internal", 0),
        (("chat.postMessage", "error_500_after", 1), 500, "Internal", 1),
        (("chat.postMessage", "garbage_200", 1), 200, "<html>", 1),
        (("*", "ok_false", 1, {"error": "fatal_error"}), 200, '"fatal_error"', 0),
        (("*", "token_revoked", 1), 200, '"token_revoked"', 0),
        (("chat.post*", "message_not_found", 1), 200, '"message_not_found"', 0),
        (("chat.postMessage", "http_429", 1, {"retry_after": 7}), 429, "ratelimited", 0),
        (("chat.postMessage", "http_429_without_header", 1), 429, "ratelimited", 0),
    ],
)
async def test_wrong_answers(http, workspace, line, status, body, stored):
    workspace.faults.script([line])
    answer = await http.post("/api/chat.postMessage", json=POST, headers=AS_BOT)
    assert answer.status_code == status
    assert body in answer.text
    assert answer.headers.get("retry-after") == ("7" if line[1] == "http_429" else None)
    assert len(workspace.messages(LUNCH)) == stored
    assert workspace.calls[-1].status == status
    again = await http.post("/api/chat.postMessage", json=POST, headers=AS_BOT)
    assert again.json()["ok"] is True


async def test_acting_late(http, workspace, clock):
    workspace.faults.script([("chat.postMessage", "act_late", 1, {"seconds": 30})])
    with pytest.raises(httpx.RemoteProtocolError):
        await http.post("/api/chat.postMessage", json=POST, headers=AS_BOT)
    await clock.advance(29)
    assert workspace.messages(LUNCH) == []
    await clock.advance(2)
    assert [one["text"] for one in workspace.messages(LUNCH)] == ["x"]
    assert workspace.calls[-1].acted is True


async def test_being_slow(http, workspace, clock):
    workspace.faults.script([("chat.postMessage", "slow", 1, {"seconds": 10})])
    request = asyncio.create_task(http.post("/api/chat.postMessage", json=POST, headers=AS_BOT))
    await turns()
    assert workspace.messages(LUNCH) == []
    await clock.advance(11)
    assert (await request).json()["ok"] is True


async def test_none_counts_so_that_the_third_request_is_struck(api, workspace):
    workspace.faults.script([("chat.postMessage", "none", 2), ("chat.postMessage", "token_revoked", 1)])
    outcomes = [(await api("chat.postMessage", **POST)).get("error") for _ in range(4)]
    assert outcomes == [None, None, "token_revoked", None]


async def test_the_script_over_http(http, workspace):
    line = {"match": "views.*", "fault": "ok_false", "times": 2, "error": "fatal_error"}
    assert (await http.post("/faults", json=line)).json()[0]["times"] == 2
    assert (await http.post("/faults", json=[["chat.*", "drop_after", 3]])).json()[1]["fault"] == "drop_after"
    assert len((await http.get("/faults")).json()) == 2
    refused = await http.post("/faults", json=["chat.*", "explode", 1])
    assert refused.status_code == 400
    assert (await http.delete("/faults")).json() == []
    assert workspace.faults.lines == []
    with pytest.raises(FaultProblem, match="known are none, drop_before"):
        workspace.faults.add("*", "explode")
    workspace.faults.script([("*", "slow(2.5)", 1), ("*", "ok_false(fatal_error)"), ("*", "http_429(9)", 2)])
    assert [(one.seconds, one.error, one.retry_after, one.times) for one in workspace.faults.lines] == [
        (2.5, "internal_error", 1, 1),
        (0.0, "fatal_error", 1, 1),
        (0.0, "internal_error", 9, 2),
    ]
    for wrong, sentence in (("slow(long)", "seconds must be a number"), ("drop_after(1)", "nothing in brackets")):
        with pytest.raises(FaultProblem, match=sentence):
            workspace.faults.add("*", wrong)
    assert len(workspace.faults.lines) == 3
    with pytest.raises(FaultProblem, match="no such key"):
        workspace.faults.add("*", "none", how="badly")


async def test_pace_is_limited_when_switched_on(http, workspace, clock):
    assert (await http.post("/throttle", json={"on": True})).json() == {"on": True}
    answers = [await http.post("/api/chat.postMessage", json=POST, headers=AS_BOT) for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert answers[3].headers["retry-after"] == "1"
    assert answers[3].json() == {"ok": False, "error": "ratelimited"}
    await clock.advance(1)
    assert (await http.post("/api/chat.postMessage", json=POST, headers=AS_BOT)).status_code == 200
    lists = [await http.get("/api/conversations.list", headers=AS_BOT) for _ in range(21)]
    assert [one.status_code for one in lists] == [200] * 20 + [429]
    assert lists[20].headers["retry-after"] == "3"
