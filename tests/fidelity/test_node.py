"""Slack's own packages for Node against the sandbox: @slack/web-api, @slack/bolt and @slack/socket-mode, unmodified."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bots.sandbox.workspace import Workspace
from tests.bots.sandbox.workspace.stage import ANNA, LUNCH
from tests.fidelity.clients import APP_TOKEN, TOKEN
from tests.fidelity.lunch_story import lunch_story
from tests.fidelity.node_packages import SCRIPTS
from tests.fidelity.serving import api_of

pytestmark = pytest.mark.node

STEPS = ["socket", "views", "messages", "pages", "people", "reactions", "files", "refusals", "rateLimit"]


@contextlib.asynccontextmanager
async def script(
    name: str, workspace: Workspace, packages: Path, **more: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a script with Slack's packages in reach; it is ended by closing its input, or killed."""
    environment = {
        "PATH": os.environ["PATH"],
        "NODE_PATH": str(packages / "node_modules"),
        "SLACK_API_URL": api_of(workspace),
        "SLACK_BOT_TOKEN": TOKEN,
        "SLACK_SIGNING_SECRET": workspace.app.signing_secret,
        **more,
    }
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        "node", str(SCRIPTS / name), env=environment, stdin=pipe, stdout=pipe, stderr=pipe
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
                await process.wait()


async def line_of(process: asyncio.subprocess.Process) -> str:
    """The next line that a script prints; what it complained about where it ended instead."""
    line = (await process.stdout.readline()).decode().strip()
    assert line, (await process.stderr.read()).decode()
    return line


async def test_a_round_of_calls(workspace, node_packages):
    workspace.faults.script([("team.info", "http_429", 1), ("bots.info", "http_429", 1, {"retry_after": 7})])
    async with script("web_api_round.cjs", workspace, node_packages, SLACK_APP_TOKEN=APP_TOKEN) as process:
        assert await line_of(process) == "connected"
        for word in ("today", "tomorrow"):
            answer = await workspace.slash(ANNA, LUNCH, "/lunch", word)
            assert [one["text"] for one in answer.ephemerals] == [f"Soup {word}"]
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert out.decode().split() == STEPS
    assert "Later" in [one["text"] for one in workspace.ephemerals(ANNA, LUNCH)]


async def test_a_whole_lunch_over_http(workspace, node_packages):
    async with script("lunch_bot.cjs", workspace, node_packages) as process:
        _, port = (await line_of(process)).split()
        workspace.deliveries.deliver_to = f"http://127.0.0.1:{port}/slack/events"
        await lunch_story(workspace)
    assert (await process.stderr.read()).decode() == ""


async def test_a_whole_lunch_over_socket_mode(workspace, node_packages):
    async with script("lunch_bot.cjs", workspace, node_packages, SLACK_APP_TOKEN=APP_TOKEN) as process:
        assert (await line_of(process)).startswith("ready")
        await workspace.until(lambda: len(workspace.links) == 1, what="the socket")
        await lunch_story(workspace)
    assert (await process.stderr.read()).decode() == ""
