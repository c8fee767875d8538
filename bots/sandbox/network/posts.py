"""The posts, by id and by who wrote or answered them, and who may see them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bots.sandbox.network.errors import NetworkRefusal
from bots.sandbox.network.records import Post


class PostBook:
    """Everything that was ever written, in order."""

    def __init__(self) -> None:
        """Start empty."""
        self._posts: dict[str, Post] = {}
        self._replies: dict[str, list[str]] = {}
        self._by_author: dict[str, list[str]] = {}
        self._threads: dict[str, list[str]] = {}

    def __len__(self) -> int:
        return len(self._posts)

    def add(self, post: Post) -> None:
        """Append a post."""
        self._posts[post.id] = post
        self._by_author.setdefault(post.author, []).append(post.id)
        self._threads.setdefault(post.thread_id, []).append(post.id)
        if post.in_reply_to is not None:
            self._replies.setdefault(post.in_reply_to, []).append(post.id)

    def any(self, post_id: str) -> Post | None:
        """Return a post or tombstone, whoever asks."""
        return self._posts.get(post_id)

    def read(self, post_id: str, *, viewer: str | None) -> Post:
        """Return a post as ``viewer`` may see it. Raises a 404 refusal, or a 410 one for a deleted post."""
        post = self._posts.get(post_id)
        if post is None or not post.readable_by(viewer):
            raise NetworkRefusal(404, "post_not_found", f"There is no post {post_id[:40]}.")
        if post.deleted_at is not None:
            raise NetworkRefusal(410, "post_deleted", "This post was deleted.", deleted_at=post.deleted_at.isoformat())
        return post

    def replies(self, post_id: str, *, viewer: str | None) -> list[Post]:
        """Return the direct replies that ``viewer`` may see, oldest first."""
        return self._visible(self._replies.get(post_id, ()), viewer)

    def reply_count(self, post_id: str) -> int:
        """Return how many public replies stand under a post."""
        return len(self.replies(post_id, viewer=None))

    def thread(self, post: Post, *, viewer: str | None) -> list[Post]:
        """Return the whole conversation a post belongs to, oldest first."""
        return self._visible(self._threads[post.thread_id], viewer)

    def by_author(self, author: str, *, viewer: str | None, since: datetime | None) -> list[Post]:
        """Return what an account wrote at or after ``since`` and ``viewer`` may see, oldest first."""
        found = self._visible(self._by_author.get(author, ()), viewer)
        return [post for post in found if since is None or post.at >= since]

    def timeline(self, *, viewer: str | None, limit: int) -> list[Post]:
        """Return the newest public posts, newest first; hidden ones only to who wrote or hid them."""
        found: list[Post] = []
        for post in reversed(self._posts.values()):
            hidden = bool(post.hidden_by) and viewer not in {post.author, *post.hidden_by}
            if post.visibility == "public" and post.deleted_at is None and not hidden:
                found.append(post)
                if len(found) == limit:
                    break
        return found

    def board(self, *, viewer: str, threads: int) -> list[Post]:
        """Return the newest public threads whole, places of deleted posts included, and ``viewer``'s messages."""
        roots: list[str] = []
        for post in reversed(self._posts.values()):
            if post.in_reply_to is None and post.visibility == "public":
                roots.append(post.id)
                if len(roots) == threads:
                    break
        chosen = {post_id for root in roots for post_id in self._threads[root]}
        return [
            post
            for post in self._posts.values()
            if post.readable_by(viewer) and (post.visibility == "private" or post.id in chosen)
        ]

    def messages(self, handle: str) -> list[Post]:
        """Return the private messages from and to an account, oldest first."""
        return [
            post
            for post in self._posts.values()
            if post.visibility == "private" and handle in {post.author, post.to} and post.deleted_at is None
        ]

    def snapshot(self) -> list[dict[str, Any]]:
        """Return all posts as JSON."""
        return [post.model_dump(mode="json") for post in self._posts.values()]

    def restore(self, rows: list[dict[str, Any]]) -> None:
        """Replace all posts by a snapshot."""
        for index in (self._posts, self._replies, self._by_author, self._threads):
            index.clear()
        for row in rows:
            self.add(Post.model_validate(row))

    def _visible(self, ids: Iterable[str], viewer: str | None) -> list[Post]:
        posts = (self._posts[post_id] for post_id in ids)
        return [post for post in posts if post.deleted_at is None and post.readable_by(viewer)]
