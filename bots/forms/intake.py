"""From a request to something that was typed, or to a refusal: size, kind, pace and how often."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network

from starlette.requests import Request

from bots.forms.body import Kind, Parsed, TooLargeError, body_kind, parse_body, read_body
from bots.forms.fields import TRAP, Typed
from bots.forms.pages import Trouble
from bots.forms.rate_limit import AddressLimit, client_address
from bots.forms.tokens import is_idempotency_key, shown_at
from bots.forms.wording import Words
from connectors.form import Settings
from escalation.ports import Clock


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """This visitor gets a sentence instead of what they wanted."""

    def __init__(self, trouble: Trouble) -> None:
        """Keep what to answer."""
        super().__init__(trouble.status)
        self.trouble = trouble


@dataclass(frozen=True)
class Post:
    """A body that was read, before its fields are checked."""

    raw: bytes
    kind: Kind
    parsed: Parsed
    typed: Typed

    @property
    def page_token(self) -> str:
        """Return the token of the page that was sent back, or nothing."""
        token = self.parsed.fields.get("token")
        return token if isinstance(token, str) else ""


class Gate:
    """What one form lets in. Every check raises ``Refused``."""

    def __init__(self, settings: Settings, *, clock: Clock) -> None:
        """Start with nobody counted."""
        self._minimum_fill = timedelta(seconds=settings.minimum_fill)
        self._clock = clock
        self._limit = AddressLimit(settings.rate_limit, clock=clock)
        self._proxies = [ip_network(proxy, strict=False) for proxy in settings.trusted_proxies]

    async def read(self, request: Request, words: Words) -> Post:
        """Read the body if it is of a kind and a size that we take."""
        kind = body_kind(request)
        if kind is None:
            accepted = {"Accept-Post": "application/json, application/x-www-form-urlencoded"}
            raise Refused(Trouble(415, "wrong_type", words.wrong_type, headers=accepted))
        try:
            raw = await read_body(request, kind)
        except TooLargeError:
            raise Refused(Trouble(413, "too_large", words.too_large)) from None
        parsed = parse_body(raw, kind)
        return Post(raw, kind, parsed, Typed.of(parsed.fields))

    def check_rate(self, request: Request, words: Words) -> None:
        """Count this message, unless its sender has sent too many."""
        wait = self._limit.wait(client_address(request, self._proxies))
        if wait > 0:
            seconds = max(1, math.ceil(wait))
            sentence = words.too_often.format(seconds=seconds)
            raise Refused(Trouble(429, "too_often", sentence, headers={"Retry-After": str(seconds)}))

    def check_pace(self, post: Post, words: Words) -> None:
        """Hold up programs that send a page back at once; a client that speaks JSON never saw the page."""
        if not self._minimum_fill or post.kind == "json":
            return
        shown = shown_at(post.page_token)
        if shown is None or self._clock.now() - shown < self._minimum_fill:
            raise Refused(Trouble(400, "too_quick", words.too_quick))

    def token_again(self, post: Post | None) -> str:
        """Return the page's own token, so that a corrected page keeps its age; nothing if it is none of ours."""
        token = post.page_token if post else ""
        shown = shown_at(token)
        return token if shown is not None and shown <= self._clock.now() else ""


def check_trap(post: Post, words: Words) -> None:
    """Refuse what fills in the field that nobody sees: a program, or a browser that fills in too much.

    The page comes back with all that was typed and the field empty, so a person only has to send it again.
    """
    if str(post.parsed.fields.get(TRAP) or "").strip():
        raise Refused(Trouble(400, "trap_filled", words.trap_filled))


def source(request: Request, post: Post, words: Words) -> str:
    """Return what is the same when a message is sent again: its ``Idempotency-Key``, its page token, or nothing."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return post.page_token
    if not is_idempotency_key(key):
        raise Refused(Trouble(400, "bad_key", words.bad_key))
    return key


def check(post: Post, problems: Mapping[str, str], words: Words) -> None:
    """Refuse a body that could not be read, or fields with ``problems``."""
    if post.parsed.problem:
        raise Refused(Trouble(400, post.parsed.problem, getattr(words, post.parsed.problem)))
    if problems:
        raise Refused(Trouble(400, f"check_fields: {', '.join(problems)}", words.check_fields, fields=problems))
