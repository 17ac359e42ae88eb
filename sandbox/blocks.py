"""Which blocks, views and chunks Slack takes, and which limits it holds them to as a whole. Pure.

Their shapes and lengths are ``schema``'s. The numbers here are Slack's documented ones, but for a message's
total, which is what was found in the field (bolt-js issue 2509: ``msg_blocks_too_long`` at about 13,200).
"""

import json
from collections.abc import Iterator
from typing import Any

from sandbox.errors import SlackError
from sandbox.schema.shapes import MisshapenError, check_shape

Json = dict[str, Any]

MOST_BLOCKS = 50
MOST_CHARS = 13_200
MOST_MARKDOWN_CHARS = 12_000
"""Of all ``markdown`` blocks of a message together."""
MOST_VIEW_BLOCKS = 100
MOST_VIEW_BYTES = 250_000

MESSAGES_ONLY = {"alert", "context_actions", "data_table", "file", "markdown", "plan", "table", "task_card"}
"""Blocks that no modal and no App Home takes (the reference's "available in surfaces")."""


def check_blocks(blocks: object) -> list[Json]:
    """Give a message's blocks back if Slack would take them.

    Raises:
        SlackError: ``invalid_blocks_format``, ``invalid_blocks`` (with the place), ``msg_blocks_too_long``.
    """
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise SlackError("invalid_blocks_format")
    try:
        _check_all(blocks, most=MOST_BLOCKS, at="/blocks")
    except MisshapenError as wrong:
        raise SlackError("invalid_blocks", messages=(str(wrong),)) from None
    if sum(len(text) for text in _texts(blocks)) > MOST_CHARS:
        raise SlackError("msg_blocks_too_long")
    return blocks


def check_view(view: object, *, types: tuple[str, ...]) -> Json:
    """Give a view back if Slack would show it where a view of these ``types`` (modal, home) is meant.

    Raises:
        SlackError: ``invalid_arguments`` (with the place), ``view_too_large``.
    """
    try:
        if not isinstance(view, dict):
            raise MisshapenError("must be an object", "/view")  # noqa: TRY301 — one way out for all of them
        _check_view(view, types)
    except MisshapenError as wrong:
        raise SlackError("invalid_arguments", messages=(str(wrong),)) from None
    if len(json.dumps(view)) > MOST_VIEW_BYTES:
        raise SlackError("view_too_large")
    return view


def check_chunks(chunks: object) -> list[Json]:
    """Give a stream's chunks back if Slack would take them.

    Raises:
        SlackError: ``invalid_chunks`` (with the place).
    """
    try:
        if not isinstance(chunks, list):
            raise MisshapenError("must be an array", "/chunks")  # noqa: TRY301 — one way out for all of them
        for number, chunk in enumerate(chunks):
            check_shape(chunk, "AnyChunk", at=f"/chunks/{number}")
    except MisshapenError as wrong:
        raise SlackError("invalid_chunks", messages=(str(wrong),)) from None
    return chunks


def _check_view(view: Json, types: tuple[str, ...]) -> None:
    if view.get("type") not in types:
        raise MisshapenError(f"unsupported type: {view.get('type')}", "/view/type")
    check_shape(view, "ModalView" if view["type"] == "modal" else "HomeView", at="/view")
    for number, block in enumerate(view["blocks"]):
        if block["type"] in MESSAGES_ONLY:
            raise MisshapenError(f"unsupported type: {block['type']}", f"/view/blocks/{number}/type")
    _check_all(view["blocks"], most=MOST_VIEW_BLOCKS, at="/view/blocks")
    if view["type"] == "modal" and "submit" not in view and any(b["type"] == "input" for b in view["blocks"]):
        raise MisshapenError("missing required field: submit", "/view")


def _check_all(blocks: list[Json], *, most: int, at: str) -> None:
    if len(blocks) > most:
        raise MisshapenError(f"no more than {most} items allowed", at)
    for number, block in enumerate(blocks):
        place = f"{at}/{number}"
        check_shape(block, "KnownBlock", at=place)
        if block["type"] == "section" and "text" not in block and not block.get("fields"):
            raise MisshapenError("missing required field: text", place)
        _check_unique(block.get("elements", []), "action_id", f"{place}/elements")
    if sum(block["type"] == "table" for block in blocks) > 1:
        raise MisshapenError("only one table is allowed", at)
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MOST_MARKDOWN_CHARS:
        raise MisshapenError(f"must be less than {MOST_MARKDOWN_CHARS + 1} characters", at)
    _check_unique(blocks, "block_id", at)


def _check_unique(items: list[Json], key: str, at: str) -> None:
    named = [item[key] for item in items if item.get(key)]
    if len(named) != len(set(named)):
        raise MisshapenError(f"{key} already exists", at)


def _texts(part: object) -> Iterator[str]:
    """Every string that is shown to a reader."""
    if isinstance(part, list):
        for item in part:
            yield from _texts(item)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key == "text" and isinstance(value, str):
                yield value
            elif key != "confirm":
                yield from _texts(value)
