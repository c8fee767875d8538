"""The HTTP door for people, checkers and pages: acts, readings, faults, and the stream of changes. All JSON.

`POST {prefix}/people/{user}/{act}` takes the arguments of the act of the same name on `Workspace` as one JSON object;
`GET` reads.
A refusal is 409 with `{"error": sentence}`, a request that cannot be understood 400.
"""

import json
import mimetypes
from collections.abc import AsyncIterator, Callable
from typing import Any

from pydantic import ValidationError, validate_call
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from bots.sandbox.workspace.errors import CannotDo
from bots.sandbox.workspace.events import VERIFICATION_TOKEN
from bots.sandbox.workspace.faults import FaultProblem, FaultScript
from bots.sandbox.workspace.records import Json
from bots.sandbox.workspace.seen import Seen
from bots.sandbox.workspace.web_api.conversations import described
from bots.sandbox.workspace.web_api.users import described as described_person
from bots.sandbox.workspace.workspace import Workspace

ACTS = (
    "type",
    "edit",
    "delete",
    "react",
    "dismiss",
    "join",
    "leave",
    "archive",
    "open_home",
    "mark",
    "attach",
    "click",
    "enter",
    "press_enter",
    "choose",
    "click_in_view",
    "click_at_home",
    "choose_in_view",
    "choose_at_home",
    "type_into",
    "type_in_view",
    "type_at_home",
    "suggest",
    "submit_view",
    "close_view",
    "shortcut",
    "slash",
)
READINGS: dict[str, Callable[[Workspace, str, QueryParams], Any]] = {
    "overview": lambda workspace, user, _: workspace.overview(user),
    "visible": lambda workspace, user, query: workspace.visible(user, query["channel"], query.get("thread_ts")),
    "message": lambda workspace, user, query: workspace.one_message(user, query["channel"], query["ts"]),
    "ephemerals": lambda workspace, user, query: workspace.ephemerals(user, query["channel"]),
    "direct": lambda workspace, user, _: workspace.direct_messages(user),
    "home": lambda workspace, user, _: workspace.home(user),
}
LONGEST_WAIT = 30.0


class PeopleDoor:
    """Serves everything that is not Slack's own, for one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    async def act(self, request: Request) -> Response:
        """Do something as a person. `wait` in the body: up to so many seconds for a dialog to open after the act."""
        user, name = str(request.path_params["user"]), str(request.path_params["act"])
        if name not in ACTS:
            return _refused(404, f"there is no act {name!r}; there are: {', '.join(ACTS)}")
        act: Callable[..., Any] = getattr(self._workspace, name)
        try:
            body = await _object(request)
            wait = float(body.pop("wait", 0))
            done = await validate_call(act)(user, **body)
            if wait and isinstance(done, Seen) and done.ok and done.view is None:
                return JSONResponse({**done.as_dict(), "view": await self._view_within(user, wait)})
        except ValidationError as error:
            wrong = "; ".join(f"{'/'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            return _refused(400, f"{name}: {wrong}")
        except (TypeError, ValueError) as error:
            return _refused(400, f"{name}: {error}")
        except CannotDo as error:
            return _refused(409, str(error))
        return JSONResponse(done.as_dict() if isinstance(done, Seen) else done)

    async def read_person(self, request: Request) -> Response:
        """Read as a person.

        `overview`, `visible?channel=&thread_ts=`, `message?channel=&ts=`, `view?wait=`, `home`,
        `ephemerals?channel=`, `direct`.
        """
        what, query = str(request.path_params["act"]), request.query_params
        try:
            if what == "view":
                return JSONResponse(await self._view_within(str(request.path_params["user"]), query.get("wait", "0")))
            if what not in READINGS:
                return _refused(404, f"there is view, {', '.join(READINGS)} to read")
            return JSONResponse(READINGS[what](self._workspace, str(request.path_params["user"]), query))
        except KeyError as error:
            return _refused(400, f"{what} needs the query parameter {error}")
        except ValueError as error:
            return _refused(400, str(error))
        except CannotDo as error:
            return _refused(409, str(error))

    async def channels(self, _request: Request) -> Response:
        """List the channels."""
        known = self._workspace.channels.values()
        return JSONResponse([{**described(self._workspace, one), "members": one.members} for one in known])

    async def people(self, _request: Request) -> Response:
        """List the people."""
        return JSONResponse([described_person(self._workspace, one) for one in self._workspace.people.values()])

    async def messages(self, request: Request) -> Response:
        """List the messages of a channel, all of it or one thread (`thread_ts`), metadata included."""
        try:
            found = self._workspace.messages(str(request.path_params["channel"]), request.query_params.get("thread_ts"))
        except CannotDo as error:
            return _refused(404, str(error))
        return JSONResponse(found)

    async def find(self, request: Request) -> Response:
        """Find the latest message of a channel by `text` and fields of its metadata (`payload=name:value`), else null.

        With `wait` it is waited for, up to so many seconds.
        """
        query = request.query_params
        wanted = [pair.partition(":")[::2] for pair in query.getlist("payload")]

        def fits(payload: Json) -> bool:
            return all(str(payload.get(name)) == value for name, value in wanted)

        def found() -> Json | None:
            channel = str(request.path_params["channel"])
            return self._workspace.find_message(channel, query.get("text"), metadata=fits if wanted else None)

        try:
            return JSONResponse(await self._within(found, query.get("wait", "0")))
        except CannotDo as error:
            return _refused(404, str(error))
        except ValueError as error:
            return _refused(400, f"wait: {error}")

    async def calls(self, request: Request) -> Response:
        """List the app's requests, of one method or glob with `method`; DELETE forgets them."""
        if request.method == "DELETE":
            self._workspace.calls.clear()
        return JSONResponse(
            [call.as_dict() for call in self._workspace.calls.of(request.query_params.get("method", "*"))]
        )

    async def faults(self, request: Request) -> Response:
        """Read, add to (POST: one line or a list), or clear (DELETE) the fault script of the Web API."""
        return await _script(request, self._workspace.faults)

    async def delivery_faults(self, request: Request) -> Response:
        """Do the same for the deliveries of events to the app."""
        return await _script(request, self._workspace.deliveries.faults)

    async def throttle(self, request: Request) -> Response:
        """Read or set (POST `{"on": true}`) whether Slack's rate limits hold."""
        if request.method == "POST":
            try:
                self._workspace.throttle.on = bool((await _object(request)).get("on"))
            except ValueError as error:
                return _refused(400, str(error))
        return JSONResponse({"on": self._workspace.throttle.on})

    async def disconnect(self, request: Request) -> Response:
        """Tell the app's sockets to go: POST `{"reason": ..., "count": ...}`."""
        try:
            body = await _object(request)
            await self._workspace.links.disconnect(body.get("reason", "refresh_requested"), count=body.get("count"))
        except ValueError as error:
            return _refused(400, str(error))
        return JSONResponse({"sockets": len(self._workspace.links)})

    async def verify(self, _request: Request) -> Response:
        """Ask the app's URL to echo a challenge (url_verification)."""
        challenge = self._workspace.ids.secret()
        return JSONResponse({"ok": await self._workspace.deliveries.verify_address(challenge, VERIFICATION_TOKEN)})

    async def uninstall(self, _request: Request) -> Response:
        """Take the app out of the workspace."""
        self._workspace.uninstall()
        return JSONResponse({"ok": True})

    async def snapshot(self, request: Request) -> Response:
        """Read the whole state, or put one back with POST."""
        if request.method == "POST":
            try:
                self._workspace.restore(await _object(request))
                self._workspace.deliveries.resume()
            except (CannotDo, KeyError, TypeError, ValueError) as error:
                return _refused(400, f"this snapshot cannot be loaded: {error}")
        return JSONResponse(self._workspace.snapshot())

    async def file(self, request: Request) -> Response:
        """Answer the bytes of an uploaded file."""
        upload = self._workspace.uploads.get(str(request.path_params["file"]))
        if upload is None or upload.content is None:
            return _refused(404, "there is no such file")
        kind = (mimetypes.guess_type(upload.name)[0] if upload.is_picture else None) or "application/octet-stream"
        headers = {"X-Content-Type-Options": "nosniff"}
        if not kind.startswith("image/") or kind == "image/svg+xml":
            kind = "application/octet-stream"
        return Response(upload.content.encode("latin-1"), media_type=kind, headers=headers)

    async def stream(self, _request: Request) -> Response:
        """Send every change as a server-sent event."""
        return StreamingResponse(self._events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def _events(self) -> AsyncIterator[str]:
        yield ": watching\n\n"
        async for change in self._workspace.changes.watch():
            yield f"data: {json.dumps(change)}\n\n"

    async def _view_within(self, user: str, wait: float | str) -> Json | None:
        return await self._within(lambda: self._workspace.open_view(user), wait)

    async def _within(self, condition: Callable[[], Json | None], wait: float | str) -> Json | None:
        """Answer at once, or with `wait` (seconds) as soon as there is something. Raises ValueError for no number."""
        seconds = min(float(wait), LONGEST_WAIT)
        if seconds <= 0:
            return condition()
        try:
            return await self._workspace.until(condition, within=seconds)
        except TimeoutError:
            return None


async def _object(request: Request) -> Json:
    body = await request.body()
    given: Any = json.loads(body or b"{}")
    if not isinstance(given, dict):
        raise ValueError("the body must be one JSON object")  # noqa: TRY004 - told to the caller as a bad request
    return given


async def _script(request: Request, script: FaultScript) -> Response:
    try:
        if request.method == "DELETE":
            script.clear()
        elif request.method == "POST":
            given: Any = json.loads(await request.body())
            script.script([*script.lines, *(given if isinstance(given, list) else [given])])
    except (FaultProblem, ValueError) as error:
        return _refused(400, str(error))
    return JSONResponse([vars(line) for line in script.lines])


def _refused(status: int, sentence: str) -> Response:
    return JSONResponse({"error": sentence}, status)
