"""Mastodon and the servers that speak its API (GoToSocial, Pleroma and others).

What the network allows, by https://docs.joinmastodon.org/methods/ and by what other servers of this API did when tried:

- Mentions are polled (``notifications``, forward from a stored id); ids are opaque. Nothing tells us of edits and
  deletions, so a post is read again before a reply leaves.
- A reply keeps the visibility of what it answers or is narrower; a private reply is a ``direct`` post. Whoever shall be
  notified must be named in the text. A content warning is carried over. There is no hiding of other people's posts.
- ``Idempotency-Key`` is remembered for an hour by Mastodon and ignored by most others, so it is sent but never trusted:
  an unknown outcome is looked up among the replies below the post and among our own posts.
- A dead token is 400, 401 or 403; too long is 400, 413 or 422; errors may be HTML; ``/api/v2/instance`` and markers may
  be missing; a reply to a post that is gone may be published as a post of its own.
- Rate limits: 300 calls per 5 minutes, 300 posts per 3 hours (https://docs.joinmastodon.org/api/rate-limits/).
"""

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, ValidationError

from connectors.answers import Answer, http_date, iso_time, within_reason
from connectors.base import WIRE, AsyncTransport, BaseUrl, ConnectorSettings, HttpConnector, plain_words, segment
from connectors.counting import MASTODON_URL_CHARACTERS, mastodon_characters
from connectors.html_text import plain_text
from connectors.mastodon_entities import (
    ACCOUNT,
    CONTEXT,
    FROM_NETWORK,
    LIST,
    MADE,
    OBJECT,
    STATUS,
    STATUSES,
    TO_NETWORK,
    Account,
    Made,
    Notification,
    Status,
    media,
    posted,
    web_address,
)
from connectors.same_words import same_words
from escalation.language import say
from escalation.ports import (
    Arrival,
    Arrived,
    AuthorFacts,
    Capabilities,
    Clock,
    Deleted,
    Edited,
    Finding,
    Gone,
    OutgoingReply,
    OutsideError,
    Page,
    Posted,
    PostFacts,
    Rejected,
    RetryLater,
    Throttled,
    Unauthorised,
)
from escalation.secret import Secret
from models.vocabulary import Idempotency, NetworkAct, Visibility

DEFAULT_LIMIT: Final = 500
PAGE: Final = 80
BACKFILL_PAGES: Final = 5
BACKFILL_AGE: Final = timedelta(hours=24)
"""The first poll of an account brings at most 400 unread mentions, none older than a day."""
ALL_PAGES: Final = 100
BEGINNING: Final = "0"
"""The position of an account that never had a notification."""
LOOKUP_PAGES: Final = 10
SKEW: Final = timedelta(minutes=5)
"""How far the server's clock may lie from ours where it does not say its time."""
MARGIN: Final = timedelta(minutes=1)
SCOPES: Final = ("read:accounts", "read:notifications", "read:statuses", "write:statuses", "write:favourites")
ROOTS_KEPT: Final = 5_000

NARROWER: Final = list(Visibility)

# words of Mastodon, GoToSocial, Pleroma for a token that no longer works or never could do this
_NO_ENTRY: Final = re.compile(
    r"\btoken\b|outside the authori[sz]ed scopes|unauthori[sz]ed|invalid credentials|\byour (login|account) (is|has)\b",
    re.IGNORECASE,
)


class Settings(ConnectorSettings):
    """An account on Mastodon or a server that speaks its API."""

    base_url: BaseUrl = Field(description="address of the server, for example https://mastodon.example")
    access_token: Secret = Field(description="token of the brand's account; scopes: " + " ".join(SCOPES))
    poll_seconds: int = Field(default=60, ge=1, le=3600, description="seconds between two looks for mentions")
    ignore_bots: bool = Field(default=True, description="leave out mentions by accounts that say they are bots")


class MastodonConnector(HttpConnector[Settings]):
    """One account on a server that speaks Mastodon's API."""

    name: ClassVar[str] = "mastodon"
    label: ClassVar[str] = "Mastodon"
    settings_model = Settings

    def __init__(
        self, account: str, settings: Settings, *, clock: Clock, transport: AsyncTransport | None = None
    ) -> None:
        """Prepare an account; until ``prepare`` the usual limits hold."""
        super().__init__(account, settings, clock=clock, transport=transport)
        self._limit = DEFAULT_LIMIT
        self._per_link = MASTODON_URL_CHARACTERS
        self._me: Account | None = None
        self._roots: OrderedDict[str, str] = OrderedDict()

    @property
    def capabilities(self) -> Capabilities:
        """Return what the server takes; its own limit once ``prepare`` has read it."""
        return Capabilities(
            ingest=frozenset({"poll"}),
            idempotency=Idempotency.LOOKUP,
            limit=self._limit,
            unit="characters",
            max_parts=4,
            visibilities=frozenset(Visibility),
            private_reply=True,
            acts=frozenset({NetworkAct.LIKE, NetworkAct.REPOST}),
            sees_edits=True,
            sees_deletions=True,
            lookup_delay=timedelta(seconds=5),
        )

    # --- the connection

    def credentials(self) -> Mapping[str, str]:
        """Return the bearer token."""
        return {"Authorization": f"Bearer {self.settings.access_token.reveal()}"}

    def is_unauthorised(self, answer: Answer[bytes]) -> bool:
        """Say whether the token is dead, too weak, or its account locked: 401, or 400 and 403 with such words."""
        if answer.status in {400, 403}:
            return bool(_NO_ENTRY.search(self.complaint(answer)))
        if answer.status == 422:  # noqa: PLR2004 - a token that belongs to an application and to nobody
            return "authenticated user" in self.complaint(answer)
        return super().is_unauthorised(answer)

    def throttled_until(self, answer: Answer[bytes]) -> datetime | None:
        """Read ``X-RateLimit-Reset``: ISO 8601 by the documentation, Unix seconds on some servers."""
        value, now = answer.headers.get("x-ratelimit-reset", "").strip(), self.clock.now()
        if re.fullmatch(r"\d{9,11}", value, re.ASCII):
            moment: datetime | None = datetime.fromtimestamp(int(value), UTC)
        else:
            moment = iso_time(value) or http_date(value)
        return None if moment is None else within_reason(now + (moment - (answer.sent_at or now)), now)

    def complaint(self, answer: Answer[bytes]) -> str:
        """Return the server's error sentence."""
        return plain_words(answer, "error", "error_description")

    async def prepare(self) -> None:
        """Read the server's limits and whose token it is. A server that does not tell its limits has the usual ones."""
        self._limit, self._per_link = await self._limits() or (DEFAULT_LIMIT, MASTODON_URL_CHARACTERS)
        self._me = (await self.read("/api/v1/accounts/verify_credentials", ACCOUNT)).body

    # --- what comes in

    async def fetch(self, position: str | None) -> Page:
        """Return the mentions after notification ``position``, oldest first.

        Without a position: those of the last day that are not marked as read, at most 400, and the position after them.
        """
        me = await self._myself()
        if position is None:
            return await self._first_page(me)
        if position == BEGINNING:
            items = await self._newest_first(pages=ALL_PAGES)
        else:
            items = (await self._notifications(("min_id", position), ("limit", str(PAGE)))).body
        after = self._newest_id(items) or position
        arrivals = await self._arrivals(items, me)
        return Page(arrivals, after, more=after != position)

    async def changes(self, to: PostFacts) -> Sequence[Arrival]:
        """Return whether the customer deleted or edited the post, and what they wrote to us below it since."""
        me = await self._myself()
        path = f"/api/v1/statuses/{segment(to.external_id)}"
        try:
            status = (await self.read(path, STATUS, of_post=True)).body
        except Gone:
            return [Deleted(to.external_id, self.clock.now())]
        try:
            below = (await self.read(f"{path}/context", CONTEXT, of_post=True)).body.descendants
        except Gone:  # the post stands, so only its conversation cannot be read; the next poll brings what was added
            below = ()
        found: list[Arrival] = []
        known = max(filter(None, (to.edited_at, iso_time(str(to.extra.get("edited_at", ""))))), default=None)
        if status.edited_at and (known is None or status.edited_at > known):
            found.append(Edited(status.id, self._text(status, me), status.edited_at, media(status)))
        newer = [
            one
            for one in below
            if one.account.id == to.author.external_id and one.created_at > to.posted_at and _concerns(one, me, to)
        ]
        for one in sorted(newer, key=lambda one: one.created_at):
            found.append(self._arrived(one, me, thread_id=to.thread_id))  # noqa: PERF401 - reads better than extend
        return found

    # --- what goes out

    def count(self, text: str, *, to: PostFacts) -> int:
        """Return the length as the server counts it, the content warning included."""
        return mastodon_characters(text, spoiler_text=_warning(to), per_link=self._per_link)

    def address(self, to: PostFacts, visibility: Visibility) -> str:
        """Return the mention of the customer, without which they are not told of the reply."""
        del visibility
        return f"{to.author.handle} "

    async def post(self, reply: OutgoingReply) -> Posted:
        """Publish one part below the customer's post, or below the part before."""
        visibility = self._allowed(reply)
        if self.count(reply.text, to=reply.to) > self._limit:
            raise Rejected(
                "too_long",
                for_people=say(
                    "The reply has {length} characters; {network} takes {limit}.",
                    length=self.count(reply.text, to=reply.to),
                    network=self.label,
                    limit=self._limit,
                ),
            )
        parent = reply.previous_id or reply.to.external_id
        body = {"status": reply.text, "in_reply_to_id": parent, "visibility": TO_NETWORK[visibility]}
        if _warning(reply.to):
            body["spoiler_text"] = _warning(reply.to)
        if reply.to.language:
            body["language"] = reply.to.language
        made = (
            await self.send("POST", "/api/v1/statuses", MADE, json=body, headers={"Idempotency-Key": reply.key})
        ).body
        if made.in_reply_to_id is None:
            await self._take_back(made)
            raise Gone("parent_unknown", for_people=say("The post no longer exists on {network}.", network=self.label))
        stands = FROM_NETWORK.get(made.visibility)
        if stands is not None and NARROWER.index(stands) < NARROWER.index(visibility):
            await self._take_back(made)
            raise Rejected(
                "visibility_widened",
                for_people=say("The server made the reply visible to more people than asked, so it was taken back."),
            )
        return posted(made)

    async def find(self, reply: OutgoingReply) -> Posted | None:
        """Look for our reply below the post it answers, then among our own posts since the first try."""
        me = await self._myself()
        parent = reply.previous_id or reply.to.external_id
        parents: set[str | None] = {parent}
        earliest = datetime.min.replace(tzinfo=UTC)
        try:
            context = await self.read(f"/api/v1/statuses/{segment(parent)}/context", CONTEXT, of_post=True)
        except Gone:
            parents.add(None)  # below a deleted post, servers forget what a reply answered
        else:
            earliest = self._earliest(reply, context.sent_at)
            for one in context.body.descendants:
                if self._is_ours(one, me, reply, parents) and one.created_at >= earliest:
                    return posted(one)
        query = [("limit", "40"), ("exclude_reblogs", "true")]
        for _ in range(LOOKUP_PAGES):
            answer = await self.read(f"/api/v1/accounts/{segment(me.id)}/statuses", STATUSES, query=query)
            earliest = self._earliest(reply, answer.sent_at)
            for one in answer.body:
                if self._is_ours(one, me, reply, parents) and one.created_at >= earliest:
                    return posted(one)
            older = _parameter(answer.links.get("next", ""), "max_id")
            if not answer.body or older is None or answer.body[-1].created_at < earliest:
                return None
            query = [("limit", "40"), ("exclude_reblogs", "true"), ("max_id", older)]
        raise RetryLater("lookup_incomplete")

    async def act(self, act: NetworkAct, to: PostFacts, *, key: str) -> None:
        """Like or repost the customer's post; the server does it once however often it is asked."""
        del key
        if act not in self.capabilities.acts:
            raise Rejected("no_such_act", for_people=say("{network} cannot do that.", network=self.label))
        if act is NetworkAct.REPOST and to.visibility in {Visibility.FOLLOWERS, Visibility.PRIVATE}:
            raise Rejected(
                "not_public", for_people=say("Only public posts can be reposted on {network}.", network=self.label)
            )
        verb = {NetworkAct.LIKE: "favourite", NetworkAct.REPOST: "reblog"}[act]
        await self.send("POST", f"/api/v1/statuses/{segment(to.external_id)}/{verb}", MADE)

    # --- care

    async def doctor(self) -> Sequence[Finding]:
        """Ask the server for its limits, our account, our scopes and its time."""
        findings: list[Finding] = []
        try:
            limits = await self._limits()
        except OutsideError as error:
            return [
                Finding(ok=False, what=f"{self.base_url} cannot be reached ({error.reason})", advice="check base_url")
            ]
        told = f"takes {limits[0]} characters" if limits else f"does not tell its limit, {DEFAULT_LIMIT} is assumed"
        findings.append(Finding(ok=True, what=f"{self.base_url} {told}"))
        try:
            answer = await self.read("/api/v1/accounts/verify_credentials", ACCOUNT)
        except OutsideError as error:
            dead = isinstance(error, Unauthorised)
            advice = "make a new access_token" if dead else "check that base_url is a server of Mastodon's API"
            return [*findings, Finding(ok=False, what=f"the account cannot be read ({error.reason})", advice=advice)]
        findings.append(Finding(ok=True, what=f"the token belongs to @{answer.body.acct}"))
        if answer.sent_at is not None:
            skew = abs((answer.sent_at - self.clock.now()).total_seconds())
            what = f"the clocks are {skew:.0f} seconds apart"
            findings.append(
                Finding(ok=skew <= MARGIN.total_seconds(), what=what, advice="set this machine's clock by NTP")
            )
        findings.extend(await self._scope_findings())
        return findings

    # --- inside

    async def _limits(self) -> tuple[int, int] | None:
        """Return limit and length of a link, ``None`` if the server tells neither; raises when out of reach."""
        for path in ("/api/v2/instance", "/api/v1/instance"):
            try:
                told = (await self.read(path, OBJECT)).body
            except Throttled:
                raise
            except OutsideError as error:
                if error.reason in _OUT_OF_REACH:
                    raise
                continue
            statuses = _dig(told, "configuration", "statuses")
            limit = _positive(_dig(statuses, "max_characters")) or _positive(_dig(told, "max_toot_chars"))
            if limit:
                return limit, _positive(_dig(statuses, "characters_reserved_per_url")) or MASTODON_URL_CHARACTERS
        return None

    async def _scope_findings(self) -> list[Finding]:
        try:
            told = (await self.read("/api/v1/apps/verify_credentials", OBJECT)).body.get("scopes")
        except OutsideError:
            return []  # not every server tells
        if not isinstance(told, list) or not told:
            return []
        missing = [scope for scope in SCOPES if scope not in told and scope.partition(":")[0] not in told]
        if missing:
            what = f"the application lacks {', '.join(missing)}"
            return [Finding(ok=False, what=what, advice="register it with these scopes and make a new access_token")]
        return [Finding(ok=True, what="the application has all scopes")]

    async def _myself(self) -> Account:
        if self._me is None:
            self._me = (await self.read("/api/v1/accounts/verify_credentials", ACCOUNT)).body
        return self._me

    async def _notifications(self, *query: tuple[str, str]) -> Answer[list[Any]]:
        # include_filtered: a brand must hear strangers, whom the account's own filters may hold back
        always = [("types[]", "mention"), ("include_filtered", "true")]
        return await self.read("/api/v1/notifications", LIST, query=[*always, *query])

    async def _newest_first(self, *, pages: int, back_to: datetime | None = None) -> list[Any]:
        """Return notifications, newest first: so many pages, but none beyond the first that reaches back far enough."""
        items: list[Any] = []
        query = [("limit", str(PAGE))]
        for _ in range(pages):
            answer = await self._notifications(*query)
            items += answer.body
            older = _parameter(answer.links.get("next", ""), "max_id")
            oldest = _created(answer.body[-1]) if answer.body else None
            if older is None or oldest is None or (back_to is not None and oldest < back_to):
                break
            query = [("limit", str(PAGE)), ("max_id", older)]
        return items

    async def _first_page(self, me: Account) -> Page:
        items = await self._newest_first(pages=BACKFILL_PAGES, back_to=self.clock.now() - BACKFILL_AGE)
        position = self._newest_id(items) or BEGINNING
        read_until = await self._marker()
        recent: list[Any] = []
        for item in items:
            created = _created(item)
            if read_until is not None and str(_dig(item, "id")) == read_until:
                break
            if created is None or created >= self.clock.now() - BACKFILL_AGE:
                recent.append(item)
        return Page(await self._arrivals(recent, me), position)

    async def _marker(self) -> str | None:
        """Return the last notification that somebody read in a client, if the server knows."""
        try:
            told = await self.read("/api/v1/markers", OBJECT, query=[("timeline[]", "notifications")])
        except (Rejected, RetryLater, Gone):
            return None
        read_until = _dig(told.body, "notifications", "last_read_id")
        return None if read_until is None else str(read_until)

    def _newest_id(self, items: Sequence[Any]) -> str | None:
        ids = [str(item["id"]) for item in _oldest_first(items) if isinstance(item, dict) and item.get("id")]
        if items and not ids:
            raise RetryLater("unexpected_answer")
        return ids[-1] if ids else None

    async def _arrivals(self, items: Sequence[Any], me: Account) -> list[Arrival]:
        arrivals: list[Arrival] = []
        for item in _oldest_first(items):
            try:
                told = Notification.model_validate(item)
            except ValidationError:
                self.ignored["unreadable"] += 1
                continue
            status = told.status
            if told.type != "mention" or status is None:
                self.ignored[told.type if told.type in _KINDS else "unknown"] += 1
            elif status.account.id == me.id:
                self.ignored["own"] += 1
            elif status.account.bot and self.settings.ignore_bots:
                self.ignored["bot"] += 1
            else:
                arrivals.append(self._arrived(status, me, thread_id=await self._root(status)))
        return arrivals

    def _arrived(self, status: Status, me: Account, *, thread_id: str) -> Arrived:
        kept = {
            "spoiler_text": status.spoiler_text,
            "edited_at": status.edited_at.isoformat() if status.edited_at else None,
            "mentions": [one.acct for one in status.mentions if one.id != me.id],
        }
        author = status.account
        return Arrived(
            external_id=status.id,
            thread_id=thread_id,
            author=AuthorFacts(
                external_id=author.id,
                name=author.display_name or author.username or author.acct,
                handle=f"@{author.acct}",
                url=web_address(author.url),
                avatar_url=web_address(author.avatar),
                followers=author.followers_count,
            ),
            text=self._text(status, me),
            # a visibility that only some servers know is answered as narrowly as possible
            visibility=FROM_NETWORK.get(status.visibility, Visibility.PRIVATE),
            posted_at=status.created_at,
            parent_id=status.in_reply_to_id,
            subject=status.spoiler_text or None,
            language=status.language,
            url=web_address(status.url) or web_address(status.uri),
            media=media(status),
            extra={name: value for name, value in kept.items() if value},
        )

    def _text(self, status: Status, me: Account) -> str:
        host = urlsplit(me.url).hostname or urlsplit(self.base_url).hostname or ""
        names = {me.acct, me.username, f"{me.username}@{host}", me.url}
        for one in status.mentions:
            if one.id == me.id:
                names |= {one.acct, one.url}
        return plain_text(status.content, ours=names - {""})

    async def _root(self, status: Status) -> str:
        """Return the first post of the conversation; where it cannot be read, the post answered; else itself."""
        if status.in_reply_to_id is None:
            return status.id
        if status.in_reply_to_id in self._roots:
            root = self._roots[status.in_reply_to_id]
        else:
            try:
                path = f"/api/v1/statuses/{segment(status.id)}/context"
                above = (await self.read(path, CONTEXT, of_post=True)).body.ancestors
            except (Throttled, Unauthorised):
                raise
            except OutsideError:
                above = ()
            root = above[0].id if above else status.in_reply_to_id
        self._roots[status.id] = self._roots[status.in_reply_to_id] = root
        while len(self._roots) > ROOTS_KEPT:
            self._roots.popitem(last=False)
        return root

    def _allowed(self, reply: OutgoingReply) -> Visibility:
        """Return how one part is published: as approved, but the parts after the first do not fill public timelines."""
        if NARROWER.index(reply.visibility) < NARROWER.index(reply.to.visibility):
            raise Rejected(
                "wider_than_asked",
                for_people=say(
                    "A reply on {network} cannot be seen by more people than the post it answers.", network=self.label
                ),
            )
        if reply.part > 0 and reply.visibility is Visibility.PUBLIC:
            return Visibility.UNLISTED
        return reply.visibility

    async def _take_back(self, made: Made) -> None:
        try:
            await self.send("DELETE", f"/api/v1/statuses/{segment(made.id)}", OBJECT)
        except Gone:
            return
        except OutsideError:
            where = web_address(made.url) or made.id
        else:
            return
        raise Rejected(
            "stands_alone",
            for_people=say(
                "The reply was published wrongly and could not be taken back; delete it by hand: {where}", where=where
            ),
        )

    def _is_ours(self, one: Status, me: Account, reply: OutgoingReply, parents: set[str | None]) -> bool:
        if one.account.id != me.id or one.in_reply_to_id not in parents:
            return False
        return same_words(plain_text(one.content), reply.text)

    def _earliest(self, reply: OutgoingReply, server_time: datetime | None) -> datetime:
        """Return since when, by the server's clock, our reply may stand there."""
        if reply.first_tried_at is None:
            return datetime.min.replace(tzinfo=UTC)
        if server_time is None:
            return reply.first_tried_at - SKEW
        return reply.first_tried_at + (server_time - self.clock.now()) - MARGIN


_OUT_OF_REACH: Final = frozenset(reason for _, reason in WIRE.values())
_KINDS: Final = frozenset(
    {"status", "reblog", "follow", "follow_request", "favourite", "poll", "update", "quote", "quoted_update"}
)


def _concerns(one: Status, me: Account, to: PostFacts) -> bool:
    """Say whether a later post of the customer still speaks to us, and not with somebody else below the same post."""
    mentioned = any(mention.id == me.id for mention in one.mentions)
    return mentioned or one.in_reply_to_account_id in {me.id, to.author.external_id}


def _warning(to: PostFacts) -> str:
    return str(to.extra.get("spoiler_text") or "")


def _parameter(address: str, name: str) -> str | None:
    return next(iter(parse_qs(urlsplit(address).query).get(name, ())), None)


def _dig(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _positive(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _created(item: Any) -> datetime | None:
    return iso_time(str(_dig(item, "created_at")))


def _oldest_first(items: Sequence[Any]) -> Sequence[Any]:
    """Return a page oldest first; servers answer newest first, but a page that is in order stays so."""
    first, last = (_created(items[0]), _created(items[-1])) if items else (None, None)
    return items if first and last and first < last else items[::-1]
