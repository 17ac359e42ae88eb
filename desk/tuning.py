"""How documents are searched, as the settings have it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from retrieval.fastembed_reranker import open_reranker
from retrieval.glossary import Glossary
from retrieval.ranking import Ranking
from retrieval.tuning import Tuning
from wire.settings import Settings


@asynccontextmanager
async def open_tuning(settings: Settings) -> AsyncIterator[Tuning]:
    """The tuning, with its reranker where one is set, for as long as the block lasts.

    Raises:
        SettingsError: the reranker can't be loaded.
    """
    tuning = Tuning(ranking=ranking_of(settings), glossary=Glossary(settings.glossary))
    if settings.rerank_model is None:
        yield tuning
        return
    async with open_reranker(
        model=settings.rerank_model, threads=settings.embedding_threads, within_s=settings.rerank_within_s
    ) as reranker:
        yield Tuning(ranking=tuning.ranking, glossary=tuning.glossary, reranker=reranker)


def ranking_of(settings: Settings) -> Ranking:
    """What sources' weights and documents' ages count."""
    return Ranking(
        source_weights={
            name: source.weight for name, source in settings.sources.items() if source.weight != 1
        },
        half_life_days=settings.recency_half_life_days,
    )
