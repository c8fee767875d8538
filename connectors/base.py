"""The one place that speaks HTTP to networks: time limits, size limits, and from what the wire showed to a verdict.

A connector built on ``HttpConnector`` says where things are and what they mean; it never sees an exception of the HTTP
library, a status code it did not ask for, or a token. Reads and sends are told apart, because after a send that failed
half-way the reply may stand on the network.
"""

import asyncio
import ipaddress
import json as jsonlib
import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import Annotated, Any, ClassVar, Final, Generic, TypeVar
from urllib.parse import quote, urlsplit

import httpx
import structlog
from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter, ValidationError

from connectors import streams
from connectors.answers import Answer
from connectors.untrusted import MAX_BYTES, UnreadableError, parse_json, storable, unpack
from escalation.language import Sentence, say
from escalation.ports import (
    CALLS_AT_ONCE,
    Clock,
    Gone,
    OutsideError,
    Rejected,
    RetryLater,
    Throttled,
    Unauthorised,
    Uncertain,
)
from escalation.secret import Secret

log = structlog.get_logger(__name__)

# httpx writes whole addresses at INFO, and some networks want their token in the path
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 20.0
"""Longer than the networks' own deadlines, so that most slow calls still tell us how they ended."""
IDLE_SECONDS: Final = 5.0
"""An older idle connection is not used again: the far side may just be closing it, and a send must not meet that."""
THROTTLED_FOR: Final = timedelta(seconds=60)
"""How long an account waits after a 429 that names no time."""

T = TypeVar("T")
AsyncTransport = httpx.AsyncBaseTransport
"""What may stand in for the network: connectors name it without knowing the HTTP library."""


class Wire(Enum):
    """What a failure on the wire tells about the request."""

    NOT_ACTED = "no byte of it left, so it was surely not acted upon"
    UNKNOWN = "it may have been acted upon, or may still be"


WIRE: Final[Mapping[type[Exception], tuple[Wire, str]]] = {
    httpx.ConnectError: (Wire.NOT_ACTED, "connect_failed"),
    httpx.ConnectTimeout: (Wire.NOT_ACTED, "connect_timeout"),
    httpx.PoolTimeout: (Wire.NOT_ACTED, "connections_exhausted"),
    httpx.UnsupportedProtocol: (Wire.NOT_ACTED, "unsupported_address"),
    httpx.InvalidURL: (Wire.NOT_ACTED, "impossible_address"),
    httpx.ReadTimeout: (Wire.UNKNOWN, "read_timeout"),
    httpx.WriteTimeout: (Wire.UNKNOWN, "write_timeout"),
    httpx.TimeoutException: (Wire.UNKNOWN, "timeout"),
    httpx.ReadError: (Wire.UNKNOWN, "read_failed"),
    httpx.WriteError: (Wire.UNKNOWN, "write_failed"),
    httpx.CloseError: (Wire.UNKNOWN, "close_failed"),
    httpx.NetworkError: (Wire.UNKNOWN, "network_failed"),
    httpx.RemoteProtocolError: (Wire.UNKNOWN, "broken_answer"),
    httpx.LocalProtocolError: (Wire.UNKNOWN, "broken_request"),
    httpx.ProtocolError: (Wire.UNKNOWN, "broken_protocol"),
    httpx.ProxyError: (Wire.UNKNOWN, "proxy_failed"),
    httpx.DecodingError: (Wire.UNKNOWN, "broken_encoding"),
    httpx.TooManyRedirects: (Wire.UNKNOWN, "redirected"),
    httpx.TransportError: (Wire.UNKNOWN, "transport_failed"),
    httpx.RequestError: (Wire.UNKNOWN, "request_failed"),
    httpx.HTTPStatusError: (Wire.UNKNOWN, "status_refused"),
    TimeoutError: (Wire.UNKNOWN, "deadline_passed"),
}
"""Every exception of httpx 0.28, by what was seen on real sockets; a class that is not here counts as unknown."""


def _checked_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme not in {"http", "https"} or port == 0:
        raise ValueError("write the whole address, for example https://social.example")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("only the address of the server belongs here, without user name, query or fragment")
    if parts.scheme == "http" and not _within_own_network(host):
        raise ValueError("http would show the token to everybody on the way; write https")
    return value.rstrip("/")


def _within_own_network(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".internal", ".test"))
    return address.is_loopback or address.is_private


BaseUrl = Annotated[str, AfterValidator(_checked_address)]
"""A server's address without a trailing slash; plain http only inside one's own network."""


class ConnectorSettings(BaseModel):
    """What an account's section in the configuration may hold; each connector adds its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


SettingsT = TypeVar("SettingsT", bound=ConnectorSettings)


def segment(identifier: str) -> str:
    """Return an id of the network so that it stays one segment of a path, whatever it holds."""
    quoted = quote(identifier, safe="")
    return quoted.replace(".", "%2E") if identifier in {".", ".."} else quoted


class HttpConnector(Generic[SettingsT]):
    """One account on a network spoken to over HTTP. Subclasses give ``credentials`` and the hooks that differ."""

    name: ClassVar[str]
    label: ClassVar[str]
    settings_model: ClassVar[type[ConnectorSettings]]

    deadline_seconds: ClassVar[float] = 45.0
    """The longest that one call may take in all, however slowly the answer drips; below the courier's lease."""

    def __init__(
        self, account: str, settings: SettingsT, *, clock: Clock, transport: AsyncTransport | None = None
    ) -> None:
        """Prepare the connection of ``account``; nothing is sent. ``transport`` replaces the network in tests."""
        self.account = account
        self.settings = settings
        self.clock = clock
        self.ignored: Counter[str] = Counter()
        """What was left out of the incoming, by kind: news that concerns nobody, our own posts, unreadable items."""
        self._secrets = [text for text in _secret_texts(settings) if text]
        self._client = httpx.AsyncClient(
            transport=transport or streams.Lanes(verify=_trust(), connections=CALLS_AT_ONCE, idle_seconds=IDLE_SECONDS),
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            trust_env=False,
            follow_redirects=False,
            headers={"User-Agent": "Portavoce", "Accept": "application/json", "Accept-Encoding": "gzip"},
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.account!r}>"

    # --- what subclasses say about their network

    @property
    def base_url(self) -> str:
        """Return the address that every path is added to; the setting of that name unless overridden."""
        return str(self.settings.base_url)  # type: ignore[attr-defined]  # fixed addresses override this

    def credentials(self) -> Mapping[str, str]:
        """Return the headers that carry the token; asked at every call and kept nowhere."""
        return {}

    def is_unauthorised(self, answer: Answer[bytes]) -> bool:
        """Say whether a refusal means that the token or a right is missing."""
        return answer.status == httpx.codes.UNAUTHORIZED

    def is_gone(self, answer: Answer[bytes]) -> bool:
        """Say whether a refusal of a call about a post means that the post no longer exists."""
        return answer.status in {httpx.codes.NOT_FOUND, httpx.codes.GONE}

    def throttled_until(self, answer: Answer[bytes]) -> datetime | None:
        """Return when a rate limit ends by the network's own headers; ``Retry-After`` goes first."""
        del answer
        return None

    def complaint(self, answer: Answer[bytes]) -> str:
        """Return the network's own words in a refusal, for people; never logged."""
        del answer
        return ""

    # --- calls

    async def read(
        self,
        path: str,
        shape: TypeAdapter[T],
        *,
        query: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        of_post: bool = False,
    ) -> Answer[T]:
        """GET ``path`` as ``shape``. ``of_post``: a 404 means that a post is ``Gone``, not that the address is wrong.

        Raises ``RetryLater``, ``Throttled``, ``Rejected``, ``Unauthorised``, ``Gone``.
        """
        answer = await self._call("GET", path, query=query, headers=headers, sending=False, of_post=of_post)
        return self._understood(answer, shape, sending=False)

    async def send(
        self,
        method: str,
        path: str,
        shape: TypeAdapter[T],
        *,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer[T]:
        """Change something on the network, with a JSON body unless ``json`` is ``None``.

        Raises any verdict; ``Uncertain`` whenever the network may have acted, an unreadable 2xx included.
        """
        answer = await self._call(method, path, json=json, headers=headers, sending=True, of_post=True)
        return self._understood(answer, shape, sending=True)

    async def close(self) -> None:
        """Release connections."""
        await self._client.aclose()

    def judge(self, answer: Answer[bytes], *, sending: bool, of_post: bool) -> OutsideError:
        """Return the verdict on an answer that is not 2xx."""
        status, reason, words = answer.status, f"http_{answer.status}", self._spoken(answer)
        now = self.clock.now()
        if status < 400:  # noqa: PLR2004 - 1xx and 3xx
            return Rejected(
                "redirected",
                for_people=say("The address of {account} leads elsewhere; correct base_url.", account=self.account),
            )
        if self.is_unauthorised(answer):
            return Unauthorised(
                reason,
                for_people=say(
                    "{network} no longer lets {account} in: {words}",
                    network=self.label,
                    account=self.account,
                    words=words,
                ),
            )
        if status == httpx.codes.TOO_MANY_REQUESTS:
            until = answer.wait_until(now) or self.throttled_until(answer) or now + THROTTLED_FOR
            return Throttled(reason, retry_at=until)
        if status == httpx.codes.REQUEST_TIMEOUT or status >= httpx.codes.INTERNAL_SERVER_ERROR:
            return Uncertain(reason) if sending else RetryLater(reason, retry_at=answer.wait_until(now))
        if of_post and self.is_gone(answer):
            return Gone(reason, for_people=say("The post no longer exists on {network}.", network=self.label))
        return Rejected(reason, for_people=say("{network} refused it: {words}", network=self.label, words=words))

    def redacted(self, text: str) -> str:
        """Return ``text`` without any secret of this account."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    # --- inside

    async def _call(
        self,
        method: str,
        path: str,
        *,
        sending: bool,
        of_post: bool,
        query: Sequence[tuple[str, str]] = (),
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer[bytes]:
        body = None if json is None else _encoded(json)
        sent = {**(headers or {}), **self.credentials()}
        if body is not None:
            sent["Content-Type"] = "application/json"
        started = self.clock.monotonic()
        try:
            async with asyncio.timeout(self.deadline_seconds):
                request = self._client.build_request(
                    method, self.base_url + path, params=list(query) or None, content=body, headers=sent
                )
                response = await self._client.send(request, stream=True)
                try:
                    answer = await _bounded(response)
                finally:
                    await response.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            wire, reason = WIRE.get(type(error), (Wire.UNKNOWN, "unknown_failure"))
            # the exception holds the request with its token: it must not travel on as the cause or context
            failure: OutsideError | None = Uncertain(reason) if sending and wire is Wire.UNKNOWN else RetryLater(reason)
        else:
            failure = None if answer.accepted else self.judge(answer, sending=sending, of_post=of_post)
        log.debug(
            "network_call",
            network=self.name,
            account=self.account,
            method=method,
            outcome=failure.reason if failure else str(answer.status),
            seconds=round(self.clock.monotonic() - started, 3),
        )
        if failure is not None:
            raise failure
        return answer

    def _understood(self, answer: Answer[bytes], shape: TypeAdapter[T], *, sending: bool) -> Answer[T]:
        try:
            return answer.holding(shape.validate_python(parse_json(answer.body if answer.whole else b"")))
        except ValidationError:
            reason = "unexpected_answer"
        except UnreadableError as error:
            reason = f"unreadable_answer_{error}"
        raise Uncertain(reason) if sending else RetryLater(reason)

    def _spoken(self, answer: Answer[bytes]) -> Sentence | str:
        words = " ".join(storable(self.complaint(answer)).split())
        if not words:
            return say("no reason given (HTTP {status})", status=answer.status)
        return self.redacted(words[:300])


async def _bounded(response: httpx.Response) -> Answer[bytes]:
    """Read the body up to the limit; a longer or broken one is an answer that is not whole."""
    chunks: list[bytes] = []
    room = MAX_BYTES
    async for chunk in response.aiter_raw():
        chunks.append(chunk)
        room -= len(chunk)
        if room < 0:
            break
    headers = {name.lower(): value for name, value in response.headers.items()}
    raw = b"".join(chunks)
    try:
        return Answer(response.status_code, headers, unpack(raw, headers.get("content-encoding")), whole=room >= 0)
    except UnreadableError:
        return Answer(response.status_code, headers, b"", whole=False)


def _encoded(json: Any) -> bytes:
    try:
        return jsonlib.dumps(json, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        pass  # outside the handler, so that the text does not travel on in the exception's context
    raise Rejected(
        "text_not_unicode", for_people=say("The text holds half a character that no network can store; type it again.")
    )


def _secret_texts(value: object) -> Iterator[str]:
    if isinstance(value, Secret):
        if value.loaded:
            yield value.reveal()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secret_texts(getattr(value, name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _secret_texts(item)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _secret_texts(item)


@cache
def _trust() -> Any:
    """Return the usual certificate authorities plus those the machine's owner added."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context


_TAG: Final = re.compile(r"<[^<>]*>")


def plain_words(answer: Answer[bytes], *fields: str) -> str:
    """Return the first of ``fields`` that is a text in a JSON error, else nothing: HTML pages say nothing to people."""
    try:
        value = parse_json(answer.body)
    except UnreadableError:
        return ""
    for field in fields:
        if isinstance(value, dict) and isinstance(value.get(field), str):
            return _TAG.sub("", value[field])
    return ""
