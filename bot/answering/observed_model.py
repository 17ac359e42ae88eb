"""A model whose calls are counted and traced; what it writes passes through unchanged."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Literal, Protocol

from bot.answering.model import Finished, HopelessError, Model, ModelEvent, Text, Used
from bot.answering.prompt import Prompt
from wire.answers import Usage
from wire.errors import OverloadedError, UnavailableError
from wire.opentelemetry_spans import Value, begun

Result = Literal[
    "end", "length", "refused", "nothing", "closed", "hopeless", "overloaded", "unavailable", "bug"
]
"""How a call ended: as the model says, closed by us, or by which kind of error."""


@dataclass(kw_only=True)
class ModelCall:
    """One call, as far as it has come.

    Attributes:
        first_words_s: from the call to the first of its text; None before.
        seconds: from the call to its end.
        usage: as the model reported it, however it ended.
    """

    model: str
    result: Result = "closed"
    first_words_s: float | None = None
    seconds: float = 0.0
    usage: Usage = field(default_factory=Usage)


class ModelMeter(Protocol):
    """Counts calls of models."""

    def called(self, call: ModelCall) -> None:
        """One has ended."""


class ObservedModel:
    """The same model, observed."""

    def __init__(self, model: Model, *, meter: ModelMeter, provider: str) -> None:
        """Observe this model's calls; ``provider`` is who serves it, as OpenTelemetry calls it."""
        self._model = model
        self._meter = meter
        self._provider = provider
        self.name = model.name
        self.metered = model.metered
        self.reads_highlights = model.reads_highlights
        self.reads_files = model.reads_files

    async def count(self, prompt: Prompt) -> int | None:
        """As the model counts."""
        return await self._model.count(prompt)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        """Write the answer. Raises as the model does."""
        call, started = ModelCall(model=self.name), time.monotonic()
        span = begun(f"chat {self.name}", kind="client", attributes=self._asked(prompt))
        try:
            async with aclosing(self._model.stream(prompt)) as events:
                async for event in events:
                    match event:
                        case Text() if call.first_words_s is None:
                            call.first_words_s = time.monotonic() - started
                        case Used():
                            call.usage = event.usage
                        case Finished():
                            call.result = event.stop
                    yield event
        except Exception as error:
            call.result = _result_of(error)
            span.failed(type(error).__name__)
            raise
        finally:
            call.seconds = time.monotonic() - started
            self._meter.called(call)
            span.note(_answered(call))
            span.end()

    def _asked(self, prompt: Prompt) -> dict[str, Value]:
        """By OpenTelemetry's conventions for generative AI: never what is written there or here."""
        return {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": self._provider,
            "gen_ai.request.model": self.name,
            "gen_ai.request.max_tokens": prompt.answer_tokens,
            "gen_ai.request.stream": True,
            "gen_ai.output.type": "text",
            "answerdesk.passages": len(prompt.passages),
        }


def _answered(call: ModelCall) -> dict[str, Value]:
    told: dict[str, Value] = {
        "gen_ai.response.model": call.model,
        "gen_ai.response.finish_reasons": (call.result,),
        # OpenTelemetry counts what is read from the provider's cache among the input.
        "gen_ai.usage.input_tokens": call.usage.input_tokens + call.usage.cache_read_input_tokens,
        "gen_ai.usage.cache_read.input_tokens": call.usage.cache_read_input_tokens,
        "gen_ai.usage.output_tokens": call.usage.output_tokens,
        "answerdesk.cost_usd": call.usage.cost_usd,
    }
    if call.first_words_s is not None:
        told["gen_ai.response.time_to_first_chunk"] = round(call.first_words_s, 4)
    return told


def _result_of(error: Exception) -> Result:
    match error:
        case HopelessError():
            return "hopeless"
        case OverloadedError():
            return "overloaded"
        case UnavailableError():
            return "unavailable"
        case _:
            return "bug"
