"""What Slack is sent of a text that a model writes, held against what Slack takes and what it makes live."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from bot.answering.addresses import Addresses
from bot.answering.gate import Gate
from bot.slack.mrkdwn import escaped, unescaped
from bot.slack.view import View, payloads, slack_arguments
from sandbox.blocks import check_blocks
from wire.answers import Source

TEXT_CHARS = 4_000
"""docs.slack.dev, chat.update."""
LIVE = re.compile(r"<[!@#][^>]*>")
PINGS = frozenset({"user", "usergroup", "channel", "broadcast", "team", "color", "date", "emoji", "image"})
SOURCE = Source(
    index=1, source="handbook", document="leave", version=1, title="<!here>", url="https://x.example"
)


def let_through(text: str) -> str:
    """What of it reaches anybody."""
    gate = Gate(Addresses(()), most_chars=100_000)
    return "".join(piece for piece in chain(gate.write(text), gate.flush()) if isinstance(piece, str))


def problems(text: str, *, every: int = 1) -> Iterator[str]:
    """What is wrong with the messages that show it, at each moment (or every so many characters) of it."""
    if unescaped(escaped(text)) != text:
        yield "escaping does not come back"
    for shown in (text, let_through(text)):
        for end in range(0, len(shown), every):
            yield from _problems(View(text=shown[:end], doing="Writing…", sources=(SOURCE,)))
        yield from _problems(View(text=shown, sources=(SOURCE,)))


def _problems(view: View) -> Iterator[str]:
    for message in payloads(view):
        sent = slack_arguments(message)
        if len(sent["text"]) > TEXT_CHARS:
            yield f"{len(sent['text'])} characters of text after {view.text[-40:]!r}"
        if live := LIVE.findall(sent["text"]):
            yield f"live in the text: {live}"
        try:
            check_blocks(sent.get("blocks", []))
        except Exception as error:  # noqa: BLE001 — told with what it was
            yield f"{error!r} {getattr(error, 'messages', '')} after {view.text[-40:]!r}"
        for part in _parts(sent.get("blocks", [])):
            if part.get("type") in PINGS:
                yield f"a live {part['type']}"
            if part.get("type") == "mrkdwn" and (live := LIVE.findall(part["text"])):
                yield f"live in a line: {live}"


def _parts(node: Any) -> Iterable[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _parts(each)
