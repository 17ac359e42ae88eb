"""How a streamed message grows: its chunks become blocks. Pure."""

from typing import Any

from sandbox.conversations import Blocks, with_ids

Json = dict[str, Any]


def grown(blocks: Blocks, chunks: list[Json], *, plan: bool) -> Blocks:
    """The blocks that come of a message's blocks and more chunks; ``plan`` keeps the tasks together."""
    for chunk in chunks:
        match chunk["type"]:
            case "markdown_text":
                blocks = _with_text(blocks, chunk["text"])
            case "task_update":
                blocks = _with_task(blocks, chunk, plan=plan)
            case "plan_update":
                blocks = _with_plan(blocks, {"title": chunk["title"]})
            case _:
                blocks = [*blocks, *with_ids(chunk["blocks"])]
    return blocks


def text_of(blocks: Blocks) -> str:
    """What a streamed message says in words."""
    return "".join(block["text"] for block in blocks if block["type"] == "markdown")


def _with_text(blocks: Blocks, text: str) -> Blocks:
    if blocks and blocks[-1]["type"] == "markdown":
        return [*blocks[:-1], {**blocks[-1], "text": blocks[-1]["text"] + text}]
    return [*blocks, *with_ids([{"type": "markdown", "text": text}])]


def _with_task(blocks: Blocks, update: Json, *, plan: bool) -> Blocks:
    if plan:
        known: Json = next((block for block in blocks if block["type"] == "plan"), {"tasks": []})
        return _with_plan(blocks, {"tasks": _placed(known["tasks"], update)})
    cards = [block for block in blocks if block["type"] == "task_card"]
    if any(card["task_id"] == update["id"] for card in cards):
        return [_task(block, update) if block.get("task_id") == update["id"] else block for block in blocks]
    return [*blocks, *with_ids([_task({}, update)])]


def _placed(tasks: list[Json], update: Json) -> list[Json]:
    if any(task["task_id"] == update["id"] for task in tasks):
        return [_task(task, update) if task["task_id"] == update["id"] else task for task in tasks]
    return [*tasks, _task({}, update)]


def _with_plan(blocks: Blocks, fields: Json) -> Blocks:
    if any(block["type"] == "plan" for block in blocks):
        return [{**block, **fields} if block["type"] == "plan" else block for block in blocks]
    return [*blocks, *with_ids([{"type": "plan", "title": "", "tasks": [], **fields}])]


def _task(known: Json, update: Json) -> Json:
    """A task after an update: a title and a status replace, details, output and sources are added to."""
    task = {**known, "type": "task_card", "task_id": update["id"]}
    task |= {"title": update["title"], "status": update["status"]}
    for name in ("details", "output"):
        if update.get(name):
            task[name] = _rich(_plain(known.get(name)) + update[name])
    if update.get("sources"):
        task["sources"] = [*known.get("sources", []), *update["sources"]]
    return task


def _rich(text: str) -> Json:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [section]}


def _plain(rich: Json | None) -> str:
    return rich["elements"][0]["elements"][0]["text"] if rich else ""
