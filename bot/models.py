"""Which models write answers and put questions in other words, as the settings say."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from bot.answering.claude_model import claude
from bot.answering.extractive_model import LEAST_RELEVANCE, ExtractiveModel
from bot.answering.model import Model
from bot.answering.observed_model import ModelMeter, ObservedModel
from bot.answering.trying import Trying
from wire.settings import Settings

PROVIDER = "anthropic"
"""Whose API it is that the model's server speaks; in traces."""
OURSELVES = "answerdesk"
NO_REWRITER = "none"
"""As ``REWRITE_MODEL``."""


@asynccontextmanager
async def opened_model(settings: Settings, meter: ModelMeter) -> AsyncIterator[Model]:
    """Claude, or any server that speaks its API; without either, the documents' own sentences."""
    if not _has_model(settings):
        yield ObservedModel(ExtractiveModel(), meter=meter, provider=OURSELVES)
        return
    names = [settings.answer_model, *filter(None, [settings.fallback_model])]
    async with AsyncExitStack() as stack:
        models = [await stack.enter_async_context(_claude(settings, name, meter)) for name in names]
        yield Trying(models, within_s=settings.answer_within_s)


@asynccontextmanager
async def opened_rewriter(settings: Settings, meter: ModelMeter) -> AsyncIterator[Model | None]:
    """A small model of the same server; None where there is none, or it is not wanted."""
    if not _has_model(settings) or settings.rewrite_model == NO_REWRITER:
        yield None
        return
    async with _claude(settings, settings.rewrite_model, meter) as model:
        yield model


def relevance_floor(settings: Settings) -> float:
    """Below it nothing relevant was found. Without a model nobody reads a near miss and says so of it."""
    return max(settings.relevance_floor, 0.0 if _has_model(settings) else LEAST_RELEVANCE)


def _has_model(settings: Settings) -> bool:
    return settings.anthropic_api_key is not None or settings.anthropic_base_url is not None


@asynccontextmanager
async def _claude(settings: Settings, name: str, meter: ModelMeter) -> AsyncIterator[Model]:
    key = settings.anthropic_api_key
    async with claude(
        name=name,
        api_key=key.get_secret_value() if key else None,
        base_url=settings.anthropic_base_url,
        prices=settings.model_prices,
    ) as model:
        yield ObservedModel(model, meter=meter, provider=PROVIDER)
