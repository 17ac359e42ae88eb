"""A company's worth of made-up passages: many, in seconds, for benchmarks of searching alone.

Texts are words of the sample handbook in random order, so that words are as frequent and as rare as in a
handbook; their BM25 weights are real. Their meanings are random directions: to encode ten thousand passages
would take minutes, and a full scan takes as long for random directions as for any others.
"""

import random
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from retrieval.encoding import Encoder
from retrieval.heads import Heads
from retrieval.index import EncodedPassage, Index, StoredPassage
from wire.documents import document_key
from wire.heads import Head

HANDBOOK = Path(__file__).parents[2] / "sandbox" / "company" / "handbook"
SOURCE = "bench"
EDITION = "0-bench"
PER_DOCUMENT = 4
LEAST_WORDS, MOST_WORDS = 60, 180
READER = ("public", "user:U1", "email:ana@example.com", "group:S1")
"""Reads four passages in five: seven are everybody's, one the reader's group's, two other people's."""
ALLOWED = (("public",),) * 7 + (("group:S1", "group:S2"), ("group:S2",), ("user:U2", "user:U3"))
PER_WRITE = 1_000
SEED = 7


def handbook_words() -> list[str]:
    """The sample handbook's words, in its order."""
    texts = " ".join(path.read_text() for path in sorted(HANDBOOK.glob("*.md")))
    return re.findall(r"[a-z0-9]{2,}", texts.lower())


def questions(encoder: Encoder, *, tokens: int) -> Iterator[str]:
    """Runs of the handbook's words of exactly so many tokens, each once, in random order."""
    words = handbook_words()
    starts = list(range(len(words) - tokens))
    random.Random(SEED).shuffle(starts)
    seen: set[str] = set()
    for start in starts:
        for length in range(tokens, tokens // 2, -1):
            question = " ".join(words[start : start + length])
            if encoder.count_tokens(question) == tokens and question not in seen:
                seen.add(question)
                yield question
                break


async def write_many(count: int, *, index: Index, encoder: Encoder, heads: Heads) -> None:
    """Write so many passages, four a document, and show them all."""
    chance, words = random.Random(SEED), handbook_words()
    directions = np.random.default_rng(SEED)
    for start in range(0, count, PER_WRITE):
        texts = [
            " ".join(chance.choices(words, k=chance.randint(LEAST_WORDS, MOST_WORDS)))
            for _ in range(PER_WRITE)
        ]
        sparse = await encoder.weigh_passages(texts)
        dense = directions.normal(size=(PER_WRITE, encoder.dimensions))
        dense /= np.linalg.norm(dense, axis=1, keepdims=True)
        await index.upsert(
            [
                EncodedPassage(
                    passage=_passage(start + number, texts[number]),
                    dense=dense[number].tolist(),
                    sparse=sparse[number],
                )
                for number in range(PER_WRITE)
            ]
        )
    for document in range(count // PER_DOCUMENT):
        await _show(str(document), heads=heads)


def _passage(number: int, text: str) -> StoredPassage:
    document = number // PER_DOCUMENT
    return StoredPassage(
        id=str(uuid.UUID(int=number)),
        source=SOURCE,
        document=str(document),
        version=1,
        edition=EDITION,
        title=f"Document {document}",
        url=f"https://example.com/{document}",
        heading=("Handbook", f"Document {document}"),
        ordinal=number % PER_DOCUMENT,
        text=text,
        allow=ALLOWED[document % len(ALLOWED)],
        updated_at=datetime(2026, 11, 1, tzinfo=UTC),
    )


async def _show(document: str, *, heads: Heads) -> None:
    head = Head(
        source=SOURCE,
        document=document,
        version=1,
        state="live",
        edition=EDITION,
        passages=PER_DOCUMENT,
        changed_at=datetime.now(UTC),
    )
    if not heads.shown(document_key(SOURCE, document)).edition:
        await heads.advance(head, over=0)
