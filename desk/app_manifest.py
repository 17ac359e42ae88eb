"""``answerdesk manifest``: the Slack app's manifest, or why it asks for what it does."""

import json
import sys

from bot.slack.manifest import app_manifest, reasons


def print_manifest(*, url: str | None, why: bool) -> None:
    """On standard output: JSON to paste at Slack, or a table of scopes with their reasons."""
    text = reasons() if why else json.dumps(app_manifest(url=url), indent=2, ensure_ascii=False)
    sys.stdout.write(text + "\n")
