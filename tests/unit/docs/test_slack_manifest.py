"""The app manifest asks Slack for what is used, and says why."""

import json
import re
from pathlib import Path

MANIFESTS = Path(__file__).parents[3] / "manifests" / "slack"
MANIFEST = json.loads((MANIFESTS / "manifest.json").read_text())


def test_every_scope_has_its_reason() -> None:
    explained = set(re.findall(r"`([a-z_.]+:[a-z_.]+|commands)`", (MANIFESTS / "README.md").read_text()))
    assert explained == set(MANIFEST["oauth_config"]["scopes"]["bot"])


def test_every_event_has_the_scope_that_slack_wants_for_it() -> None:
    scopes = MANIFEST["oauth_config"]["scopes"]["bot"]
    for event in MANIFEST["settings"]["event_subscriptions"]["bot_events"]:
        kind, _, where = event.partition(".")
        assert kind in ("app_mention", "message")
        assert ("app_mentions:read" if kind == "app_mention" else f"{where}:history") in scopes


def test_it_connects_by_socket_mode_alone() -> None:
    assert MANIFEST["settings"]["socket_mode_enabled"] is True
    assert "request_url" not in json.dumps(MANIFEST)
