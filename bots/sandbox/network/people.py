"""The hands of the people on the network, for pages and scripts: no tokens, the path says who acts."""

import asyncio
import json
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from bots.sandbox.network.board import page_view
from bots.sandbox.network.errors import NetworkRefusal
from bots.sandbox.network.network import Mark, Network
from bots.sandbox.network.pages import to_page, wants_page
from bots.sandbox.network.reading import NewAccount, NewPost, NewText, Seen, number, read

STILL_HERE = 15.0  # seconds between comments that keep a silent stream open


class People:
    """Handlers over one network."""

    def __init__(self, network: Network) -> None:
        """Serve ``network``."""
        self._network = network

    def routes(self) -> list[BaseRoute]:
        """Return the routes, without the network's prefix."""
        return [
            Route("/people", self.people, methods=["GET"]),
            Route("/people", self.join, methods=["POST"]),
            Route("/people/{handle}/posts", self.write, methods=["POST"]),
            Route("/people/{handle}/posts/{id}", self.edit, methods=["PATCH"]),
            Route("/people/{handle}/posts/{id}", self.delete, methods=["DELETE"]),
            Route("/people/{handle}/posts/{id}/{act:str}", self.act, methods=["POST"]),
            Route("/people/{handle}/posts/{id}/{act:str}", self.take_back, methods=["DELETE"]),
            Route("/people/{handle}/page", self.page, methods=["GET"]),
            Route("/people/{handle}/seen", self.see, methods=["POST"]),
            Route("/people/{handle}/messages", self.messages, methods=["GET"]),
            Route("/people/{handle}/notifications", self.notifications, methods=["GET"]),
            Route("/timeline", self.timeline, methods=["GET"]),
            Route("/accounts/{handle}", self.account, methods=["GET"]),
            Route("/posts/{id}", self.post, methods=["GET"]),
            Route("/posts/{id}/thread", self.thread, methods=["GET"]),
            Route("/posts/{id}/history", self.history, methods=["GET"]),
            Route("/stream", self.stream, methods=["GET"]),
        ]

    async def people(self, request: Request) -> Response:  # noqa: ARG002 - a handler's signature
        """List all accounts, without their tokens."""
        return JSONResponse({"accounts": [self._network.account_view(one) for one in self._network.accounts()]})

    async def join(self, request: Request) -> Response:
        """Open an account, 201; the only answer that shows its token."""
        asked = await read(request, NewAccount)
        made = self._network.add_account(
            asked.handle, name=asked.name, kind=asked.kind, token=asked.token, followers=asked.followers
        )
        return JSONResponse({**self._network.account_view(made), "token": made.token}, status_code=201)

    async def write(self, request: Request) -> Response:
        """Write a post or message as somebody, 201."""
        asked = await read(request, NewPost)
        post = self._network.write(
            request.path_params["handle"],
            asked.text,
            in_reply_to=asked.in_reply_to,
            visibility=asked.visibility,
            to=asked.to,
            media=asked.pictures(),
        )
        return JSONResponse(self._network.view(post), status_code=201)

    async def edit(self, request: Request) -> Response:
        """Change one's post."""
        asked = await read(request, NewText)
        return JSONResponse(self._network.view(self._network.edit(*_place(request), asked.text)))

    async def delete(self, request: Request) -> Response:
        """Delete one's post."""
        self._network.delete(*_place(request))
        return Response(status_code=204)

    async def act(self, request: Request) -> Response:
        """Like, repost or hide a post."""
        acts = {"like": self._network.like, "repost": self._network.repost, "hide": self._network.hide}
        act = acts.get(request.path_params["act"])
        if act is None:
            raise NetworkRefusal(404, "no_such_act", "A post can be liked, reposted or hidden.")
        return JSONResponse(self._network.view(act(*_place(request))))

    async def take_back(self, request: Request) -> Response:
        """Like or repost a post no longer."""
        kinds: dict[str, Mark] = {"like": "like", "repost": "repost"}
        kind = kinds.get(request.path_params["act"])
        if kind is None:
            raise NetworkRefusal(404, "no_such_act", "Only a like or a repost can be taken back.")
        return JSONResponse(self._network.view(self._network.take_back(*_place(request), kind)))

    async def page(self, request: Request) -> Response:
        """Show everything that somebody's page needs, as of now; the stream tells what changes after that."""
        limit = number(request, "limit", default=60, most=500)
        return JSONResponse(page_view(self._network, request.path_params["handle"], threads=limit))

    async def see(self, request: Request) -> Response:
        """Note that somebody has looked at their notifications up to one; never backwards."""
        asked = await read(request, Seen)
        handle = request.path_params["handle"]
        unread = self._network.see(handle, int(asked.notification.removeprefix("n")))
        return JSONResponse({"account": handle.lower(), "unread": unread})

    async def messages(self, request: Request) -> Response:
        """List somebody's private messages, oldest first."""
        found = self._network.messages(request.path_params["handle"])
        return JSONResponse({"posts": [self._network.view(post) for post in found]})

    async def notifications(self, request: Request) -> Response:
        """Page through what happened to somebody."""
        limit = number(request, "limit", default=40, most=80)
        handle, after = request.path_params["handle"], request.query_params.get("after")
        page = self._network.notifications(handle, after=after, limit=limit)
        rows = [told.view() for told in page.notifications]
        return JSONResponse({"notifications": rows, "cursor": page.cursor, "more": page.more})

    async def timeline(self, request: Request) -> Response:
        """List the newest public posts, newest first."""
        limit = number(request, "limit", default=50, most=200)
        found = self._network.timeline(viewer=self._viewer(request), limit=limit)
        return JSONResponse({"posts": [self._network.view(post) for post in found]})

    async def account(self, request: Request) -> Response:
        """Show an account and its public posts, oldest first; lead a browser to the page."""
        if wants_page(request):
            return to_page(request, account=request.path_params["handle"])
        account = self._network.account(request.path_params["handle"])
        found = self._network.posts_by(account.handle, viewer=self._viewer(request))
        posts = [self._network.view(post) for post in found]
        return JSONResponse({**self._network.account_view(account), "posts": posts})

    async def post(self, request: Request) -> Response:
        """Show a post; lead a browser to the page, and to a message as the customer who wrote or got it."""
        if wants_page(request):
            return self._page_of_post(request, request.path_params["id"])
        found = self._network.post(request.path_params["id"], viewer=self._viewer(request))
        return JSONResponse(self._network.view(found))

    async def thread(self, request: Request) -> Response:
        """Show the conversation around a post, oldest first."""
        found = self._network.thread(request.path_params["id"], viewer=self._viewer(request))
        return JSONResponse({"posts": [self._network.view(post) for post in found]})

    async def history(self, request: Request) -> Response:
        """Show the texts a post had, oldest first, the present one last."""
        post = self._network.post(request.path_params["id"], viewer=self._viewer(request))
        rows = [version.model_dump(mode="json") for version in post.history]
        now = {"text": post.text, "at": (post.edited_at or post.at).isoformat()}
        return JSONResponse({"versions": [*rows, now]})

    async def stream(self, request: Request) -> Response:
        """Tell every change as a server-sent event whose data is ``{"kind", "by", "post"}``.

        With ``everything=1`` what anybody may read, and ``notification`` (``{"account", "notification", "unread"}``)
        and ``seen`` (``{"account", "seen", "unread"}``): for a page on which one may be anybody.
        """
        everything = request.query_params.get("everything") == "1"
        return StreamingResponse(
            self._changes(self._viewer(request), everything=everything),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def _changes(self, viewer: str | None, *, everything: bool) -> AsyncIterator[str]:
        watcher = self._network.watchers.open(viewer, everything=everything)
        try:
            yield ": open\n\n"
            while True:
                try:
                    change = await asyncio.wait_for(watcher.queue.get(), STILL_HERE)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if change is None:
                    return
                yield f"event: {change['kind']}\ndata: {json.dumps(change)}\n\n"
        finally:
            self._network.watchers.leave(watcher)

    def _page_of_post(self, request: Request, post_id: str) -> Response:
        post = self._network.tombstone(post_id)
        if post is None or post.visibility == "public":
            return to_page(request, post=post_id)
        handles = [handle for handle in (post.author, post.to) if handle is not None]
        person = next((one for one in handles if self._network.account(one).kind == "person"), handles[0])
        return to_page(request, person=person, view="messages", post=post_id)

    def _viewer(self, request: Request) -> str | None:
        viewer = request.query_params.get("viewer")
        return self._network.account(viewer).handle if viewer else None


def _place(request: Request) -> tuple[str, str]:
    return request.path_params["handle"], request.path_params["id"]
