"""``demo --script``: the whole story through real HTTP, told by one process."""

import json
import re
import signal
import socket
from pathlib import Path

import pytest

from bots.demo.narrator import clock_time
from tests.demo.process import address_of, ask, demo

STEP = re.compile(r"\d\d:\d\d\.\d  \S.*")


@pytest.mark.slow
def test_the_story_ends_well(tmp_path: Path):
    with demo("--script", "--json", "--port", "0", "--keep", str(tmp_path / "kept")) as process:
        out, err = process.communicate(timeout=90)
    assert process.returncode == 0, err
    told = json.loads(out)
    assert told["ok"] is True
    assert told["failure"] is None
    assert told["seconds"] < 60
    assert [check["what"] for check in told["checks"] if not check["holds"]] == []
    assert len(told["checks"]) == 26
    steps = [step["what"] for step in told["steps"]]
    wanted = ["charged twice", "is told: ", "sends it back", "cut the line", "approval is void", "stands there once"]
    assert all(any(words in step for step in steps) for words in wanted)
    assert all(STEP.fullmatch(line) for line in err.splitlines()[2 : 2 + len(steps)])
    cases = {case["author"]: case for case in told["cases"]}
    assert {case["state"] for case in cases.values()} == {"answered"}
    assert cases["Davide Leone"]["drafts"][0]["state"] == "void"
    [lost] = cases["Chiara Costa"]["replies"]
    assert lost["attempts"] == 1
    kept = tmp_path / "kept"
    assert {path.name for path in kept.iterdir()} >= {"portavoce.db", "portavoce.toml", "sandbox.json"}


@pytest.mark.slow
def test_a_network_that_refuses_makes_the_story_fail():
    with demo("--script", "--port", "0") as process:
        address = address_of(process)
        revoked = {"fault": "token_revoked", "method": "POST", "path": "/api/posts", "times": None}
        assert ask("POST", f"{address}/sandbox/network/faults", json=revoked).status_code == 201
        out, err = process.communicate(timeout=90)
    assert process.returncode == 1
    assert "in vain for the reply to Elena on the network" in err
    assert "FAILED  the reply to Ada stands on the network exactly once: 0 times" in out
    assert "Traceback" not in err


def test_a_port_that_was_asked_for_and_is_taken_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with demo("--port", str(port)) as process:
            _, refused = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"port {port} on 127.0.0.1 cannot be used" in refused


def test_without_a_port_the_next_free_one_is_taken():
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            other.bind(("127.0.0.1", 8000))
            other.listen()
        except OSError:
            pass  # somebody else has it, which is as good
        with demo("--no-browser") as process:
            address = address_of(process)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=30)
    assert "port 8000 is taken, so the demo uses" in err
    assert address != "http://127.0.0.1:8000"


def test_times_of_steps():
    assert [clock_time(seconds) for seconds in (0, 1.26, 61.99, 600)] == ["00:00.0", "00:01.2", "01:01.9", "10:00.0"]
