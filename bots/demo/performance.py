"""One run of the demo: find a place, set the stage, and either wait for people or play the story."""

import asyncio
import contextlib
import gc
import os
import shlex
import shutil
import signal
import sys
import tempfile
import webbrowser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bots.clock import SystemClock
from bots.demo.doors import START
from bots.demo.hands import Hands, StoryFailedError
from bots.demo.narrator import Narrator
from bots.demo.proof import Check, proof
from bots.demo.stage import Stage, open_stage
from bots.demo.story import Story
from bots.printing import complain, line, show_json, span, table
from bots.serving import PortTakenError, listen

HOST: Final = "127.0.0.1"
USUAL_PORT: Final = 8000
_TRIES: Final = 50
SCRIPT_UNDO_SECONDS: Final = 3
UNDO_SECONDS: Final = 8


@dataclass(frozen=True)
class Wishes:
    """What was asked for on the command line."""

    port: int | None
    script: bool
    keep: Path | None
    browser: bool
    json: bool


def perform(wishes: Wishes) -> int:
    """Run the demo until it is stopped or told; return the exit code.

    Raises:
        PortTakenError: the port that was asked for is taken.
        SecondProcessError: another process works in the folder that was asked for.
        ForeignMemoryError: the folder holds the memory of another version.

    """
    with _folder(wishes.keep) as folder:
        listener = _listen(wishes.port)
        address = f"http://{HOST}:{listener.getsockname()[1]}"
        gc.freeze()  # what was imported stays: the collection with which a killed bot is buried need not walk it
        code = asyncio.run(_perform(wishes, folder, listener, address))
        if not wishes.script:
            line("The demo has stopped.")
        return code


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="portavoce-demo-") as folder:
        yield Path(folder)


def _listen(port: int | None) -> Any:
    """Bind the port that was asked for, else the usual one or the next that is free."""
    if port is not None:
        return listen(HOST, port)
    for candidate in range(USUAL_PORT, USUAL_PORT + _TRIES):
        with contextlib.suppress(PortTakenError):
            listener = listen(HOST, candidate)
            if candidate != USUAL_PORT:
                complain(f"port {USUAL_PORT} is taken, so the demo uses {candidate}")
            return listener
    return listen(HOST, 0)


def _program() -> str:
    """Return how this program was called, for commands that shall work as they are printed."""
    called = Path(sys.argv[0])
    if called.name != "portavoce" or shutil.which("portavoce") == str(called):
        return "portavoce"
    here = Path.cwd()
    return shlex.quote(str(called.relative_to(here) if called.is_relative_to(here) else called))


async def _perform(wishes: Wishes, folder: Path, listener: Any, address: str) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    undo = SCRIPT_UNDO_SECONDS if wishes.script else UNDO_SECONDS
    tell = complain if wishes.json else line
    keep = wishes.keep is not None
    async with open_stage(folder, listener, address=address, undo_seconds=undo, keep=keep) as stage:
        tell(f"The demo runs on {address}{START}")
        if not wishes.script:
            tell(f"Look at it from another terminal: {_program()} case list --config {shlex.quote(str(stage.file))}")
            _open_browser(wishes, f"{address}{START}")
            tell("Stop it with Ctrl-C.")
            await stop.wait()
            return 0
        telling = asyncio.create_task(_tell_story(stage, wishes, tell))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({telling, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not telling.done():
            telling.cancel()
            await asyncio.wait({telling})
            complain("Stopped before the story ended.")
            return 1
        return telling.result()


def _open_browser(wishes: Wishes, address: str) -> None:
    has_display = sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    if wishes.browser and has_display and not os.environ.get("CI"):
        webbrowser.open(address)


async def _tell_story(stage: Stage, wishes: Wishes, tell: Any) -> int:
    clock = SystemClock()
    failure = None
    async with stage.speaker() as speaker:
        hands = Hands(speaker, clock)
        narrator = Narrator(clock, tell)
        story = Story(hands, narrator)
        checks: list[Check] = []
        try:
            await story.play()
        except StoryFailedError as error:
            failure = str(error)
        cases = await _settled(stage, story, clock) if failure is None else await _cases(stage, story)
        with contextlib.suppress(StoryFailedError):
            checks = await proof(story, hands, cases)
    good = failure is None and bool(checks) and all(check.holds for check in checks)
    if wishes.json:
        show_json(
            {
                "ok": good,
                "failure": failure,
                "seconds": round(narrator.seconds, 1),
                "steps": [{"at": round(at, 1), "what": what} for at, what in narrator.steps],
                "checks": [vars(check) for check in checks],
                "cases": list(cases.values()),
            }
        )
    else:
        _show(story, cases, checks, failure)
        line(f"The story took {narrator.seconds:.1f} seconds.")
    return 0 if good else 1


async def _settled(stage: Stage, story: Story, clock: SystemClock) -> dict[str, dict[str, Any]]:
    """Return the cases once all are answered, at most two seconds later: a reply stands before we note that."""
    until = clock.monotonic() + 2
    while True:
        cases = await _cases(stage, story)
        if clock.monotonic() > until or all(facts["state"] == "answered" for facts in cases.values()):
            return cases
        await clock.sleep(0.1)


async def _cases(stage: Stage, story: Story) -> dict[str, dict[str, Any]]:
    return await stage.cases([chapter.case for chapter in story.chapters])


def _show(story: Story, cases: dict[str, dict[str, Any]], checks: list[Check], failure: str | None) -> None:
    names = {chapter.case: chapter.customer for chapter in story.chapters}
    steps = ("detect", "route", "acknowledge", "answer", "approve", "relay", "first_response")
    line()
    line("How long each step took (portavoce case show):")
    table(
        ("customer", *(step.replace("_", " ") for step in steps)),
        [
            (names[key], *(span(facts["steps"].get(step, {}).get("wall_seconds")) for step in steps))
            for key, facts in cases.items()
        ],
    )
    line()
    for check in checks:
        line(f"{'ok    ' if check.holds else 'FAILED'}  {check.what}{'' if check.holds else f': {check.found}'}")
    if failure:
        complain(f"The story could not be told to its end: {failure}")
    elif not all(check.holds for check in checks):
        complain("The story ended, but not well: see above.")
