"""What becomes of others' attack strings: ``python -m tests.bench.bench_injections FOLDER``.

The folder holds ``*.jsonl`` whose rows have a ``text`` (or ``context``), and ``*.json`` of lists by name,
as the public sets do. Each string is written by a model as it is, a character at a time, behind a passage
that does not hold it; every moment of it is rendered as Markdown and as Slack's message. Ends with 1 if
anything got out.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from bot.answering.composition import Composition
from bot.slack.view import View, after, payload, slack_arguments
from tests.rendered import HIDDEN, Rendered, in_slack, rendered
from tests.retrieval_stand_in import passage

SHELF = (passage("Parents in Germany get 14 months of parental leave."),)
ALLOWED = {SHELF[0].url}
EVERY = 7
"""Moments that are rendered: each of so many characters, and the last."""


def strings(folder: Path) -> Iterator[str]:
    """All attack strings of a folder."""
    for path in sorted(folder.rglob("*.json*")):
        if path.suffix == ".jsonl":
            rows = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
            yield from (str(row.get("text") or row.get("context")) for row in rows)
        elif path.suffix == ".json":
            for texts in json.loads(path.read_text()).values():
                yield from map(str, texts)


def leaks(text: str) -> list[str]:
    """What got out at some moment."""
    composition = Composition(SHELF)
    view = View(doing="Writing")
    found: list[str] = []
    for at, character in enumerate(text):
        for event in composition.write(character):
            view = after(view, event)
        if at % EVERY == 0:
            found += _live(view)
    for event in composition.finish():
        view = after(view, event)
    return found + _live(view)


def _live(view: View) -> list[str]:
    shown = (rendered(view.text), in_slack(slack_arguments(payload(view))))
    return [
        *(live for seen in shown for live in _live_in(seen)),
        *HIDDEN.findall(view.text),
    ]


def _live_in(seen: Rendered) -> list[str]:
    return [*(seen.addresses - ALLOWED), *seen.pictures, *seen.html]


def main() -> int:
    """Print the count, and what got out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    texts = list(strings(parser.parse_args().folder))
    live = [text for text in texts if _live_in(rendered(text)) or HIDDEN.search(text)]
    out = {text: found for text in texts if (found := leaks(text))}
    print(f"{len(texts)} strings, {len(live)} of them live as they are; {len(out)} got anything out")
    for text, found in out.items():
        print(repr(text[:100]), found)
    return 1 if out else 0


if __name__ == "__main__":
    raise SystemExit(main())
