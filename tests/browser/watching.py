"""What happens in a browser besides what is looked for: complaints of the pages, and the gestures of the person."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, ConsoleMessage, Request, Response, WebError

_GESTURES = Path(__file__).with_name("gestures.js")
_LEFT_STREAM = re.compile(r"^failed: GET \S*/stream\S* net::ERR_(ABORTED|INCOMPLETE_CHUNKED_ENCODING)$")
"""A page that is left, or hidden, ends its stream: that is how streams end."""


@dataclass
class Complaints:
    """Everything that a browser's console would show in red or yellow, every failed request and every refusal."""

    heard: list[str] = field(default_factory=list)
    excuses: list[re.Pattern[str]] = field(default_factory=lambda: [_LEFT_STREAM])
    _unchanged: set[Request] = field(default_factory=set)

    @contextmanager
    def heard_in(self, context: BrowserContext) -> Iterator["Complaints"]:
        """Listen while the block runs."""
        ears = {
            "console": self._console,
            "weberror": self._error,
            "requestfailed": self._failed,
            "response": self._answered,
        }
        for event, ear in ears.items():
            context.on(event, ear)
        try:
            yield self
        finally:
            for event, ear in ears.items():
                context.remove_listener(event, ear)

    def excuse(self, pattern: str, *, because: str) -> None:
        """Expect complaints of a kind; the reason stands where this is called."""
        assert because
        self.excuses.append(re.compile(pattern))

    def unexcused(self) -> list[str]:
        return [line for line in self.heard if not any(one.search(line) for one in self.excuses)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning", "assert"}:
            self.heard.append(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def _error(self, error: WebError) -> None:
        self.heard.append(f"error: {error.error}")

    def _failed(self, request: Request) -> None:
        if request in self._unchanged:
            return  # Chromium calls a 304 that a script asked for aborted
        self.heard.append(f"failed: {request.method} {request.url} {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status == 304:
            self._unchanged.add(response.request)
        elif response.status >= 400:
            self.heard.append(f"refused: {response.request.method} {response.url} {response.status}")


@dataclass(frozen=True)
class Effort:
    """What it cost a person: buttons and links pressed, and texts written, each named."""

    clicks: tuple[str, ...]
    texts: tuple[str, ...]

    def __str__(self) -> str:
        return f"{_many(self.texts, 'text')} and {_many(self.clicks, 'click')}"


@dataclass
class Gestures:
    """Real input events, noted by the pages themselves."""

    noted: list[dict[str, Any]] = field(default_factory=list)

    async def listen(self, context: BrowserContext) -> None:
        await context.expose_binding("noteGesture", lambda _, gesture: self.noted.append(gesture))
        await context.add_init_script(path=_GESTURES)

    def since(self, mark: int) -> Effort:
        """Return the effort since a mark (a length of ``noted``).

        Choosing a person or a channel is not counted, nor is the click that puts the caret into a field: that is
        part of writing. However many keys a text takes, it is one text.
        """
        clicks: list[str] = []
        texts: list[str] = []
        for gesture in self.noted[mark:]:
            name = gesture["name"]
            if gesture["kind"] == "text":
                if not texts or texts[-1] != name:
                    texts.append(name)
            elif not gesture["choosing_place"] and not gesture["into_field"]:
                clicks.append(name)
        return Effort(tuple(clicks), tuple(texts))


def _many(words: Sequence[str], kind: str) -> str:
    number = {0: "no", 1: "one"}.get(len(words), str(len(words)))
    return f"{number} {kind}{'' if len(words) == 1 else 's'}" + (f" ({', '.join(words)})" if words else "")
