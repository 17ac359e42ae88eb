"""``auth.test``, ``users.*`` and ``usergroups.*``: who is who."""

from typing import Any

from sandbox.errors import SlackError
from sandbox.methods.arguments import Arguments, page_of
from sandbox.slack_shapes import group_json, user_json
from sandbox.workspace import Workspace

Json = dict[str, Any]


def auth_test(workspace: Workspace, _arguments: Arguments) -> Json:
    """Who the token belongs to."""
    team, bot = workspace.company.team, workspace.bot
    return {
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": bot.handle,
        "team_id": team.id,
        "user_id": bot.user_id,
        "bot_id": bot.bot_id,
        "is_enterprise_install": False,
    }


def users_info(workspace: Workspace, arguments: Arguments) -> Json:
    """A person, or the bot itself."""
    user = workspace.users.get(arguments.text("user"))
    if user is None:
        raise SlackError("user_not_found")
    return {"user": user_json(user, company=workspace.company)}


def users_list(workspace: Workspace, arguments: Arguments) -> Json:
    """Everybody."""
    page, cursor = page_of(list(workspace.users.values()), arguments, default=1000, most=1000)
    members = [user_json(user, company=workspace.company) for user in page]
    return {"members": members, "cache_ts": 0, "response_metadata": {"next_cursor": cursor}}


def usergroups_list(workspace: Workspace, arguments: Arguments) -> Json:
    """The user groups, with their members where ``include_users`` asks for them."""
    include = arguments.flag("include_users")
    groups = workspace.groups.values()
    return {
        "usergroups": [
            group_json(group, company=workspace.company, include_users=include) for group in groups
        ]
    }


def users_lookup_by_email(workspace: Workspace, arguments: Arguments) -> Json:
    """A person of this workspace, by e-mail address."""
    email = arguments.text("email").lower()
    for person in workspace.people():
        ours = workspace.team_of(person.id) == workspace.company.team.id
        if ours and person.email.lower() == email and not person.deleted:
            return {"user": user_json(person, company=workspace.company)}
    raise SlackError("users_not_found")


def usergroups_users_list(workspace: Workspace, arguments: Arguments) -> Json:
    """A user group's members."""
    group = workspace.groups.get(arguments.text("usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group.members)}
