"""The app's manifest is what Slack takes, and asks for what the code uses: no more and no less."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from bot.slack.manifest import COMMANDS, EVENTS, SCOPES, SHORTCUTS, app_manifest, reasons

ROOT = Path(__file__).parents[3]
MANIFESTS = ROOT / "manifests" / "slack"
SCHEMA = json.loads((Path(__file__).parent / "slack_manifest.schema.json").read_text())
MANIFEST = "manifest.py"

HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
MEMBERS = ("channels:read", "groups:read", "mpim:read")
EVENT_SCOPES: dict[str, tuple[str, ...]] = {
    "agent_session_stopped": ("chat:write",),
    "app_context_changed": ("assistant:write",),
    "app_home_opened": (),
    "app_mention": ("app_mentions:read",),
    "app_uninstalled": (),
    "channel_archive": ("channels:read",),
    "channel_id_changed": ("channels:read",),
    "channel_rename": ("channels:read",),
    "channel_shared": ("channels:read",),
    "channel_unshared": ("channels:read",),
    "member_joined_channel": ("channels:read", "groups:read"),
    "member_left_channel": ("channels:read", "groups:read"),
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "message.im": ("im:history",),
    "message.mpim": ("mpim:history",),
    "reaction_added": ("reactions:read",),
    "subteam_created": ("usergroups:read",),
    "subteam_members_changed": ("usergroups:read",),
    "subteam_self_added": ("usergroups:read",),
    "subteam_self_removed": ("usergroups:read",),
    "subteam_updated": ("usergroups:read",),
    "team_join": ("users:read",),
    "tokens_revoked": (),
    "user_change": ("users:read",),
}
"""What Slack wants for each event that a listener of ours may name (docs.slack.dev, November 2026)."""
METHOD_SCOPES: dict[str, tuple[str, ...]] = {
    "agents.sessions.rename": ("chat:write",),
    "agents.sessions.setStatus": ("chat:write",),
    "apps.connections.open": (),
    "assistant.threads.setStatus": ("chat:write",),
    "assistant.threads.setSuggestedPrompts": ("assistant:write",),
    "assistant.threads.setTitle": ("assistant:write",),
    "auth.test": (),
    "chat.appendStream": ("chat:write",),
    "chat.delete": ("chat:write",),
    "chat.getPermalink": (),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.startStream": ("chat:write",),
    "chat.stopStream": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": ("im:history",),
    "conversations.info": MEMBERS,
    "conversations.members": MEMBERS,
    "conversations.open": ("im:write",),
    "conversations.replies": HISTORY,
    "files.info": ("files:read",),
    "usergroups.list": ("usergroups:read",),
    "users.info": ("users:read",),
    "users.list": ("users:read", "users:read.email"),
    "users.lookupByEmail": ("users:read.email",),
    "views.open": (),
    "views.publish": (),
    "views.push": (),
    "views.update": (),
}
"""What Slack wants for each method that we may call; e-mail addresses come with a scope of their own."""
SLACKS_OWN = "/invite"
METHOD = re.compile(
    r"(agents|apps|assistant|auth|chat|conversations|files|reactions|usergroups|users|views)(\.\w+)+"
)


def strings() -> Iterator[str]:
    """Every string constant of the code that talks to Slack, the manifest's own and docstrings left out."""
    for folder in ("slack", "home"):
        for file in sorted((ROOT / "bot" / folder).glob("*.py")):
            if file.name == MANIFEST:
                continue
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


@pytest.mark.parametrize("url", [None, "https://answers.example.com/"])
def test_it_is_a_manifest_as_slack_takes_it(url: str | None) -> None:
    jsonschema.validate(app_manifest(url=url), SCHEMA)


def test_the_file_is_what_the_command_prints() -> None:
    """Otherwise: ``answerdesk manifest > manifests/slack/manifest.json``."""
    assert json.loads((MANIFESTS / "manifest.json").read_text()) == app_manifest()


def test_every_scope_has_its_reason_in_the_readme() -> None:
    """Otherwise: put what ``answerdesk manifest --why`` prints into manifests/slack/README.md."""
    assert reasons() in (MANIFESTS / "README.md").read_text()


def test_every_event_has_a_listener_and_every_listener_its_event() -> None:
    kinds = {event.partition(".")[0] for event in EVENT_SCOPES}
    heard = {string for string in strings() if string in kinds}
    assert heard == {event.partition(".")[0] for event in EVENTS}


def test_every_command_is_carried_out_and_every_one_that_is_told_of_is_there() -> None:
    """``/answerdesk`` is what is carried out where no other is meant."""
    names, known = {command.name for command in COMMANDS}, set(strings())
    assert {name for name in names if name.removeprefix("/") not in known} <= {"/answerdesk"}
    told_of = {name for string in known for name in re.findall(r"`(/[a-z]+)", string)}
    assert told_of - {SLACKS_OWN} <= names


def test_every_shortcut_has_somebody_who_takes_it() -> None:
    known = set(strings())
    assert [each.callback_id for each in SHORTCUTS if each.callback_id not in known] == []


def test_scopes_are_those_that_calls_and_events_need_and_no_others() -> None:
    called = {string for string in strings() if METHOD.fullmatch(string)}
    assert called - set(METHOD_SCOPES) == set(), "tell this test which scopes they need"
    needed = {scope for method in called for scope in METHOD_SCOPES[method]}
    needed |= {scope for event in EVENTS for scope in EVENT_SCOPES[event]}
    assert needed | {"commands"} == set(SCOPES)


def test_over_http_everything_comes_to_one_address_and_over_socket_mode_to_none() -> None:
    over_http = json.dumps(app_manifest(url="https://answers.example.com"))
    assert set(re.findall(r'https://[^"]+', over_http)) == {"https://answers.example.com/slack/events"}
    assert app_manifest(url="https://answers.example.com")["settings"]["socket_mode_enabled"] is False
    assert app_manifest()["settings"]["socket_mode_enabled"] is True
    assert "url" not in json.dumps(app_manifest())
