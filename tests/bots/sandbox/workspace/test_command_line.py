"""`python -m bots.sandbox.workspace` starts alone, serves, and keeps its state; a wrong seed gets a sentence."""

import asyncio
import json
import re
import signal
import socket
import sys

import httpx
import pytest

from bots.sandbox.workspace import Seed, SeedProblem
from bots.sandbox.workspace.__main__ import build, main, parser
from tests.bots.sandbox.workspace.stage import seed


async def test_it_starts_serves_and_keeps(tmp_path):
    (tmp_path / "seed.json").write_text(json.dumps(seed().as_dict()))
    arguments = ["--port", "0", "--prefix", "/sandbox/slack", "--seed", "seed.json", "--keep", "state.json"]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bots.sandbox.workspace",
        *arguments,
        cwd=tmp_path,
        env={"PYTHONPATH": ":".join(sys.path)},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        first = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        told = re.fullmatch(r"workspace at (http://127\.0\.0\.1:\d+/sandbox/slack), Web API at \1/api/\n", first)
        async with httpx.AsyncClient(base_url=told[1], trust_env=False, timeout=20) as http:
            body = {"channel": "C0LUNCH", "text": "kept"}
            answer = await http.post("/people/U0ANNA/type", json=body)
            assert answer.json()["ok"] is True
    finally:
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 20) in {0, 130, -2}
    again = build(parser().parse_args(["--seed", str(tmp_path / "seed.json"), "--keep", str(tmp_path / "state.json")]))
    assert [one["text"] for one in again.messages("C0LUNCH")] == ["kept"]


def test_a_port_that_is_taken_is_told(capsys):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main(["--port", str(port)]) == 1
    assert f"127.0.0.1, port {port}: Address already in use" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("{", "is not JSON"),
        ("[]", "must hold one JSON object"),
        ('{"people": [{"id": "U1", "name": "x", "colour": "red"}]}', "people[0]: unknown keys colour"),
        ('{"people": [{"id": "U1"}]}', "people[0]:"),
        (
            '{"people": [{"id": "U1", "name": "x", "timezone": "Mars/Base"}]}',
            "U1 has an unknown time zone: 'Mars/Base'",
        ),
        ('{"persons": []}', "unknown keys persons"),
        ('{"channels": [{"id": "C1", "name": "x", "members": ["U9"]}]}', "C1 has members nobody knows: U9"),
        ('{"people": [{"id": "C1", "name": "x"}], "channels": [{"id": "C1", "name": "x"}]}', "more than one thing: C1"),
    ],
)
def test_a_wrong_seed_is_told(tmp_path, capsys, given, sentence):
    path = tmp_path / "seed.json"
    path.write_text(given)
    assert main(["--seed", str(path)]) == 2
    assert sentence in capsys.readouterr().err


def test_a_seed_is_written_and_read_back(tmp_path):
    assert Seed.from_dict(json.loads(json.dumps(seed().as_dict()))) == seed()
    with pytest.raises(SeedProblem, match="cannot be read"):
        Seed.from_file(tmp_path / "absent.json")
    made = build(
        parser().parse_args(["--signing-secret", "other", "--rate-limits", "--deliver-to", "http://127.0.0.1:1/x"])
    )
    assert made.app.signing_secret == "other"
    assert made.throttle.on is True
    assert made.deliveries.deliver_to == "http://127.0.0.1:1/x"
