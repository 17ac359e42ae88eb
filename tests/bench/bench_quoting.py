"""When documents' own sentences are worth showing, and which: `python tests/bench/bench_quoting.py DATA`.

Without a language model nobody reads a near miss and says that it is none, so quoting wants a higher bar than
a model does. Questions as in `bench_relevance.py`; each is searched as the bot without a model searches it,
and what counts is the search's `relevance` and the best sentence's similarity.

Then, whatever the search thinks of it: how often the first document quoted answers a question, for several
shares of a passage's score in a sentence's worth; how often any does, and how many of those quoted do.
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

from bot.answering.extractive_model import OF_PASSAGE, chosen, quotes
from desk.data_set import read_data_set
from desk.evaluation import indexed
from desk.terminal import Terminal
from retrieval.search import Search
from retrieval.tuning import USUAL
from tests.bench.bench_relevance import FOREIGN, SEED, SETS, Kind, questions
from wire.search import Passage, SearchReply, SearchRequest
from wire.settings import Settings

MOST = 200
"""Questions of a kind, of a set: each costs a tenth of a second of encoding."""
RELEVANCES = (0.15, 0.3, 0.4, 0.5, 0.6, 0.7)
SCORES = (0.35, 0.45, 0.55)
OF_PASSAGES = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0)


@dataclass(frozen=True, kw_only=True)
class Looked:
    """A question, and how near anything came to it."""

    kind: Kind
    relevance: float
    score: float

    def quoted(self, *, relevance: float, score: float) -> bool:
        return self.relevance >= relevance and self.score >= score


async def searched(search: Search, text: str) -> SearchReply:
    """As the bot without a model searches."""
    return await search.search(
        SearchRequest(query=text, principals=("public",), with_highlights=True, limit=8)
    )


async def look(search: Search, text: str, kind: Kind) -> Looked:
    found = await searched(search, text)
    nearest = max((quote.nearness for quote in quotes(found.passages, least=-1.0)), default=0.0)
    return Looked(kind=kind, relevance=found.relevance, score=nearest)


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


@dataclass(frozen=True, kw_only=True)
class Quoted:
    """What would be quoted for a question, as whether each document answers it.

    Attributes:
        first: whether the document of the best sentence does, for each of `OF_PASSAGES`.
        shown: whether each of those that are shown does.
    """

    first: tuple[bool, ...]
    shown: tuple[bool, ...]


def quoted(passages: Sequence[Passage], answering: set[str]) -> Quoted:
    found = quotes(passages)
    best = max((passage.score for passage in passages), default=0.0)
    firsts = [
        max(
            found,
            key=lambda one: one.nearness - of_passage * (best - passages[one.passage].score),
            default=None,
        )
        for of_passage in OF_PASSAGES
    ]
    shown = dict.fromkeys(passages[quote.passage].document for quote in chosen(passages))
    return Quoted(
        first=tuple(one is not None and passages[one.passage].document in answering for one in firsts),
        shown=tuple(document in answering for document in shown),
    )


async def show_quoted(folder: Path, *, cache: Path | None) -> None:
    data = read_data_set(folder)
    asked = {known: text for known, (kind, text) in questions(folder).items() if kind == "answerable"}
    terminal, settings = Terminal(Console(stderr=True)), Settings(_env_file=None)
    all_quoted: list[Quoted] = []
    async with indexed(data, tuning=USUAL, settings=settings, cache=cache, terminal=terminal) as (search, _):
        for known, text in asked.items():
            passages = (await searched(search, text)).passages
            answering = {document for document, score in data.judged[known].items() if score > 0}
            all_quoted.append(quoted(passages, answering))
    shown = [right for one in all_quoted for right in one.shown]
    print(f"\n{folder.name}: the first document quoted is right, of {len(all_quoted)}:\n")
    for number, of_passage in enumerate(OF_PASSAGES):
        mark = " (as it is)" if of_passage == OF_PASSAGE else ""
        print(f"- {of_passage}{mark}: {sum(one.first[number] for one in all_quoted) / len(all_quoted):.1%}")
    print(
        f"- any that is shown: {sum(any(one.shown) for one in all_quoted) / len(all_quoted):.1%};"
        f" of {len(shown) / len(all_quoted):.2f} shown are right: {sum(shown) / len(shown):.1%}"
    )


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
        await show_quoted(given.data / name, cache=given.cache)


if __name__ == "__main__":
    asyncio.run(main())
