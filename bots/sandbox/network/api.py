"""The REST interface for programs, with bearer tokens."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bots.sandbox.network.errors import NetworkRefusal
from bots.sandbox.network.network import Network
from bots.sandbox.network.reading import NewPost, NewSubscription, NewText, moment, number, read, who

PAGE = 80  # most rows of one answer


class Api:
    """Handlers over one network."""

    def __init__(self, network: Network) -> None:
        """Serve ``network``."""
        self._network = network

    def routes(self) -> list[BaseRoute]:
        """Return the routes, without the network's prefix."""
        return [
            Route("/api/server", self.server, methods=["GET"]),
            Route("/api/accounts/me", self.me, methods=["GET"]),
            Route("/api/accounts/{handle}/posts", self.posts_by, methods=["GET"]),
            Route("/api/notifications", self.notifications, methods=["GET"]),
            Route("/api/posts", self.write, methods=["POST"]),
            Route("/api/posts/{id}", self.post, methods=["GET"]),
            Route("/api/posts/{id}", self.edit, methods=["PATCH"]),
            Route("/api/posts/{id}", self.delete, methods=["DELETE"]),
            Route("/api/posts/{id}/replies", self.replies, methods=["GET"]),
            Route("/api/posts/{id}/{act:str}", self.act, methods=["POST"]),
            Route("/api/subscription", self.subscription, methods=["GET"]),
            Route("/api/subscription", self.subscribe, methods=["POST"]),
            Route("/api/subscription", self.unsubscribe, methods=["DELETE"]),
        ]

    async def server(self, request: Request) -> Response:  # noqa: ARG002 - a handler's signature
        """Tell the network's limits; no token needed."""
        rules, now = self._network.rules, self._network.clock.now()
        return JSONResponse(
            {
                "max_characters": rules.max_characters,
                "counted_in": "graphemes",
                "idempotency": rules.idempotency,
                "idempotency_seconds": rules.key_seconds,
                "look_up": rules.look_up,
                "now": now.isoformat(),
            }
        )

    async def me(self, request: Request) -> Response:
        """Tell whose token this is."""
        return JSONResponse(self._network.account_view(who(request, self._network)))

    async def write(self, request: Request) -> Response:
        """Publish a post, 201; a repeated Idempotency-Key gives the same answer again."""
        account = who(request, self._network)
        asked = await read(request, NewPost)
        post = self._network.write(
            account.handle,
            asked.text,
            in_reply_to=asked.in_reply_to,
            visibility=asked.visibility,
            to=asked.to,
            media=asked.pictures(),
            key=request.headers.get("idempotency-key") or None,
        )
        return JSONResponse(self._network.view(post), status_code=201)

    async def post(self, request: Request) -> Response:
        """Show a post."""
        account = who(request, self._network)
        return JSONResponse(self._network.view(self._network.post(request.path_params["id"], viewer=account.handle)))

    async def edit(self, request: Request) -> Response:
        """Change one's own post."""
        account = who(request, self._network)
        asked = await read(request, NewText)
        return JSONResponse(
            self._network.view(self._network.edit(account.handle, request.path_params["id"], asked.text))
        )

    async def delete(self, request: Request) -> Response:
        """Delete one's own post."""
        account = who(request, self._network)
        self._network.delete(account.handle, request.path_params["id"])
        return Response(status_code=204)

    async def act(self, request: Request) -> Response:
        """Like, repost or hide a post."""
        account = who(request, self._network)
        acts = {"like": self._network.like, "repost": self._network.repost, "hide": self._network.hide}
        act = acts.get(request.path_params["act"])
        if act is None:
            raise NetworkRefusal(404, "no_such_act", "A post can be liked, reposted or hidden.")
        return JSONResponse(self._network.view(act(account.handle, request.path_params["id"])))

    async def replies(self, request: Request) -> Response:
        """List the direct replies to a post, oldest first; refused where look-ups are switched off."""
        account = who(request, self._network)
        self._look_up_allowed()
        found = self._network.replies(request.path_params["id"], viewer=account.handle)
        return JSONResponse({"posts": [self._network.view(post) for post in found]})

    async def posts_by(self, request: Request) -> Response:
        """List what an account wrote at or after ``since``, oldest first; one's own only where look-ups are on."""
        account = who(request, self._network)
        author = self._network.account(request.path_params["handle"])
        if author is account:
            self._look_up_allowed()
        found = self._network.posts_by(author.handle, viewer=account.handle, since=moment(request, "since"))
        return JSONResponse({"posts": [self._network.view(post) for post in found]})

    async def notifications(self, request: Request) -> Response:
        """Page through what happened to the account, oldest first."""
        account = who(request, self._network)
        limit = number(request, "limit", default=40, most=PAGE)
        page = self._network.notifications(account.handle, after=request.query_params.get("after"), limit=limit)
        rows = [told.view() for told in page.notifications]
        return JSONResponse({"notifications": rows, "cursor": page.cursor, "more": page.more})

    async def subscription(self, request: Request) -> Response:
        """Show where webhooks go, without the secret; 404 without a subscription."""
        found = self._network.deliveries.subscriptions.get(who(request, self._network).handle)
        if found is None:
            raise NetworkRefusal(404, "no_subscription", "There is no subscription.")
        return JSONResponse({"account": found.account, "url": found.url})

    async def subscribe(self, request: Request) -> Response:
        """Verify an address and deliver there, 201; replaces an earlier subscription."""
        account = who(request, self._network)
        if account.kind != "brand":
            raise NetworkRefusal(403, "brands_only", "Only brands may subscribe.")
        asked = await read(request, NewSubscription)
        made = await self._network.deliveries.subscribe(account.handle, asked.url, asked.secret)
        return JSONResponse({"account": made.account, "url": made.url}, status_code=201)

    async def unsubscribe(self, request: Request) -> Response:
        """Deliver nothing more."""
        self._network.deliveries.unsubscribe(who(request, self._network).handle)
        return Response(status_code=204)

    def _look_up_allowed(self) -> None:
        if not self._network.rules.look_up:
            raise NetworkRefusal(403, "look_up_off", "This network does not list an account's own posts.")
