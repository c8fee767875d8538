"""Everything that one person's page of the network shows, in one reading."""

from typing import Any

from bots.sandbox.network.network import Network


def page_view(network: Network, handle: str, *, threads: int) -> dict[str, Any]:
    """Return what ``handle`` sees: accounts, posts (oldest first), notifications (newest first). Raises a 404 refusal.

    ``posts`` holds the newest ``threads`` public threads whole and the account's own private messages; deleted posts
    are places without text. ``unread`` of an account counts what it was told and has not looked at.
    """
    viewer = network.account(handle)
    return {
        "now": network.clock.now().isoformat(),
        "max_characters": network.rules.max_characters,
        "accounts": [{**network.account_view(one), "unread": network.unread(one)} for one in network.accounts()],
        "seen": viewer.seen,
        "posts": [network.view(post) for post in network.board(viewer.handle, threads=threads)],
        "notifications": [told.view() for told in network.newest_notifications(viewer.handle)],
    }
