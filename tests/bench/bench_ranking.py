"""What ways of ranking, and of reading a question, are worth: `python tests/bench/bench_ranking.py DATA`.

DATA is a folder with data sets as `answerdesk eval` reads them. The figures are

* nDCG@10 of documents, each at its best passage, for ways of ordering the same 100 candidates;
* the same for questions with a typing error in one word, as they are and mended;
* for two questions in one: the share of their documents among the eight passages that a reader gets.
"""

import argparse
import asyncio
import random
import re
import string
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean

from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[2]))

from desk.data_set import DataSet, read_data_set
from desk.evaluation import indexed
from desk.irmeasures_metrics import metrics
from desk.terminal import Terminal
from retrieval.index import Hit
from retrieval.phrases import Pair, pairs
from retrieval.querying import Querying
from retrieval.ranking import Ranked, Ranking, chosen, ranked
from retrieval.stop_words import StopWords
from retrieval.tuning import USUAL
from wire.search import SearchRequest
from wire.settings import Settings

SETS = ("azure-ragchat", "mtrag-un", "sourcegraph-handbook", "cranfield", "cacm")
CANDIDATES = 100
READ = 8
PAIRS = 60
SEED = 7
LONG_WORD = 5

_WORD = re.compile(rf"[A-Za-z]{{{LONG_WORD},}}")

Order = Callable[[Sequence[Hit], Sequence[Pair]], list[Ranked]]


def by_share(share: float) -> Order:
    return lambda hits, pairs: ranked(hits, Ranking(meaning_share=share), now=datetime.now(UTC), pairs=pairs)


def without_pairs(hits: Sequence[Hit], _: Sequence[Pair]) -> list[Ranked]:
    return ranked(hits, Ranking(), now=datetime.now(UTC))


def by_ranks(hits: Sequence[Hit], _: Sequence[Pair]) -> list[Ranked]:
    """Reciprocal rank fusion, as the engine has it."""
    return [Ranked(hit, hit.score) for hit in sorted(hits, key=lambda hit: -hit.score)]


def with_chance_ages(hits: Sequence[Hit], pairs: Sequence[Pair]) -> list[Ranked]:
    """Where age counts and says nothing: every document is up to five years old, by chance."""
    now = datetime.now(UTC)

    def aged(hit: Hit) -> Hit:
        days = random.Random(hit.passage.document).uniform(0, 5 * 365)
        return replace(hit, passage=replace(hit.passage, updated_at=now - timedelta(days=days)))

    return ranked([aged(hit) for hit in hits], Ranking(half_life_days=365), now=now, pairs=pairs)


ORDERS: dict[str, Order] = {
    "ranks alone (RRF, k = 60)": by_ranks,
    "meaning 0.5": by_share(0.5),
    "**meaning 0.6**": by_share(0.6),
    "meaning 0.7": by_share(0.7),
    "meaning 0.6, without pairs of words": without_pairs,
    "age counts, by chance": with_chance_ages,
}


def documents(found: Sequence[Ranked]) -> list[str]:
    return list(dict.fromkeys(one.hit.passage.document for one in found))


def mistyped(question: str, rng: random.Random) -> str:
    """With one wrong letter in one of its longer words: left out, doubled, swapped or another one."""
    words = list(_WORD.finditer(question))
    if not words:
        return question
    match = rng.choice(words)
    word = match[0]
    place = rng.randrange(1, len(word) - 1)
    before, letter, after = word[:place], word[place], word[place + 1 :]
    wrong = rng.choice(
        [
            before + after,
            before + letter + letter + after,
            before + after[0] + letter + after[1:],
            before + rng.choice(string.ascii_lowercase) + after,
        ]
    )
    return question[: match.start()] + wrong + question[match.end() :]


async def asked(querying: Querying, text: str, *, plainly: bool = False, limit: int = READ) -> list[Ranked]:
    """The candidates; plainly is without mending and without parts."""
    request = SearchRequest(query=text, principals=("public",), limit=limit)
    return (await (querying._ask(text, request) if plainly else querying.ask(request))).found


async def show_orders(data: DataSet, querying: Querying) -> None:
    stop_words = StopWords.load()
    found: dict[str, dict[str, list[str]]] = {name: {} for name in ORDERS}
    for query in data.queries:
        candidates = await asked(querying, query.text, plainly=True, limit=CANDIDATES // 5)
        hits = [one.hit for one in candidates]
        together = pairs(query.text, stop_words=stop_words.of(query.text))
        for name, order in ORDERS.items():
            found[name][query.id] = documents(order(hits, together))
    for name, of_each in found.items():
        print(f"| {name} | {metrics(judged=data.judged, found=of_each).ndcg_at_10:.3f} |")


async def show_typing_errors(data: DataSet, querying: Querying) -> None:
    rng = random.Random(SEED)
    ways = {"plainly": True, "with mending and parts": False}
    for kind in ("as they are", "with a typing error"):
        texts = {
            query.id: query.text if kind == "as they are" else mistyped(query.text, rng)
            for query in data.queries
        }
        for way, plainly in ways.items():
            found = {
                known: documents(await asked(querying, text, plainly=plainly))
                for known, text in texts.items()
            }
            score = metrics(judged=data.judged, found=found).ndcg_at_10
            print(f"| questions {kind}, {way} | {score:.3f} |")


async def show_pairs(data: DataSet, querying: Querying) -> None:
    rng = random.Random(SEED)
    pairs = [rng.sample(data.queries, 2) for _ in range(PAIRS)]
    for way, plainly in {"as one": True, "in parts": False}.items():
        shares = []
        for first, second in pairs:
            begins, ends = (query.text.rstrip(" ?.!") for query in (first, second))
            text = f"{begins}? And {ends[0].lower()}{ends[1:]}?"
            found = chosen(await asked(querying, text, plainly=plainly), limit=READ, per_document=3)
            read = set(documents(found))
            shares += [
                len(read & set(data.judged[query.id])) / len(data.judged[query.id])
                for query in (first, second)
            ]
        print(f"| two questions in one, {way}: found of both | {mean(shares):.3f} |")


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("data", type=Path, nargs="?")
    arguments.add_argument("--cache", type=Path, help="keep the indexes there for the next run")
    arguments.add_argument("--sets", nargs="*", default=SETS)
    given = arguments.parse_args()
    if given.data is None:
        print("left out: it needs the folder with the data sets as its argument")
        return
    terminal = Terminal(Console(stderr=True))
    settings = Settings(_env_file=None)
    for name in given.sets:
        data = read_data_set(given.data / name)
        async with indexed(data, tuning=USUAL, settings=settings, cache=given.cache, terminal=terminal) as (
            search,
            _,
        ):
            print(f"\n| {name}, {len(data.queries)} questions | |\n| --- | --- |")
            await show_orders(data, search._querying)
            await show_typing_errors(data, search._querying)
            await show_pairs(data, search._querying)


if __name__ == "__main__":
    asyncio.run(main())
