"""Without a language model, the handbook's sentences are shown where they answer, not where they are near.

Nobody is there to read a near miss and say that it is none; see docs/quality.md.
"""

import tomllib
from collections.abc import AsyncIterator

import pytest
from rich.console import Console

from bot.answering.extractive_model import LEAST_RELEVANCE, chosen, quotes
from desk.data_set import DataSet, Text
from desk.evaluation import indexed
from desk.sample import HANDBOOK
from desk.terminal import Terminal
from retrieval.search import Search
from retrieval.tuning import USUAL
from wire.search import SearchRequest
from wire.settings import Settings

ANSWERED = (
    "How many days of parental leave do I get in Germany?",
    "I lost my laptop, what do I do now?",
    "How much may a hotel cost?",
    "How many sick days before a doctor's note?",
    "Can I work from abroad?",
)
NOT_ANSWERED = (
    "What is the salary band of an engineer?",
    "salary band",
    "Can I bring my cat to the office?",
    "What was our revenue last year?",
    "Who won the football world cup?",
)
"""The first two are answered in a document that the whole company may not read."""


@pytest.fixture
async def search() -> AsyncIterator[Search]:
    known = tomllib.loads((HANDBOOK / "handbook.toml").read_text(encoding="utf-8"))
    documents = tuple(
        Text(id=name, title=about["title"], text=(HANDBOOK / f"{name}.md").read_text(encoding="utf-8"))
        for name, about in known.items()
        if "public" in about["allow"]
    )
    data = DataSet(name="handbook", documents=documents, queries=(), judged={}, digest="")
    settings, terminal = Settings(_env_file=None), Terminal(Console(quiet=True))
    async with indexed(data, tuning=USUAL, settings=settings, cache=None, terminal=terminal) as (found, _):
        yield found


async def test_a_near_miss_is_not_quoted(search: Search) -> None:
    assert [asked for asked in ANSWERED if not await _is_quoted(search, asked)] == []
    assert [asked for asked in NOT_ANSWERED if await _is_quoted(search, asked)] == []


async def test_each_part_of_a_question_is_quoted_for(search: Search) -> None:
    asked = "How many days of parental leave do I get in Germany and how much may a hotel cost?"
    found = await search.search(
        SearchRequest(query=asked, principals=("public",), with_highlights=True, limit=8)
    )
    shown = {found.passages[quote.passage].title for quote in chosen(found.passages)}
    assert shown == {"Parental leave in Germany", "Travel policy 2026"}


async def _is_quoted(search: Search, asked: str) -> bool:
    found = await search.search(
        SearchRequest(query=asked, principals=("public",), with_highlights=True, limit=8)
    )
    return found.relevance >= LEAST_RELEVANCE and bool(quotes(found.passages))
