"""What chunk sizes, overlap and prefixes are worth: `python tests/bench/bench_chunking.py DATA [--limit N]`.

DATA is a folder with the data sets `azure-ragchat`, `chroma-chunking`, `mtrag-un` and
`sourcegraph-handbook`; a set that is not there is left out. Every setting gets an index of its own, is asked
every question the way readers ask (hybrid, at most three passages a document), and is judged by

* coverage: how much of the answer (its runs of five words) stands in the first 1,000 tokens found. The
  same tokens for every setting, so that long passages win nothing by being long.
* pages: nDCG@10 of the documents found, each at its best passage.
"""

import argparse
import asyncio
import json
import math
import re
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

sys.path.insert(0, str(Path(__file__).parents[2]))

from ingest.chunking import BETWEEN, Chunk, chunk
from ingest.writing import mean_of
from retrieval.edge_index import open_edge_index
from retrieval.fastembed_encoder import PACKAGED, FastembedEncoder, open_encoder
from retrieval.index import EncodedPassage, StoredPassage
from retrieval.ranking import Ranked, Ranking, chosen, ranked
from tests.bench.passages import stored

SETS = ("azure-ragchat", "chroma-chunking", "mtrag-un", "sourcegraph-handbook")
BUDGET_TOKENS = 1_000
RUN_OF_WORDS = 5
FETCHED = 100
PAGES = 10
PER_DOCUMENT = 3


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A way to cut."""

    name: str
    window_tokens: int = 254
    title: Literal["in both", "in words", "nowhere"] = "in both"
    headings: bool = True
    overlap_tokens: int = 0


SETTINGS = (
    Setting(name="254 tokens, title and headings"),
    Setting(name="the same, title in the words only", title="in words"),
    Setting(name="the same, no title", title="nowhere"),
    Setting(name="the same, nothing before the text", title="nowhere", headings=False),
    Setting(name="160 tokens", window_tokens=160),
    Setting(name="96 tokens", window_tokens=96),
    Setting(name="160 tokens, 32 of them overlap", window_tokens=160, overlap_tokens=32),
    Setting(name="200 tokens, title in the words only", window_tokens=200, title="in words"),
    Setting(name="160 tokens, title in the words only", window_tokens=160, title="in words"),
    Setting(name="128 tokens, title in the words only", window_tokens=128, title="in words"),
)


@dataclass(kw_only=True)
class Question:
    """A question, the pages that hold its answer, and the answer's words where they are known."""

    text: str
    pages: set[str] = field(default_factory=set)
    answer: str = ""


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def read_set(folder: Path, *, limit: int) -> tuple[list[dict[str, str]], list[Question]]:
    """Documents and questions; with a limit, so many questions, their pages and as many again."""
    asked: dict[str, Question] = {}
    for row in lines(folder / "queries.jsonl"):
        spans = " ".join(span["content"] for span in row.get("spans", []))
        asked[row["id"]] = Question(text=row["text"], answer=spans)
    if (folder / "answers.jsonl").exists():
        for row in lines(folder / "answers.jsonl"):
            if row["id"] in asked:
                asked[row["id"]].answer += f" {row['answer']}"
    for judged in (folder / "qrels.tsv").read_text().splitlines()[1:]:
        query, page, _ = judged.split("\t")
        asked[query].pages.add(page)
    questions = [question for question in asked.values() if question.pages][:limit]
    documents = lines(folder / "corpus.jsonl")
    wanted = {page for question in questions for page in question.pages}
    others = [document["id"] for document in documents if document["id"] not in wanted][: len(wanted)]
    kept = wanted | set(others)
    return [document for document in documents if document["id"] in kept], questions


def cut(document: dict[str, str], setting: Setting, encoder: FastembedEncoder) -> Iterable[Chunk]:
    """The document's chunks as this setting has them."""
    before_it = encoder.count_tokens(document["title"]) if setting.title == "in both" else 0
    pieces = chunk(
        document["text"],
        window_tokens=setting.window_tokens - setting.overlap_tokens - before_it,
        count_tokens=encoder.count_tokens,
    )
    before: Chunk | None = None
    for piece in pieces:
        embedded = piece.embedded if setting.headings else piece.text
        if setting.title == "in both":
            embedded = Chunk(0, piece.heading, "", embedded).words(document["title"])
        text = piece.text
        if setting.overlap_tokens and before is not None and before.heading == piece.heading:
            tail = " ".join(before.text.split()[-setting.overlap_tokens * 3 // 4 :])
            text = f"{tail}{BETWEEN}{piece.text}"
            embedded = embedded.replace(piece.text, text)
        before = piece
        # A text that is changed here has one meaning, as this setting has it.
        parts = piece.parts if embedded == piece.embedded else ()
        yield Chunk(piece.ordinal, piece.heading, text, embedded, parts)


async def encoded(
    documents: Sequence[dict[str, str]], setting: Setting, encoder: FastembedEncoder
) -> list[EncodedPassage]:
    """Every passage of the set with its vectors."""
    passages: list[EncodedPassage] = []
    for document in documents:
        pieces = list(cut(document, setting, encoder))
        vectors = [mean_of(await encoder.encode_passages(piece.meant)) for piece in pieces]
        in_words = setting.title == "in words"
        words = await encoder.weigh_passages(
            [piece.words(document["title"]) if in_words else piece.embedded for piece in pieces]
        )
        for piece, vector, sparse in zip(pieces, vectors, words, strict=True):
            passage = stored(document["id"], title=document["title"], piece=piece)
            passages.append(EncodedPassage(passage=passage, dense=vector, sparse=sparse))
    return passages


def runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[n : n + RUN_OF_WORDS]) for n in range(max(1, len(words) - RUN_OF_WORDS + 1))}


def coverage(question: Question, found: Sequence[StoredPassage], encoder: FastembedEncoder) -> float:
    """The share of the answer within the first tokens found."""
    left, seen = BUDGET_TOKENS, set[tuple[str, ...]]()
    for passage in found:
        tokens = encoder.count_tokens(passage.text)
        if tokens > left:
            break
        left -= tokens
        seen |= runs(passage.text)
    wanted = runs(question.answer)
    return len(wanted & seen) / len(wanted)


def ndcg(question: Question, found: Sequence[Ranked]) -> float:
    pages = list(dict.fromkeys(one.hit.passage.document for one in found))[:PAGES]
    gained = sum(1 / math.log2(rank + 2) for rank, page in enumerate(pages) if page in question.pages)
    best = sum(1 / math.log2(rank + 2) for rank in range(min(PAGES, len(question.pages))))
    return gained / best


async def judge(
    documents: Sequence[dict[str, str]],
    questions: Sequence[Question],
    setting: Setting,
    encoder: FastembedEncoder,
) -> str:
    """One row of the table."""
    started = time.perf_counter()
    passages = await encoded(documents, setting, encoder)
    took_s = time.perf_counter() - started
    covered: list[float] = []
    pages: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        async with open_edge_index(Path(folder), dimensions=encoder.dimensions, fingerprint="bench") as index:
            await index.upsert(passages)
            for question in questions:
                query = await encoder.encode_query(question.text)
                hits = await index.search(
                    dense=query.dense,
                    sparse=query.sparse,
                    principals=["public"],
                    sources=None,
                    limit=FETCHED,
                )
                found = ranked(hits, Ranking(), now=datetime.now(UTC))
                pages.append(ndcg(question, found))
                if question.answer:
                    first = [one.hit.passage for one in chosen(found, limit=30, per_document=PER_DOCUMENT)]
                    covered.append(coverage(question, first, encoder))
    share = f"{sum(covered) / len(covered):.3f}" if covered else "-"
    mean = sum(pages) / len(pages)
    return f"| {setting.name} | {len(passages)} | {share} | {mean:.3f} | {took_s:.0f} |"


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("data", type=Path, nargs="?")
    arguments.add_argument("--limit", type=int, default=1000, help="questions of a set, at the most")
    arguments.add_argument("--sets", nargs="*", default=SETS)
    arguments.add_argument("--settings", type=int, nargs="*", default=range(len(SETTINGS)), help="by number")
    given = arguments.parse_args()
    if given.data is None:
        print("left out: it needs the folder with the data sets as its argument")
        return
    async with open_encoder(model=PACKAGED, threads=1) as encoder:
        for name in given.sets:
            if not (given.data / name / "corpus.jsonl").exists():
                continue
            documents, questions = read_set(given.data / name, limit=given.limit)
            print(f"\n{name}: {len(documents)} documents, {len(questions)} questions\n")
            print("| setting | passages | coverage | pages nDCG@10 | encoding, s |")
            print("| --- | --- | --- | --- | --- |")
            for setting in (SETTINGS[number] for number in given.settings):
                print(await judge(documents, questions, setting, encoder), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
