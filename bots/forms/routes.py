"""The contact form's addresses: `/forms/{account}` to write, `/forms/{account}/{token}` to read and write again."""

import functools
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bots.forms.body import body_kind
from bots.forms.fields import Typed, message_problems, submission_problems
from bots.forms.intake import Gate, Post, Refused, check, check_trap, source
from bots.forms.negotiation import asked_language, customer_language, names_html, page_language, prefers_json
from bots.forms.pages import (
    Look,
    Trouble,
    conversation_page,
    conversation_version,
    form_page,
    private_headers,
    refusal_page,
    utc_text,
)
from bots.forms.tokens import submission_key
from bots.forms.wording import WORDS, Words
from connectors.form import Settings
from escalation.conversations import Conversation, Conversations, Opened, StorageUnavailable, Submission
from escalation.ports import Clock

STORAGE_RETRY_SECONDS: Final = 30
"""What ``Retry-After`` says while storage is away."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9._~-]{1,200}", re.ASCII)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class FormAccount:
    """A form: ``label`` is the brand as customers know it, ``language`` for browsers that ask for none of ours."""

    label: str
    language: str
    settings: Settings


def form_routes(
    *, accounts: Mapping[str, FormAccount], conversations: Conversations, clock: Clock, public_url: str | None
) -> list[BaseRoute]:
    """Return the routes of all contact forms; ``public_url`` is the beginning of addresses given to customers."""
    doors = {
        name: _Door(name, account, conversations=conversations, clock=clock, public_url=public_url)
        for name, account in accounts.items()
    }
    methods = ["GET", "POST"]
    return [
        Route("/forms/{account}", functools.partial(_enter, doors=doors, handle=_Door.form), methods=methods),
        Route(
            "/forms/{account}/{token}",
            functools.partial(_enter, doors=doors, handle=_Door.conversation),
            methods=methods,
        ),
    ]


_Handle = Callable[["_Door", Request], Awaitable[Response]]


async def _enter(request: Request, *, doors: Mapping[str, "_Door"], handle: _Handle) -> Response:
    door = doors.get(request.path_params["account"])
    if door is not None:
        try:
            return await handle(door, request)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
    words = WORDS[page_language(request, "en")]
    trouble = refused("", Trouble(404, "no_form", words.no_form))
    return _refuse_unknown(request, Look(words, brand="", path=request.url.path), trouble, Typed())


class _Door:
    """One account's form."""

    def __init__(
        self, name: str, account: FormAccount, *, conversations: Conversations, clock: Clock, public_url: str | None
    ) -> None:
        self._name = name
        self._account = account
        self._settings = account.settings
        self._conversations = conversations
        self._clock = clock
        self._public_url = public_url
        self._gate = Gate(account.settings, clock=clock)

    # --- a new message

    async def form(self, request: Request) -> Response:
        look = self._look(request)
        if request.method != "POST":
            return form_page(look, now=self._clock.now(), email_required=self._settings.email_required)
        post: Post | None = None
        try:
            post = await self._gate.read(request, look.words)
            return await self._open(request, look, post)
        except Refused as refused:
            trouble = self._refused(refused.trouble)
        if _answers_json(request):
            return _json_refusal(trouble)
        return form_page(
            look,
            now=self._clock.now(),
            email_required=self._settings.email_required,
            typed=post.typed if post else None,
            token=self._gate.token_again(post),
            trouble=trouble,
        )

    async def _open(self, request: Request, look: Look, post: Post) -> Response:
        self._gate.check_rate(request, look.words)
        repeats = source(request, post, look.words)
        typed = post.typed
        required = self._settings.email_required
        problems = submission_problems(post.parsed.fields, typed, email_required=required, words=look.words)
        check(post, problems, look.words)
        check_trap(post, look.words)
        self._gate.check_pace(post, look.words)
        submission = Submission(
            account=self._name,
            name=typed.name,
            email=typed.email or None,
            subject=typed.subject or None,
            message=typed.message,
            language=customer_language(request),
            key=submission_key(repeats, self._name, typed.name, typed.email, typed.subject, typed.message),
            raw=post.raw,
        )
        try:
            opened = await self._conversations.open(submission)
        except StorageUnavailable:
            raise Refused(_unavailable(look.words)) from None
        return self._stored(request, look, opened)

    # --- a conversation

    async def conversation(self, request: Request) -> Response:
        look = self._look(request)
        token = request.path_params["token"]
        if request.method == "POST":
            return await self._write_again(request, look, token)
        try:
            conversation = await self._conversation(token)
        except StorageUnavailable:
            trouble = self._refused(_unavailable(look.words, sentence=look.words.not_shown))
            if prefers_json(request):
                return _json_refusal(trouble)
            return self._conversation_page(request, look, token, None, trouble=trouble)
        if conversation is None:
            return self._no_conversation(request, look, Typed())
        return self._shown(request, look, token, conversation)

    def _shown(self, request: Request, look: Look, token: str, conversation: Conversation) -> Response:
        """Answer with the conversation, or with 304 where the visitor's copy is still good (RFC 9110, 13.1.2)."""
        json_wanted = prefers_json(request)
        version = conversation_version(look.words, conversation)
        tag = f'"{version}-json"' if json_wanted else f'"{version}"'
        if tag in request.headers.get("if-none-match", ""):
            headers = private_headers(self._settings.embed_on, hidden=True, live=not json_wanted)
            return Response(status_code=304, headers=headers | {"ETag": f"W/{tag}"})
        if json_wanted:
            answer: Response = _json_conversation(conversation)
        else:
            answer = self._conversation_page(request, look, token, conversation)
        answer.headers["ETag"] = f"W/{tag}"  # weak: every showing of the page has a token of its own
        return answer

    async def _write_again(self, request: Request, look: Look, token: str) -> Response:
        post: Post | None = None
        try:
            post = await self._gate.read(request, look.words)
            opened = await self._add(request, look.words, post, token)
        except Refused as refused:
            return await self._ask_again(request, look, token, post, refused.trouble)
        if opened is None:
            return self._no_conversation(request, look, post.typed)
        return self._stored(request, look, opened)

    async def _add(self, request: Request, words: Words, post: Post, token: str) -> Opened | None:
        self._gate.check_rate(request, words)
        repeats = source(request, post, words)
        message = post.typed.message
        check(post, message_problems(post.parsed.fields, post.typed, words=words), words)
        if not _TOKEN.fullmatch(token):
            return None
        key = submission_key(repeats, self._name, token, message)
        try:
            return await self._conversations.add(self._name, token, message, key=key, raw=post.raw)
        except StorageUnavailable:
            raise Refused(_unavailable(words)) from None

    async def _ask_again(
        self, request: Request, look: Look, token: str, post: Post | None, trouble: Trouble
    ) -> Response:
        if _answers_json(request):
            return _json_refusal(self._refused(trouble))
        typed = post.typed if post else Typed()
        try:
            conversation = await self._conversation(token)
        except StorageUnavailable:
            conversation = None
        else:
            if conversation is None:
                return self._no_conversation(request, look, typed)
        again = self._gate.token_again(post)
        trouble = self._refused(trouble)
        return self._conversation_page(request, look, token, conversation, typed=typed, again=again, trouble=trouble)

    async def _conversation(self, token: str) -> Conversation | None:
        return await self._conversations.read(self._name, token) if _TOKEN.fullmatch(token) else None

    def _conversation_page(
        self,
        request: Request,
        look: Look,
        token: str,
        conversation: Conversation | None,
        *,
        typed: Typed | None = None,
        again: str = "",
        trouble: Trouble | None = None,
    ) -> Response:
        return conversation_page(
            look,
            conversation,
            now=self._clock.now(),
            status_url=self._status_url(request, token),
            typed=typed,
            token=again,
            trouble=trouble,
        )

    def _no_conversation(self, request: Request, look: Look, typed: Typed) -> Response:
        trouble = self._refused(Trouble(404, "no_conversation", look.words.no_conversation))
        return _refuse_unknown(request, look, trouble, typed)

    # --- what both share

    def _refused(self, trouble: Trouble) -> Trouble:
        return refused(self._name, trouble)

    def _look(self, request: Request) -> Look:
        embed = request.query_params.get("embed") == "1"
        asked = asked_language(request)
        return Look(
            words=WORDS[page_language(request, self._account.language)],
            brand=self._account.label,
            path=request.url.path,
            query=({"embed": "1"} if embed else {}) | ({"lang": asked} if asked else {}),
            embed=embed,
            embed_on=self._settings.embed_on,
        )

    def _stored(self, request: Request, look: Look, opened: Opened) -> Response:
        headers = private_headers(self._settings.embed_on, hidden=True)
        if _answers_json(request):
            answer = {"case": opened.case, "status_url": self._status_url(request, opened.token)}
            return JSONResponse(answer, status_code=201, headers=headers)
        path = f"{request.scope.get('root_path', '')}/forms/{self._name}/{opened.token}"
        return RedirectResponse(look.address(path), status_code=303, headers=headers)

    def _status_url(self, request: Request, token: str) -> str:
        base = (self._public_url or str(request.base_url)).rstrip("/")
        return f"{base}/forms/{self._name}/{token}"


def _answers_json(request: Request) -> bool:
    return body_kind(request) == "json" or not names_html(request)


def refused(account: str, trouble: Trouble) -> Trouble:
    """Leave one line in the log: which form refused, with which status and why; nothing that a visitor wrote."""
    _log.warning("form refused", account=account, status=trouble.status, reason=trouble.reason)
    return trouble


def _unavailable(words: Words, *, sentence: str | None = None) -> Trouble:
    sentence = sentence or words.unavailable
    return Trouble(503, "unavailable", sentence, headers={"Retry-After": str(STORAGE_RETRY_SECONDS)})


def _refuse_unknown(request: Request, look: Look, trouble: Trouble, typed: Typed) -> Response:
    json_wanted = _answers_json(request) if request.method == "POST" else prefers_json(request)
    return _json_refusal(trouble) if json_wanted else refusal_page(look, trouble, typed=typed)


def _json_refusal(trouble: Trouble) -> JSONResponse:
    answer = {"error": trouble.sentence, "fields": dict(trouble.fields)}
    return JSONResponse(
        answer, status_code=trouble.status, headers=private_headers(hidden=True) | dict(trouble.headers)
    )


def _json_conversation(conversation: Conversation) -> JSONResponse:
    messages: list[dict[str, Any]] = [
        {"from": line.sender, "text": line.text, "at": utc_text(line.at)} for line in conversation.lines
    ]
    return JSONResponse({"case": conversation.case, "messages": messages}, headers=private_headers(hidden=True))
