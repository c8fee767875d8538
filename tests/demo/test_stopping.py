"""The demo stops cleanly and soon, with pages open; what it kept survives even a kill."""

import json
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.demo.process import ask, demo, until_it_waits

pytestmark = pytest.mark.timeout(300)  # whole programs are started, which a busy machine does slowly

STREAMS = ("/sandbox/demo/stream", "/sandbox/network/stream", "/sandbox/slack/stream")


def find(address: str, channel: str, text: str, *, kind: str) -> dict[str, Any]:
    """Wait for a message of the bot, however long; what the test may take as a whole is bounded."""
    while True:
        query = f"text={text}&payload=kind:{kind}&wait=10"
        found = ask("GET", f"{address}/sandbox/slack/channels/{channel}/find?{query}").json()
        if found is not None:
            return found


def test_it_stops_within_two_seconds_while_pages_are_open():
    with demo("--no-browser", "--port", "0") as process, ExitStack() as open_pages:
        address = until_it_waits(process)
        client = open_pages.enter_context(httpx.Client(base_url=address, trust_env=False))
        streams = [open_pages.enter_context(client.stream("GET", path)) for path in STREAMS * 2]
        assert [stream.status_code for stream in streams] == [200] * 6
        client.post("/sandbox/network/people/ada/posts", json={"text": "@acme invoice?"}).raise_for_status()
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        for stream in streams:
            stream.read()  # every stream ends as a stream should
        assert process.stdout.readline() == "The demo has stopped.\n"
        took = time.monotonic() - began
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "")
    assert took < 2, took


def test_what_was_kept_survives_a_kill(tmp_path: Path):
    words = ("--no-browser", "--port", "0", "--keep", str(tmp_path / "kept"))
    with demo(*words) as process:
        address = until_it_waits(process)
        asked = ask("POST", f"{address}/sandbox/network/people/ada/posts", json={"text": "@acme invoice 1?"}).json()
        moved = ask("POST", f"{address}/sandbox/demo/clock", json={"to": "saturday"}).json()
        written = ask(
            "POST", f"{address}/sandbox/slack/people/U0ANNA/type", json={"channel": "C0BILLING", "text": "Mine!"}
        ).json()
        process.kill()
        process.communicate(timeout=30)
    with demo(*words) as process:
        address = until_it_waits(process)
        timeline = ask("GET", f"{address}/sandbox/network/timeline").json()["posts"]
        assert [(post["id"], post["text"]) for post in timeline] == [(asked["id"], "@acme invoice 1?")]
        found = ask("GET", f"{address}/sandbox/slack/channels/C0BILLING/messages").json()
        assert written["ts"] in [message["ts"] for message in found]
        state = ask("GET", f"{address}/sandbox/demo/state").json()
        assert state["clock"]["now"] > moved["clock"]["now"]
        assert state["tour"]["begun_at"] == moved["tour"]["begun_at"]
        ask("POST", f"{address}/sandbox/demo/clock", json={"to": "15m"})  # the leases of the dead bot have run out
        find(address, "C0BILLING", "invoice", kind="card")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert json.loads((tmp_path / "kept" / "sandbox.json").read_text())["network"]["posts"]
    assert not list((tmp_path / "kept").glob("*.new"))


def test_what_a_colleague_wrote_while_nobody_listened_is_heard_after_a_kill(tmp_path: Path):
    words = ("--no-browser", "--port", "0", "--keep", str(tmp_path))
    with demo(*words) as process:
        address = until_it_waits(process)
        ask("POST", f"{address}/sandbox/network/people/ada/posts", json={"text": "@acme invoice 2?"})
        card = find(address, "C0BILLING", "invoice 2", kind="card")
        while ask("GET", f"{address}/sandbox/demo/state").json()["tour"]["current"] != "answer":
            continue  # the bot has not noted yet that the card stands
        ask("POST", f"{address}/sandbox/demo/switches", json={"name": "killed", "on": True})
        reply = {"channel": "C0BILLING", "thread_ts": card["ts"], "text": "reply: It is paid."}
        assert ask("POST", f"{address}/sandbox/slack/people/U0ANNA/type", json=reply).json()["ok"]
        process.kill()
        process.communicate(timeout=30)
    with demo(*words) as process:
        address = until_it_waits(process)
        find(address, "C0APPROVE", "It is paid.", kind="approval")


def test_a_memory_of_another_version_is_refused_with_a_sentence(tmp_path: Path):
    (tmp_path / "sandbox.json").write_text('{"workspace": {}}')
    with demo("--no-browser", "--keep", str(tmp_path), "--port", "0") as process:
        _, refused = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "choose another folder with --keep" in refused
    assert "Traceback" not in refused
