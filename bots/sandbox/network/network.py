"""The imaginary network itself: what people and brands do on it, as plain calls. The HTTP doors are built on these."""

import hashlib
import json
import secrets
from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Literal

import httpx

from bots.sandbox.clock import Clock, WallClock
from bots.sandbox.network import text as texts
from bots.sandbox.network.calls import CALLS, Call
from bots.sandbox.network.deliveries import Deliveries
from bots.sandbox.network.errors import NetworkRefusal
from bots.sandbox.network.faults import FaultScript
from bots.sandbox.network.keys import KeyMemory
from bots.sandbox.network.notifications import NotificationLog, NotificationPage
from bots.sandbox.network.posts import PostBook
from bots.sandbox.network.records import (
    Account,
    AccountKind,
    Media,
    Notification,
    NotificationKind,
    Post,
    Rules,
    Version,
    Visibility,
)
from bots.sandbox.network.views import account_view, post_view
from bots.sandbox.network.watching import Watchers

COLOURS = ("#7c3aed", "#0f766e", "#b45309", "#be185d", "#1d4ed8", "#4d7c0f", "#b91c1c", "#0369a1")
Mark = Literal["like", "repost"]


class Network:
    """One network in memory. Handles are lower case; every refusal is a ``NetworkRefusal`` with status and code.

    ``public_url`` is the address under which the app is mounted, for links to posts. ``webhook_transport`` leads
    webhooks to a receiver in this process.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        rules: Rules | None = None,
        public_url: str = "http://127.0.0.1:8100",
        webhook_transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Start without accounts."""
        self.clock: Clock = clock or WallClock()
        self.rules = rules or Rules()
        self.public_url = public_url.rstrip("/")
        self.faults = FaultScript()
        self.calls: deque[Call] = deque(maxlen=CALLS)
        self.watchers = Watchers()
        self.deliveries = Deliveries(clock=self.clock, faults=self.faults, transport=webhook_transport)
        self._accounts: dict[str, Account] = {}
        self._tokens: dict[str, str] = {}
        self._posts = PostBook()
        self._log = NotificationLog()
        self._keys = KeyMemory()

    # --- accounts ---

    def add_account(
        self,
        handle: str,
        *,
        name: str,
        kind: AccountKind = "person",
        token: str | None = None,
        followers: int = 0,
    ) -> Account:
        """Open an account. Raises a 409 refusal for a taken handle or token, 422 for a handle that is no word."""
        handle = handle.lower()
        if not texts.HANDLE.fullmatch(handle):
            raise NetworkRefusal(422, "bad_handle", "A handle is 1 to 30 letters, digits and underscores.")
        token = token or secrets.token_urlsafe(24)
        if handle in self._accounts or token in self._tokens:
            raise NetworkRefusal(409, "taken", "This handle or token is taken.")
        account = Account(
            id=f"a{len(self._accounts) + 1}",
            handle=handle,
            name=name,
            kind=kind,
            token=token,
            followers=followers,
            initials="".join(word[0] for word in name.split()[:2]).upper() or handle[0].upper(),
            colour=COLOURS[len(self._accounts) % len(COLOURS)],
        )
        self._accounts[handle] = account
        self._tokens[token] = handle
        return account

    def accounts(self) -> list[Account]:
        """Return all accounts in the order they were opened."""
        return list(self._accounts.values())

    def account(self, handle: str) -> Account:
        """Return an account. Raises a 404 refusal."""
        found = self._accounts.get(handle.lower())
        if found is None:
            raise NetworkRefusal(404, "account_not_found", f"There is no account @{handle[:40]}.")
        return found

    def account_by_token(self, token: str) -> Account:
        """Return whose token this is. Raises a 401 refusal."""
        handle = self._tokens.get(token)
        if handle is None:
            raise NetworkRefusal(401, "token_invalid", "This token is not known here.")
        if self._accounts[handle].revoked:
            raise NetworkRefusal(401, "token_revoked", "This token was revoked.")
        return self._accounts[handle]

    def revoke(self, handle: str, *, revoked: bool = True) -> None:
        """Revoke an account's token, or give it back."""
        self.account(handle).revoked = revoked

    # --- acts ---

    def write(
        self,
        handle: str,
        text: str,
        *,
        in_reply_to: str | None = None,
        visibility: Visibility = "public",
        to: str | None = None,
        media: Iterable[Media] = (),
        key: str | None = None,
    ) -> Post:
        """Publish a post or send a private message; a repeated Idempotency-Key (``key``) gives the same post again."""
        author = self.account(handle)
        now = self.clock.now()
        media = list(media)
        pictures = [[one.alt, one.url] for one in media]
        asked_for = [text, in_reply_to, visibility, to, *([pictures] if pictures else [])]
        asked = hashlib.sha256(json.dumps(asked_for).encode()).hexdigest()
        if key is not None and self.rules.idempotency == "native":
            horizon = now - timedelta(seconds=self.rules.key_seconds)
            known_id = self._keys.post_for(author.handle, key, asked=asked, since=horizon)
            known = self._posts.any(known_id) if known_id else None
            if known is not None:
                return known
        texts.check(text, limit=self.rules.max_characters)
        parent = self._posts.read(in_reply_to, viewer=author.handle) if in_reply_to is not None else None
        receiver = self._receiver(author, visibility, to, parent)
        post_id = f"p{len(self._posts) + 1}"
        thread_id, conversation_id = self._place(post_id, author.handle, receiver, parent)
        post = Post(
            id=post_id,
            author=author.handle,
            text=text,
            visibility=visibility,
            at=now,
            thread_id=thread_id,
            conversation_id=conversation_id,
            in_reply_to=in_reply_to,
            to=receiver,
            mentions=self._mentions(text),
            media=media,
        )
        self._posts.add(post)
        if key is not None:
            self._keys.remember(author.handle, key, asked=asked, post_id=post_id, at=now)
        self._tell_new(post, parent)
        return post

    def edit(self, handle: str, post_id: str, text: str) -> Post:
        """Change one's own post; the earlier text is kept in its history. The same text again changes nothing."""
        post = self._own(handle, post_id)
        texts.check(text, limit=self.rules.max_characters)
        if text == post.text:
            return post
        before = self._audience(post)
        now = self.clock.now()
        post.history.append(Version(text=post.text, at=post.edited_at or post.at))
        post.text, post.edited_at, post.mentions = text, now, self._mentions(text)
        for account in sorted(before):
            self._notify(account, "edit", post, by=post.author)
        for account in sorted(self._audience(post) - before):
            self._notify(account, "mention", post, by=post.author)
        self._changed("edit", post, by=post.author)
        return post

    def delete(self, handle: str, post_id: str) -> Post:
        """Delete one's own post; a tombstone with its history stays."""
        post = self._own(handle, post_id)
        audience = self._audience(post)
        post.deleted_at = self.clock.now()
        for account in sorted(audience):
            self._notify(account, "delete", post, by=post.author)
        self._changed("delete", post, by=post.author)
        return post

    def like(self, handle: str, post_id: str) -> Post:
        """Like a post; once more changes nothing."""
        return self._mark(handle, post_id, "like")

    def repost(self, handle: str, post_id: str) -> Post:
        """Repost a public post; once more changes nothing. Raises a 403 refusal for a private one."""
        return self._mark(handle, post_id, "repost")

    def take_back(self, handle: str, post_id: str, kind: Mark) -> Post:
        """Like or repost a post no longer; once more changes nothing."""
        account, post = self.account(handle), self._posts.read(post_id, viewer=handle.lower())
        marks = post.likes if kind == "like" else post.reposts
        if account.handle in marks:
            marks.remove(account.handle)
            self._changed(f"un{kind}", post, by=account.handle)
        return post

    def see(self, handle: str, number: int) -> int:
        """Note up to which notification an account has looked, never backwards; return how many it has not seen."""
        account = self.account(handle)
        newest = self._log.newest(account.handle, 1)
        number = min(number, newest[0].number if newest else 0)
        if number > account.seen:
            account.seen = number
            told = {"kind": "seen", "account": account.handle, "seen": number, "unread": self.unread(account)}
            self.watchers.tell_everything(told)
        return self.unread(account)

    def hide(self, handle: str, post_id: str) -> Post:
        """Hide somebody's post that mentions or answers this account or stands in a thread it began; else 403."""
        account, post = self.account(handle), self._posts.read(post_id, viewer=handle.lower())
        parent = self._posts.any(post.in_reply_to) if post.in_reply_to else None
        root = self._posts.any(post.thread_id)
        owners = {*post.mentions, post.to, parent.author if parent else None, root.author if root else None}
        if post.author == account.handle or account.handle not in owners:
            raise NetworkRefusal(403, "not_yours_to_hide", "Only who was answered or mentioned may hide a post.")
        if account.handle not in post.hidden_by:
            post.hidden_by.append(account.handle)
            self._changed("hide", post, by=account.handle)
        return post

    # --- reading ---

    def post(self, post_id: str, *, viewer: str | None = None) -> Post:
        """Return a post. Raises 404 where there is none that ``viewer`` may see, 410 for a deleted one."""
        return self._posts.read(post_id, viewer=viewer)

    def tombstone(self, post_id: str) -> Post | None:
        """Return a post whatever became of it and whoever may see it, or ``None``; for checkers."""
        return self._posts.any(post_id)

    def replies(self, post_id: str, *, viewer: str | None = None) -> list[Post]:
        """Return the direct replies to a post, oldest first; those to a deleted post stand."""
        post = self._posts.any(post_id)
        if post is None or post.deleted_at is None:
            self._posts.read(post_id, viewer=viewer)
        return self._posts.replies(post_id, viewer=viewer)

    def thread(self, post_id: str, *, viewer: str | None = None) -> list[Post]:
        """Return the conversation around a post, oldest first."""
        return self._posts.thread(self._posts.read(post_id, viewer=viewer), viewer=viewer)

    def posts_by(self, handle: str, *, viewer: str | None = None, since: datetime | None = None) -> list[Post]:
        """Return what an account wrote since a moment, oldest first."""
        return self._posts.by_author(self.account(handle).handle, viewer=viewer, since=since)

    def timeline(self, *, viewer: str | None = None, limit: int = 50) -> list[Post]:
        """Return the newest public posts, newest first, without what was hidden from ``viewer``."""
        return self._posts.timeline(viewer=viewer, limit=limit)

    def board(self, handle: str, *, threads: int) -> list[Post]:
        """Return the newest public threads and an account's messages in the order of writing, tombstones included."""
        return self._posts.board(viewer=self.account(handle).handle, threads=threads)

    def messages(self, handle: str) -> list[Post]:
        """Return an account's private messages, oldest first."""
        return self._posts.messages(self.account(handle).handle)

    def notifications(self, handle: str, *, after: str | None = None, limit: int = 40) -> NotificationPage:
        """Return what happened to an account after a cursor; without one, what is recent."""
        since = self.clock.now() - timedelta(seconds=self.rules.recent_seconds)
        return self._log.page(self.account(handle).handle, after=after, since=since, limit=limit)

    def newest_notifications(self, handle: str, *, limit: int = 40) -> list[Notification]:
        """Return the last things that happened to an account, newest first."""
        return self._log.newest(self.account(handle).handle, limit)

    def unread(self, account: Account) -> int:
        """Return how many notifications an account has not looked at."""
        return self._log.unread(account.handle, account.seen)

    def view(self, post: Post) -> dict[str, Any]:
        """Return a post as the API shows it."""
        author = self._accounts[post.author]
        return post_view(post, author, replies=self._posts.reply_count(post.id), public_url=self.public_url)

    def account_view(self, account: Account) -> dict[str, Any]:
        """Return an account as the API shows it."""
        return account_view(account, public_url=self.public_url)

    # --- keeping ---

    def snapshot(self) -> dict[str, Any]:
        """Return everything but the fault script and the request log, as JSON; tokens and secrets included."""
        return {
            "version": 1,
            "accounts": [account.model_dump(mode="json") for account in self._accounts.values()],
            "posts": self._posts.snapshot(),
            "notifications": self._log.snapshot(),
            "keys": self._keys.snapshot(),
            "rules": self.rules.model_dump(mode="json"),
            "deliveries": self.deliveries.snapshot(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Replace everything by a snapshot. Raises ``ValueError`` for one that this version does not understand."""
        if state.get("version") != 1:
            raise ValueError("this is no snapshot of the imaginary network, or one of another version")
        accounts = [Account.model_validate(row) for row in state["accounts"]]
        self._accounts = {account.handle: account for account in accounts}
        self._tokens = {account.token: account.handle for account in accounts}
        self._posts.restore(state["posts"])
        self._log.restore(state["notifications"])
        self._keys.restore(state["keys"])
        self.rules = Rules.model_validate(state["rules"])
        self.deliveries.restore(state["deliveries"])

    async def close(self) -> None:
        """Stop webhooks and end streams."""
        self.watchers.close()
        await self.deliveries.close()

    # --- inside ---

    def _own(self, handle: str, post_id: str) -> Post:
        account, post = self.account(handle), self._posts.read(post_id, viewer=handle.lower())
        if post.author != account.handle:
            raise NetworkRefusal(403, "not_yours", "Only the author may change or delete a post.")
        return post

    def _receiver(self, author: Account, visibility: Visibility, to: str | None, parent: Post | None) -> str | None:
        if visibility == "public":
            if to is not None:
                raise NetworkRefusal(422, "to_without_private", "Only a private message has a receiver.")
            if parent is not None and parent.visibility == "private":
                raise NetworkRefusal(422, "parent_private", "A private message cannot be answered in public.")
            return None
        if to is None and parent is not None:
            to = parent.to if parent.author == author.handle else parent.author
        if to is None:
            raise NetworkRefusal(422, "to_missing", "A private message needs a receiver.")
        receiver = self.account(to).handle
        if receiver == author.handle:
            raise NetworkRefusal(422, "to_oneself", "A private message needs another receiver than its author.")
        return receiver

    def _place(self, post_id: str, author: str, receiver: str | None, parent: Post | None) -> tuple[str, str]:
        """Return the thread and the conversation of a new post; messages out of any thread are one per two people."""
        if parent is None:
            begun = post_id if receiver is None else "m-" + "-".join(sorted((author, receiver)))
            return begun, begun
        comments = parent.in_reply_to is None and parent.visibility == "public" and parent.author != author
        begins = comments and self._accounts[parent.author].kind == "brand"
        return parent.thread_id, post_id if begins else parent.conversation_id

    def _mentions(self, text: str) -> list[str]:
        return [handle for handle in texts.mentioned(text) if handle in self._accounts]

    def _audience(self, post: Post) -> set[str]:
        parent = self._posts.any(post.in_reply_to) if post.in_reply_to else None
        if post.visibility == "private":
            readers: Iterable[str | None] = (post.to,)
        else:
            readers = (*post.mentions, parent.author if parent else None)
        return {reader for reader in readers if reader is not None and reader != post.author}

    def _mark(self, handle: str, post_id: str, kind: NotificationKind) -> Post:
        account, post = self.account(handle), self._posts.read(post_id, viewer=handle.lower())
        if kind == "repost" and post.visibility == "private":
            raise NetworkRefusal(403, "private", "A private message cannot be reposted.")
        marks = post.likes if kind == "like" else post.reposts
        if account.handle not in marks:
            marks.append(account.handle)
            if post.author != account.handle:
                self._notify(post.author, kind, post, by=account.handle)
            self._changed(kind, post, by=account.handle)
        return post

    def _tell_new(self, post: Post, parent: Post | None) -> None:
        for account in sorted(self._audience(post)):
            kind: NotificationKind = "mention"
            if post.visibility == "private":
                kind = "message"
            elif parent is not None and parent.author == account:
                kind = "reply"
            self._notify(account, kind, post, by=post.author)
        if self._accounts[post.author].kind == "brand":
            self._notify(post.author, "echo", post, by=post.author)
        self._changed("post", post, by=post.author)

    def _notify(self, account: str, kind: NotificationKind, post: Post, *, by: str) -> None:
        told = self._log.add(account, kind, by=by, at=self.clock.now(), post=self.view(post))
        self.deliveries.enqueue(account, told.view())
        if len(self.watchers):
            unread = self.unread(self._accounts[account])
            row = {"kind": "notification", "account": account, "notification": told.view(), "unread": unread}
            self.watchers.tell_everything(row)

    def _changed(self, kind: str, post: Post, *, by: str) -> None:
        if len(self.watchers):
            self.watchers.tell({"kind": kind, "by": by, "post": self.view(post)}, about=post)
