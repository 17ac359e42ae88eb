"""What the app asks of Slack, in one place: scopes with their reasons, events, commands, shortcuts (pure).

`answerdesk manifest` prints it, and manifests/slack/manifest.json is that print. A test holds it against the
code: an event without a listener, a listener without its event, a scope that no call needs, all fail.
"""

from dataclasses import dataclass
from typing import Any

NAME = "Answerdesk"
DESCRIPTION = "Answers questions from the company's own documents, with sources"
EVENTS_PATH = "/slack/events"
"""Where the bot takes what Slack sends over HTTP: events, commands and presses alike."""

SCOPES = {
    "app_mentions:read": "a mention is a question",
    "assistant:write": "the agent's pane: suggested questions, a thread's title, and which channel a "
    "question means by “here”",
    "channels:history": "follow-ups in a thread need no mention, and a thread is read before its question is "
    "answered; to answer mentions only, leave it out, with `message.channels`",
    "channels:read": "who is in a channel decides what may be searched for it, other companies included",
    "chat:write": "the answer is a message, edited as it grows",
    "commands": "the slash commands, and the shortcuts",
    "files:read": "files that come with a question are read; without it the answer says that they were not",
    "groups:history": "as `channels:history`, in private channels",
    "groups:read": "as `channels:read`, in private channels",
    "im:history": "direct messages are questions",
    "im:write": "a private answer goes into the direct message, which may have to be opened first",
    "mpim:history": "as `channels:history`, in group messages",
    "mpim:read": "as `channels:read`, in group messages",
    "usergroups:read": "documents may name readers by user group",
    "users:read": "guests and strangers read only what is meant for outsiders",
    "users:read.email": "documents may name readers by e-mail address; leave it out if none do",
}
"""Of the bot's token, each with its reason."""

EVENTS = (
    "agent_session_stopped",
    "app_context_changed",
    "app_home_opened",
    "app_mention",
    "channel_id_changed",
    "channel_shared",
    "channel_unshared",
    "member_joined_channel",
    "member_left_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "subteam_created",
    "subteam_members_changed",
    "subteam_self_added",
    "subteam_self_removed",
    "subteam_updated",
    "team_join",
    "user_change",
)


@dataclass(frozen=True, kw_only=True)
class SlashCommand:
    """A command as Slack lists it."""

    name: str
    description: str
    usage_hint: str = ""


COMMANDS = (
    SlashCommand(
        name="/ask",
        description="Ask privately; the answer comes in our direct message",
        usage_hint="how many days of leave do I get?",
    ),
    SlashCommand(
        name="/sources", description="Look documents up", usage_hint="parental leave in:handbook since:90d"
    ),
    SlashCommand(name="/usage", description="What you have used and have left"),
    SlashCommand(
        name="/resync",
        description="Compare a source with its documents (admins)",
        usage_hint="[source] [--full|--dry-run]",
    ),
    SlashCommand(
        name="/answerdesk",
        description="Help, status and settings",
        usage_hint="help | status | sources | failures | forget-me | channel | admin",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Shortcut:
    """A shortcut: of a message's menu, or (``on_message`` False) of the workspace's."""

    name: str
    callback_id: str
    description: str
    on_message: bool


SHORTCUTS = (
    Shortcut(
        name="Answer this",
        callback_id="answer_this",
        description="Answer the question in this message",
        on_message=True,
    ),
    Shortcut(
        name="Ask a question",
        callback_id="ask_a_question",
        description="Ask in private, from anywhere",
        on_message=False,
    ),
)


def app_manifest(*, url: str | None = None) -> dict[str, Any]:
    """The manifest as Slack takes it.

    Args:
        url: where Slack reaches the bot from the internet; None: over Socket Mode, which needs no address.
    """
    request = f"{url.rstrip('/')}{EVENTS_PATH}" if url else None
    at_url = {"request_url": request} if request else {}
    features: dict[str, Any] = {
        "bot_user": {"display_name": NAME, "always_online": True},
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "slash_commands": [_command(command, request) for command in COMMANDS],
        "shortcuts": [_shortcut(shortcut) for shortcut in SHORTCUTS],
        "agent_view": {"agent_description": DESCRIPTION},
    }
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {"name": NAME, "description": DESCRIPTION, "background_color": "#262557"},
        "features": features,
        "oauth_config": {"scopes": {"bot": sorted(SCOPES)}},
        "settings": {
            "event_subscriptions": {**at_url, "bot_events": sorted(EVENTS)},
            "interactivity": {"is_enabled": True, **at_url},
            "org_deploy_enabled": False,
            "socket_mode_enabled": request is None,
            "token_rotation_enabled": False,
        },
    }


def reasons() -> str:
    """Every scope and why, as a table in Markdown."""
    rows = [f"| `{scope}` | {SCOPES[scope]} |" for scope in sorted(SCOPES)]
    return "\n".join(["| scope | because |", "| --- | --- |", *rows])


def _command(command: SlashCommand, request: str | None) -> dict[str, Any]:
    return {
        "command": command.name,
        **({"url": request} if request else {}),
        "description": command.description,
        **({"usage_hint": command.usage_hint} if command.usage_hint else {}),
        "should_escape": False,
    }


def _shortcut(shortcut: Shortcut) -> dict[str, Any]:
    return {
        "name": shortcut.name,
        "type": "message" if shortcut.on_message else "global",
        "callback_id": shortcut.callback_id,
        "description": shortcut.description,
    }
