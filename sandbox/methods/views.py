"""``views.*``: modals, and the Home tab."""

from typing import Any

from sandbox.blocks import check_view
from sandbox.changes import ViewsChanged
from sandbox.errors import SlackError
from sandbox.methods.arguments import Arguments
from sandbox.workspace import Workspace

Json = dict[str, Any]


def views_open(workspace: Workspace, arguments: Arguments) -> Json:
    """Open a modal before the person whose interaction the trigger is of."""
    view = check_view(_given(arguments), types=("modal",))
    user = _redeemed(workspace, arguments)
    return _shown(workspace, user, workspace.views.open(user, view, now_s=workspace.now()))


def views_push(workspace: Workspace, arguments: Arguments) -> Json:
    """Put a modal over the one that is open."""
    view = check_view(_given(arguments), types=("modal",))
    user = _redeemed(workspace, arguments)
    return _shown(workspace, user, workspace.views.push(user, view, now_s=workspace.now()))


def views_update(workspace: Workspace, arguments: Arguments) -> Json:
    """Put another content into a view that is open."""
    view_id, external_id = arguments.optional("view_id"), arguments.optional("external_id")
    if view_id is None and external_id is None:
        raise SlackError("invalid_arguments", messages=("[ERROR] missing required field: view_id",))
    user, known = workspace.views.find(view_id=view_id, external_id=external_id)
    view = check_view(_given(arguments), types=(known["type"],))
    hash_ = arguments.optional("hash")
    return _shown(workspace, user, workspace.views.update(known, view, hash_=hash_, now_s=workspace.now()))


def views_publish(workspace: Workspace, arguments: Arguments) -> Json:
    """Put a person's Home tab in place."""
    user = arguments.text("user_id")
    if user not in {person.id for person in workspace.people()}:
        raise SlackError("invalid_arguments", messages=("invalid `user_id`",))
    view = check_view(_given(arguments), types=("home",))
    if not workspace.bot.home:
        raise SlackError("not_enabled")
    hash_ = arguments.optional("hash")
    return _shown(workspace, user, workspace.views.publish(user, view, hash_=hash_, now_s=workspace.now()))


def _given(arguments: Arguments) -> object:
    arguments.text("view")
    return arguments.json("view", otherwise="invalid_arguments")


def _redeemed(workspace: Workspace, arguments: Arguments) -> str:
    return workspace.triggers.redeem(arguments.text("trigger_id"), now_s=workspace.now())


def _shown(workspace: Workspace, user: str, view: Json) -> Json:
    workspace.emit(ViewsChanged(user=user))
    return {"view": view}
