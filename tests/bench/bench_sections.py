"""How well questions find their sections: `python tests/bench/bench_sections.py DATA/sourcegraph-handbook`.

The set has, beside its pages, sections of them (`passages.jsonl`) and which of these answer which question
(`qrels_passages.tsv`). Our passages are cut otherwise, so a passage that was found stands for the sections
that it holds: those with which it shares half of the runs of five words that the shorter of the two has.
The figures are nDCG@10 and recall@10 of sections, each once:

* passage after passage, each with its sections in the order of the document;
* passage after passage, each with the section of its nearest sentence first;
* sentence after sentence, as an answer without a language model quotes them from all passages.
"""

import argparse
import asyncio
import csv
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[2]))

from bot.answering.extractive_model import quotes
from desk.data_set import read_data_set
from desk.evaluation import indexed
from desk.irmeasures_metrics import metrics
from desk.terminal import Terminal
from retrieval.tuning import USUAL
from tests.bench.bench_chunking import lines, runs
from wire.search import Passage, SearchRequest
from wire.settings import Settings

PASSAGES = 20
LEAST_SHARE = 0.5


@dataclass(frozen=True)
class Section:
    """A section of a page, with its runs of words."""

    id: str
    runs: frozenset[tuple[str, ...]]


class Sections:
    """The set's sections, and which of them a text of a page holds."""

    def __init__(self, folder: Path) -> None:
        self._of_page: defaultdict[str, list[Section]] = defaultdict(list)
        for row in lines(folder / "passages.jsonl"):
            self._of_page[row["doc_id"]].append(Section(row["id"], frozenset(runs(row["text"]))))
        self.held = lru_cache(maxsize=None)(self._held)

    def _held(self, page: str, text: str) -> list[str]:
        """In the order of the page."""
        ours = runs(text)
        return [
            section.id
            for section in self._of_page[page]
            if len(ours & section.runs) >= LEAST_SHARE * max(1, min(len(ours), len(section.runs)))
        ]

    def by_passage(self, passages: Sequence[Passage]) -> list[str]:
        return [section for one in passages for section in self.held(one.document, one.text)]

    def by_highlight(self, passages: Sequence[Passage]) -> list[str]:
        return [
            section
            for one in passages
            for span in (*(one.highlights or ()), None)
            for section in self.held(one.document, one.text[span.start : span.end] if span else one.text)
        ]

    def by_quote(self, passages: Sequence[Passage]) -> list[str]:
        """By worth, however little similar; sections without a sentence that was looked at come last."""
        quoted = [
            section
            for quote in quotes(passages, least=0.0)
            for passage in (passages[quote.passage],)
            for section in self.held(passage.document, passage.text[quote.piece.start : quote.piece.end])
        ]
        return [*quoted, *self.by_highlight(passages)]


def judged_sections(folder: Path) -> dict[str, dict[str, int]]:
    judged: dict[str, dict[str, int]] = {}
    with (folder / "qrels_passages.tsv").open() as file:
        for row in csv.DictReader(file, delimiter="\t"):
            judged.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    return judged


async def show(folder: Path, *, cache: Path | None) -> None:
    data, sections = read_data_set(folder), Sections(folder)
    orders = {
        "passages": sections.by_passage,
        "passages, the nearest sentence first": sections.by_highlight,
        "sentences, as they are quoted": sections.by_quote,
    }
    found: dict[str, dict[str, Sequence[str]]] = {order: {} for order in orders}
    terminal, settings = Terminal(Console(stderr=True)), Settings(_env_file=None)
    async with indexed(data, tuning=USUAL, settings=settings, cache=cache, terminal=terminal) as (search, _):
        for query in data.queries:
            request = SearchRequest(
                query=query.text,
                principals=("public",),
                limit=PASSAGES,
                per_document=PASSAGES,
                with_highlights=True,
            )
            passages = (await search.search(request)).passages
            for order, listed in orders.items():
                found[order][query.id] = list(dict.fromkeys(listed(passages)))
    print("| sections by | nDCG@10 | recall@10 |\n| --- | --- | --- |")
    for order, of_each in found.items():
        scores = metrics(judged=judged_sections(folder), found=of_each)
        print(f"| {order} | {scores.ndcg_at_10:.3f} | {scores.recall_at_10:.3f} |")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("data", type=Path, nargs="?")
    arguments.add_argument("--cache", type=Path, help="keep the index there for the next run")
    given = arguments.parse_args()
    if given.data is None:
        print("left out: it needs the folder of sourcegraph-handbook as its argument")
        return
    asyncio.run(show(given.data, cache=given.cache))


if __name__ == "__main__":
    main()
