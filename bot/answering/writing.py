"""One answer being written: a model's stream as answer events, whatever way it ends."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Literal

from bot.answering import sentences
from bot.answering.composition import Composition
from bot.answering.model import (
    Cited,
    Finished,
    Model,
    ModelEvent,
    Numbered,
    Text,
    Unseen,
    Used,
    Waiting,
    Writer,
)
from bot.answering.prompt import Count, Prompt
from wire.answers import AnswerEvent, Failed, Status, Usage
from wire.errors import UnavailableError

Ending = Literal["end", "length", "refused", "nothing", "cut", "slow"]
_UNTOLD: tuple[Ending, ...] = ("cut", "slow")
"""Endings that no report of the true use has come with."""
NOTES: dict[Ending, str] = {
    "length": sentences.TOO_LONG,
    "cut": sentences.CUT_OFF,
    "slow": sentences.TOO_SLOW,
}
"""What is said under an answer that ended so."""
WORDLESS: dict[Ending, Failed] = {"length": sentences.NO_ROOM, "slow": sentences.NO_ANSWER_IN_TIME}
"""What is said instead of one that ended so before its first word."""


def broken_off(text: str) -> str:
    """What an incomplete answer says before the note that it is one: what can be gone on from."""
    return next((head for note in NOTES.values() if (head := text.rpartition(f"\n\n{note}")[0])), "")


class Writing:
    """What has been written so far, and what it took.

    Attributes:
        composition: the text and its sources.
        usage: as the model reported it.
        model: who writes.
        prompt_tokens: what the prompt really was, for the model that was asked first; 0 until it is told.
        ending: how it ended; until it has, or where it was closed early, ``cut``.
        unseen: whether the prompt's pictures were not shown to it.
        first_words_at: when the first of the text came (``time.monotonic``); None before.
    """

    def __init__(self, *, model: Model, prompt: Prompt, count: Count, within_s: float) -> None:
        self.composition = Composition(prompt.passages, old=prompt.outdated)
        self.usage = Usage()
        self.model = model.name
        self.prompt_tokens = 0
        self.ending: Ending = "cut"
        self.first_words_at: float | None = None
        self.unseen = False
        self._model = model
        self._prompt = prompt
        self._count = count
        self._within_s = within_s
        self._told: list[str] = []
        self._counted = 0

    @property
    def wrote(self) -> bool:
        """Whether there are any words to show."""
        return bool(self.composition.text.strip())

    @property
    def tokens(self) -> int:
        """What the answer took: as reported at its end, and before it at least what we count ourselves."""
        untold = 0
        if self._told and (self.ending in _UNTOLD or not self.usage.output_tokens):
            untold = max(0, self._count("".join(self._told)) - self.usage.output_tokens)
        return self._counted + untold

    async def stream(self) -> AsyncGenerator[AnswerEvent, None]:
        """The events of the text.

        Closing it ends the model's call. A model that breaks off in mid-text ends it quietly, ``cut`` or
        ``slow``.

        Raises:
            UnavailableError: the model failed before its first words.
        """
        async with aclosing(self._told_in_time()) as told:
            async for event in told:
                for shown in self._shown(event):
                    yield shown
                if self.composition.full:
                    self.ending = "length"
                    break
        for shown in self.composition.settle():
            yield shown

    async def _told_in_time(self) -> AsyncGenerator[ModelEvent, None]:
        deadline = asyncio.get_running_loop().time() + self._within_s
        async with aclosing(self._model.stream(self._prompt)) as told:
            while True:
                try:
                    async with asyncio.timeout_at(deadline):
                        event = await anext(told, None)
                except TimeoutError:
                    self.ending = "slow"
                    return
                except UnavailableError:
                    if not self._told:
                        raise
                    return
                if event is None:
                    return
                yield event

    def _shown(self, event: ModelEvent) -> list[AnswerEvent]:
        match event:
            case Text():
                self.first_words_at = self.first_words_at or time.monotonic()
                self._told.append(event.text)
                return self.composition.write(event.text)
            case Cited():
                return self.composition.cite(passage=event.passage, quote=event.quote)
            case Numbered():
                self.composition.numbered = True
            case Unseen():
                self.unseen = True
            case Used():
                self.usage, self._counted = event.usage, event.counted
                if not self.prompt_tokens and self.model == self._model.name:
                    self.prompt_tokens = event.usage.input_tokens + event.usage.cache_read_input_tokens
            case Waiting():
                return [Status(text=sentences.model_busy(event.seconds))]
            case Writer():
                self.model = event.name
            case Finished():
                self.ending = event.stop
        return []
