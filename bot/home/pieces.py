"""Pieces of Block Kit that our pages, lists and modals are made of (pure)."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.slack.mrkdwn import Block, section

SECTION_CHARS = 3_000
"""docs.slack.dev, section block."""
OPTION_CHARS = 75
"""docs.slack.dev, option object: the longest text."""


def header(text: str) -> Block:
    """A heading."""
    return {"type": "header", "text": plain(text)}


def divider() -> Block:
    """A line between two things."""
    return {"type": "divider"}


def plain(text: str) -> dict[str, Any]:
    """Words without any markup."""
    return {"type": "plain_text", "text": text, "emoji": True}


def button(
    label: str,
    action: str,
    value: str = "-",
    *,
    style: str | None = None,
    sure: str | None = None,
    hint: str | None = None,
) -> Block:
    """A button; ``sure`` is what it asks before it is pressed for good."""
    made: Block = {"type": "button", "text": plain(label), "action_id": action, "value": value}
    if style:
        made["style"] = style
    if hint:
        made["accessibility_label"] = hint
    if sure:
        made["confirm"] = {
            "title": plain("Are you sure?"),
            "text": plain(sure),
            "confirm": plain(label),
            "deny": plain("Not now"),
        }
    return made


def buttons(*elements: Block) -> Block:
    """Some of them in a row."""
    return {"type": "actions", "elements": list(elements)}


def menu(action: str, options: Mapping[str, str]) -> Block:
    """What else can be done: labels by their values."""
    return {"type": "overflow", "action_id": action, "options": [_option(*each) for each in options.items()]}


def choice(action: str, options: Mapping[str, str], chosen: str, *, hint: str) -> Block:
    """One of several: labels by their values."""
    return {
        "type": "static_select",
        "action_id": action,
        "placeholder": plain(hint),
        "options": [_option(*each) for each in options.items()],
        "initial_option": _option(chosen, options[chosen]),
    }


def beside(mrkdwn: str, accessory: Block) -> Block:
    """A paragraph with something to use beside it."""
    return {**section(mrkdwn), "accessory": accessory}


def lines(written: Sequence[str]) -> list[Block]:
    """Lines in as few paragraphs as Slack takes them in; none is cut in two."""
    texts: list[str] = []
    for line in written:
        if texts and len(texts[-1]) + len(line) < SECTION_CHARS:
            texts[-1] += f"\n{line}"
        else:
            texts.append(line)
    return [section(text) for text in texts]


def bounded(blocks: Sequence[Block], *, most: int, last: Block, chars: int | None = None) -> list[Block]:
    """So many at the most, and with so many characters; where there are more, the last one says so."""
    fitting: list[Block] = []
    left = math.inf if chars is None else chars - sum(map(len, _texts(last)))
    for block in blocks:
        left -= sum(map(len, _texts(block)))
        if left < 0 or (len(fitting) == most - 1 and len(blocks) > most):
            return [*fitting, last]
        fitting.append(block)
    return fitting


def _texts(part: Any) -> Iterator[str]:
    """Every string that is shown to a reader."""
    if isinstance(part, list):
        for item in part:
            yield from _texts(item)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key == "text" and isinstance(value, str):
                yield value
            else:
                yield from _texts(value)


def _option(value: str, label: str) -> Block:
    return {"text": plain(label[:OPTION_CHARS]), "value": value}


def modal(
    title: str, blocks: Sequence[Block], *, name: str = "", about: str = "", submit: str | None = None
) -> Block:
    """A window before somebody; ``about`` comes back with what they put into it."""
    made: Block = {"type": "modal", "title": plain(title), "blocks": list(blocks), "close": plain("Close")}
    if submit:
        made |= {"close": plain("Cancel"), "submit": plain(submit)}
        made |= {"callback_id": name, "private_metadata": about}
    return made
