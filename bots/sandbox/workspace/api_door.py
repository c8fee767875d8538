"""The HTTP door of the Web API: reads the request, checks token, scope and pace, lets the fault script strike.

Keeps the record.
"""

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from bots.sandbox.workspace.calls import Call
from bots.sandbox.workspace.dropping import Dropped, Silent
from bots.sandbox.workspace.errors import ApiError
from bots.sandbox.workspace.faults import Fault
from bots.sandbox.workspace.records import Json
from bots.sandbox.workspace.responses import respond
from bots.sandbox.workspace.state import WorkspaceState
from bots.sandbox.workspace.web_api import METHODS
from bots.sandbox.workspace.web_api.arguments import Arguments
from bots.sandbox.workspace.web_api.registry import APP, NOBODY, Method

JSON_TYPE = "application/json; charset=utf-8"
SECRETS = frozenset({"client_secret", "code", "refresh_token"})
REFUSED_UNTOUCHED = {
    "ok_false": None,
    "token_revoked": "token_revoked",
    "message_not_found": "message_not_found",
}


@dataclass
class Answer:
    """What goes back: a JSON body or plain text, with its status."""

    body: Json | str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """Write as an HTTP response."""
        if isinstance(self.body, str):
            return Response(self.body, self.status, self.headers, media_type="text/plain")
        return Response(json.dumps(self.body), self.status, self.headers, media_type=JSON_TYPE)


class ApiDoor:
    """Serves `/api/{method}`, `/response/{ticket}` and `/upload/{file}` for one workspace."""

    def __init__(self, workspace: WorkspaceState) -> None:
        self._workspace = workspace
        self._scopes = ",".join(workspace.app.scopes)

    async def api(self, request: Request) -> Response:
        """Serve one Web API request, by GET or POST, as query, form or JSON."""
        name = str(request.path_params["method"])
        try:
            given = await arguments_of(request)
        except ApiError as error:
            self._start(name, {}).outcome = error.word
            return Answer(error.answer()).response()
        token = _credentials(request.headers.get("authorization", ""), given)
        return await self._with_faults(name, given, lambda call: self._run(name, given, token, call))

    async def respond(self, request: Request) -> Response:
        """Serve a response_url; recorded and struck by faults under the name `response_url`."""
        given = await arguments_of(request)
        ticket = str(request.path_params["ticket"])

        def act(call: Call) -> Answer:
            try:
                respond(self._workspace, self._workspace.addresses.use(ticket), given)
            except ApiError as error:
                call.outcome = error.word
                return Answer(error.answer(), 404 if error.word in {"expired_url", "used_url"} else 400)
            call.outcome, call.acted = "ok", True
            return Answer("ok")

        return await self._with_faults("response_url", given, act)

    async def upload(self, request: Request) -> Response:
        """Take the bytes of a file; recorded and struck by faults under the name `files.upload`."""
        upload = self._workspace.uploads.get(str(request.path_params["file"]))
        if "multipart/form-data" in request.headers.get("content-type", ""):
            async with request.form() as form:
                parts = [await part.read() for part in form.values() if not isinstance(part, str)]
            content = parts[0] if parts else b""
        else:
            content = await request.body()

        def act(call: Call) -> Answer:
            if upload is None:
                call.outcome = "file_not_found"
                return Answer("file_not_found", 404)
            upload.content = content.decode("latin-1")
            call.outcome, call.acted = "ok", True
            return Answer(f"OK - {len(content)}")

        return await self._with_faults("files.upload", {"file": request.path_params["file"]}, act)

    # ---- one request
    # ---------------------------------------------------------------------------------------------------

    def _start(self, name: str, given: Json) -> Call:
        kept = {key: value for key, value in given.items() if key not in SECRETS}
        call = Call(name, kept, self._workspace.clock.now())
        self._workspace.calls.add(call)
        return call

    def _run(self, name: str, given: Json, token: str, call: Call) -> Answer:
        try:
            answer = self._checked(name, given, token)
            if answer is None:
                body = {"ok": True, **METHODS[name].run(self._workspace, Arguments(given))}
                call.outcome, call.acted, call.answer = "ok", True, _brief(body)
                answer = Answer(body)
            else:
                call.outcome = "ratelimited"
        except ApiError as error:
            call.outcome = error.word
            answer = Answer(error.answer())
        answer.headers["x-oauth-scopes"] = self._scopes
        return answer

    def _checked(self, name: str, given: Json, token: str) -> Answer | None:
        method = METHODS.get(name)
        if method is None:
            raise ApiError("unknown_method", req_method=name)
        self._check_token(method, token)
        scopes = self._workspace.app.scopes
        if scopes and method.scopes and not set(method.scopes) & set(scopes):
            raise ApiError("missing_scope", needed=",".join(method.scopes), provided=self._scopes)
        wait = self._workspace.throttle.seconds_to_wait(
            name,
            tier=method.tier,
            channel=str(given.get("channel")) if method.posts else None,
            now=self._workspace.clock.now(),
        )
        return _too_fast(wait) if wait else None

    def _check_token(self, method: Method, token: str) -> None:
        if method.token == NOBODY:
            return
        app = self._workspace.app
        if not token:
            raise ApiError("not_authed")
        if token not in {app.bot_token, app.app_token}:
            raise ApiError("invalid_auth")
        if self._workspace.revoked:
            raise ApiError("token_revoked")
        if (token == app.app_token) != (method.token == APP):
            raise ApiError("not_allowed_token_type")

    # ---- faults
    # --------------------------------------------------------------------------------------------------------

    async def _with_faults(self, name: str, given: Json, act: Callable[[Call], Answer]) -> Response:
        call = self._start(name, given)
        fault = self._workspace.faults.take(name)
        if fault is None:
            answer = act(call)
            call.status = answer.status
            self._workspace.changes.tell("call", method=name, outcome=call.outcome, fault=None)
            return answer.response()
        call.fault = fault.fault
        response = await self._strike(fault, call, act)
        call.status = response.status_code if not isinstance(response, Dropped | Silent) else 0
        self._workspace.changes.tell("call", method=name, outcome=call.outcome, fault=fault.fault)
        return response

    async def _strike(self, fault: Fault, call: Call, act: Callable[[Call], Answer]) -> Response:
        kind = fault.fault
        if kind in REFUSED_UNTOUCHED:
            call.outcome = REFUSED_UNTOUCHED[kind] or fault.error
            return Answer({"ok": False, "error": call.outcome}).response()
        if kind.startswith("http_429"):
            call.outcome = "ratelimited"
            return _too_fast(fault.retry_after if kind == "http_429" else None).response()
        if kind == "act_late":
            call.outcome = "late"
            due = self._workspace.clock.now() + timedelta(seconds=fault.seconds)
            self._workspace.deliveries.later(self._act_late(due, call, act))
            return Dropped()
        if kind == "slow":
            await self._workspace.clock.sleep(fault.seconds)
            return act(call).response()
        if kind.endswith("_before"):
            call.outcome = kind
        else:
            act(call)
        if kind.startswith("drop"):
            return Dropped()
        if kind.startswith("timeout"):
            return Silent()
        if kind == "garbage_200":
            return Response("<html>something went right</html>", 200, media_type="text/html")
        return Response("Internal Server Error", 500, media_type="text/plain")

    async def _act_late(self, due: datetime, call: Call, act: Callable[[Call], Answer]) -> None:
        await self._workspace.clock.sleep((due - self._workspace.clock.now()).total_seconds())
        act(call)


def _too_fast(wait: int | None) -> Answer:
    headers = {"Retry-After": str(wait)} if wait is not None else {}
    return Answer({"ok": False, "error": "ratelimited"}, 429, headers)


def _credentials(header: str, given: Json) -> str:
    """Answer the token, from the header or the arguments; a client id and secret by HTTP Basic become arguments."""
    kind, _, value = header.partition(" ")
    if kind.lower() == "basic":
        with suppress(ValueError):
            client_id, _, secret = base64.b64decode(value).decode().partition(":")
            given.update(client_id=client_id, client_secret=secret)
        value = ""
    in_arguments = str(given.pop("token", "") or "")
    return value.strip() or in_arguments


def _brief(body: Json) -> Json:
    return {name: value for name, value in body.items() if name in {"ok", "ts", "message_ts", "channel"}}


async def arguments_of(request: Request) -> Json:
    """Read the arguments of a request: query, then form or JSON on top. Raises ApiError in Slack's words."""
    given: Json = dict(request.query_params)
    if request.method != "POST":
        return given
    kind = request.headers.get("content-type", "")
    if "multipart/form-data" in kind:
        async with request.form() as form:
            return {**given, **{name: value for name, value in form.items() if isinstance(value, str)}}
    body = await request.body()
    if "json" in kind or (not kind and body.startswith(b"{")):
        try:
            document: Any = json.loads(body or b"{}")
        except ValueError:
            raise ApiError("invalid_json") from None
        if not isinstance(document, dict):
            raise ApiError("json_not_object")
        return {**given, **document}
    return {**given, **dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))}
