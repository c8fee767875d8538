"""The story, or its part in which nobody answers, played for a visitor: the same hands, slowly enough to watch."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final, Literal, get_args

import httpx

from bots.demo.chapters import Chapter
from bots.demo.hands import PATIENCE_SECONDS, Hands, Json, StoryFailedError
from bots.demo.lapse import Lapse
from bots.demo.narrator import Narrator
from bots.demo.proof import Check, proof
from bots.demo.scenes import Scene
from bots.demo.story import Story
from escalation.ports import Clock

READ_SECONDS: Final = 1.6
"""How long somebody may look at a scene before something happens in it."""
_SETTLE_SECONDS: Final = 3.0

State = Literal["idle", "playing", "ended", "failed", "stopped"]
Piece = Literal["story", "lapse"]
PIECES: Final[tuple[Piece, ...]] = get_args(Piece)
Cases = Callable[[list[str]], Awaitable[dict[str, Json]]]
"""Reads cases by id, as ``case show --json`` has them."""


class PlayedHands(Hands):
    """Hands that show where they are before they do something, and give time to look."""

    def __init__(
        self,
        speaker: httpx.AsyncClient,
        clock: Clock,
        *,
        show: Callable[[Scene], None],
        pause: float = READ_SECONDS,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """Keep the collaborators. ``pause``: before each act; ``patience``: how long something may take (both s)."""
        super().__init__(speaker, clock, patience=patience)
        self._watch = clock
        self._show = show
        self._pause = pause
        self._seen: set[Scene] = set()

    async def write_post(self, handle: str, text: str) -> Json:
        """Write a public post, at whose author's side one looks."""
        await self._look(Scene("network", handle))
        return await super().write_post(handle, text)

    async def edit_post(self, handle: str, post: str, text: str) -> Json:
        """Change a post before one's eyes."""
        await self._look(Scene("network", handle, post=post))
        return await super().edit_post(handle, post, text)

    async def fill_in_form(self, **fields: str) -> Json:
        """Send the contact form."""
        await self._look(Scene("form"))
        return await super().fill_in_form(**fields)

    async def published(self, post: str) -> list[str]:
        """Return what the brand has published below a post, and lead there once."""
        self._glance(Scene("network", post=post))
        return await super().published(post)

    async def conversation(self, status_url: str) -> list[Json]:
        """Return the conversation on a form's status page, and lead there once."""
        self._glance(Scene("form", page=status_url))
        return await super().conversation(status_url)

    async def stand_before(self, user: str, channel: str) -> None:
        """Lead to where somebody looks."""
        self._show(Scene("workspace", user, channel=channel))

    async def travel(self, to: str) -> datetime:
        """Move the clock, after a look at what has happened until then."""
        await self._watch.sleep(self._pause)
        return await super().travel(to)

    async def act(self, user: str, act: str, **arguments: Any) -> Json:
        """Do something in the workspace as the person who is shown there."""
        channel = arguments.get("channel")
        if channel is not None:  # in a dialog one stays where it opened
            await self._look(Scene("workspace", user, channel=channel))
        else:
            await self._watch.sleep(self._pause)
        return await super().act(user, act, **arguments)

    def _glance(self, scene: Scene) -> None:
        if scene not in self._seen:
            self._seen.add(scene)
            self._show(scene)

    async def _look(self, scene: Scene) -> None:
        self._show(scene)
        await self._watch.sleep(self._pause)


class Play:
    """At most one performance at a time. ``changed`` is called whenever there is something new to show."""

    def __init__(
        self,
        *,
        speaker: Callable[[], httpx.AsyncClient],
        clock: Clock,
        cases: Cases,
        changed: Callable[[], None],
        pause: float = READ_SECONDS,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """Keep the collaborators; nothing is played yet. ``pause`` and ``patience`` are those of the hands."""
        self._speaker = speaker
        self._clock = clock
        self._cases = cases
        self._changed = changed
        self._pause = pause
        self._patience = patience
        self._task: asyncio.Task[None] | None = None
        self._state: State = "idle"
        self._sentence = ""
        self._scene: Scene | None = None
        self._narrator: Narrator | None = None
        self._lapse: Lapse | None = None

    @property
    def lapse_case(self) -> str:
        """Return the case that nobody claimed, where that was what was played last; else nothing."""
        return self._lapse.chapter.case if self._lapse else ""

    @property
    def facts(self) -> dict[str, Any]:
        """Return what the page shows, as JSON; ``lines`` are the narration, ``at`` in seconds since it began."""
        steps = self._narrator.steps if self._narrator else []
        return {
            "state": self._state,
            "sentence": self._sentence,
            "scene": self._scene.facts() if self._scene else None,
            "lines": [{"at": round(at, 1), "what": what} for at, what in steps],
        }

    def start(self, piece: Piece = "story") -> None:
        """Begin a piece from its beginning, unless something is playing already. ``lapse`` ends at the breach."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._play(piece))

    async def stop(self) -> None:
        """Stop it where it is; what was done stays done."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task})
            self._tell("stopped", "Stopped. What was done so far stands; the rest is yours.")

    async def _play(self, piece: Piece) -> None:
        narrator = self._narrator = Narrator(self._clock, lambda _: self._changed())
        self._tell("playing", "")
        async with self._speaker() as speaker:
            hands = PlayedHands(speaker, self._clock, show=self._show, pause=self._pause, patience=self._patience)
            try:
                await (self._play_lapse(hands, narrator) if piece == "lapse" else self._play_story(hands, narrator))
            except StoryFailedError as error:
                self._tell("failed", f"The story could not go on: {error}.")

    async def _play_lapse(self, hands: Hands, narrator: Narrator) -> None:
        self._lapse = Lapse(hands, narrator)
        await self._lapse.run_out()
        await self._clock.sleep(self._pause)
        self._tell("ended", "The clock has run out. Now it is your turn.")

    async def _play_story(self, hands: Hands, narrator: Narrator) -> None:
        self._lapse = None
        story = Story(hands, narrator)
        await story.play()
        checks = await self._checks(story, hands)
        wrong = [check.what for check in checks if not check.holds]
        if wrong:
            self._tell("failed", f"The story ended, but not well: {'; '.join(wrong)}.")
        else:
            self._tell(
                "ended", f"The end. {len(checks)} of {len(checks)} checks hold: each reply stands once, as approved."
            )

    async def _checks(self, story: Story, hands: Hands) -> list[Check]:
        """Check once all cases are settled, at most some seconds later: a reply stands before the bot has noted it."""
        until = self._clock.monotonic() + _SETTLE_SECONDS
        while True:
            cases = await self._cases([chapter.case for chapter in story.chapters])
            if self._clock.monotonic() > until or _all_answered(story.chapters, cases):
                return await proof(story, hands, cases)
            await self._clock.sleep(0.1)

    def _show(self, scene: Scene) -> None:
        self._scene = scene
        self._changed()

    def _tell(self, state: State, sentence: str) -> None:
        self._state, self._sentence = state, sentence
        self._changed()


def _all_answered(chapters: tuple[Chapter, ...], cases: dict[str, Json]) -> bool:
    return all(cases.get(chapter.case, {}).get("state") == "answered" for chapter in chapters)
