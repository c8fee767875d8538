"""views.*: dialogs and Home tabs (docs.slack.dev/reference/methods/views.open and its neighbours)."""

from bots.sandbox.workspace.block_check import Problem
from bots.sandbox.workspace.errors import ApiError
from bots.sandbox.workspace.records import Json
from bots.sandbox.workspace.state import WorkspaceState
from bots.sandbox.workspace.web_api.arguments import Arguments
from bots.sandbox.workspace.web_api.registry import method


@method("views.open", tier=4)
def open_view(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Open a modal for whoever caused the trigger. A refused view leaves the trigger unused."""
    view = workspace.views.check(arguments.document("view"), kind="modal")
    user = workspace.triggers.exchange(arguments.needed("trigger_id"))
    shown = workspace.views.open(user, view)
    workspace.changes.tell("view", user=user, view=shown["id"])
    return {"view": shown}


@method("views.push", tier=4)
def push_view(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Put a modal on top of the open ones."""
    view = workspace.views.check(arguments.document("view"), kind="modal")
    user = workspace.triggers.exchange(arguments.needed("trigger_id"))
    shown = workspace.views.push(user, view)
    workspace.changes.tell("view", user=user, view=shown["id"])
    return {"view": shown}


@method("views.update", tier=4)
def update_view(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Replace an open modal; `hash` guards against a race."""
    view_id, external_id = arguments.text("view_id"), arguments.text("external_id")
    if not view_id and not external_id:
        raise ApiError("invalid_arguments", Problem("missing required field: view_id", ""))
    expected = arguments.text("hash") or None
    user, shown = workspace.views.update(
        arguments.document("view"), view_id=view_id, external_id=external_id, expected_hash=expected
    )
    workspace.changes.tell("view", user=user, view=shown["id"])
    return {"view": shown}


@method("views.publish", tier=4)
def publish_view(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Replace somebody's Home tab."""
    user = arguments.needed("user_id")
    if user not in workspace.people:
        raise ApiError("invalid_arguments", Problem("invalid `user_id`", "/user_id"))
    shown = workspace.views.publish(user, arguments.document("view"), expected_hash=arguments.text("hash") or None)
    workspace.changes.tell("home", user=user, view=shown["id"])
    return {"view": shown}
