"""Accounts and posts as the API shows them."""

from typing import Any

from bots.sandbox.network.records import Account, Post


def account_view(account: Account, *, public_url: str) -> dict[str, Any]:
    """Return the public side of an account."""
    return {
        "id": account.id,
        "handle": account.handle,
        "name": account.name,
        "kind": account.kind,
        "followers": account.followers,
        "avatar": {"initials": account.initials, "colour": account.colour},
        "url": f"{public_url}/accounts/{account.handle}",
    }


def post_view(post: Post, author: Account, *, replies: int, public_url: str) -> dict[str, Any]:
    """Return a post; a deleted one without its text."""
    view: dict[str, Any] = {
        "id": post.id,
        "author": account_view(author, public_url=public_url),
        "text": post.text,
        "visibility": post.visibility,
        "at": post.at.isoformat(),
        "in_reply_to": post.in_reply_to,
        "thread_id": post.thread_id,
        "conversation_id": post.conversation_id,
        "to": post.to,
        "mentions": list(post.mentions),
        "media": [one.model_dump() for one in post.media],
        "likes": len(post.likes),
        "liked_by": list(post.likes),
        "reposts": len(post.reposts),
        "reposted_by": list(post.reposts),
        "replies": replies,
        "hidden": bool(post.hidden_by),
        "hidden_by": list(post.hidden_by),
        "edited_at": post.edited_at.isoformat() if post.edited_at else None,
        "deleted_at": None,
        "url": f"{public_url}/posts/{post.id}",
    }
    if post.deleted_at is not None:
        view.update(text=None, media=[], deleted_at=post.deleted_at.isoformat())
    return view
