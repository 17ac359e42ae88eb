"""Claude, or any server that speaks the Messages API.

The SDK's own patience is not ours: it would retry three times, sleep for as long as ``retry-after`` says
and wait ten minutes. Here a call is made once (``trying`` decides whether it is made again), or once more
without a feature that the server says it lacks. A stream that ends without ``message_stop`` and a stop
reason was cut off, even though the SDK raises nothing; errors in mid-stream come as a status error of
status 200, cut connections and stalls as the HTTP library's own errors.
"""

import asyncio
import dataclasses
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Literal

import anthropic
import httpx2
import structlog
from anthropic import AsyncAnthropic, omit
from anthropic.types import (
    RawContentBlockDelta,
    RawMessageStreamEvent,
    TextCitation,
)

from bot.answering import sentences
from bot.answering.claude_models import ClaudeFacts, facts_of
from bot.answering.claude_request import request_of, source_id
from bot.answering.model import Cited, Finished, HopelessError, ModelEvent, Numbered, Text, Unseen, Used
from bot.answering.model_features import KnownFeatures, ModelFeatures, complains_of_a_picture, without
from bot.answering.prompt import Prompt
from wire.answer_settings import ModelPrice
from wire.answers import Usage
from wire.errors import OverloadedError, UnavailableError

PUBLIC_API = "https://api.anthropic.com"
NO_KEY = "none"
"""Sent where no key is set: a server of one's own need not ask for one."""
CONNECT_WITHIN_S = 5.0
STALLED_AFTER_S = 30.0
"""Without a word for so long, the stream is given up. Pings do not count as words."""
COUNTED_WITHIN_S = 1.0
CITES = "claude"
"""In the name of a model that does, whoever serves it."""
NOT_TAKEN = (400, 422)
"""HTTP's words for a request that the server does not understand, or not all of it."""

_HOPELESS = {
    401: sentences.MODEL_REFUSES_KEY,
    403: sentences.MODEL_REFUSES_KEY,
    404: sentences.MODEL_NOT_THERE,
}
_BUSY = ("overloaded_error", "rate_limit_error")
_STOPS: dict[str, Literal["length", "refused"]] = {
    "refusal": "refused",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
}

_log = structlog.get_logger("claude")


@asynccontextmanager
async def claude(
    *,
    name: str,
    api_key: str | None,
    base_url: str | None,
    prices: Mapping[str, ModelPrice] | None = None,
    stalled_after_s: float = STALLED_AFTER_S,
) -> AsyncIterator["ClaudeModel"]:
    """The model, for as long as the block lasts. Nothing is called until the first answer."""
    async with AsyncAnthropic(
        # Whatever is left out here, the SDK would look for in the environment.
        api_key=api_key or NO_KEY,
        base_url=base_url or PUBLIC_API,
        max_retries=0,
        # Its spans could carry questions and documents.
        open_telemetry=False,
        timeout=anthropic.Timeout(stalled_after_s, connect=min(CONNECT_WITHIN_S, stalled_after_s)),
    ) as client:
        facts = facts_of(name, prices=prices)
        yield ClaudeModel(client, name=name, facts=facts, stalled_after_s=stalled_after_s)


class ClaudeModel:
    """Writes answers with citations that the API attributes, or with numbers to be checked where it can't."""

    metered = True
    reads_highlights = False
    reads_files = True

    def __init__(
        self,
        client: AsyncAnthropic,
        *,
        name: str,
        facts: ClaudeFacts,
        stalled_after_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._stalled_after_s = stalled_after_s
        self._facts = facts
        # Servers of one's own mostly take search results and pictures without a word, and show their model
        # none of them.
        theirs = CITES in name.lower()
        asked = ModelFeatures(citations=theirs, images=theirs)
        self._features = KnownFeatures(asked, clock=clock)
        self.name = name

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        """Write the answer.

        Raises:
            HopelessError: the server refuses our key, the model's name, or the request.
            OverloadedError: busy.
            UnavailableError: away, silent for too long, or cut off.
        """
        while True:
            try:
                async with aclosing(self._attempt(prompt)) as events:
                    async for event in events:
                        yield event
            except _UnseenError:
                _log.warning("the model's server did not take a question's pictures; it is asked without")
                prompt = dataclasses.replace(prompt, pictures=())
                yield Unseen()
            except _LacksError as lacking:
                self._features.lack(lacking.left)
                _log.warning("the model's server lacks a feature; it is done without", left=lacking.left)
            else:
                return

    async def count(self, prompt: Prompt) -> int | None:
        """The prompt's tokens as the API counts them, within a second; None where it does not say."""
        features = self._features.now()
        if not features.counting:
            return None
        request = request_of(prompt, features, self._facts)
        try:
            async with asyncio.timeout(COUNTED_WITHIN_S):
                counted = await self._client.messages.count_tokens(
                    model=self.name,
                    system=request.system,
                    messages=request.messages,
                    thinking=request.thinking,
                )
        except anthropic.NotFoundError:
            self._features.lack(dataclasses.replace(features, counting=False))
            return None
        except (anthropic.APIError, httpx2.HTTPError, json.JSONDecodeError, TimeoutError):
            return None
        return counted.input_tokens

    async def _attempt(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        features, effort = self._features.now(), self._facts.effort
        request = request_of(prompt, features, self._facts)
        reader = _Reader(request.results, self._facts)
        try:
            async with asyncio.timeout(self._stalled_after_s):
                stream = await self._client.messages.create(
                    model=self.name,
                    max_tokens=prompt.answer_tokens,
                    system=request.system,
                    messages=request.messages,
                    thinking=request.thinking,
                    output_config={"effort": effort} if effort and features.effort else omit,
                    stream=True,
                )
            async with stream:
                if not features.citations:
                    yield Numbered()
                if prompt.pictures and not features.images:
                    yield Unseen()
                while True:
                    async with asyncio.timeout(self._stalled_after_s):
                        raw = await anext(stream, None)
                    if raw is None:
                        break
                    for event in reader.read(raw):
                        yield event
        except (anthropic.APIError, httpx2.HTTPError, json.JSONDecodeError, TimeoutError) as error:
            complaint = _complaint(error)
            if prompt.pictures and features.images and complains_of_a_picture(complaint):
                raise _UnseenError from error
            left = without(features, complaint)
            raise (_translated(error) if left is None else _LacksError(left)) from error
        if not reader.ended:
            raise UnavailableError(sentences.MODEL_LOST, service="model")


def _complaint(error: Exception) -> str:
    """What the server says of a request that it does not take; nothing for any other error."""
    if not isinstance(error, anthropic.APIStatusError) or error.status_code not in NOT_TAKEN:
        return ""
    return str(error.body or error.message)


class _UnseenError(Exception):
    """The server refuses the question's pictures, whether it knows none or one is spoilt."""


class _LacksError(Exception):
    """The server refuses a part of the request that can be left out."""

    def __init__(self, left: ModelFeatures) -> None:
        super().__init__()
        self.left = left


class _Reader:
    """One stream's events as ours. A block's citations are told at its end, after its words."""

    def __init__(self, results: Sequence[tuple[str, ...]], facts: ClaudeFacts) -> None:
        self.ended = False
        self._results = results
        self._facts = facts
        self._citations: list[TextCitation] = []
        self._stop_reason: str | None = None
        self._usage = Usage()
        self._kept_tokens = 0

    def read(self, raw: RawMessageStreamEvent) -> list[ModelEvent]:
        match raw.type:
            case "message_start":
                return [self._used(raw.message.usage)]
            case "content_block_delta":
                return self._delta(raw.delta)
            case "content_block_stop":
                citations, self._citations = self._citations, []
                return [cited for citation in citations for cited in self._cited(citation)]
            case "message_delta":
                self._stop_reason = raw.delta.stop_reason
                return [self._used(raw.usage)]
            case "message_stop" if self._stop_reason is not None:
                self.ended = True
                return [Finished(stop=_STOPS.get(self._stop_reason, "end"))]
            case _:
                return []

    def _delta(self, delta: RawContentBlockDelta) -> list[ModelEvent]:
        if delta.type == "citations_delta":
            self._citations.append(delta.citation)
        return [Text(text=delta.text)] if delta.type == "text_delta" and delta.text else []

    def _cited(self, citation: TextCitation) -> Iterable[Cited]:
        if citation.type != "search_result_location":
            return
        place = citation.search_result_index
        if not 0 <= place < len(self._results) or citation.source != source_id(place):
            _log.warning("a citation of a passage that was not given was dropped")
            return
        # Our own words rather than the API's copy of them.
        quote = "".join(self._results[place][citation.start_block_index : citation.end_block_index])
        yield Cited(passage=place, quote=quote)

    def _used(self, usage: anthropic.types.Usage | anthropic.types.MessageDeltaUsage) -> Used:
        """Counts are cumulative; one that is not told again stands."""
        before = self._usage
        if usage.cache_creation_input_tokens is not None:
            self._kept_tokens = usage.cache_creation_input_tokens
        uncached = before.input_tokens
        if usage.input_tokens is not None:
            # What is written into the API's own prompt cache is input, too.
            uncached = usage.input_tokens + self._kept_tokens
        counted = Usage(
            input_tokens=uncached,
            output_tokens=usage.output_tokens,
            cache_read_input_tokens=usage.cache_read_input_tokens or before.cache_read_input_tokens,
        )
        cost_usd = self._facts.cost_usd(counted, kept_tokens=self._kept_tokens)
        self._usage = counted.model_copy(update={"cost_usd": round(cost_usd, 6)})
        return Used(usage=self._usage, counted=self._facts.counted(self._usage))


def _translated(error: Exception) -> UnavailableError:
    """The SDK's error as ours; the text is for the asker, the log has the kind for the operator."""
    status = error.status_code if isinstance(error, anthropic.APIStatusError) else None
    kind = error.type if isinstance(error, anthropic.APIStatusError) else None
    request = error.request_id if isinstance(error, anthropic.APIStatusError) else None
    _log.warning("model call failed", error=type(error).__name__, status=status, kind=kind, request=request)
    if isinstance(error, anthropic.APIStatusError):
        if kind in _BUSY or status in (429, 529):
            return OverloadedError(sentences.MODEL_BUSY, service="model", retry_after_s=_retry_after_s(error))
        if 400 <= error.status_code < 500:  # noqa: PLR2004 — HTTP's own numbers
            said = _HOPELESS.get(error.status_code, sentences.MODEL_REFUSES_REQUEST)
            return HopelessError(said, service="model")
    late = isinstance(error, TimeoutError | httpx2.TimeoutException | anthropic.APITimeoutError)
    return UnavailableError(sentences.MODEL_LATE if late else sentences.MODEL_AWAY, service="model")


def _retry_after_s(error: anthropic.APIStatusError) -> float | None:
    try:
        return max(0.0, float(error.response.headers.get("retry-after", "")))
    except ValueError:
        return None
