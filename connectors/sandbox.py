"""The imaginary network of the demo and of tests: everything a network can do, on a server of our own.

A post has at most as many graphemes as the server says (500), in public or between two accounts. A reply notifies whom
it answers, so nothing is put before the text. The server honours ``Idempotency-Key`` for an hour; an account may be
told not to rely on that (``idempotency = "lookup"`` or ``"none"``), so that every way of relaying can be tried:

    [accounts.acme_sandbox]
    connector = "sandbox"
    base_url = "http://127.0.0.1:8000/sandbox/network"
    access_token = { env = "SANDBOX_TOKEN" }
    webhook_secret = { env = "SANDBOX_WEBHOOK_SECRET" }   # without it the account only polls

Webhook calls carry ``X-Sandbox-Signature: t=<Unix seconds>,v1=<hex>`` with HMAC-SHA256 over the time, a dot and the raw
body. The delivery's id is a header that is not signed, so what tells deliveries apart is the id together with the body.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, TypeAdapter, ValidationError

from connectors.answers import Answer
from connectors.base import BaseUrl, ConnectorSettings, HttpConnector, segment
from connectors.counting import graphemes
from connectors.signature import check_fresh, check_signature
from connectors.untrusted import UnreadableError, parse_json, storable
from escalation.language import say
from escalation.ports import (
    Arrival,
    Arrived,
    AuthorFacts,
    Capabilities,
    Deleted,
    Edited,
    Finding,
    Forged,
    Gone,
    Malformed,
    OutgoingReply,
    OutsideError,
    Page,
    Posted,
    PostFacts,
    PushedAnswer,
    PushedRequest,
    Rejected,
)
from escalation.quantities import Duration
from escalation.secret import Secret
from models.vocabulary import Idempotency, NetworkAct, Visibility

PAGE: Final = 80
SKEW: Final = timedelta(seconds=60)
"""How much earlier than our first try a reply of ours may have been made by the network's clock."""
LONGEST_CHALLENGE: Final = 200


class Settings(ConnectorSettings):
    """The keys of an account whose connector is ``sandbox``."""

    base_url: BaseUrl = Field(description="Where the network stands, such as http://127.0.0.1:8000/sandbox/network.")
    access_token: Secret = Field(description="The token of the brand's account there.")
    webhook_secret: Secret | None = Field(
        default=None, description="The secret that signs the network's calls; without it the account only polls."
    )
    poll_seconds: int = Field(default=2, ge=1, le=3600, description="Seconds between two polls.")
    idempotency: Literal["native", "lookup", "none"] = Field(
        default="native", description="How a reply of unknown outcome is settled: by key, by looking it up, by asking."
    )
    max_parts: int = Field(default=3, ge=1, le=20, description="Into how many posts one reply may be split.")
    reply_window: Duration | None = Field(
        default=None, description="How long after a customer's message a reply is taken; by default for ever."
    )


# --- what the network says


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


_Moment = Annotated[AwareDatetime, AfterValidator(_utc)]


class _Account(BaseModel):
    id: str
    handle: str
    name: str
    followers: int | None = None
    url: str | None = None


class _Stub(BaseModel):
    """What is left of any post, also of a deleted one."""

    id: str
    deleted_at: _Moment | None = None


class _Post(_Stub):
    author: _Account
    text: str
    visibility: Literal["public", "private"]
    at: _Moment
    conversation_id: str
    in_reply_to: str | None = None
    to: str | None = None
    edited_at: _Moment | None = None
    url: str | None = None


class _Event(BaseModel):
    kind: str
    at: _Moment
    post: dict[str, Any]


class _Notifications(BaseModel):
    notifications: list[Any]
    cursor: str
    more: bool = False


class _Posts(BaseModel):
    posts: list[_Post]


class _Server(BaseModel):
    max_characters: int = Field(ge=1)
    idempotency: str = "native"
    idempotency_seconds: int = 3600
    look_up: bool = True
    now: _Moment


class _Pushed(BaseModel):
    account: str
    events: list[Any]


_ACCOUNT = TypeAdapter(_Account)
_POST = TypeAdapter(_Post)
_STUB = TypeAdapter(_Stub)
_NOTIFICATIONS = TypeAdapter(_Notifications)
_POSTS = TypeAdapter(_Posts)
_SERVER = TypeAdapter(_Server)
_SUBSCRIPTION = TypeAdapter(dict[str, Any])


class SandboxConnector(HttpConnector[Settings]):
    """One brand's account on the imaginary network."""

    name: ClassVar[str] = "sandbox"
    label: ClassVar[str] = "Piazza"  # as it calls itself on its page
    settings_model: ClassVar[type[ConnectorSettings]] = Settings

    _limit = 500
    _key_lifetime = timedelta(hours=1)
    _me: _Account | None = None

    @property
    def capabilities(self) -> Capabilities:
        """Return what this account can do; after ``prepare`` with the server's own limit."""
        idempotency = Idempotency(self.settings.idempotency)
        return Capabilities(
            ingest=frozenset({"push", "poll"} if self.settings.webhook_secret else {"poll"}),
            idempotency=idempotency,
            limit=self._limit,
            unit="letters",
            max_parts=self.settings.max_parts,
            visibilities=frozenset({Visibility.PUBLIC, Visibility.PRIVATE}),
            private_reply=True,
            acts=frozenset(NetworkAct),
            sees_edits=True,
            sees_deletions=True,
            key_lifetime=self._key_lifetime if idempotency is Idempotency.NATIVE else None,
            reply_window=timedelta(seconds=self.settings.reply_window) if self.settings.reply_window else None,
        )

    def credentials(self) -> Mapping[str, str]:
        """Return the header that carries the token."""
        return {"Authorization": f"Bearer {self.settings.access_token.reveal()}"}

    def complaint(self, answer: Answer[bytes]) -> str:
        """Return the network's own sentence."""
        try:
            error = parse_json(answer.body)["error"]["message"]
        except (UnreadableError, KeyError, TypeError, IndexError):
            return ""
        return error if isinstance(error, str) else ""

    async def prepare(self) -> None:
        """Read the server's limits. Raises verdicts."""
        server = (await self.read("/api/server", _SERVER)).body
        self._limit = server.max_characters
        self._key_lifetime = timedelta(seconds=server.idempotency_seconds)

    # --- what goes out

    def count(self, text: str, *, to: PostFacts) -> int:
        """Return the number of graphemes."""
        del to
        return graphemes(text)

    def address(self, to: PostFacts, visibility: Visibility) -> str:
        """Return nothing: a reply notifies whom it answers."""
        del to, visibility
        return ""

    async def post(self, reply: OutgoingReply) -> Posted:
        """Publish one part under the customer's post, or under the part before. Raises verdicts."""
        self._check(reply)
        asked: dict[str, str] = {
            "text": reply.text,
            "in_reply_to": reply.previous_id or reply.to.external_id,
            "visibility": reply.visibility.value,
        }
        if reply.visibility is Visibility.PRIVATE:
            asked["to"] = reply.to.author.handle
        native = self.settings.idempotency == "native"
        headers = {"Idempotency-Key": reply.key} if native else None
        answer = await self.send("POST", "/api/posts", _POST, json=asked, headers=headers)
        return Posted(answer.body.id, answer.body.url)

    async def find(self, reply: OutgoingReply) -> Posted | None:
        """Return our reply if it stands: same text, parent and readers, made since the first try. Raises verdicts."""
        me = await self._account()
        since = (reply.first_tried_at or reply.to.posted_at) - SKEW
        path = f"/api/accounts/{segment(me.handle)}/posts"
        ours = (await self.read(path, _POSTS, query=[("since", since.isoformat())])).body.posts
        text, parent = storable(reply.text), reply.previous_id or reply.to.external_id
        for post in ours:
            if (post.text, post.in_reply_to, post.visibility) == (text, parent, reply.visibility.value):
                return Posted(post.id, post.url)
        return None

    async def act(self, act: NetworkAct, to: PostFacts, *, key: str) -> None:
        """Like, repost or hide; the network does each once by itself. Raises verdicts."""
        del key
        await self.send("POST", f"/api/posts/{segment(to.external_id)}/{act.value}", _STUB)

    # --- what comes in

    async def fetch(self, position: str | None) -> Page:
        """Return what happened after ``position``; without one what is recent there (a day). Raises verdicts."""
        query = [("limit", str(PAGE))] + ([("after", position)] if position is not None else [])
        page = (await self.read("/api/notifications", _NOTIFICATIONS, query=query)).body
        return Page(self._arrivals(page.notifications), page.cursor, more=page.more)

    def challenge(self, request: PushedRequest) -> PushedAnswer:
        """Give the challenge back if its token shows that the network knows our secret.

        Raises ``Forged`` or ``Malformed``.
        """
        challenge, token = request.query.get("challenge", ""), request.query.get("token", "")
        if not challenge or len(challenge) > LONGEST_CHALLENGE or not challenge.isascii():
            raise Malformed("no_challenge")
        check_signature(challenge.encode(), [token], secrets=self._webhook_secrets())
        return PushedAnswer(200, challenge)

    def verify(self, request: PushedRequest) -> str:
        """Check signature and time; return the delivery's id with a digest of its body. Raises ``Forged``."""
        pairs = [part.strip().partition("=") for part in request.headers.get("x-sandbox-signature", "").split(",")]
        stamp = next((value for name, _, value in pairs if name == "t"), "")
        check_fresh(stamp, request.received_at)
        check_signature(
            stamp.encode() + b"." + request.body,
            [value for name, _, value in pairs if name == "v1"],
            secrets=self._webhook_secrets(),
        )
        delivery = request.headers.get("x-sandbox-delivery", "")[:64]
        return f"{delivery}:{hashlib.sha256(request.body).hexdigest()[:32]}"

    def parse(self, request: PushedRequest) -> Sequence[Arrival]:
        """Return what a verified call tells. Raises ``Malformed``."""
        try:
            pushed = _Pushed.model_validate(parse_json(request.body))
        except UnreadableError as error:
            raise Malformed(f"unreadable_{error}") from None
        except ValidationError:
            raise Malformed("unexpected_shape") from None
        return self._arrivals(pushed.events)

    async def changes(self, to: PostFacts) -> Sequence[Arrival]:
        """Return an edit or the deletion of the post, and what its author wrote in the conversation after it.

        Raises verdicts.
        """
        try:
            post = (await self.read(f"/api/posts/{segment(to.external_id)}", _POST, of_post=True)).body
        except Gone:
            return [Deleted(to.external_id, self.clock.now())]
        found: list[Arrival] = []
        if post.edited_at is not None and (to.edited_at is None or post.edited_at > to.edited_at):
            found.append(Edited(post.id, post.text, post.edited_at))
        path = f"/api/accounts/{segment(post.author.handle)}/posts"
        wrote = (await self.read(path, _POSTS, query=[("since", post.at.isoformat())], of_post=True)).body.posts
        before = next((place for place, one in enumerate(wrote) if one.id == post.id), -1)
        return found + [_arrived(one) for one in wrote[before + 1 :] if one.conversation_id == to.thread_id]

    # --- set-up

    async def doctor(self) -> Sequence[Finding]:
        """Ask for the limits, whose token it is, and where webhooks go."""
        findings: list[Finding] = []
        try:
            server = (await self.read("/api/server", _SERVER)).body
        except OutsideError as error:
            advice = f"check base_url and whether the sandbox network runs ({error.reason})"
            return [Finding(ok=False, what="the network does not answer", advice=advice)]
        skew = abs((server.now - self.clock.now()).total_seconds())
        findings.append(
            Finding(ok=skew <= SKEW.total_seconds(), what=f"the clocks differ by {skew:.0f} s", advice="set the clock")
        )
        promised = self.settings.idempotency
        kept = {"native": server.idempotency == "native", "lookup": server.look_up, "none": True}[promised]
        findings.append(
            Finding(
                ok=kept,
                what=f"replies of unknown outcome are settled by {promised}",
                advice="" if kept else 'the network does not support that; set idempotency = "none"',
            )
        )
        try:
            me = (await self.read("/api/accounts/me", _ACCOUNT)).body
            findings.append(Finding(ok=True, what=f"we are @{me.handle}"))
            if self.settings.webhook_secret is not None:
                findings.append(await self._subscription())
        except OutsideError as error:
            advice = f"check access_token and the network ({error.reason})"
            findings.append(Finding(ok=False, what="the token does not open the account", advice=advice))
        return findings

    # --- inside

    def _check(self, reply: OutgoingReply) -> None:
        if reply.visibility not in self.capabilities.visibilities:
            raise Rejected(
                "visibility",
                for_people=say(
                    "{network} knows public and private posts only; choose one of them.", network=self.label
                ),
            )
        if reply.to.visibility is Visibility.PRIVATE and reply.visibility is not Visibility.PRIVATE:
            raise Rejected("wider", for_people=say("The customer wrote in private, so the reply must be private too."))
        length = self.count(reply.text, to=reply.to)
        if length > self._limit:
            raise Rejected(
                "too_long",
                for_people=say(
                    "The reply has {length} characters; {network} takes {limit}.",
                    length=length,
                    network=self.label,
                    limit=self._limit,
                ),
            )

    async def _account(self) -> _Account:
        if self._me is None:
            self._me = (await self.read("/api/accounts/me", _ACCOUNT)).body
        return self._me

    async def _subscription(self) -> Finding:
        try:
            await self.read("/api/subscription", _SUBSCRIPTION, of_post=True)
        except Gone:
            advice = "subscribe this account's address /hooks/... there; meanwhile it polls"
            return Finding(ok=True, what="no webhook is subscribed", advice=advice)
        return Finding(ok=True, what="webhooks are subscribed")

    def _webhook_secrets(self) -> Sequence[Secret]:
        if self.settings.webhook_secret is None:
            raise Forged("no_secret_configured")
        return [self.settings.webhook_secret]

    def _arrivals(self, rows: Sequence[Any]) -> list[Arrival]:
        found: list[Arrival] = []
        for row in rows:
            try:
                event = _Event.model_validate(row)
                arrival = _arrival(event)
            except ValidationError:
                self.ignored["unreadable"] += 1
                continue
            if arrival is None:
                self.ignored[event.kind] += 1
            else:
                found.append(arrival)
        return found


def _arrival(event: _Event) -> Arrival | None:
    """Return what a notification means to us; ``None`` for likes, reposts and echoes of our own posts."""
    match event.kind:
        case "mention" | "reply" | "message":
            return _arrived(_Post.model_validate(event.post))
        case "edit":
            post = _Post.model_validate(event.post)
            return Edited(post.id, post.text, post.edited_at or event.at)
        case "delete":
            stub = _Stub.model_validate(event.post)
            return Deleted(stub.id, stub.deleted_at or event.at)
        case _:
            return None


def _arrived(post: _Post) -> Arrived:
    author = post.author
    return Arrived(
        external_id=post.id,
        thread_id=post.conversation_id,
        author=AuthorFacts(author.id, author.name, author.handle, url=author.url, followers=author.followers),
        text=post.text,
        visibility=Visibility(post.visibility),
        posted_at=post.at,
        parent_id=post.in_reply_to,
        url=post.url,
    )
