"""``files.info``: what a file is, and where it lies."""

from typing import Any

from sandbox.errors import SlackError
from sandbox.methods.arguments import Arguments
from sandbox.workspace import Workspace


def files_info(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    """A file of a conversation that the app is in."""
    file, _ = workspace.files.file(arguments.text("file"))
    mine = (each for each in workspace.conversations.values() if workspace.bot.user_id in each.members)
    if not any(file in message.files for each in mine for message in each.messages.values()):
        raise SlackError("file_not_found")
    return {"file": workspace.files.json(file), "comments": [], "response_metadata": {"next_cursor": ""}}
