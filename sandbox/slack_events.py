"""What the app is told of a change: Slack's events and interactions, as their payloads look. Pure."""

import itertools
import uuid
from dataclasses import dataclass
from typing import Any

from sandbox.conversations import Change, Changed, Conversation, Joined, Message
from sandbox.errors import SlackError
from sandbox.slack_shapes import message_json
from sandbox.workspace import Workspace

Json = dict[str, Any]

CHANNEL_TYPES = {"channel": "channel", "group": "group", "im": "im"}


def events_of(change: Change, *, workspace: Workspace) -> list[Json]:
    """The inner events that the app gets: none for what it can't see, two for a mention in a channel."""
    channel = change.channel if isinstance(change, Joined) else change.message.channel
    conversation = workspace.conversations[channel]
    if workspace.bot.user_id not in conversation.members:
        return []
    if isinstance(change, Joined):
        return [_joined(change, conversation, workspace)]
    if change.message.visible_to is not None:
        return []
    if change.kind == "posted":
        return _posted(change, conversation, workspace)
    return [_edited(change, conversation, workspace)]


def _posted(change: Changed, conversation: Conversation, workspace: Workspace) -> list[Json]:
    message = change.message
    shown = {
        **message_json(message, workspace=workspace, metadata=True),
        "channel": conversation.id,
        "event_ts": message.ts,
    }
    events = [{**shown, "channel_type": CHANNEL_TYPES[conversation.kind]}]
    mentioned = f"<@{workspace.bot.user_id}>" in message.text and not message.by_app
    if mentioned and conversation.kind != "im":
        events.insert(0, {**shown, "type": "app_mention"})
    return events


def _edited(change: Changed, conversation: Conversation, workspace: Workspace) -> Json:
    event: Json = {
        "type": "message",
        "subtype": "message_changed" if change.kind == "changed" else "message_deleted",
        "hidden": True,
        "channel": conversation.id,
        "channel_type": CHANNEL_TYPES[conversation.kind],
        "ts": change.ts,
        "event_ts": change.ts,
    }
    if change.previous is not None:
        event["previous_message"] = message_json(change.previous, workspace=workspace, metadata=True)
    if change.kind == "changed":
        event["message"] = message_json(change.message, workspace=workspace, metadata=True)
    else:
        event["deleted_ts"] = change.message.ts
    return event


def _joined(change: Joined, conversation: Conversation, workspace: Workspace) -> Json:
    return {
        "type": "member_joined_channel",
        "user": workspace.bot.user_id,
        "channel": conversation.id,
        "channel_type": "C",
        "team": workspace.company.team.id,
        "inviter": change.inviter,
        "event_ts": change.ts,
    }


def event_callback(event: Json, *, workspace: Workspace) -> Json:
    """The outer event: the same for every delivery of it, ``event_id`` included."""
    team, bot = workspace.company.team.id, workspace.bot
    return {
        "token": "verification-token-of-the-sandbox",
        "team_id": team,
        "context_team_id": team,
        "context_enterprise_id": None,
        "api_app_id": bot.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev{uuid.uuid4().hex[:11].upper()}",
        "event_time": int(float(event["event_ts"])),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": team,
                "user_id": bot.user_id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": workspace.conversations[event["channel"]].external,
        "event_context": f"4-{uuid.uuid4().hex}",
    }


@dataclass(frozen=True, kw_only=True)
class Press:
    """Which button was pressed."""

    action_id: str
    block_id: str | None = None
    """Where several blocks share an ``action_id``."""
    value: str | None = None
    """Which one of a feedback pair."""


def block_actions(message: Message, press: Press, *, user: str, workspace: Workspace) -> Json:
    """The interaction of a person who pressed a button of a message.

    Raises:
        SlackError: ``action_not_found`` (ours; Slack's own page can't press what is not there).
    """
    block, element = _element(message, press)
    conversation = workspace.conversations[message.channel]
    team = workspace.company.team
    person = workspace.users[user]
    now_s = workspace.now()
    names = {"channel": conversation.name, "group": "privategroup", "im": "directmessage"}
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": conversation.id,
        "is_ephemeral": message.visible_to is not None,
    }
    if message.thread_ts is not None:
        container["thread_ts"] = message.thread_ts
    payload: Json = {
        "type": "block_actions",
        "user": {"id": user, "username": person.handle, "name": person.handle, "team_id": team.id},
        "api_app_id": workspace.bot.app_id,
        "token": "verification-token-of-the-sandbox",
        "container": container,
        "trigger_id": f"{int(now_s * 1000)}.{uuid.uuid4().hex}",
        "team": {"id": team.id, "domain": team.domain},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": conversation.id, "name": names[conversation.kind]},
        "state": {"values": {}},
        "actions": [
            {
                **{key: value for key, value in element.items() if key in _KEPT_OF_ELEMENT},
                **({"value": press.value} if press.value is not None else {}),
                "block_id": block["block_id"],
                "action_ts": f"{now_s:.6f}",
            }
        ],
    }
    if message.visible_to is None:
        payload["message"] = message_json(message, workspace=workspace, metadata=True)
    return payload


_KEPT_OF_ELEMENT = {"type", "action_id", "text", "value", "style", "url"}


def _element(message: Message, press: Press) -> tuple[Json, Json]:
    for block in message.blocks:
        for element in itertools.chain(block.get("elements", []), [block.get("accessory") or {}]):
            if element.get("action_id") == press.action_id and press.block_id in (None, block["block_id"]):
                if press.value is not None and press.value not in _values(element):
                    break
                return block, element
    raise SlackError("action_not_found")


def _values(element: Json) -> set[str]:
    """What pressing an element can send."""
    pair = (element.get("positive_button", {}), element.get("negative_button", {}))
    return {each["value"] for each in (element, *pair) if "value" in each}
