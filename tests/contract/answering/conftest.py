"""The pipeline on a real NATS server, with stand-ins for the worker and for the Messages API."""

import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from nats.aio.client import Client

from bot.answering.answering import Answering, Limits
from bot.answering.attachments import Attachments
from bot.answering.cache import Cache
from bot.answering.claude_model import claude
from bot.answering.extractive_model import ExtractiveModel
from bot.answering.flights import Flights
from bot.answering.freshness import Freshness
from bot.answering.gaps import Gaps
from bot.answering.model import Model
from bot.answering.quota import Quota
from bot.answering.rewriting import Rewriting
from bot.answering.tiktoken_tokens import TiktokenTokens
from bot.answering.trying import Trying
from bot.answering.valkey_connection import Valkey, valkey
from desk.engines import valkey_command
from retrieval.client import RetrievalClient
from tests.claude_stand_in import claude_stand_in
from tests.conftest import free_port, wait_for_port
from tests.contract.answering.telling import GERMANY, PATIENT_SLICES, Desk
from tests.retrieval_stand_in import passage, retrieval_stand_in

STALLED_AFTER_S = 10.0
"""Long enough for a busy machine; a module whose streams stall says otherwise."""


@pytest.fixture(scope="session")
def tokens() -> TiktokenTokens:
    return TiktokenTokens.open()


@pytest.fixture
def stalled_after_s() -> float:
    return STALLED_AFTER_S


@pytest.fixture
async def desk(client: Client, tokens: TiktokenTokens, stalled_after_s: float) -> AsyncIterator[Desk]:
    async with (
        retrieval_stand_in(client) as retrieval,
        claude_stand_in() as api,
        claude(
            name="claude-sonnet-5-5", api_key="k", base_url=api.base_url, stalled_after_s=stalled_after_s
        ) as claude_alone,
    ):
        model = Trying([claude_alone], within_s=20.0)
        retrieval.put(passage(GERMANY))

        def answering(
            *,
            model: Model = model,
            cache: Cache | None = None,
            flights: Flights | None = None,
            quota: Quota | None = None,
            answers_at_once: int = 50,
            within_s: float = 20.0,
            relevance_floor: float = 0.25,
            prompt_tokens: int = 12_000,
            rewriting: Rewriting | None = None,
            freshness: Freshness | None = None,
            gaps: Gaps | None = None,
            attachments: Attachments | None = None,
        ) -> Answering:
            limits = Limits(
                question_chars=4000,
                prompt_tokens=prompt_tokens,
                answer_tokens=500,
                answer_within_s=within_s,
                relevance_floor=relevance_floor,
                answers_at_once=answers_at_once,
            )
            return Answering(
                retrieval=RetrievalClient(client),
                model=model,
                count=tokens.count,
                limits=limits,
                cache=cache,
                flights=flights,
                quota=quota,
                rewriting=rewriting,
                freshness=freshness,
                gaps=gaps,
                attachments=attachments,
            )

        yield Desk(retrieval=retrieval, claude=api, answering=answering)


@pytest.fixture
async def connection(valkey_url: str) -> AsyncIterator[Valkey]:
    """A real server, and more patience with it than a person is asked for: this machine may be busy."""
    async with valkey(valkey_url, silent_slices=PATIENT_SLICES) as connection:
        yield connection


@pytest.fixture
def extractive() -> ExtractiveModel:
    return ExtractiveModel(pace_s=0)


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """A server of this test's own, to be stopped at will: its address and process."""
    command = valkey_command(folder=tmp_path, port=free_port(), password="test")
    process = subprocess.Popen(command.argv, stdout=subprocess.DEVNULL)
    try:
        wait_for_port(command.port, process)
        yield command.url, process.pid
    finally:
        os.kill(process.pid, signal.SIGCONT)
        process.kill()
        process.wait(10)
