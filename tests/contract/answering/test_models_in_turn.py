"""Two models and an answer: which one wrote it, what is kept, and what is counted."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest

from bot.answering import sentences
from bot.answering.answering import Answering
from bot.answering.model import Cited, Finished, ModelEvent, Text, Used
from bot.answering.prompt import Prompt
from bot.answering.quota import QuotaLimits
from bot.answering.trying import Trying
from bot.answering.valkey_cache import ValkeyCache
from bot.answering.valkey_connection import Valkey
from bot.answering.valkey_quota import ValkeyQuota
from tests.claude_stand_in import input_tokens
from tests.contract.answering.telling import GERMANY, Desk, question, standing, tell
from tests.retrieval_stand_in import passage
from wire.answers import Status, Usage
from wire.errors import OverloadedError, UnavailableError


@dataclass
class Writes:
    """A model that writes the same to everybody, and counts twice the tokens that we do."""

    name: str
    failure: UnavailableError | None = None
    metered: bool = True
    reads_highlights: bool = False
    reads_files: bool = True
    counts: int | None = None

    async def count(self, prompt: Prompt) -> int | None:  # noqa: ARG002 — as `Model`
        return self.counts

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        used = Usage(input_tokens=2 * prompt.tokens, output_tokens=1)
        yield Used(usage=used, counted=2 * prompt.tokens + 1)
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        yield Text(text="Parents in Germany get 14 months.")
        yield Cited(passage=0, quote="Parents in Germany get 14 months of parental leave.")
        yield Finished(stop="end")


async def test_the_other_models_answer_says_so_and_is_not_kept(desk: Desk, connection: Valkey) -> None:
    """The first one will be back, and its answers are what people were promised."""
    away = UnavailableError("away", service="model")
    trying = Trying([Writes("first", failure=away), Writes("second")], within_s=60)
    answering: Answering = desk.answering(model=trying, cache=ValkeyCache(connection))
    for _ in range(2):
        told = await tell(answering)
        assert told.done.model == "second"
        assert not told.done.cached
    assert trying.fallbacks == 2


async def test_all_tries_are_charged(desk: Desk, connection: Valkey) -> None:
    quota = ValkeyQuota(connection, limits=QuotaLimits(person_per_day=10**6))
    away = UnavailableError("away", service="model")
    trying = Trying([Writes("first", failure=away), Writes("second")], within_s=60)
    told = await tell(desk.answering(model=trying, quota=quota))
    assert told.done.usage.output_tokens == 3, "two tries of the first, and the second"
    used, reserved = await standing(quota)
    assert used == told.done.usage.input_tokens + told.done.usage.output_tokens
    assert reserved == 0


async def test_a_question_of_few_characters_and_many_tokens_is_told_so_before_anything_is_searched(
    desk: Desk,
) -> None:
    told = await tell(
        desk.answering(), question("\N{SMILING FACE WITH OPEN MOUTH}\N{CJK UNIFIED IDEOGRAPH-9F98}" * 1900)
    )
    assert told.failed.code == "question_too_long"
    assert desk.retrieval.searches == []


async def test_a_busy_model_is_waited_for_in_sight(desk: Desk) -> None:
    busy = OverloadedError("busy", service="model", retry_after_s=1.0)
    told = await tell(desk.answering(model=Trying([Writes("first", failure=busy)], within_s=60)))
    assert told.failed.code == "model_overloaded"
    assert sentences.model_busy(1.0) in [event.text for event in told.events if isinstance(event, Status)]


async def test_near_the_budgets_edge_the_model_itself_counts(desk: Desk) -> None:
    """The stand-in counts a quarter more than we do, framing and all; a shorter prompt is not asked about."""
    answering = desk.answering(prompt_tokens=2_000)
    await tell(answering)
    assert desk.claude.counted == 0
    desk.retrieval.put(*(passage(GERMANY * 12, document=f"d{number}") for number in range(8)))
    told = await tell(answering)
    assert desk.claude.counted == 1
    assert told.done.complete
    assert "did not fit" in told.done.text
    assert input_tokens(desk.claude.requests[-1]) <= 2_000


async def test_a_server_that_can_not_count_is_asked_once(desk: Desk) -> None:
    desk.claude.lacks = frozenset({"count_tokens"})
    desk.retrieval.put(*(passage(GERMANY * 12, document=f"d{number}") for number in range(8)))
    answering = desk.answering(prompt_tokens=2_000)
    for _ in range(3):
        assert (await tell(answering)).done.complete
    assert desk.claude.counted == 1
    assert len(desk.claude.requests) == 3


async def test_a_prompt_that_is_too_long_by_the_models_count_is_made_shorter(desk: Desk) -> None:
    desk.retrieval.put(*(passage(GERMANY * 12, document=f"d{number}") for number in range(8)))
    prompts: list[Prompt] = []

    class Watched(Writes):
        async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
            prompts.append(prompt)
            yield Text(text="14 months.")
            yield Finished(stop="end")

    for counts in (None, 3_000):
        await tell(desk.answering(model=Watched("first", counts=counts), prompt_tokens=2_000))
    by_estimate, by_count = prompts
    assert len(by_count.passages) < len(by_estimate.passages)
    assert by_count.passages_left_out > by_estimate.passages_left_out


async def test_the_next_prompts_are_counted_as_the_model_counts(desk: Desk) -> None:
    """So that what is sent stays within the budget that an administrator has set."""
    desk.retrieval.put(*(passage(GERMANY * 20, document=f"d{number}") for number in range(8)))
    prompts: list[Prompt] = []

    class Watched(Writes):
        async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
            prompts.append(prompt)
            used = Usage(input_tokens=2 * honest(prompt), output_tokens=1)
            yield Used(usage=used, counted=1)
            yield Text(text="14 months.")
            yield Finished(stop="end")

    def honest(prompt: Prompt) -> int:
        return sum(len(given.text) for given in prompt.passages) // 4

    answering = desk.answering(model=Watched("first"))
    for number in range(25):
        await tell(answering, question(f"How many months of parental leave in Germany, case {number}?"))
    estimated, reported = prompts[-1].tokens, 2 * honest(prompts[-1])
    assert estimated == pytest.approx(reported, rel=0.15)
    assert prompts[0].tokens < reported * 0.75
