"""Response URLs: what a command or a press hands the app to answer with, five times in half an hour. Pure."""

import uuid
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from sandbox.blocks import check_blocks
from sandbox.changes import Changed
from sandbox.conversations import Message, with_ids
from sandbox.errors import SlackError
from sandbox.workspace import Workspace

Json = dict[str, Any]

MOST_USES = 5
VALID_S = 1_800.0
MOST_KEPT = 1_000


@dataclass
class _Target:
    """Who gets the answers, and where."""

    user: str
    channel: str
    until_s: float
    thread_ts: str | None = None
    original: Message | None = None
    """The message that was pressed: what ``replace_original`` and ``delete_original`` mean."""
    uses: int = 0


class Responding:
    """The URLs that are out."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._targets: OrderedDict[str, _Target] = OrderedDict()

    def issue(self, *, user: str, channel: str, original: Message | None = None) -> str:
        """The name of a new one."""
        name = uuid.uuid4().hex
        thread_ts = original.thread_ts if original else None
        own = original if original and original.by_app else None
        until_s = self._workspace.now() + VALID_S
        self._targets[name] = _Target(user, channel, until_s, thread_ts=thread_ts, original=own)
        if len(self._targets) > MOST_KEPT:
            self._targets.popitem(last=False)
        return name

    def respond(self, name: str, body: Json) -> None:
        """The app answers.

        Raises:
            SlackError: ``invalid_url``, ``used_url``, ``expired_url`` (seen, not documented), or what is
                wrong with the message.
        """
        target = self._targets.get(name)
        if target is None:
            raise SlackError("invalid_url")
        if target.until_s < self._workspace.now():
            raise SlackError("expired_url")
        if target.uses >= MOST_USES:
            raise SlackError("used_url")
        self._show(body, target)
        target.uses += 1

    def acknowledged(self, name: str, body: Json) -> None:
        """The acknowledgement of a command came with a message: shown, and not counted as a use."""
        if body.get("text") or body.get("blocks"):
            self._show(body, self._targets[name])

    def _show(self, body: Json, target: _Target) -> None:
        """Post, replace or delete, as the answer says."""
        workspace, original = self._workspace, target.original
        if body.get("delete_original") and original is not None:
            return self._delete(original)
        text = str(body.get("text") or "")
        blocks = check_blocks(body["blocks"]) if body.get("blocks") else []
        if not text.strip() and not blocks:
            raise SlackError("no_text")
        if body.get("replace_original") and original is not None:
            target.original = workspace.change(
                _as_it_is(workspace, original), text=text, blocks=with_ids(blocks), at=workspace.next_ts()
            )
            return None
        conversation = workspace.conversations[target.channel]
        thread_ts = body.get("thread_ts") or target.thread_ts
        if body.get("response_type") == "in_channel":
            workspace.post(conversation, text=text, blocks=blocks, thread_ts=thread_ts)
        else:
            workspace.whisper(conversation, user=target.user, text=text, blocks=blocks, thread_ts=thread_ts)
        return None

    def _delete(self, original: Message) -> None:
        workspace = self._workspace
        message = _as_it_is(workspace, original)
        if message.visible_to is None:
            workspace.delete(workspace.conversations[message.channel], message.ts)
        else:
            workspace.whispers.remove(message)
            at = workspace.next_ts()
            workspace.emit(Changed(kind="deleted", message=message, previous=message, ts=at))


def _as_it_is(workspace: Workspace, original: Message) -> Message:
    """The message as it stands now, which may have been edited since it was pressed."""
    seen_by = original.visible_to or workspace.bot.user_id
    return workspace.message(original.channel, original.ts, seen_by=seen_by)
