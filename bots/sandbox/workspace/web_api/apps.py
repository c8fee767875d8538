"""auth.test, api.test, oauth.v2.access and apps.connections.open."""

from bots.sandbox.workspace.errors import ApiError
from bots.sandbox.workspace.records import Json
from bots.sandbox.workspace.state import WorkspaceState
from bots.sandbox.workspace.web_api.arguments import Arguments
from bots.sandbox.workspace.web_api.registry import APP, NOBODY, method


@method("api.test", tier=None, token=NOBODY)
def api_test(_workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Answer the arguments back, or the error asked for."""
    if arguments.has("error"):
        raise ApiError(arguments.text("error"), args=arguments.given)
    return {"args": arguments.given}


@method("auth.test", tier=None)
def auth_test(workspace: WorkspaceState, _arguments: Arguments) -> Json:
    """Say who the token is."""
    seed, app = workspace.seed, workspace.app
    return {
        "url": seed.url,
        "team": seed.team_name,
        "user": app.name,
        "team_id": seed.team_id,
        "user_id": app.bot_user,
        "bot_id": app.bot_id,
        "is_enterprise_install": False,
    }


@method("apps.connections.open", tier=1, token=APP, scopes=())
def open_connection(workspace: WorkspaceState, _arguments: Arguments) -> Json:
    """Answer where a socket may be opened, once."""
    base = "ws" + workspace.own_url.removeprefix("http")
    return {"url": f"{base}/link?ticket={workspace.links.ticket()}&app_id={workspace.app.id}"}


@method("oauth.v2.access", tier=4, token=NOBODY)
def oauth_access(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Exchange an installation code (`workspace.codes`) for the bot token."""
    app, seed = workspace.app, workspace.seed
    if arguments.text("client_id") != app.client_id:
        raise ApiError("invalid_client_id")
    if arguments.text("client_secret") != app.client_secret:
        raise ApiError("bad_client_secret")
    code = arguments.text("code")
    if code not in workspace.codes:
        raise ApiError("invalid_code")
    workspace.codes.discard(code)
    workspace.revoked = False
    return {
        "app_id": app.id,
        "authed_user": {"id": next(iter(workspace.people), app.bot_user)},
        "scope": ",".join(app.scopes),
        "token_type": "bot",
        "access_token": app.bot_token,
        "bot_user_id": app.bot_user,
        "team": {"id": seed.team_id, "name": seed.team_name},
        "enterprise": None,
        "is_enterprise_install": False,
    }
