"""users.*, usergroups.*, team.info and bots.info (docs.slack.dev/reference/methods/users.info and its neighbours)."""

from zoneinfo import ZoneInfo

from bots.sandbox.workspace.errors import ApiError
from bots.sandbox.workspace.records import Json
from bots.sandbox.workspace.seed import Person, UserGroup
from bots.sandbox.workspace.state import WorkspaceState
from bots.sandbox.workspace.web_api.arguments import Arguments, page
from bots.sandbox.workspace.web_api.registry import method


def described(workspace: WorkspaceState, person: Person, *, with_locale: bool = False) -> Json:
    """Write a person as Slack's user object."""
    real_name = person.real_name or person.name
    display_name = person.display_name or person.name
    shift = ZoneInfo(person.timezone).utcoffset(workspace.clock.now())
    shown: Json = {
        "id": person.id,
        "team_id": workspace.seed.team_id,
        "name": person.name,
        "deleted": person.deleted,
        "real_name": real_name,
        "tz": person.timezone,
        "tz_label": person.timezone,
        "tz_offset": int(shift.total_seconds()) if shift is not None else 0,
        "profile": {
            "title": person.title,
            "real_name": real_name,
            "real_name_normalized": real_name,
            "display_name": display_name,
            "display_name_normalized": display_name,
            "email": person.email,
            "team": workspace.seed.team_id,
        },
        "is_admin": person.is_admin,
        "is_owner": False,
        "is_bot": False,
        "is_app_user": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_email_confirmed": True,
        "updated": 0,
    }
    return {**shown, "locale": person.locale} if with_locale else shown


def bot_user(workspace: WorkspaceState) -> Json:
    """Write the app's own user."""
    app = workspace.app
    return {
        "id": app.bot_user,
        "team_id": workspace.seed.team_id,
        "name": app.name,
        "deleted": False,
        "real_name": app.name,
        "profile": {
            "real_name": app.name,
            "display_name": app.name,
            "bot_id": app.bot_id,
            "api_app_id": app.id,
            "team": workspace.seed.team_id,
        },
        "is_bot": True,
        "is_app_user": False,
        "updated": 0,
    }


def grouped(group: UserGroup, *, with_users: bool) -> Json:
    """Write a user group."""
    shown: Json = {
        "id": group.id,
        "is_usergroup": True,
        "name": group.name or group.handle,
        "handle": group.handle,
        "user_count": len(group.members),
        "date_delete": 1 if group.disabled else 0,
    }
    return {**shown, "users": list(group.members)} if with_users else shown


@method("users.info", tier=4, scopes=("users:read",))
def info(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Describe one person or the app's own user."""
    user = arguments.needed("user")
    if user == workspace.app.bot_user:
        return {"user": bot_user(workspace)}
    if user not in workspace.people:
        raise ApiError("user_not_found")
    return {"user": described(workspace, workspace.people[user], with_locale=arguments.flag("include_locale"))}


@method("users.list", tier=2, scopes=("users:read",))
def list_users(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """List everybody, the app's own user last."""
    with_locale = arguments.flag("include_locale")
    everybody = [described(workspace, person, with_locale=with_locale) for person in workspace.people.values()]
    shown, cursor = page([*everybody, bot_user(workspace)], arguments, default=1000)
    stamp = int(workspace.clock.now().timestamp())
    return {"members": shown, "cache_ts": stamp, "response_metadata": {"next_cursor": cursor}}


@method("users.lookupByEmail", tier=3, scopes=("users:read.email",))
def lookup_by_email(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Find a person by e-mail address, whatever its case."""
    email = arguments.needed("email").casefold()
    for person in workspace.people.values():
        if person.email.casefold() == email and not person.deleted:
            return {"user": described(workspace, person)}
    raise ApiError("users_not_found")


@method("usergroups.list", tier=2, scopes=("usergroups:read",))
def list_groups(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """List the user groups; disabled ones only when asked for."""
    with_users, with_disabled = arguments.flag("include_users"), arguments.flag("include_disabled")
    shown = [group for group in workspace.groups.values() if with_disabled or not group.disabled]
    return {"usergroups": [grouped(group, with_users=with_users) for group in shown]}


@method("usergroups.users.list", tier=2, scopes=("usergroups:read",))
def list_group_users(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """List the members of a user group; a disabled one is found only when asked for."""
    group = workspace.groups.get(arguments.needed("usergroup"))
    if group is None or (group.disabled and not arguments.flag("include_disabled")):
        raise ApiError("no_such_subteam")
    return {"users": list(group.members)}


@method("team.info", tier=3)
def team(workspace: WorkspaceState, _arguments: Arguments) -> Json:
    """Describe the workspace."""
    seed = workspace.seed
    return {
        "team": {
            "id": seed.team_id,
            "name": seed.team_name,
            "domain": seed.team_domain,
            "url": seed.url,
            "email_domain": "",
            "icon": {},
        }
    }


@method("bots.info", tier=3)
def bots(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Describe the app's bot."""
    app = workspace.app
    if arguments.text("bot", app.bot_id) != app.bot_id:
        raise ApiError("bot_not_found")
    bot = {
        "id": app.bot_id,
        "app_id": app.id,
        "user_id": app.bot_user,
        "name": app.name,
        "deleted": False,
        "updated": 0,
        "icons": {},
    }
    return {"bot": bot}
