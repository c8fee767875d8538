"""The memory of Idempotency-Keys."""

from datetime import datetime, timedelta

from bots.sandbox.network.errors import NetworkRefusal
from bots.sandbox.network.records import RememberedKey


class KeyMemory:
    """Which key led to which post, per account, for as long as the rules say."""

    def __init__(self) -> None:
        """Start empty."""
        self._keys: dict[tuple[str, str], RememberedKey] = {}

    def post_for(self, account: str, key: str, *, asked: str, since: datetime) -> str | None:
        """Return the post that this key led to since then. Raises a 409 refusal where it was used for another post."""
        known = self._keys.get((account, key))
        if known is None or known.at < since:
            return None
        if known.asked != asked:
            raise NetworkRefusal(409, "key_reused", "This Idempotency-Key was used for another post.")
        return known.post_id

    def remember(self, account: str, key: str, *, asked: str, post_id: str, at: datetime) -> None:
        """Keep a key; the oldest go once there are very many."""
        self._keys[account, key] = RememberedKey(account=account, key=key, asked=asked, post_id=post_id, at=at)
        if len(self._keys) > 20_000:  # noqa: PLR2004 - memory bound of a program meant for a day
            horizon = at - timedelta(hours=1)
            self._keys = {place: known for place, known in self._keys.items() if known.at >= horizon}

    def snapshot(self) -> list[dict[str, object]]:
        """Return the memory as JSON."""
        return [known.model_dump(mode="json") for known in self._keys.values()]

    def restore(self, rows: list[dict[str, object]]) -> None:
        """Replace the memory by a snapshot."""
        known = [RememberedKey.model_validate(row) for row in rows]
        self._keys = {(one.account, one.key): one for one in known}
