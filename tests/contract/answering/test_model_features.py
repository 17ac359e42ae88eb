"""A server that speaks a part of the Messages API is asked for that part; and what an answer really costs."""

import asyncio

import pytest

from bot.answering.claude_model import claude
from bot.answering.claude_models import facts_of
from bot.answering.model import ModelEvent, Text, Used
from bot.answering.model_features import (
    ASKED_AGAIN_AFTER_S,
    PLAIN,
    KnownFeatures,
    ModelFeatures,
    both,
    without,
)
from bot.answering.prompt import Prompt
from bot.answering.quota import QuotaLimits
from bot.answering.valkey_connection import valkey
from bot.answering.valkey_quota import ValkeyQuota
from tests.claude_stand_in import ClaudeStandIn, claude_stand_in
from tests.contract.answering.telling import GERMANY, PATIENT_SLICES, Desk, standing, tell
from tests.retrieval_stand_in import passage
from wire.answer_settings import ModelPrice
from wire.answers import Usage
from wire.errors import UnavailableError

PROMPT = Prompt(
    question="How many months of leave in Germany?",
    passages=(passage(GERMANY),),
    turns=(),
    answer_tokens=50,
    tokens=0,
)


async def streamed(api: ClaudeStandIn, *, times: int = 1, at_once: int = 1) -> list[list[ModelEvent]]:
    async with claude(name="claude-opus-5-5", api_key="k", base_url=api.base_url) as model:

        async def one() -> list[ModelEvent]:
            return [event async for event in model.stream(PROMPT)]

        told: list[list[ModelEvent]] = []
        for _ in range(times):
            told += await asyncio.gather(*(one() for _ in range(at_once)))
        return told


@pytest.mark.parametrize(
    ("lacks", "refusals"),
    [
        ({"output_config"}, 1),
        ({"cache_control"}, 1),
        ({"search_result"}, 1),
        ({"output_config", "cache_control", "search_result"}, 3),
        (set(), 0),
    ],
    ids=lambda value: "+".join(sorted(value)) or "nothing" if isinstance(value, set) else "",
)
async def test_what_a_server_lacks_is_found_out_once(lacks: set[str], refusals: int) -> None:
    async with claude_stand_in() as api:
        api.lacks = frozenset(lacks)
        told = await streamed(api, times=3)
    for events in told:
        assert "14 months" in "".join(event.text for event in events if isinstance(event, Text))
    assert len(api.requests) == 3
    assert api.refused == refusals


async def test_several_who_find_it_out_at_once_are_all_answered() -> None:
    async with claude_stand_in() as api:
        api.lacks = frozenset({"output_config", "cache_control", "search_result"})
        told = await streamed(api, at_once=20)
    assert len(told) == 20
    assert all(any(isinstance(event, Text) for event in events) for events in told)


async def test_a_refusal_that_names_nothing_is_final() -> None:
    async with claude_stand_in() as api:
        api.lacks = frozenset({"max_tokens"})
        with pytest.raises(UnavailableError, match="does not take our request"):
            await streamed(api)
        assert api.refused == 1


def test_a_refusal_is_read_for_features_that_were_asked_for() -> None:
    whole = ModelFeatures()
    assert without(whole, "unknown block type 'search_result'") == ModelFeatures(citations=False)
    assert without(whole, "Extra inputs are not permitted: THINKING") == ModelFeatures(thinking=False)
    assert without(ModelFeatures(citations=False), "unknown block type 'search_result'") is None
    assert without(whole, "max_tokens is too large") is None
    # Our own mistake, or a limit: it says nothing of what the server can do.
    assert without(whole, "search_result: source and title are required") is None
    assert without(whole, "A maximum of 4 blocks with cache_control may be provided") is None
    assert without(whole, "citations are taking too long; try again") is None
    assert without(whole, "thinking.type: Input should be 'enabled'") == ModelFeatures(thinking=False)
    assert without(PLAIN, "cache_control, thinking, effort, citations") is None
    assert both(ModelFeatures(citations=False), ModelFeatures(effort=False)) == ModelFeatures(
        citations=False, effort=False
    )


def test_what_a_server_lacks_is_asked_for_again_after_an_hour() -> None:
    now_s = 0.0
    known = KnownFeatures(ModelFeatures(), clock=lambda: now_s)
    known.lack(ModelFeatures(citations=False))
    now_s += ASKED_AGAIN_AFTER_S / 2
    known.lack(ModelFeatures(effort=False))
    assert known.now() == ModelFeatures(citations=False, effort=False)
    now_s += ASKED_AGAIN_AFTER_S / 2
    assert known.now() == ModelFeatures()


async def test_the_instructions_are_kept_by_the_api_and_counted_at_their_price() -> None:
    """Prompt caching, as the usage fields tell: written once, a quarter dearer, then read cheaply."""
    async with claude_stand_in() as api:
        api.keeps = True
        first, again = [
            [event for event in events if isinstance(event, Used)][-1]
            for events in await streamed(api, times=2)
        ]
    price = facts_of("claude-opus-5-5")
    kept = again.usage.cache_read_input_tokens
    assert kept > 100
    assert first.usage.cache_read_input_tokens == 0
    assert first.usage.input_tokens == again.usage.input_tokens + kept
    written_usd = (first.usage.input_tokens + kept / 4) * price.input_usd
    assert first.usage.cost_usd == pytest.approx(
        (written_usd + first.usage.output_tokens * price.output_usd) / 1e6, abs=1e-6
    )
    share = price.cache_read_usd / price.input_usd
    assert again.counted == pytest.approx(
        again.usage.input_tokens + again.usage.output_tokens + kept * share, abs=1
    )
    assert again.counted < first.counted


async def test_a_quota_is_charged_what_the_cache_read_is_worth(desk: Desk, valkey_url: str) -> None:
    desk.claude.keeps = True
    async with valkey(valkey_url, silent_slices=PATIENT_SLICES) as connection:
        quota = ValkeyQuota(connection, limits=QuotaLimits(person_per_day=100_000))
        answering = desk.answering(quota=quota)
        await tell(answering)
        once, _ = await standing(quota)
        told = await tell(answering)
        both_times, _ = await standing(quota)
    assert told.done.usage.cache_read_input_tokens > 100
    assert both_times - once < once


def test_an_operators_price_comes_before_ours() -> None:
    own = ModelPrice(input_usd=1, output_usd=2, cache_read_usd=0.5)
    prices = {"claude-haiku-5-5": own, "our-model": own}
    usage = Usage(input_tokens=1_000_000, output_tokens=1_000_000, cache_read_input_tokens=1_000_000)
    assert facts_of("our-model", prices=prices).cost_usd(usage) == 3.5
    assert facts_of("claude-haiku-5-5", prices=prices).cost_usd(usage) == 3.5
    assert facts_of("claude-haiku-5-5", prices=prices).thinking == "disabled"
    assert facts_of("claude-haiku-5-5").cost_usd(usage) == pytest.approx(0.61)
    assert facts_of("unknown").cost_usd(usage) == 0
    assert facts_of("unknown").counted(usage) == 3_000_000
