"""The adapter against the Messages API's own rules, and the stand-in that keeps them."""

import asyncio
import os
import sys
from typing import Any

import aiohttp
import pytest

from bot.answering.claude_model import claude
from bot.answering.model import Cited, Finished, ModelEvent, Text, Used
from bot.answering.prompt import Prompt
from tests.claude_stand_in import ClaudeStandIn, Script, claude_stand_in
from tests.conftest import free_port
from tests.contract.answering.telling import GERMANY
from tests.retrieval_stand_in import passage
from tests.until import until
from wire.errors import UnavailableError

HEADERS = {"x-api-key": "k", "anthropic-version": "2023-06-01"}
RESULT = {"type": "search_result", "source": "s", "title": "t", "content": [{"type": "text", "text": "x"}]}


def prompt() -> Prompt:
    return Prompt(
        question="How many months of leave in Germany?",
        passages=(passage(GERMANY),),
        turns=(),
        answer_tokens=50,
        tokens=0,
    )


async def streamed(
    api: ClaudeStandIn, *, name: str = "claude-of-tomorrow", api_key: str | None = "k"
) -> list[ModelEvent]:
    async with claude(name=name, api_key=api_key, base_url=api.base_url, stalled_after_s=2) as model:
        return [event async for event in model.stream(prompt())]


async def test_text_citations_usage_and_end_arrive_in_order() -> None:
    async with claude_stand_in() as api:
        events = await streamed(api)
    assert isinstance(events[0], Used)
    text = "".join(event.text for event in events if isinstance(event, Text))
    assert text == "Parents in Germany get 14 months of parental leave."
    assert Cited(passage=0, quote=f"{text} ") in events
    *_, used, finished = events
    assert isinstance(used, Used)
    assert used.usage.output_tokens == len(text.split()) + 1
    assert finished == Finished(stop="end")


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("claude-sonnet-5-5", {"thinking": {"type": "between_tools"}}),
        ("claude-haiku-5-5", {"thinking": {"type": "disabled"}}),
        ("claude-opus-5-5", {"output_config": {"effort": "low"}}),
        ("claude-haiku-4-5-20251001", {}),
        ("a-model-of-ones-own", {}),
    ],
)
async def test_a_model_does_not_spend_its_answer_on_thinking(name: str, asked: dict[str, Any]) -> None:
    """Thinking counts towards ``max_tokens``: a short answer's room would be gone before its first word."""
    async with claude_stand_in() as api:
        await streamed(api, name=name)
    sent = {key: value for key, value in api.requests[0].items() if key in ("thinking", "output_config")}
    assert sent == asked


async def test_what_an_answer_costs_is_told_and_is_0_where_it_is_not_known() -> None:
    async with claude_stand_in() as api:
        known = await streamed(api, name="claude-sonnet-5-5")
        unknown = await streamed(api, name="a-model-of-ones-own")
    used = [event.usage for event in known if isinstance(event, Used)][-1]
    assert used.input_tokens > 0
    assert used.cost_usd == pytest.approx((used.input_tokens * 2 + used.output_tokens * 10) / 1e6, abs=1e-6)
    assert all(event.usage.cost_usd == 0 for event in unknown if isinstance(event, Used))


async def test_a_server_of_ones_own_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK would otherwise look for a key, and for other things, in the environment."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-secret")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "secret")
    async with claude_stand_in() as api:
        await streamed(api, api_key=None)
        assert "secret" not in str(api.headers)


async def test_nobody_listening_is_told_as_unavailable() -> None:
    nobody = ClaudeStandIn(base_url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(UnavailableError, match="can't be reached"):
        await streamed(nobody)


async def test_a_request_that_the_api_does_not_take_is_not_sent_again() -> None:
    empty = Prompt(question=" ", passages=(), turns=(), answer_tokens=50, tokens=0)
    async with claude_stand_in() as api, claude(name="m", api_key="k", base_url=api.base_url) as model:
        with pytest.raises(UnavailableError, match="does not take our request"):
            async for _ in model.stream(empty):
                pass


async def test_cancelling_closes_the_connection() -> None:
    async with claude_stand_in(default=Script(ending="stall", after_words=2)) as api:
        task = asyncio.create_task(streamed(api))
        await until(lambda: api.streams_open == 1, within_s=5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: api.streams_open == 0, within_s=5)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"max_tokens": 0}, "max_tokens"),
        ({"messages": []}, "at least one message"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "first message"),
        ({"messages": [{"role": "user", "content": " "}]}, "non-empty"),
        ({"messages": [{"role": "user", "content": [RESULT | {"source": ""}]}]}, "source"),
        ({"messages": [{"role": "user", "content": [RESULT | {"content": []}]}]}, "content"),
    ],
)
async def test_the_stand_in_refuses_what_the_api_refuses(body: dict[str, object], complaint: str) -> None:
    whole = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "x"}]} | body
    async with (
        claude_stand_in() as api,
        aiohttp.ClientSession(headers=HEADERS) as session,
        session.post(f"{api.base_url}/v1/messages", json=whole) as response,
    ):
        assert response.status == 400
        error = (await response.json())["error"]
    assert error["type"] == "invalid_request_error"
    assert complaint in error["message"]


async def test_the_stand_in_answers_without_streaming_and_counts_tokens() -> None:
    whole = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "hello"}]}
    async with claude_stand_in() as api, aiohttp.ClientSession(headers=HEADERS) as session:
        async with session.post(f"{api.base_url}/v1/messages", json=whole) as response:
            message = await response.json()
        async with session.post(f"{api.base_url}/v1/messages/count_tokens", json=whole) as response:
            counted = await response.json()
    assert message["stop_reason"] == "end_turn"
    assert message["usage"]["input_tokens"] == counted["input_tokens"]


async def test_the_stand_in_runs_as_a_program() -> None:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.claude_stand_in", "--port", str(port), "--pace-s", "0",
        stdout=asyncio.subprocess.PIPE, env=os.environ | {"PYTHONPATH": "."},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(20):
            line = (await process.stdout.readline()).decode().strip()
        assert line == f"ANTHROPIC_BASE_URL=http://127.0.0.1:{port}"
        events = await streamed(ClaudeStandIn(base_url=f"http://127.0.0.1:{port}"))
        assert events[-1] == Finished(stop="end")
    finally:
        process.terminate()
        await process.wait()
