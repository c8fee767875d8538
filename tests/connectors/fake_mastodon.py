"""A small server of Mastodon's API, written from its documentation: https://docs.joinmastodon.org/methods/.

By default it behaves like the servers that are hard on a client: it ignores Idempotency-Key and pages by forty.
"""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

import regex
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from models.vocabulary import NetworkAct, Visibility
from tests.clock import TestClock
from tests.connectors.fake_network import FakeNetwork, Standing

WORDS = {
    Visibility.PUBLIC: "public",
    Visibility.UNLISTED: "unlisted",
    Visibility.FOLLOWERS: "private",
    Visibility.PRIVATE: "direct",
}
BRAND = {
    "id": "1", "username": "brand", "acct": "brand", "display_name": "Brand", "url": "https://social.example/@brand",
    "avatar": "https://social.example/b.png", "followers_count": 900, "bot": False,
}  # fmt: skip
ADA = {
    "id": "2", "username": "ada", "acct": "ada@other.example", "display_name": "Ada", "bot": False,
    "url": "https://other.example/@ada", "avatar": "https://other.example/a.png", "followers_count": 12,
}  # fmt: skip


@dataclass
class Note:
    """A post as the server keeps it."""

    id: str
    account: Mapping[str, Any]
    text: str
    visibility: str
    parent: str | None
    created_at: datetime
    spoiler_text: str = ""
    edited_at: datetime | None = None
    addresses_brand: bool = False
    language: str | None = None


@dataclass
class Habits:
    """In which ways this server differs from the next."""

    limit: int = 500
    page: int = 40
    honours_key: bool = False
    has_instance: bool = True
    has_markers: bool = True
    publishes_orphans: bool = False
    widens: bool = False
    read_until: str | None = None
    scopes: list[str] = field(default_factory=lambda: ["read", "write"])


class FakeMastodon(FakeNetwork):
    sends: ClassVar[tuple[str, str]] = ("POST", "/api/v1/statuses")
    polls: ClassVar[tuple[str, str]] = ("GET", "/api/v1/notifications")

    def __init__(self, clock: TestClock) -> None:
        self.habits = Habits()
        self.notes: dict[str, Note] = {}
        self.news: list[dict[str, Any]] = []
        self.done: set[tuple[NetworkAct, str]] = set()
        self.keys: dict[str, str] = {}
        self.alive = True
        self.last_id = 100
        get, post = ["GET"], ["POST"]
        super().__init__(
            clock,
            Starlette(
                routes=[
                    Route("/api/v2/instance", self._instance, methods=get),
                    Route("/api/v1/accounts/verify_credentials", self._brand, methods=get),
                    Route("/api/v1/apps/verify_credentials", self._application, methods=get),
                    Route("/api/v1/markers", self._markers, methods=get),
                    Route("/api/v1/notifications", self._notifications, methods=get),
                    Route("/api/v1/accounts/1/statuses", self._own, methods=get),
                    Route("/api/v1/statuses", self._create, methods=post),
                    Route("/api/v1/statuses/{id}", self._delete, methods=["DELETE"]),
                    Route("/api/v1/statuses/{id}", self._show, methods=get),
                    Route("/api/v1/statuses/{id}/context", self._context, methods=get),
                    Route("/api/v1/statuses/{id}/favourite", self._favourite, methods=post),
                    Route("/api/v1/statuses/{id}/reblog", self._reblog, methods=post),
                ]
            ),
        )

    # --- people

    def customer_writes(
        self,
        text: str,
        *,
        visibility: Visibility = Visibility.PUBLIC,
        parent_id: str | None = None,
        account: Mapping[str, Any] = ADA,
        addressed: bool = True,
        **more: Any,
    ) -> str:
        note = self._keep(account, text, WORDS[visibility], parent_id, addresses_brand=addressed, **more)
        if addressed:
            self.notify("mention", note)
        return note.id

    def customer_edits(self, external_id: str, text: str) -> None:
        self.notes[external_id].text = text
        self.notes[external_id].edited_at = self.clock.now()

    def customer_deletes(self, external_id: str) -> None:
        del self.notes[external_id]
        self.news = [one for one in self.news if one.get("status") != external_id]
        for note in self.notes.values():
            if note.parent == external_id:
                note.parent = None

    def standing(self) -> Sequence[Standing]:
        names = {word: visibility for visibility, word in WORDS.items()}
        return [
            Standing(one.id, one.text, names[one.visibility], one.parent)
            for one in self.notes.values()
            if one.account is BRAND and one.id not in self.written_elsewhere
        ]

    @property
    def written_elsewhere(self) -> set[str]:
        return {one["status"] for one in self.news if one["type"] == "elsewhere"}

    def we_write(self, text: str, *, parent_id: str | None = None) -> str:
        note = self._keep(BRAND, text, "public", parent_id)
        self.news.append({"type": "elsewhere", "status": note.id, "id": "0", "at": self.clock.now()})
        self.notify("mention", note)  # some servers tell an account of its own posts
        return note.id

    def acts(self) -> Sequence[tuple[NetworkAct, str]]:
        return sorted(self.done)

    def token_dies(self) -> None:
        self.alive = False

    def notify(self, kind: str, note: Note | None) -> None:
        self.last_id += 1
        news = {"id": str(self.last_id), "type": kind, "at": self.clock.now(), "status": note.id if note else None}
        self.news.append(news)

    def _keep(self, account: Mapping[str, Any], text: str, visibility: str, parent: str | None, **more: Any) -> Note:
        self.last_id += 1
        note = Note(str(self.last_id), account, text, visibility, parent, self.clock.now(), **more)
        self.notes[note.id] = note
        return note

    # --- what is said

    def status(self, note: Note) -> dict[str, Any]:
        mention = (
            '<span class="h-card" translate="no"><a href="https://social.example/@brand" class="u-url mention">'
            "@<span>brand</span></a></span> "
        )
        content = rendered(note.text)
        if note.addresses_brand:
            content = content.replace("<p>", f"<p>{mention}", 1)
        parent = self.notes.get(note.parent or "")
        return {
            "id": note.id, "created_at": written(note.created_at), "account": dict(note.account), "content": content,
            "visibility": note.visibility, "spoiler_text": note.spoiler_text, "language": note.language,
            "in_reply_to_id": note.parent, "in_reply_to_account_id": parent.account["id"] if parent else None,
            "edited_at": written(note.edited_at) if note.edited_at else None, "media_attachments": [],
            "url": f"https://social.example/@x/{note.id}", "uri": f"https://social.example/users/x/statuses/{note.id}",
            "mentions": [dict(BRAND)] if note.addresses_brand else [],
        }  # fmt: skip

    def _barred(self, request: Request) -> Response | None:
        if self.alive and request.headers.get("authorization") == f"Bearer {self.token}":
            return None
        return JSONResponse({"error": "The access token is invalid"}, 401)

    async def _instance(self, request: Request) -> Response:
        if not self.habits.has_instance:
            return Response("<html>not here</html>", 404, media_type="text/html")
        statuses = {"max_characters": self.habits.limit, "characters_reserved_per_url": 23}
        return JSONResponse({"configuration": {"statuses": statuses}})

    async def _brand(self, request: Request) -> Response:
        return self._barred(request) or JSONResponse(BRAND)

    async def _application(self, request: Request) -> Response:
        return self._barred(request) or JSONResponse({"name": "ours", "scopes": self.habits.scopes})

    async def _markers(self, request: Request) -> Response:
        if not self.habits.has_markers:
            return JSONResponse({"error": "nothing"}, 500)
        until = self.habits.read_until
        return self._barred(request) or JSONResponse({"notifications": {"last_read_id": until}} if until else {})

    async def _notifications(self, request: Request) -> Response:
        if barred := self._barred(request):
            return barred
        news = [
            {"id": one["id"], "type": one["type"], "created_at": written(one["at"]), "account": dict(ADA),
             "status": self.status(self.notes[one["status"]]) if one["status"] else None}
            for one in self.news if one["type"] in request.query_params.getlist("types[]")
        ]  # fmt: skip
        return self._page(request, news)

    async def _own(self, request: Request) -> Response:
        if barred := self._barred(request):
            return barred
        return self._page(request, [self.status(one) for one in self.notes.values() if one.account is BRAND])

    def _page(self, request: Request, items: list[dict[str, Any]]) -> Response:
        """Answer newest first; `min_id` takes what follows it directly, everything else what is newest."""
        asked = request.query_params
        limit = min(int(asked.get("limit", 20)), self.habits.page)
        chosen = [one for one in items if int(one["id"]) > int(asked.get("min_id", -1))]
        chosen = [one for one in chosen if int(one["id"]) < int(asked.get("max_id", 10**18))]
        chosen = chosen[:limit] if "min_id" in asked else chosen[-limit:]
        links = ""
        if chosen:
            base = str(request.url).partition("?")[0]
            links = f'<{base}?min_id={chosen[-1]["id"]}>; rel="prev"'
            if chosen[0]["id"] != items[0]["id"]:
                links = f'<{base}?limit=9&max_id={chosen[0]["id"]}>; rel="next", {links}'
        return JSONResponse(chosen[::-1], headers={"link": links})

    async def _create(self, request: Request) -> Response:
        if barred := self._barred(request):
            return barred
        body = await request.json()
        key = request.headers.get("idempotency-key", "")
        if self.habits.honours_key and key in self.keys:
            return JSONResponse(self.status(self.notes[self.keys[key]]))
        parent = body.get("in_reply_to_id")
        if parent is not None and parent not in self.notes:
            if not self.habits.publishes_orphans:
                return JSONResponse({"error": "Record not found"}, 404)
            parent = None
        if counted(body.get("spoiler_text", "") + body["status"]) > self.habits.limit:
            words = f"Validation failed: Text character limit of {self.habits.limit} exceeded"
            return JSONResponse({"error": words}, 422)
        note = self._keep(
            BRAND, body["status"], "public" if self.habits.widens else body["visibility"], parent,
            spoiler_text=body.get("spoiler_text", ""), language=body.get("language"),
        )  # fmt: skip
        self.keys[key] = note.id
        return JSONResponse(self.status(note))

    async def _show(self, request: Request) -> Response:
        note = self.notes.get(request.path_params["id"])
        if barred := self._barred(request):
            return barred
        return JSONResponse(self.status(note)) if note else JSONResponse({"error": "Record not found"}, 404)

    async def _delete(self, request: Request) -> Response:
        note = self.notes.pop(request.path_params["id"], None)
        return JSONResponse(self.status(note)) if note else JSONResponse({"error": "Record not found"}, 404)

    async def _context(self, request: Request) -> Response:
        if barred := self._barred(request):
            return barred
        note = self.notes.get(request.path_params["id"])
        if note is None:
            return JSONResponse({"error": "Record not found"}, 404)
        above: list[Note] = []
        while (parent := self.notes.get((above[0] if above else note).parent or "")) is not None:
            above.insert(0, parent)
        below = [note.id]
        for one in self.notes.values():
            if one.parent in below:
                below.append(one.id)
        return JSONResponse(
            {
                "ancestors": [self.status(one) for one in above],
                "descendants": [self.status(self.notes[one]) for one in below[1:]],
            }
        )

    async def _favourite(self, request: Request) -> Response:
        return self._act(request, NetworkAct.LIKE)

    async def _reblog(self, request: Request) -> Response:
        return self._act(request, NetworkAct.REPOST)

    def _act(self, request: Request, act: NetworkAct) -> Response:
        note = self.notes.get(request.path_params["id"])
        if note is None:
            return JSONResponse({"error": "Record not found"}, 404)
        self.done.add((act, note.id))
        return JSONResponse(self.status(note))


def written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def rendered(text: str) -> str:
    """Render a text as Mastodon does: escaped, links split into visible and invisible parts, paragraphs, line ends."""

    def linked(line: str) -> str:
        parts = re.split(r"(https?://[^\s<>]+)", line)
        return "".join(link(part) if number % 2 else html.escape(part, quote=True) for number, part in enumerate(parts))

    def link(address: str) -> str:
        scheme, rest = address.split("//", 1)
        shown, hidden = html.escape(rest[:30]), html.escape(rest[30:])
        return (
            f'<a href="{html.escape(address)}" target="_blank" rel="nofollow noopener" translate="no">'
            f'<span class="invisible">{scheme}//</span><span class="ellipsis">{shown}</span>'
            f'<span class="invisible">{hidden}</span></a>'
        )

    paragraphs = re.split(r"\n\n+", text)
    return "".join(f"<p>{'<br />'.join(linked(line) for line in part.split(chr(10)))}</p>" for part in paragraphs)


def counted(text: str) -> int:
    """Count as the documentation says, in the simplest way that is right for the texts of the tests."""
    text = re.sub(r"https?://[^\s]+", "x" * 23, text)
    text = re.sub(r"(@\w+)@[\w.]+", r"\1", text)
    return len(regex.findall(r"\X", text))
