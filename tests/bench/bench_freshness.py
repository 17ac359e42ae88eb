"""Is what is found the new, never the old? `python tests/bench/bench_freshness.py PATH [--limit N]`.

PATH is the folder of the data set `sourcegraph-handbook`: a real handbook at two dates, and which of its
answers were changed, removed and added between them. The earlier one is indexed, then the difference is
announced, as a resync would; then every question is asked. An answer counts as found where one of its runs
of eight words that the other date's handbook does not have stands in a passage found.
"""

import argparse
import asyncio
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from nats.aio.client import Client

sys.path.insert(0, str(Path(__file__).parents[2]))

from ingest.client import IngestClient
from retrieval.client import RetrievalClient
from tests.bench.bench_ingest import is_ready, servers
from tests.e2e.worker_process import queued
from tests.until import until
from wire.documents import DocumentChanged, DocumentDelete, DocumentUpsert
from wire.errors import OverloadedError
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology
from wire.search import SearchRequest

BEFORE, AFTER = "2023-07-01", "HEAD"
RUN_OF_WORDS = 8
PASSAGES = 8
INDEXED_WITHIN_S = 3600.0

Handbook = dict[str, dict[str, Any]]
Runs = set[tuple[str, ...]]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def runs(text: str) -> Runs:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[n : n + RUN_OF_WORDS]) for n in range(len(words) - RUN_OF_WORDS + 1)}


def all_runs(handbook: Handbook) -> Runs:
    return {run for document in handbook.values() for run in runs(document["text"])}


def upsert(document: dict[str, Any], *, version: int) -> DocumentUpsert:
    return DocumentUpsert(
        source="handbook",
        id=document["id"],
        version=version,
        title=document["title"],
        body=document["text"],
        allow=("public",),
    )


def difference(before: Handbook, after: Handbook) -> list[DocumentChanged]:
    """What a resync would announce."""
    changed = [upsert(new, version=2) for known, new in after.items() if before.get(known) != new]
    gone = [DocumentDelete(source="handbook", id=known, version=2) for known in before if known not in after]
    return [*changed, *gone]


async def index(client: Client, changes: Iterable[DocumentChanged]) -> float:
    """Announce them all and wait; gives the seconds."""
    ingest, started = IngestClient(client), time.perf_counter()
    for changed in changes:
        while True:
            try:
                await ingest.announce(changed)
                break
            except OverloadedError:
                await asyncio.sleep(0.5)

    async def done() -> bool:
        return await queued(client) == 0

    await until(done, within_s=INDEXED_WITHIN_S, every_s=0.2)
    return time.perf_counter() - started


def chosen(
    questions: Sequence[dict[str, Any]], before: Handbook, after: Handbook, *, limit: int | None
) -> tuple[list[dict[str, Any]], Handbook, Handbook]:
    """With a limit: so many questions of each kind, and only the pages that hold their answers."""
    if limit is None:
        return list(questions), before, after
    taken: Counter[str] = Counter()
    some = []
    for question in questions:
        if taken[question["kind"]] < limit:
            taken[question["kind"]] += 1
            some.append(question)
    pages = {question.get(side) for question in some for side in ("path_old", "path_new")}
    before, after = (
        {known: page for known, page in book.items() if known in pages} for book in (before, after)
    )
    return some, before, after


async def count(
    client: Client, questions: Sequence[dict[str, Any]], *, old_only: Runs, new_only: Runs
) -> dict[str, Counter[str]]:
    """By kind: how many are asked, and for how many something new or something old is found."""
    counts: dict[str, Counter[str]] = {}
    for question in questions:
        request = SearchRequest(query=question["question"], principals=("public",), limit=PASSAGES)
        reply = await RetrievalClient(client, within_s=30).search(request)
        found: Runs = {run for passage in reply.passages for run in runs(passage.text)}
        kind = counts.setdefault(question["kind"], Counter())
        kind["asked"] += 1
        kind["with new words"] += bool(runs(question.get("answer_new", "")) & new_only)
        kind["new found"] += bool(found & runs(question.get("answer_new", "")) & new_only)
        kind["with old words"] += bool(runs(question.get("answer_old", "")) & old_only)
        kind["old found"] += bool(found & runs(question.get("answer_old", "")) & old_only)
        kind["anything old found"] += bool(found & old_only)
    return counts


def show(when: str, counts: dict[str, Counter[str]]) -> None:
    columns = ("asked", "with new words", "new found", "with old words", "old found", "anything old found")
    print(f"\n{when}\n\n| answers | {' | '.join(columns)} |\n|{' --- |' * (len(columns) + 1)}")
    for kind, row in counts.items():
        print(f"| {kind} | {' | '.join(str(row[column]) for column in columns)} |")


async def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("path", type=Path, nargs="?")
    arguments.add_argument("--limit", type=int, help="questions of each kind; only their pages are indexed")
    given = arguments.parse_args()
    if given.path is None:
        print("left out: it needs the folder of the data set as its argument")
        return 0
    books = [
        {page["id"]: page for page in lines(given.path / name)}
        for name in (f"corpus_at_{BEFORE}.jsonl", f"corpus_at_{AFTER}_unblinded.jsonl")
    ]
    asked = [
        row for row in lines(given.path / "freshness.jsonl") if (row["from"], row["to"]) == (BEFORE, AFTER)
    ]
    asked = [row for row in asked if row["kind"] in ("changed", "removed", "added")]
    questions, before, after = chosen(asked, books[0], books[1], limit=given.limit)
    changes = difference(before, after)
    old_runs, new_runs = all_runs(before), all_runs(after)
    with tempfile.TemporaryDirectory() as folder, servers(Path(folder)) as url:
        async with connected(url, name="bench") as client:
            await ensure_topology(client)
            await until(lambda: is_ready(client), within_s=30, every_s=0.1)
            took_s = await index(client, (upsert(page, version=1) for page in before.values()))
            print(f"{len(before)} pages of {BEFORE} indexed in {took_s:.0f} s")
            only = {"old_only": old_runs - new_runs, "new_only": new_runs - old_runs}
            show(f"before the difference is announced ({BEFORE})", await count(client, questions, **only))
            took_s = await index(client, changes)
            print(f"\n{len(changes)} differences indexed in {took_s:.0f} s")
            counts = await count(client, questions, **only)
            show(f"after it ({AFTER})", counts)
    return 1 if any(row["anything old found"] for row in counts.values()) else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
