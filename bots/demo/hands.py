"""What people do in the demo, through the same HTTP doors that browsers and chats use."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any, Final, TypeVar, cast

import httpx

from bots.demo.configuration import FORM, HANDLE, NETWORK, SLACK
from escalation.ports import Clock

PATIENCE_SECONDS: Final = 20.0
_LOOK_EVERY: Final = 0.1

Json = dict[str, Any]
T = TypeVar("T")


class StoryFailedError(Exception):
    """Something that the story needs did not happen; the sentence says what."""


class Hands:
    """Customers' and colleagues' hands. Every act raises ``StoryFailedError`` with a sentence when it is refused."""

    def __init__(self, speaker: httpx.AsyncClient, clock: Clock, *, patience: float = PATIENCE_SECONDS) -> None:
        """Keep the collaborators. ``patience``: seconds after which what does not come is given up."""
        self._speaker = speaker
        self._clock = clock
        self._patience = patience

    # --- customers

    async def write_post(self, handle: str, text: str) -> Json:
        """Write a public post on the network."""
        return cast("Json", await self._json("POST", f"{NETWORK}/people/{handle}/posts", {"text": text}))

    async def edit_post(self, handle: str, post: str, text: str) -> Json:
        """Change a post on the network."""
        return cast("Json", await self._json("PATCH", f"{NETWORK}/people/{handle}/posts/{post}", {"text": text}))

    async def fill_in_form(self, **fields: str) -> Json:
        """Send the contact form; ``{"case", "status_url"}``."""
        return cast("Json", await self._json("POST", f"/forms/{FORM}", fields))

    async def published(self, post: str) -> list[str]:
        """Return what the brand has published below a post, oldest first."""
        thread = await self._json("GET", f"{NETWORK}/posts/{post}/thread")
        return [one["text"] for one in thread["posts"] if one["author"]["handle"] == HANDLE]

    async def conversation(self, status_url: str) -> list[Json]:
        """Return the conversation on a form's status page."""
        answer = await self._json("GET", status_url)
        found: list[Json] = answer["messages"]
        return found

    async def break_network(self, fault: str, *, method: str, path: str) -> None:
        """Have the network go wrong once."""
        await self._json("POST", f"{NETWORK}/faults", {"fault": fault, "method": method, "path": path})

    async def faults_left(self) -> int:
        """Return how many planned faults have not happened yet."""
        return len((await self._json("GET", f"{NETWORK}/faults"))["faults"])

    # --- colleagues

    async def act(self, user: str, act: str, **arguments: Any) -> Json:
        """Do something in the workspace as a person; what they see then."""
        return cast("Json", await self._json("POST", f"{SLACK}/people/{user}/{act}", arguments))

    async def click(self, user: str, message: Json, button: str, **more: Any) -> Json:
        """Press a button of a message."""
        return await self.act(
            user, "click", channel=message["channel"], message_ts=message["ts"], button=button, **more
        )

    async def open_dialog(self, user: str, message: Json, button: str) -> Json:
        """Press a button that opens a dialog; the dialog."""
        await self.click(user, message, button)
        view: Json | None = await self._json("GET", f"{SLACK}/people/{user}/view?wait=5")
        if not view:
            raise StoryFailedError(f"no dialog opened before {user} after “{button}”")
        return view

    async def fill_in_dialog(self, user: str, message: Json, button: str, text: str) -> Json:
        """Press a button that opens a dialog, write into its first field, and submit it."""
        view = await self.open_dialog(user, message, button)
        field = next(block["block_id"] for block in view["blocks"] if block["type"] == "input")
        seen = await self.act(user, "submit_view", values={field: text})
        if not seen["ok"]:
            raise StoryFailedError(f"the dialog of “{button}” was refused: {seen['error'] or seen['field_errors']}")
        return seen

    async def fill_in_field(self, user: str, message: Json, text: str) -> Json:
        """Write into the answer field of a card and press the button beside it."""
        field = next(block["block_id"] for block in message["blocks"] if block["type"] == "input")
        return await self.click(user, message, "Submit for approval", inputs={field: text})

    async def write_in_thread(self, user: str, message: Json, text: str) -> Json:
        """Answer below a message."""
        return await self.act(user, "type", channel=message["channel"], text=text, thread_ts=message["ts"])

    async def told(self, user: str, channel: str) -> list[str]:
        """Return what only this person was told in a channel."""
        found: Any = await self._json("GET", f"{SLACK}/people/{user}/ephemerals?channel={channel}")
        return [str(one.get("text", "")) for one in found]

    async def stand_before(self, user: str, channel: str) -> None:
        """Look at a channel as somebody who is in it; nothing comes of it."""

    async def pings(self, user: str, channel: str, case: str) -> list[Json]:
        """Return the pings about a case in a channel that somebody is in, or in their conversation with the bot."""
        direct = channel.startswith("D")
        address = f"{SLACK}/people/{user}/direct" if direct else f"{SLACK}/channels/{channel}/messages"
        found: list[Json] = await self._json("GET", address)
        about = {"kind": "ping", "case": case}
        payloads = ((one, (one.get("metadata") or {}).get("event_payload", {})) for one in found)
        return [{**one, "channel": channel} for one, payload in payloads if about.items() <= payload.items()]

    async def message(self, channel: str, *, text: str, kind: str, button: str | None = None, case: str = "") -> Json:
        """Wait for the newest message of a kind that holds ``text`` and, if named, is about a case, offers a button."""

        async def look() -> Json | None:
            query = {"text": text, "payload": [f"kind:{kind}", *([f"case:{case}"] if case else [])]}
            found = await self._json("GET", f"{SLACK}/channels/{channel}/find", query=query)
            return {**found, "channel": channel} if found and (button is None or button in buttons(found)) else None

        offered = f" with the button “{button}”" if button else ""
        return await self.until(look, f"a message ({kind}) about “{text}”{offered} in {channel}")

    # --- time

    async def travel(self, to: str) -> datetime:
        """Move everybody's clock forward; the moment at which everybody is then."""
        state = await self._json("POST", "/sandbox/demo/clock", {"to": to})
        return datetime.fromisoformat(state["clock"]["now"])

    async def due(self, case: str, step: str) -> datetime | None:
        """Return when the newest clock of a step of a case is, or was, due."""
        state = await self._json("GET", "/sandbox/demo/cases")
        steps: Json = next((one["steps"] for one in state["cases"] if one["id"] == case), {})
        due = steps.get(step, {}).get("due_at")
        return datetime.fromisoformat(due) if due else None

    # --- looking

    async def case(self, post: str) -> str | None:
        """Return the case that a customer's post has opened, if it has been taken in."""
        state = await self._json("GET", "/sandbox/demo/cases")
        return next((one["id"] for one in state["cases"] if one["post"] == post), None)

    async def until(self, look: Callable[[], Awaitable[T | None]], what: str) -> T:
        """Look again and again until something is there."""
        started = self._clock.monotonic()
        while not (found := await look()):
            if self._clock.monotonic() - started > self._patience:
                raise StoryFailedError(f"waited {self._patience:g} seconds in vain for {what}")
            await self._clock.sleep(_LOOK_EVERY)
        return found

    async def _json(self, method: str, address: str, body: Json | None = None, *, query: Json | None = None) -> Any:
        try:
            answer = await self._speaker.request(
                method, address, json=body, params=query, headers={"Accept": "application/json"}
            )
        except httpx.HTTPError as error:
            raise StoryFailedError(f"{method} {address} had no answer ({type(error).__name__})") from error
        if answer.is_error:
            raise StoryFailedError(f"{method} {address} was answered {answer.status_code}: {answer.text[:300]}")
        return answer.json()


def buttons(message: Json) -> list[str]:
    """Return what is written on the buttons of a message."""
    return [
        element["text"]["text"]
        for block in message.get("blocks", [])
        if block["type"] == "actions"
        for element in block["elements"]
        if element["type"] == "button"
    ]


def quoted(message: Json) -> list[str]:
    """Return the quotations in a message, in order; the texts to be published are among them."""
    return [
        "".join(piece.get("text", "") for piece in part["elements"])
        for block in message.get("blocks", [])
        if block["type"] == "rich_text"
        for part in block["elements"]
        if part["type"] == "rich_text_quote"
    ]


def lines(blocks: Iterable[Json]) -> list[str]:
    """Return what is written in blocks of formatted text, line by line, without the mentions."""
    text = "\n".join(
        "".join(piece.get("text", "") for piece in part.get("elements", []))
        for block in blocks
        if block["type"] == "rich_text"
        for part in block["elements"]
    )
    return [line.strip() for line in text.splitlines() if line.strip()]
