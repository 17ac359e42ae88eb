"""When documents' own sentences are worth showing: `python tests/bench/bench_quoting.py DATA [--cache DIR]`.

Without a language model nobody reads a near miss and says that it is none, so quoting wants a higher bar than
a model does. Questions as in `bench_relevance.py`; each is searched as the bot without a model searches it,
and what counts is the search's `relevance` and the best sentence's similarity.
"""

import argparse
import asyncio
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[2]))

from bot.answering.extractive_model import best_score
from desk.data_set import read_data_set
from desk.evaluation import indexed
from desk.terminal import Terminal
from retrieval.search import Search
from retrieval.tuning import USUAL
from tests.bench.bench_relevance import FOREIGN, SEED, SETS, Kind, questions
from wire.search import SearchRequest
from wire.settings import Settings

MOST = 200
"""Questions of a kind, of a set: each costs a tenth of a second of encoding."""
RELEVANCES = (0.15, 0.3, 0.4, 0.5, 0.6, 0.7)
SCORES = (0.35, 0.45, 0.55)


@dataclass(frozen=True, kw_only=True)
class Looked:
    """A question, and how near anything came to it."""

    kind: Kind
    relevance: float
    score: float

    def quoted(self, *, relevance: float, score: float) -> bool:
        return self.relevance >= relevance and self.score >= score


async def look(search: Search, text: str, kind: Kind) -> Looked:
    found = await search.search(
        SearchRequest(query=text, principals=("public",), with_highlights=True, limit=8)
    )
    return Looked(kind=kind, relevance=found.relevance, score=best_score(found.passages))


async def looked_at(folder: Path, *, cache: Path | None) -> list[Looked]:
    rng = random.Random(SEED)
    by_kind: dict[Kind, list[str]] = {"answerable": [], "unanswerable": [], "foreign": []}
    for kind, text in questions(folder).values():
        by_kind[kind].append(text)
    for other in SETS:
        if other != folder.name:
            texts = [text for _, text in questions(folder.parent / other).values()]
            by_kind["foreign"] += rng.sample(texts, FOREIGN)
    asked = [
        (kind, text) for kind, texts in by_kind.items() for text in rng.sample(texts, min(MOST, len(texts)))
    ]
    terminal = Terminal(Console(stderr=True))
    settings = Settings(_env_file=None)
    async with indexed(
        read_data_set(folder), tuning=USUAL, settings=settings, cache=cache, terminal=terminal
    ) as (search, _):
        return [await look(search, text, kind) for kind, text in asked]


def share(looked: Sequence[Looked], kind: Kind, *, relevance: float, score: float) -> str:
    """How many of a kind are quoted for."""
    of_kind = [one for one in looked if one.kind == kind]
    if not of_kind:
        return "-"
    return f"{sum(one.quoted(relevance=relevance, score=score) for one in of_kind) / len(of_kind):.0%}"


def show(name: str, looked: Sequence[Looked]) -> None:
    kinds: tuple[Kind, ...] = ("answerable", "unanswerable", "foreign")
    counts = ", ".join(f"{sum(one.kind == kind for one in looked)} {kind}" for kind in kinds)
    print(f"\n{name}: {counts}; quoted for:\n")
    print(f"| relevance | sentence | {' | '.join(kinds)} |\n| --- | --- | --- | --- | --- |")
    for relevance in RELEVANCES:
        for score in SCORES:
            shares = [share(looked, kind, relevance=relevance, score=score) for kind in kinds]
            print(f"| {relevance} | {score} | {' | '.join(shares)} |")


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("data", type=Path, nargs="?")
    arguments.add_argument("--cache", type=Path, help="keep the indexes there for the next run")
    arguments.add_argument("--sets", nargs="+", default=list(SETS))
    given = arguments.parse_args()
    if given.data is None:
        print("left out: it needs the folder with the data sets as its argument")
        return
    for name in given.sets:
        show(name, await looked_at(given.data / name, cache=given.cache))


if __name__ == "__main__":
    asyncio.run(main())
