"""Getting an answer from models that fail: once more, then another model, and none that is known to be down.

Only while nothing has been written: words that somebody has read are not written again. What a try that
failed has cost is added to the next one's, since the API bills both.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import structlog

from bot.answering import sentences
from bot.answering.breaker import Breaker
from bot.answering.model import HopelessError, Model, ModelEvent, Text, Used, Waiting, Writer
from bot.answering.prompt import Prompt
from wire.answers import Usage
from wire.errors import OverloadedError, UnavailableError

TRIES = 2
"""Calls of one model for one answer."""
RETRY_AFTER_S = 0.5
RETRY_WITHIN_S = 15.0
"""The longest ``retry-after`` that a person is let wait for, and is told of."""
LEAST_LEFT_S = 20.0
"""Time that must be left to write in after such a wait."""

_log = structlog.get_logger("model")


@dataclass
class _Spent:
    """What the tries before this one have cost."""

    usage: Usage = field(default_factory=Usage)
    counted: int = 0

    def plus(self, used: Used) -> Used:
        return Used(usage=self.usage.plus(used.usage), counted=self.counted + used.counted)


class Trying:
    """Several models as one: the first that writes is the answer's."""

    metered = True
    reads_highlights = False
    reads_files = True

    def __init__(self, models: Sequence[Model], *, within_s: float) -> None:
        """Put them in order.

        Args:
            models: the one to ask, and those to fall back to.
            within_s: seconds that an answer may take; no wait leaves less than 20 of them.
        """
        self._models = [(model, Breaker(clock=time.monotonic)) for model in models]
        self._within_s = within_s
        self.name = models[0].name
        self.retries = 0
        self.fallbacks = 0

    async def count(self, prompt: Prompt) -> int | None:
        """As the first one counts."""
        model, _ = self._models[0]
        return await model.count(prompt)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        """Write the answer.

        Raises:
            OverloadedError, UnavailableError: no model writes, or one broke off in mid-text.
        """
        deadline = time.monotonic() + self._within_s
        spent = _Spent()
        failure: UnavailableError | None = None
        for place, (model, breaker) in enumerate(self._models):
            is_last = place == len(self._models) - 1
            for remaining in reversed(range(TRIES)):
                attempt = _Attempt(model, breaker, spent, announced=place > 0)
                async with aclosing(attempt.stream(prompt)) as events:
                    async for event in events:
                        yield event
                if attempt.left_alone:
                    break
                self.fallbacks += int(place > 0 and remaining == TRIES - 1)
                if attempt.failure is None:
                    return
                failure = attempt.failure
                wait_s = _wait_s(failure, left_s=deadline - time.monotonic(), patient=is_last)
                if not remaining or wait_s is None:
                    break
                self.retries += 1
                yield Waiting(seconds=wait_s)
                await asyncio.sleep(wait_s)
        raise failure or OverloadedError(sentences.MODEL_LEFT_ALONE, service="model")


class _Attempt:
    """One call.

    Attributes:
        left_alone: the model is known to be down and was not called.
        failure: why the call came to nothing; None where it did not, or had written something.
    """

    def __init__(self, model: Model, breaker: Breaker, spent: _Spent, *, announced: bool) -> None:
        self.left_alone = False
        self.failure: UnavailableError | None = None
        self._model = model
        self._breaker = breaker
        self._spent = spent
        self._announced = announced
        self._used = Used(usage=Usage(), counted=0)
        self._decided = False

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        if not self._breaker.begin():
            self.left_alone = True
            return
        try:
            if self._announced:
                _log.warning("another model is asked", model=self._model.name)
                yield Writer(name=self._model.name)
            async with aclosing(self._model.stream(prompt)) as events:
                async for event in events:
                    if isinstance(event, Text):
                        self._went_well()
                    yield self._counted(event)
            self._went_well()
        except HopelessError as error:
            if self._decided:
                raise
            # Leaving it alone mends no key: everybody who asks is to read why, not that it is busy.
            self.failure = error
        except UnavailableError as error:
            if self._decided:
                raise
            self._failed(error)
        finally:
            if not self._decided:
                self._breaker.given_up()

    def _counted(self, event: ModelEvent) -> ModelEvent:
        if not isinstance(event, Used):
            return event
        self._used = self._spent.plus(event)
        return self._used

    def _went_well(self) -> None:
        self._decided = True
        self._breaker.went_well()

    def _failed(self, error: UnavailableError) -> None:
        self._decided = True
        self.failure = error
        self._breaker.failed(retry_after_s=error.retry_after_s)
        if self._used.counted:
            self._spent.usage, self._spent.counted = self._used.usage, self._used.counted


def _wait_s(failure: UnavailableError, *, left_s: float, patient: bool) -> float | None:
    """How long to wait before asking the same model again; None: not at all."""
    if isinstance(failure, HopelessError):
        return None
    wait_s = RETRY_AFTER_S if failure.retry_after_s is None else failure.retry_after_s
    # Where another model can be asked, nobody waits for this one.
    longest_s = min(RETRY_WITHIN_S, left_s - LEAST_LEFT_S) if patient else RETRY_AFTER_S
    return wait_s if wait_s <= max(longest_s, RETRY_AFTER_S) else None
