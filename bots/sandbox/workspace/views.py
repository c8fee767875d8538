"""Dialogs and Home tabs: what is open before whom (docs.slack.dev/surfaces/modals and /surfaces/app-home)."""

from typing import Any

from bots.sandbox.workspace.block_check import Problem, completed, is_too_large, problems_of_view
from bots.sandbox.workspace.block_kinds import HOME, MODAL
from bots.sandbox.workspace.errors import ApiError
from bots.sandbox.workspace.identifiers import Identifiers
from bots.sandbox.workspace.records import Json
from bots.sandbox.workspace.seed import Seed

STACK = 3


class Views:
    """The stack of modals of each person and their Home tab. A view is a dict as Slack returns it."""

    def __init__(self, seed: Seed, ids: Identifiers) -> None:
        self._seed = seed
        self._ids = ids
        self.stacks: dict[str, list[Json]] = {}
        self.homes: dict[str, Json] = {}

    def top(self, user: str) -> Json | None:
        """Answer the modal in front of a person."""
        stack = self.stacks.get(user)
        return stack[-1] if stack else None

    def find(self, view_id: str = "", external_id: str = "") -> tuple[str, Json] | None:
        """Find an open modal or a Home tab with the person it belongs to."""
        for user, stack in self.stacks.items():
            for view in stack:
                if (view_id and view["id"] == view_id) or (external_id and view["external_id"] == external_id):
                    return user, view
        for user, view in self.homes.items():
            if (view_id and view["id"] == view_id) or (external_id and view["external_id"] == external_id):
                return user, view
        return None

    def check(self, view: Any, *, kind: str, pointer: str = "/view", replacing: str = "") -> Json:
        """Answer the view if Slack would take it. Raises ApiError with Slack's word and pointers."""
        problems = problems_of_view(view, pointer=pointer)
        if problems:
            raise ApiError("invalid_arguments", *problems)
        if view["type"] != kind:
            raise ApiError("invalid_arguments", Problem(f"view must be of type {kind}", f"{pointer}/type"))
        if is_too_large(view):
            raise ApiError("view_too_large")
        external = view.get("external_id")
        if external and (known := self.find(external_id=external)) is not None and known[1]["id"] != replacing:
            raise ApiError("duplicate_external_id")
        return dict(view)

    def open(self, user: str, view: Any) -> Json:
        """Open a modal; whatever stack was open before is gone."""
        shown = self._new(self.check(view, kind=MODAL))
        self.stacks[user] = [shown]
        return shown

    def push(self, user: str, view: Any) -> Json:
        """Put a modal on top of the open ones."""
        stack = self.stacks.get(user)
        if not stack:
            raise ApiError("not_found")
        if len(stack) >= STACK:
            raise ApiError("push_limit_reached")
        shown = self._new(self.check(view, kind=MODAL))
        shown["root_view_id"] = stack[0]["id"]
        shown["previous_view_id"] = stack[-1]["id"]
        stack.append(shown)
        return shown

    def update(
        self, view: Any, *, view_id: str = "", external_id: str = "", expected_hash: str | None = None
    ) -> tuple[str, Json]:
        """Replace a modal in its place and answer the person and the view as it is now."""
        known = self.find(view_id, external_id)
        if known is None or known[1]["type"] != MODAL:
            raise ApiError("not_found")
        user, old = known
        checked = self.check(view, kind=MODAL, replacing=old["id"])
        if expected_hash is not None and expected_hash != old["hash"]:
            raise ApiError("hash_conflict")
        new = self._new(checked)
        for name in ("id", "root_view_id", "previous_view_id"):
            new[name] = old[name]
        old.clear()
        old.update(new)
        return user, old

    def publish(self, user: str, view: Any, *, expected_hash: str | None = None) -> Json:
        """Replace a person's Home tab."""
        old = self.homes.get(user)
        checked = self.check(view, kind=HOME, replacing=old["id"] if old else "")
        if expected_hash is not None and old is not None and expected_hash != old["hash"]:
            raise ApiError("hash_conflict")
        new = self._new(checked)
        if old is not None:
            new["id"] = new["root_view_id"] = old["id"]
        self.homes[user] = new
        return new

    def close(self, user: str) -> Json | None:
        """Take the front modal away and answer it."""
        stack = self.stacks.get(user)
        if not stack:
            return None
        view = stack.pop()
        if not stack:
            del self.stacks[user]
        return view

    def clear(self, user: str) -> None:
        """Take all modals of a person away."""
        self.stacks.pop(user, None)

    def _new(self, view: Json) -> Json:
        identifier = self._ids.object("V")
        ts = self._ids.ts()
        shown: Json = {
            "id": identifier,
            "team_id": self._seed.team_id,
            "type": view["type"],
            "blocks": completed(view["blocks"], self._ids.short),
            "private_metadata": view.get("private_metadata") or "",
            "callback_id": view.get("callback_id") or "",
            "external_id": view.get("external_id") or "",
            "state": {"values": {}},
            "hash": f"{ts.split('.')[0]}.{self._ids.secret()[:8]}",
            "title": _text(view.get("title") or {"type": "plain_text", "text": "View Title"}),
            "close": _text(view.get("close")),
            "submit": _text(view.get("submit")),
            "clear_on_close": bool(view.get("clear_on_close")),
            "notify_on_close": bool(view.get("notify_on_close")),
            "root_view_id": identifier,
            "previous_view_id": None,
            "app_id": self._seed.app.id,
            "app_installed_team_id": self._seed.team_id,
            "bot_id": self._seed.app.bot_id,
        }
        return shown


def _text(given: Any) -> Any:
    return {**given, "emoji": given.get("emoji", True)} if isinstance(given, dict) else given
